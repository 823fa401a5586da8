//! Event streams over HTTP: held on to after the end, and opened by the hundred.

use server::serve::Settings;
use sqlx::PgPool;
use strata_backend::news::STREAMS_MAX;
use strata_domain::news::News;

use crate::heard::{ENVIRONMENT, Heard};

const ADA: &str = "ada@example.net";
const BOB: &str = "bob@example.net";

async fn tell(pool: &PgPool) {
    let news = serde_json::to_string(&News::Environment { environment: ENVIRONMENT.to_owned() }).unwrap();
    sqlx::query("SELECT pg_notify('strata_news', $1)").bind(news).execute(pool).await.unwrap();
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn streams_end_with_signing_out_here_and_everywhere_and_with_disabling(pool: PgPool) {
    let server = Heard::start(pool.clone(), Settings::default()).await;
    for email in [ADA, BOB] {
        server.account(email).await;
    }
    let (here, elsewhere, bob) = (server.sign_in(ADA).await, server.sign_in(ADA).await, server.sign_in(BOB).await);
    let mut of_here = server.stream(&here).await.ok().unwrap();
    let mut of_elsewhere = server.stream(&elsewhere).await.ok().unwrap();
    let mut of_bob = server.stream(&bob).await.ok().unwrap();
    for stream in [&mut of_here, &mut of_elsewhere, &mut of_bob] {
        assert!(stream.hears("event: beat").await, "a page learns at once that news arrive");
    }

    assert_eq!(server.ask("POST", "/api/sign_out", &[("Cookie", &here)], "").await.status, 200);
    of_here.ends().await;
    tell(&pool).await;
    assert!(of_elsewhere.hears("\"environment\":\"production\"").await, "only that session has ended");
    assert!(of_bob.hears("\"environment\":\"production\"").await);

    let here = server.sign_in(ADA).await;
    let mut of_here = server.stream(&here).await.ok().unwrap();
    assert_eq!(server.ask("POST", "/api/sign_out_everywhere", &[("Cookie", &here)], "").await.status, 200);
    of_here.ends().await;
    of_elsewhere.ends().await;
    assert_eq!(server.stream(&elsewhere).await.err(), Some(401));

    sqlx::query("UPDATE accounts SET disabled_at = now() WHERE email = $1").bind(BOB).execute(&pool).await.unwrap();
    of_bob.ends().await;
    assert_eq!(server.stream(&bob).await.err(), Some(401));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn one_account_cannot_hold_three_hundred_streams(pool: PgPool) {
    let server = Heard::start(pool.clone(), Settings::default()).await;
    for email in [ADA, BOB] {
        server.account(email).await;
    }
    let (ada, bob) = (server.sign_in(ADA).await, server.sign_in(BOB).await);
    let (mut held, mut refused) = (Vec::new(), 0);
    for _ in 0..300 {
        match server.stream(&ada).await {
            Ok(stream) => held.push(stream),
            Err(status) => {
                assert_eq!(status, 429);
                refused += 1;
            }
        }
    }
    assert_eq!((held.len(), refused), (STREAMS_MAX, 300 - STREAMS_MAX));
    let answer = server.ask("GET", "/events", &[("Cookie", &ada)], "").await;
    assert!(answer.head.contains("retry-after: ") && answer.body.contains("100 pages"), "{answer:?}");
    // Others have theirs, and pages are served.
    let mut of_bob = server.stream(&bob).await.ok().unwrap();
    tell(&pool).await;
    assert!(of_bob.hears("\"environment\":\"production\"").await);
    for stream in &mut held {
        assert!(stream.hears("\"environment\":\"production\"").await, "and those that are open go on");
    }
    assert_eq!(server.ask("GET", "/api/session_load", &[("Cookie", &ada)], "").await.status, 200);
}
