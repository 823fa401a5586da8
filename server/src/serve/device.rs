//! The cookie by which a device is known that somebody signed in from: guesses of others do not hold it up.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};
use strata_app::server_context::Device;
use strata_backend::accounts::DEVICE_KNOWN_DAYS;
use tower_sessions::cookie::time::Duration;
use tower_sessions::cookie::{Cookie, SameSite};

use super::{AppState, PublicUrl};

/// The layer: puts [`Device`] into the request, and what is to be kept of it into the answer.
pub(super) async fn know(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let is_https = state.settings.public_url.as_ref().is_some_and(PublicUrl::is_https);
    // Behind TLS the name binds it to this host, this path and TLS, as with the session's.
    let name = if is_https { "__Host-strata-device" } else { "strata-device" };
    let device = Device { sent: sent(request.headers(), name), ..Device::default() };
    request.extensions_mut().insert(device.clone());
    let mut response = next.run(request).await;
    if let Some(word) = device.kept.get() {
        let cookie = Cookie::build((name, word))
            .path("/")
            .http_only(true)
            .secure(is_https)
            .same_site(SameSite::Lax)
            .max_age(Duration::days(DEVICE_KNOWN_DAYS.into()));
        if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    response
}

fn sent(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = lines.flat_map(Cookie::split_parse).filter_map(Result::ok);
    cookies.find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("strata=abc; strata-device=W0rd-_"));
        assert_eq!(sent(&headers, "strata-device").as_deref(), Some("W0rd-_"));
        assert_eq!(sent(&headers, "__Host-strata-device"), None);
        assert_eq!(sent(&HeaderMap::new(), "strata-device"), None);
    }
}
