//! Who comes second, who may not, and what a vote belongs to.

use strata_backend::approvals::change_vote;
use strata_backend::changes::{change_copy, change_edit, change_submit, change_withdraw};
use strata_backend::{Actor, Error};
use strata_domain::account::Capability;
use strata_domain::change::ChangeState;
use strata_domain::digest::Digest;
use strata_domain::edit::Edit;
use strata_domain::review::{Verdict, VoteStanding};

use crate::support::{ENVIRONMENT, World, add_node, change_apply, conflict, digest_of, refusal};

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn nobody_approves_their_own_change(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    world.promote("Ada Admin", Capability::Lead).await;
    let id = world.in_review("worker-2.example.net").await;
    let reason = refusal(world.vote(&world.ada, id, Verdict::Approve, None).await);
    assert!(reason.contains("somebody else has to approve it"), "{reason}");

    let error = world.insert_vote(id, &world.ada).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().constraint(), Some("votes_not_by_authors"));
    world.insert_vote(id, &world.lena).await.unwrap();
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn whoever_submitted_once_stays_without_a_vote(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, lena, .. } = &world;
    world.promote("Ada Admin", Capability::Lead).await;
    // Adam writes, Ada submits, it is sent back, Adam submits.
    let id = strata_backend::changes::change_start(backend, adam, ENVIRONMENT, "By two").await.unwrap();
    world.edit(adam, id, add_node("worker-2.example.net", "worker")).await;
    change_submit(backend, ada, id, world.version(id).await).await.unwrap();
    world.vote(lena, id, Verdict::SendBack, Some("Name it better")).await.unwrap();
    change_submit(backend, adam, id, world.version(id).await).await.unwrap();
    refusal(world.vote(ada, id, Verdict::Approve, None).await);
    world.insert_vote(id, ada).await.unwrap_err();
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_double_click_approves_once(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let id = world.in_review("worker-2.example.net").await;
    let view = world.view(id).await;
    let (version, digest) = (view.change.version, digest_of(&view));
    let approve = || change_vote(&world.backend, &world.lena, id, version, Verdict::Approve, None, digest);
    let (first, second) = tokio::join!(approve(), approve());
    assert_eq!((first, second), (Ok(()), Ok(())));
    assert_eq!(world.count("votes").await, 1);
    assert_eq!(world.view(id).await.change.state, ChangeState::Approved);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn the_second_is_told_who_was_first(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, lena, luis, .. } = &world;
    let id = world.draft("worker-2.example.net").await;
    let edit = add_node("worker-3.example.net", "worker");
    // The same edit twice is one edit.
    assert_eq!(change_edit(backend, ada, id, 2, edit.clone()).await.unwrap(), 3);
    assert_eq!(change_edit(backend, ada, id, 2, edit.clone()).await.unwrap(), 3);
    let told = conflict(change_edit(backend, adam, id, 2, edit).await);
    assert!(told.starts_with("Ada Admin ") && told.ends_with(". Look again before you go on."), "{told}");
    let other = add_node("worker-4.example.net", "worker");
    assert!(conflict(change_edit(backend, ada, id, 2, other).await).starts_with("You "));
    assert_eq!(world.view(id).await.edits.len(), 2);

    change_submit(backend, ada, id, 3).await.unwrap();
    change_submit(backend, ada, id, 3).await.unwrap();
    let view = world.view(id).await;
    let digest = digest_of(&view);
    let vote =
        |actor, verdict| change_vote(backend, actor, id, view.change.version, verdict, Some("why".to_owned()), digest);
    let (first, second) = tokio::join!(vote(lena, Verdict::Approve), vote(luis, Verdict::Reject));
    let told = conflict(if first.is_ok() { second } else { first });
    assert!(told.starts_with("Lena Lead ") || told.starts_with("Luis Lead "), "{told}");
    assert_eq!(world.count("votes").await, 1);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_vote_belongs_to_the_plan_that_was_seen(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let id = world.in_review("worker-2.example.net").await;
    let version = world.version(id).await;
    let vote = change_vote(&world.backend, &world.lena, id, version, Verdict::Approve, None, Digest([7; 32]));
    assert!(conflict(vote.await).contains("no longer the one that you saw"));
    assert_eq!(world.count("votes").await, 0);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_no_needs_a_reason_and_ends_earlier_votes(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, luis, .. } = &world;
    let id = world.approved("worker-2.example.net").await;
    let silent = world.vote(luis, id, Verdict::SendBack, Some("  ")).await;
    assert!(matches!(silent, Err(Error::Invalid { field: "reason", .. })), "{silent:?}");
    world.vote(luis, id, Verdict::SendBack, Some("Not on a Friday")).await.unwrap();
    let view = world.view(id).await;
    assert_eq!((view.change.state, view.change.reason.as_deref()), (ChangeState::Draft, Some("Not on a Friday")));
    assert_eq!(view.review.votes.len(), 2);
    let worth = |place: usize| view.review.standing_of(&view.review.votes[place], view.now);
    assert_eq!((worth(0), worth(1)), (VoteStanding::OtherRound, VoteStanding::Decided));

    change_submit(backend, ada, id, view.change.version).await.unwrap();
    assert_eq!(
        world.view(id).await.change.state,
        ChangeState::InReview,
        "the plan is the same, the objection is newer"
    );
    world.vote(lena, id, Verdict::Approve, None).await.unwrap();
    assert_eq!(world.view(id).await.change.state, ChangeState::Approved);
    world.vote(luis, id, Verdict::Reject, Some("Not at all")).await.unwrap();
    assert_eq!(world.view(id).await.change.state, ChangeState::Rejected);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn the_policy_is_kept_at_the_door(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, adam, lena, vera, .. } = &world;
    let id = world.in_review("worker-2.example.net").await;
    let version = world.version(id).await;
    let edit = || add_node("worker-3.example.net", "worker");
    assert_eq!(change_edit(backend, &Actor::Nobody, id, version, edit()).await, Err(Error::NotSignedIn));
    refusal(change_edit(backend, vera, id, version, edit()).await);
    refusal(change_edit(backend, lena, id, version, edit()).await);
    refusal(world.vote(adam, id, Verdict::Approve, None).await);
    refusal(world.vote(&Actor::Operator, id, Verdict::Approve, None).await);
    refusal(change_apply(backend, adam, id, version).await);
    refusal(change_apply(backend, vera, id, version).await);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn an_edit_that_does_not_fit_leaves_the_draft(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let id = world.draft("worker-2.example.net").await;
    let edit = Edit::RemoveNode { hostname: "no-such.example.net".to_owned() };
    let refused = change_edit(&world.backend, &world.ada, id, 2, edit).await;
    assert!(matches!(refused, Err(Error::Invalid { field: "edit", .. })), "{refused:?}");
    assert_eq!((world.view(id).await.edits.len(), world.version(id).await), (1, 2));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_blocker_or_an_empty_plan_stops_the_submission(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, .. } = &world;
    let empty = strata_backend::changes::change_start(backend, ada, ENVIRONMENT, "Nothing").await.unwrap();
    refusal(change_submit(backend, ada, empty, 1).await);
    world.edit(ada, empty, Edit::RemoveNode { hostname: "es-1.example.net".to_owned() }).await;
    assert!(refusal(change_submit(backend, ada, empty, 2).await).contains("blocker"));
    change_withdraw(backend, ada, empty, 2, Some("A mistake".to_owned())).await.unwrap();
    change_withdraw(backend, ada, empty, 2, Some("A mistake".to_owned())).await.unwrap();
    let change = world.view(empty).await.change;
    assert_eq!((change.state, change.reason.as_deref()), (ChangeState::Withdrawn, Some("A mistake")));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_came_to_nothing_is_copied_into_a_draft(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, lena, vera, .. } = &world;
    let id = world.in_review("worker-2.example.net").await;
    assert_eq!(
        refusal(change_copy(backend, adam, id).await),
        "It is in review; only a change that came to nothing is copied."
    );
    world.vote(lena, id, Verdict::Reject, Some("Not now")).await.unwrap();
    refusal(change_copy(backend, vera, id).await);
    let copy = || change_copy(backend, adam, id);
    let (first, second) = tokio::join!(copy(), copy());
    let copy = first.unwrap();
    assert_eq!(second.unwrap(), copy, "a double click");
    let (old, new) = (world.view(id).await, world.view(copy).await);
    assert_eq!((new.change.state, &new.change.title), (ChangeState::Draft, &old.change.title));
    assert_eq!(new.plan.digest, old.plan.digest);
    assert_eq!(new.change.created_by.name, "Adam Admin");
    // The edits are still Ada's: she could not approve them as a lead either.
    assert_eq!(new.edits[0].author, old.edits[0].author);
    world.promote("Ada Admin", Capability::Lead).await;
    change_submit(backend, adam, copy, world.version(copy).await).await.unwrap();
    refusal(world.vote(ada, copy, Verdict::Approve, None).await);
    world.vote(lena, copy, Verdict::Approve, None).await.unwrap();
    assert_eq!(world.view(copy).await.change.state, ChangeState::Approved);
}
