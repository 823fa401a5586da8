//! Claiming, sending, recording.

use std::ops::ControlFlow;
use std::time::Duration;

use chrono::TimeDelta;
use strata_domain::news::News;
use strata_domain::notice::DeliveryState;
use uuid::Uuid;

use super::{Outcome, Sender, Verdict, backoff};
use crate::ctx::{self, Backend};
use crate::error::Error;
use crate::news;

/// How long a claimed delivery is one process's own; sending takes less.
const LEASE: TimeDelta = TimeDelta::seconds(90);
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
    attempt: i32,
    tries: i32,
}

/// Sends the next delivery that is due; breaks where there is none.
pub(crate) async fn deliver_next(backend: &Backend, sender: &dyn Sender) -> Result<ControlFlow<()>, Error> {
    let Some(claim) = Claim::next(backend, sender).await? else { return Ok(ControlFlow::Break(())) };
    claim.deliver(backend, sender).await?;
    Ok(ControlFlow::Continue(()))
}

impl Claim {
    async fn next(backend: &Backend, sender: &dyn Sender) -> Result<Option<Self>, Error> {
        let now = ctx::now();
        let row = sqlx::query!(
            "UPDATE deliveries SET lease_until = $3, attempts = attempts + 1, tries = tries + 1
             WHERE id = (SELECT id FROM deliveries
                         WHERE means = $1 AND state IN ('pending', 'failed') AND next_at <= $2
                           AND (lease_until IS NULL OR lease_until <= $2)
                           -- One call of a webhook at a time: an address that hangs holds up nobody but itself.
                           AND NOT EXISTS (SELECT FROM deliveries o
                                           WHERE o.webhook_id = deliveries.webhook_id AND o.lease_until > $2)
                         ORDER BY next_at, id FOR UPDATE SKIP LOCKED LIMIT 1)
             RETURNING id, key, attempts, tries",
            sender.means().as_str(),
            now,
            now + LEASE,
        )
        .fetch_optional(backend.machinery())
        .await?;
        Ok(row.map(|row| Self { id: row.id, key: row.key, attempt: row.attempts, tries: row.tries }))
    }

    #[tracing::instrument(name = "delivery_send", skip_all, fields(delivery = self.id, means = sender.means().as_str(), attempt = self.attempt))]
    async fn deliver(&self, backend: &Backend, sender: &dyn Sender) -> Result<(), Error> {
        let outcome = match tokio::time::timeout(SEND_TIMEOUT, sender.send(backend, self)).await {
            Ok(outcome) => outcome?,
            Err(_) => Outcome::again("There was no end of it within a minute."),
        };
        self.record(backend, &outcome).await?;
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
        let now = ctx::now();
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
             VALUES ($1, $2, $3, $4, $5, $6)",
            self.id,
            self.attempt,
            now,
            arrived,
            outcome.status,
            answer,
        )
        .execute(&mut *transaction)
        .await?;
        // A person may have asked for it anew meanwhile: then `tries` begins at 0 again, and a failure does not undo that.
        sqlx::query!(
            "UPDATE deliveries
             SET state = $3, next_at = $4, lease_until = NULL, last_error = CASE WHEN $5 THEN NULL ELSE $6 END
             WHERE id = $1 AND state <> 'delivered' AND ($5 OR attempts = $2 AND tries > 0)",
            self.id,
            self.attempt,
            state.as_str(),
            next.map_or(now, |pause| now + pause),
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
