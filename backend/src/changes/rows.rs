//! Rows of changes as entities of the domain.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;
use strata_domain::change::{ApplyAsked, Change, ChangeState};
use uuid::Uuid;

use crate::catalogues::version_read;
use crate::ctx;
use crate::error::Error;

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
pub(super) struct Stored {
    pub(super) change: Change,
    pub(super) approval: Approval,
    pub(super) touched_action: String,
}

/// A change as people see it: one whose approval has expired is in review, though nobody has stored that yet.
pub(super) fn shown(change: Change, approval: Approval, now: DateTime<Utc>) -> Change {
    let is_over = change.state == ChangeState::Approved && approval.until.is_some_and(|until| until <= now);
    if is_over { Change { state: ChangeState::InReview, apply_asked: None, ..change } } else { change }
}

/// One change; none where there is none of that id.
pub(super) async fn change_of(connection: &mut PgConnection, id: i64) -> Result<Option<Stored>, Error> {
    let row = sqlx::query!(
        "SELECT c.id, e.slug, c.title, c.state, c.version, c.round, c.base_revision, c.log_start,
                c.catalogue_version, c.created_by, c.created_by_name, c.created_at, c.submitted_by, c.submitted_by_name, c.submitted_at, c.touched_by, c.touched_by_name,
                c.touched_action, c.touched_at, c.reason, c.approved_at, c.approved_until,
                c.apply_asked_by, c.apply_asked_by_name, c.apply_asked_at
         FROM changes c JOIN environments e ON e.id = c.environment_id WHERE c.id = $1",
        id,
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let change = Change {
        id: row.id,
        environment: row.slug,
        title: row.title,
        state: ctx::stored(&row.state)?,
        version: row.version,
        base: row.base_revision,
        log_start: row.log_start,
        catalogue: version_read(row.catalogue_version)?,
        created_by: ctx::person(row.created_by, row.created_by_name),
        created_at: row.created_at,
        submitted_by: row.submitted_by_name.map(|name| ctx::person(row.submitted_by, name)),
        submitted_at: row.submitted_at,
        touched_by: ctx::person(row.touched_by, row.touched_by_name),
        touched_at: row.touched_at,
        reason: row.reason,
        apply_asked: apply_asked(row.apply_asked_by, row.apply_asked_by_name, row.apply_asked_at),
    };
    let approval = Approval { round: row.round, since: row.approved_at, until: row.approved_until };
    Ok(Some(Stored { change, approval, touched_action: row.touched_action }))
}

/// The apply that waits, if one does; the database's check says that name and time go together.
fn apply_asked(by: Option<Uuid>, name: Option<String>, at: Option<DateTime<Utc>>) -> Option<ApplyAsked> {
    Some(ApplyAsked { by: ctx::person(by, name?), at: at? })
}

/// Changes of an environment, newest first.
pub(super) async fn changes_of(
    connection: &mut PgConnection,
    environment_id: i64,
    slug: &str,
    state: Option<ChangeState>,
    before: Option<i64>,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Change>, Error> {
    let rows = sqlx::query!(
        r#"SELECT id, title, shown.state AS "state!", version, base_revision, log_start, catalogue_version, created_by, created_by_name,
                created_at, submitted_by, submitted_by_name, submitted_at, touched_by, touched_by_name, touched_at, reason,
                apply_asked_by, apply_asked_by_name, apply_asked_at
           FROM changes
           CROSS JOIN LATERAL (
               SELECT CASE WHEN changes.state = 'approved' AND approved_until <= $5 THEN 'in-review'
                           ELSE changes.state END AS state) shown
           WHERE environment_id = $1 AND ($2::text IS NULL OR shown.state = $2) AND id < $3
           ORDER BY id DESC LIMIT $4"#,
        environment_id,
        state.map(ChangeState::as_str),
        before.unwrap_or(i64::MAX),
        limit,
        now,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let state = ctx::stored(&row.state)?;
            let asked = apply_asked(row.apply_asked_by, row.apply_asked_by_name, row.apply_asked_at);
            Ok(Change {
                id: row.id,
                environment: slug.to_owned(),
                title: row.title,
                state,
                version: row.version,
                base: row.base_revision,
                log_start: row.log_start,
                catalogue: version_read(row.catalogue_version)?,
                created_by: ctx::person(row.created_by, row.created_by_name),
                created_at: row.created_at,
                submitted_by: row.submitted_by_name.map(|name| ctx::person(row.submitted_by, name)),
                submitted_at: row.submitted_at,
                touched_by: ctx::person(row.touched_by, row.touched_by_name),
                touched_at: row.touched_at,
                reason: row.reason,
                apply_asked: asked.filter(|_| state == ChangeState::Approved),
            })
        })
        .collect()
}
