//! Votes that are taken back, that expire, and that an edit leaves behind.

use strata_backend::approvals::{change_vote, vote_difference, vote_take_back};
use strata_backend::audit::audit_list;
use strata_backend::changes::{change_list, change_rebase, change_start, change_submit};
use strata_backend::{Actor, Error};
use strata_domain::account::Capability;
use strata_domain::audit::AuditAction;
use strata_domain::change::ChangeState;
use strata_domain::edit::Edit;
use strata_domain::review::{Verdict, VoteStanding};

use crate::support::{ENVIRONMENT, World, add_node, change_apply, conflict, digest_of, refusal, update_node};

const WORKER: &str = "worker-2.example.net";

/// The id of the last vote, and what it is worth.
async fn last_vote(world: &World, change: i64) -> (i64, VoteStanding) {
    let view = world.view(change).await;
    let vote = view.review.votes.last().unwrap();
    (vote.id, view.review.standing_of(vote, view.now))
}

/// Moves the votes of a change into the past, and what is stored of its approval with them.
async fn age(world: &World, change: i64, hours: i32) {
    let mut connection = world.pool.acquire().await.unwrap();
    for statement in [
        "ALTER TABLE votes DISABLE TRIGGER votes_append_only".to_owned(),
        format!("UPDATE votes SET at = at - interval '{hours} hours' WHERE change_id = {change}"),
        "ALTER TABLE votes ENABLE TRIGGER votes_append_only".to_owned(),
        format!(
            "UPDATE changes SET approved_at = approved_at - interval '{hours} hours',
                                approved_until = approved_until - interval '{hours} hours' WHERE id = {change}"
        ),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut *connection).await.unwrap();
    }
}

