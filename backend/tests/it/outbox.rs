//! What is told from the outbox alone, whoever left it there.

use std::time::Duration;

use strata_backend::Actor;
use strata_backend::accounts::account_grant;
use strata_backend::changes::change_start;
use strata_backend::environments::{environment_create, topology_import};
use strata_backend::notices::{Settings, choices_set, nudge};
use strata_backend::runs::{change_apply, change_break_glass};
use strata_backend::webhooks::webhook_add;
use strata_domain::account::Capability;
use strata_domain::notice::{Channel, Topic};

use crate::support::{TOPOLOGY, World, digest_of, email};
use crate::telling::{PUBLIC_URL, Receiver, Reply, Telling, all_told, states, tell_all, titles_of, until};

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

/// Another environment, of which Adam wrote a change; gives that.
async fn lab(world: &World) -> i64 {
    let World { backend, adam, .. } = world;
    environment_create(backend, &Actor::Operator, "lab").await.unwrap();
    let topology = TOPOLOGY.replace("environment: production", "environment: lab");
    topology_import(backend, &Actor::Operator, "lab", topology.as_bytes(), "First").await.unwrap();
    for name in ["Ada Admin", "Adam Admin"] {
        account_grant(backend, &Actor::Operator, &email(name), "lab", Capability::Admin).await.unwrap();
    }
    change_start(backend, adam, "lab", "Of the lab").await.unwrap()
}

/// So many comments of Ada's on a change, as the acts leave them.
async fn say(world: &World, environment: &str, change: i64, times: i32) {
    sqlx::query(
        "WITH said AS (
             INSERT INTO audit_log (at, actor_id, actor_name, action, subject_kind, subject, environment_id, after)
             SELECT now(), (SELECT id FROM accounts WHERE email = $1), 'Ada Admin', 'comment-added', 'change', $2::text,
                    (SELECT id FROM environments WHERE slug = $3), '{\"text\": \"Again\"}'
             FROM generate_series(1, $4) RETURNING sequence, environment_id, at
         )
         INSERT INTO outbox (kind, environment_id, audit_sequence, change_id, at, next_at)
         SELECT 'change.commented', environment_id, sequence, $2::bigint, at, at FROM said",
    )
    .bind(email("Ada Admin"))
    .bind(change)
    .bind(environment)
    .bind(times)
    .execute(&world.pool)
    .await
    .unwrap();
}

