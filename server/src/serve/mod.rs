//! The server: routes, the layers around them, and how it begins and ends.

mod actor;
mod answer;
mod client;
mod csrf;
mod device;
mod events;
mod headers;
mod limit;
mod listener;
mod plain_forms;
mod proposal;
mod public_url;
mod ready;
mod record;
mod router;
mod sessions;
mod shutdown;
mod site;
mod unavailable;
mod whole;

use std::future::IntoFuture;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::FromRef;
use axum::serve::ListenerExt;
use leptos::prelude::LeptosOptions;
use strata_backend::Backend;
use strata_backend::loops::Over;
use tokio::sync::watch;

pub use client::TrustedProxies;
pub use listener::Listener;
pub use public_url::PublicUrl;
pub use ready::{Part, Readiness};
pub use shutdown::Shutdown;
pub use site::Site;

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
    let state = AppState { backend, leptos, settings, shutdown: shutdown.clone() };
    let router: Router = router::router(state, &site);
    // Without TCP_NODELAY a page that is streamed waits 40 ms for each piece.
    let listener = listener.into_tokio().tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!("TCP_NODELAY: {error}");
        }
    });
    let mut told = shutdown.clone();
    let serving = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move {
            shutdown::wait(&mut told).await;
        })
        .into_future();
    let mut told = shutdown;
    let late = async {
        shutdown::wait(&mut told).await;
        tokio::time::sleep(DRAIN).await;
    };
    let served = tokio::select! {
        served = serving => served.map_err(ServeError::Broke),
        () = late => {
            tracing::warn!("some answers did not end in {} seconds; they are given up", DRAIN.as_secs());
            Ok(())
        }
    };
    cleaning.abort();
    served
}

/// A name for this process's worker, by which people find it in logs.
pub fn worker_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}-{}", host.trim(), std::process::id())
}
