//! A worker may die at any instant: nothing is lost, and nothing is recorded twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use strata_backend::changes::{change_start, change_submit};
use strata_backend::runs::run_load;
use strata_backend::worker::executors::{DryRun, Executor, StepError, StepLog};
use strata_domain::catalogue::Catalogue;
use strata_domain::change::ChangeState;
use strata_domain::plan::Step;
use strata_domain::run::{RunState, StepState};

use crate::support::{ENVIRONMENT, Working, World, add_node, change_apply};

/// Writes one line and never ends.
#[derive(Debug)]
pub struct Stuck;

#[async_trait]
impl Executor for Stuck {
    async fn execute(&self, _step: &Step, _catalogue: &Catalogue, log: &StepLog<'_>) -> Result<(), StepError> {
        log.line("stuck").await?;
        std::future::pending().await
    }
}

/// Fails at the second step that it is given.
#[derive(Debug, Default)]
struct FailsAtTheSecond(AtomicUsize);

#[async_trait]
impl Executor for FailsAtTheSecond {
    async fn execute(&self, _step: &Step, _catalogue: &Catalogue, log: &StepLog<'_>) -> Result<(), StepError> {
        log.line("at it").await?;
        if self.0.fetch_add(1, Ordering::SeqCst) == 1 {
            return Err(StepError::Failed("The disk is full.".to_owned()));
        }
        Ok(())
    }
}

/// Breaks.
#[derive(Debug)]
struct Panics;

#[async_trait]
impl Executor for Panics {
    async fn execute(&self, step: &Step, _catalogue: &Catalogue, _log: &StepLog<'_>) -> Result<(), StepError> {
        panic!("a broken executor at {}", step.id)
    }
}

/// Pauses in each step, then counts it as carried out.
#[derive(Debug)]
struct Slow(Arc<AtomicUsize>);

#[async_trait]
impl Executor for Slow {
    async fn execute(&self, _step: &Step, _catalogue: &Catalogue, log: &StepLog<'_>) -> Result<(), StepError> {
        log.line("begins").await?;
        tokio::time::sleep(Duration::from_millis(1500)).await;
        self.0.fetch_add(1, Ordering::SeqCst);
        log.line("ends").await
    }
}

async fn applied(world: &World) -> i64 {
    let id = world.approved("worker-2.example.net").await;
    change_apply(&world.backend, &world.ada, id, world.version(id).await).await.unwrap()
}

