//! Processes that tell people, a real mail server, and a receiver of webhooks, for tests.

use std::collections::VecDeque;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::{Value, json};
use strata_backend::Actor;
use strata_backend::deliveries::MailSettings;
use strata_backend::notices::{self, Settings, notice_list, nudge};
use strata_domain::notice::Notice;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::support::World;

pub const PUBLIC_URL: &str = "https://strata.example.net";

/// A process that tells people, as far as the database can tell.
pub struct Telling {
    task: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

impl Telling {
    pub fn new(world: &World, mail: Option<MailSettings>) -> Self {
        let poll = Duration::from_millis(50);
        let call_timeout = Duration::from_millis(300);
        // The receivers of the tests are on this machine.
        let networks = "127.0.0.0/8".parse().unwrap();
        let settings = Settings::new(mail, Some(PUBLIC_URL.to_owned()));
        Self::with(world, Settings { poll, call_timeout, networks, ..settings })
    }

    pub fn with(world: &World, settings: Settings) -> Self {
        let (stop, shutdown) = watch::channel(false);
        // The same pool for all of them: each hub of news keeps a connection for as long as its pool is open.
        let backend = world.backend.clone();
        Self { task: tokio::spawn(notices::work(backend, settings, shutdown)), stop }
    }

    pub async fn stop(self) {
        self.stop.send_replace(true);
        self.task.await.unwrap();
    }

    /// Ends it as a crash would, with whatever hangs in it.
    pub fn kill(self) {
        self.task.abort();
    }
}

/// Tells all that is to be told now, what only time made due included, and stops.
pub async fn tell_all(world: &World, mail: Option<MailSettings>) {
    nudge(&world.backend).await.unwrap();
    let telling = Telling::new(world, mail);
    all_told(world).await;
    telling.stop().await;
}

/// Waits until nothing is left to be told or sent now.
pub async fn all_told(world: &World) {
    until("everything is told", async || {
        let open: i64 = sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM outbox WHERE done_at IS NULL)
                  + (SELECT count(*) FROM deliveries WHERE state IN ('pending', 'failed') AND next_at <= now())",
        )
        .fetch_one(&world.pool)
        .await
        .unwrap();
        open == 0
    })
    .await;
}

pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    tokio::time::timeout(Duration::from_secs(30), async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap_or_else(|_| panic!("it does not come to this: {what}"));
}

/// What somebody was told in the page, newest first.
pub async fn notices_of(world: &World, actor: &Actor) -> Vec<Notice> {
    notice_list(&world.backend, actor, None, 100).await.unwrap().notices
}

/// As [`notices_of`], the titles without environment and name of the change.
pub async fn titles_of(world: &World, actor: &Actor) -> Vec<String> {
    let notices = notices_of(world, actor).await;
    notices.into_iter().map(|notice| notice.title.split("” ").last().unwrap_or_default().to_owned()).collect()
}

/// What failed is due at once.
pub async fn settle_times(world: &World) {
    sqlx::query("UPDATE deliveries SET next_at = now() WHERE state = 'failed'").execute(&world.pool).await.unwrap();
}

/// The states of all deliveries, oldest first, each with the number of attempts that ended.
pub async fn states(world: &World) -> Vec<(String, i32)> {
    sqlx::query_as(
        "SELECT state, (SELECT count(*)::int FROM delivery_attempts WHERE delivery_id = id) FROM deliveries ORDER BY id",
    )
    .fetch_all(&world.pool)
    .await
    .unwrap()
}

/// nodemailer's SMTP server in a process of its own.
pub struct Mailbox {
    ports: Ports,
    http: reqwest::Client,
    _process: Child,
    // Its end is the end of the server.
    _stdin: ChildStdin,
}

#[derive(Deserialize)]
struct Ports {
    smtp: u16,
    http: u16,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Arrived {
    pub to: Vec<String>,
    pub from: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub message_id: String,
    pub in_reply_to: Option<String>,
    pub headers: std::collections::BTreeMap<String, String>,
}

impl Mailbox {
    pub async fn new(flags: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../end2end/support/mailbox.mjs");
        let mut process = Command::new("node")
            .arg(script)
            .args(flags)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node is installed");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
        let ports = serde_json::from_str(&line).expect("the mail server starts: is end2end/node_modules installed?");
        let stdin = process.stdin.take().unwrap();
        Self {
            ports,
            http: reqwest::Client::builder().no_proxy().tls_backend_preconfigured(no_tls()).build().unwrap(),
            _process: process,
            _stdin: stdin,
        }
    }

    /// Settings that its user may send with.
    pub fn settings(&self) -> MailSettings {
        self.settings_of("s3cret%2Fwith%40signs", "")
    }

    pub fn settings_of(&self, password: &str, query: &str) -> MailSettings {
        let url = format!("smtp://strata:{password}@127.0.0.1:{}{query}", self.ports.smtp);
        MailSettings::new(&url, "Strata <strata@example.net>").unwrap()
    }

    pub async fn mails(&self) -> Vec<Arrived> {
        let body = self.http.get(self.address("mails")).send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&body).unwrap()
    }

    /// From now on these recipients are answered so.
    pub async fn answer(&self, answers: Value) {
        self.http.put(self.address("answers")).body(answers.to_string()).send().await.unwrap();
    }

    fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.ports.http)
    }
}

/// Trusts nobody: these tests speak plain HTTP.
fn no_tls() -> rustls::ClientConfig {
    rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

/// What a receiver answers to a call.
#[derive(Clone, Copy, Debug)]
pub enum Reply {
    Status(u16),
    /// Nothing before the caller loses patience.
    Silence,
    /// Elsewhere, at the same receiver.
    Redirect,
}

/// A receiver of webhooks, which takes nothing that is not signed.
#[derive(Clone, Default)]
pub struct Receiver {
    calls: Arc<Mutex<Vec<Call>>>,
    replies: Arc<Mutex<VecDeque<Reply>>>,
    port: u16,
}

#[derive(Clone, Debug)]
pub struct Call {
    pub id: String,
    pub timestamp: i64,
    pub signature: String,
    pub body: String,
}

impl Receiver {
    pub async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self { port: listener.local_addr().unwrap().port(), ..Self::default() };
        let router = Router::new().route("/hook", post(receive)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook?key=of-the-receiver", self.port)
    }

    /// The next calls are answered so, in this order; those after them with 204.
    pub fn reply(&self, replies: impl IntoIterator<Item = Reply>) {
        self.replies.lock().unwrap().extend(replies);
    }

    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }
}

impl Call {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Whether it is signed with that secret, as a receiver checks it by the specification.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{}.{}.{}", self.id, self.timestamp, self.body).as_bytes());
        let signature = STANDARD.decode(self.signature.strip_prefix("v1,").unwrap()).unwrap();
        mac.verify_slice(&signature).is_ok()
    }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers.get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/json");
    receiver.calls.lock().unwrap().push(Call {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp").parse().unwrap(),
        signature: header("webhook-signature"),
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    let reply = receiver.replies.lock().unwrap().pop_front().unwrap_or(Reply::Status(204));
    match reply {
        Reply::Status(status) => {
            let status = StatusCode::from_u16(status).unwrap();
            if status == StatusCode::NO_CONTENT {
                status.into_response()
            } else {
                (status, "As the test wants it").into_response()
            }
        }
        Reply::Silence => std::future::pending().await,
        Reply::Redirect => (StatusCode::FOUND, [("location", receiver.url())]).into_response(),
    }
}

/// For tests that name recipients.
pub fn refusing(address: &str, code: u16) -> Value {
    json!({ address: code })
}
