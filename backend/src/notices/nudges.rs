//! What is told because of nothing but time: reminders, escalations, approvals that expired.

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use strata_domain::notice::{Kind, Nudge, Patience, due};

use crate::ctx::Backend;
use crate::error::Error;

/// A change that waits.
struct Waiting {
    id: i64,
    environment_id: i64,
    since: DateTime<Utc>,
    reminder_hours: i32,
    escalation_hours: i32,
    reminded: bool,
    escalated: bool,
    lapsed: bool,
}

/// Leaves in the outbox what only time made due by now, for whoever tells; [`super::work`] does so each minute. Any number of processes may do so at once: the key of the outbox lets each
/// nudge of a waiting period in once.
///
/// # Errors
/// [`Error::Unavailable`]; what was left before stays. What else is wrong with one change is logged, and costs the others nothing.
#[tracing::instrument(name = "notice_nudge", skip_all)]
pub async fn nudge(backend: &Backend) -> Result<(), Error> {
    let pool = backend.machinery();
    let now = sqlx::query_scalar!(r#"SELECT now() AS "now!""#).fetch_one(pool).await?;
    // An approval that expired is found in no act: the change waits since then, whatever state is stored.
    let waiting = sqlx::query_as!(
        Waiting,
        r#"SELECT c.id, c.environment_id, w.since AS "since!", e.reminder_hours, e.escalation_hours,
                  EXISTS (SELECT FROM outbox o WHERE o.change_id = c.id AND o.since = w.since AND o.kind = $2)
                      AS "reminded!",
                  EXISTS (SELECT FROM outbox o WHERE o.change_id = c.id AND o.since = w.since AND o.kind = $3)
                      AS "escalated!",
                  c.state = 'approved' AND NOT EXISTS (
                      SELECT FROM outbox o WHERE o.change_id = c.id AND o.since = w.since AND o.kind = $4)
                      AS "lapsed!"
           FROM changes c JOIN environments e ON e.id = c.environment_id
           CROSS JOIN LATERAL (SELECT CASE c.state WHEN 'in-review' THEN c.waiting_since
                                                   ELSE c.approved_until END AS since) w
           WHERE c.state IN ('in-review', 'approved') AND w.since <= $1"#,
        now,
        Kind::Reminder.as_str(),
        Kind::Escalated.as_str(),
        Kind::Lapsed.as_str(),
    )
    .fetch_all(pool)
    .await?;
    // What is wrong with one change or its environment keeps no other from being told of.
    let mut failed: Vec<(i64, Error)> = Vec::new();
    for change in waiting {
        match nudge_one(pool, &change, now).await {
            Ok(()) => {}
            Err(error @ Error::Unavailable(_)) => return Err(error),
            Err(error) => failed.push((change.id, error)),
        }
    }
    if let Some((change, error)) = failed.first() {
        tracing::warn!(
            change,
            changes = failed.len(),
            "nobody can be reminded of this one, and maybe of others: {error}"
        );
    }
    Ok(())
}

/// Leaves what is due of one change.
async fn nudge_one(pool: &PgPool, change: &Waiting, now: DateTime<Utc>) -> Result<(), Error> {
    let hours = |hours: i32| u32::try_from(hours).map_err(Error::unexpected);
    let patience =
        Patience::hours(hours(change.reminder_hours)?, hours(change.escalation_hours)?).map_err(Error::unexpected)?;
    let last = match (change.reminded, change.escalated) {
        (_, true) => Some(Nudge::Escalation),
        (true, false) => Some(Nudge::Reminder),
        (false, false) => None,
    };
    let nudge = due(change.since, last, patience, now).map(|nudge| match nudge {
        Nudge::Reminder => Kind::Reminder,
        Nudge::Escalation => Kind::Escalated,
    });
    let expired = change.lapsed.then_some(Kind::Lapsed);
    for kind in expired.into_iter().chain(nudge) {
        sqlx::query!(
            "INSERT INTO outbox (kind, environment_id, change_id, since, at, next_at)
             VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT ON CONSTRAINT outbox_once DO NOTHING",
            kind.as_str(),
            change.environment_id,
            change.id,
            change.since,
            now,
        )
        .execute(pool)
        .await?;
    }
    Ok(())
}
