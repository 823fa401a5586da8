//! Where a plain form leads back to: never to another site.
//!
//! The library that runs server functions answers a form with a redirect to its `Referer`, whatever that says. So one
//! that is not ours is taken away before, and what the redirect names afterwards is our own path or the first page.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Uri, header};

use super::AppState;
use super::hosts;

/// The layer.
pub(super) async fn stay(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let public = state.settings.public_url.as_ref().map(super::PublicUrl::host);
    let own: Vec<String> = [hosts::asked(&request), public].into_iter().flatten().map(str::to_owned).collect();
    if request.headers().get(header::REFERER).is_some_and(|referer| path_in(referer, &own).is_none()) {
        request.headers_mut().remove(header::REFERER);
    }
    let is_function = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    if is_function {
        stay_here(response.headers_mut(), &own);
    }
    response
}

/// Makes what a redirect leads to a path of ours.
fn stay_here(headers: &mut HeaderMap, own: &[String]) {
    let Some(location) = headers.get(header::LOCATION) else { return };
    let path = path_in(location, own).unwrap_or_else(|| "/".to_owned());
    let path = HeaderValue::from_str(&path).unwrap_or(HeaderValue::from_static("/"));
    headers.insert(header::LOCATION, path);
}

/// The path of an address that leads to one of our hosts or names none.
fn path_in(address: &HeaderValue, own: &[String]) -> Option<String> {
    let text = address.to_str().ok()?;
    // Browsers take `/\\` for `//`, and a fragment is no part of what is parsed here.
    let (text, fragment) = text.split_once('#').map_or((text, None), |(text, fragment)| (text, Some(fragment)));
    if text.contains('\\') {
        return None;
    }
    let uri: Uri = text.parse().ok()?;
    if let Some(authority) = uri.authority()
        && !(matches!(uri.scheme_str(), Some("http" | "https"))
            && own.iter().any(|own| own.eq_ignore_ascii_case(authority.as_str())))
    {
        return None;
    }
    let path = uri.path_and_query()?.as_str();
    if !path.starts_with('/') || path.starts_with("//") {
        return None;
    }
    Some(fragment.map_or_else(|| path.to_owned(), |fragment| format!("{path}#{fragment}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_are_led_to() {
        let own = ["127.0.0.1:3000".to_owned(), "strata.example.net".to_owned()];
        let led = |address: &str| path_in(&HeaderValue::from_str(address).unwrap(), &own);
        for (address, path) in [
            ("/changes/1", "/changes/1"),
            ("http://127.0.0.1:3000/changes/1?page=2", "/changes/1?page=2"),
            ("https://STRATA.example.net/", "/"),
            ("/changes/1#discussion", "/changes/1#discussion"),
        ] {
            assert_eq!(led(address).as_deref(), Some(path));
        }
        for foreign in [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example",
            "https://strata.example.net.evil.example/",
            "https://strata.example.net@evil.example/",
            "http://127.0.0.1:3001/",
            "javascript:alert(1)",
            "https://strata.example.net//evil.example",
            "evil.example/x",
        ] {
            assert_eq!(led(foreign), None, "{foreign}");
        }
    }
}