async fn until_running(world: &World, run: i64) {
    tokio::time::timeout(Duration::from_secs(30), async {
        while run_load(&world.backend, &world.vera, run, 0, None).await.unwrap().log.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_step_of_a_killed_worker_is_taken_over_and_recorded_once(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let run = applied(&world).await;
    let killed = Working::with(&world, Arc::new(Stuck), Duration::from_secs(1));
    until_running(&world, run).await;
    killed.task.abort();
    assert!(killed.task.await.unwrap_err().is_cancelled());

    let ended = world.run_to_the_end(run).await;
    assert_eq!(ended.state, RunState::Succeeded);
    let steps = run_load(&world.backend, &world.vera, run, 0, None).await.unwrap().steps;
    assert!(steps.iter().all(|step| step.state == StepState::Succeeded));
    assert!(steps.iter().any(|step| step.attempts == 2), "the step was begun again");
    assert_eq!(world.count("revisions").await, 2, "one revision was made of it");
    let lines = run_load(&world.backend, &world.vera, run, 0, None).await.unwrap().log;
    assert_eq!(lines.iter().filter(|line| line.text.starts_with("Attempt 2")).count(), 1);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_worker_that_lost_its_lease_records_nothing(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let run = applied(&world).await;
    let carried_out = Arc::new(AtomicUsize::new(0));
    let working = Working::with(&world, Arc::new(Slow(Arc::clone(&carried_out))), Duration::from_secs(30));
    until_running(&world, run).await;
    // As if the lease had run out and another worker held the step now.
    sqlx::query(
        "UPDATE run_steps SET lease_owner = 'another', attempts = attempts + 1, lease_until = now() + interval '2 seconds'
         WHERE state = 'running'",
    )
    .execute(&world.pool)
    .await
    .unwrap();
    tokio::time::sleep(Duration::from_millis(1800)).await;
    let steps = run_load(&world.backend, &world.vera, run, 0, None).await.unwrap().steps;
    assert!(steps.iter().all(|step| step.state != StepState::Succeeded), "the outcome was not this worker's to record");
    let lines = run_load(&world.backend, &world.vera, run, 0, None).await.unwrap().log;
    assert!(lines.iter().all(|line| line.text != "ends"));
    working.stop().await;
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_lease_lasts_while_its_worker_lives(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let run = applied(&world).await;
    let carried_out = Arc::new(AtomicUsize::new(0));
    // Steps take longer than the lease; renewal keeps them with one of two workers.
    let one = Working::with(&world, Arc::new(Slow(Arc::clone(&carried_out))), Duration::from_millis(600));
    let two = Working::with(&world, Arc::new(Slow(Arc::clone(&carried_out))), Duration::from_millis(600));
    let ended = world.wait_for(run, |run| run.finished_at.is_some()).await;
    one.stop().await;
    two.stop().await;
    assert_eq!(ended.state, RunState::Succeeded);
    assert_eq!(i64::try_from(carried_out.load(Ordering::SeqCst)).unwrap(), ended.steps_total);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_stopped_worker_gives_its_step_back_at_once(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let run = applied(&world).await;
    let working = Working::with(&world, Arc::new(Stuck), Duration::from_secs(600));
    until_running(&world, run).await;
    working.stop().await;
    let steps = run_load(&world.backend, &world.vera, run, 0, None).await.unwrap().steps;
    assert!(steps.iter().all(|step| step.state == StepState::Pending));
    assert_eq!(world.run_to_the_end(run).await.state, RunState::Succeeded);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_failed_step_ends_the_run_and_leaves_the_topology(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let run = applied(&world).await;
    let working = Working::with(&world, Arc::new(FailsAtTheSecond::default()), Duration::from_secs(30));
    let ended = world.wait_for(run, |run| run.finished_at.is_some()).await;
    working.stop().await;
    assert_eq!((ended.state, ended.revision), (RunState::Failed, None));
    let steps = run_load(&world.backend, &world.vera, run, 0, None).await.unwrap().steps;
    let of = |state| steps.iter().filter(|step| step.state == state).count();
    assert_eq!((of(StepState::Succeeded), of(StepState::Failed)), (1, 1));
    assert_eq!(of(StepState::Skipped), steps.len() - 2);
    let change = world.view(ended.change).await.change;
    assert_eq!(change.state, ChangeState::Failed);
    assert!(change.reason.unwrap().ends_with("The disk is full."));
    assert_eq!(world.count("revisions").await, 1);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_panic_fails_the_step_and_spares_the_worker(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let run = applied(&world).await;
    let working = Working::with(&world, Arc::new(Panics), Duration::from_secs(30));
    let ended = world.wait_for(run, |run| run.finished_at.is_some()).await;
    assert_eq!(ended.state, RunState::Failed);
    working.stop().await;
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_worker_whose_connections_die_goes_on(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let run = applied(&world).await;
    let working = Working::with(&world, Arc::new(DryRun::new(Duration::from_millis(30))), Duration::from_secs(30));
    until_running(&world, run).await;
    for _ in 0..3 {
        // This connection dies last, or not at all.
        let _died = sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .execute(&world.pool)
        .await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let ended = tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            match run_load(&world.backend, &world.vera, run, 0, None).await {
                Ok(view) if view.run.finished_at.is_some() => break view.run,
                Ok(_) | Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    });
    let ended = ended.await.unwrap();
    working.stop().await;
    assert_eq!(ended.state, RunState::Succeeded);
    assert_eq!(world.count("revisions").await, 2);
}

/// One run of many steps keeps none of another environment waiting: they take turns.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn runs_share_what_workers_there_are(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, .. } = &world;
    world.second_environment("lab").await;
    let long = change_start(backend, ada, ENVIRONMENT, "Many").await.unwrap();
    let many = (0..30).map(|number| add_node(&format!("worker-{}.example.net", 100 + number), "worker")).collect();
    world.append(ada, long, 0, "many", many).await.unwrap();
    let short = change_start(backend, ada, "lab", "One").await.unwrap();
    world.edit(ada, short, add_node("worker-2.example.net", "worker")).await;
    let mut runs = Vec::new();
    for id in [long, short] {
        change_submit(backend, ada, id, world.version(id).await).await.unwrap();
        world.approve(id).await;
        runs.push(change_apply(backend, ada, id, world.version(id).await).await.unwrap());
    }
    let working = Working::with(&world, Arc::new(Slow(Arc::default())), Duration::from_secs(30));
    world.wait_for(runs[1], |run| run.finished_at.is_some()).await;
    let steps = run_load(backend, &world.vera, runs[0], 0, None).await.unwrap().steps;
    working.stop().await;
    assert!(steps.iter().any(|step| step.state == StepState::Succeeded), "the long one goes on meanwhile");
    assert!(steps.iter().any(|step| step.state == StepState::Pending), "and the short one did not wait for its end");
}
