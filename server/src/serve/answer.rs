//! Answers that the server gives by itself, in the form that whoever asked can use.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use html_escape::encode_quoted_attribute;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use leptos::nonce::Nonce;
use strata_app::error::AppError;

/// Who asks, as far as the form of the answer depends on it.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    wants_page: bool,
    reads: bool,
    back: Option<String>,
}

impl Asker {
    /// Looks at a request before it is handed on.
    pub(super) fn of(method: &Method, headers: &HeaderMap, path: &str) -> Self {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        Self {
            // A program that calls the API may accept anything; a page that submits a plain form names HTML.
            wants_page: text(header::ACCEPT).is_some_and(|accept| accept.contains("text/html"))
                || !(path.starts_with("/api/") || path == "/events"),
            reads: matches!(*method, Method::GET | Method::HEAD),
            back: text(header::REFERER).map(str::to_owned),
        }
    }

    /// Whether it is shown to a person as it comes.
    pub(super) fn wants_page(&self) -> bool {
        self.wants_page
    }

    /// The address of the page that the request came from, without the host, which is ours (see [`super::ways`]).
    pub(super) fn page_before(&self) -> Option<String> {
        let back: Uri = self.back.as_deref()?.parse().ok()?;
        back.path_and_query().map(ToString::to_string)
    }

    /// The same, of the parts of a request.
    pub(super) fn of_parts(parts: &Parts) -> Self {
        Self::of(&parts.method, &parts.headers, parts.uri.path())
    }

    /// The error as a small page of its own, or as the typed error that our pages understand.
    ///
    /// With `try_again` a page that was only read loads itself again after so many seconds.
    pub(super) fn answer(&self, status: StatusCode, title: &str, error: &AppError, try_again: Option<u8>) -> Response {
        let mut response = if self.wants_page {
            self.page(title, &error.to_string(), try_again)
        } else {
            let json = serde_json::to_string(error).unwrap_or_default();
            ([(header::CONTENT_TYPE, "application/json")], json).into_response()
        };
        *response.status_mut() = status;
        if let Some(seconds) = try_again {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(u16::from(seconds)));
        }
        response
    }

    /// Needs nothing but itself: the style is in it, since this is what is shown when little else works.
    fn page(&self, title: &str, text: &str, try_again: Option<u8>) -> Response {
        let nonce = Nonce::new();
        let refresh = match try_again {
            Some(seconds) if self.reads => format!(r#"<meta http-equiv="refresh" content="{seconds}">"#),
            _ => String::new(),
        };
        let way_on = match (&self.back, self.reads) {
            (_, true) if try_again.is_some() => "This page tries again by itself.".to_owned(),
            (Some(back), _) => format!(r#"<a href="{}">Go back</a>"#, encode_quoted_attribute(back)),
            (None, _) => r#"<a href="/">Go to the role map</a>"#.to_owned(),
        };
        let (title, text) = (encode_quoted_attribute(title), encode_quoted_attribute(text));
        let html = format!(
            r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
{refresh}
<title>{title} · Strata</title>
<link rel="icon" href="/favicon.svg">
<style nonce="{nonce}">{STYLE}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p role="status">{text}</p>
<p>{way_on}</p>
</main>
</body>
</html>
"#
        );
        let policy = format!(
            "default-src 'none'; style-src 'nonce-{nonce}'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        let mut response = Response::new(Body::from(html));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{margin:0;min-height:100vh;display:grid;place-items:center;font:1rem/1.5 system-ui,sans-serif;background:#f6f7f9;color:#1b2430}\
main{max-width:34rem;margin:2rem;padding:2rem;background:#fff;border:1px solid #d4d9e0;border-radius:8px}\
h1{margin:0 0 .75rem;font-size:1.25rem}p{margin:.5rem 0}a{color:#1f5fbf}\
@media(prefers-color-scheme:dark){body{background:#12161c;color:#e6eaf0}main{background:#1a2028;border-color:#323b47}a{color:#8ab8ff}}";

#[cfg(test)]
mod tests {
    use super::*;

    fn asker(method: &Method, path: &str, accept: &str) -> Asker {
        let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
        Asker::of(method, &headers, path)
    }

    #[test]
    fn a_page_loads_again_by_itself_only_when_it_was_read() {
        let error = AppError::from(strata_backend::Outage::Away);
        let read = asker(&Method::GET, "/changes/1", "text/html").page("Gone", &error.to_string(), Some(5));
        assert!(read.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("'nonce-"));
        let page = asker(&Method::POST, "/api/change_submit", "text/html,*/*").answer(
            StatusCode::SERVICE_UNAVAILABLE,
            "Gone",
            &error,
            Some(5),
        );
        assert_eq!(page.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
        let json = asker(&Method::POST, "/api/change_submit", "application/json").answer(
            StatusCode::SERVICE_UNAVAILABLE,
            "Gone",
            &error,
            Some(5),
        );
        assert_eq!(json.headers()[header::CONTENT_TYPE], "application/json");
        assert_eq!(json.headers()[header::RETRY_AFTER], "5");
    }

    #[tokio::test]
    async fn what_came_with_the_request_is_no_markup() {
        let page = asker(&Method::GET, "/", "text/html").page("<script>", "\"a\" & b", None);
        let body = axum::body::to_bytes(page.into_body(), 64 * 1024).await.unwrap();
        let html = String::from_utf8(body.to_vec()).unwrap();
        assert!(html.contains("&lt;script&gt;") && html.contains("&quot;a&quot; &amp; b"), "{html}");
        assert!(!html.contains("<script>"), "{html}");
    }
}
