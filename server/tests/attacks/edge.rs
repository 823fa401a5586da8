//! What comes with a request and is believed, and what an answer carries away.

use server::serve::Settings;
use sqlx::PgPool;

use crate::near::{ADMIN, Near, has, status};
use crate::running::{Folder, Server};

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    answer.lines().take_while(|line| !line.is_empty()).find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_plain_form_leads_to_no_foreign_address(pool: PgPool) {
    let server = Near::start(pool, Settings::default()).await;
    let cookie = server.sign_in(ADMIN).await;
    let own = format!("http://{}/changes/1?page=2", server.address);
    for (referer, led) in [
        ("https://evil.example/steal", "/"),
        ("//evil.example/steal", "/"),
        ("javascript:alert(1)", "/"),
        (own.as_str(), "/changes/1?page=2"),
    ] {
        let headers = [("Accept", "text/html"), ("Referer", referer), ("Cookie", &cookie)];
        for (method, path, body) in [
            ("POST", "/api/change_submit", b"id=1&version=9".as_slice()),
            ("POST", "/api/change_submit", b"id=nonsense"),
            ("GET", "/api/session_load", b""),
            ("POST", "/api/notice_read", b""),
        ] {
            let answer = server.ask(method, path, &headers, body).await;
            let Some(location) = header(&answer, "location") else {
                assert!(!answer.contains("evil.example") && !answer.contains("javascript:"), "{path}: {answer}");
                continue;
            };
            assert!(location.starts_with(led), "{path} from {referer} leads to {location}");
            assert!(!location.starts_with("//") && !location.contains("evil.example"), "{path}: {location}");
        }
    }
}

/// The library behind the pages panicked at each of them, for anybody.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_request_without_a_path_is_a_bad_one(pool: PgPool) {
    let server = Near::start(pool, Settings::default()).await;
    for start in ["GET x", "CONNECT a:1", "OPTIONS *", "POST x:80"] {
        let answer =
            server.begin(format!("{start} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await.rest().await;
        assert_eq!(status(&answer), 400, "{start}: {answer}");
    }
}

/// A link could show a form of its own inside of a page, and have a lead send it.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_text_in_a_field_ends_no_field(pool: PgPool) {
    let server = Near::start(pool, Settings::default()).await;
    let cookie = server.sign_in(ADMIN).await;
    let text = "</textarea></title></option></form><h1 id=theirs>\"'>";
    let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let form = [
        ("form[id]", "evil"),
        ("form[name]", "Evil"),
        ("form[layer]", "storage"),
        ("form[growth]", "free"),
        ("form[network]", "private-only"),
        ("form[note]", &encoded),
        ("form[requirements]", &encoded),
    ];
    let mut body = "environment=production&version=1".to_owned();
    for (name, value) in form {
        body += &format!("&{name}={value}");
    }
    let saved = server.ask("POST", "/api/role_save", &[("Cookie", &cookie)], body.as_bytes()).await;
    assert_eq!(status(&saved), 200, "{saved}");
    let cookie = [("Cookie", cookie.as_str())];
    let stored = server.ask("GET", "/catalogue/role?env=production&role=evil", &cookie, b"").await;
    assert!(stored.contains("&lt;/textarea&gt;"), "the text is there: {stored}");
    for path in
        ["/what-if", "/advisor", "/changes", "/changes/1", "/changes/1/edit", "/runs", "/audit", "/sign-in", "/import"]
    {
        for name in ["nodes", "group", "site", "q", "step", "about", "since", "next", "role", "before", "state", "page"]
        {
            let answer = server.ask("GET", &format!("{path}?env=production&{name}={encoded}"), &cookie, b"").await;
            assert!(!answer.contains("<h1 id=theirs>"), "{path} with {name}: {answer}");
        }
    }
    assert!(!stored.contains("<h1 id=theirs>"), "{stored}");
}

