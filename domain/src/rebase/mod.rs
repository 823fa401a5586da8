//! Moves the edits of a draft from the revision that they were written over to the one that is live now
//! (requirements, section 5): edit by edit, and never losing one in silence.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalogue::Catalogue;
use crate::change::LoggedEdit;
use crate::edit::{Conflict, Edit, Indexed, carry_on, force_on};
use crate::topology::Topology;

/// What to do with an edit that does not carry over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// Leave it out.
    Drop,
    /// Do it all the same: set what was set otherwise, make again what was removed.
    Insist,
}

/// An edit that does not carry over, and what can be done with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RebaseConflict {
    /// The edit as it was written, with its author.
    pub logged: LoggedEdit,
    /// Why, in a sentence.
    pub reason: String,
    /// Whether [`Choice::Insist`] can be chosen; [`Choice::Drop`] always can.
    pub can_be_forced: bool,
}

/// Edits over another revision.
#[derive(Clone, Debug, PartialEq)]
pub struct Rebased {
    /// The edits as they are now, each with the place in the log that it comes from. One may have become several, or
    /// none where what it asked for is so already.
    pub edits: Vec<(usize, Edit)>,
    /// What was not decided yet; while there is one, the rebase cannot be done.
    pub conflicts: Vec<RebaseConflict>,
    /// The new base with the edits.
    pub desired: Topology,
}

/// Carries a log from its base to another revision. `choices` say, by sequence, what to do with edits that conflict; an
/// edit that conflicts and has no choice, or was to be forced and does not fit even so, is among the conflicts.
pub fn rebase(
    old_base: &Topology,
    log: &[LoggedEdit],
    new_base: &Topology,
    catalogue: &Catalogue,
    choices: &BTreeMap<i64, Choice>,
) -> Rebased {
    let mut seen = Indexed::new(old_base.clone(), log.len());
    let mut desired = Indexed::new(new_base.clone(), log.len());
    let (mut edits, mut conflicts) = (Vec::new(), Vec::new());
    for (place, logged) in log.iter().enumerate() {
        let outcome = carried(&logged.edit, &seen, &mut desired, catalogue, choices.get(&logged.sequence).copied());
        match outcome {
            Ok(carried) => edits.extend(carried.into_iter().map(|edit| (place, edit))),
            Err(conflict) => conflicts.push(RebaseConflict {
                logged: logged.clone(),
                reason: conflict.to_string(),
                can_be_forced: conflict.can_be_forced(),
            }),
        }
        // It fitted the old base; a log that does not is carried as far as it goes.
        let _ = seen.apply(&logged.edit, catalogue);
    }
    Rebased { edits, conflicts, desired: desired.into_topology() }
}

fn carried(
    edit: &Edit,
    seen: &Indexed,
    desired: &mut Indexed,
    catalogue: &Catalogue,
    choice: Option<Choice>,
) -> Result<Vec<Edit>, Conflict> {
    let conflict = match carry_on(edit, seen, desired, catalogue) {
        Ok(carried) => return Ok(carried.into_iter().collect()),
        Err(conflict) => conflict,
    };
    match choice {
        Some(Choice::Drop) => Ok(Vec::new()),
        Some(Choice::Insist) if conflict.can_be_forced() => Ok(force_on(edit, seen, desired, catalogue)?),
        Some(Choice::Insist) | None => Err(conflict),
    }
}
