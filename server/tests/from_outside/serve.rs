//! `strata serve` over HTTP: the layers around the pages, and how it ends.

use crate::running::{Folder, Server};

#[test]
fn the_layers_around_the_pages() {
    let folder = Folder::new("layers");
    let server = Server::start(&folder, &[]);

    assert_eq!(server.get("/healthz").status, 200);
    let ready = server.get("/readyz");
    assert_eq!((ready.status, ready.body.as_str()), (200, "ready\n"));

    let page = server.get("/no/such/page");
    assert_eq!(page.status, 404);
    assert!(page.body.contains("<html"), "the application's own page");
    for header in [
        "content-security-policy: ",
        "x-content-type-options: nosniff",
        "referrer-policy: same-origin",
        "x-frame-options: deny",
        "cross-origin-opener-policy: same-origin",
        "permissions-policy: ",
        "cache-control: no-store",
    ] {
        assert!(page.head.contains(header), "{header} in {}", page.head);
    }
    assert!(!page.head.contains("strict-transport-security"), "not without TLS");
    assert!(page.head.contains("'nonce-"), "a page's scripts run by nonce: {}", page.head);
    assert!(!page.head.contains("unsafe-inline") && !page.head.contains("'unsafe-eval'"), "{}", page.head);

    let script = server.get("/pkg/strata.js");
    assert_eq!(script.status, 200);
    assert!(
        script.head.contains("cache-control: no-cache") && script.head.contains("last-modified: "),
        "{}",
        script.head
    );
    assert_eq!(server.get("/favicon.svg").status, 200);
    assert_eq!(server.get("/pkg/../../data/lock").status, 404);

    assert_eq!(server.get("/events").status, 401);
    assert_eq!(server.get("/api/no_such_function").status, 404);
}

#[test]
fn what_comes_from_another_site_or_is_too_large_is_refused() {
    let folder = Folder::new("refused");
    let server = Server::start(&folder, &[]);
    let post = |headers: &[(&str, &str)]| server.ask("POST", "/api/sign_in", headers, b"");
    for foreign in
        [[("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "same-site")], [("Origin", "https://evil.example")]]
    {
        assert_eq!(post(&foreign).status, 403, "{foreign:?}");
    }
    let own = format!("http://{}", server.address);
    for fine in [&[("Sec-Fetch-Site", "same-origin")][..], &[("Origin", own.as_str())], &[]] {
        assert_ne!(post(fine).status, 403, "{fine:?}");
    }

    let large =
        server.ask("POST", "/api/topology_import", &[("Accept", "application/json")], &vec![b'x'; 50 * 1024 * 1024]);
    assert_eq!(large.status, 413);
    assert!(large.body.contains("50 MiB") && large.body.contains("16 MiB"), "{}", large.body);
    let form = server.ask("POST", "/api/sign_in", &[("Accept", "text/html")], &vec![b'x'; 100 * 1024]);
    assert_eq!(form.status, 413);
    assert!(form.body.contains("100 KiB"), "{}", form.body);
}

#[test]
fn behind_tls_browsers_are_told_to_stay_with_it() {
    let folder = Folder::new("tls");
    let server = Server::start(&folder, &["--public-url", "https://strata.example.net"]);
    assert!(server.get("/healthz").head.contains("strict-transport-security: max-age="));
}

#[test]
fn it_stops_cleanly_and_takes_its_database_along() {
    let folder = Folder::new("stops");
    let server = Server::start(&folder, &[]);
    let ended = server.terminate();
    assert_eq!(ended.code(), Some(0));
    assert!(!folder.path().join("data/postgres/postmaster.pid").exists());
}

#[test]
fn it_stops_also_when_nobody_reads_its_log() {
    let folder = Folder::new("deaf");
    let server = Server::start_unheard(&folder);
    assert_eq!(server.get("/healthz").status, 200);
    assert_eq!(server.terminate().code(), Some(0));
}
