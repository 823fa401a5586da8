//! Refuses requests that another site makes a person's browser send.
//!
//! By what browsers say of every request: `Sec-Fetch-Site`, else `Origin`. A request with neither does not come from
//! a browser of the last years, so nobody's cookie was borrowed for it. No tokens, so plain forms work without wasm.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, Uri, header};

use super::{AppState, PublicUrl};

/// The layer: 403 for what [`is_own`] does not let through.
pub(super) async fn guard(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if is_own(request.method(), request.headers(), state.settings.public_url.as_ref()) {
        return next.run(request).await;
    }
    tracing::warn!(method = %request.method(), path = request.uri().path(), "refused a request from another site");
    (
        StatusCode::FORBIDDEN,
        "This request came from another site, and Strata does not act on those. Open Strata itself and try again there.\n",
    )
        .into_response()
}

/// Whether the request changes nothing, or comes from our own pages, or from no browser.
fn is_own(method: &Method, headers: &HeaderMap, public: Option<&PublicUrl>) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    match headers.get("sec-fetch-site").map(http::HeaderValue::as_bytes) {
        Some(b"same-origin" | b"none") => true,
        Some(_) => false,
        // `Origin: null`, as from a sandboxed frame, has no authority and is refused.
        None => headers
            .get(header::ORIGIN)
            .is_none_or(|origin| origin.to_str().is_ok_and(|origin| is_ours(origin, headers, public))),
    }
}

/// Whether an address is one of ours: the public one, or of the host that was asked by another name.
fn is_ours(address: &str, headers: &HeaderMap, public: Option<&PublicUrl>) -> bool {
    let Ok(address) = address.parse::<Uri>() else { return false };
    let Some(of) = address.authority().map(http::uri::Authority::as_str) else { return false };
    if let Some(public) = public.filter(|public| public.host().eq_ignore_ascii_case(of)) {
        // Of the same host without TLS comes whatever somebody on the way makes of it.
        return !public.is_https() || address.scheme_str() == Some("https");
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host.is_some_and(|host| host.eq_ignore_ascii_case(of))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: &Method, headers: &[(&'static str, &str)]) -> bool {
        let headers =
            headers.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect();
        is_own(method, &headers, Some(&"https://strata.example.net".parse().unwrap()))
    }

    #[test]
    fn reading_is_free() {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert!(asked(&method, &[("sec-fetch-site", "cross-site")]));
        }
    }

    #[test]
    fn the_browser_says_where_it_comes_from() {
        for (from, own) in
            [("same-origin", true), ("none", true), ("same-site", false), ("cross-site", false), ("", false)]
        {
            assert_eq!(asked(&Method::POST, &[("sec-fetch-site", from)]), own, "{from}");
        }
        let both = [("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:3000"), ("host", "127.0.0.1:3000")];
        assert!(!asked(&Method::DELETE, &both), "the newer header decides");
    }

    #[test]
    fn an_older_browser_says_its_origin() {
        let host = ("host", "127.0.0.1:3000");
        assert!(asked(&Method::POST, &[host, ("origin", "http://127.0.0.1:3000")]));
        assert!(
            asked(&Method::POST, &[host, ("origin", "https://strata.example.net")]),
            "behind a proxy that renames the host"
        );
        let public = ("host", "strata.example.net");
        assert!(!asked(&Method::POST, &[public, ("origin", "http://strata.example.net")]), "not over TLS");
        for foreign in ["http://127.0.0.1:3001", "https://evil.example", "null", "", "http://127.0.0.1"] {
            assert!(!asked(&Method::POST, &[host, ("origin", foreign)]), "{foreign}");
        }
        assert!(!asked(&Method::POST, &[("origin", "http://127.0.0.1:3000")]), "no host to compare with");
    }

    #[test]
    fn no_browser_no_borrowed_cookie() {
        assert!(asked(&Method::POST, &[("host", "127.0.0.1:3000")]));
    }
}
