//! Who asks: from the session's cookie to the account, once for each request.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use strata_app::server_context::ClientAddress;
use strata_backend::sessions::{ACCOUNT_KEY, EPOCH_KEY};
use strata_backend::{Actor, Backend, accounts};
use tower_sessions::Session;
use tower_sessions::session::Error as SessionError;

use super::AppState;
use super::answer::Asker;
use super::unavailable;

/// A session that is used is renewed at most so often: reading a page should not write.
const RENEWED_AFTER_SECONDS: i64 = 5 * 60;

/// Key of the session's data with the time of its latest renewal, in seconds since 1970.
const SEEN_KEY: &str = "seen";

/// The layer: puts [`Actor`] and [`ClientAddress`] into the request.
pub(super) async fn identify(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    session: axum::Extension<Session>,
    mut request: Request,
    next: Next,
) -> Response {
    let asked = tokio::time::timeout(unavailable::ANSWER_WITHIN, present(&state.backend, &session, now()));
    match asked.await.unwrap_or(Err(Away)) {
        Ok(actor) => {
            let address = state.settings.trusted_proxies.client(peer, request.headers());
            if matches!(actor, Actor::Account(_)) {
                state.familiar.remember(address);
            }
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
    let account: Option<String> = session.get(ACCOUNT_KEY).await?;
    let epoch: Option<i64> = session.get(EPOCH_KEY).await?;
    let (Some(account), Some(epoch)) = (account, epoch) else { return Ok(Actor::Nobody) };
    let Some(actor) = accounts::actor_load(backend, &account, epoch).await? else {
        session.flush().await?;
        return Ok(Actor::Nobody);
    };
    let seen: i64 = session.get(SEEN_KEY).await?.unwrap_or_default();
    // Another server's clock may be ahead, and this one's may have been set back.
    if (now - seen).abs() >= RENEWED_AFTER_SECONDS {
        session.insert(SEEN_KEY, now).await?;
    }
    Ok(actor)
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the one place where the server asks the clock")]
pub(super) fn now() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX)
}
