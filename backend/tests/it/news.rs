//! News reach every process, after the commit, and those alone who may know.

use std::time::Duration;

use strata_backend::Backend;
use strata_backend::changes::change_start;
use strata_backend::news::Told;
use strata_domain::news::News;
use tokio::sync::broadcast::Receiver;

use crate::support::{ENVIRONMENT, World};

pub async fn until(receiver: &mut Receiver<Told>, wanted: &News) {
    tokio::time::timeout(Duration::from_secs(30), async { while receiver.recv().await.unwrap().news != *wanted {} })
        .await
        .unwrap_or_else(|_| panic!("no {wanted:?}"));
}

/// Starts changes until news of one arrives: the listener needs a moment to stand.
pub async fn until_it_listens(world: &World, receiver: &mut Receiver<Told>) {
    for knock in 0..100 {
        // Each under a title of its own: twice the same is a double click, and no news.
        change_start(&world.backend, &world.ada, ENVIRONMENT, &format!("Knock {knock}")).await.unwrap();
        if tokio::time::timeout(Duration::from_millis(200), receiver.recv()).await.is_ok() {
            return;
        }
    }
    panic!("no news at all");
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn news_come_from_other_processes_and_after_a_lost_connection(pool: sqlx::PgPool) {
    let world = World::new(pool.clone()).await;
    // Another process, as far as the database can tell.
    let watching = Backend::new(pool.clone());
    let mut receiver = watching.news().subscribe();
    until_it_listens(&world, &mut receiver).await;
    let id = change_start(&world.backend, &world.ada, ENVIRONMENT, "News").await.unwrap();
    until(&mut receiver, &News::Change { environment: ENVIRONMENT.to_owned(), id }).await;

    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND query LIKE '%LISTEN%' AND pid <> pg_backend_pid()",
    )
    .execute(&pool)
    .await
    .unwrap();
    let missed = change_start(&world.backend, &world.ada, ENVIRONMENT, "Missed").await.unwrap();
    until(&mut receiver, &News::Environment { environment: ENVIRONMENT.to_owned() }).await;
    until(&mut receiver, &News::Change { environment: ENVIRONMENT.to_owned(), id: missed }).await;
}
