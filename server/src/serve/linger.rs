//! What becomes of a body that nobody wanted to read: thrown away for a while, beside the answer that refuses it.
//!
//! A browser sends on while it is refused, and one whose connection is closed under it never shows why. So the answer
//! goes out at once, and what still comes is thrown away for as long, and as much of it, as is decent.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures::{Stream, StreamExt};
use http::{HeaderValue, header};
use tokio::sync::Semaphore;

use super::AppState;

/// No more of it than this is thrown away.
const DRAINED_BYTES: usize = 128 * 1024 * 1024;
/// No more bodies at once than this; the connections of others are closed under them.
const DRAINED_AT_ONCE: usize = 64;

/// The permits for throwing away.
#[derive(Clone, Debug)]
pub(super) struct Drains(Arc<Semaphore>);

impl Default for Drains {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(DRAINED_AT_ONCE)))
    }
}

/// The layer: an answer that came before the body was read ends its connection.
pub(super) async fn linger(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let is_read = Arc::new(AtomicBool::new(false));
    // Whoever asks whether to go on with the body has sent nothing of it yet, and is not told to.
    let drains = (!request.headers().contains_key(header::EXPECT)).then_some(state.drains);
    let request = request.map(|body| {
        Body::from_stream(Watched {
            body: Some(body.into_data_stream()),
            is_read: Arc::clone(&is_read),
            drains,
            within: state.settings.limits.drain,
        })
    });
    let mut response = next.run(request).await;
    if !is_read.load(Ordering::Relaxed) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// A body that is thrown away when nobody has read it to its end.
struct Watched {
    body: Option<BodyDataStream>,
    is_read: Arc<AtomicBool>,
    drains: Option<Drains>,
    within: Duration,
}

impl Stream for Watched {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let piece = ready!(Pin::new(body).poll_next(context));
        // After an error there is no more to come either.
        if !matches!(piece, Some(Ok(_))) {
            self.is_read.store(true, Ordering::Relaxed);
        }
        Poll::Ready(piece)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if self.is_read.load(Ordering::Relaxed) {
            return;
        }
        let permit = self.drains.take().and_then(|drains| drains.0.try_acquire_owned().ok());
        if let (Some(body), Some(permit)) = (self.body.take(), permit) {
            let within = self.within;
            tokio::spawn(async move {
                let _as_far_as_it_came = tokio::time::timeout(within, drain(body)).await;
                drop(permit);
            });
        }
    }
}

async fn drain(mut body: BodyDataStream) {
    let mut left = DRAINED_BYTES;
    while let Some(Ok(piece)) = body.next().await {
        let Some(less) = left.checked_sub(piece.len()) else { return };
        left = less;
    }
}
