//! `GET /events`: news for open pages, as server-sent events.
//!
//! A stream ends with its session: with signing out, here or everywhere, with the account's disabling, and with time. It
//! carries three kinds of events: news without a name, `reload` where some was missed, and `beat`, which says that news
//! arrive at present: a page that hears none for three times the seconds that each of them names is not live. The id of each
//! event is a mark, up to which its page has heard everything; given back as `after`, what came since is told first.

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Request, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use futures::stream;
use http::{HeaderValue, StatusCode, header};
use strata_app::error::AppError;
use strata_backend::news::{Heard, NewsStream};
use strata_backend::{Actor, Error};
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tower_sessions::Session;

use super::answer::Asker;
use super::{AppState, shutdown, unavailable};

/// How often a page is told that news arrive; proxies close what is silent for longer.
const BEAT: Duration = Duration::from_secs(15);
/// While the database is not heard there is no beat; how often to look whether it is.
const LOOK: Duration = Duration::from_secs(1);

/// Streams what this actor may know of, until they leave, their session ends or we stop.
pub(super) async fn events(
    State(state): State<AppState>,
    Extension(actor): Extension<Actor>,
    Extension(session): Extension<Session>,
    request: Request,
) -> Response {
    let joined = match session.id() {
        Some(id) => state.backend.news().join(&actor, &id).await,
        None => Err(Error::NotSignedIn),
    };
    let mut news = match joined {
        Ok(news) => news,
        Err(error) => return refusal(error, &Asker::of(request.method(), request.headers(), request.uri().path())),
    };
    // What was told between the reading of the page and this moment is told now; else the page reads everything again.
    let missed = !after(&request).is_some_and(|mark| news.catch_up(&mark));
    let watcher = Watcher { news, missed, told: state.shutdown, beat: beats() };
    let mut response = Sse::new(watcher.events()).keep_alive(KeepAlive::new().interval(BEAT)).into_response();
    // nginx would hold back what is to be seen now.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The mark up to which the page was read, or up to which its browser heard before.
fn after(request: &Request) -> Option<String> {
    let heard = request.headers().get("last-event-id").and_then(|mark| mark.to_str().ok()).map(str::to_owned);
    let query = request.uri().query().unwrap_or_default();
    let read = || form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "after");
    heard.or_else(|| read().map(|(_, mark)| mark.into_owned()))
}

fn refusal(error: Error, asker: &Asker) -> Response {
    match error {
        Error::NotSignedIn => (StatusCode::UNAUTHORIZED, "Sign in first.\n").into_response(),
        Error::Unavailable(_) => unavailable::answer(asker),
        Error::TooMuch { what, seconds } => {
            let again = Some(u8::try_from(seconds).unwrap_or(u8::MAX));
            asker.answer(StatusCode::TOO_MANY_REQUESTS, "Too many pages", &AppError::TooMuch { what, seconds }, again)
        }
        error => {
            let error = AppError::from(error);
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            asker.answer(status, "That did not work", &error, None)
        }
    }
}

fn beats() -> Interval {
    let mut beats = interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beats
}

struct Watcher {
    news: NewsStream,
    /// Whether some was missed that cannot be told any more.
    missed: bool,
    told: watch::Receiver<bool>,
    beat: Interval,
}

impl Watcher {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut watcher| async move { watcher.next().await.map(|event| (Ok(event), watcher)) })
    }

    /// The next event for this actor, with its mark; none when it is time to stop.
    async fn next(&mut self) -> Option<Event> {
        let event = self.heard().await?;
        Some(event.id(self.news.mark()))
    }

    async fn heard(&mut self) -> Option<Event> {
        if std::mem::take(&mut self.missed) {
            return Some(Event::default().event("reload").data(""));
        }
        loop {
            let heard = tokio::select! {
                heard = self.news.next() => heard?,
                () = shutdown::wait(&mut self.told) => return None,
                _ = self.beat.tick() => {
                    if self.news.is_live() {
                        return Some(Event::default().event("beat").data(BEAT.as_secs().to_string()));
                    }
                    self.beat.reset_after(LOOK);
                    continue;
                }
            };
            match heard {
                Heard::News(piece) => {
                    if let Ok(json) = serde_json::to_string(&piece) {
                        return Some(Event::default().data(json));
                    }
                }
                // The page reads everything again.
                Heard::Missed => return Some(Event::default().event("reload").data("")),
            }
        }
    }
}
