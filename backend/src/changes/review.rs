//! Sending a change to review, and giving it up.

use strata_domain::act::{Act, ChangeAct, Shift};
use strata_domain::audit::AuditAction;
use strata_domain::authz::Permission;
use strata_domain::change::ChangeState;
use strata_domain::text;

use super::{Locked, Material};
use crate::approvals::UnderReview;
use crate::ctx::{Actor, Backend, Scope};
use crate::error::Error;
use crate::heavy;
use crate::stored;

/// Sends a draft to review.
///
/// # Errors
/// [`Error::Refused`] where there is nothing to apply or a blocker is left; [`Error::Conflict`] where somebody
/// else came first. Repeated by the same person, it is met already.
#[tracing::instrument(skip_all, fields(%id, %version))]
pub async fn change_submit(backend: &Backend, actor: &Actor, id: i64, version: i64) -> Result<(), Error> {
    heavy::act(actor, || submit(backend, actor, id, version)).await
}

async fn submit(backend: &Backend, actor: &Actor, id: i64, version: i64) -> Result<(), Error> {
    let mut write = backend.authorise_write(actor, Permission::SubmitChange, Scope::Change(id)).await?;
    let environment_id = write.place()?.id;
    let mut locked = Locked::take(&mut write, id).await?;
    if locked.change.state == ChangeState::InReview && locked.change.submitted_by.as_ref() == Some(write.person()) {
        return Ok(());
    }
    locked.at_version(version, &write)?;
    let material = Material::load(&mut write.source(), environment_id, &locked.change).await?;
    let UnderReview { review, plan, terms } = locked.review(&mut write, &material).await?;
    let (before, now) = (locked.change.state, locked.now(&write));
    let review = review.submit(write.person().id.as_ref(), now)?;
    locked.take_up(&review, now);
    locked.change.submitted_by = Some(write.person().clone());
    locked.change.submitted_at = Some(now);
    locked.change.reason = None;
    let version = locked.decide(&mut write, AuditAction::ChangeSubmitted, &review.plan, &material).await?;
    let (submitter, name, at) = (write.account_id()?, write.person().name.clone(), write.at());
    let written = sqlx::query!(
        "INSERT INTO change_submissions (change_id, version, submitter_id, submitter_name, at, approval_hours, lifetime_id,
                                         policy_version, rule_level_id)
         SELECT $1, $2, $3, $4, $5, e.approval_hours,
                (SELECT coalesce(max(l.id), 0) FROM approval_lifetimes l WHERE l.environment_id = e.id), $7,
                (SELECT coalesce(max(h.id), 0) FROM rule_level_history h WHERE h.environment_id = e.id)
         FROM environments e WHERE e.id = $6",
        id,
        version,
        submitter,
        name,
        at,
        environment_id,
        stored::of_version(terms.policy.version)?,
    )
    .execute(write.connection())
    .await?;
    stored::expect_rows(written.rows_affected(), 1)?;
    let shift = Shift { from: before, to: locked.change.state };
    let did = ChangeAct::Submitted { digest: plan.digest, risk: plan.risk, steps: plan.steps.len(), shift };
    write.commit(Act::Change { change: id, did }).await
}

/// Gives a change up.
///
/// # Errors
/// [`Error::Refused`] where its state does not allow it; [`Error::Conflict`] where somebody else came first.
#[tracing::instrument(skip_all, fields(%id, %version))]
pub async fn change_withdraw(
    backend: &Backend,
    actor: &Actor,
    id: i64,
    version: i64,
    reason: Option<String>,
) -> Result<(), Error> {
    heavy::act(actor, || withdraw(backend, actor, id, version, reason.clone())).await
}

async fn withdraw(
    backend: &Backend,
    actor: &Actor,
    id: i64,
    version: i64,
    reason: Option<String>,
) -> Result<(), Error> {
    let mut write = backend.authorise_write(actor, Permission::WithdrawChange, Scope::Change(id)).await?;
    let reason = accepted_reason(reason.as_deref())?;
    let mut locked = Locked::take(&mut write, id).await?;
    if locked.was_done_by(write.person(), AuditAction::ChangeWithdrawn) {
        return Ok(());
    }
    locked.at_version(version, &write)?;
    let environment_id = write.place()?.id;
    let material = Material::load(&mut write.source(), environment_id, &locked.change).await?;
    let UnderReview { review, .. } = locked.review(&mut write, &material).await?;
    let review = review.withdraw()?;
    let (before, now) = (locked.change.state, locked.now(&write));
    locked.take_up(&review, now);
    locked.change.reason.clone_from(&reason);
    locked.decide(&mut write, AuditAction::ChangeWithdrawn, &review.plan, &material).await?;
    let did = ChangeAct::Withdrawn { reason, shift: Shift { from: before, to: locked.change.state } };
    write.commit(Act::Change { change: id, did }).await
}

/// A reason without spaces around it; an empty one is none.
///
/// # Errors
/// [`Error::Invalid`] for `reason` where its text is not taken.
pub(crate) fn accepted_reason(reason: Option<&str>) -> Result<Option<String>, Error> {
    text::long_or_none("reason", reason).map_err(|fault| Error::text("reason", &fault))
}
