//! Server functions are a public API: each one is called here as nobody and as the least privileged, over real HTTP.
//!
//! A new server function fails `every_server_function_is_tried` until it has a row in [`CALLS`].

#[path = "support/panics.rs"]
mod panics;

use std::net::SocketAddr;

use leptos::server_fn::axum::server_fn_paths;
use server::serve::{Listener, Settings, Site, run};
use sqlx::PgPool;
use strata_app::api::arguments::function;
use strata_backend::accounts::{NewAccount, account_add, account_grant};
use strata_backend::environments::{environment_create, topology_import};
use strata_backend::{Actor, Backend};
use strata_domain::account::Capability;
use tokio::sync::watch;

const ENVIRONMENT: &str = "production";
const PASSWORD: &str = "a long enough password";
const TOPOLOGY: &[u8] = include_bytes!("../../examples/voip-18.yaml");

/// What a call is expected to come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// For anybody: a reading function that says who is signed in, or one that signs in or out.
    Open,
    /// 401: sign in first.
    SignIn,
    /// 403: not with these rights.
    Refused,
    /// 409: not as things stand.
    NotNow,
    /// Allowed; there is nothing with that id, or it comes back with what was asked.
    Allowed,
}

/// A function, how it is called, and what nobody and a viewer get.
struct Call {
    name: &'static str,
    method: &'static str,
    arguments: &'static str,
    nobody: Answer,
    viewer: Answer,
}

const fn read(name: &'static str, arguments: &'static str) -> Call {
    Call { name, method: "GET", arguments, nobody: Answer::SignIn, viewer: Answer::Allowed }
}

const fn write(name: &'static str, arguments: &'static str) -> Call {
    Call { name, method: "POST", arguments, nobody: Answer::SignIn, viewer: Answer::Refused }
}

const fn read_by_post(name: &'static str, arguments: &'static str) -> Call {
    Call { name, method: "POST", arguments, nobody: Answer::SignIn, viewer: Answer::Allowed }
}

/// About the account of whoever asks, and of no environment.
const fn own(name: &'static str, method: &'static str, arguments: &'static str) -> Call {
    Call { name, method, arguments, nobody: Answer::SignIn, viewer: Answer::Open }
}

const fn open(name: &'static str, method: &'static str, arguments: &'static str) -> Call {
    Call { name, method, arguments, nobody: Answer::Open, viewer: Answer::Open }
}

