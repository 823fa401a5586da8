//! Moving a change to the live revision (requirements, section 5).

use std::collections::BTreeMap;

use serde_json::json;
use strata_domain::audit::AuditAction;
use strata_domain::authz::Permission;
use strata_domain::change::{self, ChangeEvent, ChangeState};
use strata_domain::news::News;
use strata_domain::rebase::{Choice, RebaseConflict};

use super::{Carried, Locked};
use crate::approvals;
use crate::catalogues::version_now;
use crate::ctx::{Actor, AuditRow, Backend, Scope};
use crate::error::Error;

/// What became of a rebase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rebasing {
    /// The change builds on the live revision.
    Done,
    /// These edits need a choice first; nothing was written.
    Conflicts(Vec<RebaseConflict>),
}

/// Carries a change's edits to the live revision and makes that its base. `choices` say, by sequence, what to do with
/// edits that conflict; whoever makes one has no vote on the change from then on. Its state stays, unless it is approved
/// and the plan is no longer the approved one: then it goes back to review, and the reason says so.
///
/// # Errors
/// [`Error::Refused`] where its state does not allow it; [`Error::Conflict`] where somebody else came first. Repeated by
/// the same person, it is met already.
#[tracing::instrument(skip_all, fields(id, version, choices = choices.len()))]
pub async fn change_rebase(
    backend: &Backend,
    actor: &Actor,
    id: i64,
    version: i64,
    choices: &BTreeMap<i64, Choice>,
) -> Result<Rebasing, Error> {
    let mut write = backend.authorise_write(actor, Permission::EditChange, Scope::Change(id)).await?;
    let (environment_id, live) = (write.place()?.id, write.place()?.live);
    let mut locked = Locked::take(&mut write, id).await?;
    let live = live.unwrap_or(locked.change.base);
    if locked.change.base == live && locked.was_done_by(write.person(), AuditAction::ChangeRebased) {
        return Ok(Rebasing::Done);
    }
    locked.at_version(version, &write)?;
    let before = locked.change.state;
    if !can_be_rebased(before) {
        return Err(Error::refused("Only a draft, or a change that is in review or approved, can be rebased."));
    }
    let old_base = locked.change.base;
    if old_base == live {
        return Ok(Rebasing::Done);
    }
    locked.change.catalogue = version_now(write.connection(), environment_id).await?;
    let carried = Carried::to(write.connection(), environment_id, &locked.change, live, choices).await?;
    if !carried.conflicts.is_empty() {
        return Ok(Rebasing::Conflicts(carried.conflicts));
    }
    carried.store(&mut write, &mut locked).await?;
    if before != ChangeState::Draft {
        let material = &carried.material;
        let quorum_met = approvals::quorum_met(write.connection(), &locked, material, &material.plan()).await?;
        if before == ChangeState::Approved && !quorum_met {
            locked.change.state = change::step(before, &ChangeEvent::DigestMoved)?;
            locked.change.reason = Some(format!(
                "It was rebased from revision {old_base} to {live}, and its plan is no longer the one that was approved."
            ));
        } else if before == ChangeState::InReview && quorum_met {
            locked.change.state = change::step(before, &ChangeEvent::Voted { quorum_met })?;
        }
    }
    locked.save(&mut write, AuditAction::ChangeRebased).await?;
    let row = AuditRow::new(AuditAction::ChangeRebased, "change", &id)
        .before(json!({ "base": old_base, "state": before }))
        .after(json!({
            "base": live, "state": locked.change.state, "edits": carried.count(), "choices": carried.choices
        }));
    write.commit(row, vec![News::Change { environment: locked.change.environment, id }]).await?;
    Ok(Rebasing::Done)
}

const fn can_be_rebased(state: ChangeState) -> bool {
    match state {
        ChangeState::Draft | ChangeState::InReview | ChangeState::Approved => true,
        ChangeState::Provisioning
        | ChangeState::Applied
        | ChangeState::Rejected
        | ChangeState::Withdrawn
        | ChangeState::Failed => false,
    }
}
