//! Pages are rendered whole, whether or not whoever asked still waits for them.
//!
//! What a page reads is read by tasks of its own, which ask for the backend and for who looks as they go on. Were the
//! page dropped with the request of a reader who left, they would find neither and panic; so it is rendered in a task that
//! nobody's leaving ends. It needs a turn, so that those who come and leave do not pile up work.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::StatusCode;
use strata_app::error::AppError;
use tokio::sync::Semaphore;
use tower_http::request_id::RequestId;
use tracing::Instrument;

use super::answer::Asker;

/// Pages that are rendered at once; further ones wait for their turn for as long as their reader does.
const AT_ONCE: usize = 64;

/// A page that takes longer is given up; nobody waits for it any more (see `unavailable`).
const WITHIN: Duration = Duration::from_secs(90);

/// The turns of one server.
pub(super) fn turns() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(AT_ONCE))
}

/// The layer around pages. Server functions pass through: they hold what they ask for themselves, and end whole when
/// they are dropped.
pub(super) async fn render(State(turns): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    if request.uri().path().starts_with("/api/") {
        return next.run(request).await;
    }
    let asker = Asker::of(request.method(), request.headers(), request.uri().path());
    let id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok()).unwrap_or_default();
    let id = id.to_owned();
    let broken = |why: &dyn Display| {
        tracing::error!("a page could not be rendered: {why}");
        let error = AppError::Unexpected { id };
        asker.answer(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong", &error, None)
    };
    let Ok(turn) = turns.acquire_owned().await else { return broken(&"there are no turns any more") };
    let rendering = async move {
        let (parts, body) = next.run(request).await.into_parts();
        // A page is one piece already; to the end of its body it still asks for what it was rendered with.
        let body = to_bytes(body, usize::MAX).await;
        drop(turn);
        body.map(|body| Response::from_parts(parts, Body::from(body)))
    };
    match tokio::spawn(tokio::time::timeout(WITHIN, rendering).in_current_span()).await {
        Ok(Ok(Ok(response))) => response,
        Ok(Ok(Err(error))) => broken(&error),
        Ok(Err(late)) => broken(&late),
        Err(error) => broken(&error),
    }
}
