//! What is to be told: one row for each act that tells somebody, written with the act.

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use strata_domain::act::{Said, Telling};
use strata_domain::notice::Kind;
use uuid::Uuid;

use crate::error::Error;
use crate::stored;

/// For how many seconds a row that is being told is one process's own. Telling takes far less; whoever died in it is not
/// waited for longer than that.
const LEASE_SECONDS: i32 = 30;

/// Something to be told.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) kind: Kind,
    pub(crate) environment_id: i64,
    pub(crate) environment: String,
    pub(crate) audit_sequence: Option<i64>,
    pub(crate) change: Option<i64>,
    /// Whose affair it is, where it is one person's alone.
    pub(crate) account: Option<Uuid>,
    /// What only the act knew.
    pub(crate) said: Said,
    /// When it happened.
    pub(crate) at: DateTime<Utc>,
    attempts: i32,
}

/// Leaves what an act tells in the outbox, in the act's transaction. `sequence` is that of its audit row.
pub(crate) async fn leave(
    connection: &mut PgConnection,
    told: &[Telling],
    sequence: i64,
    environment_id: i64,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    for Telling { kind, change, said } in told {
        sqlx::query!(
            "INSERT INTO outbox (kind, environment_id, audit_sequence, change_id, at, next_at, urgent, said)
             VALUES ($1, $2, $3, $4, $5, $5, $6, $7)",
            kind.as_str(),
            environment_id,
            sequence,
            *change,
            at,
            kind.is_urgent(),
            Json(said) as _,
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Which rows somebody tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// Those alone that wait behind nothing.
    Urgent,
    /// All of them.
    Any,
}

/// Claims the next row that is due: an urgent one before all others, else the oldest of an environment of which nobody
/// tells one now. The environments take turns: `after` is the one that had the last. So what one of them has to tell, much
/// as it may be and long as it may take, keeps no other waiting.
pub(crate) async fn next(pool: &PgPool, which: Which, after: i64) -> Result<Option<Row>, Error> {
    // What a newer process has left waits for one that knows it.
    let kinds: Vec<String> = Kind::ALL.iter().map(|kind| kind.as_str().to_owned()).collect();
    let row = sqlx::query!(
        "UPDATE outbox t SET lease_until = now() + make_interval(secs => $4)
         FROM (SELECT e.slug, first.id
               FROM environments e CROSS JOIN LATERAL (
                   SELECT o.id, o.urgent FROM outbox o
                   WHERE o.environment_id = e.id AND o.done_at IS NULL AND o.next_at <= now() AND o.kind = ANY($1)
                     AND (o.lease_until IS NULL OR o.lease_until <= now())
                     AND (o.urgent OR NOT $2 AND NOT EXISTS (
                              SELECT FROM outbox b
                              WHERE b.environment_id = e.id AND b.done_at IS NULL AND b.lease_until > now()))
                   ORDER BY o.urgent DESC, o.id LIMIT 1
                   FOR UPDATE SKIP LOCKED) first
               ORDER BY first.urgent DESC, e.id <= $3, e.id LIMIT 1) next
         WHERE t.id = next.id
         RETURNING t.id, t.kind, t.environment_id, next.slug, t.audit_sequence, t.change_id, t.account_id, t.at, t.attempts,
                   t.said",
        &kinds,
        which == Which::Urgent,
        after,
        f64::from(LEASE_SECONDS),
    )
    .fetch_optional(pool)
    .await?;
    row.map(|row| {
        Ok(Row {
            id: row.id,
            kind: stored::word(&row.kind)?,
            environment_id: row.environment_id,
            environment: row.slug,
            audit_sequence: row.audit_sequence,
            change: row.change_id,
            account: row.account_id,
            said: row.said.map_or_else(Said::default, |said| read(row.id, said)),
            at: row.at,
            attempts: row.attempts,
        })
    })
    .transpose()
}

/// What was said, as far as this version of Strata can read it: nothing that is to be told waits for another one.
fn read(row: i64, said: serde_json::Value) -> Said {
    serde_json::from_value(said).unwrap_or_else(|error| {
        tracing::warn!(outbox = row, "what is to be told cannot be read in full: {error}");
        Said::default()
    })
}

impl Row {
    /// Takes it for the rest of the transaction; false where another process has it, or is done with it.
    pub(crate) async fn take(&self, connection: &mut PgConnection) -> Result<bool, Error> {
        let row = sqlx::query_scalar!(
            "SELECT id FROM outbox WHERE id = $1 AND done_at IS NULL FOR UPDATE SKIP LOCKED",
            self.id,
        )
        .fetch_optional(connection)
        .await?;
        Ok(row.is_some())
    }

    /// It is told, with the rest of the transaction.
    pub(crate) async fn done(&self, connection: &mut PgConnection) -> Result<(), Error> {
        let written = sqlx::query!("UPDATE outbox SET done_at = now(), lease_until = NULL WHERE id = $1", self.id)
            .execute(connection)
            .await?;
        stored::expect_rows(written.rows_affected(), 1)
    }

    /// It could not be told now: it waits, at first a second, at last an hour, and does not hold up those behind it.
    pub(crate) async fn put_off(&self, pool: &PgPool, error: &Error) -> Result<(), Error> {
        let seconds = 1_i32.checked_shl(self.attempts.unsigned_abs()).filter(|_| self.attempts < 12).unwrap_or(3600);
        sqlx::query!(
            "UPDATE outbox SET attempts = attempts + 1, next_at = now() + make_interval(secs => $2), last_error = $3,
                               lease_until = NULL
             WHERE id = $1 AND done_at IS NULL",
            self.id,
            f64::from(seconds.min(3600)),
            error.to_string(),
        )
        .execute(pool)
        .await?;
        Ok(())
    }
}
