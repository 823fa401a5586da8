//! The past is told as it was decided, whatever plans and asks today.

use sqlx::types::Json;
use sqlx::{AssertSqlSafe, PgPool};
use strata_backend::Error;
use strata_backend::approvals::vote_difference;
use strata_backend::changes::{change_load, change_record, change_submit, change_withdraw};
use strata_backend::runs::run_load;
use strata_domain::catalogue::Catalogue;
use strata_domain::change::ChangeState;
use strata_domain::digest::Digest;
use strata_domain::plan::{self, Plan, Risk, Step, StepKind};
use strata_domain::review::{Verdict, VoteStanding};
use strata_domain::run::{RunState, StepState};

use crate::support::{ENVIRONMENT, World, change_apply, live_of};
use crate::tampering::steps_stored;

const WORKER: &str = "worker-2.example.net";

/// What another version of Strata would have made of the change: it verified nothing, did one thing after the other, and
/// thought it riskier.
fn otherwise(today: Plan) -> Plan {
    let mut steps: Vec<Step> = today.steps.into_iter().filter(|step| step.kind != StepKind::VerifyRole).collect();
    for at in 0..steps.len() {
        steps[at].depends_on = at.checked_sub(1).map(|before| steps[before].id.clone()).into_iter().collect();
    }
    let digest = plan::digest_of_steps(ENVIRONMENT, Catalogue::built_in().version, &steps).unwrap();
    assert_ne!(digest, today.digest);
    Plan { risk: Risk::Critical, digest, steps, alternatives: Vec::new() }
}

/// Has everything that is stored of the change say that it was planned in that way.
async fn planned_otherwise(world: &World, id: i64, run: Option<i64>, plan: &Plan) {
    let mut owner = world.pool.acquire().await.unwrap();
    const TABLES: [&str; 5] = ["decided_plans", "decisions", "votes", "runs", "run_steps"];
    for table in TABLES {
        let off = format!("ALTER TABLE {table} DISABLE TRIGGER USER");
        sqlx::raw_sql(AssertSqlSafe(off)).execute(&mut *owner).await.unwrap();
    }
    sqlx::query(
        "INSERT INTO decided_plans SELECT DISTINCT change_id, $2, plan_encoding, catalogue_version, $3
         FROM decided_plans WHERE change_id = $1",
    )
    .bind(id)
    .bind(plan.digest.0)
    .bind(Json(plan))
    .execute(&mut *owner)
    .await
    .unwrap();
    for table in ["decisions", "votes", "runs"] {
        let update = format!("UPDATE {table} SET digest = $2 WHERE change_id = $1");
        sqlx::query(AssertSqlSafe(update)).bind(id).bind(plan.digest.0).execute(&mut *owner).await.unwrap();
    }
    sqlx::query("UPDATE decisions SET risk = $2 WHERE change_id = $1")
        .bind(id)
        .bind(plan.risk.as_str())
        .execute(&mut *owner)
        .await
        .unwrap();
    sqlx::query("DELETE FROM decided_plans WHERE change_id = $1 AND digest <> $2")
        .bind(id)
        .bind(plan.digest.0)
        .execute(&mut *owner)
        .await
        .unwrap();
    if let Some(run) = run {
        sqlx::query("DELETE FROM run_steps WHERE run_id = $1").bind(run).execute(&mut *owner).await.unwrap();
        steps_stored(&mut owner, run, &plan.steps).await;
    }
    for table in TABLES {
        let on = format!("ALTER TABLE {table} ENABLE TRIGGER USER");
        sqlx::raw_sql(AssertSqlSafe(on)).execute(&mut *owner).await.unwrap();
    }
}

