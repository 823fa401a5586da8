//! Makes the steps of a plan and says which waits for which.
//!
//! Building up: nodes, then roles, those that others depend on first; an instance is installed or configured, set up
//! by hand where needed, then verified. Taking down comes after the verification of what replaces it, in reverse.
//! Instead of an edge from every instance to every instance of the roles above, roles as a whole are verified
//! between, so that the number of edges grows with the number of steps.

use std::collections::{BTreeMap, HashMap};

use super::changes::{Changes, InstanceChange, NodeChange, Site, claims};
use super::hand_over::HandOver;
use super::impact::{self, GroupSizes, Touch};
use super::order::{Draft, Rank};
use super::role_order::RoleOrder;
use super::{Effect, Impact, ReplicationTask, Step, StepKind};
use crate::catalogue::{Catalogue, Growth, ReplicationPart, Role};
use crate::edit::NodeFacts;
use crate::topology::{RoleId, Settings, Topology};

/// All steps from `base` to `desired`, in no order yet.
pub(super) fn drafts(base: &Topology, desired: &Topology, catalogue: &Catalogue) -> Vec<Draft> {
    let changes = Changes::between(base, desired);
    let mut builder = Builder {
        roles: RoleOrder::of(catalogue, &changes),
        sizes: GroupSizes::of(base, desired, catalogue),
        base,
        desired,
        catalogue,
        drafts: Vec::new(),
        node_steps: vec![None; changes.nodes.len()],
        removals_of_node: vec![Vec::new(); changes.nodes.len()],
        groups_added: HashMap::new(),
        left_group: HashMap::new(),
        verified: HashMap::new(),
        removed: HashMap::new(),
        gates: HashMap::new(),
    };
    builder.groups_added(&changes);
    builder.nodes_prepared(&changes);
    let by_role = changes_by_role(&builder.roles, &changes.instances);
    for (rank, instances) in &by_role {
        builder.built_up(*rank, instances, &changes.nodes);
    }
    for (rank, instances) in by_role.iter().rev() {
        builder.taken_down(*rank, instances, &changes.nodes);
    }
    builder.nodes_retired(&changes);
    builder.groups_removed(&changes);
    builder.drafts
}

/// The instance changes of each role, by the role's place in the order, hosts in alphabetical order.
fn changes_by_role<'a, 'c>(
    roles: &RoleOrder<'_>,
    instances: &'a [InstanceChange<'c>],
) -> BTreeMap<usize, Vec<&'a InstanceChange<'c>>> {
    let mut by_role: BTreeMap<usize, Vec<&InstanceChange<'c>>> = BTreeMap::new();
    for change in instances {
        by_role.entry(roles.rank(change.role)).or_default().push(change);
    }
    for changes in by_role.values_mut() {
        changes.sort_by_cached_key(|change| change.site.name().to_ascii_lowercase());
    }
    by_role
}

/// A point that others wait for: all of a role's instances verified, or all that leave removed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Gate {
    Verified(usize),
    Removed(usize),
}

struct Builder<'a> {
    roles: RoleOrder<'a>,
    sizes: GroupSizes<'a>,
    base: &'a Topology,
    desired: &'a Topology,
    catalogue: &'a Catalogue,
    drafts: Vec<Draft>,
    /// By node change: the step that prepares or retires it.
    node_steps: Vec<Option<usize>>,
    /// By node change: the steps that take its roles away.
    removals_of_node: Vec<Vec<usize>>,
    groups_added: HashMap<String, usize>,
    /// By group: the steps after which an instance is no longer in it.
    left_group: HashMap<String, Vec<usize>>,
    /// By role: its verified and removed instances.
    verified: HashMap<usize, Vec<usize>>,
    removed: HashMap<usize, Vec<usize>>,
    gates: HashMap<Gate, usize>,
}

/// Where a new step goes and what it is about.
struct About<'s> {
    kind: StepKind,
    site: Option<Site<'s>>,
    role: Option<&'s RoleId>,
    rank: Rank,
}

