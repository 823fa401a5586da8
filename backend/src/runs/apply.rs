//! An approved change becomes a run.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::types::Json;
use strata_domain::audit::AuditAction;
use strata_domain::authz::Permission;
use strata_domain::news::News;
use strata_domain::plan::Plan;
use strata_domain::review::{Review, Start};
use strata_domain::run::{ExecutorKind, RunState};

use super::rows;
use crate::approvals::Terms;
use crate::catalogues::{version_now, version_stored};
use crate::changes::{self, Carried, Locked, Material};
use crate::ctx::{self, Actor, AuditRow, Backend, Scope, Write};
use crate::error::Error;
use crate::worker;

/// Starts the run of an approved change; gives the run's id. The edits are carried to the live revision and
/// the plan is made once more, under a lock on the environment; it has to be the one that was approved.
///
/// # Errors
/// [`Error::Refused`] while another run is under way, where an edit does not carry over, or where the approval does not
/// hold for the plan or has expired: then the change is in review again, and that is stored. [`Error::Conflict`] where
/// somebody else came first. Repeated by the same person, it gives the same run.
#[tracing::instrument(skip_all, fields(id, version))]
pub async fn change_apply(backend: &Backend, actor: &Actor, id: i64, version: i64) -> Result<i64, Error> {
    let mut write = backend.authorise_write(actor, Permission::ApplyChange, Scope::Change(id)).await?;
    let environment_id = write.place()?.id;
    // One apply at a time in an environment: the second waits here and then sees the first one's run.
    let live =
        sqlx::query_scalar!("SELECT live_revision FROM environments WHERE id = $1 FOR NO KEY UPDATE", environment_id,)
            .fetch_one(write.connection())
            .await?;
    let mut locked = Locked::take(&mut write, id).await?;
    let earlier = rows::runs_of_change(write.connection(), id).await?;
    if let Some(run) = earlier.first()
        && run.requested_by == *write.person()
    {
        return Ok(run.id);
    }
    locked.at_version(version, &write)?;
    let own = Material::load(write.connection(), environment_id, &locked.change).await?;
    let under = locked.review(&mut write, &own).await?;
    let now = locked.now(&write);
    under.review.may_apply(now)?;
    refuse_beside_another(&mut write, environment_id).await?;

    let live = live.unwrap_or(locked.change.base);
    locked.change.catalogue = version_now(write.connection(), environment_id).await?;
    let carried = Carried::to(write.connection(), environment_id, &locked.change, live, &BTreeMap::new()).await?;
    if let Some(conflict) = carried.conflicts.first() {
        return Err(Error::refused(format!(
            "Revision {live} is live since, and not every edit carries over. {} Nothing was started. Rebase the change \
             and decide what becomes of it, or withdraw it.",
            changes::conflict_text(conflict)
        )));
    }
    let material = &carried.material;
    let (planned, plan) = under.terms.planned(material);
    let review = match under.review.apply(planned, now)? {
        Start::Starts { review } => review,
        Start::Back { review, why } => return Err(back_to_review(write, locked, live, &carried, &review, &why).await?),
    };
    let before = locked.change.state;
    let run = run_add(&mut write, (environment_id, live, id), material, &plan, &under.terms, now).await?;
    carried.store(&mut write, &mut locked).await?;
    locked.take_up(&review, now);
    locked.change.reason = None;
    locked.save(&mut write, AuditAction::RunStarted).await?;
    worker::wake(write.connection()).await?;
    let environment = locked.change.environment;
    let row = AuditRow::new(AuditAction::RunStarted, "run", &run)
        .before(json!({ "state": before, "live": live }))
        .after(json!({ "change": id, "state": review.state, "digest": plan.digest, "steps": plan.steps.len() }));
    let news = vec![News::Change { environment: environment.clone(), id }, News::Run { environment, id: run }];
    write.commit(row, news).await?;
    Ok(run)
}

/// One run at a time in an environment; the refusal says which one, whose, and where it is.
async fn refuse_beside_another(write: &mut Write, environment_id: i64) -> Result<(), Error> {
    let which = rows::Which { environment_id: Some(environment_id), limit: 10, ..rows::Which::default() };
    let runs = rows::runs(write.connection(), which).await?;
    let Some(run) = runs.iter().find(|run| matches!(run.state, RunState::Queued | RunState::Running)) else {
        return Ok(());
    };
    Err(Error::refused(format!(
        "Run {} (“{}”, applied by {}) is provisioning; apply again when it has ended.",
        run.id, run.title, run.requested_by.name
    )))
}

/// Stores that the change has to be reviewed again, and gives the refusal that says why.
async fn back_to_review(
    mut write: Write,
    mut locked: Locked,
    live: i64,
    carried: &Carried,
    review: &Review,
    why: &str,
) -> Result<Error, Error> {
    let (before, old_base, id) = (locked.change.state, locked.change.base, locked.change.id);
    let reason = if old_base == live { why.to_owned() } else { format!("Revision {live} is live since. {why}") };
    carried.store(&mut write, &mut locked).await?;
    let now = locked.now(&write);
    locked.take_up(review, now);
    locked.change.reason = Some(reason.clone());
    let action = if old_base == live { AuditAction::ApprovalLapsed } else { AuditAction::ChangeRebased };
    locked.save(&mut write, action).await?;
    let row = AuditRow::new(action, "change", &id)
        .reason(Some(&reason))
        .before(json!({ "state": before, "base": old_base }))
        .after(json!({ "state": locked.change.state, "base": live, "digest": review.plan.digest }));
    write.commit(row, vec![News::Change { environment: locked.change.environment, id }]).await?;
    Ok(Error::refused(reason))
}

/// Adds the run and its steps: from here on the worker finds them.
async fn run_add(
    write: &mut Write,
    (environment_id, live, change): (i64, i64, i64),
    material: &Material,
    plan: &Plan,
    terms: &Terms,
    at: DateTime<Utc>,
) -> Result<i64, Error> {
    let (requester, name) = (write.account_id()?, write.person().name.clone());
    let hours = i32::try_from(terms.expires_after.as_hours()).map_err(Error::unexpected)?;
    let run = sqlx::query_scalar!(
        "INSERT INTO runs (environment_id, change_id, executor, digest, catalogue_version, base_revision, desired,
                           requested_by, requested_by_name, requested_at, policy_version, approval_hours)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id",
        environment_id,
        change,
        ExecutorKind::DryRun.as_str(),
        &plan.digest.0,
        version_stored(material.catalogue.version)?,
        live,
        Json(&material.desired) as _,
        requester,
        name,
        at,
        version_stored(terms.policy.version)?,
        hours,
    )
    .fetch_one(write.connection())
    .await?;
    let written = sqlx::query!(
        "INSERT INTO run_steps (run_id, step_id, position, depends_on, plan_step)
         SELECT $1, s.step ->> 'id', s.place, ARRAY(SELECT jsonb_array_elements_text(s.step -> 'depends_on')), s.step
         FROM jsonb_array_elements($2) WITH ORDINALITY AS s (step, place)",
        run,
        Json(&plan.steps) as _,
    )
    .execute(write.connection())
    .await?;
    ctx::expect_rows(written.rows_affected(), u64::try_from(plan.steps.len()).map_err(Error::unexpected)?)?;
    sqlx::query!("INSERT INTO run_log_counters (run_id) VALUES ($1)", run).execute(write.connection()).await?;
    Ok(run)
}
