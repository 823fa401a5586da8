//! One clock, the database's: what a process's own clock says is neither stored nor compared.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use strata_backend::accounts::{NewAccount, Origin, account_add, sign_in};
use strata_backend::approvals::comment_add;
use strata_backend::runs::{run_confirm_step, run_load};
use strata_backend::{Actor, Backend};
use strata_domain::edit::Edit;
use strata_domain::run::{RunState, StepState};
use strata_domain::topology::SettingValue;

use crate::support::{Working, World, change_apply};
use crate::telling::tell_all;

/// A pool whose database believes that it is two hours later: its functions are found before PostgreSQL's.
async fn ahead(pool: &PgPool) -> PgPool {
    sqlx::raw_sql(
        "CREATE SCHEMA ahead;
         GRANT USAGE ON SCHEMA ahead TO PUBLIC;
         CREATE FUNCTION ahead.now() RETURNS timestamptz STABLE LANGUAGE sql
             AS 'SELECT pg_catalog.now() + interval ''2 hours''';
         CREATE FUNCTION ahead.clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE sql
             AS 'SELECT pg_catalog.clock_timestamp() + interval ''2 hours''';",
    )
    .execute(pool)
    .await
    .unwrap();
    let options = pool.connect_options().as_ref().clone().options([("search_path", "ahead,pg_catalog,public")]);
    let own = PgPoolOptions::new().max_connections(10).connect_with(options).await.unwrap();
    // It ends with the test's own pool, or the database could not be removed.
    let (ends, closing) = (pool.clone(), own.clone());
    tokio::spawn(async move {
        ends.close_event().await;
        closing.close().await;
    });
    own
}

/// Every time in every table is after `since`, where it is not said otherwise.
async fn all_after(pool: &PgPool, since: DateTime<Utc>) -> Vec<String> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT table_name::text, column_name::text FROM information_schema.columns
         WHERE table_schema = 'public' AND data_type = 'timestamp with time zone'
           AND table_name NOT LIKE '\\_sqlx%' AND (table_name, column_name) <> ('outbox', 'since')
         ORDER BY 1, 2",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut early = Vec::new();
    for (table, column) in columns {
        let count = format!("SELECT count(*) FROM {table} WHERE {column} <= $1 AND isfinite({column})");
        let found: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(count)).bind(since).fetch_one(pool).await.unwrap();
        if found > 0 {
            early.push(format!("{table}.{column}"));
        }
    }
    early
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_is_stored_is_the_databases_time(pool: PgPool) {
    let since: DateTime<Utc> = sqlx::query_scalar("SELECT now() + interval '1 hour'").fetch_one(&pool).await.unwrap();
    // What the migrations wrote is older, and none of ours.
    let before = all_after(&pool, since).await;
    let world = World::new(ahead(&pool).await).await;
    let World { backend, ada, vera, .. } = &world;
    let zoe = NewAccount {
        email: "zoe@example.net".to_owned(),
        name: "Zoe".to_owned(),
        password: "correct horse battery".to_owned(),
    };
    account_add(backend, &Actor::Operator, zoe).await.unwrap();
    let from = Origin { address: [192, 0, 2, 1].into(), device: None };
    sign_in(backend, "zoe@example.net", "wrong", from).await.unwrap_err();
    sign_in(backend, "zoe@example.net", "correct horse battery", from).await.unwrap();
    let id = world.approved("worker-2.example.net").await;
    comment_add(backend, vera, id, None, "On time?", "k").await.unwrap();
    let run = change_apply(backend, ada, id, world.version(id).await).await.unwrap();
    assert_eq!(world.run_to_the_end(run).await.state, RunState::Succeeded);
    tell_all(&world, None).await;
    let early = all_after(&pool, since).await;
    let early: Vec<_> = early.into_iter().filter(|column| !before.contains(column)).collect();
    assert_eq!(early, [""; 0], "written by the clock of the process");
    // What is read is as of that clock, too.
    assert!(world.view(id).await.now > since);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_manual_step_ends_after_it_began(pool: PgPool) {
    let world = World::new(ahead(&pool).await).await;
    let World { backend, ada, .. } = &world;
    let id = world.draft("sql-9.example.net").await;
    let settings = [("replication".to_owned(), SettingValue::Text("slave".to_owned()))].into();
    world
        .edit(ada, id, Edit::AssignRole { hostname: "sql-9.example.net".to_owned(), role: "sql".into(), settings })
        .await;
    strata_backend::changes::change_submit(backend, ada, id, world.version(id).await).await.unwrap();
    world.approve(id).await;
    let run = change_apply(backend, ada, id, world.version(id).await).await.unwrap();
    let working = Working::quick(&world);
    let mut waiting = None;
    crate::telling::until("a step waits for a person", async || {
        let steps = run_load(backend, ada, run, 0, None).await.unwrap().steps;
        waiting = steps.into_iter().find(|step| step.state == StepState::Waiting);
        waiting.is_some()
    })
    .await;
    run_confirm_step(backend, ada, run, &waiting.unwrap().id).await.unwrap();
    world.wait_for(run, |run| run.state == RunState::Succeeded).await;
    working.stop().await;
    let backwards: i64 = sqlx::query_scalar("SELECT count(*) FROM run_steps WHERE finished_at < started_at")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(backwards, 0);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn leases_and_schedules_follow_the_databases_clock(pool: PgPool) {
    let own = ahead(&pool).await;
    let world = World::new(own.clone()).await;
    world.in_review("worker-2.example.net").await;
    // Due by the clock of the process, and in an hour by the database's.
    sqlx::query("UPDATE outbox SET next_at = now() + interval '1 hour'").execute(&own).await.unwrap();
    let telling = crate::telling::Telling::new(&world, None);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(world.count("notices").await, 0);
    // And the other way round.
    sqlx::query("UPDATE outbox SET next_at = now()").execute(&own).await.unwrap();
    crate::telling::until("it is told", async || world.count("notices").await > 0).await;
    telling.stop().await;
    let unread = strata_backend::notices::notice_unread(&Backend::new(own), &world.lena).await;
    assert_eq!(unread, Ok(1));
}
