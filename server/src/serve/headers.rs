//! The headers that every answer has, unless a handler has said otherwise.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::AppState;

/// Names and values; the policy for content is for answers that are no page: a page brings its own, with its nonce.
const ALWAYS: [(HeaderName, &str); 8] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// A year; for subdomains as well only where the operator says so, since they are not ours to speak for.
const STAY_WITH_TLS: &str = "max-age=31536000";
const STAY_WITH_TLS_BELOW: &str = "max-age=31536000; includeSubDomains";

/// Who is told that there is no room now tries again after so many seconds, unless another number is given.
const AGAIN_AFTER: &str = "5";

/// The layer.
pub(super) async fn add(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let is_full = matches!(response.status(), StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS);
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if state.settings.public_url.as_ref().is_some_and(super::PublicUrl::is_https) {
        let stay = if state.settings.hsts_subdomains { STAY_WITH_TLS_BELOW } else { STAY_WITH_TLS };
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(stay));
    }
    if is_full {
        headers.entry(header::RETRY_AFTER).or_insert(HeaderValue::from_static(AGAIN_AFTER));
    }
    response
}
