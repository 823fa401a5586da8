//! Reading runs, their steps and their logs.

use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use strata_domain::account::Standing;
use strata_domain::audit::AuditEntry;
use strata_domain::authz::Permission;
use strata_domain::catalogue::Catalogue;
use strata_domain::plan::Step;
use strata_domain::run::{LogLine, Run, RunStep};

use super::rows::{self, Which};
use crate::audit::latest;
use crate::catalogues::catalogue_at;
use crate::ctx::{self, Actor, Backend, Listed, Read, Scope};
use crate::error::Error;
use crate::stored;

/// Log lines that are read at once.
const LINES: i64 = 2_000;
/// Steps that are read at once.
const STEPS: i64 = 200;
/// Of those that have ended, so many are read before the first that has not.
const STEPS_BEFORE: i64 = 10;
/// Steps that wait for a person or failed and are read wherever they stand.
const PARTICULAR: i64 = 50;

/// Everything that the page of a run shows, as of one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct RunView {
    /// The run.
    pub run: Run,
    /// So many of its steps, in the plan's order.
    pub steps: Vec<RunStep>,
    /// Behind which place to read what comes before these; none where they are the first.
    pub steps_before: Option<i64>,
    /// Behind which place to read on; none where they are the last.
    pub steps_after: Option<i64>,
    /// Of the others, those that failed or wait for a person, in this order: at most [`PARTICULAR`].
    pub particular: Vec<RunStep>,
    /// How many more of those there are.
    pub particular_more: i64,
    /// Lines of its log, oldest first.
    pub log: Vec<LogLine>,
    /// The line to read on after; none at the end.
    pub log_next: Option<i64>,
    /// What the actor is in its environment.
    pub standing: Standing,
    /// What was recorded of it, newest first.
    pub audit: Vec<AuditEntry>,
}

/// Runs of an environment (of the first that the actor may view, where none is named), newest first: at most `limit`, those
/// with an id under `before`.
///
/// # Errors
/// [`Error::NotFound`] where the actor may not view the environment.
#[tracing::instrument(skip_all, fields(?environment))]
pub async fn run_list(
    backend: &Backend,
    actor: &Actor,
    environment: Option<&str>,
    before: Option<i64>,
    limit: i64,
) -> Result<Listed<Run>, Error> {
    let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::asked(environment)).await?;
    let which = Which { environment_id: Some(read.place().id), before, limit, ..Which::default() };
    let rows = rows::runs(read.connection(), which).await?;
    Ok(Listed::of(&read, rows, limit, |run| run.id))
}

/// One run with its steps behind that place, and its log after that line; 0 begins at the start. Where no place is named, a run
/// of many steps is read where it is under way.
///
/// # Errors
/// [`Error::NotFound`] where there is none, or the actor may not view its environment.
#[tracing::instrument(skip_all, fields(%id, %log_after))]
pub async fn run_load(
    backend: &Backend,
    actor: &Actor,
    id: i64,
    log_after: i64,
    steps_after: Option<i64>,
) -> Result<RunView, Error> {
    let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::Run(id)).await?;
    let run = rows::run_of(read.connection(), id).await?;
    let after = match steps_after {
        Some(after) => after.clamp(0, (run.steps_total - 1).max(0)),
        None => under_way(read.connection(), id).await?,
    };
    let steps = steps_of(read.connection(), id, Steps::Behind(after)).await?;
    let particular = steps_of(read.connection(), id, Steps::ParticularBeside(after)).await?;
    let particular_more = match particular.len() {
        0 => 0,
        listed => {
            particular_beside(read.connection(), id, after).await? - i64::try_from(listed).map_err(Error::unexpected)?
        }
    };
    let log = log_of(read.connection(), id, log_after).await?;
    let audit = latest(&mut read, "run", id).await?;
    Ok(RunView {
        log_next: ctx::next_after(&log, LINES, |line| line.sequence),
        standing: read.place().standing.clone(),
        steps_before: (after > 0).then(|| (after - STEPS).max(0)),
        steps_after: Some(after.saturating_add(STEPS)).filter(|last| *last < run.steps_total),
        run,
        steps,
        particular,
        particular_more,
        log,
        audit,
    })
}

