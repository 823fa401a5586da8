//! In which order roles are built up.

use std::collections::HashMap;

use super::changes::Changes;
use crate::catalogue::{Catalogue, Layer, Role};
use crate::topology::RoleId;

/// Roles in an order in which each comes after all that it depends on: storage, then management, then functionality.
///
/// A role also waits for every role of the layers below its own, whether it names them or not: an added role that
/// names none is still built after the storage. Only what a role names itself can turn that round.
pub(super) struct RoleOrder<'a> {
    ranks: HashMap<&'a str, usize>,
    /// By rank: the role's id, and what the catalogue says of it.
    roles: Vec<(&'a RoleId, Option<&'a Role>)>,
    /// By rank: the ranks of all roles that it waits for, directly or not.
    below: Vec<Vec<usize>>,
}

impl<'a> RoleOrder<'a> {
    pub fn of(catalogue: &'a Catalogue, changes: &Changes<'a>) -> Self {
        let mut order = Self { ranks: HashMap::new(), roles: Vec::new(), below: Vec::new() };
        for layer in Layer::ALL.into_iter().rev() {
            for role in catalogue.roles_in(layer) {
                order.place(role, catalogue, &mut Vec::new());
            }
        }
        // Roles that the catalogue does not know come last and depend on nothing.
        let mut unknown: Vec<&RoleId> = changes.instances.iter().map(|change| change.role).collect();
        unknown.retain(|role| !order.ranks.contains_key(role.as_str()));
        unknown.sort_unstable();
        unknown.dedup();
        for role in unknown {
            order.push(role, None, Vec::new());
        }
        order
    }

    fn place(&mut self, role: &'a Role, catalogue: &'a Catalogue, open: &mut Vec<&'a str>) {
        let id = role.id.as_str();
        // A role that is still open depends on itself in the end; that edge is left out.
        if self.ranks.contains_key(id) || open.contains(&id) {
            return;
        }
        open.push(id);
        let named = role.depends_on.iter().filter_map(|id| catalogue.role(id.as_str()));
        let lower = catalogue.roles.iter().filter(|other| other.layer > role.layer);
        let mut below = Vec::new();
        for other in named.chain(lower) {
            self.place(other, catalogue, open);
            if let Some(&rank) = self.ranks.get(other.id.as_str()) {
                below.push(rank);
                below.extend_from_slice(&self.below[rank]);
            }
        }
        open.pop();
        below.sort_unstable();
        below.dedup();
        self.push(&role.id, Some(role), below);
    }

    fn push(&mut self, id: &'a RoleId, role: Option<&'a Role>, below: Vec<usize>) {
        self.ranks.insert(id.as_str(), self.roles.len());
        self.roles.push((id, role));
        self.below.push(below);
    }

    /// Number of roles.
    pub fn len(&self) -> usize {
        self.roles.len()
    }

    pub fn rank(&self, role: &RoleId) -> usize {
        self.ranks.get(role.as_str()).copied().unwrap_or(self.roles.len())
    }

    /// Its id, and what the catalogue says of it.
    pub fn role(&self, rank: usize) -> (&'a RoleId, Option<&'a Role>) {
        self.roles[rank]
    }

    /// The ranks of all roles that this one waits for.
    pub fn below(&self, rank: usize) -> Vec<usize> {
        self.below[rank].clone()
    }

    /// The ranks of all roles that wait for this one.
    pub fn above(&self, rank: usize) -> Vec<usize> {
        (0..self.below.len()).filter(|&other| self.below[other].contains(&rank)).collect()
    }
}
