//! What is told from the outbox alone, whoever left it there.

use strata_backend::notices::choices_set;
use strata_backend::runs::change_apply;
use strata_domain::notice::{Channel, Topic};

use crate::support::World;
use crate::telling::{Telling, tell_all, titles_of, until};

const WORKER: &str = "worker-2.example.net";

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn broken_glass_is_told_to_everyone_whatever_they_chose(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, lena, luis, vera, .. } = &world;
    let topics = Topic::ALL.iter().flat_map(|&topic| [(topic, Channel::Page, false), (topic, Channel::Mail, false)]);
    choices_set(backend, vera, &topics.collect()).await.unwrap();
    let id = world.approved(WORKER).await;
    change_apply(backend, adam, id, world.version(id).await).await.unwrap();
    sqlx::query("UPDATE outbox SET done_at = now()").execute(&world.pool).await.unwrap();
    // As the act leaves it.
    sqlx::query(
        "INSERT INTO outbox (kind, environment_id, audit_sequence, change_id, at, next_at)
         SELECT 'glass.broken', environment_id, sequence, $1, at, at FROM audit_log WHERE action = 'run-started'",
    )
    .bind(id)
    .execute(&world.pool)
    .await
    .unwrap();
    tell_all(&world, None).await;
    for everyone in [ada, lena, luis, vera] {
        assert_eq!(titles_of(&world, everyone).await, ["was applied without approval (low)"]);
    }
    assert_eq!(titles_of(&world, adam).await, [""; 0], "it was Adam's own act");
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_cannot_be_told_now_waits_and_holds_up_nobody(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let broken = world.in_review("worker-2.example.net").await;
    sqlx::query(
        "INSERT INTO change_edits (change_id, sequence, author_name, edit, at) VALUES ($1, 99, 'x', '{\"no\": 1}', now())",
    )
    .bind(broken)
    .execute(&world.pool)
    .await
    .unwrap();
    // From a version of Strata that this one does not know.
    sqlx::query(
        "INSERT INTO outbox (kind, environment_id, since, at, next_at)
         SELECT 'future.kind', id, now(), now(), now() FROM environments",
    )
    .execute(&world.pool)
    .await
    .unwrap();
    world.in_review("worker-3.example.net").await;
    let telling = Telling::new(&world, None);
    until("the other change is told", async || titles_of(&world, &world.lena).await.len() == 1).await;
    let put_off = "SELECT attempts > 0 AND last_error LIKE 'Something went wrong%' FROM outbox WHERE change_id = $1";
    let is_put_off: bool = sqlx::query_scalar(put_off).bind(broken).fetch_one(&world.pool).await.unwrap();
    assert!(is_put_off);
    sqlx::raw_sql(
        "ALTER TABLE change_edits DISABLE TRIGGER change_edits_append_only;
         DELETE FROM change_edits WHERE sequence = 99;
         ALTER TABLE change_edits ENABLE TRIGGER change_edits_append_only;
         UPDATE outbox SET next_at = now()",
    )
    .execute(&world.pool)
    .await
    .unwrap();
    until("it is told after all", async || titles_of(&world, &world.lena).await.len() == 2).await;
    telling.stop().await;
}
