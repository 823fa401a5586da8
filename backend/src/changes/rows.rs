//! Rows of changes as entities of the domain.

use sqlx::postgres::PgConnection;
use strata_domain::change::{Change, ChangeState};

use crate::catalogues::version_read;
use crate::ctx;
use crate::error::Error;

/// A change with what only the backend needs to know of it.
pub(super) struct Stored {
    pub(super) change: Change,
    pub(super) round: i64,
    pub(super) touched_action: String,
}

/// One change; none where there is none of that id.
pub(super) async fn change_of(connection: &mut PgConnection, id: i64) -> Result<Option<Stored>, Error> {
    let row = sqlx::query!(
        "SELECT c.id, e.slug, c.title, c.state, c.version, c.round, c.base_revision, c.log_start,
                c.catalogue_version, c.created_by, c.created_by_name, c.created_at, c.submitted_by, c.submitted_by_name, c.submitted_at, c.touched_by, c.touched_by_name,
                c.touched_action, c.touched_at, c.reason
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
    };
    Ok(Some(Stored { change, round: row.round, touched_action: row.touched_action }))
}

/// Changes of an environment, newest first.
pub(super) async fn changes_of(
    connection: &mut PgConnection,
    environment_id: i64,
    slug: &str,
    state: Option<ChangeState>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Change>, Error> {
    let rows = sqlx::query!(
        "SELECT id, title, state, version, base_revision, log_start, catalogue_version, created_by, created_by_name,
                created_at, submitted_by, submitted_by_name, submitted_at, touched_by, touched_by_name, touched_at, reason
         FROM changes
         WHERE environment_id = $1 AND ($2::text IS NULL OR state = $2) AND id < $3
         ORDER BY id DESC LIMIT $4",
        environment_id,
        state.map(ChangeState::as_str),
        before.unwrap_or(i64::MAX),
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Change {
                id: row.id,
                environment: slug.to_owned(),
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
            })
        })
        .collect()
}
