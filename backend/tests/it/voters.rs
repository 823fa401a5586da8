//! Votes of people who are gone: accounts that are disabled, leads and experts who are so no longer.

use std::time::Duration;

use strata_backend::accounts::{
    account_disable, account_enable, account_grant, account_group_remove, account_revoke, actor_load,
};
use strata_backend::audit::audit_list;
use strata_backend::changes::{change_list, change_record, change_start, change_submit};
use strata_backend::runs::{self, Applied};
use strata_backend::schedule::{NewEntry, entry_add};
use strata_backend::{Actor, Error};
use strata_domain::account::Capability;
use strata_domain::audit::AuditAction;
use strata_domain::change::ChangeState;
use strata_domain::review::{Verdict, VoteStanding};
use strata_domain::run::RunState;
use strata_domain::schedule::{Day, Kind, Recurrence};

use crate::laundering::insert_run;
use crate::support::{ENVIRONMENT, Working, World, account_id, change_apply, digest_of, email, refusal, update_node};

/// What becomes of an approval when Lena, who gave it, goes in that way, behind Strata's back.
async fn gone_behind_its_back(world: &World, statement: &str) {
    let World { backend, ada, .. } = world;
    let id = world.approved("worker-2.example.net").await;
    let seen = digest_of(&world.view(id).await);
    sqlx::query(sqlx::AssertSqlSafe(statement.to_owned()))
        .bind(account_id(&world.lena))
        .execute(&world.pool)
        .await
        .unwrap();
    let view = world.view(id).await;
    assert_eq!(view.change.state, ChangeState::InReview, "{statement}");
    assert_eq!(view.review.standing_of(&view.review.votes[0], view.now), VoteStanding::VoterGone);
    assert_eq!(
        insert_run(&world.pool, id, seen).await,
        Err(Some("runs_approved_by_another".to_owned())),
        "{statement}"
    );
    let told = refusal(change_apply(backend, ada, id, view.change.version).await);
    assert!(told.starts_with("Somebody who approved it is no longer who may"), "{told}");
    assert_eq!((world.count("runs").await, world.view(id).await.change.state), (0, ChangeState::InReview));
    let record = change_record(backend, &world.vera, id).await.unwrap();
    assert_eq!((record.votes[0].standing, record.asked[0].met_by.len()), (VoteStanding::VoterGone, 0));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn the_vote_of_a_disabled_account_carries_nothing(pool: sqlx::PgPool) {
    gone_behind_its_back(&World::new(pool).await, "UPDATE accounts SET disabled_at = now() WHERE id = $1").await;
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn the_vote_of_who_is_no_lead_carries_nothing(pool: sqlx::PgPool) {
    gone_behind_its_back(&World::new(pool).await, "DELETE FROM grants WHERE account_id = $1").await;
}

/// A change of the SQL master, for which the policy asks for an expert; approved by both leads.
async fn critical(world: &World) -> i64 {
    let World { backend, ada, lena, luis, .. } = world;
    let id = change_start(backend, ada, ENVIRONMENT, "The master moves").await.unwrap();
    let base = world.view(id).await.base;
    let moved = update_node(&base, "sql-1.example.net", |facts| facts.private_ip = [10, 0, 9, 9].into());
    world.edit(ada, id, moved).await;
    change_submit(backend, ada, id, world.version(id).await).await.unwrap();
    for lead in [lena, luis] {
        world.vote(lead, id, Verdict::Approve, None).await.unwrap();
    }
    assert_eq!(world.view(id).await.change.state, ChangeState::Approved);
    assert!(world.view(id).await.review.plan.asked.iter().any(|asked| asked.group == "infrastructure experts"));
    id
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn who_left_the_group_counts_for_it_no_longer(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, vera, .. } = &world;
    let id = critical(&world).await;
    let (luis, group) = (email("Luis Lead"), "infrastructure experts");
    account_group_remove(backend, &Actor::Operator, &luis, ENVIRONMENT, group).await.unwrap();
    account_group_remove(backend, &Actor::Operator, &luis, ENVIRONMENT, group).await.unwrap();
    let view = world.view(id).await;
    assert_eq!(
        view.change.reason.as_deref(),
        Some(
            "Luis Lead is not in the group “infrastructure experts” any more. It is in review again, with 0 of 1 \
             infrastructure experts."
        )
    );
    assert!(view.review.votes.iter().all(|vote| view.review.standing_of(vote, view.now) == VoteStanding::Counts));
    refusal(change_apply(backend, ada, id, view.change.version).await);
    let stored =
        change_list(backend, vera, Some(ENVIRONMENT), Some(ChangeState::InReview), None, 10).await.unwrap().rows;
    assert_eq!(stored.iter().map(|row| row.change.id).collect::<Vec<_>>(), [id], "lists know it, too");
    let told = audit_list(backend, vera, Some(ENVIRONMENT), None, 10, None).await.unwrap().rows;
    assert_eq!(told.iter().filter(|entry| entry.action == AuditAction::AccountRevoked).count(), 2);
    assert_eq!(told[0].after.as_ref().unwrap()["changes"]["in_review_again"], serde_json::json!([id]));
    let refused = account_group_remove(backend, ada, &luis, ENVIRONMENT, group).await;
    assert!(refusal(refused).starts_with("Only the operator"));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn disabling_ends_sessions_and_votes_and_enabling_brings_the_votes_back(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, vera, .. } = &world;
    let id = world.approved("worker-2.example.net").await;
    let session = async || actor_load(backend, &account_id(lena).to_string(), 1).await.unwrap();
    assert!(session().await.is_some());
    assert!(refusal(account_disable(backend, ada, &email("Lena Lead")).await).starts_with("Only the operator"));
    let nobody = account_disable(backend, &Actor::Operator, "nobody@example.net").await;
    assert_eq!(nobody, Err(Error::NotFound { what: "account" }));

    for _ in 0..2 {
        account_disable(backend, &Actor::Operator, &email("Lena Lead")).await.unwrap();
    }
    assert_eq!(session().await, None);
    let view = world.view(id).await;
    let reason = "The account of Lena Lead was disabled. It is in review again, with 0 of 1 lead.";
    assert_eq!((view.change.state, view.change.reason.as_deref()), (ChangeState::InReview, Some(reason)));
    let disabled = async || -> Vec<bool> {
        let rows = sqlx::query_scalar(
            "SELECT environment_id IS NOT NULL FROM audit_log WHERE action = 'account-disabled'
             AND subject_kind = 'account' ORDER BY sequence",
        );
        rows.fetch_all(&world.pool).await.unwrap()
    };
    assert_eq!(disabled().await, [true, false], "once in the environment that it moved, once of the account");
    let lapsed: i64 =
        sqlx::query_scalar("SELECT count(*) FROM outbox WHERE kind = 'change.approval-lapsed' AND change_id = $1")
            .bind(id)
            .fetch_one(&world.pool)
            .await
            .unwrap();
    assert_eq!(lapsed, 1, "its authors are told");

    account_enable(backend, &Actor::Operator, &email("Lena Lead")).await.unwrap();
    assert_eq!(world.view(id).await.change.state, ChangeState::Approved);
    assert_eq!(session().await, None, "sessions of before stay ended");
    account_revoke(backend, &Actor::Operator, &email("Lena Lead"), ENVIRONMENT, Capability::Lead).await.unwrap();
    assert_eq!(world.view(id).await.change.state, ChangeState::InReview);
    account_grant(backend, &Actor::Operator, &email("Lena Lead"), ENVIRONMENT, Capability::Lead).await.unwrap();
    let listed =
        change_list(backend, vera, Some(ENVIRONMENT), Some(ChangeState::Approved), None, 10).await.unwrap().rows;
    assert_eq!(listed.len(), 1, "given back, the votes are there again, and the list says so");
}

/// It was approved and applied in a freeze; when that ends, who approved is gone.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_waits_does_not_start_on_the_vote_of_who_is_gone(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, luis, vera, .. } = &world;
    let always = NewEntry {
        kind: Kind::Freeze,
        name: "Always".to_owned(),
        reason: "Nothing moves.".to_owned(),
        zone: "UTC".to_owned(),
        recurrence: Recurrence::Weekly {
            days: Day::ALL.iter().copied().collect(),
            at: chrono::NaiveTime::MIN,
            minutes: 24 * 60,
        },
    };
    let freeze = entry_add(backend, luis, ENVIRONMENT, always).await.unwrap().in_force().unwrap();
    let id = world.approved("worker-2.example.net").await;
    // Lena was away for a while, and is back without Strata having looked.
    account_disable(backend, &Actor::Operator, &email("Lena Lead")).await.unwrap();
    sqlx::query("UPDATE accounts SET disabled_at = NULL").execute(&world.pool).await.unwrap();
    assert_eq!(stored(&world, id).await, "in-review");
    let applied = runs::change_apply(backend, ada, id, world.version(id).await).await.unwrap();
    assert!(matches!(applied, Applied::Waits { .. }));
    assert_eq!(stored(&world, id).await, "approved");
    // Behind its back: what is stored still says that it is approved and waits.
    sqlx::query("DELETE FROM grants WHERE account_id = $1 AND capability = 'lead'")
        .bind(account_id(&world.lena))
        .execute(&world.pool)
        .await
        .unwrap();
    sqlx::query("UPDATE schedule_entries SET removed_at = now() WHERE id = $1")
        .bind(freeze)
        .execute(&world.pool)
        .await
        .unwrap();
    let working = Working::quick(&world);
    tokio::time::timeout(Duration::from_secs(60), async {
        while stored(&world, id).await == "approved" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("the worker looks at it");
    working.stop().await;
    assert_eq!((stored(&world, id).await.as_str(), world.count("runs").await), ("in-review", 0));
    let told = world.view(id).await.change.reason.unwrap();
    assert!(told.starts_with("Somebody who approved it is no longer who may"), "{told}");
    assert_eq!(
        change_list(backend, vera, Some(ENVIRONMENT), None, None, 10).await.unwrap().rows[0].change.apply_asked,
        None
    );
}

async fn stored(world: &World, id: i64) -> String {
    sqlx::query_scalar("SELECT state FROM changes WHERE id = $1").bind(id).fetch_one(&world.pool).await.unwrap()
}

/// Who leaves after the run has started takes nothing from it; who had left before is never told as though they carried it.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn the_past_is_told_as_it_was(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, luis, vera, .. } = &world;
    let id = world.approved("worker-2.example.net").await;
    world.vote(luis, id, Verdict::Approve, None).await.unwrap();
    account_disable(backend, &Actor::Operator, &email("Lena Lead")).await.unwrap();
    change_apply(backend, ada, id, world.version(id).await).await.unwrap();
    let told = async || {
        let record = change_record(backend, vera, id).await.unwrap();
        let votes: Vec<(String, VoteStanding)> =
            record.votes.into_iter().map(|vote| (vote.vote.voter.name, vote.standing)).collect();
        let met: Vec<String> = record.asked[0].met_by.iter().map(|person| person.name.clone()).collect();
        (votes, met)
    };
    let expected = (
        vec![("Lena Lead".to_owned(), VoteStanding::VoterGone), ("Luis Lead".to_owned(), VoteStanding::Counts)],
        vec!["Luis Lead".to_owned()],
    );
    assert_eq!(told().await, expected);
    account_disable(backend, &Actor::Operator, &email("Luis Lead")).await.unwrap();
    account_enable(backend, &Actor::Operator, &email("Lena Lead")).await.unwrap();
    assert_eq!(told().await, expected);
}

/// Who leaves when the run has begun takes nothing along, before a worker looks at it and after.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn who_leaves_after_the_apply_stops_no_run(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, .. } = &world;
    let id = world.approved("worker-2.example.net").await;
    let run = change_apply(backend, ada, id, world.version(id).await).await.unwrap();
    account_revoke(backend, &Actor::Operator, &email("Lena Lead"), ENVIRONMENT, Capability::Lead).await.unwrap();
    account_disable(backend, &Actor::Operator, &email("Luis Lead")).await.unwrap();
    assert_eq!(world.run_to_the_end(run).await.state, RunState::Succeeded);
}
