//! An attacker who shaped a change tries to lose that: through copies, dropped edits and decisions, up to the database.

use std::collections::BTreeMap;

use strata_backend::Actor;
use strata_backend::changes::{
    Rebasing, change_copy, change_rebase, change_record, change_start, change_submit, change_withdraw,
};
use strata_domain::account::Capability;
use strata_domain::change::ChangeState;
use strata_domain::digest::Digest;
use strata_domain::edit::Edit;
use strata_domain::rebase::Choice;
use strata_domain::review::{Verdict, VoteStanding};
use strata_domain::topology::Topology;

use crate::support::{ENVIRONMENT, World, account_id, add_node, change_apply, digest_of, refusal, update_node};

const SQL: &str = "sql-1.example.net";
const PART: &str = "You had a part in this change; somebody else has to approve it.";

fn memory(base: &Topology, memory_mib: u64) -> Edit {
    update_node(base, SQL, |facts| facts.hardware.memory_mib = Some(memory_mib))
}

/// Gives the change up, and somebody copies and submits it.
async fn through_a_copy(world: &World, change: i64, by: &Actor) -> i64 {
    let World { backend, ada, .. } = world;
    change_withdraw(backend, ada, change, world.version(change).await, None).await.unwrap();
    let copy = change_copy(backend, by, change).await.unwrap();
    change_submit(backend, by, copy, world.version(copy).await).await.unwrap();
    copy
}

/// Who shaped it, as the domain has it and as the database says.
async fn authors(world: &World, change: i64) -> (Vec<String>, Vec<String>) {
    let authors = world.view(change).await.review.authors.into_iter().collect();
    let stored = sqlx::query_scalar("SELECT account::text FROM shaped($1) AS account ORDER BY 1").bind(change);
    (authors, stored.fetch_all(&world.pool).await.unwrap())
}

fn ids(people: &[&Actor]) -> Vec<String> {
    let mut ids: Vec<String> = people.iter().map(|actor| account_id(actor).to_string()).collect();
    ids.sort();
    ids
}

/// Luis, an admin and a lead, decides that an edit of Ada's is dropped: what is left is his. Through two copies by Adam.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_copy_launders_no_decision(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, lena, luis, .. } = &world;
    world.promote("Luis Lead", Capability::Admin).await;
    let id = change_start(backend, ada, ENVIRONMENT, "Two things").await.unwrap();
    let base = world.view(id).await.base;
    world
        .append(ada, id, 0, "key", vec![memory(&base, 65_536), add_node("worker-2.example.net", "worker")])
        .await
        .unwrap();
    world.meanwhile(&[memory(&base, 32_768)]).await;
    let choices = BTreeMap::from([(1, Choice::Drop)]);
    assert_eq!(change_rebase(backend, luis, id, world.version(id).await, &choices).await.unwrap(), Rebasing::Done);

    let copy = through_a_copy(&world, id, adam).await;
    let again = through_a_copy(&world, copy, adam).await;
    assert!(world.view(again).await.edits.iter().all(|logged| logged.author.name == "Ada Admin"));
    for change in [copy, again] {
        assert_eq!(authors(&world, change).await, (ids(&[ada, adam, luis]), ids(&[ada, adam, luis])));
    }
    assert_eq!(refusal(world.vote(luis, again, Verdict::Approve, None).await), PART);
    let error = world.insert_vote_on(again, luis, digest_of(&world.view(again).await)).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().constraint(), Some("votes_not_by_authors"));
    assert_eq!(world.view(again).await.change.state, ChangeState::InReview);
    world.vote(lena, again, Verdict::Approve, None).await.unwrap();
    change_apply(backend, adam, again, world.version(again).await).await.unwrap();
}

/// Lena's one edit was dropped by somebody else, and Luis submitted once: nothing in the copy is theirs.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_copy_launders_no_dropped_edit_and_no_submission(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, lena, luis, .. } = &world;
    let id = world.draft("worker-2.example.net").await;
    let base = world.view(id).await.base;
    world.meanwhile(&[memory(&base, 32_768)]).await;
    world.promote("Lena Lead", Capability::Admin).await;
    world.promote("Luis Lead", Capability::Admin).await;
    world.append(lena, id, 1, "key", vec![memory(&base, 65_536)]).await.unwrap();
    let choices = BTreeMap::from([(2, Choice::Drop)]);
    assert_eq!(change_rebase(backend, ada, id, world.version(id).await, &choices).await.unwrap(), Rebasing::Done);
    change_submit(backend, luis, id, world.version(id).await).await.unwrap();
    let copy = through_a_copy(&world, id, adam).await;
    assert_eq!(world.view(copy).await.edits.len(), 1);
    for voter in [lena, luis] {
        assert_eq!(refusal(world.vote(voter, copy, Verdict::Approve, None).await), PART);
        world.insert_vote(copy, voter).await.unwrap_err();
    }
    let all = ids(&[ada, adam, lena, luis]);
    assert_eq!(authors(&world, copy).await, (all.clone(), all));
}

/// Luis approved, and decided a conflict afterwards: the guard of runs knows it as well as the domain.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn no_run_starts_on_the_vote_of_who_decided_a_conflict(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { luis, .. } = &world;
    let id = world.in_review("worker-2.example.net").await;
    let seen = digest_of(&world.view(id).await);
    world.vote(luis, id, Verdict::Approve, None).await.unwrap();
    // Undone again: a run is never removed.
    let mut connection = world.pool.acquire().await.unwrap();
    sqlx::query("BEGIN").execute(&mut *connection).await.unwrap();
    insert_run(&mut *connection, id, seen).await.expect("approved by somebody else");
    sqlx::query("ROLLBACK").execute(&mut *connection).await.unwrap();
    sqlx::query(
        "INSERT INTO change_rebases (change_id, sequence, rebaser_id, rebaser_name, at, from_revision, to_revision, choices)
         VALUES ($1, 90, $2, 'x', now(), 1, 1, '{\"1\": \"drop\"}')",
    )
    .bind(id)
    .bind(account_id(luis))
    .execute(&world.pool)
    .await
    .unwrap();
    assert_eq!(insert_run(&world.pool, id, seen).await, Err(Some("runs_approved_by_another".to_owned())));
    let view = world.view(id).await;
    assert_eq!(view.review.standing_of(&view.review.votes[0], view.now), VoteStanding::ByAuthor);
    let record = change_record(&world.backend, &world.vera, id).await.unwrap();
    assert_eq!((record.votes[0].standing, record.asked[0].met_by.len()), (VoteStanding::ByAuthor, 0));
}

/// Puts a run into the table past every use case; the constraint that refused it.
pub async fn insert_run(
    executor: impl sqlx::PgExecutor<'_>,
    change: i64,
    digest: Digest,
) -> Result<(), Option<String>> {
    sqlx::query(
        "INSERT INTO runs (environment_id, change_id, executor, digest, catalogue_version, base_revision, desired,
                           requested_by_name, requested_at)
         SELECT environment_id, id, 'dry-run', $2, 1, 1, '{\"nodes\": []}', 'x', now() FROM changes WHERE id = $1",
    )
    .bind(change)
    .bind(digest.0)
    .execute(executor)
    .await
    .map(drop)
    .map_err(|error| error.as_database_error().and_then(|error| error.constraint().map(str::to_owned)))
}
