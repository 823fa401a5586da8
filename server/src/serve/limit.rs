//! How much a request may bring.

use axum::body::{Body, BodyDataStream};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use futures::StreamExt;
use http::{StatusCode, header};
use http_body_util::Limited;
use strata_app::error::AppError;
use strata_domain::file::LIMIT_BYTES;

use super::answer::Asker;

/// Where a topology file is brought.
const IMPORT: &str = "/api/topology_import";
/// Where the editor brings its batches: ten thousand edits at most.
const BATCH: &str = "/api/draft_append";
const BATCH_BYTES: u64 = 8 * 1024 * 1024;
/// A form of ours has a few fields.
const FORM_BYTES: u64 = 64 * 1024;
/// The file, and the form around it; a form that is encoded as text is longer than what it says.
const IMPORT_BYTES: u64 = LIMIT_BYTES as u64 + 1024 * 1024;
/// A browser reads our answer only when it could send what it wanted to; up to here we let it.
const DRAINED_BYTES: u64 = 128 * 1024 * 1024;

/// The layer: 413, in words, for what is too long.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    let is_import = request.uri().path() == IMPORT;
    let most = match request.uri().path() {
        IMPORT => IMPORT_BYTES,
        BATCH => BATCH_BYTES,
        _ => FORM_BYTES,
    };
    let announced =
        request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let (parts, body) = request.into_parts();
    match announced {
        Some(length) if length > most => {
            let asker = Asker::of_parts(&parts);
            if length <= DRAINED_BYTES {
                drain(body.into_data_stream()).await;
            }
            asker.answer(StatusCode::PAYLOAD_TOO_LARGE, "Too large", &too_large(is_import, length, most), None)
        }
        // What does not say its length is cut off where it becomes too long, and then cannot be read.
        _ => {
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            next.run(Request::from_parts(parts, Body::new(Limited::new(body, most)))).await
        }
    }
}

async fn drain(mut body: BodyDataStream) {
    while let Some(Ok(_)) = body.next().await {}
}

fn too_large(is_import: bool, length: u64, most: u64) -> AppError {
    let limit = if is_import { LIMIT_BYTES as u64 } else { most };
    let message = format!(
        "What was sent is too large: {}, and {} are allowed. Nothing was {}.",
        size(length),
        size(limit),
        if is_import { "imported" } else { "changed" }
    );
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
        let message = too_large(true, 50 * 1024 * 1024, IMPORT_BYTES).to_string();
        assert!(message.contains("50 MiB") && message.contains("16 MiB"), "{message}");
        assert!(too_large(false, 70 * 1024, FORM_BYTES).to_string().contains("70 KiB"));
    }
}
