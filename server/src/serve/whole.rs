//! Pages are rendered whole, whether or not whoever asked still waits for them.
//!
//! What a page reads is read by tasks of its own, which ask for the backend and for who looks as they go on. Were the
//! page dropped with the request of a reader who left, they would find neither and panic; so it is rendered in a task that
//! nobody's leaving ends, and no deadline. It needs a turn, so that those who come and leave do not pile up work.

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

/// A page that takes longer is not waited for any more (see `unavailable`); it keeps its turn to its end.
const WITHIN: Duration = Duration::from_secs(90);

/// A page is no longer than this: what it shows of something large is cut.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// The turns of one server, and what a page may take.
#[derive(Clone)]
pub(super) struct Turns {
    turns: Arc<Semaphore>,
    within: Duration,
    most_bytes: usize,
}

impl Default for Turns {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), within: WITHIN, most_bytes: MOST_BYTES }
    }
}

/// The layer around pages. Server functions pass through: they hold what they ask for themselves, and end whole when
/// they are dropped.
pub(super) async fn render(State(turns): State<Turns>, request: Request, next: Next) -> Response {
    let Turns { turns, within, most_bytes } = turns;
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
        let body = to_bytes(body, most_bytes).await;
        drop(turn);
        body.map(|body| Response::from_parts(parts, Body::from(body)))
    };
    match tokio::time::timeout(within, tokio::spawn(rendering.in_current_span())).await {
        Ok(Ok(Ok(response))) => response,
        Ok(Ok(Err(error))) => broken(&error),
        Ok(Err(error)) => broken(&error),
        Err(late) => broken(&late),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use axum::Router;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    async fn status(router: Router, path: &str) -> StatusCode {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        router.oneshot(request).await.unwrap().status()
    }

    #[tokio::test]
    async fn a_page_that_nobody_waits_for_is_rendered_to_its_end() {
        let ended = Arc::new(AtomicBool::new(false));
        let page = {
            let ended = Arc::clone(&ended);
            move || async move {
                tokio::time::sleep(Duration::from_millis(300)).await;
                ended.store(true, Ordering::SeqCst);
            }
        };
        let turns = Turns { within: Duration::from_millis(20), ..Turns::default() };
        let router = Router::new().route("/", get(page)).layer(from_fn_with_state(turns.clone(), render));
        assert_eq!(status(router, "/").await, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!ended.load(Ordering::SeqCst));
        assert_eq!(turns.turns.available_permits(), AT_ONCE - 1, "it has its turn");
        while turns.turns.available_permits() < AT_ONCE {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(ended.load(Ordering::SeqCst), "it was dropped half-way");
    }

    #[tokio::test]
    async fn a_page_has_a_longest_length() {
        let turns = Turns { most_bytes: 100, ..Turns::default() };
        let router = Router::new()
            .route("/long", get(|| async { "x".repeat(101) }))
            .route("/short", get(|| async { "x".repeat(100) }))
            .layer(from_fn_with_state(turns, render));
        assert_eq!(status(router.clone(), "/short").await, StatusCode::OK);
        assert_eq!(status(router, "/long").await, StatusCode::INTERNAL_SERVER_ERROR);
    }
}
