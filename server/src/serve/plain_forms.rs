//! Forms that are sent without wasm: a page shows as an answer only what we have said.
//!
//! What a form could not be taken for comes back in the address of its page (`__path`, `__err`), and anybody can write an
//! address. So the browser gets a seal of what was said beside it, which only we can give it; without it, the page is
//! shown as if nothing had been said.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use sha2::{Digest, Sha256};

use super::{AppState, PublicUrl};

/// The parts of a query that say what came of a form.
const SAID: [&str; 2] = ["__path", "__err"];

/// A page that is loaded again after so many seconds no longer tells.
const SEAL_SECONDS: u32 = 600;

/// The layer.
pub(super) async fn guard(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let is_https = state.settings.public_url.as_ref().is_some_and(PublicUrl::is_https);
    let path = request.uri().path();
    if matches!(*request.method(), Method::GET | Method::HEAD) && !path.starts_with("/api/") {
        return match seal_of(request.uri().query()) {
            Some(seal) if !has_cookie(request.headers(), name(is_https), &seal) => {
                Redirect::to(&without_said(request.uri())).into_response()
            }
            _ => next.run(request).await,
        };
    }
    let form = address(request.headers(), &header::REFERER);
    let mut response = next.run(request).await;
    // What a form could not be taken for is said where the form was. Elsewhere leads only what was taken, as signing in
    // does, to an address that a stranger may have written.
    let led_to = address(response.headers(), &header::LOCATION)
        .filter(|to| form.as_ref().is_some_and(|form| form.path() == to.path()));
    if let Some(seal) = led_to.and_then(|to| seal_of(to.query())) {
        let secure = if is_https { "; Secure" } else { "" };
        let cookie =
            format!("{}={seal}; Path=/; Max-Age={SEAL_SECONDS}; HttpOnly; SameSite=Strict{secure}", name(is_https));
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

fn address(headers: &HeaderMap, name: &HeaderName) -> Option<Uri> {
    headers.get(name).and_then(|address| address.to_str().ok()?.parse().ok())
}

/// The name of the cookie; behind TLS it binds the cookie to this host.
const fn name(is_https: bool) -> &'static str {
    if is_https { "__Host-strata-said" } else { "strata-said" }
}

/// What seals all that a query says of forms; none where it says nothing.
fn seal_of(query: Option<&str>) -> Option<String> {
    let mut seal = Sha256::new();
    let mut says = false;
    for (key, value) in form_urlencoded::parse(query?.as_bytes()).filter(|(key, _)| SAID.contains(&key.as_ref())) {
        says = true;
        for part in [key, value] {
            seal.update(part.len().to_be_bytes());
            seal.update(part.as_bytes());
        }
    }
    says.then(|| hex::encode(seal.finalize()))
}

fn has_cookie(headers: &HeaderMap, name: &str, value: &str) -> bool {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    cookies.flat_map(|cookies| cookies.split(';')).any(|cookie| cookie.trim().split_once('=') == Some((name, value)))
}

/// The address without what it says of forms.
fn without_said(uri: &Uri) -> String {
    let rest = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .filter(|(key, _)| !SAID.contains(&key.as_ref()));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(rest).finish();
    // Two slashes at the beginning would name another host.
    let path = format!("/{}", uri.path().trim_start_matches('/'));
    if query.is_empty() { path } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_of_everything_that_is_said() {
        let said = seal_of(Some("next=/&__path=/api/sign_in&__err=abc")).unwrap();
        assert_eq!(seal_of(Some("__path=/api/sign_in&x=1&__err=abc")).unwrap(), said, "whatever else is asked");
        for other in [
            "__path=/api/sign_in&__err=abd",
            "__path=/api/sign_out&__err=abc",
            "__path=/api/sign_in&__err=abc&__err=evil",
            "__err=evil&__path=/api/sign_in&__err=abc",
            "%5F%5Fpath=/api/sign_in&%5F%5Ferr=evil",
            "__err=abc",
        ] {
            assert_ne!(seal_of(Some(other)).unwrap(), said, "{other}");
        }
        assert_eq!(seal_of(Some("next=/&err=abc")), None);
        assert_eq!(seal_of(None), None);
    }

    #[test]
    fn what_is_left_of_the_address() {
        let left = |uri: &str| without_said(&uri.parse().unwrap());
        assert_eq!(
            left("/sign-in?__path=%2Fapi&next=/changes%3Fenv%3Da&__err=x"),
            "/sign-in?next=%2Fchanges%3Fenv%3Da"
        );
        assert_eq!(left("/sign-in?%5F_err=x"), "/sign-in");
        assert_eq!(left("//evil.example/a?__err=x"), "/evil.example/a");
    }

    #[test]
    fn a_seal_is_found_among_cookies() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("strata=1; strata-said=abc"));
        assert!(has_cookie(&headers, "strata-said", "abc"));
        assert!(!has_cookie(&headers, "strata-said", "ab"));
        assert!(!has_cookie(&headers, "strata", "abc"));
    }
}
