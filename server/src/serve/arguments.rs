//! The arguments of server functions, looked at where all of them pass: U+0000 is in nothing, and what cannot be read is
//! refused with the name of the argument.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, StatusCode, Uri, header};
use serde_json::Value;
use strata_app::api::arguments::{Fault, Function, Sent, UNREAD, function};
use strata_app::error::AppError;

use super::answer::Asker;
use super::{limit, unavailable};

/// Refuses an address with U+0000 in it, whatever it leads to.
pub(super) fn check_address(uri: &Uri) -> Result<(), AppError> {
    // A path is no form, but what is asked of it here is the same.
    if check_form(uri.path().as_bytes()).is_err() {
        return Err(nul("address"));
    }
    check_form(uri.query().unwrap_or_default().as_bytes())
}

/// Refuses arguments that no server function could read: U+0000 in one of them, or an upload that is no form.
pub(super) fn check_body(parts: &Parts, body: &[u8]) -> Result<(), AppError> {
    match function(parts.uri.path()).map(Function::sent) {
        Some(Sent::Json) => check_json(body),
        Some(Sent::Form) => check_form(body),
        Some(Sent::Multipart) => check_multipart(parts),
        Some(Sent::Query) | None => Ok(()),
    }
}

fn check_form(form: &[u8]) -> Result<(), AppError> {
    match form_urlencoded::parse(form).find(|(name, value)| name.contains('\0') || value.contains('\0')) {
        Some((name, _)) => Err(nul(&name)),
        None => Ok(()),
    }
}

fn check_json(json: &[u8]) -> Result<(), AppError> {
    // Raw, it is no JSON; written out, it is always written like this. A batch is large, and this look is short.
    if !json.windows(6).any(|six| six == br"\u0000") {
        return Ok(());
    }
    let Ok(value) = serde_json::from_slice::<Value>(json) else { return Ok(()) };
    match nul_in(&value, "") {
        Some(path) => Err(nul(&path)),
        None => Ok(()),
    }
}

/// The path to the first text with U+0000 in it.
fn nul_in(value: &Value, path: &str) -> Option<String> {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::String(text) => text.contains('\0').then(|| path.to_owned()),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(place, item)| nul_in(item, &format!("{path}[{place}]")))
        }
        Value::Object(fields) => {
            fields.iter().find_map(
                |(name, field)| {
                    if name.contains('\0') { Some(below(name)) } else { nul_in(field, &below(name)) }
                },
            )
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// The library that reads these forms panics over one without a boundary.
fn check_multipart(parts: &Parts) -> Result<(), AppError> {
    let kind =
        parts.headers.get(header::CONTENT_TYPE).map(HeaderValue::to_str).and_then(Result::ok).unwrap_or_default();
    let mut pieces = kind.split(';').map(str::trim);
    let is_multipart = pieces.next().is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/form-data"));
    let boundary =
        pieces.filter_map(|piece| piece.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("boundary"));
    if is_multipart && boundary.is_some_and(|(_, value)| !value.trim_matches('"').is_empty()) {
        return Ok(());
    }
    let message = "Send a form with a topology file in its field “file” (multipart/form-data).".to_owned();
    Err(AppError::Invalid { field: "file".to_owned(), message })
}

fn nul(field: &str) -> AppError {
    // The name is told as it can be read: it may hold what it is refused for.
    let field = field.replace('\0', "\\0");
    let message = format!("“{field}” has the character U+0000 in it, which no text may have.");
    AppError::Invalid { field, message }
}

/// The answer to arguments that cannot be taken.
pub(super) fn refused(parts: &Parts, error: &AppError) -> Response {
    Asker::of_parts(parts).answer(StatusCode::UNPROCESSABLE_ENTITY, "Not as it should be", error, None)
}

/// Has the request answered; where a server function could not read its arguments, says which one is wrong.
pub(super) async fn answer(parts: Parts, body: Body, read: Option<Bytes>, next: Next) -> Response {
    let path = parts.uri.path();
    // Without a body there is nothing for the library to find a boundary in.
    if path == limit::IMPORT
        && parts.method == http::Method::POST
        && let Err(error) = check_multipart(&parts)
    {
        return refused(&parts, &error);
    }
    let called = function(path);
    let asker = Asker::of_parts(&parts);
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let response = unavailable::in_time(&asker, next.run(Request::from_parts(parts, body))).await;
    if !response.headers().contains_key(UNREAD) {
        return response;
    }
    let fault = called.and_then(|function| match function.sent() {
        Sent::Query => function.fault(query.as_bytes()),
        Sent::Form | Sent::Json | Sent::Multipart => function.fault(&read.unwrap_or_default()),
    });
    let Fault { field, message } = fault.unwrap_or_else(Fault::of_all);
    asker.answer(StatusCode::UNPROCESSABLE_ENTITY, "Not as it should be", &AppError::Invalid { field, message }, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(checked: Result<(), AppError>) -> Option<String> {
        match checked {
            Err(AppError::Invalid { field, .. }) => Some(field),
            Err(other) => panic!("{other}"),
            Ok(()) => None,
        }
    }

    #[test]
    fn nul_is_found_wherever_it_hides() {
        let found = |address: &str| field(check_address(&address.parse().unwrap()));
        assert_eq!(found("/changes/%00").as_deref(), Some("address"));
        assert_eq!(found("/?env=a%00b").as_deref(), Some("env"));
        assert_eq!(found("/?a=1&form%5Bname%00%5D=b").as_deref(), Some("form[name\\0]"));
        assert_eq!(found("/?env=100%2500"), None, "a per cent sign before two zeros is none");
        assert_eq!(field(check_form(b"email=a%00b&password=x")).as_deref(), Some("email"));
        assert_eq!(field(check_form(b"email=a\0b")).as_deref(), Some("email"));
        let json = |text: &str| field(check_json(text.as_bytes()));
        assert_eq!(
            json(r#"{"id":1,"batch":{"edits":[{"name":"a"},{"name":"\u0000"}]}}"#).as_deref(),
            Some("batch.edits[1].name")
        );
        assert_eq!(json(r#"{"label":"the word \\u0000"}"#), None, "a text about it has none");
    }
}
