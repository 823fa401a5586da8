//! `GET /events`: news for open pages, as server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use futures::stream;
use http::{HeaderValue, StatusCode, header};
use strata_backend::{Actor, Backend, news};
use strata_domain::news::News;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use super::{AppState, shutdown};

/// Proxies close what is silent for longer; a page that hears none of three knows that it is not live.
const BEAT: Duration = Duration::from_secs(15);

/// Streams what this actor may know of, until they leave or we stop.
pub(super) async fn events(State(state): State<AppState>, Extension(actor): Extension<Actor>) -> Response {
    if actor == Actor::Nobody {
        return (StatusCode::UNAUTHORIZED, "Sign in first.\n").into_response();
    }
    let watcher =
        Watcher { receiver: state.backend.news().subscribe(), told: state.shutdown, backend: state.backend, actor };
    let beat = KeepAlive::new().interval(BEAT).event(Event::default().event("beat").data(""));
    let mut response = Sse::new(watcher.events()).keep_alive(beat).into_response();
    // nginx would hold back what is to be seen now.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

struct Watcher {
    backend: Backend,
    actor: Actor,
    receiver: Receiver<News>,
    told: watch::Receiver<bool>,
}

impl Watcher {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut watcher| async move { watcher.next().await.map(|event| (Ok(event), watcher)) })
    }

    /// The next event for this actor; none when it is time to stop.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let received = tokio::select! {
                received = self.receiver.recv() => received,
                () = shutdown::wait(&mut self.told) => return None,
            };
            match received {
                Ok(piece) => {
                    if news::news_for(&self.backend, &self.actor, &piece).await
                        && let Ok(json) = serde_json::to_string(&piece)
                    {
                        return Some(Event::default().data(json));
                    }
                }
                // Some was missed: the page reads everything again.
                Err(RecvError::Lagged(_)) => return Some(Event::default().event("reload").data("")),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
