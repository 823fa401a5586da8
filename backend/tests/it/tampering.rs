//! Somebody with a hand in the database puts steps into a run, alters what it leads to, or moves what is live: what nobody
//! approved is not carried out, and never becomes live.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::types::Json;
use sqlx::{Connection, PgConnection};
use strata_backend::audit::audit_list;
use strata_backend::runs::run_load;
use strata_backend::worker::executors::{Executor, StepError, StepLog};
use strata_domain::audit::AuditAction;
use strata_domain::catalogue::Catalogue;
use strata_domain::change::ChangeState;
use strata_domain::plan::{self, Step};
use strata_domain::run::{Run, RunState};

use crate::support::{ENVIRONMENT, Working, World, change_apply, digest_of, live_of};

const WORKER: &str = "worker-2.example.net";

async fn applied(world: &World) -> (i64, i64) {
    let id = world.approved(WORKER).await;
    (id, change_apply(&world.backend, &world.ada, id, world.version(id).await).await.unwrap())
}

/// Counts what it is given, and runs a statement of the owner with the first step.
#[derive(Debug)]
struct Altering {
    pool: sqlx::PgPool,
    statement: String,
    is_done: AtomicBool,
    steps: Arc<AtomicUsize>,
}

#[async_trait]
impl Executor for Altering {
    async fn execute(&self, _step: &Step, _catalogue: &Catalogue, log: &StepLog<'_>) -> Result<(), StepError> {
        log.line("at it").await?;
        self.steps.fetch_add(1, Ordering::SeqCst);
        if !self.is_done.swap(true, Ordering::SeqCst) {
            each(&self.pool, &self.statement).await;
        }
        Ok(())
    }
}

/// Each statement for itself: what is locked by one is not held for the next, beside workers.
async fn each(pool: &sqlx::PgPool, statements: &str) {
    for statement in statements.split(';') {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(pool).await.unwrap();
    }
}

/// Works until the run has ended, altering with the first step that is carried out; how many were.
async fn worked(world: &World, run: i64, statement: &str) -> (Run, usize) {
    let steps = Arc::new(AtomicUsize::new(0));
    let altering = Altering {
        pool: world.pool.clone(),
        statement: statement.to_owned(),
        is_done: AtomicBool::new(false),
        steps: Arc::clone(&steps),
    };
    let working = Working::with(world, Arc::new(altering), Duration::from_secs(30));
    let ended = world.wait_for(run, |run| run.finished_at.is_some()).await;
    working.stop().await;
    (ended, steps.load(Ordering::SeqCst))
}

/// Done with the hand of the owner, past every trigger of runs and steps.
fn by_the_owner(statement: &str) -> String {
    format!(
        "ALTER TABLE runs DISABLE TRIGGER USER; ALTER TABLE run_steps DISABLE TRIGGER USER;
         {statement};
         ALTER TABLE runs ENABLE TRIGGER USER; ALTER TABLE run_steps ENABLE TRIGGER USER"
    )
}

/// Nothing became live, and everybody is told why.
async fn nothing_became_live(world: &World, id: i64, ended: &Run, told: &str) {
    let World { backend, vera, .. } = world;
    assert_eq!((ended.state, ended.revision), (RunState::Failed, None), "{told}");
    let (live, topology) = live_of(backend, vera).await;
    assert_eq!(live.number, 1);
    assert!(topology.node("evil.example.net").is_none());
    let change = world.view(id).await.change;
    assert_eq!(change.state, ChangeState::Failed);
    let reason = change.reason.unwrap();
    assert!(reason.contains(told), "{reason}");
    let audit = audit_list(backend, vera, Some(ENVIRONMENT), None, 1, None).await.unwrap().rows;
    assert_eq!((audit[0].action, audit[0].reason.as_deref()), (AuditAction::RunFailed, Some(reason.as_str())));
}

