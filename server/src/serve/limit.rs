//! How much a request may bring.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use strata_app::error::AppError;
use strata_domain::file::LIMIT_BYTES;

use super::answer::Asker;

/// Where a topology file is brought.
pub(super) const IMPORT: &str = "/api/topology_import";
/// Where the editor brings its batches: ten thousand edits at most.
const BATCH: &str = "/api/draft_append";
/// The edits of a batch.
const EDITS_BYTES: u64 = 8 * 1024 * 1024;
/// A form of ours has a few fields.
pub(super) const FORM_BYTES: u64 = 64 * 1024;
/// What stands around a file or the edits of a batch.
const AROUND_BYTES: u64 = 1024 * 1024;

/// The layer: 413, in words, for what says that it is too long. What does not say so is found when it is read.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    match announced(request.headers()) {
        Some(length) if length > most(request.uri().path()) => {
            let (parts, _thrown_away) = request.into_parts();
            too_large(&parts, Some(length))
        }
        _ => next.run(request).await,
    }
}

/// The length that a request says its body has.
pub(super) fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The most bytes that are taken there.
pub(super) fn most(path: &str) -> u64 {
    if is_upload(path) { told(path) + AROUND_BYTES } else { told(path) }
}

/// Whether more is brought there than a form.
pub(super) fn is_upload(path: &str) -> bool {
    matches!(path, IMPORT | BATCH)
}

/// The limit as people are told of it: that of the file, or of the edits.
fn told(path: &str) -> u64 {
    match path {
        IMPORT => LIMIT_BYTES as u64,
        BATCH => EDITS_BYTES,
        _ => FORM_BYTES,
    }
}

/// The answer to a body that is too long, with its length where it is known.
pub(super) fn too_large(parts: &Parts, length: Option<u64>) -> Response {
    let error = error(parts.uri.path(), length);
    Asker::of_parts(parts).answer(StatusCode::PAYLOAD_TOO_LARGE, "Too large", &error, None)
}

fn error(path: &str, length: Option<u64>) -> AppError {
    let (is_import, limit) = (path == IMPORT, size(told(path)));
    let nothing = if is_import { "imported" } else { "changed" };
    let message = match length {
        Some(length) => {
            format!("What was sent is too large: {}, and {limit} are allowed. Nothing was {nothing}.", size(length))
        }
        None => format!("What was sent is too large: {limit} are allowed. Nothing was {nothing}."),
    };
    AppError::Invalid { field: if is_import { "file" } else { "form" }.to_owned(), message }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_048_576 => format!("{} KiB", bytes.div_ceil(1024)),
        _ => format!("{} MiB", bytes.div_ceil(1024 * 1024)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_names_both_sizes() {
        let message = error(IMPORT, Some(50 * 1024 * 1024)).to_string();
        assert!(message.contains("50 MiB") && message.contains("16 MiB"), "{message}");
        assert!(error("/api/sign_in", Some(70 * 1024)).to_string().contains("70 KiB"));
        assert!(error(BATCH, Some(10 * 1024 * 1024)).to_string().contains("8 MiB are allowed"));
    }
}