/// Behind which place a run is worth looking at: shortly before the first step that has not ended, where there are more than
/// are read at once.
async fn under_way(connection: &mut PgConnection, run: i64) -> Result<i64, Error> {
    let row = sqlx::query!(
        r#"SELECT count(*) AS "count!", min(position) FILTER (WHERE state IN ('pending', 'running', 'waiting')) AS first
           FROM run_steps WHERE run_id = $1"#,
        run,
    )
    .fetch_one(connection)
    .await?;
    if row.count <= STEPS {
        return Ok(0);
    }
    Ok((row.first.unwrap_or(1) - 1 - STEPS_BEFORE).clamp(0, row.count - STEPS))
}

/// How many steps beside those behind that place failed or wait for a person.
async fn particular_beside(connection: &mut PgConnection, run: i64, after: i64) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM run_steps
           WHERE run_id = $1 AND state IN ('waiting', 'failed') AND (position <= $2 OR position > $3)"#,
        run,
        after,
        after.saturating_add(STEPS),
    )
    .fetch_one(connection)
    .await?;
    Ok(count)
}

/// A run and its steps in the plan's order, as part of a read.
pub(crate) async fn run_with_steps(read: &mut Read, id: i64) -> Result<(Run, Vec<RunStep>), Error> {
    let run = rows::run_of(read.connection(), id).await?;
    let steps = steps_of(read.connection(), id, Steps::All).await?;
    Ok((run, steps))
}

async fn log_of(connection: &mut PgConnection, run: i64, after: i64) -> Result<Vec<LogLine>, Error> {
    let lines = sqlx::query!(
        "SELECT sequence, step_id, at, text FROM run_log WHERE run_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3",
        run,
        after,
        LINES,
    )
    .fetch_all(connection)
    .await?;
    Ok(lines
        .into_iter()
        .map(|row| LogLine { sequence: row.sequence, step: row.step_id, at: row.at, text: row.text })
        .collect())
}

/// The catalogue that the run's plan was made with.
pub(crate) async fn catalogue_of(connection: &mut PgConnection, run: i64) -> Result<Catalogue, Error> {
    let row = sqlx::query!("SELECT environment_id, catalogue_version FROM runs WHERE id = $1", run)
        .fetch_one(&mut *connection)
        .await?;
    catalogue_at(connection, row.environment_id, stored::version(row.catalogue_version)?).await
}

/// Which steps of a run.
#[derive(Clone, Copy)]
enum Steps {
    All,
    /// So many as are read at once, behind that place.
    Behind(i64),
    /// Those that wait for a person or failed, beside the ones that [`Self::Behind`] has.
    ParticularBeside(i64),
}

async fn steps_of(connection: &mut PgConnection, run: i64, which: Steps) -> Result<Vec<RunStep>, Error> {
    let catalogue = catalogue_of(connection, run).await?;
    let (after, until, is_beside, most) = match which {
        Steps::All => (0, i64::MAX, false, i64::MAX),
        Steps::Behind(after) => (after, after.saturating_add(STEPS), false, STEPS),
        Steps::ParticularBeside(after) => (after, after.saturating_add(STEPS), true, PARTICULAR),
    };
    let rows = sqlx::query!(
        r#"SELECT position, plan_step AS "plan_step: Json<Step>", state, attempts, started_at, finished_at, outcome
           FROM run_steps
           WHERE run_id = $1
             AND CASE WHEN $4 THEN state IN ('waiting', 'failed') AND (position <= $2 OR position > $3)
                      ELSE position > $2 AND position <= $3 END
           ORDER BY ($4 AND state = 'failed') DESC, position LIMIT $5"#,
        run,
        after,
        until,
        is_beside,
        most,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let step = row.plan_step.0;
            Ok(RunStep {
                description: step.describe(&catalogue),
                checklist: step.checklist(),
                id: step.id,
                position: row.position,
                kind: step.kind,
                node: step.node,
                service: step.service,
                role: step.role.map(|role| role.0),
                impact: step.impact,
                depends_on: step.depends_on,
                state: stored::word(&row.state)?,
                attempts: row.attempts,
                started_at: row.started_at,
                finished_at: row.finished_at,
                outcome: row.outcome,
            })
        })
        .collect()
}