/// Every server function. `open` is the allow-list of those that nobody may call; it only shrinks.
/// Change 1 exists and belongs to the operator; nothing of these calls changes it.
const CALLS: &[Call] = &[
    open("session_load", "GET", ""),
    open("sign_in", "POST", "email=nobody%40example.net&password=wrong"),
    read("role_map_load", "environment=production"),
    read("change_list", "environment=production"),
    read("change_load", "id=1&step=worker&page=1&about=x"),
    read("draft_load", "id=1"),
    read("draft_page_load", "id=1&node=sql-1.example.net&search=sql"),
    read("run_list", "environment=production"),
    read("run_load", "id=1&log_after=1&steps_after=1"),
    read("revision_list", "environment=production"),
    read("revision_load", "environment=production&number=1"),
    read("audit_list", "environment=production"),
    read("what_if_load", "environment=production&taken[group]=ag-1"),
    read("advisor_load", "environment=production&figures[subscribers]=20000"),
    write("advisor_start", "environment=production&figures[subscribers]=20000"),
    read("catalogue_load", "environment=production"),
    write(
        "role_save",
        "environment=production&version=1&form[id]=cache&form[name]=Cache&form[layer]=storage&form[network]=private-only&reason=no",
    ),
    write("role_remove", "environment=production&version=1&role=cache&reason=no"),
    write("rule_level_set", "environment=production&rule=node.idle&level=off&reason=no"),
    write("topology_import", MULTIPART),
    write("change_start", "environment=production&title=Mine"),
    write("change_edit", "id=1&version=1&form[kind]=add-group&form[name]=ag-9"),
    write(
        "draft_append",
        r#"{"id":1,"after":0,"batch":{"key":"k","label":"Add ag-9","edits":[{"kind":"add-group","name":"ag-9"}]}}"#,
    ),
    write("draft_rebase", r#"{"id":1,"version":1,"choices":{}}"#),
    read("draft_tail", "id=1&after=0"),
    write("change_submit", "id=1&version=1"),
    write("change_withdraw", "id=1&version=1&reason=no"),
    write("change_rebase", "id=1&version=1"),
    write(
        "change_vote",
        "id=1&version=1&verdict=approve&digest=0000000000000000000000000000000000000000000000000000000000000000",
    ),
    // Only who gave a vote takes it back, whatever they are by now; change 1 has none.
    Call {
        name: "vote_take_back",
        method: "POST",
        arguments: "id=1&vote=1",
        nobody: Answer::SignIn,
        viewer: Answer::NotNow,
    },
    read("vote_difference", "id=1&vote=1"),
    // Whoever may look may talk.
    read_by_post("comment_add", "id=1&text=Hello&key=k"),
    read("inbox_load", ""),
    read("policy_load", "environment=production"),
    read("policy_test", "environment=production&change=1"),
    write(
        "policy_propose",
        "environment=production&based_on=1&reason=no&rules[0][name]=Any&rules[0][group]=leads&rules[0][quorum]=1",
    ),
    write("proposal_decide", "environment=production&proposal=1&verdict=approve"),
    write("proposal_withdraw", "environment=production&proposal=1"),
    write("rule_level_propose", "environment=production&rule=node.idle&level=off&reason=no"),
    write("window_removal_propose", "environment=production&id=1&version=1&reason=no"),
    write("change_apply", "id=1&version=1"),
    write("apply_call_off", "id=1&version=1"),
    write(
        "change_break_glass",
        "id=1&reason=no&digest=0000000000000000000000000000000000000000000000000000000000000000",
    ),
    write("glass_review", "id=1&conclusion=no"),
    write("change_copy", "id=1"),
    read("record_load", "id=1"),
    read("schedule_load", "environment=production"),
    read("schedule_entry_load", "environment=production"),
    write(
        "schedule_entry_save",
        "environment=production&form[kind]=freeze&form[name]=x&form[reason]=x&form[zone]=UTC&form[every]=once\
         &form[from]=2030-01-01T00:00&form[to]=2030-01-02T00:00",
    ),
    write("schedule_entry_remove", "environment=production&id=1&version=1"),
    write("freeze_end", "environment=production&id=1&reason=no"),
    write("approval_lifetime_set", "environment=production&hours=24"),
    // One's own, whoever one is: what one was told, and what one wants to be told.
    own("notice_list", "GET", ""),
    own("notice_unread", "GET", ""),
    own("notice_read", "POST", ""),
    own("choices_load", "GET", "environment=production"),
    own("choices_save", "POST", "environment=production"),
    // What was sent to whom is for admins.
    Call {
        name: "webhooks_load",
        method: "GET",
        arguments: "environment=production",
        nobody: Answer::SignIn,
        viewer: Answer::Refused,
    },
    write("webhook_add", "environment=production&url=https://example.net/hook&topics[policy]=on"),
    write("webhook_remove", "environment=production&id=1"),
    write("webhook_test", "environment=production&id=1"),
    write("delivery_resend", "environment=production&id=1"),
    write("patience_set", "environment=production&reminder_hours=1&escalation_hours=2"),
    // There is no run here; that a viewer may not confirm a step is a test of the backend.
    read_by_post("run_confirm_step", "id=1&step=none"),
    // Ends the caller's own session and nobody else's.
    own("sign_out_everywhere", "POST", ""),
    own("sign_out", "POST", ""),
];

/// Stands for a form with a file in it, see [`Server::call`].
const MULTIPART: &str = "multipart";

struct Server {
    address: SocketAddr,
    backend: Backend,
    stop: watch::Sender<bool>,
    _site: tempfile::TempDir,
}

impl Server {
    async fn start(pool: PgPool) -> Self {
        panics::hear();
        let site = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(site.path().join("pkg")).expect("a folder");
        std::fs::write(site.path().join("pkg/strata.js"), "").expect("a file");
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await.expect("a free port");
        let (address, backend) = (listener.address(), Backend::new(pool));
        let (stop, stopped) = watch::channel(false);
        let opened = Site::open(site.path()).expect("a site");
        tokio::spawn(run(listener, opened, backend.clone(), Settings::default(), stopped));
        Self { address, backend, stop, _site: site }
    }

    /// Gives the status, the cookie where one is set, and the body.
    async fn call(&self, call: &Call, cookie: Option<&str>) -> (u16, Option<String>, String) {
        let url = format!("http://{}/api/{}", self.address, call.name);
        let (method, arguments) = (call.method, call.arguments);
        let cookie = cookie.map(ToOwned::to_owned);
        let answer = tokio::task::spawn_blocking(move || {
            let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
            let with_cookie =
                |name: &str| cookie.as_deref().filter(|_| name == "cookie").unwrap_or_default().to_owned();
            match (method, arguments) {
                ("GET", _) => agent.get(format!("{url}?{arguments}")).header("cookie", with_cookie("cookie")).call(),
                (_, MULTIPART) => agent
                    .post(url)
                    .header("cookie", with_cookie("cookie"))
                    .header("content-type", "multipart/form-data; boundary=XX")
                    .send(
                        "--XX\r\nContent-Disposition: form-data; name=\"environment\"\r\n\r\nproduction\r\n\
                         --XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.yaml\"\r\n\r\n\
                         version: 1\nenvironment: production\n\r\n--XX--\r\n",
                    ),
                _ => agent
                    .post(url)
                    .header("cookie", with_cookie("cookie"))
                    .header(
                        "content-type",
                        if arguments.starts_with('{') {
                            "application/json"
                        } else {
                            "application/x-www-form-urlencoded"
                        },
                    )
                    .send(arguments),
            }
        });
        let mut response = answer.await.expect("no panic").expect("an answer");
        // The device's cookie is none of these tests' business.
        let set = response.headers().get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        let set = set.filter_map(|value| value.split(';').next()).find(|cookie| cookie.starts_with("strata="));
        let set = set.map(ToOwned::to_owned);
        (response.status().as_u16(), set, response.body_mut().read_to_string().expect("text"))
    }

    async fn sign_in(&self, email: &'static str) -> String {
        let arguments = Box::leak(format!("email={email}&password={PASSWORD}").replace(' ', "+").into_boxed_str());
        let (status, cookie, body) = self.call(&open("sign_in", "POST", arguments), None).await;
        assert_eq!(status, 200, "{body}");
        cookie.expect("a session")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        panics::none();
    }
}

async fn account(backend: &Backend, email: &str, capabilities: &[Capability]) {
    let new = NewAccount { email: email.to_owned(), name: email.to_owned(), password: PASSWORD.to_owned() };
    account_add(backend, &Actor::Operator, new).await.expect("an account");
    for &capability in capabilities {
        account_grant(backend, &Actor::Operator, email, ENVIRONMENT, capability).await.expect("a grant");
    }
}

async fn prepared(pool: PgPool) -> Server {
    let server = Server::start(pool).await;
    environment_create(&server.backend, &Actor::Operator, ENVIRONMENT).await.expect("an environment");
    topology_import(&server.backend, &Actor::Operator, ENVIRONMENT, TOPOLOGY, "First").await.expect("an import");
    strata_backend::changes::change_start(&server.backend, &Actor::Operator, ENVIRONMENT, "Theirs")
        .await
        .expect("a change");
    account(&server.backend, "viewer@example.net", &[Capability::Viewer]).await;
    account(&server.backend, "stranger@example.net", &[]).await;
    server
}

/// An answer to wrong arguments, if it is one: the field that it names.
fn named(status: u16, body: &str) -> Option<String> {
    let error: serde_json::Value = serde_json::from_str(body).ok()?;
    (status == 422 && error["kind"] == "invalid").then(|| error["field"].as_str().unwrap_or_default().to_owned())
}

/// A call's arguments, each left out, replaced by what it cannot be, and with U+0000 in it where it is a text:
/// the name of the argument, and what is sent.
struct Wrong {
    name: String,
    sent: String,
    has_nul: bool,
    is_left_out: bool,
}

/// Whether the field of an answer tells which argument is wrong: that one, or what is wrong in it. Of an edit the reader
/// knows no more than which one it is; and where an argument is left out that was all of a form, the form is missing.
fn is_told(field: &str, name: &str, is_left_out: bool) -> bool {
    let field = field.replace('[', ".").replace(']', "");
    let name = name.replace('[', ".").replace(']', "");
    let is_in = |inner: &str, outer: &str| inner == outer || inner.starts_with(&format!("{outer}."));
    let is_edit = name.contains(".edits.") && field.contains(".edits.");
    is_in(&field, &name) || ((is_left_out || is_edit) && is_in(&name, &field))
}

fn wrong_arguments(arguments: &str) -> Vec<Wrong> {
    if arguments.starts_with('{') { wrong_json(arguments) } else { wrong_form(arguments) }
}

fn wrong_form(arguments: &str) -> Vec<Wrong> {
    let pairs: Vec<&str> = arguments.split('&').filter(|pair| !pair.is_empty()).collect();
    let mut wrong = Vec::new();
    for (place, pair) in pairs.iter().enumerate() {
        let name = pair.split('=').next().unwrap_or_default();
        let with = |value: Option<&str>| {
            let replaced = value.map(|value| format!("{name}={value}"));
            let others = |range: std::ops::Range<usize>| pairs[range].iter().map(|pair| (*pair).to_owned());
            others(0..place).chain(replaced).chain(others(place + 1..pairs.len())).collect::<Vec<_>>().join("&")
        };
        let name = name.to_owned();
        wrong.push(Wrong { name: name.clone(), sent: with(None), has_nul: false, is_left_out: true });
        wrong.push(Wrong {
            name: name.clone(),
            sent: with(Some("no%F0%9F%90%99such")),
            has_nul: false,
            is_left_out: false,
        });
        wrong.push(Wrong { name, sent: with(Some("a%00b")), has_nul: true, is_left_out: false });
    }
    wrong
}

fn wrong_json(arguments: &str) -> Vec<Wrong> {
    let whole: serde_json::Value = serde_json::from_str(arguments).expect("JSON");
    let mut wrong = Vec::new();
    for pointer in pointers(&whole, "") {
        let name = pointer.trim_start_matches('/').replace('/', ".");
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        let mut without = whole.clone();
        if let Some(fields) = without.pointer_mut(parent).and_then(serde_json::Value::as_object_mut) {
            fields.remove(key);
            wrong.push(Wrong { name: name.clone(), sent: without.to_string(), has_nul: false, is_left_out: true });
        }
        let with = |value: serde_json::Value| {
            let mut replaced = whole.clone();
            *replaced.pointer_mut(&pointer).expect("a place") = value;
            replaced.to_string()
        };
        wrong.push(Wrong {
            name: name.clone(),
            sent: with(serde_json::json!([[["no such"]]])),
            has_nul: false,
            is_left_out: false,
        });
        if whole.pointer(&pointer).is_some_and(serde_json::Value::is_string) {
            wrong.push(Wrong { name, sent: with("a\0b".into()), has_nul: true, is_left_out: false });
        }
    }
    wrong
}

/// The JSON pointers to everything in a value.
fn pointers(value: &serde_json::Value, to: &str) -> Vec<String> {
    let inside: Vec<(String, &serde_json::Value)> = match value {
        serde_json::Value::Object(fields) => {
            fields.iter().map(|(name, field)| (format!("{to}/{name}"), field)).collect()
        }
        serde_json::Value::Array(items) => {
            items.iter().enumerate().map(|(place, item)| (format!("{to}/{place}"), item)).collect()
        }
        _ => Vec::new(),
    };
    inside.into_iter().flat_map(|(path, value)| std::iter::once(path.clone()).chain(pointers(value, &path))).collect()
}

fn fits(answer: Answer, status: u16) -> bool {
    match answer {
        Answer::Open => status < 400 || status == 422,
        Answer::SignIn => status == 401,
        Answer::Refused => status == 403,
        Answer::NotNow => status == 409,
        Answer::Allowed => status < 400 || status == 404,
    }
}

#[test]
fn every_server_function_is_tried() {
    let missing: Vec<_> = server_fn_paths()
        .map(|(path, _)| path.trim_start_matches("/api/").to_owned())
        .filter(|name| !CALLS.iter().any(|call| call.name == name))
        .collect();
    assert!(
        missing.is_empty(),
        "Give each of these a row in CALLS of {}, and expect 401 and 403: {missing:?}",
        file!()
    );
    assert_eq!(server_fn_paths().count(), CALLS.len(), "CALLS has a row for a function that is gone, or one twice");
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn nobody_is_told_to_sign_in(pool: PgPool) {
    let server = prepared(pool).await;
    for call in CALLS {
        let (status, _, body) = server.call(call, None).await;
        assert!(fits(call.nobody, status), "{}: {status} {body}", call.name);
    }
    let _ = server.stop.send(true);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_viewer_changes_nothing(pool: PgPool) {
    let server = prepared(pool.clone()).await;
    let cookie = server.sign_in("viewer@example.net").await;
    let changes = "SELECT count(*) FROM changes WHERE version > 1 OR state <> 'draft' OR id > 1";
    for call in CALLS.iter().filter(|call| call.viewer != Answer::Open) {
        let (status, _, body) = server.call(call, Some(&cookie)).await;
        assert!(fits(call.viewer, status), "{}: {status} {body}", call.name);
        let moved: i64 = sqlx::query_scalar(changes).fetch_one(&pool).await.expect("a count");
        assert_eq!(moved, 0, "{} changed something", call.name);
    }
    let _ = server.stop.send(true);
}

/// Whoever has no capability in an environment does not learn that anything in it exists.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_stranger_finds_nothing(pool: PgPool) {
    let server = prepared(pool).await;
    let cookie = server.sign_in("stranger@example.net").await;
    for call in CALLS.iter().filter(|call| call.viewer != Answer::Open) {
        let (status, _, body) = server.call(call, Some(&cookie)).await;
        assert_eq!(status, 404, "{}: {body}", call.name);
    }
    let _ = server.stop.send(true);
}

/// Whoever sends nonsense is told which argument it is in; it is never our fault.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn wrong_arguments_are_named(pool: PgPool) {
    let server = prepared(pool).await;
    account(&server.backend, "admin@example.net", &[Capability::Admin, Capability::Lead]).await;
    let (mut refused, mut with_nul) = (0, 0);
    for call in CALLS.iter().filter(|call| call.arguments != MULTIPART) {
        // Some of these calls succeed, and one of them may end the session.
        let cookie = server.sign_in("admin@example.net").await;
        let reader = function(&format!("/api/{}", call.name))
            .unwrap_or_else(|| panic!("{} has no row in app/src/api/arguments.rs", call.name));
        for Wrong { name, sent, has_nul, is_left_out } in wrong_arguments(call.arguments) {
            let told = format!("{} with {sent}", call.name);
            let is_unreadable = reader.fault(sent.as_bytes()).is_some();
            let arguments = Box::leak(sent.into_boxed_str());
            let (status, _, body) = server.call(&Call { arguments, ..*call }, Some(&cookie)).await;
            assert!(status < 500, "{told}: {status} {body}");
            if !has_nul && !is_unreadable {
                continue;
            }
            let field = named(status, &body).unwrap_or_else(|| panic!("{told}: {status} {body}"));
            assert!(is_told(&field, &name, is_left_out), "{told}: {name} is not told: {body}");
            refused += 1;
            with_nul += u32::from(has_nul);
        }
    }
    assert!(refused - with_nul > 100 && with_nul > 100, "{refused} refused, {with_nul} for U+0000");
    let _ = server.stop.send(true);
}

/// The form with a file: what is around the file is looked at as well.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_wrong_upload_is_named(pool: PgPool) {
    let server = prepared(pool).await;
    account(&server.backend, "admin@example.net", &[Capability::Admin]).await;
    let cookie = server.sign_in("admin@example.net").await;
    let part =
        |name: &str, value: &str| format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let file = |name: &str| {
        format!("--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\nversion: 1\r\n")
    };
    let right = "multipart/form-data; boundary=XX";
    for (kind, body, wanted) in [
        ("text/plain", file("a.yaml"), "file"),
        ("multipart/form-data", file("a.yaml"), "file"),
        ("multipart/form-data; boundary=", file("a.yaml"), "file"),
        (right, file("a.yaml") + "--XX--\r\n", "environment"),
        (right, part("environment", "a\0b") + &file("a.yaml") + "--XX--\r\n", "environment"),
        (right, part("environment", "production") + "--XX--\r\n", "file"),
        (right, part("environment", "production") + &file("a\0b.yaml") + "--XX--\r\n", "file"),
        (right, part("environment", "production"), "file"),
    ] {
        let url = format!("http://{}/api/topology_import", server.address);
        let (cookie, told) = (cookie.clone(), format!("{kind}: {body}"));
        let answer = tokio::task::spawn_blocking(move || {
            let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
            let mut answer = agent.post(url).header("cookie", cookie).header("content-type", kind).send(body)?;
            Ok::<_, ureq::Error>((answer.status().as_u16(), answer.body_mut().read_to_string()?))
        });
        let (status, body) = answer.await.expect("no panic").expect("an answer");
        assert_eq!(named(status, &body).as_deref(), Some(wanted), "{told}: {status} {body}");
    }
    let _ = server.stop.send(true);
}

