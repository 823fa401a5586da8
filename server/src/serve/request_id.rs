//! The id of a request in our log: ours, always. What a client calls it is logged beside it, where it is well formed.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use tower_http::request_id::{MakeRequestId, MakeRequestUuid, RequestId};
use tracing::Span;

const NAME: HeaderName = HeaderName::from_static("x-request-id");
/// Longest name of a client's that is logged.
const THEIRS_MAX: usize = 128;

/// What the client calls the request.
#[derive(Clone, Debug)]
struct Theirs(String);

/// The layer; the answer has our id.
pub(super) async fn name(mut request: Request, next: Next) -> Response {
    let theirs = request.headers_mut().remove(&NAME).as_ref().and_then(well_formed);
    if let Some(theirs) = theirs {
        request.extensions_mut().insert(theirs);
    }
    let Some(ours) = MakeRequestUuid.make_request_id(&request).map(RequestId::into_header_value) else {
        return next.run(request).await;
    };
    request.headers_mut().insert(NAME, ours.clone());
    request.extensions_mut().insert(RequestId::new(ours.clone()));
    let mut response = next.run(request).await;
    response.headers_mut().insert(NAME, ours);
    response
}

/// Letters, digits and the few signs that ids are made of; anything else could forge a line of the log.
fn well_formed(value: &HeaderValue) -> Option<Theirs> {
    let text = value.to_str().ok()?;
    let is_id =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'/' | b'+' | b'=');
    ((1..=THEIRS_MAX).contains(&text.len()) && text.bytes().all(is_id)).then(|| Theirs(text.to_owned()))
}

/// What is logged of a request: no query, no body, no cookie.
pub(super) fn span(request: &Request) -> Span {
    let id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok()).unwrap_or_default();
    let (method, path) = (request.method(), request.uri().path());
    match request.extensions().get::<Theirs>() {
        Some(Theirs(client_id)) => tracing::info_span!("request", id, client_id, %method, path),
        None => tracing::info_span!("request", id, %method, path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clients_id_is_short_and_plain() {
        let taken = |text: &str| well_formed(&HeaderValue::from_str(text).unwrap()).map(|theirs| theirs.0);
        assert_eq!(taken("4bf92f3577b34da6-a3ce").as_deref(), Some("4bf92f3577b34da6-a3ce"));
        for wrong in ["", "a b", "a\"b", "id=1 level=ERROR", &"x".repeat(129)] {
            assert_eq!(taken(wrong), None, "{wrong}");
        }
        assert!(well_formed(&HeaderValue::from_bytes(b"caf\xe9").unwrap()).is_none());
    }
}
