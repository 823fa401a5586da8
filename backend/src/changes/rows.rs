//! Rows of changes as entities of the domain.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;
use strata_domain::change::{ApplyAsked, Change, ChangeState};
use strata_domain::review::Planned;
use uuid::Uuid;

use crate::ctx;
use crate::error::Error;
use crate::stored;

/// What is stored of the approval beside the votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Approval {
    /// Votes of older rounds do not count.
    pub(crate) round: i64,
    /// While it is approved, and from the start of its run on: when the last vote needed was given.
    pub(crate) since: Option<DateTime<Utc>>,
    /// While it is approved: until when, if nobody does anything.
    pub(crate) until: Option<DateTime<Utc>>,
}

/// A change with what only the backend needs to know of it.
pub(crate) struct Stored {
    pub(crate) change: Change,
    pub(crate) environment_id: i64,
    pub(crate) approval: Approval,
    /// Its plan as lists tell it; none for a draft, and for what was stored before that was kept.
    pub(crate) planned: Option<Planned>,
    pub(super) touched_action: String,
}

/// A change as people see it: one whose approval has expired is in review, though nobody has stored that yet.
pub(super) fn shown(change: Change, approval: Approval, now: DateTime<Utc>) -> Change {
    let is_over = change.state == ChangeState::Approved && approval.until.is_some_and(|until| until <= now);
    let state = if is_over { ChangeState::InReview } else { change.state };
    let apply_asked = change.apply_asked.filter(|_| state == ChangeState::Approved);
    Change { state, apply_asked, ..change }
}

/// One change; none where there is none of that id.
pub(super) async fn change_of(connection: &mut PgConnection, id: i64) -> Result<Option<Stored>, Error> {
    changes_of(connection, &[id]).await?.pop().transpose()
}

/// The changes of these ids, newest first. What is wrong with one hides no other.
pub(crate) async fn changes_of(
    connection: &mut PgConnection,
    ids: &[i64],
) -> Result<Vec<Result<Stored, Error>>, Error> {
    let rows = sqlx::query!(
        r#"SELECT c.id, e.slug, c.environment_id, c.title, c.state, c.version, c.round, c.base_revision, c.log_start,
                  c.catalogue_version, c.created_by, c.created_by_name, c.created_at, c.submitted_by, c.submitted_by_name,
                  c.submitted_at, c.touched_by, c.touched_by_name, c.touched_action, c.touched_at, c.reason, c.approved_at,
                  c.approved_until, c.apply_asked_by, c.apply_asked_by_name, c.apply_asked_at, c.planned
           FROM changes c JOIN environments e ON e.id = c.environment_id WHERE c.id = ANY($1) ORDER BY c.id DESC"#,
        ids,
    )
    .fetch_all(connection)
    .await?;
    let stored = rows.into_iter().map(|row| {
        let change = Change {
            id: row.id,
            environment: row.slug,
            title: row.title,
            state: stored::word(&row.state)?,
            version: row.version,
            base: row.base_revision,
            log_start: row.log_start,
            catalogue: stored::version(row.catalogue_version)?,
            created_by: ctx::person(row.created_by, row.created_by_name),
            created_at: row.created_at,
            submitted_by: row.submitted_by_name.map(|name| ctx::person(row.submitted_by, name)),
            submitted_at: row.submitted_at,
            touched_by: ctx::person(row.touched_by, row.touched_by_name),
            touched_at: row.touched_at,
            reason: row.reason,
            apply_asked: apply_asked(row.apply_asked_by, row.apply_asked_by_name, row.apply_asked_at),
        };
        Ok(Stored {
            change,
            environment_id: row.environment_id,
            approval: Approval { round: row.round, since: row.approved_at, until: row.approved_until },
            // Kept for lists alone; what cannot be read is worked out anew.
            planned: row.planned.and_then(|planned| serde_json::from_value(planned).ok()),
            touched_action: row.touched_action,
        })
    });
    Ok(stored.collect())
}

/// The apply that waits, if one does; the database's check says that name and time go together.
fn apply_asked(by: Option<Uuid>, name: Option<String>, at: Option<DateTime<Utc>>) -> Option<ApplyAsked> {
    Some(ApplyAsked { by: ctx::person(by, name?), at: at? })
}

/// The ids of changes of an environment, newest first; of a state as it is shown.
pub(super) async fn newest_of(
    connection: &mut PgConnection,
    environment_id: i64,
    state: Option<ChangeState>,
    before: Option<i64>,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<i64>, Error> {
    Ok(sqlx::query_scalar!(
        "SELECT id FROM changes
         WHERE environment_id = $1 AND id < $3
           AND ($2::text IS NULL
                OR $2 = CASE WHEN state = 'approved' AND approved_until <= $5 THEN 'in-review' ELSE state END)
         ORDER BY id DESC LIMIT $4",
        environment_id,
        state.map(ChangeState::as_str),
        before.unwrap_or(i64::MAX),
        limit,
        now,
    )
    .fetch_all(connection)
    .await?)
}
