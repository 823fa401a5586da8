//! Work that takes long: it holds up nobody who asks for something else.

use std::fmt::Write;

use server::serve::Settings;
use sqlx::PgPool;

use crate::near::{ADMIN, Near, head, status};

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

/// Two files of 399 KiB held `/healthz` up for 34 seconds.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn two_heavy_imports_stall_neither_health_nor_pages(pool: PgPool) {
    let server = Near::start(pool, Settings::default()).await;
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
            let answer = server.ask("GET", path, &[("Cookie", cookie.as_str())], b"").await;
            assert_eq!(status(&answer), 200, "{path}: {answer}");
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
