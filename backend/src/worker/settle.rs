//! The end of a run: a new live revision, or a failure. Found by looking, so that it happens once and is not lost
//! with the worker that ended the last step.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use strata_domain::account::Person;
use strata_domain::act::{Act, RunAct};
use strata_domain::audit::AuditAction;

use super::approved::{Outcome, outcome_of};
use crate::changes::Locked;
use crate::ctx::{self, Backend, Scope, Write};
use crate::environments::{NewRevision, revision_add};
use crate::error::Error;
use crate::loops::said_by;
use crate::outage::Outage;
use crate::stored;

/// Ends every run whose steps have all ended, or of which one failed and none is under way; says whether there was one.
pub(super) async fn settle_ended(backend: &Backend) -> Result<bool, Error> {
    let ended = ctx::statement(async {
        Ok(sqlx::query!(
            r#"SELECT id, requested_by, requested_by_name,
                EXISTS (SELECT FROM run_steps WHERE run_id = r.id AND state = 'failed') AS "failed!"
         FROM runs r
         WHERE state = 'running'
           AND NOT EXISTS (SELECT FROM run_steps WHERE run_id = r.id AND state = 'running')
           AND (EXISTS (SELECT FROM run_steps WHERE run_id = r.id AND state = 'failed')
                OR NOT EXISTS (SELECT FROM run_steps WHERE run_id = r.id AND state IN ('pending', 'waiting')))
         ORDER BY id"#
        )
        .fetch_all(backend.machinery())
        .await?)
    })
    .await?;
    let mut any = false;
    for run in ended {
        // By the name of the person who applied: the worker acts for them.
        let person = ctx::person(run.requested_by, run.requested_by_name);
        match end(backend, person, run.id, run.failed).await {
            Ok(is_settled) => any |= is_settled,
            // Who holds it may have frozen; runs of other environments do not wait for that.
            Err(Error::Unavailable(Outage::Busy)) => tracing::info!(run = run.id, "somebody is at work on the run"),
            Err(error @ Error::Unavailable(_)) => return Err(error),
            // One that cannot be ended is looked at again, and holds up neither the others nor the steps of all runs.
            Err(error) => tracing::error!(run = run.id, "a run could not be ended: {error}"),
        }
    }
    Ok(any)
}

/// Ends one run, by the name of that person. What it leads to is worked out before anything is locked: nobody waits for that.
async fn end(backend: &Backend, person: Person, run: i64, failed: bool) -> Result<bool, Error> {
    let ending = async {
        let outcome = if failed { None } else { Some(outcome_of(backend, run).await?) };
        settle(backend.write_for(person, Scope::Run(run)).await?, run, outcome).await
    };
    let ended = AssertUnwindSafe(ending).catch_unwind().await;
    ended.unwrap_or_else(|panic| Err(Error::unexpected(said_by(panic.as_ref()))))
}

