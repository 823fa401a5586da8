//! Takes connections, so many at once and no more, and speaks HTTP/1.1 on each with deadlines.
//!
//! `axum::serve` has neither a cap nor a deadline for headers; what it does beside that is done here with the same parts.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use futures::FutureExt;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

use super::shares::{Denied, Share, Shares};
use super::{Limits, TrustedProxies, shutdown};

/// Connections that are being told that there are too many; more than that are closed without a word.
const TURNED_AWAY_AT_ONCE: usize = 64;
/// They are told within this time.
const TOLD_WITHIN: Duration = Duration::from_secs(2);
/// The log says so at most this often.
const SAID_EVERY: Duration = Duration::from_secs(60);
/// Without file descriptors, trying again at once would only burn a core.
const PAUSE: Duration = Duration::from_secs(1);

/// The server's side of all connections.
pub(super) struct Connections {
    pub(super) router: Router,
    pub(super) limits: Limits,
    pub(super) trusted_proxies: TrustedProxies,
    pub(super) told: watch::Receiver<bool>,
}

impl Connections {
    /// Takes connections until it is told to stop; then the answers that are under way end.
    pub(super) async fn serve(self, listener: TcpListener) {
        let Self { limits, .. } = self;
        let shares = Shares::new(limits.connections, limits.connections.div_ceil(2));
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
            match shares.take((!self.trusted_proxies.has(address)).then_some(address)) {
                Ok(share) => {
                    let router = self.router.clone();
                    open.spawn(converse(stream, peer, router, limits, self.told.clone(), share));
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
    peer: SocketAddr,
    router: Router,
    limits: Limits,
    mut told: watch::Receiver<bool>,
    _share: Share<IpAddr>,
) {
    // Without it a page that is streamed waits 40 ms for each piece.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("TCP_NODELAY: {error}");
    }
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.stalled));
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request).boxed()
    });
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
    let text = match denied {
        Denied::All => "Strata has as many connections as it takes. Try again in a few seconds.\n",
        Denied::Own => "Your address has as many connections to Strata as one may have. Close some, or try again.\n",
    };
    answer("503 Service Unavailable", "Retry-After: 5\r\n", text)
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
