//! A server in this process on a database of the test's, and the little HTTP that it takes to attack it.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use server::serve::{self, Listener, Settings, Site, run};
use sqlx::PgPool;
use strata_backend::accounts::{NewAccount, account_add, account_grant};
use strata_backend::ctx::{Limits, pool_options};
use strata_backend::environments::{environment_create, topology_import};
use strata_backend::roles;
use strata_backend::{Actor, Backend};
use strata_domain::account::Capability;
use tokio::sync::watch;

use crate::panics;

pub const ENVIRONMENT: &str = "production";
pub const EMAIL: &str = "admin@example.net";
pub const PASSWORD: &str = "a long enough password";
const TOPOLOGY: &[u8] = include_bytes!("../../../examples/voip-18.yaml");

/// A server with an environment and an admin, whose backend goes to the database as `strata serve` does.
pub struct Served {
    pub address: SocketAddr,
    pub backend: Backend,
    stop: watch::Sender<bool>,
    _site: tempfile::TempDir,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub cookie: Option<String>,
    pub body: String,
}

impl Served {
    pub async fn on(pool: &PgPool) -> Self {
        panics::hear();
        let mut owner = pool.acquire().await.unwrap();
        roles::make(&mut owner).await.unwrap();
        roles::give(&mut owner, roles::APPLICATION).await.unwrap();
        drop(owner);
        let options = pool.connect_options().as_ref().clone().options([("role", roles::APPLICATION)]);
        let own = pool_options(20).connect_with(Limits::default().on(options)).await.unwrap();
        let (ends, closing) = (pool.clone(), own.clone());
        tokio::spawn(async move {
            ends.close_event().await;
            closing.close().await;
        });
        let site = tempfile::tempdir().unwrap();
        std::fs::create_dir(site.path().join("pkg")).unwrap();
        std::fs::write(site.path().join("pkg/strata.js"), "").unwrap();
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let (address, backend) = (listener.address(), Backend::new(own));
        environment_create(&backend, &Actor::Operator, ENVIRONMENT).await.unwrap();
        topology_import(&backend, &Actor::Operator, ENVIRONMENT, TOPOLOGY, "First").await.unwrap();
        let new = NewAccount { email: EMAIL.to_owned(), name: "Ada".to_owned(), password: PASSWORD.to_owned() };
        account_add(&backend, &Actor::Operator, new).await.unwrap();
        account_grant(&backend, &Actor::Operator, EMAIL, ENVIRONMENT, Capability::Admin).await.unwrap();
        let (stop, stopped) = watch::channel(false);
        let opened = Site::open(site.path()).unwrap();
        // One address stands for the browsers of many.
        let limits = serve::Limits::default();
        let limits = serve::Limits { connections_each: limits.connections, ..limits };
        let settings = Settings { limits, ..Settings::default() };
        tokio::spawn(run(listener, opened, backend.clone(), settings, stopped));
        Self { address, backend, stop, _site: site }
    }

    /// Asks for a path, or posts a form to it.
    pub async fn ask(&self, path: &str, cookie: Option<&str>, form: Option<&str>) -> Answer {
        let url = format!("http://{}{path}", self.address);
        let (cookie, form) = (cookie.unwrap_or_default().to_owned(), form.map(str::to_owned));
        tokio::task::spawn_blocking(move || {
            let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
            let mut response = match form {
                None => agent.get(url).header("cookie", cookie).call().unwrap(),
                Some(form) => agent
                    .post(url)
                    .header("cookie", cookie)
                    .header("content-type", "application/x-www-form-urlencoded")
                    .header("accept", "application/json")
                    .send(form)
                    .unwrap(),
            };
            let set = response.headers().get("set-cookie").and_then(|value| value.to_str().ok());
            let cookie = set.and_then(|value| value.split(';').next()).map(ToOwned::to_owned);
            Answer { status: response.status().as_u16(), cookie, body: response.body_mut().read_to_string().unwrap() }
        })
        .await
        .unwrap()
    }

    /// Signs in.
    pub async fn sign_in(&self) -> Answer {
        let form = format!("email={EMAIL}&password={PASSWORD}").replace(' ', "+");
        self.ask("/api/sign_in", None, Some(&form)).await
    }

    /// Sends requests for that path, each on a connection of its own; waits for their answers to begin where that is wished.
    pub async fn open(&self, many: usize, path: &str, cookie: &str, begun: bool) -> Vec<TcpStream> {
        let address = self.address;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\n\r\n");
        let one = move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            if begun {
                let mut first = String::new();
                BufReader::new(stream.try_clone().unwrap()).read_line(&mut first).unwrap();
                assert!(first.contains(" 200 "), "{first}");
            }
            stream
        };
        tokio::task::spawn_blocking(move || (0..many).map(|_| one()).collect()).await.unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        panics::none();
    }
}