/// What was stored was, and then the answer panicked over its own header.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_name_in_an_address_ends_no_header(pool: PgPool) {
    let server = Near::start(pool, Settings::default()).await;
    let cookie = server.sign_in(ADMIN).await;
    for name in ["a%0Ab", "a%0D%0Ab", "a%1Bb", "nowhere"] {
        let body = format!("environment={name}");
        let answer = server.ask("POST", "/api/choices_save", &[("Cookie", &cookie)], body.as_bytes()).await;
        assert!(matches!(status(&answer), 404 | 422), "{name}: {answer}");
    }
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn the_id_of_a_request_is_ours(pool: PgPool) {
    let server = Near::start(pool, Settings::default()).await;
    for theirs in ["forged", "a\tb", &"x".repeat(5000)] {
        let answer = server.ask("GET", "/healthz", &[("X-Request-Id", theirs)], b"").await;
        let id = header(&answer, "x-request-id").unwrap_or_else(|| panic!("{answer}"));
        assert_eq!(id.len(), 36, "{id}");
    }
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn nobody_elses_name_is_answered_to(pool: PgPool) {
    let settings = Settings {
        public_url: Some("https://strata.example.net".parse().unwrap()),
        allowed_hosts: "backend-1".parse().unwrap(),
        ..Settings::default()
    };
    let server = Near::start(pool, settings).await;
    for (host, wanted) in [
        ("strata.example.net", 200),
        ("backend-1:3000", 200),
        ("127.0.0.1", 200),
        ("evil.example", 421),
        ("strata.example.net.evil.example", 421),
    ] {
        assert_eq!(status(&server.ask("GET", "/sign-in", &[("Host", host)], b"").await), wanted, "{host}");
    }
    let two =
        format!("GET /sign-in HTTP/1.1\r\nHost: {}\r\nHost: evil.example\r\nConnection: close\r\n\r\n", server.address);
    assert_eq!(status(&server.begin(two).await.rest().await), 400);
    assert_eq!(status(&server.ask("GET", "/healthz", &[("Host", "a-balancer-says-what-it-likes")], b"").await), 200);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn who_signs_out_leaves_nothing_in_the_browser(pool: PgPool) {
    let server = Near::start(pool, Settings::default()).await;
    for function in ["/api/sign_out", "/api/sign_out_everywhere"] {
        for accept in ["application/json", "text/html"] {
            let cookie = server.sign_in(ADMIN).await;
            let answer = server.ask("POST", function, &[("Cookie", &cookie), ("Accept", accept)], b"").await;
            assert!(has(&answer, "clear-site-data: \"cache\", \"storage\""), "{function}: {answer}");
            assert_ne!(status(&server.ask("GET", "/api/inbox_load", &[("Cookie", &cookie)], b"").await), 200);
        }
    }
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn whoever_finds_a_hole_finds_whom_to_tell(pool: PgPool) {
    let settings = Settings {
        address: "https://strata.example.net".to_owned(),
        security_contact: Some("mailto:security@example.net".parse().unwrap()),
        ..Settings::default()
    };
    let server = Near::start(pool.clone(), settings).await;
    let answer = server.ask("GET", "/.well-known/security.txt", &[], b"").await;
    assert_eq!(status(&answer), 200);
    assert!(answer.contains("Contact: mailto:security@example.net\nExpires: 20"), "{answer}");
    drop(server);
}

#[test]
fn hsts_covers_subdomains_only_where_the_operator_says_so() {
    let folder = Folder::new("hsts");
    let public = ["--public-url", "https://strata.example.net"];
    let server = Server::start(&folder, &public);
    let head = server.get("/healthz").head + "\r\n";
    assert!(head.contains("strict-transport-security: max-age=31536000\r\n"), "{head}");
    assert_eq!(server.get("/.well-known/security.txt").status, 404, "nobody was named");
    server.terminate();
    let server = Server::start(&folder, &[&public[..], &["--hsts-subdomains"]].concat());
    let head = server.get("/healthz").head + "\r\n";
    assert!(head.contains("strict-transport-security: max-age=31536000; includesubdomains\r\n"), "{head}");
}

#[test]
fn the_demo_is_for_nobodys_database_and_nobody_elses_machine() {
    let elsewhere = crate::running::strata(&["serve", "--demo", "--addr", "0.0.0.0:0"]);
    assert_eq!(elsewhere.status.code(), Some(1));
    let said = String::from_utf8_lossy(&elsewhere.stderr).into_owned();
    assert!(said.contains("--demo-anywhere"), "{said}");
    let public = ["serve", "--demo", "--addr", "127.0.0.1:0", "--public-url", "https://strata.example.net"];
    assert_eq!(crate::running::strata(&public).status.code(), Some(1));

    let folder = Folder::new("demo");
    let data = folder.path().join("data");
    // Its own people are no obstacle to a second start.
    for _ in 0..2 {
        assert_eq!(Server::start(&folder, &["--demo"]).terminate().code(), Some(0));
    }
    Server::start(&folder, &["--demo", "--public-url", "https://strata.example.net", "--demo-anywhere"]).terminate();
    let somebody = ["user", "add", "--email", "ada@example.org", "--name", "Ada", "--password-stdin", "--data"];
    let added = crate::running::with_input(
        &[&somebody[..], &[data.to_str().unwrap()]].concat(),
        b"long enough to be a password\n",
    );
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let site = folder.path().join("site");
    let again = ["serve", "--demo", "--addr", "127.0.0.1:0", "--no-worker", "--site", site.to_str().unwrap(), "--data"];
    let refused = crate::running::strata(&[&again[..], &[data.to_str().unwrap()]].concat());
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("has people in it"), "{said}");
}