impl<'a> Builder<'a> {
    fn add(&mut self, about: About<'_>, impact: Impact, effect: Effect, after: Vec<usize>) -> usize {
        let About { kind, site, role, rank } = about;
        let (node, service, place) = match site {
            Some(Site::Node { node, .. }) => (Some(node.hostname.clone()), None, Some(node.hostname.clone())),
            Some(Site::Service(name)) => (None, Some(name.to_owned()), Some(format!("service/{name}"))),
            None => (None, None, None),
        };
        let parts = [Some(kind.as_str().to_owned()), place, role.map(ToString::to_string)];
        let id = parts.into_iter().flatten().collect::<Vec<_>>().join(":");
        let step = Step { id, kind, node, service, role: role.cloned(), impact, depends_on: Vec::new(), effect };
        self.drafts.push(Draft { step, rank, after });
        self.drafts.len() - 1
    }

    fn role_of(&self, rank: usize) -> Option<&'a Role> {
        let id = self.roles.ranks.iter().find(|(_, found)| **found == rank).map(|(id, _)| *id)?;
        self.catalogue.role(id)
    }

    fn groups_added(&mut self, changes: &Changes<'_>) {
        for group in &changes.groups_added {
            let index = self.group_step(group, 0, Effect::GroupAdded { group: (*group).to_owned() }, Vec::new());
            self.groups_added.insert((*group).to_owned(), index);
        }
    }

    fn groups_removed(&mut self, changes: &Changes<'_>) {
        for group in &changes.groups_removed {
            let after = self.left_group.get(*group).cloned().unwrap_or_default();
            self.group_step(group, 3, Effect::GroupRemoved { group: (*group).to_owned() }, after);
        }
    }

    fn group_step(&mut self, group: &str, stage: u8, effect: Effect, after: Vec<usize>) -> usize {
        let owner = self.catalogue.roles.iter().find(|role| role.group.is_some()).map(|role| &role.id);
        let rank = Rank { stage, role: 0, whole: 0, place: group.to_owned() };
        let about = About { kind: StepKind::ConfigureRole, site: None, role: owner, rank };
        let index = self.add(about, Impact::None, effect, after);
        self.drafts[index].step.id = match owner {
            Some(role) => format!("configure-role:group/{group}:{role}"),
            None => format!("configure-role:group/{group}"),
        };
        index
    }

    /// Makes nodes ready. Nodes that have to make room are retired before whoever takes their place is prepared.
    fn nodes_prepared(&mut self, changes: &Changes<'_>) {
        for (index, change) in changes.nodes.iter().enumerate() {
            let Some(after) = change.after else { continue };
            let rank = Rank { stage: 0, role: 1, whole: 0, place: after.hostname.to_ascii_lowercase() };
            let about = About {
                kind: StepKind::PrepareNode,
                site: Some(Site::Node { node: after, change: None }),
                role: None,
                rank,
            };
            let (impact, effect) = match change.before {
                None => (Impact::None, Effect::NodeAdded { facts: NodeFacts::from(after) }),
                Some(before) => (
                    impact::of_node_change(before, after, self.catalogue),
                    Effect::NodeChanged {
                        hostname_before: before.hostname.clone(),
                        before: NodeFacts::from(before),
                        after: NodeFacts::from(after),
                    },
                ),
            };
            self.node_steps[index] = Some(self.add(about, impact, effect, Vec::new()));
        }
    }

    /// One role's instances that are new, changed, or on a node that is touched.
    fn built_up(&mut self, rank: usize, instances: &[&InstanceChange<'_>], nodes: &[NodeChange<'_>]) {
        let role = self.role_of(rank);
        let below: Vec<usize> =
            self.roles.below[rank].clone().into_iter().filter_map(|below| self.gate(Gate::Verified(below))).collect();
        let mut hand_over = HandOver::default();
        for change in instances {
            let Some(after) = change.after else { continue };
            let (site, id) = (change.site, change.role);
            let place_rank = |whole| Rank { stage: 1, role: rank, whole, place: site.name().to_ascii_lowercase() };
            let about = |kind| About { kind, site: Some(site), role: Some(id), rank: place_rank(0) };
            let mut wait: Vec<usize> =
                site.node_change().and_then(|index| self.node_steps[index]).into_iter().collect();
            let address = site.address();
            let last = match change.before {
                Some(before) if before == after => {
                    // Only its node changed; where that was no more than a note, there is nothing to look at.
                    let touched =
                        site.node_change().and_then(|index| Some((nodes[index].before?, nodes[index].after?)));
                    if touched.is_none_or(|(old, new)| impact::touch(old, new) == Touch::Recorded) {
                        continue;
                    }
                    None
                }
                before => {
                    wait.extend_from_slice(&below);
                    if let Some(group) = role.and_then(|role| impact::group_of(role, after)) {
                        wait.extend(self.groups_added.get(group));
                    }
                    let settings = after.clone();
                    let step = match before {
                        None => {
                            let effect = Effect::InstanceAdded { address, settings };
                            self.add(about(StepKind::InstallRole), Impact::None, effect, std::mem::take(&mut wait))
                        }
                        Some(before) => {
                            let impact = impact::of_configure(role, before, after, &self.sizes);
                            let effect = Effect::InstanceChanged { address, before: before.clone(), after: settings };
                            self.add(about(StepKind::ConfigureRole), impact, effect, std::mem::take(&mut wait))
                        }
                    };
                    Some((step, self.by_hand(role, change, step)))
                }
            };
            if let Some((step, manual)) = last {
                wait.push(manual.map_or(step, |(manual, _)| manual));
            }
            let effect = Effect::InstanceChecked { address, settings: after.clone() };
            let verify = self.add(about(StepKind::VerifyRole), Impact::None, effect, wait);
            self.verified.entry(rank).or_default().push(verify);
            if let (Some(role), Some(before)) = (role, change.before)
                && let Some(left) = impact::group_of(role, before)
            {
                self.left_group.entry(left.to_owned()).or_default().push(verify);
            }
            if let Some((step, Some((manual, task)))) = last {
                hand_over.note(task, step, manual, verify);
            }
        }
        hand_over.sequence(&mut self.drafts);
    }

    /// The step in which a person sets replication up, where the instance's part in it is new.
    fn by_hand(
        &mut self,
        role: Option<&Role>,
        change: &InstanceChange<'_>,
        step: usize,
    ) -> Option<(usize, ReplicationTask)> {
        let replication = role?.replication.as_ref()?;
        let before = change.before.and_then(|settings| replication.part(settings));
        let after = change.after.and_then(|settings| replication.part(settings))?;
        let is_master = |settings: &Settings| replication.part(settings) == Some(ReplicationPart::Master);
        let master_in = |topology: &Topology| {
            let masters = topology.instances_of(change.role.as_str()).filter(|other| is_master(other.settings));
            masters.map(|master| master.place.name()).min().map(str::to_owned)
        };
        let (task, master) = match (before, after) {
            (Some(before), after) if before == after => return None,
            (None, ReplicationPart::Master) => match master_in(self.base) {
                Some(so_far) => (ReplicationTask::TakeOver, Some(so_far)),
                None => (ReplicationTask::StartMaster, None),
            },
            (Some(_), ReplicationPart::Master) => (ReplicationTask::Promote, master_in(self.base)),
            (None, ReplicationPart::Slave) => (ReplicationTask::JoinAsSlave, master_in(self.desired)),
            (Some(_), ReplicationPart::Slave) => (ReplicationTask::Demote, master_in(self.desired)),
        };
        let rank = Rank {
            stage: 1,
            role: self.roles.rank(change.role),
            whole: 0,
            place: change.site.name().to_ascii_lowercase(),
        };
        let about = About { kind: StepKind::Manual, site: Some(change.site), role: Some(change.role), rank };
        let effect = Effect::ReplicationSet { address: change.site.address(), task, master };
        Some((self.add(about, Impact::Manual, effect, vec![step]), task))
    }

    /// One role's instances that go, with the one expensive step where its data has to be laid out anew.
    fn taken_down(&mut self, rank: usize, instances: &[&InstanceChange<'_>], nodes: &[NodeChange<'_>]) {
        let role = self.role_of(rank);
        let leaving: Vec<&&InstanceChange<'_>> = instances.iter().filter(|change| change.after.is_none()).collect();
        let mut wait_for: Vec<usize> = Vec::new();
        if !leaving.is_empty() {
            wait_for.extend(self.gate(Gate::Verified(rank)));
            for above in self.roles.above(rank) {
                wait_for.extend(self.gate(Gate::Removed(above)));
            }
        }
        let mut drains = Vec::with_capacity(leaving.len());
        for change in &leaving {
            let first = change.site.node_change().filter(|&index| nodes[index].makes_room);
            let mut after = match first {
                // Whoever takes this node's place waits for it, so it waits for nobody: only its own roles in turn.
                Some(index) => self.removals_of_node[index].last().copied().into_iter().collect(),
                None => wait_for.clone(),
            };
            // A node that stays may have got its new name or address before.
            let stays = change.site.node_change().filter(|&index| nodes[index].after.is_some());
            after.extend(stays.and_then(|index| self.node_steps[index]));
            let settings = change.before.cloned().unwrap_or_default();
            let effect = Effect::InstanceDrained { address: change.site.address(), settings };
            let drain = self.add(self.leaving(StepKind::DrainRole, rank, change), Impact::None, effect, after);
            if let Some(index) = first {
                // Removed at once, so that the next role of the node can follow.
                let remove = self.remove(role, rank, change, vec![drain]);
                self.removals_of_node[index].push(remove);
            }
            drains.push((drain, first.is_some()));
        }
        let layout = role.and_then(|role| self.layout(role, rank, instances, &drains));
        for (change, &(drain, is_removed)) in leaving.iter().zip(&drains) {
            if is_removed {
                continue;
            }
            let after = std::iter::once(drain).chain(layout).collect();
            let remove = self.remove(role, rank, change, after);
            if let Some(index) = change.site.node_change() {
                self.removals_of_node[index].push(remove);
            }
        }
    }

    fn leaving<'s>(&self, kind: StepKind, rank: usize, change: &InstanceChange<'s>) -> About<'s> {
        let down = self.roles.below.len() - rank;
        let rank = Rank { stage: 2, role: down, whole: 0, place: change.site.name().to_ascii_lowercase() };
        About { kind, site: Some(change.site), role: Some(change.role), rank }
    }

    fn remove(&mut self, role: Option<&Role>, rank: usize, change: &InstanceChange<'_>, after: Vec<usize>) -> usize {
        let settings = change.before.cloned().unwrap_or_default();
        let impact = impact::of_removal(role, &settings, &self.sizes);
        let group = role.and_then(|role| impact::group_of(role, &settings)).map(str::to_owned);
        let effect = Effect::InstanceRemoved { address: change.site.address(), settings };
        let step = self.add(self.leaving(StepKind::RemoveRole, rank, change), impact, effect, after);
        self.removed.entry(rank).or_default().push(step);
        if let Some(group) = group {
            self.left_group.entry(group).or_default().push(step);
        }
        step
    }

    /// Moving data or building indexes anew, once for all nodes that join, move and leave while the role is live.
    fn layout(
        &mut self,
        role: &Role,
        rank: usize,
        instances: &[&InstanceChange<'_>],
        drains: &[(usize, bool)],
    ) -> Option<usize> {
        let kind = match role.growth {
            Growth::Free => return None,
            Growth::Rebalance => StepKind::Rebalance,
            Growth::Reindex => StepKind::Reindex,
        };
        let is_live = |topology: &Topology| topology.instances_of(role.id.as_str()).next().is_some();
        if !is_live(self.base) || !is_live(self.desired) {
            return None;
        }
        let (mut joined, mut moved, mut left) = (Vec::new(), Vec::new(), Vec::new());
        for change in instances {
            let name = change.site.name().to_owned();
            match (change.before, change.after) {
                (None, _) => joined.push(name),
                (Some(_), None) => left.push(name),
                (Some(before), Some(after)) if impact::group_of(role, before) != impact::group_of(role, after) => {
                    moved.push(name);
                }
                (Some(_), Some(_)) => {}
            }
        }
        if joined.is_empty() && moved.is_empty() && left.is_empty() {
            return None;
        }
        let after =
            self.verified.get(&rank).into_iter().flatten().copied().chain(drains.iter().map(|(drain, _)| *drain));
        let after: Vec<usize> = after.collect();
        let impact = match role.growth {
            Growth::Free => Impact::None,
            Growth::Rebalance => Impact::Rebalance,
            Growth::Reindex => Impact::Reindex,
        };
        let stage_rank = Rank { stage: 2, role: self.roles.below.len() - rank, whole: 0, place: String::new() };
        let about = About { kind, site: None, role: Some(&role.id), rank: stage_rank };
        Some(self.add(about, impact, Effect::LayoutChanged { joined, moved, left }, after))
    }

    /// What stands for a whole role: its only step, or one that looks at the role as a whole after all of them.
    fn gate(&mut self, gate: Gate) -> Option<usize> {
        if let Some(&index) = self.gates.get(&gate) {
            return Some(index);
        }
        let (rank, steps) = match gate {
            Gate::Verified(rank) => (rank, self.verified.get(&rank)),
            Gate::Removed(rank) => (rank, self.removed.get(&rank)),
        };
        let steps = steps?.clone();
        let index = match steps[..] {
            [] => return None,
            [only] => only,
            _ => {
                let role = self.role_of(rank)?;
                let place = |stage, role| Rank { stage, role, whole: 1, place: String::new() };
                let rank = match gate {
                    Gate::Verified(_) => place(1, rank),
                    Gate::Removed(_) => place(2, self.roles.below.len() - rank),
                };
                let instances = self.desired.instances_of(role.id.as_str()).count();
                let about = About { kind: StepKind::VerifyRole, site: None, role: Some(&role.id), rank };
                let index = self.add(about, Impact::None, Effect::RoleChecked { instances }, steps);
                if let Gate::Removed(_) = gate {
                    self.drafts[index].step.id.push_str(":remaining");
                }
                index
            }
        };
        self.gates.insert(gate, index);
        Some(index)
    }

    /// Gives nodes up once their roles are gone, and lets whoever takes their place wait for that.
    fn nodes_retired(&mut self, changes: &Changes<'_>) {
        let mut makes_room: HashMap<_, usize> = HashMap::new();
        for (index, change) in changes.nodes.iter().enumerate() {
            let (Some(before), None) = (change.before, change.after) else { continue };
            let rank = Rank { stage: 3, role: 0, whole: 0, place: change.hostname().to_ascii_lowercase() };
            let about = About {
                kind: StepKind::RetireNode,
                site: Some(Site::Node { node: before, change: None }),
                role: None,
                rank,
            };
            let after = self.removals_of_node[index].clone();
            let step = self.add(about, Impact::None, Effect::NodeRemoved { facts: NodeFacts::from(before) }, after);
            if change.makes_room {
                makes_room.extend(claims(before).map(|claim| (claim, step)));
            }
        }
        for (index, change) in changes.nodes.iter().enumerate() {
            let (Some(after), Some(step)) = (change.after, self.node_steps[index]) else { continue };
            self.drafts[step].after.extend(claims(after).iter().filter_map(|claim| makes_room.get(claim)));
        }
    }
}