/// Pages take their arguments from the address.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn no_page_is_asked_with_nul(pool: PgPool) {
    let server = prepared(pool).await;
    let cookie = server.sign_in("viewer@example.net").await;
    for path in
        ["/?env=%00", "/changes/%00", "/what-if?nodes=a%00b", "/history/1?env=production%00", "/sign-in?next=%00"]
    {
        let (url, cookie) = (format!("http://{}{path}", server.address), cookie.clone());
        let answer = tokio::task::spawn_blocking(move || {
            let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
            agent.get(url).header("cookie", cookie).header("accept", "text/html").call()
        });
        let status = answer.await.expect("no panic").expect("an answer").status().as_u16();
        assert_eq!(status, 422, "{path}");
    }
    let _ = server.stop.send(true);
}

/// Files that pages offer, beside the server functions.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn files_are_for_whoever_may_look(pool: PgPool) {
    let server = prepared(pool).await;
    let (viewer, stranger) = (server.sign_in("viewer@example.net").await, server.sign_in("stranger@example.net").await);
    for path in ["/changes/1/record.json", "/advisor/topology.yaml?env=production&subscribers=20000"] {
        for (cookie, wanted) in [(None, 401), (Some(&stranger), 404), (Some(&viewer), 200)] {
            let (url, cookie) = (format!("http://{}{path}", server.address), cookie.cloned().unwrap_or_default());
            let answer = tokio::task::spawn_blocking(move || {
                let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
                agent.get(url).header("cookie", cookie).call()
            });
            let status = answer.await.expect("no panic").expect("an answer").status().as_u16();
            assert_eq!(status, wanted, "{path}");
        }
    }
    let _ = server.stop.send(true);
}
