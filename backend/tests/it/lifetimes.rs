//! A longer life revives no approval that is over, and serves only what is submitted after it.

use strata_backend::schedule::approval_lifetime_set;
use strata_domain::change::ChangeState;
use strata_domain::review::{Verdict, VoteStanding};

use crate::support::{ENVIRONMENT, World, change_apply, digest_of, refusal};

/// Moves everything that happened into the past.
async fn pass(world: &World, hours: i32) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "ALTER TABLE votes DISABLE TRIGGER votes_append_only;
         UPDATE votes SET at = at - interval '{hours} hours';
         UPDATE changes SET approved_at = approved_at - interval '{hours} hours',
                            approved_until = approved_until - interval '{hours} hours',
                            touched_at = touched_at - interval '{hours} hours'
         WHERE state NOT IN ('applied', 'rejected', 'withdrawn', 'failed');
         ALTER TABLE votes ENABLE TRIGGER votes_append_only"
    )))
    .execute(&world.pool)
    .await
    .unwrap();
}

async fn lives(world: &World, change: i64) -> Vec<i32> {
    let lives = sqlx::query_scalar("SELECT approval_hours FROM votes WHERE change_id = $1 ORDER BY id").bind(change);
    lives.fetch_all(&world.pool).await.unwrap()
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_longer_life_revives_no_vote(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, .. } = &world;
    let id = world.approved("worker-2.example.net").await;
    pass(&world, 20 * 24).await;
    assert_eq!(world.view(id).await.change.state, ChangeState::InReview);
    sqlx::query("UPDATE environments SET approval_hours = 2000").execute(&world.pool).await.unwrap();
    assert_eq!(world.view(id).await.change.state, ChangeState::InReview, "past the use case");
    approval_lifetime_set(backend, lena, ENVIRONMENT, 2160).await.unwrap();
    let view = world.view(id).await;
    assert_eq!(view.change.state, ChangeState::InReview);
    assert_eq!(view.review.standing_of(&view.review.votes[0], view.now), VoteStanding::Expired);
    refusal(change_apply(backend, ada, id, view.change.version).await);
    assert_eq!(world.count("runs").await, 0);
}

/// A vote that is given after the longer life was set holds no longer than votes on the change did when it was submitted.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_longer_life_serves_what_is_submitted_after_it_and_a_shorter_one_at_once(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, lena, .. } = &world;
    let before = world.in_review("worker-2.example.net").await;
    approval_lifetime_set(backend, lena, ENVIRONMENT, 2160).await.unwrap();
    let after = world.in_review("worker-3.example.net").await;
    for id in [before, after] {
        world.vote(lena, id, Verdict::Approve, None).await.unwrap();
    }
    assert_eq!((lives(&world, before).await, lives(&world, after).await), (vec![168], vec![2160]));
    pass(&world, 8 * 24).await;
    let state = async |id| world.view(id).await.change.state;
    assert_eq!([state(before).await, state(after).await], [ChangeState::InReview, ChangeState::Approved]);

    approval_lifetime_set(backend, lena, ENVIRONMENT, 24).await.unwrap();
    assert_eq!(state(after).await, ChangeState::InReview, "a shorter one serves at once");
    // It was over by the shorter life, so the same lead approves again, and that is no second approval.
    world.vote(lena, after, Verdict::Approve, None).await.unwrap();
    assert_eq!((lives(&world, after).await, state(after).await), (vec![2160, 24], ChangeState::Approved));
    approval_lifetime_set(backend, lena, ENVIRONMENT, 2160).await.unwrap();
    pass(&world, 25).await;
    assert_eq!(state(after).await, ChangeState::InReview, "and goes on to serve what was in review under it");
    // What guards against a second approval asks the votes themselves.
    let seen = digest_of(&world.view(after).await);
    world.vote(lena, after, Verdict::Approve, None).await.unwrap();
    let error = world.insert_vote_on(after, lena, seen).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().constraint(), Some("votes_approve_once"));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn how_long_approvals_held_is_not_rewritten(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, lena, .. } = &world;
    for hours in [24, 24, 48] {
        approval_lifetime_set(backend, lena, ENVIRONMENT, hours).await.unwrap();
    }
    // Somebody gets past the use case, and says no word.
    sqlx::query("UPDATE environments SET approval_hours = 720").execute(&world.pool).await.unwrap();
    sqlx::query("UPDATE environments SET approval_hours = 720, live_revision = live_revision")
        .execute(&world.pool)
        .await
        .unwrap();
    let kept: Vec<i32> =
        sqlx::query_scalar("SELECT hours FROM approval_lifetimes ORDER BY id").fetch_all(&world.pool).await.unwrap();
    assert_eq!(kept, [24, 48, 720]);
    world.approved("worker-2.example.net").await;
    for statement in [
        "UPDATE approval_lifetimes SET hours = 2160",
        "DELETE FROM approval_lifetimes",
        "TRUNCATE approval_lifetimes",
        "UPDATE votes SET approval_hours = 2160",
    ] {
        let error = sqlx::query(statement).execute(&world.pool).await.unwrap_err();
        assert!(error.to_string().contains("is append-only"), "{error}");
    }
}
