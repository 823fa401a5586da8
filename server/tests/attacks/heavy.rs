//! Work that takes long: it holds up nobody who asks for something else.

use std::fmt::Write;
use std::time::{Duration, Instant};

use server::serve::Settings;
use sqlx::postgres::PgConnection;
use sqlx::{Connection, PgPool};
use strata_backend::Actor;
use strata_backend::environments::{Imported, topology_import};
use strata_domain::account::Capability;

use crate::near::{ADMIN, ENVIRONMENT, Near, head, status};

/// A topology of that many nodes.
fn large(nodes: usize) -> String {
    let mut text = "version: 1\nenvironment: production\nnodes:\n".to_owned();
    for number in 0..nodes {
        let [high, low] = [number / 250, number % 250];
        writeln!(text, "  - {{ hostname: n{number}.example.net, private_ip: 10.{}.{}.{low} }}", high / 250, high % 250)
            .unwrap();
    }
    text
}

/// What the database is at, by a connection that nobody else waits for.
async fn at_work(pool: &PgPool) -> sqlx::Result<Vec<(String, Option<String>, String)>> {
    let mut own = PgConnection::connect_with(&pool.connect_options()).await?;
    sqlx::query_as(
        "SELECT concat_ws(' ', pid, state, age(now(), xact_start)), wait_event, left(query, 200) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .fetch_all(&mut own)
    .await
}

/// Two files of 399 KiB held `/healthz` up for 34 seconds.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn two_heavy_imports_stall_neither_health_nor_pages(pool: PgPool) {
    let server = Near::start(pool.clone(), Settings::default()).await;
    let cookie = server.sign_in(ADMIN).await;
    let file = large(15_000);
    let form = format!(
        "--XX\r\nContent-Disposition: form-data; name=\"environment\"\r\n\r\nproduction\r\n\
         --XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"large.yaml\"\r\n\r\n{file}\r\n--XX--\r\n"
    );
    let headers = [("Content-Type", "multipart/form-data; boundary=XX"), ("Cookie", cookie.as_str())];
    let request = head(server.address, "POST", "/api/topology_import", &headers, form.len()) + &form;
    let mut imports = tokio::task::JoinSet::new();
    for _ in 0..2 {
        imports.spawn(server.begin(request.clone()).await.rest());
    }
    let mut answered = 0;
    while !imports.is_empty() {
        for path in ["/healthz", "/sign-in", "/changes/1"] {
            let asked = Instant::now();
            let headers = [("Cookie", cookie.as_str())];
            let asking = server.ask("GET", path, &headers, b"");
            tokio::pin!(asking);
            let answer = tokio::select! {
                answer = &mut asking => answer,
                // It never takes so long; where it does, this is what it waits for.
                () = tokio::time::sleep(Duration::from_secs(20)) => {
                    println!("{path} waits: {:?}", at_work(&pool).await);
                    asking.await
                }
            };
            let told = || format!("{path} after {:?}, {} open, {} idle", asked.elapsed(), pool.size(), pool.num_idle());
            assert_eq!(status(&answer), 200, "{}: {answer}", told());
            answered += 1;
        }
        while let Some(import) = imports.try_join_next() {
            let answer = import.unwrap();
            assert_eq!(status(&answer), 200, "{answer}");
        }
    }
    // The test and the server share one thread: work that was done on it would let nothing else through.
    assert!(answered >= 9, "{answered} answers while two files were read");
}

/// The page of a draft without wasm was planned, checked and drawn on the threads that answer, with every step and finding.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn the_page_of_a_large_draft_is_short_and_holds_up_nobody(pool: PgPool) {
    let server = Near::start(pool, Settings::default()).await;
    let file = large(10_000);
    let imported = topology_import(&server.backend, &Actor::Operator, ENVIRONMENT, file.as_bytes(), "Large").await;
    let Ok(Imported::Change(id)) = imported else { panic!("{imported:?}") };
    server.account("viewer@example.net", Capability::Viewer).await;
    let cookie = server.sign_in("viewer@example.net").await;
    let headers = [("Cookie", cookie.as_str()), ("Accept", "text/html")];
    let path = format!("/changes/{id}/edit?q=n9");
    let request = head(server.address, "GET", &path, &headers, 0);
    let mut pages = tokio::task::JoinSet::new();
    for _ in 0..4 {
        pages.spawn(server.begin(request.clone()).await.rest());
    }
    let mut answered = 0;
    while !pages.is_empty() {
        assert_eq!(status(&server.ask("GET", "/healthz", &[], b"").await), 200);
        answered += 1;
        while let Some(page) = pages.try_join_next() {
            let page = page.unwrap();
            assert_eq!(status(&page), 200, "{page}");
            for told in ["Nodes (1111)", "The first 100 of 1111; search to narrow down.", "The review has all of them"]
            {
                assert!(page.contains(told), "{told}: {page}");
            }
            assert!(page.len() < 1024 * 1024, "{} bytes", page.len());
        }
    }
    println!("{answered} answers while four pages were made");
    assert!(answered >= 12, "{answered} answers while four pages were made");
}
