//! Makes the steps of a plan and says which waits for which.
//!
//! Building up: nodes, then roles, those that others depend on first; an instance is installed or configured, set up
//! by hand where needed, then verified. Taking down comes after the verification of what replaces it, in reverse.
//! Instead of an edge from every instance to every instance of the roles above, roles as a whole are verified
//! between, so that the number of edges grows with the number of steps.

mod down;
mod groups;
mod nodes;
mod up;

use std::collections::HashMap;

use super::census::Counts;
use super::changes::{Changes, InstanceChange};
use super::order::{About, Draft, Rank};
use super::role_order::RoleOrder;
use super::{Effect, Impact, StepKind};
use crate::catalogue::Catalogue;
use crate::pairing::compare_names;

/// All steps that the changes need, in no order yet.
pub(super) fn drafts<'a>(changes: &Changes<'a>, counts: &Counts<'a>, catalogue: &'a Catalogue) -> Vec<Draft<'a>> {
    let roles = RoleOrder::of(catalogue, changes);
    let by_role = changes_by_role(&roles, &changes.instances);
    let mut builder = Builder {
        changes,
        counts,
        catalogue,
        // Rarely more than three steps for an instance and one for a node.
        drafts: Vec::with_capacity(3 * changes.instances.len() + changes.nodes.len()),
        node_steps: vec![None; changes.nodes.len()],
        removals_of_node: vec![Vec::new(); changes.nodes.len()],
        groups: HashMap::new(),
        left_group: HashMap::new(),
        built: vec![Phase::default(); roles.len()],
        gone: vec![Phase::default(); roles.len()],
        roles,
    };
    builder.groups_made_ready();
    builder.nodes_prepared();
    for (rank, instances) in by_role.iter().enumerate() {
        builder.built_up(rank, instances);
    }
    for (rank, instances) in by_role.iter().enumerate().rev() {
        builder.taken_down(rank, instances);
    }
    builder.nodes_retired();
    builder.nodes_take_turns();
    builder.groups_removed();
    builder.drafts
}

/// The instance changes of each role, by the role's rank, places in alphabetical order.
fn changes_by_role<'a, 'c>(
    roles: &RoleOrder<'a>,
    instances: &'c [InstanceChange<'a>],
) -> Vec<Vec<&'c InstanceChange<'a>>> {
    let mut by_role = vec![Vec::new(); roles.len()];
    for change in instances {
        by_role[roles.rank(change.role)].push(change);
    }
    for changes in &mut by_role {
        changes.sort_by(|one, other| compare_names(one.site.name(), other.site.name()));
    }
    by_role
}

struct Builder<'a, 'c> {
    changes: &'c Changes<'a>,
    counts: &'c Counts<'a>,
    catalogue: &'a Catalogue,
    roles: RoleOrder<'a>,
    drafts: Vec<Draft<'a>>,
    /// By node change: the step that prepares or retires it.
    node_steps: Vec<Option<usize>>,
    /// By node change: the steps that take its roles away.
    removals_of_node: Vec<Vec<usize>>,
    /// By group: the step after which it is there.
    groups: HashMap<&'c str, usize>,
    /// By group: the steps after which an instance is no longer in it.
    left_group: HashMap<&'c str, Vec<usize>>,
    /// By rank: its instances that are verified.
    built: Vec<Phase>,
    /// By rank: its instances that are removed.
    gone: Vec<Phase>,
}

/// What happens to one role, in one of the two directions.
#[derive(Clone, Default)]
struct Phase {
    /// The last step of each instance.
    ends: Vec<usize>,
    /// What stands for all of them: the only one, or a look at the role as a whole.
    gate: Option<usize>,
    /// Whether any of them waited for the roles that come before this one, so that its gate stands for theirs too.
    in_turn: bool,
}

/// The two directions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

impl<'a> Builder<'a, '_> {
    fn add(&mut self, draft: Draft<'a>) -> usize {
        self.drafts.push(draft);
        self.drafts.len() - 1
    }

    fn phase(&mut self, direction: Direction, rank: usize) -> &mut Phase {
        match direction {
            Direction::Up => &mut self.built[rank],
            Direction::Down => &mut self.gone[rank],
        }
    }

    /// What stands for a whole role, if anything happens to it: its only step, or one that looks at the role as a
    /// whole after all of them.
    fn gate(&mut self, direction: Direction, rank: usize) -> Option<usize> {
        let phase = self.phase(direction, rank);
        if phase.gate.is_some() {
            return phase.gate;
        }
        let gate = match phase.ends[..] {
            [] => return None,
            [only] => only,
            _ => {
                let after = phase.ends.clone();
                self.whole_role_checked(direction, rank, after)
            }
        };
        self.phase(direction, rank).gate = Some(gate);
        Some(gate)
    }

    fn whole_role_checked(&mut self, direction: Direction, rank: usize, after: Vec<usize>) -> usize {
        let (role, _) = self.roles.role(rank);
        let (stage, place, about) = match direction {
            Direction::Up => (1, rank, About::Role(role)),
            Direction::Down => (2, self.roles.len() - rank, About::RestOfRole(role)),
        };
        let instances = self.counts.after.role(role).map_or(0, |count| count.instances);
        self.add(Draft {
            kind: StepKind::VerifyRole,
            about,
            impact: Impact::None,
            effect: Effect::RoleChecked { instances },
            rank: Rank { stage, role: place, whole: 1, place: "".into() },
            after,
        })
    }

    /// The gates of the roles that come before this one; those that another of them waits for are left out.
    fn gates_before(&mut self, direction: Direction, rank: usize) -> Vec<usize> {
        let before = |builder: &Self, rank| match direction {
            Direction::Up => builder.roles.below(rank),
            Direction::Down => builder.roles.above(rank),
        };
        let mut gates: Vec<(usize, usize)> = Vec::new();
        for other in before(self, rank) {
            gates.extend(self.gate(direction, other).map(|gate| (other, gate)));
        }
        let mut implied = vec![false; self.roles.len()];
        for &(other, _) in &gates {
            if self.phase(direction, other).in_turn {
                before(self, other).into_iter().for_each(|rank| implied[rank] = true);
            }
        }
        gates.into_iter().filter(|&(other, _)| !implied[other]).map(|(_, gate)| gate).collect()
    }
}
