//! Signing in over HTTP while others guess.

use server::serve::Settings;
use sqlx::PgPool;

use crate::heard::{Heard, PASSWORD};

const ADA: &str = "ada@example.net";

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_browser_that_signed_in_before_is_held_up_by_nobody_on_its_network(pool: PgPool) {
    let server = Heard::start(pool.clone(), Settings::default()).await;
    server.account(ADA).await;
    let first = server.try_in(ADA, PASSWORD, "").await;
    let device = first.cookie("strata-device").expect("it is to be known again");
    let line = first.head.lines().find(|line| line.contains("strata-device=")).unwrap();
    for word in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
        assert!(line.contains(word), "{word}: {line}");
    }

    // All of these come from one address, as behind a router.
    let mut looked_at = 0;
    let slowed = loop {
        let answer = server.try_in(ADA, "a wrong password", "").await;
        if answer.status == 429 {
            break answer;
        }
        assert_eq!(answer.status, 422, "{answer:?}");
        assert!(answer.cookie("strata-device").is_none(), "nothing is given to who does not get in");
        looked_at += 1;
        assert!(looked_at < 20, "guessing goes on and on");
    };
    assert!(slowed.head.contains("retry-after: ") && slowed.body.contains("Wait"), "{slowed:?}");
    assert_eq!(server.try_in(ADA, PASSWORD, "").await.status, 429, "a browser that nobody knows waits");
    assert_eq!(server.try_in(ADA, PASSWORD, &device).await.status, 200);
    assert_eq!(server.try_in(ADA, PASSWORD, "strata-device=made-up").await.status, 429);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn behind_tls_the_device_is_bound_to_this_host(pool: PgPool) {
    let url = "https://strata.example.net".parse().unwrap();
    let server = Heard::start(pool, Settings { public_url: Some(url), ..Settings::default() }).await;
    server.account(ADA).await;
    let answer = server.try_in(ADA, PASSWORD, "").await;
    let line = answer.head.lines().find(|line| line.contains("__Host-strata-device=")).unwrap();
    assert!(line.contains("Secure") && line.contains("Path=/") && !line.contains("Domain"), "{line}");
}
