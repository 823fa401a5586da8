//! Moving a change to the live revision.

use serde_json::json;
use strata_domain::audit::AuditAction;
use strata_domain::authz::Permission;
use strata_domain::change::{self, ChangeEvent, ChangeState};
use strata_domain::news::News;

use super::{Locked, Material, misfit, rows};
use crate::approvals;
use crate::catalogues::{catalogue_at, version_now};
use crate::ctx::{Actor, AuditRow, Backend, Scope};
use crate::environments::topology_of;
use crate::error::Error;

/// Replays a change's edits on the live revision and makes that its base. Its state stays, unless it is approved
/// and the plan is no longer the approved one: then it goes back to review, and the reason says so.
///
/// # Errors
/// [`Error::Invalid`] for `edit` where an edit does not fit; it says which and why. [`Error::Conflict`] where
/// somebody else came first.
#[tracing::instrument(skip_all, fields(id, version))]
pub async fn change_rebase(backend: &Backend, actor: &Actor, id: i64, version: i64) -> Result<(), Error> {
    let mut write = backend.authorise_write(actor, Permission::EditChange, Scope::Change(id)).await?;
    let (environment_id, live) = (write.place()?.id, write.place()?.live);
    let mut locked = Locked::take(&mut write, id).await?;
    let live = live.unwrap_or(locked.change.base);
    if locked.change.base == live && locked.was_done_by(write.person(), AuditAction::ChangeRebased) {
        return Ok(());
    }
    locked.at_version(version, &write)?;
    let before = locked.change.state;
    match before {
        ChangeState::Draft | ChangeState::InReview | ChangeState::Approved => {}
        ChangeState::Provisioning
        | ChangeState::Applied
        | ChangeState::Rejected
        | ChangeState::Withdrawn
        | ChangeState::Failed => {
            return Err(Error::refused("Only a draft, or a change that is in review or approved, can be rebased."));
        }
    }
    let old_base = locked.change.base;
    if old_base == live {
        return Ok(());
    }
    let edits = rows::edits_of(write.connection(), id).await?;
    let base = topology_of(write.connection(), environment_id, live).await?;
    locked.change.catalogue = version_now(write.connection(), environment_id).await?;
    let catalogue = catalogue_at(write.connection(), environment_id, locked.change.catalogue).await?;
    let material = match Material::over(base, edits.clone(), catalogue) {
        Ok(material) => material,
        Err(error) => return Err(Error::invalid("edit", misfit(&edits, &error, live))),
    };
    locked.change.base = live;
    if before != ChangeState::Draft {
        let quorum_met = approvals::quorum_met(write.connection(), &locked, &material, &material.plan()).await?;
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
        .after(json!({ "base": live, "state": locked.change.state }));
    write.commit(row, vec![News::Change { environment: locked.change.environment, id }]).await
}
