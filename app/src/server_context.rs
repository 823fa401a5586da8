//! What a server function reaches on the server: the backend, who asks, and the answer's status.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use leptos::prelude::{expect_context, use_context};
use leptos_axum::ResponseOptions;
use strata_backend::Outage;
use strata_backend::ctx::{Actor, Backend};
use strata_backend::sessions::{ACCOUNT_KEY, EPOCH_KEY};
use strata_domain::{Refusal, Refused};
use tower_sessions::Session;

use crate::api::arguments::UNREAD;
use crate::error::AppError;

/// The address that a request came from, after trusted proxies; put into the request by the server.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

/// The word by which the device is known that a request came from, if it has one, and a place for the one that it is to
/// keep; put into the request by the server, which knows the cookie. In no log, and so without `Debug`.
#[derive(Clone, Default)]
pub struct Device {
    /// As the browser sent it.
    pub sent: Option<String>,
    /// What the answer tells the browser to keep.
    pub kept: Arc<OnceLock<String>>,
}

/// What links for people begin with, without a slash at its end; provided by the server as context.
#[derive(Clone, Debug)]
pub struct PublicAddress(pub String);

/// The backend, which the server provides as context.
pub fn backend() -> Backend {
    expect_context::<Backend>()
}

/// Who asks; `Nobody` where the server's middleware found no session.
pub fn actor() -> Actor {
    extension::<Actor>().unwrap_or(Actor::Nobody)
}

/// The session of this request.
///
/// # Errors
/// `Request` where the session layer did not run, which is a fault of the wiring.
pub fn session() -> Result<Session, AppError> {
    extension::<Session>().ok_or_else(|| AppError::Request { message: "no session layer".to_owned() })
}

/// The address to count failed sign-ins under.
pub fn client_address() -> IpAddr {
    extension::<ClientAddress>().map_or(IpAddr::from([0, 0, 0, 0]), |address| address.0)
}

/// The word that the browser kept from when somebody signed in with it.
pub fn device_word() -> Option<String> {
    extension::<Device>()?.sent.clone()
}

/// Has the browser keep the word; it opens nothing, and only has guesses of others counted apart from this device's.
pub fn device_keep(word: String) {
    if let Some(device) = extension::<Device>() {
        let _one_for_each_request = device.kept.set(word);
    }
}

fn extension<T: Clone + Send + Sync + 'static>() -> Option<T> {
    use_context::<Parts>().and_then(|parts| parts.extensions.get::<T>().cloned())
}

/// Turns a backend's answer into the page's, and sets the status of the response: the one place that does.
///
/// # Errors
/// The backend's error in the page's words.
pub fn answer<T>(result: Result<T, strata_backend::Error>) -> Result<T, AppError> {
    result.map_err(|error| fail(AppError::from(error)))
}

/// Sets the status that goes with an error and hands it back.
///
/// A page that needs a person leads to the sign-in page instead, and from there back.
pub fn fail(error: AppError) -> AppError {
    let parts = use_context::<Parts>();
    if let (AppError::NotSignedIn, Some(page)) = (&error, parts.filter(|parts| !parts.uri.path().starts_with("/api/")))
    {
        let next = page.uri.path_and_query().map_or("/", |path| path.as_str());
        leptos_axum::redirect(&crate::paths::sign_in(next));
        return error;
    }
    // A form posted without wasm is answered with a redirect back to its page, which shows the error;
    // another status would leave the person on a bare error body.
    let plain_form = use_context::<Parts>().is_some_and(|parts| {
        parts.method == Method::POST
            && parts
                .headers
                .get(header::ACCEPT)
                .is_some_and(|accept| accept.to_str().is_ok_and(|a| a.contains("text/html")))
    });
    if let (false, Some(options), Ok(status)) =
        (plain_form, use_context::<ResponseOptions>(), StatusCode::from_u16(error.status()))
    {
        options.set_status(status);
        if let AppError::TooMuch { seconds, .. } = &error {
            options.insert_header(header::RETRY_AFTER, (*seconds).into());
        }
    }
    error
}

/// Marks the answer of a server function that could not read its arguments: the server says which one it is.
pub(crate) fn arguments_unread() {
    if let Some(options) = use_context::<ResponseOptions>() {
        options.insert_header(HeaderName::from_static(UNREAD), HeaderValue::from_static("1"));
    }
}

/// Has the browser forget what it keeps of us, so that whoever sits there next finds nothing; the cookie is gone already.
pub(crate) fn forget_here() {
    if let Some(options) = use_context::<ResponseOptions>() {
        let kinds = HeaderValue::from_static("\"cache\", \"storage\"");
        options.insert_header(HeaderName::from_static("clear-site-data"), kinds);
    }
}

impl From<strata_backend::Error> for AppError {
    fn from(error: strata_backend::Error) -> Self {
        use strata_backend::Error as Backend;
        match error {
            Backend::NotSignedIn => Self::NotSignedIn,
            Backend::Refused(Refused { kind: Refusal::NotYou, reason }) => Self::NotYou { reason },
            Backend::Refused(Refused { kind: Refusal::NotNow, reason }) => Self::NotNow { reason },
            Backend::NotFound { what } => Self::NotFound { what: what.to_owned() },
            Backend::Conflict { what } => Self::Conflict { what },
            Backend::TooMuch { what, seconds } => Self::TooMuch { what, seconds },
            Backend::Invalid { field, message } => Self::Invalid { field: field.to_owned(), message },
            Backend::Unavailable(outage) => outage.into(),
            Backend::Busy => Self::Busy { what: Backend::Busy.to_string() },
            Backend::Unexpected { id } => Self::Unexpected { id: id.to_string() },
        }
    }
}

impl From<Outage> for AppError {
    fn from(outage: Outage) -> Self {
        Self::Unavailable { title: outage.title().to_owned(), why: outage.to_string() }
    }
}

/// Makes the session that account's, under a new id, so that one fixed before signing in is worth nothing.
///
/// # Errors
/// `Unavailable` where the session store does not answer.
pub async fn session_begin(session: &Session, account: &str, epoch: i64) -> Result<(), AppError> {
    let store = |_| fail(store_away());
    session.cycle_id().await.map_err(store)?;
    session.insert(ACCOUNT_KEY, account).await.map_err(store)?;
    session.insert(EPOCH_KEY, epoch).await.map_err(store)
}

/// Ends the session and removes it from the store.
///
/// # Errors
/// `Unavailable` where the session store does not answer.
pub async fn session_end(session: &Session) -> Result<(), AppError> {
    session.flush().await.map_err(|_| fail(store_away()))
}

/// What the session store met; it keeps no more of it than that it failed.
fn store_away() -> AppError {
    Outage::lately().unwrap_or(Outage::Away).into()
}