/// No reason to fail the run, or to accuse anybody; and ever after it is told as it was.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_another_version_planned_is_carried_out_and_told_as_it_was_approved(pool: PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, vera, .. } = &world;
    let id = world.approved(WORKER).await;
    let run = change_apply(backend, ada, id, world.version(id).await).await.unwrap();
    let then = otherwise(world.view(id).await.plan);
    planned_otherwise(&world, id, Some(run), &then).await;

    let ended = world.run_to_the_end(run).await;
    let reason = world.view(id).await.change.reason;
    assert_eq!((ended.state, ended.revision), (RunState::Succeeded, Some(2)), "{reason:?}");
    let (_, live) = live_of(backend, vera).await;
    assert!(live.node(WORKER).is_some());
    let done = run_load(backend, vera, run, 0, None).await.unwrap().steps;
    assert!(done.len() == then.steps.len() && done.iter().all(|step| step.state == StepState::Succeeded));

    let view = world.view(id).await;
    assert_eq!((view.change.state, &view.plan), (ChangeState::Applied, &then));
    let vote = &view.review.votes[0];
    assert_eq!(view.review.standing_of(vote, view.told_at()), VoteStanding::Counts, "not “for another plan”");
    let record = change_record(backend, vera, id).await.unwrap();
    assert_eq!(
        (record.plan.digest, record.plan.risk, record.plan.steps.len()),
        (then.digest, then.risk, then.steps.len())
    );
    assert_eq!(record.votes[0].standing, VoteStanding::Counts);
    assert_eq!(vote_difference(backend, vera, id, vote.id).await.unwrap().then, then);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_was_turned_down_or_given_up_is_told_as_it_was(pool: PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, luis, .. } = &world;
    let rejected = world.in_review(WORKER).await;
    world.vote(luis, rejected, Verdict::Reject, Some("Not now.")).await.unwrap();
    let withdrawn = world.in_review("worker-3.example.net").await;
    change_withdraw(backend, ada, withdrawn, world.version(withdrawn).await, None).await.unwrap();
    for id in [rejected, withdrawn] {
        let before = world.view(id).await;
        let then = otherwise(before.plan);
        planned_otherwise(&world, id, None, &then).await;
        let more = r#"UPDATE decisions SET asked = jsonb_set(asked, '{0,quorum}', '7')"#;
        world.past_the_guard("decisions", "decisions_append_only", more).await;
        let view = world.view(id).await;
        assert_eq!(
            (view.plan, view.review.plan.digest, view.review.plan.asked[0].quorum),
            (then.clone(), then.digest, 7)
        );
    }
    let view = world.view(rejected).await;
    assert_eq!(view.review.standing_of(&view.review.votes[0], view.told_at()), VoteStanding::Decided);
}

/// What is kept is evidence: nobody adds to it later, and what is not of its digest is not told.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_kept_plan_is_not_retold(pool: PgPool) {
    let world = World::new(pool).await;
    let id = world.in_review(WORKER).await;
    let Digest(seven) = Digest([7; 32]);
    let decided = |version: &str| {
        format!(
            "INSERT INTO decisions SELECT DISTINCT d.change_id, {version}, c.round, d.digest, 0, d.asked
             FROM decisions d JOIN changes c ON c.id = d.change_id WHERE c.id = {id}"
        )
    };
    assert_eq!(world.as_attacker(&decided("c.version + 2")).await.as_deref(), Some("decisions_of_the_next_version"));
    assert_eq!(world.as_attacker(&decided("c.version - 1")).await.as_deref(), Some("decisions_of_the_next_version"));
    change_withdraw(&world.backend, &world.ada, id, world.version(id).await, None).await.unwrap();
    assert_eq!(world.as_attacker(&decided("c.version + 1")).await.as_deref(), Some("decisions_while_open"));
    let hex: String = seven.iter().map(|byte| format!("{byte:02x}")).collect();
    let another = format!(
        "INSERT INTO decided_plans SELECT change_id, '\\x{hex}', plan_encoding, catalogue_version, plan
         FROM decided_plans WHERE change_id = {id}"
    );
    assert_eq!(world.as_attacker(&another).await.as_deref(), Some("decided_plans_while_open"));

    // Put there before the act whose digest it takes, it is found by that act.
    let next = world.draft("worker-3.example.net").await;
    let today: String = world.view(next).await.plan.digest.0.iter().map(|byte| format!("{byte:02x}")).collect();
    let forged = format!(
        "INSERT INTO decided_plans SELECT {next}, '\\x{today}', plan_encoding, catalogue_version, plan
         FROM decided_plans WHERE change_id = {id}"
    );
    sqlx::raw_sql(AssertSqlSafe(forged)).execute(&crate::support::as_application(&world.pool).await).await.unwrap();
    let submitted = change_submit(&world.backend, &world.ada, next, world.version(next).await).await;
    assert!(matches!(submitted, Err(Error::Unexpected { .. })), "{submitted:?}");
    assert_eq!(world.view(next).await.change.state, ChangeState::Draft);

    let fewer = format!("UPDATE decided_plans SET plan = jsonb_set(plan, '{{steps}}', '[]') WHERE change_id = {id}");
    world.past_the_guard("decided_plans", "decided_plans_append_only", &fewer).await;
    assert!(matches!(change_load(&world.backend, &world.vera, id).await, Err(Error::Unexpected { .. })));
}
