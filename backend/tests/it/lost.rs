//! What an attacker tried, and what killing found: requests that are dropped, processes that freeze or die, ways that
//! are cut without a word, disks that are full. What they held is let go of, and who asks is told what is wrong.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use sqlx::{Connection, PgPool};
use strata_backend::changes::{change_load, change_start};
use strata_backend::ctx::{Limits, pool_options};
use strata_backend::runs::run_load;
use strata_backend::webhooks::webhook_add;
use strata_backend::worker::Process;
use strata_backend::worker::executors::DryRun;
use strata_backend::{Backend, Error, Outage};
use strata_domain::news::News;
use strata_domain::notice::Topic;
use strata_domain::run::RunState;

use crate::news::{until, until_it_listens};
use crate::support::{ENVIRONMENT, Working, World, add_node, change_apply, with_limits};
use crate::telling::{Receiver, Telling};
use crate::wire::Wire;
use crate::worker::Stuck;

async fn applied(world: &World) -> i64 {
    let id = world.approved("worker-2.example.net").await;
    change_apply(&world.backend, &world.ada, id, world.version(id).await).await.unwrap()
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_connection_that_was_left_in_a_transaction_is_given_to_nobody(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let one = pool_options(1).connect_with(pool.connect_options().as_ref().clone()).await.unwrap();
    let backend = Backend::new(one.clone());
    for left in ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "BEGIN", "BEGIN; SELECT 1 / 0"] {
        // As a request leaves it that is dropped while BEGIN is under way: sqlx knows of no transaction.
        let mut connection = one.acquire().await.unwrap();
        let _the_last_one_fails = sqlx::raw_sql(left).execute(&mut *connection).await;
        drop(connection);
        let id = change_start(&backend, &world.ada, ENVIRONMENT, &format!("After {left}")).await.unwrap();
        // Written, and not only in a transaction that nobody ends.
        assert!(change_load(&world.backend, &world.ada, id).await.is_ok(), "{left}");
    }
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn requests_that_are_dropped_at_any_moment_spoil_nothing(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let id = world.draft("worker-2.example.net").await;
    // As many connections as are left over by the others, and no hook that would mend what `begin` broke.
    let few = sqlx::postgres::PgPoolOptions::new().max_connections(3);
    let backend = Backend::new(few.connect_with(pool.connect_options().as_ref().clone()).await.unwrap());
    for microseconds in 0..400 {
        let load = change_load(&backend, &world.vera, id);
        let _dropped = tokio::time::timeout(Duration::from_micros(microseconds * 5), load).await;
    }
    for after in 0..20 {
        let started = change_start(&backend, &world.ada, ENVIRONMENT, &format!("After {after}")).await;
        let known = change_load(&world.backend, &world.ada, started.unwrap()).await;
        assert!(known.is_ok(), "{after}: {known:?}");
    }
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_worker_that_froze_in_a_transaction_does_not_hold_up_the_others(pool: PgPool) {
    let world = World::new(pool).await;
    let run = applied(&world).await;
    let limits = Limits { idle_in_transaction: Duration::from_secs(2), ..Limits::default() };
    let frozen = with_limits(&world.pool, limits).await;
    // It has begun to write down how a step ended, and goes on no more.
    let mut transaction = frozen.acquire().await.unwrap();
    sqlx::raw_sql("BEGIN").execute(&mut *transaction).await.unwrap();
    sqlx::query("SELECT id FROM runs WHERE id = $1 FOR NO KEY UPDATE")
        .bind(run)
        .execute(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(world.run_to_the_end(run).await.state, RunState::Succeeded);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_somebody_else_holds_is_waited_for_and_then_told_of(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let id = world.draft("worker-2.example.net").await;
    let limits = Limits { lock: Duration::from_millis(200), ..Limits::default() };
    let backend = Backend::new(with_limits(&pool, limits).await);
    let mut connection = pool.acquire().await.unwrap();
    let mut holder = connection.begin().await.unwrap();
    sqlx::query("SELECT id FROM changes WHERE id = $1 FOR UPDATE").bind(id).execute(&mut *holder).await.unwrap();
    let edit = add_node("worker-3.example.net", "worker");
    let version = world.version(id).await;
    let told = strata_backend::changes::change_edit(&backend, &world.ada, id, version, edit.clone()).await;
    assert_eq!(told.unwrap_err(), Error::Unavailable(Outage::Busy));
    holder.rollback().await.unwrap();
    strata_backend::changes::change_edit(&backend, &world.ada, id, version, edit).await.unwrap();
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_worker_that_comes_back_frees_what_it_held_when_it_was_killed(pool: PgPool) {
    let world = World::new(pool).await;
    let run = applied(&world).await;
    // Its lease would hold for longer than the test waits.
    let lease = Duration::from_secs(3600);
    let killed = Working::with(&world, Arc::new(Stuck), lease);
    tokio::time::timeout(Duration::from_secs(30), async {
        while run_load(&world.backend, &world.vera, run, 0, None).await.unwrap().log.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
    killed.task.abort();
    let _it_is_gone = killed.task.await;
    // This process lives on, so the lease is written over to one that does not.
    let mut child = Command::new("true").spawn().unwrap();
    let here = Process::this().unwrap();
    let gone = Process { number: child.id().try_into().unwrap(), started: 1, ..here };
    child.wait().unwrap();
    let held = sqlx::query(
        "UPDATE run_steps SET lease_owner = split_part(lease_owner, '@', 1) || '@' || $1 WHERE state = 'running'",
    )
    .bind(gone.to_string())
    .execute(&world.pool)
    .await
    .unwrap();
    assert!(held.rows_affected() > 0);

    let again = Working::with(&world, Arc::new(DryRun::new(Duration::ZERO)), lease);
    let ended = world.wait_for(run, |run| run.finished_at.is_some()).await;
    again.stop().await;
    assert_eq!(ended.state, RunState::Succeeded);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn who_listens_notices_within_seconds_that_the_way_was_cut(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let wire = Wire::to(&pool);
    let watching = Backend::new(pool_options(3).connect_with(wire.options(&pool)).await.unwrap());
    let mut receiver = watching.news().subscribe();
    until_it_listens(&world, &mut receiver).await;

    wire.cut();
    let missed = change_start(&world.backend, &world.ada, ENVIRONMENT, "Missed").await.unwrap();
    until(&mut receiver, &News::Change { environment: ENVIRONMENT.to_owned(), id: missed }).await;
    let heard = change_start(&world.backend, &world.ada, ENVIRONMENT, "Heard again").await.unwrap();
    until(&mut receiver, &News::Change { environment: ENVIRONMENT.to_owned(), id: heard }).await;
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn connections_that_were_cut_without_a_word_hold_up_no_request(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let wire = Wire::to(&pool);
    let backend = Backend::new(pool_options(2).connect_with(wire.options(&pool)).await.unwrap());
    let id = change_start(&backend, &world.ada, ENVIRONMENT, "Before").await.unwrap();
    for round in 0..3 {
        wire.cut();
        // The first may find only what is cut; without a limit nothing would ever be found again.
        let _may_fail = change_load(&backend, &world.vera, id).await;
        let found = tokio::time::timeout(Duration::from_secs(60), change_load(&backend, &world.vera, id)).await;
        assert!(matches!(found, Ok(Ok(_))), "{round}: {found:?}");
    }
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_worker_whose_way_was_cut_goes_on(pool: PgPool) {
    let mut world = World::new(pool.clone()).await;
    let run = applied(&world).await;
    let wire = Wire::to(&pool);
    let direct = world.backend.clone();
    world.backend = Backend::new(pool_options(10).connect_with(wire.options(&pool)).await.unwrap());
    let working = Working::with(&world, Arc::new(DryRun::new(Duration::from_millis(20))), Duration::from_secs(6));
    world.backend = direct;
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        wire.cut();
    }
    // What was under way is given up only when the database itself would have ended it.
    let ended = tokio::time::timeout(Duration::from_secs(300), async {
        loop {
            let run = run_load(&world.backend, &world.vera, run, 0, None).await.unwrap().run;
            if run.finished_at.is_some() {
                return run;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert_eq!(ended.await.unwrap().state, RunState::Succeeded);
    working.stop().await;
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn who_tells_people_goes_on_after_the_way_was_cut(pool: PgPool) {
    let mut world = World::new(pool.clone()).await;
    let receiver = Receiver::new().await;
    let topics = [Topic::ToApprove].into();
    webhook_add(&world.backend, &world.ada, ENVIRONMENT, &receiver.url(), &topics).await.unwrap();
    let wire = Wire::to(&pool);
    let direct = world.backend.clone();
    world.backend = Backend::new(pool_options(20).connect_with(wire.options(&pool)).await.unwrap());
    let telling = Telling::new(&world, None);
    world.backend = direct;
    // All who claim are in the middle of it when the way is cut, and those of what is urgent with them.
    let mut connection = pool.acquire().await.unwrap();
    let mut holder = connection.begin().await.unwrap();
    sqlx::raw_sql("LOCK TABLE outbox, deliveries IN ACCESS EXCLUSIVE MODE").execute(&mut *holder).await.unwrap();
    let hang = "pg_stat_activity WHERE wait_event_type = 'Lock'
                AND (query LIKE 'UPDATE outbox%' OR query LIKE 'UPDATE deliveries%')";
    crate::telling::until("they hang", async || world.count(hang).await >= 4).await;
    wire.cut();
    holder.rollback().await.unwrap();
    world.in_review("worker-2.example.net").await;
    // What was under way is given up only when the database itself would have ended it.
    let told = tokio::time::timeout(Duration::from_secs(200), async {
        while receiver.calls().is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    told.await.expect("it is told and sent");
    telling.stop().await;
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_full_disk_is_told_of_as_one(pool: PgPool) {
    let world = World::new(pool).await;
    let id = world.draft("worker-2.example.net").await;
    for (code, outage) in [
        ("disk_full", Outage::Full),
        ("out_of_memory", Outage::OutOfResources),
        ("io_error", Outage::Broken),
        ("query_canceled", Outage::Slow),
        ("admin_shutdown", Outage::Away),
    ] {
        let statements = format!(
            "CREATE OR REPLACE FUNCTION out_of_order() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '{code}'; END $$;
             DROP TRIGGER IF EXISTS out_of_order ON change_edits;
             CREATE TRIGGER out_of_order BEFORE INSERT ON change_edits FOR EACH ROW EXECUTE FUNCTION out_of_order();"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(statements)).execute(&world.pool).await.unwrap();
        let edit = add_node("worker-3.example.net", "worker");
        let version = world.version(id).await;
        let told = strata_backend::changes::change_edit(&world.backend, &world.ada, id, version, edit).await;
        assert_eq!(told.unwrap_err(), Error::Unavailable(outage), "{code}");
    }
    assert_eq!(Outage::lately(), Some(Outage::Broken), "the last that an operator has to mend");
}
