//! Moving a change to the live revision (requirements, section 5).

use std::collections::BTreeMap;

use strata_domain::act::{Act, ChangeAct, Shift};
use strata_domain::audit::AuditAction;
use strata_domain::authz::Permission;
use strata_domain::change::ChangeState;
use strata_domain::rebase::{Choice, RebaseConflict};

use super::{Carried, Locked, Material, lapsed};
use crate::catalogues::version_now;
use crate::ctx::{Actor, Backend, Scope};
use crate::error::Error;
use crate::heavy;

/// What became of a rebase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rebasing {
    /// The change builds on the live revision.
    Done,
    /// These edits need a choice first; nothing was written.
    Conflicts(Vec<RebaseConflict>),
}

/// Carries a change's edits to the live revision and makes that its base. `choices` say, by sequence, what to do with
/// edits that conflict; whoever makes one has no vote on the change from then on. With the same plan the votes stay; an approved
/// change whose plan is another one goes back to review, and the reason says so.
///
/// # Errors
/// [`Error::Refused`] where its state does not allow it; [`Error::Conflict`] where somebody else came first. Repeated by
/// the same person, it is met already.
#[tracing::instrument(skip_all, fields(%id, %version, choices = choices.len()))]
pub async fn change_rebase(
    backend: &Backend,
    actor: &Actor,
    id: i64,
    version: i64,
    choices: &BTreeMap<i64, Choice>,
) -> Result<Rebasing, Error> {
    heavy::act(actor, || rebase(backend, actor, id, version, choices)).await
}

async fn rebase(
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
    let material = Material::load(&mut write.source(), environment_id, &locked.change).await?;
    let under = locked.review(&mut write, &material).await?;
    let now = locked.now(&write);
    let before = under.review.as_of(now);
    // Asked before anything is carried: the refusal is about the change and not about its edits.
    before.rebase(None, before.plan.clone(), now)?;
    let (stored, old_base) = (locked.change.state, locked.change.base);
    if old_base == live {
        return Ok(Rebasing::Done);
    }
    locked.change.catalogue = version_now(write.connection(), environment_id).await?;
    let carried = Carried::to(&mut write.source(), environment_id, &locked.change, live, choices).await?;
    if !carried.conflicts.is_empty() {
        return Ok(Rebasing::Conflicts(carried.conflicts));
    }
    carried.store(&mut write, &mut locked).await?;
    let author = (!carried.choices.is_empty()).then_some(write.person().id.as_ref()).flatten();
    let (planned, _) = under.terms.planned(&carried.material);
    let after = before.rebase(author, planned, now)?;
    locked.take_up(&after, now);
    let cause = format!("It was rebased from revision {old_base} to {live}");
    if let Some(reason) = lapsed(&before, &after, &cause, now) {
        locked.change.reason = Some(reason);
    }
    if locked.change.state == ChangeState::Draft {
        locked.save(&mut write, AuditAction::ChangeRebased).await?;
    } else {
        // The database holds a run against what was asked on its base.
        locked.decide(&mut write, AuditAction::ChangeRebased, &after.plan, &carried.material).await?;
    }
    let did = ChangeAct::Rebased {
        from: old_base,
        to: live,
        edits: carried.count(),
        choices: carried.choices,
        shift: Shift { from: stored, to: locked.change.state },
    };
    write.commit(Act::Change { change: id, did }).await?;
    Ok(Rebasing::Done)
}