/// Ends one run; false where another worker has done so meanwhile.
#[tracing::instrument(name = "run_settle", skip_all, fields(%run))]
async fn settle(mut write: Write, run: i64, outcome: Option<Result<Outcome, String>>) -> Result<bool, Error> {
    let environment_id = write.place()?.id;
    let change_id =
        sqlx::query_scalar!("SELECT change_id FROM runs WHERE id = $1", run).fetch_one(write.connection()).await?;
    // Environment, change, run: the order in which everybody locks them.
    let live =
        sqlx::query_scalar!("SELECT live_revision FROM environments WHERE id = $1 FOR NO KEY UPDATE", environment_id,)
            .fetch_one(write.connection())
            .await?;
    let locked = Locked::take(&mut write, change_id).await?;
    let row =
        sqlx::query!("SELECT state, base_revision, catalogue_version FROM runs WHERE id = $1 FOR NO KEY UPDATE", run,)
            .fetch_one(write.connection())
            .await?;
    if row.state != "running" {
        return Ok(false);
    }
    let steps = sqlx::query!(
        r#"SELECT count(*) AS "count!", count(*) FILTER (WHERE state = 'running') AS "running!",
                  count(*) FILTER (WHERE state <> 'succeeded') AS "open!",
                  min(step_id || ': ' || outcome) FILTER (WHERE state = 'failed') AS failure
           FROM run_steps WHERE run_id = $1"#,
        run,
    )
    .fetch_one(write.connection())
    .await?;
    // Looked at again under the lock: a step may have been claimed meanwhile.
    if steps.running > 0 || steps.failure.is_none() && steps.open > 0 {
        return Ok(false);
    }
    if let Some(failure) = steps.failure {
        fail(write, locked, run, &format!("The step {failure}")).await?;
    } else if live != Some(row.base_revision) {
        // Only runs and first imports move the live revision, and there is one run at a time: a bug, but no silent loss.
        let reason = format!("Revision {} was to be built on, and it is not live any more.", row.base_revision);
        fail(write, locked, run, &reason).await?;
    } else {
        match outcome {
            // A step failed when it was looked at, and has not by now: nothing was worked out.
            None => return Ok(false),
            Some(Ok(outcome)) if i64::try_from(outcome.steps) == Ok(steps.count) => {
                let version = stored::version(row.catalogue_version)?;
                succeed(write, locked, run, row.base_revision, &outcome, version).await?;
            }
            // A step that came since it was worked out.
            Some(Ok(_)) => not_approved(write, locked, run, "The steps are not what was approved.").await?,
            Some(Err(told)) => not_approved(write, locked, run, &told).await?,
        }
    }
    Ok(true)
}

/// Whatever altered it since: what nobody approved does not become live.
async fn not_approved(write: Write, locked: Locked, run: i64, told: &str) -> Result<(), Error> {
    tracing::error!(run, told, "what a run was to make live is not what was approved");
    fail(write, locked, run, &format!("{told} Nothing of it became live; look at what the steps did.")).await
}

async fn succeed(
    mut write: Write,
    mut locked: Locked,
    run: i64,
    base: i64,
    outcome: &Outcome,
    catalogue: u32,
) -> Result<(), Error> {
    let environment_id = write.place()?.id;
    let (made_by, at) = (write.person().clone(), write.at());
    let new = NewRevision {
        environment_id,
        after: Some(base),
        content: &outcome.content,
        catalogue,
        change: Some(locked.change.id),
        run: Some(run),
        title: &locked.change.title,
        made_by: &made_by,
        made_at: at,
    };
    let number = revision_add(write.connection(), new).await?;
    end_run(&mut write, run, "succeeded", Some(number)).await?;
    locked.run_ended(true)?;
    locked.save(&mut write, AuditAction::RunSucceeded).await?;
    let did = RunAct::Succeeded { base, live: number };
    write.commit(Act::Run { run, change: locked.change.id, did }).await?;
    tracing::info!(revision = number, "the run succeeded");
    Ok(())
}

async fn fail(mut write: Write, mut locked: Locked, run: i64, reason: &str) -> Result<(), Error> {
    let at = write.at();
    sqlx::query!(
        "UPDATE run_steps SET state = 'skipped', finished_at = $2, outcome = $3
         WHERE run_id = $1 AND state IN ('pending', 'waiting')",
        run,
        at,
        "Not begun, because the run failed before.",
    )
    .execute(write.connection())
    .await?;
    end_run(&mut write, run, "failed", None).await?;
    locked.run_ended(false)?;
    locked.change.reason = Some(reason.to_owned());
    locked.save(&mut write, AuditAction::RunFailed).await?;
    let did = RunAct::Failed { reason: reason.to_owned() };
    write.commit(Act::Run { run, change: locked.change.id, did }).await?;
    tracing::warn!(reason, "the run failed");
    Ok(())
}

async fn end_run(write: &mut Write, run: i64, state: &str, revision: Option<i64>) -> Result<(), Error> {
    let at = write.at();
    let written = sqlx::query!(
        "UPDATE runs SET state = $2, finished_at = $3, revision = $4 WHERE id = $1 AND state = 'running'",
        run,
        state,
        at,
        revision,
    )
    .execute(write.connection())
    .await?;
    stored::expect_rows(written.rows_affected(), 1)
}
