//! A connection that listens, and notices when it is cut off without a word.

use std::io;
use std::time::Duration;

use sqlx::AssertSqlSafe;
use sqlx::PgPool;
use sqlx::postgres::{PgListener, PgNotification, PgPoolOptions};

/// A connection on which nothing was heard for so long is asked whether it is there.
const HEARTBEAT: Duration = Duration::from_secs(3);
/// It has this long to answer, and to be made.
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);

/// Listens on channels until its connection is lost.
pub(crate) struct Listener {
    listener: PgListener,
    channels: &'static [&'static str],
}

/// What is heard.
pub(crate) enum Heard {
    /// Something was told.
    Told(PgNotification),
    /// Nothing for a while; the database is there.
    Quiet,
    /// The connection is lost.
    Lost,
}

impl Listener {
    /// Listens with a connection of its own to the pool's database.
    pub(crate) async fn on(pool: &PgPool, channels: &'static [&'static str]) -> Result<Self, sqlx::Error> {
        // Not one of the pool's: sqlx gives a listener's connection back after a last word on it, and where the way is
        // cut off that takes its place in the pool until TCP gives up.
        let own = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ANSWERS_WITHIN)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(pool.connect_options().as_ref().clone());
        let mut listener = PgListener::connect_with(&own).await?;
        listener.eager_reconnect(false);
        in_time(listener.listen_all(channels.iter().copied())).await?;
        Ok(Self { listener, channels })
    }

    /// The next notification; none where the connection is lost. Notices within seconds that nobody is there any more.
    pub(crate) async fn next(&mut self) -> Result<Option<PgNotification>, sqlx::Error> {
        loop {
            match self.hear().await? {
                Heard::Told(notification) => return Ok(Some(notification)),
                Heard::Quiet => {}
                Heard::Lost => return Ok(None),
            }
        }
    }

    /// As [`Self::next`], and says every few seconds that nothing was told.
    pub(crate) async fn hear(&mut self) -> Result<Heard, sqlx::Error> {
        match tokio::time::timeout(HEARTBEAT, self.listener.try_recv()).await {
            Ok(heard) => Ok(heard?.map_or(Heard::Lost, Heard::Told)),
            Err(_) => {
                // Any statement would do; this one also says again what the connection is for.
                for channel in self.channels {
                    let again = AssertSqlSafe(format!("LISTEN {channel}"));
                    in_time(sqlx::Executor::execute(&mut self.listener, again)).await?;
                }
                Ok(Heard::Quiet)
            }
        }
    }

    /// The connection itself, for a question whose answer is to be of before whatever is told next.
    pub(crate) fn connection(&mut self) -> &mut PgListener {
        &mut self.listener
    }
}

/// Its error, or that it took too long.
async fn in_time<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    tokio::time::timeout(ANSWERS_WITHIN, work)
        .await
        .unwrap_or_else(|_| Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "nobody answers"))))
}