async fn stored_state(world: &World, change: i64) -> String {
    sqlx::query_scalar("SELECT state FROM changes WHERE id = $1").bind(change).fetch_one(&world.pool).await.unwrap()
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_vote_is_taken_back_and_given_again(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, luis, vera, .. } = &world;
    let id = world.in_review(WORKER).await;
    let seen = world.view(id).await;
    world.vote(lena, id, Verdict::Approve, None).await.unwrap();
    let (vote, worth) = last_vote(&world, id).await;
    assert_eq!(worth, VoteStanding::Counts);
    for other in [luis, ada, vera] {
        assert_eq!(refusal(vote_take_back(backend, other, id, vote).await), "Only who gave a vote can take it back.");
    }
    refusal(vote_take_back(backend, &Actor::Operator, id, vote).await);
    assert_eq!(vote_take_back(backend, &Actor::Nobody, id, vote).await, Err(Error::NotSignedIn));
    refusal(vote_take_back(backend, lena, id, vote + 1).await);

    let click = || vote_take_back(backend, lena, id, vote);
    let (first, second) = tokio::join!(click(), click());
    assert_eq!((first, second, click().await), (Ok(()), Ok(()), Ok(())));
    assert_eq!((world.count("votes").await, world.count("vote_take_backs").await), (1, 1));
    let view = world.view(id).await;
    assert_eq!(view.change.state, ChangeState::InReview);
    let told = view.change.reason.unwrap();
    assert_eq!(
        told,
        "Lena Lead took their approval back, and the votes are no longer enough. It is in review again, with 0 of 1 lead."
    );
    refusal(change_apply(backend, ada, id, view.change.version).await);
    let audit = audit_list(backend, vera, Some(ENVIRONMENT), None, 1, None).await.unwrap().rows;
    assert_eq!(audit[0].action, AuditAction::VoteTakenBack);

    // A click that comes late does not give the vote again; one in view of the change as it is does.
    let late = change_vote(backend, lena, id, seen.change.version, Verdict::Approve, None, digest_of(&seen)).await;
    assert!(conflict(late).starts_with("You took"));
    world.vote(lena, id, Verdict::Approve, None).await.unwrap();
    let view = world.view(id).await;
    assert_eq!((view.change.state, view.change.reason, world.count("votes").await), (ChangeState::Approved, None, 2));
    let error = world.insert_vote_on(id, lena, digest_of(&seen)).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().constraint(), Some("votes_approve_once"));
    for statement in ["UPDATE vote_take_backs SET at = now()", "DELETE FROM vote_take_backs"] {
        let error = sqlx::query(statement).execute(&world.pool).await.unwrap_err();
        assert!(error.to_string().contains("is append-only"), "{error}");
    }
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn votes_are_closed_once_it_runs(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, .. } = &world;
    let id = world.approved(WORKER).await;
    let (vote, _) = last_vote(&world, id).await;
    change_apply(backend, ada, id, world.version(id).await).await.unwrap();
    assert_eq!(refusal(vote_take_back(backend, lena, id, vote).await), "Its run is under way; votes are closed.");
    assert!(world.view(id).await.review.approved_at.is_some(), "what was approved when it started stays told");
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn an_approval_expires(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, vera, .. } = &world;
    let id = world.approved(WORKER).await;
    age(&world, id, 167).await;
    assert_eq!(world.view(id).await.change.state, ChangeState::Approved);
    age(&world, id, 1).await;

    // Reading shows it, and writes nothing.
    let view = world.view(id).await;
    assert_eq!((view.change.state, view.review.state), (ChangeState::InReview, ChangeState::InReview));
    assert_eq!(last_vote(&world, id).await.1, VoteStanding::Expired);
    let of = |state| change_list(backend, vera, Some(ENVIRONMENT), Some(state), None, 10);
    assert_eq!(of(ChangeState::InReview).await.unwrap().rows[0].change.id, id);
    assert_eq!(of(ChangeState::Approved).await.unwrap().rows, []);
    assert_eq!(stored_state(&world, id).await, "approved");

    // The apply stores it, and says why.
    let told = refusal(change_apply(backend, ada, id, view.change.version).await);
    assert_eq!(
        told,
        "The approval has expired; it holds for 7 days. Nothing was started; it is in review again, with 0 of 1 lead."
    );
    assert_eq!((stored_state(&world, id).await.as_str(), world.count("runs").await), ("in-review", 0));
    assert_eq!(world.view(id).await.change.reason.as_deref(), Some(told.as_str()));
    let audit = audit_list(backend, vera, Some(ENVIRONMENT), None, 1, None).await.unwrap().rows;
    assert_eq!((audit[0].action, audit[0].reason.as_deref()), (AuditAction::ApprovalLapsed, Some(told.as_str())));

    // The same lead looks again at the same plan.
    world.vote(lena, id, Verdict::Approve, None).await.unwrap();
    assert_eq!(stored_state(&world, id).await, "approved");
    change_apply(backend, ada, id, world.version(id).await).await.unwrap();
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn how_long_approvals_hold_is_the_environments(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let id = world.approved(WORKER).await;
    sqlx::query("UPDATE environments SET approval_hours = 24").execute(&world.pool).await.unwrap();
    age(&world, id, 24).await;
    assert_eq!(world.view(id).await.change.state, ChangeState::InReview);
    for hours in [0, 2161] {
        let error = sqlx::query("UPDATE environments SET approval_hours = $1").bind(hours).execute(&world.pool).await;
        let error = error.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().constraint(), Some("environments_approval_hours"));
    }
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn an_edit_in_review_moves_the_votes_with_the_plan(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, adam, lena, .. } = &world;
    let id = world.approved(WORKER).await;
    let first = last_vote(&world, id).await.0;
    let before = world.view(id).await;
    world.edit(adam, id, add_node("worker-3.example.net", "worker")).await;
    let view = world.view(id).await;
    assert_eq!((view.change.state, last_vote(&world, id).await.1), (ChangeState::InReview, VoteStanding::OtherPlan));
    assert_eq!(
        view.change.reason.as_deref(),
        Some(
            "Adam Admin edited it, and its plan is no longer the one that was approved. It is in review again, with 0 of \
             1 lead."
        )
    );
    assert!(view.review.authors.contains(&crate::support::account_id(adam).to_string()));

    let difference = vote_difference(backend, lena, id, first).await.unwrap();
    assert_eq!((difference.then.digest, difference.base), (digest_of(&before), 1));
    assert_eq!(difference.edits_since.iter().map(|logged| logged.sequence).collect::<Vec<_>>(), [2]);

    // The plan comes back, and finds its vote again.
    let undo = vec![Edit::RemoveNode { hostname: "worker-3.example.net".to_owned() }];
    world.append(adam, id, 2, "undo", undo).await.unwrap();
    let view = world.view(id).await;
    assert_eq!((digest_of(&view), view.change.state), (digest_of(&before), ChangeState::Approved));
    assert_eq!((view.change.reason, stored_state(&world, id).await.as_str()), (None, "approved"));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn who_edits_after_their_vote_has_none(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    world.promote("Lena Lead", Capability::Admin).await;
    let World { lena, .. } = &world;
    let id = world.approved(WORKER).await;
    world.edit(lena, id, add_node("worker-3.example.net", "worker")).await;
    world.edit(lena, id, Edit::RemoveNode { hostname: "worker-3.example.net".to_owned() }).await;
    assert_eq!(last_vote(&world, id).await.1, VoteStanding::ByAuthor);
    assert_eq!(world.view(id).await.change.state, ChangeState::InReview);
    refusal(world.vote(lena, id, Verdict::Approve, None).await);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_ended_takes_no_edits(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, luis, .. } = &world;
    let id = world.approved(WORKER).await;
    world.vote(luis, id, Verdict::Reject, Some("Never")).await.unwrap();
    let edit = || add_node("worker-3.example.net", "worker");
    let version = world.version(id).await;
    let told = refusal(strata_backend::changes::change_edit(backend, adam, id, version, edit()).await);
    assert_eq!(told, "It is rejected; it can no longer be edited.");
    assert_eq!(refusal(world.append(ada, id, 1, "late", vec![edit()]).await), told);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn the_difference_outlives_a_rebase(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, lena, .. } = &world;
    let id = change_start(backend, ada, ENVIRONMENT, "Two sites").await.unwrap();
    let base = world.view(id).await.base;
    let site = |hostname: &str, site: &str| update_node(&base, hostname, |facts| facts.site = Some(site.to_owned()));
    world.edit(ada, id, site("sql-1.example.net", "dc1")).await;
    world.edit(ada, id, add_node(WORKER, "worker")).await;
    change_submit(backend, ada, id, world.version(id).await).await.unwrap();
    let then = digest_of(&world.view(id).await);
    world.vote(lena, id, Verdict::Approve, None).await.unwrap();
    let vote = last_vote(&world, id).await.0;
    world.meanwhile(&[add_node("worker-9.example.net", "worker")]).await;
    change_rebase(backend, adam, id, world.version(id).await, &Default::default()).await.unwrap();
    assert_eq!(vote_difference(backend, lena, id, vote).await.unwrap().edits_since, [], "carried over is not new");
    world.edit(adam, id, site("es-1.example.net", "dc2")).await;
    let difference = vote_difference(backend, lena, id, vote).await.unwrap();
    assert_eq!((difference.then.digest, difference.base, difference.edits_since.len()), (then, 1, 1));
    assert_eq!(difference.edits_since[0].author.name, "Adam Admin");
    assert_eq!(vote_difference(backend, lena, id, 999).await, Err(Error::NotFound { what: "vote" }));
}
