//! Reading runs, their steps and their logs.

use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use strata_domain::authz::Permission;
use strata_domain::catalogue::Catalogue;
use strata_domain::plan::Step;
use strata_domain::run::{LogLine, Run, RunStep};

use super::rows::{self, Which};
use crate::catalogues::{catalogue_at, version_read};
use crate::ctx::{self, Actor, Backend, Scope};
use crate::error::Error;

/// Runs of an environment, newest first: at most `limit`, those with an id under `before`.
///
/// # Errors
/// [`Error::NotFound`] where the actor may not view the environment.
#[tracing::instrument(skip_all, fields(environment))]
pub async fn run_list(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Run>, Error> {
    let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::Environment(environment)).await?;
    let which = Which { environment_id: Some(read.place().id), before, limit, ..Which::default() };
    rows::runs(read.connection(), which).await
}

/// One run with its steps in the plan's order.
///
/// # Errors
/// [`Error::NotFound`] where there is none, or the actor may not view its environment.
#[tracing::instrument(skip_all, fields(id))]
pub async fn run_load(backend: &Backend, actor: &Actor, id: i64) -> Result<(Run, Vec<RunStep>), Error> {
    let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::Run(id)).await?;
    let run = rows::run_of(read.connection(), id).await?;
    let steps = steps_of(read.connection(), id).await?;
    Ok((run, steps))
}

/// Lines of a run's log, oldest first: at most `limit`, those with a sequence over `after`; 0 begins at the start.
///
/// # Errors
/// As [`run_load`].
#[tracing::instrument(skip_all, fields(id, after))]
pub async fn run_log(backend: &Backend, actor: &Actor, id: i64, after: i64, limit: i64) -> Result<Vec<LogLine>, Error> {
    let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::Run(id)).await?;
    let lines = sqlx::query!(
        "SELECT sequence, step_id, at, text FROM run_log WHERE run_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3",
        id,
        after,
        limit,
    )
    .fetch_all(read.connection())
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
    catalogue_at(connection, row.environment_id, version_read(row.catalogue_version)?).await
}

async fn steps_of(connection: &mut PgConnection, run: i64) -> Result<Vec<RunStep>, Error> {
    let catalogue = catalogue_of(connection, run).await?;
    let rows = sqlx::query!(
        r#"SELECT position, plan_step AS "plan_step: Json<Step>", state, attempts, started_at, finished_at, outcome
           FROM run_steps WHERE run_id = $1 ORDER BY position"#,
        run,
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
                state: ctx::stored(&row.state)?,
                attempts: row.attempts,
                started_at: row.started_at,
                finished_at: row.finished_at,
                outcome: row.outcome,
            })
        })
        .collect()
}
