//! Held by nobody: half-sent headers, half-sent uploads, bodies that are refused, and connections without end.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use server::serve::{Limits, Settings};
use sqlx::PgPool;
use strata_backend::Actor;
use strata_domain::account::Capability;

use crate::near::{ADMIN, ENVIRONMENT, Near, has, head, status};
use crate::running::{Folder, Server};

const UPLOAD: usize = 16 * 1024 * 1024;
const FORM: (&str, &str) = ("Content-Type", "multipart/form-data; boundary=XX");

fn with(limits: Limits) -> Settings {
    Settings { limits, ..Settings::default() }
}

fn short() -> Limits {
    let moment = Duration::from_millis(500);
    Limits { head: moment, between_chunks: moment, drain: moment, ..Limits::default() }
}

/// 170 of 170 were open after 109 seconds.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn headers_that_never_end_are_given_up(pool: PgPool) {
    let server = Near::start(pool, with(Limits { connections_each: 1000, ..short() })).await;
    let mut open = Vec::new();
    for _ in 0..170 {
        open.push(server.begin("GET / HTTP/1.1\r\nHost: strata\r\nX-Slow: ").await);
    }
    let silent = server.begin("").await;
    for conversation in open {
        let answer = conversation.rest().await;
        assert_eq!(status(&answer), 408, "{answer}");
    }
    assert_eq!(silent.rest().await, "", "who asked nothing is told nothing");
    assert_eq!(status(&server.ask("GET", "/healthz", &[], b"").await), 200);
}

/// 24 of them held 427 MiB for a minute.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn who_is_nobody_is_told_so_before_a_body_is_read(pool: PgPool) {
    let server = Near::start(pool, with(short())).await;
    let mut open = Vec::new();
    for _ in 0..24 {
        let begun = head(server.address, "POST", "/api/topology_import", &[FORM], UPLOAD);
        open.push(server.begin([begun.as_bytes(), &[b'x'; 100_000]].concat()).await);
    }
    for conversation in open {
        let answer = conversation.rest().await;
        assert_eq!(status(&answer), 401, "{answer}");
        assert!(has(&answer, "connection: close"), "{answer}");
    }
    // From another site, before anybody looks who it is.
    let foreign = [FORM, ("Sec-Fetch-Site", "cross-site")];
    let begun = head(server.address, "POST", "/api/topology_import", &foreign, UPLOAD);
    assert_eq!(status(&server.begin(begun).await.rest().await), 403);
    // A plain form of a page leads to where one signs in, and back to the page.
    let referer = format!("http://{}/changes/1?page=2", server.address);
    let page = [("Accept", "text/html"), ("Referer", referer.as_str())];
    let begun = head(server.address, "POST", "/api/change_submit", &page, 100);
    let answer = server.begin(begun).await.rest().await;
    assert_eq!(status(&answer), 303, "{answer}");
    assert!(has(&answer, "location: /sign-in?next=/changes/1%3fpage%3d2"), "{answer}");
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn uploads_have_a_deadline_and_a_number(pool: PgPool) {
    let limits = Limits { uploads_each: 2, between_chunks: Duration::from_secs(10), ..short() };
    let server = Near::start(pool, with(limits)).await;
    let cookie = server.sign_in(ADMIN).await;
    let begun = head(server.address, "POST", "/api/topology_import", &[FORM, ("Cookie", &cookie)], UPLOAD);
    // All three are on their way at once, and the server may read their heads in any order: one has no place.
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(server.begin([begun.as_bytes(), b"--XX\r\n"].concat()).await);
    }
    let mut answers = Vec::new();
    for conversation in open {
        answers.push(conversation.rest().await);
    }
    answers.sort_by_key(|answer| status(answer));
    assert_eq!(answers.iter().map(|answer| status(answer)).collect::<Vec<_>>(), [408, 408, 429], "{answers:?}");
    assert!(has(&answers[2], "retry-after: "), "{}", answers[2]);
    let file = b"--XX\r\nContent-Disposition: form-data; name=\"environment\"\r\n\r\nproduction\r\n--XX--\r\n";
    let answer = server.ask("POST", "/api/topology_import", &[FORM, ("Cookie", &cookie)], file).await;
    assert_eq!(status(&answer), 422, "there is room again: {answer}");
}

