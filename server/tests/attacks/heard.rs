//! A server in this process on a database of the test's, and the raw HTTP by which its streams are heard.

use std::net::SocketAddr;
use std::time::Duration;

use server::serve::{Listener, Settings, Site, run};
use sqlx::PgPool;
use strata_backend::accounts::{NewAccount, account_add, account_grant};
use strata_backend::environments::environment_create;
use strata_backend::{Actor, Backend};
use strata_domain::account::Capability;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::panics;

pub const ENVIRONMENT: &str = "production";
pub const PASSWORD: &str = "a long enough password";

/// So long is waited for what should come at once: only a server that hangs takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Heard {
    pub address: SocketAddr,
    pub backend: Backend,
    stop: watch::Sender<bool>,
    _site: tempfile::TempDir,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// The headers, as they came.
    pub head: String,
    pub body: String,
}

impl Answer {
    /// The cookie of that name, as a browser sends it back.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let cookies = self.head.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
        let mut cookies = cookies.filter_map(|cookie| cookie.split(';').next());
        cookies.find(|cookie| cookie.split('=').next() == Some(name)).map(str::to_owned)
    }
}

impl Heard {
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
        Self { address, backend, stop, _site: site }
    }

    pub async fn account(&self, email: &str) {
        let new = NewAccount { email: email.to_owned(), name: email.to_owned(), password: PASSWORD.to_owned() };
        account_add(&self.backend, &Actor::Operator, new).await.unwrap();
        account_grant(&self.backend, &Actor::Operator, email, ENVIRONMENT, Capability::Viewer).await.unwrap();
    }

    async fn begin(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAccept: application/json\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
            self.address,
            body.len()
        );
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        stream.write_all((request + "\r\n" + body).as_bytes()).await.unwrap();
        BufReader::new(stream)
    }

    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = self.begin(method, path, headers, body).await;
        let mut bytes = Vec::new();
        tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("an answer").unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split_whitespace().nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub async fn try_in(&self, email: &str, password: &str, cookie: &str) -> Answer {
        let form = format!("email={email}&password={}", password.replace(' ', "+"));
        self.ask("POST", "/api/sign_in", &[("Cookie", cookie)], &form).await
    }

    /// The cookie of a new session.
    pub async fn sign_in(&self, email: &str) -> String {
        let answer = self.try_in(email, PASSWORD, "").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.cookie("strata").unwrap()
    }

    /// Opens an event stream; gives the status where there is none.
    pub async fn stream(&self, cookie: &str) -> Result<Stream, u16> {
        let mut stream = self.begin("GET", "/events", &[("Cookie", cookie)], "").await;
        let mut first = String::new();
        tokio::time::timeout(PATIENCE, stream.read_line(&mut first)).await.expect("an answer").unwrap();
        match first.split_whitespace().nth(1).unwrap().parse().unwrap() {
            200 => Ok(Stream(stream)),
            status => Err(status),
        }
    }
}

impl Drop for Heard {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        panics::none();
    }
}

/// An open event stream.
pub struct Stream(BufReader<TcpStream>);

impl Stream {
    /// Reads until a line has this in it; false where the stream ends before.
    pub async fn hears(&mut self, wanted: &str) -> bool {
        tokio::time::timeout(PATIENCE, async {
            loop {
                let mut line = String::new();
                match self.0.read_line(&mut line).await {
                    Ok(0) | Err(_) => return false,
                    Ok(_) if line.contains(wanted) => return true,
                    Ok(_) => {}
                }
            }
        })
        .await
        .unwrap_or_else(|_| panic!("neither {wanted:?} nor the end"))
    }

    /// Waits for the end of the stream.
    pub async fn ends(&mut self) {
        assert!(!self.hears("nothing has this in it").await);
    }
}
