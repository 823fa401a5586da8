//! How large things get (requirements, section 11).
//!
//! As the rule for texts, limits are for what comes in; what was taken before is read whatever its size.

use std::fmt;

use crate::edit::Edit;
use crate::topology::Topology;

/// Most nodes of a topology.
pub const NODES_MAX: usize = 100_000;
/// Most availability groups of a topology.
pub const GROUPS_MAX: usize = 20_000;
/// Most services of a topology.
pub const SERVICES_MAX: usize = 1_000;
/// Most roles of a catalogue, the built-in ones among them.
pub const ROLES_MAX: usize = 200;
/// Most edits of a draft's log.
pub const LOG_MAX: usize = 50_000;
/// Most edits of a batch, which a draft takes whole or not at all.
pub const BATCH_MAX: usize = 10_000;

/// Kinds of things of which there can be only so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Things {
    /// Nodes of a topology.
    Nodes,
    /// Availability groups of a topology.
    Groups,
    /// Services of a topology.
    Services,
    /// Roles of a catalogue.
    Roles,
    /// Edits of a log.
    Edits,
}

impl Things {
    /// How many there can be.
    pub const fn most(self) -> usize {
        match self {
            Self::Nodes => NODES_MAX,
            Self::Groups => GROUPS_MAX,
            Self::Services => SERVICES_MAX,
            Self::Roles => ROLES_MAX,
            Self::Edits => LOG_MAX,
        }
    }

    /// Checks that so many are not too many.
    ///
    /// # Errors
    /// Where they are.
    pub const fn check(self, count: usize) -> Result<(), TooMany> {
        if count > self.most() { Err(TooMany { things: self, count }) } else { Ok(()) }
    }
}

/// Their name, in the plural.
impl fmt::Display for Things {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nodes => "nodes",
            Self::Groups => "availability groups",
            Self::Services => "services",
            Self::Roles => "roles",
            Self::Edits => "edits",
        })
    }
}

/// There would be too many of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("There would be {count} {things}; at most {} are taken.", .things.most())]
pub struct TooMany {
    /// Of what.
    pub things: Things,
    /// How many it would be.
    pub count: usize,
}

/// Checks the size of a topology that comes in.
///
/// # Errors
/// The first list that is too long.
pub fn check(topology: &Topology) -> Result<(), TooMany> {
    let Topology { environment: _, availability_groups, nodes, services } = topology;
    Things::Nodes.check(nodes.len())?;
    Things::Groups.check(availability_groups.len())?;
    Things::Services.check(services.len())
}

/// Checks the size that a topology has after edits, before any of them is applied. What is too large already may stay
/// so, and shrink.
///
/// # Errors
/// The first list that would be longer than it may be, and than it is.
pub fn check_edits<'a>(topology: &Topology, edits: impl IntoIterator<Item = &'a Edit>) -> Result<(), TooMany> {
    let mut more = [0usize; 3];
    let mut fewer = [0usize; 3];
    for edit in edits {
        match edit {
            Edit::AddNode { .. } => more[0] += 1,
            Edit::RemoveNode { .. } => fewer[0] += 1,
            Edit::AddGroup { .. } => more[1] += 1,
            Edit::RemoveGroup { .. } => fewer[1] += 1,
            Edit::AddService { .. } => more[2] += 1,
            Edit::RemoveService { .. } => fewer[2] += 1,
            Edit::UpdateNode { .. }
            | Edit::RenameNode { .. }
            | Edit::RenameGroup { .. }
            | Edit::AssignRole { .. }
            | Edit::UpdateSettings { .. }
            | Edit::UnassignRole { .. }
            | Edit::UpdateService { .. } => {}
        }
    }
    let there = [topology.nodes.len(), topology.availability_groups.len(), topology.services.len()];
    for (place, things) in [Things::Nodes, Things::Groups, Things::Services].into_iter().enumerate() {
        if more[place] > fewer[place] {
            things.check(there[place] + more[place] - fewer[place])?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use crate::edit::{EditError, apply, replay};

    #[test]
    fn the_last_that_fits_is_taken_and_the_next_is_not() {
        let mut topology = Topology::empty("lab");
        topology.availability_groups = (0..GROUPS_MAX).map(|n| format!("g{n}")).collect();
        assert_eq!(check(&topology), Ok(()));
        let add = Edit::AddGroup { name: "one more".to_owned() };
        let too_many = TooMany { things: Things::Groups, count: GROUPS_MAX + 1 };
        assert_eq!(apply(&mut topology, &add, Catalogue::built_in()), Err(EditError::TooMany(too_many)));
        let room = Edit::RemoveGroup { name: "g7".to_owned() };
        assert_eq!(check_edits(&topology, [&room, &add]), Ok(()));
        // The past is read as it is.
        let replayed = replay(&topology, [&add], Catalogue::built_in()).expect("was taken");
        assert_eq!(check(&replayed), Err(too_many));
        // And can shrink.
        assert_eq!(check_edits(&replayed, [&room]), Ok(()));
        assert_eq!(too_many.to_string(), "There would be 20001 availability groups; at most 20000 are taken.");
    }
}
