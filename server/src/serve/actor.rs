//! Who asks: from the session's cookie to the account, once for each request.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use strata_app::server_context::ClientAddress;
use strata_backend::{Actor, Backend, accounts};
use tower_sessions::Session;
use tower_sessions::session::Error as SessionError;

use super::AppState;
use super::answer::Asker;
use super::unavailable;

/// A session ends this long after signing in, whatever happens in it.
const LONGEST_SECONDS: i64 = 7 * 24 * 60 * 60;
/// A session that is used is renewed at most so often: reading a page should not write.
const RENEWED_AFTER_SECONDS: i64 = 5 * 60;

/// Keys of the session's data; sign-in writes the first three.
mod key {
    pub(super) const ACCOUNT: &str = "account";
    pub(super) const EPOCH: &str = "epoch";
    pub(super) const SINCE: &str = "since";
    pub(super) const SEEN: &str = "seen";
}

/// The layer: puts [`Actor`] and [`ClientAddress`] into the request.
pub(super) async fn identify(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    session: axum::Extension<Session>,
    mut request: Request,
    next: Next,
) -> Response {
    match present(&state.backend, &session, now()).await {
        Ok(actor) => {
            let address = state.settings.trusted_proxies.client(peer, request.headers());
            request.extensions_mut().insert(ClientAddress(address));
            request.extensions_mut().insert(actor);
            next.run(request).await
        }
        Err(Away) => unavailable::answer(&Asker::of(request.method(), request.headers(), request.uri().path())),
    }
}

/// The database cannot say who it is.
#[derive(Debug)]
struct Away;

impl From<strata_backend::Error> for Away {
    fn from(_logged_where_it_was_made: strata_backend::Error) -> Self {
        Self
    }
}

impl From<SessionError> for Away {
    fn from(_logged_by_the_store: SessionError) -> Self {
        Self
    }
}

async fn present(backend: &Backend, session: &Session, now: i64) -> Result<Actor, Away> {
    // Without a cookie there is nothing to look up.
    if session.id().is_none() {
        return Ok(Actor::Nobody);
    }
    let account: Option<String> = session.get(key::ACCOUNT).await?;
    let epoch: Option<i64> = session.get(key::EPOCH).await?;
    let since: Option<i64> = session.get(key::SINCE).await?;
    let (Some(account), Some(epoch), Some(since)) = (account, epoch, since) else { return Ok(Actor::Nobody) };
    let actor = match now - since < LONGEST_SECONDS {
        true => accounts::actor_load(backend, &account, epoch).await?,
        false => None,
    };
    let Some(actor) = actor else {
        session.flush().await?;
        return Ok(Actor::Nobody);
    };
    let seen: i64 = session.get(key::SEEN).await?.unwrap_or(since);
    if now - seen >= RENEWED_AFTER_SECONDS {
        session.insert(key::SEEN, now).await?;
    }
    Ok(actor)
}

#[expect(clippy::disallowed_methods, reason = "the one place where the server asks the clock, to end sessions")]
fn now() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX)
}
