//! A fault of ours that broke an answer off: whoever asked is told, under an id that the log has.

use std::panic::AssertUnwindSafe;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt;
use http::StatusCode;
use strata_app::error::AppError;

use super::answer::Asker;

/// The layer. What panicked is in the log already, with its place; what it held of the database is undone with it.
pub(super) async fn told(request: Request, next: Next) -> Response {
    let asker = Asker::of(request.method(), request.headers(), request.uri().path());
    // Nothing of the request is used again.
    if let Ok(response) = AssertUnwindSafe(next.run(request)).catch_unwind().await {
        return response;
    }
    let id = strata_backend::new_id().to_string();
    tracing::error!(error.id = %id, "unexpected: the answer broke off; what panicked stands above");
    let error = AppError::Unexpected { id };
    asker.answer(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong", &error, None)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn who_asked_is_told_that_an_answer_broke_off() {
        async fn breaks() -> &'static str {
            panic!("as a test wants it")
        }
        let router = Router::new().route("/api/breaks", get(breaks)).layer(from_fn(told));
        let request = Request::get("/api/breaks").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), 1024).await.unwrap();
        assert!(matches!(serde_json::from_slice(&body), Ok(AppError::Unexpected { .. })));
    }
}
