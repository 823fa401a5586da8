//! Claiming, sending, recording.

use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt;
use strata_domain::news::News;
use strata_domain::notice::DeliveryState;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{Outcome, Sender, Verdict, backoff};
use crate::ctx::{self, Backend};
use crate::error::Error;
use crate::loops::said_by;
use crate::news;

/// For how many seconds a claimed delivery is one process's own; sending takes less.
const LEASE_SECONDS: i32 = 90;
/// How many of one means are sent for one environment at once, urgent ones aside: addresses that hang hold up their own.
const OF_ONE_ENVIRONMENT: i64 = 2;
/// Longest that sending may take.
const SEND_TIMEOUT: Duration = Duration::from_secs(60);
/// Characters of an answer that are kept.
const ANSWER_MAX: usize = 500;

/// A delivery that this process sends.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) id: i64,
    /// The id that the receiver knows it by, the same in every attempt.
    pub(crate) key: Uuid,
    /// When this attempt began.
    pub(crate) at: DateTime<Utc>,
    attempt: i32,
    tries: i32,
    environment_id: i64,
}

/// Whose turn it is, for the senders of one means in one process, urgent ones apart: the environment that had the last one. Locked while a
/// delivery is claimed, so that each claim sees those before it.
#[derive(Debug, Default)]
pub(crate) struct Turn(Mutex<i64>);

/// Sends the next delivery that is due, or the next urgent one; breaks where there is none.
pub(crate) async fn deliver_next(
    backend: &Backend,
    sender: &dyn Sender,
    urgent_alone: bool,
    turn: &Turn,
) -> Result<ControlFlow<()>, Error> {
    let claim = {
        let mut after = turn.0.lock().await;
        let Some(claim) = ctx::statement(Claim::next(backend, sender, urgent_alone, *after)).await? else {
            return Ok(ControlFlow::Break(()));
        };
        *after = claim.environment_id;
        claim
    };
    claim.deliver(backend, sender).await?;
    Ok(ControlFlow::Continue(()))
}

impl Claim {
    /// Claims an urgent delivery before all others; of the others the one that is due longest, the environments in turns.
    async fn next(
        backend: &Backend,
        sender: &dyn Sender,
        urgent_alone: bool,
        after: i64,
    ) -> Result<Option<Self>, Error> {
        let row = sqlx::query!(
            r#"UPDATE deliveries t
               SET lease_until = now() + make_interval(secs => $5), attempts = t.attempts + 1, tries = t.tries + 1
               FROM (SELECT first.id
                     FROM environments e CROSS JOIN LATERAL (
                         SELECT d.id, d.urgent FROM deliveries d
                         WHERE d.means = $1 AND d.environment_id = e.id AND d.state IN ('pending', 'failed')
                           AND d.next_at <= now() AND (d.lease_until IS NULL OR d.lease_until <= now())
                           AND (d.urgent OR NOT $2
                                -- One call of a webhook at a time: an address that hangs holds up nobody but itself.
                                AND NOT EXISTS (SELECT FROM deliveries o
                                                WHERE o.webhook_id = d.webhook_id AND o.lease_until > now())
                                AND (SELECT count(*) FROM deliveries o
                                     WHERE o.environment_id = e.id AND o.means = $1 AND o.lease_until > now()) < $4)
                         ORDER BY d.urgent DESC, d.next_at, d.id LIMIT 1
                         FOR UPDATE SKIP LOCKED) first
                     ORDER BY first.urgent DESC, e.id <= $3, e.id LIMIT 1) next
               WHERE t.id = next.id
               RETURNING t.id, t.key, t.attempts, t.tries, t.environment_id, now() AS "at!""#,
            sender.means().as_str(),
            urgent_alone,
            after,
            OF_ONE_ENVIRONMENT,
            f64::from(LEASE_SECONDS),
        )
        .fetch_optional(backend.machinery())
        .await?;
        Ok(row.map(|row| Self {
            id: row.id,
            key: row.key,
            at: row.at,
            attempt: row.attempts,
            tries: row.tries,
            environment_id: row.environment_id,
        }))
    }

