//! Answers of one account that are under way at once.
//!
//! What is large is held in memory until it is sent, and whoever asks for it thirty times and reads slowly would hold it
//! thirty times. A browser opens six connections to a site; what is asked for beyond that waits.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use strata_backend::Actor;
use strata_backend::turns::{Turn, Turns};
use strata_domain::account::AccountId;

/// As many as a browser asks for.
const AT_ONCE: usize = 6;

/// A body is given out in such pieces: of one piece the connection would take all at once into its own memory.
const PIECE: usize = 64 * 1024;

/// The turns of one server.
#[derive(Clone)]
pub(super) struct Answers(Arc<Turns<AccountId>>);

impl Default for Answers {
    fn default() -> Self {
        Self(Arc::new(Turns::new(AT_ONCE)))
    }
}

/// The layer: who is signed in waits for a turn, which ends with the last byte. A stream of events has no end, and a cap of its
/// own; who is nobody is shown nothing large.
pub(super) async fn in_turn(State(Answers(turns)): State<Answers>, request: Request, next: Next) -> Response {
    let account = match request.extensions().get::<Actor>() {
        Some(Actor::Account(account)) if request.uri().path() != "/events" => account.id.clone(),
        _ => return next.run(request).await,
    };
    let turn = turns.wait(&account).await;
    next.run(request).await.map(|body| Body::new(Sent { body, rest: Bytes::new(), _turn: turn }))
}

/// A body that keeps its turn until it is sent, or nobody waits for it any more.
struct Sent {
    body: Body,
    /// What was taken from the body, and not given out yet.
    rest: Bytes,
    _turn: Turn,
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)).map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => self.rest = data,
                // Trailers come last, and are short.
                Some(Ok(Err(trailers))) => return Poll::Ready(Some(Ok(trailers))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        let piece = PIECE.min(self.rest.len());
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, hint) = (self.rest.len() as u64, self.body.size_hint());
        let mut all = SizeHint::new();
        all.set_lower(hint.lower() + rest);
        if let Some(upper) = hint.upper() {
            all.set_upper(upper + rest);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::Router;
    use axum::body::to_bytes;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use strata_backend::Account;
    use tower::ServiceExt;

    use super::*;

    fn asked(router: &Router, who: Option<&str>, path: &str) -> tokio::task::JoinHandle<Response> {
        let mut request = Request::get(path).body(Body::empty()).unwrap();
        if let Some(id) = who {
            let account = Account { id: id.to_owned(), name: id.to_owned(), email: String::new() };
            request.extensions_mut().insert(Actor::Account(account));
        }
        let router = router.clone();
        tokio::spawn(async move { router.oneshot(request).await.unwrap() })
    }

    async fn is_waiting(answer: &tokio::task::JoinHandle<Response>) -> bool {
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
        !answer.is_finished()
    }

    #[tokio::test]
    async fn who_does_not_read_what_they_asked_for_is_given_no_more_and_holds_up_nobody() {
        let router =
            Router::new().route("/large", get(|| async { "large" })).route("/events", get(|| async { "news" }));
        let router = router.layer(from_fn_with_state(Answers::default(), in_turn));
        let mut held = Vec::new();
        for _ in 0..AT_ONCE {
            held.push(asked(&router, Some("vera"), "/large").await.unwrap());
        }
        let more = asked(&router, Some("vera"), "/large");
        assert!(is_waiting(&more).await);
        for (who, path) in [(Some("lena"), "/large"), (None, "/large"), (Some("vera"), "/events")] {
            let answer = tokio::time::timeout(Duration::from_secs(60), asked(&router, who, path)).await;
            assert_eq!(answer.unwrap().unwrap().status(), 200, "{who:?} {path}");
        }
        assert!(is_waiting(&more).await);
        let read = held.pop().unwrap().into_body();
        assert_eq!(to_bytes(read, 100).await.unwrap(), "large");
        let body = tokio::time::timeout(Duration::from_secs(60), more).await.unwrap().unwrap().into_body();
        assert_eq!(body.size_hint().exact(), Some(5), "its length is told as before");
    }

    #[tokio::test]
    async fn a_long_answer_is_given_out_in_pieces_and_whole() {
        let long = "0123456789".repeat(50_000);
        let said = long.clone();
        let router = Router::new().route("/large", get(move || async move { said }));
        let router = router.layer(from_fn_with_state(Answers::default(), in_turn));
        let mut body = asked(&router, Some("vera"), "/large").await.unwrap().into_body();
        let mut read = Vec::new();
        while read.len() < long.len() {
            assert_eq!(body.size_hint().exact(), Some((long.len() - read.len()) as u64));
            assert!(!body.is_end_stream());
            let next = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await.unwrap();
            let piece = next.unwrap().into_data().unwrap();
            assert!(piece.len() <= PIECE);
            read.extend_from_slice(&piece);
        }
        assert!(body.is_end_stream() && read == long.as_bytes());
    }
}
