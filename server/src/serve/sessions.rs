//! The cookie, and the sessions behind it.

use std::time::Duration;

use strata_backend::sessions::PgSessionStore;
use strata_backend::{Backend, Trouble};
use tokio::sync::watch;
use tower_sessions::cookie::{SameSite, time};
use tower_sessions::{ExpiredDeletion, Expiry, SessionManagerLayer};

use super::{Settings, shutdown};

/// A session that is not used for so long ends.
const IDLE_HOURS: i64 = 8;
/// Ended sessions are removed this often.
const CLEANED_EVERY: Duration = Duration::from_secs(10 * 60);
/// And after so long where that failed.
const TRIED_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// The session layer. Behind TLS the cookie's name binds it to this host, this path and TLS.
pub(super) fn layer(backend: &Backend, settings: &Settings) -> SessionManagerLayer<PgSessionStore> {
    let is_https = settings.public_url.as_ref().is_some_and(super::PublicUrl::is_https);
    SessionManagerLayer::new(backend.sessions())
        .with_name(if is_https { "__Host-strata" } else { "strata" })
        .with_secure(is_https)
        .with_http_only(true)
        // Lax, so that a link in a mail leads to the page and not to the sign-in form; see `csrf` for the rest.
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(time::Duration::hours(IDLE_HOURS)))
}

/// Removes sessions that have ended, until it is time to stop.
pub(super) async fn clean(backend: Backend, mut told: watch::Receiver<bool>) {
    let store = backend.sessions();
    let mut trouble = Trouble::of(backend.loops(), "sessions");
    loop {
        let pause = match store.delete_expired().await {
            Ok(()) => {
                trouble.passed();
                CLEANED_EVERY
            }
            Err(error) => {
                trouble.failed(&error);
                TRIED_AGAIN_AFTER
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shutdown::wait(&mut told) => return,
        }
    }
}
