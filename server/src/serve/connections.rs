//! Takes connections, so many at once and no more, and speaks HTTP/1.1 on each with deadlines.
//!
//! `axum::serve` has neither a cap nor a deadline for headers; what it does beside that is done here with the same parts.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use futures::FutureExt;
use http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use strata_backend::shares::Denied;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt;

use super::doors::{Admission, Doors, Held};
use super::patience::Patient;
use super::{Limits, TrustedProxies, shutdown};

/// Connections that are being told that there are too many; more than that are closed without a word.
const TURNED_AWAY_AT_ONCE: usize = 64;
/// They are told within this time.
const TOLD_WITHIN: Duration = Duration::from_secs(2);
/// The log says so at most this often.
const SAID_EVERY: Duration = Duration::from_secs(60);
/// Whoever is turned away tries again after so many seconds.
const AGAIN_AFTER: u16 = 5;
/// Without file descriptors, trying again at once would only burn a core.
const PAUSE: Duration = Duration::from_secs(1);

/// The server's side of all connections.
pub(super) struct Connections {
    pub(super) router: Router,
    pub(super) limits: Limits,
    pub(super) trusted_proxies: TrustedProxies,
    /// Who is let in.
    pub(super) doors: Doors,
    pub(super) told: watch::Receiver<bool>,
}

impl Connections {
    /// Takes connections until it is told to stop; then the answers that are under way end.
    pub(super) async fn serve(self, listener: TcpListener) {
        let Self { limits, .. } = self;
        let turned_away = Arc::new(Semaphore::new(TURNED_AWAY_AT_ONCE));
        let mut told = self.told.clone();
        let mut open = JoinSet::new();
        let mut said = None;
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                // A panic in an answer has been logged where it happened, and ended its connection.
                Some(_ended) = open.join_next(), if !open.is_empty() => continue,
                () = shutdown::wait(&mut told) => break,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    refused_by_the_system(&error).await;
                    continue;
                }
            };
            let address = peer.ip().to_canonical();
            let is_proxy = self.trusted_proxies.has(address);
            match self.doors.connect((!is_proxy).then_some(address)) {
                Ok(admission) => {
                    let behind = is_proxy.then(|| (self.trusted_proxies.clone(), self.doors.clone()));
                    let answerer = Answerer { peer, router: self.router.clone(), behind };
                    open.spawn(converse(stream, answerer, limits, self.told.clone(), admission));
                }
                Err(denied) => {
                    if said.is_none_or(|at: Instant| at.elapsed() >= SAID_EVERY) {
                        said = Some(Instant::now());
                        let most = limits.connections;
                        tracing::warn!(%address, ?denied, most, "there are too many connections; more are turned away");
                    }
                    if let Ok(permit) = Arc::clone(&turned_away).try_acquire_owned() {
                        tokio::spawn(async move {
                            turn_away(stream, &too_many(denied)).await;
                            drop(permit);
                        });
                    }
                }
            }
        }
        // Nobody new: whoever comes now is refused by the operating system.
        drop(listener);
        while open.join_next().await.is_some() {}
    }
}

async fn refused_by_the_system(error: &io::Error) {
    // Whoever connected was gone already: that is their affair.
    if !matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    ) {
        tracing::error!("cannot take a connection: {error}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Answers what is asked on one connection, until it ends or is too slow.
async fn converse(
    stream: TcpStream,
    answerer: Answerer,
    limits: Limits,
    mut told: watch::Receiver<bool>,
    _admission: Admission,
) {
    // Without it a page that is streamed waits 40 ms for each piece.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("TCP_NODELAY: {error}");
    }
    let stream = Patient::new(stream, limits.stalled, limits.taken_per_second);
    let service = service_fn(move |request: Request<Incoming>| answerer.clone().answer(request).boxed());
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    let mut is_ending = false;
    let ended = loop {
        tokio::select! {
            ended = poll_fn(|context| connection.poll_without_shutdown(context)) => break ended,
            () = shutdown::wait(&mut told), if !is_ending => is_ending = true,
        }
        Pin::new(&mut connection).graceful_shutdown();
    };
    let parts = connection.into_parts();
    let is_half_a_head = ended.is_err_and(|error| error.is_timeout()) && !parts.read_buf.is_empty();
    let said = if is_half_a_head { too_slow() } else { String::new() };
    end(parts.io.into_inner(), &said).await;
}

/// Answers the requests of one connection.
#[derive(Clone)]
struct Answerer {
    peer: SocketAddr,
    router: Router,
    /// Where the peer is a proxy that is trusted: whose word tells who is behind it, and who of them is let in.
    behind: Option<(TrustedProxies, Doors)>,
}

impl Answerer {
    async fn answer(self, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        let Self { peer, router, behind } = self;
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let Some((proxies, doors)) = behind else { return router.oneshot(request).await };
        match doors.ask(proxies.client(peer, request.headers())) {
            // Held until the answer has been sent, as a connection of theirs would be.
            Ok(admission) => Ok(router.oneshot(request).await?.map(|body| Body::new(Held::new(body, admission)))),
            Err(denied) => {
                let mut response = Response::new(Body::from(words(denied)));
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                let headers = response.headers_mut();
                headers.insert(header::RETRY_AFTER, AGAIN_AFTER.into());
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
                headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
                headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
                Ok(response)
            }
        }
    }
}

/// Says something, closes our half, and waits a little for the other: what lies unread when a connection is closed makes
/// the system reset it, and the other side may then never read what was said.
async fn turn_away(stream: TcpStream, answer: &str) {
    end(stream, answer).await;
}

async fn end(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &str) {
    let telling = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        if !answer.is_empty() {
            let mut unread = [0; 1024];
            while stream.read(&mut unread).await? > 0 {}
        }
        io::Result::Ok(())
    };
    let _told_or_gone = tokio::time::timeout(TOLD_WITHIN, telling).await;
}

fn too_many(denied: Denied) -> String {
    answer("503 Service Unavailable", &format!("Retry-After: {AGAIN_AFTER}\r\n"), words(denied))
}

fn words(denied: Denied) -> &'static str {
    match denied {
        Denied::All => "Strata has as many connections as it takes. Try again in a few seconds.\n",
        Denied::Own => "Your address has as many connections to Strata as one may have. Close some, or try again.\n",
    }
}

fn too_slow() -> String {
    answer("408 Request Timeout", "", "The request took too long to arrive.\n")
}

/// An answer that is given before there is a request.
fn answer(status: &str, header: &str, text: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n{header}\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{text}",
        text.len()
    )
}
