//! In which order roles are built up.

use std::collections::HashMap;

use super::changes::Changes;
use crate::catalogue::{Catalogue, Role};
use crate::topology::RoleId;

/// Roles in an order in which each comes after all that it depends on.
pub(super) struct RoleOrder<'a> {
    pub ranks: HashMap<&'a str, usize>,
    /// By rank: the ranks of all roles that it depends on, directly or not.
    pub below: Vec<Vec<usize>>,
}

impl<'a> RoleOrder<'a> {
    pub fn of(catalogue: &'a Catalogue, changes: &Changes<'a>) -> Self {
        let mut order = Self { ranks: HashMap::new(), below: Vec::new() };
        for role in &catalogue.roles {
            order.place(role, catalogue, &mut Vec::new());
        }
        // Roles that the catalogue does not know come last and depend on nothing.
        let mut unknown: Vec<&str> = changes.instances.iter().map(|change| change.role.as_str()).collect();
        unknown.sort_unstable();
        for role in unknown {
            if !order.ranks.contains_key(role) {
                order.ranks.insert(role, order.below.len());
                order.below.push(Vec::new());
            }
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
        let mut below = Vec::new();
        for other in role.depends_on.iter().filter_map(|id| catalogue.role(id.as_str())) {
            self.place(other, catalogue, open);
            if let Some(&rank) = self.ranks.get(other.id.as_str()) {
                below.push(rank);
                below.extend_from_slice(&self.below[rank]);
            }
        }
        open.pop();
        below.sort_unstable();
        below.dedup();
        self.ranks.insert(id, self.below.len());
        self.below.push(below);
    }

    pub fn rank(&self, role: &RoleId) -> usize {
        self.ranks.get(role.as_str()).copied().unwrap_or(self.below.len())
    }

    /// The ranks of all roles that depend on this one.
    pub fn above(&self, rank: usize) -> Vec<usize> {
        (0..self.below.len()).filter(|&other| self.below[other].contains(&rank)).collect()
    }
}