    #[tracing::instrument(name = "delivery_send", skip_all, fields(delivery = self.id, means = sender.means().as_str(), attempt = self.attempt))]
    async fn deliver(&self, backend: &Backend, sender: &dyn Sender) -> Result<(), Error> {
        // Whatever breaks in sending one costs this one an attempt, and spares those behind it.
        let sent = AssertUnwindSafe(sender.send(backend, self)).catch_unwind();
        let outcome = match tokio::time::timeout(SEND_TIMEOUT, sent).await {
            Ok(Ok(outcome)) => outcome?,
            Ok(Err(panic)) => {
                tracing::error!("a delivery could not be sent: {}", said_by(panic.as_ref()));
                Outcome::again("Strata itself broke in sending it; the server's log has more.")
            }
            Err(_) => Outcome::again("There was no end of it within a minute."),
        };
        ctx::statement(self.record(backend, &outcome)).await?;
        match outcome.verdict {
            Verdict::Arrived => tracing::info!("delivered"),
            Verdict::Again => tracing::warn!(status = outcome.status, "not delivered; it is tried again"),
            Verdict::Never => tracing::warn!(status = outcome.status, "not delivered, and given up"),
        }
        Ok(())
    }

    /// Stores what became of the attempt. Where the lease ran out meanwhile and another process sends as well, a success
    /// counts all the same, and a failure is the other's to judge.
    async fn record(&self, backend: &Backend, outcome: &Outcome) -> Result<(), Error> {
        let answer: String = readable(&outcome.answer);
        let next = match outcome.verdict {
            Verdict::Again => backoff::pause(self.tries, chance()?),
            Verdict::Arrived | Verdict::Never => None,
        };
        let arrived = outcome.verdict == Verdict::Arrived;
        let state = match next {
            _ if arrived => DeliveryState::Delivered,
            Some(_) => DeliveryState::Failed,
            None => DeliveryState::GivenUp,
        };
        let mut transaction = backend.begin().await?;
        sqlx::query!(
            "INSERT INTO delivery_attempts (delivery_id, number, at, arrived, status, answer)
             VALUES ($1, $2, now(), $3, $4, $5)",
            self.id,
            self.attempt,
            arrived,
            outcome.status,
            answer,
        )
        .execute(&mut *transaction)
        .await?;
        // A person may have asked for it anew meanwhile: then `tries` begins at 0 again, and a failure does not undo that.
        sqlx::query!(
            "UPDATE deliveries
             SET state = $3, next_at = now() + make_interval(secs => $4), lease_until = NULL, last_error = CASE WHEN $5 THEN NULL ELSE $6 END
             WHERE id = $1 AND state <> 'delivered' AND ($5 OR attempts = $2 AND tries > 0)",
            self.id,
            self.attempt,
            state.as_str(),
            next.map_or(0.0, TimeDelta::as_seconds_f64),
            arrived,
            answer,
        )
        .execute(&mut *transaction)
        .await?;
        // What was asked for anew while this was under way is due at once, and not when the lease ends.
        sqlx::query!("UPDATE deliveries SET lease_until = NULL WHERE id = $1 AND attempts = $2", self.id, self.attempt)
            .execute(&mut *transaction)
            .await?;
        let environment = sqlx::query_scalar!(
            "SELECT e.slug FROM deliveries d JOIN environments e ON e.id = d.environment_id WHERE d.id = $1",
            self.id,
        )
        .fetch_one(&mut *transaction)
        .await?;
        news::tell(&mut transaction, &News::Delivery { environment }).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// An answer as it is kept: its first characters, without what the database does not store.
fn readable(answer: &str) -> String {
    answer.chars().filter(|&character| character != '\0').take(ANSWER_MAX).collect()
}

/// Any byte.
fn chance() -> Result<u8, Error> {
    let mut byte = [0];
    getrandom::fill(&mut byte).map_err(Error::unexpected)?;
    Ok(byte[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_cut_between_characters() {
        assert_eq!(readable(&"ü".repeat(900)).chars().count(), ANSWER_MAX);
        assert_eq!(readable("a\0b"), "ab");
    }
}