/// How many notices were written before the first of that kind.
async fn before(world: &World, kind: &str) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM notices WHERE id < (SELECT min(id) FROM notices WHERE kind = $1)")
        .bind(kind)
        .fetch_one(&world.pool)
        .await
        .unwrap()
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn broken_glass_waits_behind_nothing(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let id = world.in_review(WORKER).await;
    tell_all(&world, None).await;
    sqlx::query("DELETE FROM notices").execute(&world.pool).await.unwrap();
    say(&world, "production", id, 100).await;
    let seen = digest_of(&world.view(id).await);
    change_break_glass(&world.backend, &world.adam, id, seen, "All calls fail at once.").await.unwrap();
    tell_all(&world, None).await;
    let earlier = "outbox WHERE kind = 'change.commented'
                     AND done_at < (SELECT max(done_at) FROM outbox WHERE kind = 'glass.broken')";
    let earlier = world.count(earlier).await;
    assert!(earlier < 50, "of 100 comments that came before, {earlier} were told before");
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_lot_to_tell_in_one_environment_holds_up_no_other(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let change = lab(&world).await;
    tell_all(&world, None).await;
    sqlx::query("DELETE FROM notices").execute(&world.pool).await.unwrap();
    say(&world, "lab", change, 100).await;
    world.in_review(WORKER).await;
    tell_all(&world, None).await;
    assert_eq!(world.count("notices WHERE kind = 'change.commented'").await, 100, "Adam is told each time");
    let came_before = before(&world, "change.submitted").await;
    assert!(came_before < 50, "{came_before} of the 100 notices of the lab came before the one of production");
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn an_environment_that_hangs_holds_up_no_other(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let change = lab(&world).await;
    tell_all(&world, None).await;
    say(&world, "lab", change, 5).await;
    // A notice refers to its environment, and cannot be written before this lets go.
    let mut connection = world.pool.acquire().await.unwrap();
    let mut held = sqlx::Connection::begin(&mut *connection).await.unwrap();
    sqlx::query("SELECT FROM environments WHERE slug = 'lab' FOR UPDATE").execute(&mut *held).await.unwrap();
    let telling = Telling::new(&world, None);
    let hangs = "outbox WHERE kind = 'change.commented' AND lease_until > now()";
    until("the lab hangs", async || world.count(hangs).await == 1).await;
    world.in_review(WORKER).await;
    until("production is told", async || titles_of(&world, &world.lena).await.len() == 1).await;
    assert_eq!(world.count("outbox WHERE kind = 'change.commented' AND done_at IS NULL").await, 5);
    held.rollback().await.unwrap();
    all_told(&world).await;
    telling.stop().await;
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn receivers_of_one_environment_that_hang_hold_up_no_other(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let change = lab(&world).await;
    tell_all(&world, None).await;
    let (hangs, answers) = (Receiver::new().await, Receiver::new().await);
    hangs.reply([Reply::Silence; 50]);
    for number in 0..20 {
        let url = format!("{}&number={number}", hangs.url());
        webhook_add(&world.backend, &world.ada, "lab", &url, &[Topic::Discussion].into()).await.unwrap();
    }
    let url = answers.url();
    webhook_add(&world.backend, &world.ada, "production", &url, &[Topic::ToApprove].into()).await.unwrap();
    say(&world, "lab", change, 1).await;
    let settings = Settings {
        poll: Duration::from_millis(50),
        call_timeout: Duration::from_secs(600),
        networks: "127.0.0.0/8".parse().unwrap(),
        ..Settings::new(None, Some(PUBLIC_URL.to_owned()))
    };
    let telling = Telling::with(&world, settings);
    until("the lab's receivers hang", async || hangs.calls().len() == 2).await;
    world.in_review(WORKER).await;
    until("production's receiver is called", async || answers.calls().len() == 1).await;
    assert_eq!(hangs.calls().len(), 2, "two at once for one environment, and no more");
    telling.kill();
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_process_without_an_address_tells_in_the_page_and_leaves_the_sending_to_others(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let receiver = Receiver::new().await;
    let topics = [Topic::ToApprove].into();
    webhook_add(&world.backend, &world.ada, "production", &receiver.url(), &topics).await.unwrap();
    let id = world.in_review(WORKER).await;
    let mute = Telling::with(&world, Settings { poll: Duration::from_millis(50), ..Settings::new(None, None) });
    until("Lena is told in the page", async || titles_of(&world, &world.lena).await.len() == 1).await;
    mute.stop().await;
    assert_eq!((receiver.calls().len(), states(&world).await), (0, vec![("pending".to_owned(), 0)]));
    tell_all(&world, None).await;
    let call = receiver.calls().remove(0).json();
    assert_eq!(call["data"]["url"], format!("{PUBLIC_URL}/changes/{id}"));
}

/// Whatever is claimed there that is not urgent takes that many seconds to be claimed.
async fn slow_down(world: &World, table: &str, seconds: u32) {
    let statements = format!(
        "CREATE FUNCTION slow_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF NOT NEW.urgent THEN PERFORM pg_sleep({seconds}); END IF;
             RETURN NEW;
         END $$;
         CREATE TRIGGER slow_{table} BEFORE UPDATE OF lease_until ON {table}
             FOR EACH ROW WHEN (NEW.lease_until IS NOT NULL) EXECUTE FUNCTION slow_{table}();"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(statements)).execute(&world.pool).await.unwrap();
}

/// Waits until a claim sleeps there.
async fn until_one_sleeps(world: &World, table: &str) {
    let sleeps = format!("pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE 'UPDATE {table}%'");
    until("a claim hangs", async || world.count(&sleeps).await > 0).await;
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_is_urgent_waits_for_no_claim_of_anything_else(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let receiver = Receiver::new().await;
    let topics = Topic::ALL.iter().copied().filter(|topic| topic.is_for_webhooks()).collect();
    webhook_add(&world.backend, &world.ada, "production", &receiver.url(), &topics).await.unwrap();
    let (id, other) = (world.in_review(WORKER).await, world.in_review("worker-3.example.net").await);
    tell_all(&world, None).await;
    let before = receiver.calls().len();
    slow_down(&world, "outbox", 20).await;
    slow_down(&world, "deliveries", 20).await;
    webhook_add(&world.backend, &world.ada, "production", &format!("{}&other", receiver.url()), &topics).await.unwrap();
    say(&world, "production", other, 2).await;
    sqlx::query(
        "INSERT INTO deliveries (key, environment_id, means, kind, title, webhook_id, payload, urgent, created_at, next_at)
         SELECT gen_random_uuid(), environment_id, 'webhook', 'strata.test', 'Slow', max(id), '{}', false, now(), now()
         FROM webhooks GROUP BY environment_id",
    )
    .execute(&world.pool)
    .await
    .unwrap();
    let telling = Telling::new(&world, None);
    until_one_sleeps(&world, "outbox").await;
    until_one_sleeps(&world, "deliveries").await;
    let begun = std::time::Instant::now();
    let seen = digest_of(&world.view(id).await);
    change_break_glass(&world.backend, &world.adam, id, seen, "All calls fail at once.").await.unwrap();
    until("it is told and sent", async || receiver.calls().len() > before).await;
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(receiver.calls()[before].body.contains("glass.broken"), "{:?}", receiver.calls()[before]);
    telling.kill();
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_goes_on_failing_is_told_of_until_it_passes(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let telling = Telling::new(&world, None);
    let missing = || world.backend.loops().missing();
    sqlx::raw_sql("REVOKE UPDATE ON outbox FROM strata_app").execute(&world.pool).await.unwrap();
    until("it is said", async || missing().iter().any(|one| one.starts_with("notices: telling: fails since "))).await;
    assert_eq!(missing().len(), 1, "one line for all that do the same: {:?}", missing());
    sqlx::raw_sql("GRANT UPDATE ON outbox TO strata_app").execute(&world.pool).await.unwrap();
    until("it passes", async || missing().is_empty()).await;
    telling.stop().await;
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_is_wrong_with_one_change_keeps_no_other_from_being_told_of(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let (wrong, right) = (world.in_review(WORKER).await, world.in_review("worker-3.example.net").await);
    let statements = format!(
        "CREATE FUNCTION out_of_order() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'not this one'; END $$;
         CREATE TRIGGER out_of_order BEFORE INSERT ON outbox
             FOR EACH ROW WHEN (NEW.change_id = {wrong} AND NEW.since IS NOT NULL) EXECUTE FUNCTION out_of_order();
         UPDATE changes SET waiting_since = now() - interval '25 hours';"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(statements)).execute(&world.pool).await.unwrap();
    nudge(&world.backend).await.unwrap();
    assert_eq!(world.count(&format!("outbox WHERE kind = 'change.reminder' AND change_id = {right}")).await, 1);
    assert_eq!(world.count("outbox WHERE kind = 'change.reminder'").await, 1);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn every_loop_is_watched(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let (telling, working) = (Telling::new(&world, None), crate::support::Working::quick(&world));
    let names = || {
        let mut names: Vec<_> = world.backend.loops().report().into_iter().map(|report| report.name).collect();
        names.dedup();
        names
    };
    let all = [
        "news",
        "notices: calling",
        "notices: reminding",
        "notices: telling",
        "notices: waking",
        "worker: listening",
        "worker: place 1",
        "worker: place 2",
    ];
    until("all of them run", async || names() == all).await;
    assert!(world.backend.loops().report().iter().all(|report| report.runs && report.restarts == 0));
    telling.stop().await;
    working.stop().await;
    assert_eq!(names(), ["news"], "what was told to end is no loop that died");
}