/// What is to become live, altered by that statement: before the run begins, and while its steps are carried out.
async fn altered(pool: sqlx::PgPool, statement: &str) {
    let told = "What was to become live is not what was approved";
    let world = World::new(pool).await;
    let (id, run) = applied(&world).await;
    let statement = statement.replace("$1", &run.to_string());
    // To the application, a run is as it was made, and the triggers say so to everybody.
    let refused = sqlx::raw_sql(sqlx::AssertSqlSafe(statement.clone())).execute(&world.pool).await.unwrap_err();
    assert!(refused.to_string().contains("is append-only"), "{refused}");
    let (ended, steps) = worked(&world, run, &by_the_owner(&statement)).await;
    assert!(steps > 0);
    nothing_became_live(&world, id, &ended, told).await;
    assert!(world.view(id).await.change.reason.unwrap().ends_with("look at what the steps did."));

    let (id, run_after) = applied_again(&world).await;
    let statement = statement.replace(&format!("id = {run}"), &format!("id = {run_after}"));
    each(&world.pool, &by_the_owner(&statement)).await;
    let (ended, steps) = worked(&world, run_after, "SELECT").await;
    nothing_became_live(&world, id, &ended, told).await;
    assert_eq!((steps, log_of(&world, run_after).await), (0, 0), "nothing of it was carried out");
}

async fn applied_again(world: &World) -> (i64, i64) {
    let id = world.approved("worker-3.example.net").await;
    (id, change_apply(&world.backend, &world.ada, id, world.version(id).await).await.unwrap())
}

