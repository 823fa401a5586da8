//! The connections: how long anything may take on one, and which of them are fit to be used again.
//!
//! A process of ours may vanish, freeze, or be cut off without a word at any moment. What it held in the database is let
//! go of by these limits and not by TCP, which waits for hours.

use std::io;
use std::time::Duration;

use sqlx::Row;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};

use crate::error::Error;
use crate::outage::Outage;

/// A request that finds no connection in this time is told so.
const ACQUIRE_WITHIN: Duration = Duration::from_secs(3);
/// A connection that does not answer in this time is not given out: its way to the database may have been cut.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);
/// A connection that is given back has this long to end what it was at.
const ENDS_WITHIN: Duration = Duration::from_secs(5);
/// What the database's limits on a statement may be late by, with the way there and back.
const SLACK: Duration = Duration::from_secs(5);

/// How long anything may take on a connection. The database holds these limits, so they also bind a process that froze.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// One statement.
    pub statement: Duration,
    /// Waiting for what somebody else holds.
    pub lock: Duration,
    /// Doing nothing in a transaction: what it holds is let go of then.
    pub idle_in_transaction: Duration,
}

impl Default for Limits {
    /// 30 seconds for a statement, 20 for a lock, 15 of doing nothing: who waits for a process that froze outlasts it.
    fn default() -> Self {
        Self {
            statement: Duration::from_secs(30),
            lock: Duration::from_secs(20),
            idle_in_transaction: Duration::from_secs(15),
        }
    }
}

impl Limits {
    /// Options that set the limits for each connection; a limit that the options set themselves (`?options=-c …`) stays.
    pub fn on(self, options: PgConnectOptions) -> PgConnectOptions {
        let milliseconds = |limit: Duration| limit.as_millis().to_string();
        let wanted = [
            ("statement_timeout", milliseconds(self.statement)),
            ("lock_timeout", milliseconds(self.lock)),
            ("idle_in_transaction_session_timeout", milliseconds(self.idle_in_transaction)),
            // A process that is cut off is noticed in some 25 seconds, and not after two hours. Nothing on a Unix socket.
            ("tcp_keepalives_idle", "10".to_owned()),
            ("tcp_keepalives_interval", "5".to_owned()),
            ("tcp_keepalives_count", "3".to_owned()),
            ("tcp_user_timeout", "20000".to_owned()),
        ];
        let given = options.get_options().unwrap_or_default().to_owned();
        options.options(wanted.into_iter().filter(|(name, _)| !given.contains(name)))
    }
}

/// A pool of at most so many connections, which gives out none that is cut off or was left in a transaction.
pub fn pool_options(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_WITHIN)
        // Our own question says whether it is there, too.
        .test_before_acquire(false)
        .before_acquire(|connection, _| Box::pin(is_fit(connection, ANSWERS_WITHIN)))
        // Without a limit, one that is cut off would keep its place in the pool for as long as TCP waits.
        .after_release(|connection, _| Box::pin(is_fit(connection, ENDS_WITHIN)))
}

/// Whether a connection that nobody uses answers, and is in no transaction.
async fn is_fit(connection: &mut PgConnection, limit: Duration) -> Result<bool, sqlx::Error> {
    // As a simple query: there the time of the transaction is that of the statement, unless it had begun before.
    let asked = sqlx::raw_sql("SELECT now() = statement_timestamp()").fetch_one(connection);
    let row =
        tokio::time::timeout(limit, asked).await.map_err(|_| sqlx::Error::Io(io::ErrorKind::TimedOut.into()))??;
    let is_fit: bool = row.try_get(0)?;
    if !is_fit {
        tracing::warn!("a connection was left in a transaction; it is closed");
    }
    Ok(is_fit)
}

/// Gives up on a statement that takes longer than the database lets any take: its connection has been cut off. For
/// what no request is behind, which would end it.
pub(crate) async fn statement<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    within(Limits::default().statement + SLACK, work).await
}

/// Gives up on what takes longer than that.
pub(crate) async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        tracing::warn!("the database does not answer: a connection was cut off without a word");
        Err(Outage::Away.into())
    })
}
