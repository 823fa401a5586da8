//! A server inside of the test, with limits that a test can wait for, and raw sockets to ask it by.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use server::serve::{Listener, Settings, Site, run};
use sqlx::PgPool;
use strata_backend::accounts::{NewAccount, account_add, account_grant};
use strata_backend::environments::{environment_create, topology_import};
use strata_backend::{Actor, Backend};
use strata_domain::account::Capability;
use tokio::sync::watch;

use crate::panics;

pub const ENVIRONMENT: &str = "production";
pub const ADMIN: &str = "ada@example.net";
pub const PASSWORD: &str = "a long enough password";
const TOPOLOGY: &[u8] = include_bytes!("../../../examples/voip-18.yaml");

/// So long is waited for what should come at once: only a server that hangs takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Near {
    pub address: SocketAddr,
    pub backend: Backend,
    stop: watch::Sender<bool>,
    _site: tempfile::TempDir,
}

impl Near {
    /// With the example as its environment, an admin, and change 1.
    pub async fn start(pool: PgPool, settings: Settings) -> Self {
        panics::hear();
        let site = tempfile::tempdir().unwrap();
        std::fs::create_dir(site.path().join("pkg")).unwrap();
        std::fs::write(site.path().join("pkg/strata.js"), "").unwrap();
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let (address, backend) = (listener.address(), Backend::new(pool));
        let (stop, stopped) = watch::channel(false);
        let opened = Site::open(site.path()).unwrap();
        tokio::spawn(run(listener, opened, backend.clone(), settings, stopped));
        environment_create(&backend, &Actor::Operator, ENVIRONMENT).await.unwrap();
        topology_import(&backend, &Actor::Operator, ENVIRONMENT, TOPOLOGY, "First").await.unwrap();
        let new = NewAccount { email: ADMIN.to_owned(), name: "Ada".to_owned(), password: PASSWORD.to_owned() };
        account_add(&backend, &Actor::Operator, new).await.unwrap();
        account_grant(&backend, &Actor::Operator, ADMIN, ENVIRONMENT, Capability::Admin).await.unwrap();
        strata_backend::changes::change_start(&backend, &Actor::Operator, ENVIRONMENT, "Theirs").await.unwrap();
        Self { address, backend, stop, _site: site }
    }

    /// Another account, with that grant.
    pub async fn account(&self, email: &str, capability: Capability) {
        let new = NewAccount { email: email.to_owned(), name: email.to_owned(), password: PASSWORD.to_owned() };
        account_add(&self.backend, &Actor::Operator, new).await.unwrap();
        account_grant(&self.backend, &Actor::Operator, email, ENVIRONMENT, capability).await.unwrap();
    }

    /// Opens a connection and sends what may be no whole request.
    pub async fn begin(&self, bytes: impl Into<Vec<u8>>) -> Conversation {
        let (address, bytes) = (self.address, bytes.into());
        blocking(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            // Whoever is turned away may be so before all was sent.
            let _cut_off = stream.write_all(&bytes);
            Conversation(stream)
        })
        .await
    }

    /// As [`Self::begin`], from another address of this machine.
    pub async fn begin_from(&self, from: [u8; 4], bytes: impl AsRef<[u8]>) -> Conversation {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind((from, 0).into()).unwrap();
        let stream = socket.connect(self.address).await.unwrap().into_std().unwrap();
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let _cut_off = (&stream).write_all(bytes.as_ref());
        Conversation(stream)
    }

    /// Sends a whole request and reads the answer until the connection ends.
    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> String {
        self.begin([head(self.address, method, path, headers, body.len()).as_bytes(), body].concat()).await.rest().await
    }

    /// The cookie of a new session.
    pub async fn sign_in(&self, email: &str) -> String {
        let form = format!("email={email}&password={}", PASSWORD.replace(' ', "+"));
        let answer = self.ask("POST", "/api/sign_in", &[], form.as_bytes()).await;
        assert_eq!(status(&answer), 200, "{answer}");
        let cookie = answer
            .lines()
            .find_map(|line| line.strip_prefix("set-cookie: ").filter(|cookie| cookie.starts_with("strata=")))
            .unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }
}

impl Drop for Near {
    fn drop(&mut self) {
        let _gone_already = self.stop.send(true);
        panics::none();
    }
}

/// The head of a request whose body has that length.
pub fn head(host: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], length: usize) -> String {
    let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {length}\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        head += &format!("Host: {host}\r\n");
    }
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head + "\r\n"
}

/// One connection.
pub struct Conversation(TcpStream);

impl Conversation {
    /// Everything that still comes, until the other side closes.
    pub async fn rest(self) -> String {
        blocking(move || {
            let mut bytes = Vec::new();
            let mut stream = self.0;
            let mut piece = [0; 4096];
            loop {
                match stream.read(&mut piece) {
                    Ok(0) => break,
                    Ok(read) => bytes.extend_from_slice(&piece[..read]),
                    Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
                    Err(error) => panic!("the other side neither answers nor closes: {error}"),
                }
            }
            String::from_utf8_lossy(&bytes).into_owned()
        })
        .await
    }

    /// Sends a byte ten times a second until an answer comes; gives that.
    pub async fn trickle(self) -> String {
        let mut sending = self.0.try_clone().unwrap();
        let answer = tokio::spawn(self.rest());
        while !answer.is_finished() && sending.write_all(b"x").is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        answer.await.unwrap()
    }

    /// Reads on until the text has come; what came before it is thrown away.
    pub async fn until(mut self, wanted: &'static str) -> Self {
        blocking(move || {
            let (mut text, mut piece) = (String::new(), [0; 4096]);
            while !text.contains(wanted) {
                let read = self.0.read(&mut piece).unwrap();
                assert!(read > 0, "closed before {wanted:?} came: {text}");
                text += &String::from_utf8_lossy(&piece[..read]);
            }
            self
        })
        .await
    }
}

pub fn status(answer: &str) -> u16 {
    answer.split_whitespace().nth(1).unwrap_or_else(|| panic!("no answer: {answer:?}")).parse().unwrap()
}

/// Whether the answer has that line among its headers, in lower case.
pub fn has(answer: &str, header: &str) -> bool {
    answer.split("\r\n\r\n").next().unwrap_or_default().to_lowercase().lines().any(|line| line.starts_with(header))
}

/// The test and its server share a thread, so what blocks goes elsewhere.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}
