//! How long a client is waited for that does not take what it is sent.
//!
//! A deadline that begins anew with each byte taken is none: whoever takes a few in a minute stays for ever. So time is
//! spent while a write waits, and earned by what is taken. Where nothing waits to be sent, as in a stream of
//! events that is silent, no time is spent.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// A stream that gives up on whoever takes too little.
pub(super) struct Patient<Stream> {
    stream: Stream,
    /// The time that there is at most.
    most: Duration,
    /// The time that a byte earns.
    byte: Duration,
    /// The time that is left.
    left: Duration,
    /// Since when a write waits, and the end of the time that was left then.
    waits: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl<Stream: AsyncRead + AsyncWrite + Unpin> Patient<Stream> {
    /// Nothing may be taken for as long as `most`; so many bytes a second are enough.
    pub(super) fn new(stream: Stream, most: Duration, per_second: u32) -> Self {
        Self { stream, most, byte: Duration::from_secs(1) / per_second.max(1), left: most, waits: None }
    }

    /// What a write came to.
    fn wrote(&mut self, context: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Pending => self.wait(context),
            Poll::Ready(Ok(bytes)) => {
                self.went_on(bytes);
                Poll::Ready(Ok(bytes))
            }
            broken => broken,
        }
    }

    fn wait<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        let now = Instant::now();
        let (_, end) = self.waits.get_or_insert_with(|| (now, Box::pin(sleep_until(now + self.left))));
        ready!(end.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn went_on(&mut self, bytes: usize) {
        if let Some((since, _)) = self.waits.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
        let earned = self.byte.saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX));
        self.left = self.left.saturating_add(earned).min(self.most);
    }
}

impl<Stream: AsyncRead + Unpin> AsyncRead for Patient<Stream> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<Stream: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Patient<Stream> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.wrote(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_flush(context) {
            Poll::Pending => self.wait(context),
            done => done,
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_shutdown(context) {
            Poll::Pending => self.wait(context),
            done => done,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::sleep;

    use super::*;

    const MOST: Duration = Duration::from_millis(200);

    /// Sends 2,000 bytes to a client that takes as many at once as it says, with a pause after each; with a floor of so
    /// many a second. Gives what became of the sending, and how long it took.
    async fn send(at_once: usize, pause: Duration, per_second: u32) -> (io::Result<()>, Duration) {
        let (ours, mut theirs) = duplex(16);
        let began = Instant::now();
        let taking = tokio::spawn(async move {
            let mut piece = vec![0; at_once];
            while theirs.read(&mut piece).await.is_ok_and(|read| read > 0) {
                sleep(pause).await;
            }
        });
        let mut stream = Patient::new(ours, MOST, per_second);
        let sent = stream.write_all(&[0; 2_000]).await;
        let took = began.elapsed();
        drop(stream);
        taking.abort();
        (sent, took)
    }

    #[tokio::test]
    async fn who_takes_little_by_little_is_given_up() {
        // All of it would take them 40 seconds, each bit of it far less than what is waited for without any.
        let (sent, took) = send(1, Duration::from_millis(20), 5_000).await;
        assert_eq!(sent.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(took < Duration::from_secs(10), "{took:?}");
    }

    #[tokio::test]
    async fn who_keeps_up_is_not() {
        let (sent, took) = send(16, Duration::from_millis(5), 100).await;
        assert!(sent.is_ok() && took > MOST, "longer than nothing may be taken: {sent:?} {took:?}");
    }

    #[tokio::test]
    async fn who_takes_nothing_is_given_up_and_silence_is_not() {
        let (ours, theirs) = duplex(16);
        let mut stream = Patient::new(ours, MOST, 100);
        stream.write_all(b"an event").await.unwrap();
        sleep(MOST * 2).await;
        stream.write_all(b" more").await.unwrap();
        assert_eq!(stream.write_all(&[0; 100]).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        drop(theirs);
    }
}