async fn log_of(world: &World, run: i64) -> usize {
    run_load(&world.backend, &world.vera, run, 0, None).await.unwrap().log.len()
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_node_that_nobody_approved_does_not_become_live(pool: sqlx::PgPool) {
    let add = r#"UPDATE runs SET desired = jsonb_set(desired, '{nodes}', desired -> 'nodes' || jsonb_build_array(
                 (desired -> 'nodes' -> 0) - 'id' || '{"hostname": "evil.example.net", "private_ip": "10.6.6.6"}'))
                 WHERE id = $1"#;
    altered(pool, add).await;
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn an_address_that_nobody_approved_does_not_become_live(pool: sqlx::PgPool) {
    let moved = r#"UPDATE runs SET desired = jsonb_set(desired, '{nodes,0,private_ip}', '"10.6.6.6"') WHERE id = $1"#;
    altered(pool, moved).await;
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_was_approved_does_not_stay_away_either(pool: sqlx::PgPool) {
    let unchanged = "UPDATE runs r SET desired = v.topology FROM revisions v
                     WHERE r.id = $1 AND v.environment_id = r.environment_id AND v.number = r.base_revision";
    altered(pool, unchanged).await;
}

/// A step that nobody approved, as a worker would take it up.
const EVIL: &str = r#"INSERT INTO run_steps (run_id, step_id, position, depends_on, plan_step)
     SELECT run_id, 'evil', 99999, '{}', jsonb_set(plan_step, '{id}', '"evil"') FROM run_steps
     WHERE run_id = $1 AND position = 1"#;

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn no_step_is_put_beside_those_of_a_run(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let (_, run) = applied(&world).await;
    let evil = EVIL.replace("$1", &run.to_string());
    for state in ["queued", "running"] {
        let other = format!("UPDATE runs SET state = '{state}' WHERE id = {run}; {evil}");
        assert_eq!(world.as_attacker(&other).await.as_deref(), Some("run_steps_come_with_it"), "{state}");
    }
    let owner = sqlx::raw_sql(sqlx::AssertSqlSafe(evil.clone())).execute(&world.pool).await.unwrap_err();
    assert_eq!(owner.as_database_error().unwrap().constraint(), Some("run_steps_come_with_it"));
    let ended = world.run_to_the_end(run).await;
    assert_eq!(ended.state, RunState::Succeeded);
    assert_eq!(world.as_attacker(&evil).await.as_deref(), Some("run_steps_come_with_it"));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_step_that_the_owner_of_the_tables_puts_in_is_not_carried_out(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let (id, run) = applied(&world).await;
    let evil = by_the_owner(&EVIL.replace("$1", &run.to_string()));
    each(&world.pool, &evil).await;
    let (ended, steps) = worked(&world, run, "SELECT").await;
    nothing_became_live(&world, id, &ended, "The steps are not what was approved").await;
    assert_eq!((steps, log_of(&world, run).await), (0, 0));
    // While it is under way: it does not become live, whatever was carried out.
    let (id, run) = applied_again(&world).await;
    let (ended, _) = worked(&world, run, &by_the_owner(&EVIL.replace("$1", &run.to_string()))).await;
    nothing_became_live(&world, id, &ended, "The steps are not what was approved").await;
}

/// The digest that a lead approved, and other steps under it: it does not begin.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_run_of_other_steps_under_an_approved_digest_does_not_begin(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let id = world.approved(WORKER).await;
    let view = world.view(id).await;
    let steps = plan::plan(&view.base, &view.desired, Catalogue::built_in()).steps;
    let application = crate::support::as_application(&world.pool).await;
    let mut connection = application.acquire().await.unwrap();
    let mut attack = connection.begin().await.unwrap();
    let run: i64 = sqlx::query_scalar(
        "INSERT INTO runs (environment_id, change_id, executor, digest, catalogue_version, base_revision, desired,
                           requested_by_name, requested_at)
         SELECT environment_id, id, 'dry-run', $2, 1, 1, $3, 'x', now() FROM changes WHERE id = $1 RETURNING id",
    )
    .bind(id)
    .bind(digest_of(&view).0)
    .bind(Json(&*view.desired.topology))
    .fetch_one(&mut *attack)
    .await
    .unwrap();
    let evil = Step { id: "evil".to_owned(), depends_on: Vec::new(), ..steps[0].clone() };
    steps_stored(&mut attack, run, steps.iter().chain([&evil])).await;
    let rest = format!(
        "INSERT INTO run_log_counters (run_id) VALUES ({run});
         INSERT INTO decisions SELECT DISTINCT c.id, c.version + 1, c.round, d.digest, 0, d.asked
             FROM changes c JOIN decisions d ON d.change_id = c.id WHERE c.id = {id};
         INSERT INTO audit_log (at, actor_name, action, subject_kind, subject, environment_id)
             VALUES (now(), 'x', 'run-started', 'run', '{run}', 1);
         UPDATE changes SET state = 'provisioning', version = version + 1 WHERE id = {id}"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(rest)).execute(&mut *attack).await.unwrap();
    let refused = attack.commit().await.unwrap_err();
    assert_eq!(refused.as_database_error().unwrap().constraint(), Some("runs_begin_whole"));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_is_live_moves_by_runs_alone(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let (_, run) = applied(&world).await;
    let unapproved = format!(
        "INSERT INTO revisions (environment_id, number, topology, content_hash, catalogue_version, node_count, change_id, run_id,
                                title, made_by_name, made_at)
         SELECT r.environment_id, v.number + 1, r.desired, v.content_hash, 1, 0, r.change_id, r.id, 'x', 'x', now()
         FROM runs r JOIN revisions v ON v.environment_id = r.environment_id WHERE r.id = {run}
         ORDER BY v.number DESC LIMIT 1"
    );
    let by = |refused: Option<String>| refused.unwrap_or_default();
    // Its steps have not been carried out.
    assert_eq!(by(world.as_attacker(&unapproved).await), "revisions_by_runs");
    assert_eq!(
        by(world
            .as_attacker(&format!(
                "UPDATE runs SET state = 'succeeded', finished_at = now(), revision = 1 WHERE id = {run}"
            ))
            .await),
        "runs_go_on"
    );
    assert_eq!(world.run_to_the_end(run).await.revision, Some(2));
    for statement in [
        unapproved.clone(),
        unapproved.replace("r.change_id, r.id,", "NULL, NULL,"),
        unapproved.replace("v.number + 1, r.desired", "v.number + 1, '{}'"),
    ] {
        assert_eq!(by(world.as_attacker(&statement).await), "revisions_by_runs", "{statement}");
        // Not by the owner either.
        assert!(sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&world.pool).await.is_err());
    }
    for live in ["1", "NULL", "4"] {
        let moved = format!("UPDATE environments SET live_revision = {live}");
        assert_eq!(by(world.as_attacker(&moved).await), "environments_live_goes_on", "{live}");
    }
    let begun = "INSERT INTO runs (environment_id, change_id, executor, digest, catalogue_version, base_revision, desired, state,
                                   requested_by_name, requested_at)
                 SELECT environment_id, change_id, executor, digest, 1, 1, desired, 'running', 'x', now() FROM runs";
    assert!(["runs_begin_queued", "runs_approved_by_another"].contains(&by(world.as_attacker(begun).await).as_str()));
}

/// Stores the steps of a run, in their order.
pub async fn steps_stored(connection: &mut PgConnection, run: i64, steps: impl IntoIterator<Item = &Step>) {
    for (position, step) in (1_i64..).zip(steps) {
        sqlx::query(
            "INSERT INTO run_steps (run_id, step_id, position, depends_on, plan_step) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(run)
        .bind(&step.id)
        .bind(position)
        .bind(&step.depends_on)
        .bind(Json(step))
        .execute(&mut *connection)
        .await
        .unwrap();
    }
}
