//! `strata serve`: opens everything in the order in which a person wants to hear of what is missing, and closes it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use strata_backend::{Actor, environments, notices, worker};
use tokio::task::JoinSet;

use super::Failure;
use super::telling::Telling;
use super::worker::Execution;
use crate::database::{Database, DatabaseArgs};
use crate::demo;
use crate::serve::{self, Contact, Hosts, Limits, Listener, PublicUrl, Shutdown, Site, TrustedProxies};

#[derive(Args, Debug)]
pub(super) struct ServeArgs {
    /// The address to listen on
    #[arg(long, env = "STRATA_ADDR", default_value = "127.0.0.1:3000")]
    addr: SocketAddr,
    /// Load the example into the environment "production" and make accounts to try it with
    #[arg(long)]
    demo: bool,
    /// With --demo: also where other machines can reach it, whose people then find well-known accounts
    #[arg(long, requires = "demo")]
    demo_anywhere: bool,
    /// The folder of the browser part, as scripts/build makes it
    #[arg(long, env = "STRATA_SITE", default_value = "target/site", value_name = "FOLDER")]
    site: PathBuf,
    /// Leave the steps to `strata worker` processes
    #[arg(long)]
    no_worker: bool,
    /// How people reach it; with https:// the cookie is for TLS only and browsers are told to stay with TLS
    #[arg(long, env = "STRATA_PUBLIC_URL", value_name = "URL")]
    public_url: Option<PublicUrl>,
    /// Addresses of reverse proxies, with commas between, whose X-Forwarded-For is believed
    #[arg(long, env = "STRATA_TRUSTED_PROXY", value_name = "ADDRESSES")]
    trusted_proxy: Option<TrustedProxies>,
    /// Names of hosts beside that of the public address under which requests may come, with commas between
    #[arg(long, env = "STRATA_ALLOWED_HOSTS", value_name = "HOSTS")]
    allowed_hosts: Option<Hosts>,
    /// Tell browsers to stay with TLS on all subdomains of the public address as well
    #[arg(long, env = "STRATA_HSTS_SUBDOMAINS")]
    hsts_subdomains: bool,
    /// Whom to tell of a hole, for /.well-known/security.txt: mailto:security@example.net or https://…
    #[arg(long, env = "STRATA_SECURITY_CONTACT", value_name = "URL")]
    security_contact: Option<Contact>,
    /// Connections of clients at once; a tenth of them is kept for networks from which somebody signed in lately
    #[arg(long, env = "STRATA_CONNECTIONS", value_name = "NUMBER", default_value_t = Limits::default().connections,
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(8..=100_000))]
    connections: usize,
    /// Connections at once of one network (an address, or an IPv6 /64), and requests at once of one behind a trusted proxy;
    /// three times as many where somebody signed in lately [default: a tenth of --connections, 32 at least]
    #[arg(long, env = "STRATA_CONNECTIONS_EACH", value_name = "NUMBER",
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    connections_each: Option<usize>,
    #[command(flatten)]
    execution: Execution,
    #[command(flatten)]
    telling: Telling,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Serves until it is told to stop.
pub(super) async fn serve(args: ServeArgs) -> Result<(), Failure> {
    if !strata_app::RENDERS {
        return Err(Failure::Usage(NO_PAGES.to_owned()));
    }
    // What can be wrong with the command comes before anything is started for it.
    if args.demo && !args.demo_anywhere && !is_for_this_machine(&args) {
        return Err(Failure::Usage(DEMO_ELSEWHERE.to_owned()));
    }
    let listener = Listener::bind(args.addr).await?;
    let site = Site::open(&args.site)?;
    let database = Database::open(&args.database, false).await?;
    database.warn_of_owner();
    let served = serve_on(&args, listener, site, &database).await;
    database.close().await;
    served
}

async fn serve_on(args: &ServeArgs, listener: Listener, site: Site, database: &Database) -> Result<(), Failure> {
    let shutdown = Shutdown::on_signals()?;
    let backend = database.backend();
    let address =
        args.public_url.as_ref().map_or_else(|| format!("http://{}", listener.address()), ToString::to_string);
    let telling = args.telling.settings(Some(address.clone()))?;
    if args.demo {
        let folder = database.folder().map_or_else(demo::default_folder, |folder| folder.path().to_owned());
        let accounts = demo::prepare(backend, &folder).await?;
        println!("{}", demo::table(&accounts, &address));
    } else if environments::environment_list(backend, &Actor::Operator).await?.is_empty() {
        println!("{FIRST_STEPS}");
    }
    let is_https = args.public_url.as_ref().is_some_and(PublicUrl::is_https);
    if !listener.address().ip().is_loopback() && !is_https {
        tracing::warn!(
            "{} can be reached from other machines without TLS: put a proxy with TLS before it and set STRATA_PUBLIC_URL=https://…",
            listener.address()
        );
    }
    let mut machinery = JoinSet::new();
    if !args.no_worker {
        machinery.spawn(worker::run(backend.clone(), args.execution.settings(), shutdown.receiver()));
        machinery.spawn(notices::work(backend.clone(), telling, shutdown.receiver()));
    }
    tracing::info!("listening on http://{}", listener.address());
    let ready = serve::Readiness::default();
    database.report_to(ready.part("PostgreSQL"));
    let settings = serve::Settings {
        address,
        public_url: args.public_url.clone(),
        trusted_proxies: args.trusted_proxy.clone().unwrap_or_default(),
        allowed_hosts: args.allowed_hosts.clone().unwrap_or_default(),
        hsts_subdomains: args.hsts_subdomains,
        security_contact: args.security_contact.clone(),
        limits: Limits {
            connections: args.connections,
            connections_each: args.connections_each.unwrap_or_else(|| Limits::each_of(args.connections)),
            ..Limits::default()
        },
        ready,
    };
    serve::allow_files(args.connections);
    let served = serve::run(listener, site, backend.clone(), settings, shutdown.receiver()).await;
    // Also when the server broke: the worker must not be left behind.
    shutdown.begin();
    while machinery.join_next().await.is_some() {}
    Ok(served?)
}

/// Whether nobody reaches it but from here, as far as the command says.
fn is_for_this_machine(args: &ServeArgs) -> bool {
    args.addr.ip().is_loopback()
        && args.public_url.as_ref().is_none_or(PublicUrl::is_loopback)
        // A proxy is there for others.
        && args.trusted_proxy.as_ref().is_none_or(TrustedProxies::is_empty)
}

/// Why this build serves nothing.
const NO_PAGES: &str =
    "This binary was built in one go with the browser's part and can render no page. Build it with `make build`.";

/// Why there is no demo.
const DEMO_ELSEWHERE: &str = "--demo makes accounts that everybody knows of, and this address can be reached from other machines. \
    Leave --addr, --public-url and --trusted-proxy out to try it here, or add --demo-anywhere if that is what you want.";

/// For a database with nothing in it.
const FIRST_STEPS: &str = "
There is nothing here yet. Import a topology and make the first account, in another terminal:

  strata import topology.yaml --environment production
  strata user add --email you@example.net --name 'Your Name' --environment production --capability admin

(To look around first, start with --demo.)
";