/// Three viewers held all six places for three minutes.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn who_may_bring_nothing_takes_no_room_for_uploads(pool: PgPool) {
    let limits = Limits { uploads: 1, uploads_each: 1, between_chunks: Duration::from_secs(10), ..short() };
    let server = Near::start(pool, with(limits)).await;
    server.account("viewer@example.net", Capability::Viewer).await;
    server.account("lead@example.net", Capability::Lead).await;
    for (email, path) in [("viewer@example.net", "/api/topology_import"), ("lead@example.net", "/api/draft_append")] {
        let cookie = server.sign_in(email).await;
        let begun = head(server.address, "POST", path, &[FORM, ("Cookie", &cookie)], 1024 * 1024);
        let answer = server.begin(begun).await.rest().await;
        assert_eq!(status(&answer), 403, "{email}: {answer}");
    }
    // What has no length is taken for an upload, too.
    let cookie = server.sign_in("viewer@example.net").await;
    let begun = format!(
        "POST /api/topology_import HTTP/1.1\r\nHost: {}\r\n{}: {}\r\nCookie: {cookie}\r\nTransfer-Encoding: chunked\r\n\r\n",
        server.address, FORM.0, FORM.1
    );
    assert_eq!(status(&server.begin(begun).await.rest().await), 403);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_trickle_is_given_up_and_all_places_have_a_number(pool: PgPool) {
    let limits = Limits {
        uploads: 3,
        uploads_each: 2,
        body: Duration::from_secs(2),
        between_chunks: Duration::from_secs(60),
        ..Limits::default()
    };
    let server = Near::start(pool, with(limits)).await;
    server.account("zoe@example.net", Capability::Admin).await;
    let (ada, zoe) = (server.sign_in(ADMIN).await, server.sign_in("zoe@example.net").await);
    let mut open = Vec::new();
    for cookie in [&ada, &ada, &zoe, &zoe] {
        let begun = head(server.address, "POST", "/api/topology_import", &[FORM, ("Cookie", cookie)], UPLOAD);
        open.push(server.begin(begun).await);
    }
    // Each sends a byte now and then: at that pace it would take weeks, and none of them is ever silent for long.
    let began = Instant::now();
    let mut answers = tokio::task::JoinSet::new();
    for conversation in open {
        answers.spawn(conversation.trickle());
    }
    let answers = answers.join_all().await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| status(answer)).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [408, 408, 408, 503], "{answers:?}");
    assert!(began.elapsed() < Duration::from_secs(30), "not the three minutes that 16 MiB may take");
    let full = answers.iter().find(|answer| status(answer) == 503).unwrap();
    assert!(has(full, "retry-after: ") && full.contains("Others are sending"), "{full}");
}

/// It went on for 76 seconds.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_refused_body_is_not_thrown_away_for_ever(pool: PgPool) {
    let server = Near::start(pool, with(short())).await;
    let begun = head(server.address, "POST", "/api/sign_in", &[], 100 * 1024 * 1024);
    let address = server.address;
    let (answer, sent) = crate::near::blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.write_all(begun.as_bytes()).unwrap();
        let mut reader = stream.try_clone().unwrap();
        let answer = std::thread::spawn(move || {
            let mut answer = Vec::new();
            let _reset = reader.read_to_end(&mut answer);
            String::from_utf8_lossy(&answer).into_owned()
        });
        // A trickle that would take months.
        let mut sent = 0;
        while !answer.is_finished() && stream.write_all(b"x").is_ok() {
            sent += 1;
            std::thread::sleep(Duration::from_millis(20));
        }
        (answer.join().unwrap(), sent)
    })
    .await;
    assert_eq!(status(&answer), 413, "{answer}");
    assert!(sent < 60 * 50, "it was taken for a minute");
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn connections_have_a_number(pool: PgPool) {
    let limits = Limits { connections: 8, connections_each: 4, ..Limits::default() };
    let server = Near::start(pool, with(limits)).await;
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(server.begin("").await);
    }
    let refused = server.begin("").await.rest().await;
    assert_eq!(status(&refused), 503, "{refused}");
    assert!(has(&refused, "retry-after: ") && refused.contains("Your address"), "{refused}");
    // From elsewhere there are still some, until all are taken.
    for last in [2, 2, 3, 3] {
        held.push(server.begin_from([127, 0, 0, last], "").await);
    }
    let refused = server.begin_from([127, 0, 0, 4], "").await.rest().await;
    assert_eq!(status(&refused), 503, "{refused}");
    assert!(has(&refused, "retry-after: ") && refused.contains("as many connections as it takes"), "{refused}");
    held.truncate(3);
    // The server sees that one has gone when it next looks.
    let mut answer = String::new();
    for _ in 0..200 {
        answer = server.ask("GET", "/healthz", &[], b"").await;
        if status(&answer) == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(status(&answer), 200, "{answer}");
}

