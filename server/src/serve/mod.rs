//! The server: routes, the layers around them, and how it begins and ends.

mod actor;
mod answer;
mod answers;
mod arguments;
mod body;
mod client;
mod connections;
mod contact;
mod csrf;
mod device;
mod doors;
mod events;
mod headers;
mod hosts;
mod limit;
mod limits;
mod linger;
mod listener;
mod panicked;
mod patience;
mod plain_forms;
mod proposal;
mod public_url;
mod ready;
mod record;
mod request_id;
mod router;
mod sessions;
mod shutdown;
mod site;
mod unavailable;
mod ways;
mod whole;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::FromRef;
use leptos::prelude::LeptosOptions;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use strata_backend::Backend;
use strata_backend::loops::Over;
use strata_backend::shares::Shares;
use tokio::sync::watch;

use connections::Connections;
use doors::{Doors, Familiar};
use linger::Drains;

pub use client::TrustedProxies;
pub use contact::Contact;
pub use hosts::Hosts;
pub use limits::Limits;
pub use listener::Listener;
pub use public_url::PublicUrl;
pub use ready::{Part, Readiness};
pub use shutdown::Shutdown;
pub use site::Site;

/// Files that are open beside connections of clients: those to the database, the log, files that are served.
const FILES_BESIDE: u64 = 200;

/// Answers under way when we are told to stop have this long to end.
const DRAIN: Duration = Duration::from_secs(10);

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Somebody else listens there.
    #[error(
        "The address {address} is in use by another program. Choose another port with --addr {suggestion} or STRATA_ADDR={suggestion}."
    )]
    InUse {
        /// What was asked for.
        address: SocketAddr,
        /// The next port.
        suggestion: SocketAddr,
    },
    /// It cannot be listened on for another reason.
    #[error("Cannot listen on {address}: {source}")]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The browser part is not built.
    #[error(
        "There is no browser part in {0} (no pkg/strata.js). Build it with scripts/build, or say where it is with --site."
    )]
    NoSite(std::path::PathBuf),
    /// The signals that end us cannot be waited for.
    #[error("Cannot wait for signals: {0}")]
    Signals(io::Error),
    /// The server broke.
    #[error("The server ended: {0}")]
    Broke(io::Error),
}

/// What a deployment says about the world around the server.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The address that links for people begin with, without a slash at its end.
    pub address: String,
    /// How people reach it through a proxy.
    pub public_url: Option<PublicUrl>,
    /// Whose word about the client's address is taken.
    pub trusted_proxies: TrustedProxies,
    /// Names beside that of the public address under which requests may come.
    pub allowed_hosts: Hosts,
    /// Whether browsers are told to stay with TLS on subdomains as well.
    pub hsts_subdomains: bool,
    /// Whom to tell of a hole.
    pub security_contact: Option<Contact>,
    /// How long clients may take, and how much of the server they may have.
    pub limits: Limits,
    /// Where parts of the process say how they are.
    pub ready: Readiness,
}

/// What handlers and layers share.
#[derive(Clone, Debug)]
pub(crate) struct AppState {
    pub(crate) backend: Backend,
    pub(crate) leptos: LeptosOptions,
    pub(crate) settings: Settings,
    pub(crate) shutdown: watch::Receiver<bool>,
    uploads: Shares<String>,
    drains: Drains,
    familiar: Familiar,
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}

/// Serves until the receiver says so and what was under way has ended.
///
/// # Errors
/// [`ServeError::Broke`] when the listener does.
pub async fn run(
    listener: Listener,
    site: Site,
    backend: Backend,
    settings: Settings,
    shutdown: watch::Receiver<bool>,
) -> Result<(), ServeError> {
    let cleaning = {
        let (loops, over) = (backend.loops().clone(), Over::Told(shutdown.clone()));
        let (backend, shutdown) = (backend.clone(), shutdown.clone());
        tokio::spawn(loops.keep("sessions", over, move || sessions::clean(backend.clone(), shutdown.clone())))
    };
    let leptos = site.leptos_options(listener.address());
    let limits = settings.limits;
    let trusted_proxies = settings.trusted_proxies.clone();
    let uploads = Shares::new(limits.uploads, limits.uploads_each);
    let familiar = Familiar::default();
    let doors = Doors::new(limits, familiar.clone());
    let state = AppState {
        backend,
        leptos,
        settings,
        shutdown: shutdown.clone(),
        uploads,
        drains: Drains::default(),
        familiar,
    };
    let router: Router = router::router(state, &site);
    let connections = Connections { router, limits, trusted_proxies, doors, told: shutdown.clone() };
    let serving = connections.serve(listener.into_tokio());
    let mut told = shutdown;
    let late = async {
        shutdown::wait(&mut told).await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        () = serving => {}
        () = late => tracing::warn!("some answers did not end in {} seconds; they are given up", DRAIN.as_secs()),
    }
    cleaning.abort();
    Ok(())
}

/// Asks the system for as many open files as that many connections and what is beside them take; with fewer, some
/// connections will have to wait.
pub fn allow_files(connections: usize) {
    let wanted = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(FILES_BESIDE);
    let now = getrlimit(Resource::Nofile);
    let Some(current) = now.current.filter(|current| *current < wanted) else { return };
    let raised = now.maximum.map_or(wanted, |most| most.min(wanted));
    if raised > current
        && setrlimit(Resource::Nofile, Rlimit { current: Some(raised), ..now }).is_ok()
        && raised == wanted
    {
        return;
    }
    tracing::warn!(wanted, "the system allows fewer open files than all connections take");
}

/// A name for this process's worker, by which people find it in logs.
pub fn worker_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}-{}", host.trim(), std::process::id())
}
