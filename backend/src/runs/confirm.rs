//! A person confirms what only a person can do.

use strata_domain::act::{Act, RunAct};
use strata_domain::authz::Permission;
use strata_domain::run::StepState;

use crate::ctx::{Actor, Backend, Scope};
use crate::error::Error;
use crate::stored;
use crate::work;

/// Confirms that the checklist of a manual step was gone through; the run goes on. Confirming twice changes nothing.
///
/// # Errors
/// [`Error::NotFound`] for an unknown step; [`Error::Refused`] where it waits for nobody.
#[tracing::instrument(skip_all, fields(%id, ?step_id))]
pub async fn run_confirm_step(backend: &Backend, actor: &Actor, id: i64, step_id: &str) -> Result<(), Error> {
    let mut write = backend.authorise_write(actor, Permission::ConfirmStep, Scope::Run(id)).await?;
    // The run before the step, as the worker does: two orders would be a deadlock.
    sqlx::query!("SELECT id FROM runs WHERE id = $1 FOR NO KEY UPDATE", id).fetch_one(write.connection()).await?;
    let step = sqlx::query!(
        r#"SELECT s.state, s.plan_step ->> 'kind' AS kind, r.change_id
           FROM run_steps s JOIN runs r ON r.id = s.run_id WHERE s.run_id = $1 AND s.step_id = $2"#,
        id,
        step_id,
    )
    .fetch_optional(write.connection())
    .await?
    .ok_or(Error::NotFound { what: "step" })?;
    match stored::word(&step.state)? {
        StepState::Waiting => {}
        StepState::Succeeded if step.kind.as_deref() == Some("manual") => return Ok(()),
        StepState::Pending if step.kind.as_deref() == Some("manual") => {
            return Err(Error::not_now("The steps before it have not ended yet."));
        }
        StepState::Pending | StepState::Running | StepState::Succeeded | StepState::Failed | StepState::Skipped => {
            return Err(Error::not_now("This step does not wait for anybody."));
        }
    }
    let (outcome, at) = (format!("Confirmed by {}", write.person().name), write.at());
    let written = sqlx::query!(
        "UPDATE run_steps SET state = 'succeeded', finished_at = greatest($3, started_at), outcome = $4
         WHERE run_id = $1 AND step_id = $2 AND state = 'waiting'",
        id,
        step_id,
        at,
        outcome,
    )
    .execute(write.connection())
    .await?;
    stored::expect_rows(written.rows_affected(), 1)?;
    work::announce(write.connection()).await?;
    let did = RunAct::StepConfirmed { step: step_id.to_owned() };
    write.commit(Act::Run { run: id, change: step.change_id, did }).await
}
