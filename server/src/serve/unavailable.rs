//! When the database is away: pages say so, with status 503, and come back by themselves.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::StatusCode;
use strata_app::error::AppError;
use strata_backend::{Error, Outage};

use super::AppState;
use super::answer::Asker;

/// A page tries again after so many seconds.
const AGAIN_AFTER: u8 = 5;

/// An answer that has not begun by then will not: the database is there but does not move. What it was about is undone.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// Marks an answer that says already that the database is away.
#[derive(Clone, Copy, Debug)]
struct Said;

/// The answer for when the database is away, or in trouble that was met lately.
pub(super) fn answer(asker: &Asker) -> Response {
    answer_for(asker, Outage::lately().unwrap_or(Outage::Away))
}

fn answer_for(asker: &Asker, outage: Outage) -> Response {
    let error = AppError::from(outage);
    let mut response = asker.answer(StatusCode::SERVICE_UNAVAILABLE, outage.title(), &error, Some(AGAIN_AFTER));
    response.extensions_mut().insert(Said);
    response
}

/// The answer, or the one for when the database is away where none has begun in time. How long the request itself takes to
/// arrive is no part of that.
pub(super) async fn in_time(asker: &Asker, answering: impl Future<Output = Response>) -> Response {
    tokio::time::timeout(ANSWER_WITHIN, answering).await.unwrap_or_else(|_| answer(asker))
}

/// The layer: an answer that failed because the database is away says so instead.
pub(super) async fn explain(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let asker = Asker::of(request.method(), request.headers(), request.uri().path());
    let response = next.run(request).await;
    let failed = matches!(response.status(), StatusCode::INTERNAL_SERVER_ERROR | StatusCode::SERVICE_UNAVAILABLE);
    if !failed || response.extensions().get::<Said>().is_some() {
        return response;
    }
    match state.backend.ping().await {
        Err(Error::Unavailable(outage)) => answer_for(&asker, outage),
        Err(_) => answer(&asker),
        // It answers, and cannot write: the layers that only know that it failed said 500.
        Ok(()) => match Outage::lately() {
            Some(outage) if response.status() == StatusCode::INTERNAL_SERVER_ERROR => answer_for(&asker, outage),
            _ => response,
        },
    }
}