/// A proxy was counted as nobody, and so was everybody behind it.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn who_is_behind_a_proxy_has_a_share_too(pool: PgPool) {
    let limits = Limits { connections: 40, connections_each: 2, ..Limits::default() };
    let trusted_proxies = "127.0.0.1".parse().unwrap();
    let server = Near::start(pool, Settings { limits, trusted_proxies, ..Settings::default() }).await;
    let cookie = server.sign_in(ADMIN).await;
    let stream = |client: &str| {
        format!(
            "GET /events HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\nX-Forwarded-For: {client}\r\n\r\n",
            server.address
        )
    };
    // One who is signed in has three shares.
    let mut held = Vec::new();
    for _ in 0..6 {
        held.push(server.begin(stream("203.0.113.9")).await.until("text/event-stream").await);
    }
    let from = |client| [("X-Forwarded-For", client)];
    let refused = server.ask("GET", "/healthz", &from("203.0.113.9"), b"").await;
    assert_eq!(status(&refused), 503, "{refused}");
    assert!(has(&refused, "retry-after: ") && refused.contains("Your address"), "{refused}");
    assert_eq!(status(&server.ask("GET", "/healthz", &from("203.0.113.10"), b"").await), 200);
}

/// A stream of events has no end and is often silent: no deadline is for it.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn streams_of_events_outlive_every_deadline(pool: PgPool) {
    let limits = Limits { stalled: Duration::from_millis(500), body: Duration::from_millis(500), ..short() };
    let server = Near::start(pool, with(limits)).await;
    let cookie = server.sign_in(ADMIN).await;
    let request = format!("GET /events HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\n\r\n", server.address);
    let stream = server.begin(request).await.until("text/event-stream").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    strata_backend::changes::change_start(&server.backend, &Actor::Operator, ENVIRONMENT, "Another").await.unwrap();
    stream.until("data:").await;
}

/// It was cut off at two: what the editor sends is as large as it says it may be.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_batch_of_8_mib_is_taken(pool: PgPool) {
    let server = Near::start(pool, Settings::default()).await;
    let cookie = server.sign_in(ADMIN).await;
    let batch =
        r#"{"id":1,"after":0,"batch":{"key":"k","label":"Add ag-9","edits":[{"kind":"add-group","name":"ag-9"}]}}"#;
    let body = batch.to_owned() + &" ".repeat(8 * 1024 * 1024 - batch.len());
    let headers = [("Cookie", cookie.as_str()), ("Content-Type", "application/json")];
    let answer = server.ask("POST", "/api/draft_append", &headers, body.as_bytes()).await;
    assert_eq!(status(&answer), 200, "{answer}");
    let answer = server.ask("POST", "/api/draft_append", &headers, &vec![b' '; 10 * 1024 * 1024]).await;
    assert_eq!(status(&answer), 413, "{answer}");
    assert!(answer.contains("8 MiB are allowed"), "{answer}");
}

/// The memory of a real server while 24 uploads of nobody are half sent: 427 MiB more, before.
#[test]
fn half_sent_uploads_hold_no_memory() {
    let folder = Folder::new("uploads");
    let server = Server::start(&folder, &[]);
    server.get("/no/such/page");
    let before = resident_mib(server.process());
    let begun = format!(
        "POST /api/topology_import HTTP/1.1\r\nHost: {}\r\n{}: {}\r\nContent-Length: {UPLOAD}\r\n\r\n",
        server.address, FORM.0, FORM.1
    );
    let open: Vec<TcpStream> = (0..24)
        .map(|_| {
            let mut stream = TcpStream::connect(&server.address).unwrap();
            stream.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
            stream.write_all(begun.as_bytes()).unwrap();
            let _cut_off = stream.write_all(&vec![b'x'; UPLOAD - 1]);
            stream
        })
        .collect();
    let during = resident_mib(server.process());
    println!("24 half-sent uploads: {before} MiB before, {during} MiB during");
    assert!(during < before + 100, "{before} MiB before, {during} MiB while {} uploads are half sent", open.len());
    assert_eq!(server.get("/healthz").status, 200);
}

fn resident_mib(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    resident.trim().trim_end_matches(" kB").parse::<usize>().unwrap() / 1024
}
