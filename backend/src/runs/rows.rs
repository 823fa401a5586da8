//! Rows of runs as entities of the domain.

use sqlx::postgres::PgConnection;
use strata_domain::run::Run;

use crate::ctx;
use crate::error::Error;
use crate::stored;

/// Runs by any of three filters, newest first: of one id, of one change, of one environment.
#[derive(Clone, Copy, Default)]
pub(super) struct Which {
    pub(super) id: Option<i64>,
    pub(super) change: Option<i64>,
    pub(super) environment_id: Option<i64>,
    pub(super) before: Option<i64>,
    pub(super) limit: i64,
}

/// The runs that the filters leave; with no filter at all, none.
pub(super) async fn runs(connection: &mut PgConnection, which: Which) -> Result<Vec<Run>, Error> {
    let rows = sqlx::query!(
        r#"SELECT r.id, e.slug, r.change_id, c.title, r.executor, r.digest, r.state, r.requested_by,
                  r.requested_by_name, r.requested_at, r.started_at, r.finished_at, r.revision,
                  s.done AS "done!", s.total AS "total!"
           FROM runs r
           JOIN environments e ON e.id = r.environment_id
           JOIN changes c ON c.id = r.change_id
           CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE state = 'succeeded') AS done, count(*) AS total
                               FROM run_steps WHERE run_id = r.id) s
           WHERE (r.id = $1 OR r.change_id = $2 OR r.environment_id = $3) AND r.id < $4
           ORDER BY r.id DESC LIMIT $5"#,
        which.id,
        which.change,
        which.environment_id,
        which.before.unwrap_or(i64::MAX),
        which.limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Run {
                id: row.id,
                environment: row.slug,
                change: row.change_id,
                title: row.title,
                executor: stored::word(&row.executor)?,
                digest: stored::digest(&row.digest)?.to_string(),
                state: stored::word(&row.state)?,
                requested_by: ctx::person(row.requested_by, row.requested_by_name),
                requested_at: row.requested_at,
                started_at: row.started_at,
                finished_at: row.finished_at,
                revision: row.revision,
                steps_done: row.done,
                steps_total: row.total,
            })
        })
        .collect()
}

/// The run of that id.
pub(super) async fn run_of(connection: &mut PgConnection, id: i64) -> Result<Run, Error> {
    let found = runs(connection, Which { id: Some(id), limit: 1, ..Which::default() }).await?;
    found.into_iter().next().ok_or(Error::NotFound { what: "run" })
}

/// The runs of a change, newest first.
pub(crate) async fn runs_of_change(connection: &mut PgConnection, change: i64) -> Result<Vec<Run>, Error> {
    runs(connection, Which { change: Some(change), limit: 100, ..Which::default() }).await
}
