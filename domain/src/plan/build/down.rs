//! Instances that are drained and removed, and data that is laid out anew.

use super::{Builder, Direction};
use crate::catalogue::{Growth, Role};
use crate::plan::census::group_of;
use crate::plan::changes::InstanceChange;
use crate::plan::order::{About, Draft, Rank};
use crate::plan::{Effect, Impact, StepKind, impact};

impl<'a, 'c> Builder<'a, 'c> {
    /// One role's instances that go, with the one expensive step where its data has to be laid out anew.
    pub(super) fn taken_down(&mut self, rank: usize, instances: &[&'c InstanceChange<'a>]) {
        let changes = self.changes;
        let (_, role) = self.roles.role(rank);
        let leaving: Vec<&'c InstanceChange<'a>> =
            instances.iter().copied().filter(|change| change.after.is_none()).collect();
        let mut wait_for: Vec<usize> = Vec::new();
        if !leaving.is_empty() {
            wait_for.extend(self.gate(Direction::Up, rank));
            wait_for.extend(self.gates_before(Direction::Down, rank));
        }
        let mut drains = Vec::with_capacity(leaving.len());
        for &change in &leaving {
            let first = change.site.node_change().filter(|&index| changes.nodes[index].makes_room);
            let mut after = match first {
                // Whoever takes this node's place waits for it, so it waits for nobody: only its own roles in turn.
                Some(index) => self.removals_of_node[index].last().copied().into_iter().collect(),
                None => {
                    self.gone[rank].in_turn = true;
                    wait_for.clone()
                }
            };
            // A node that stays may have got its new name or address before.
            let stays = change.site.node_change().filter(|&index| changes.nodes[index].after.is_some());
            after.extend(stays.and_then(|index| self.node_steps[index]));
            let settings = change.before.as_deref().cloned().unwrap_or_default();
            let effect = Effect::InstanceDrained { address: change.site.address(), settings };
            let drain = self.add(self.leaving(StepKind::DrainRole, rank, change, Impact::None, effect, after));
            if first.is_some() {
                // Removed at once, so that the next role of the node can follow.
                self.remove(role, rank, change, vec![drain]);
            }
            drains.push((drain, first.is_some()));
        }
        let layout = role.and_then(|role| self.layout(role, rank, instances, &drains));
        for (change, &(drain, is_removed)) in leaving.into_iter().zip(&drains) {
            if !is_removed {
                self.remove(role, rank, change, std::iter::once(drain).chain(layout).collect());
            }
        }
    }

    fn leaving(
        &self,
        kind: StepKind,
        rank: usize,
        change: &InstanceChange<'a>,
        impact: Impact,
        effect: Effect,
        after: Vec<usize>,
    ) -> Draft<'a> {
        let rank = Rank { stage: 2, role: self.roles.len() - rank, whole: 0, place: change.site.key() };
        Draft { kind, about: About::instance(change.site, change.role), impact, effect, rank, after }
    }

    fn remove(&mut self, role: Option<&Role>, rank: usize, change: &'c InstanceChange<'a>, after: Vec<usize>) {
        let Some(before) = change.before.as_deref() else { return };
        let impact = impact::of_removal(role, before, self.counts);
        let effect = Effect::InstanceRemoved { address: change.site.address(), settings: before.clone() };
        let step = self.add(self.leaving(StepKind::RemoveRole, rank, change, impact, effect, after));
        self.gone[rank].ends.push(step);
        if let Some(index) = change.site.node_change() {
            self.removals_of_node[index].push(step);
        }
        if let Some(group) = role.and_then(|role| group_of(role, before)) {
            self.left_group.entry(group).or_default().push(step);
        }
    }

    /// Moving data or building indexes anew, once for all nodes that join, move and leave while the role is live.
    fn layout(
        &mut self,
        role: &'a Role,
        rank: usize,
        instances: &[&'c InstanceChange<'a>],
        drains: &[(usize, bool)],
    ) -> Option<usize> {
        let (kind, impact) = match role.growth {
            Growth::Free => return None,
            Growth::Rebalance => (StepKind::Rebalance, Impact::Rebalance),
            Growth::Reindex => (StepKind::Reindex, Impact::Reindex),
        };
        if !self.counts.stays_live(&role.id) {
            return None;
        }
        let (mut joined, mut moved, mut left) = (Vec::new(), Vec::new(), Vec::new());
        let mut groups_left = Vec::new();
        for change in instances {
            let name = change.site.name().to_owned();
            match (change.before.as_deref(), change.after) {
                (None, _) => joined.push(name),
                (Some(_), None) => left.push(name),
                (Some(before), Some(after)) if group_of(role, before) != group_of(role, after) => {
                    moved.push(name);
                    groups_left.extend(group_of(role, before));
                }
                (Some(_), Some(_)) => {}
            }
        }
        if joined.is_empty() && moved.is_empty() && left.is_empty() {
            return None;
        }
        let after = self.built[rank].ends.iter().copied().chain(drains.iter().map(|&(drain, _)| drain)).collect();
        let rank = Rank { stage: 2, role: self.roles.len() - rank, whole: 0, place: "".into() };
        let effect = Effect::LayoutChanged { joined, moved, left };
        let step = self.add(Draft { kind, about: About::Role(&role.id), impact, effect, rank, after });
        groups_left.sort_unstable();
        groups_left.dedup();
        for group in groups_left {
            // A group keeps its data until they have moved.
            self.left_group.entry(group).or_default().push(step);
        }
        Some(step)
    }
}
