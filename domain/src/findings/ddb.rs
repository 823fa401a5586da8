//! Rules about roles whose nodes join availability groups, such as the distributed database.

use std::collections::{BTreeMap, HashSet};

use super::text::Problem;
use super::view::{RoleView, View, set, update};
use super::{Fix, Report, Subject};
use crate::catalogue::{GroupRule, Growth, Role};
use crate::edit::Edit;
use crate::topology::{Instance, Node, SettingValue};

pub(super) fn check(view: &View<'_>, report: &mut Report<'_>) {
    let mut in_use: HashSet<&str> = HashSet::new();
    for role_view in &view.roles {
        low_memory(view, role_view, report);
        few_nodes(role_view, report);
        let Some(rule) = &role_view.role.group else { continue };
        let grouping = Grouping::of(view, role_view, rule);
        memberships(&grouping, report);
        single_group(&grouping, report);
        unequal_groups(&grouping, report);
        group_sizes(&grouping, report);
        in_use.extend(grouping.groups.keys());
    }
    empty_groups(view, &in_use, report);
}

type Member<'a> = (&'a Node, Instance<'a>);

/// One role's nodes by the group they are in.
struct Grouping<'a> {
    view: &'a View<'a>,
    role: &'a Role,
    rule: &'a GroupRule,
    /// Nodes in groups that the topology has; only groups that have one.
    groups: BTreeMap<&'a str, Vec<Member<'a>>>,
    /// Nodes in no group.
    alone: Vec<Member<'a>>,
    /// Nodes in a group that the topology does not have.
    lost: Vec<(&'a str, Member<'a>)>,
}

impl<'a> Grouping<'a> {
    fn of(view: &'a View<'a>, role_view: &'a RoleView<'a>, rule: &'a GroupRule) -> Self {
        let (mut groups, mut alone, mut lost) = (BTreeMap::<&str, Vec<Member<'a>>>::new(), Vec::new(), Vec::new());
        for (node, instance) in role_view.on_nodes() {
            match role_view.role.value(instance.settings, &rule.setting) {
                None => alone.push((node, instance)),
                Some(SettingValue::Text(name)) if name.trim().is_empty() => alone.push((node, instance)),
                Some(SettingValue::Text(name)) if view.groups.contains(name.as_str()) => {
                    groups.entry(name).or_default().push((node, instance));
                }
                Some(SettingValue::Text(name)) => lost.push((name.as_str(), (node, instance))),
                // No name at all: told by role.settings.
                Some(SettingValue::Boolean(_) | SettingValue::Integer(_)) => {}
            }
        }
        for members in groups.values_mut() {
            members.sort_by(|(a, _), (b, _)| a.hostname.cmp(&b.hostname));
        }
        Self { view, role: role_view.role, rule, groups, alone, lost }
    }

    fn subject(&self) -> Subject {
        Subject::Role(self.role.id.clone())
    }

    fn join(&self, (_, instance): Member<'_>, group: &str) -> Edit {
        set(instance, self.role, &self.rule.setting, group)
    }

    /// The known group with the fewest nodes, empty ones included; one without a name is none to join.
    fn smallest_group(&self) -> Option<&'a str> {
        let groups = self.view.topology.availability_groups.iter().map(String::as_str);
        let known = groups.filter(|name| !name.trim().is_empty());
        known.min_by_key(|name| (self.groups.get(name).map_or(0, Vec::len), *name))
    }

    fn all_addressable(&self) -> bool {
        self.groups.values().flatten().all(|(node, _)| self.view.addressable(node))
    }

    /// Moves as few nodes as possible, so that the named groups hold them evenly.
    fn spread(&self, groups: &[&str]) -> Vec<Edit> {
        let total: usize = groups.iter().filter_map(|name| self.groups.get(name)).map(Vec::len).sum();
        let (share, extra) = (total / groups.len().max(1), total % groups.len().max(1));
        let target = |index: usize| share + usize::from(index < extra);
        let mut surplus: Vec<Member<'_>> = Vec::new();
        for (index, name) in groups.iter().enumerate() {
            let members = self.groups.get(name).map(Vec::as_slice).unwrap_or_default();
            surplus.extend(members.iter().skip(target(index)));
        }
        let mut edits = Vec::with_capacity(surplus.len());
        let mut surplus = surplus.into_iter();
        for (index, name) in groups.iter().enumerate() {
            let have = self.groups.get(name).map_or(0, Vec::len);
            let room = target(index).saturating_sub(have);
            edits.extend(surplus.by_ref().take(room).map(|member| self.join(member, name)));
        }
        edits
    }
}

/// `ddb.no-group`, `ddb.unknown-group`.
fn memberships(grouping: &Grouping<'_>, report: &mut Report<'_>) {
    let role = &grouping.role.name;
    let smallest = grouping.smallest_group();
    let join_smallest = |member: Member<'_>| {
        let group = smallest?;
        Some(Fix::new(format!("Put {} in {group}", member.0.hostname), vec![grouping.join(member, group)]))
    };
    for &member in &grouping.alone {
        let (node, _) = member;
        let mut fixes = Vec::new();
        if grouping.view.addressable(node) {
            fixes.extend(join_smallest(member));
            if fixes.is_empty()
                && let Some(name) = grouping.view.free_group_names().next()
            {
                let edits = vec![Edit::AddGroup { name: name.clone() }, grouping.join(member, &name)];
                fixes.push(Fix::new(format!("Add the group {name} and put {} in it", node.hostname), edits));
            }
        }
        report.add(&Problem::NoGroup { role }, Subject::node(node), Some(&grouping.role.id), fixes);
    }
    for &(group, member) in &grouping.lost {
        let (node, _) = member;
        let mut fixes = Vec::new();
        if grouping.view.addressable(node) {
            let edits = vec![Edit::AddGroup { name: group.to_owned() }];
            fixes.push(Fix::new(format!("Add the group {group}"), edits));
            fixes.extend(join_smallest(member));
        }
        report.add(&Problem::UnknownGroup { role, group }, Subject::node(node), Some(&grouping.role.id), fixes);
    }
}

/// `ddb.single-group`.
fn single_group(grouping: &Grouping<'_>, report: &mut Report<'_>) {
    let mut groups = grouping.groups.iter();
    let (Some((&group, members)), None) = (groups.next(), groups.next()) else { return };
    let count = members.len();
    let mut fixes = Vec::new();
    if count >= grouping.rule.min.max(1).saturating_mul(2) && grouping.all_addressable() {
        let parts = count.div_ceil(grouping.rule.max.max(1)).max(2);
        fixes.push(split(grouping, group, parts, count));
    }
    let problem = Problem::SingleGroup { role: &grouping.role.name, group, count };
    report.add(&problem, grouping.subject(), Some(&grouping.role.id), fixes);
}

/// Divides a group's nodes over itself and new groups.
fn split(grouping: &Grouping<'_>, group: &str, parts: usize, count: usize) -> Fix {
    let new: Vec<String> = grouping.view.free_group_names().take(parts - 1).collect();
    let all: Vec<&str> = std::iter::once(group).chain(new.iter().map(String::as_str)).collect();
    let mut edits: Vec<Edit> = new.iter().map(|name| Edit::AddGroup { name: name.clone() }).collect();
    edits.extend(grouping.spread(&all));
    Fix::new(format!("Spread the {count} nodes of {group} over {parts} groups"), edits)
}

/// `ddb.unequal-groups`.
fn unequal_groups(grouping: &Grouping<'_>, report: &mut Report<'_>) {
    let sizes: Vec<(&str, usize)> = grouping.groups.iter().map(|(name, members)| (*name, members.len())).collect();
    let Some((_, first)) = sizes.first() else { return };
    if sizes.iter().all(|(_, size)| size == first) {
        return;
    }
    let total: usize = sizes.iter().map(|(_, size)| size).sum();
    let mut fixes = Vec::new();
    if total.is_multiple_of(sizes.len()) && grouping.all_addressable() {
        let names: Vec<&str> = sizes.iter().map(|(name, _)| *name).collect();
        let label = format!("Spread the {total} nodes evenly over {} groups", names.len());
        fixes.push(Fix::new(label, grouping.spread(&names)));
    }
    let problem = Problem::UnequalGroups { role: &grouping.role.name, sizes };
    report.add(&problem, grouping.subject(), Some(&grouping.role.id), fixes);
}

/// `ddb.group-too-small`, `ddb.group-too-large`.
fn group_sizes(grouping: &Grouping<'_>, report: &mut Report<'_>) {
    let GroupRule { min, max, .. } = *grouping.rule;
    let role = &grouping.role.name;
    // The two smallest groups: where the nodes of another small one can go, if they have room.
    let mut smallest: Vec<(usize, &str)> =
        grouping.groups.iter().map(|(name, members)| (members.len(), *name)).collect();
    smallest.sort_unstable();
    smallest.truncate(2);
    for (&group, members) in &grouping.groups {
        let subject = Subject::Group(group.to_owned());
        let count = members.len();
        let addressable = || members.iter().all(|(node, _)| grouping.view.addressable(node));
        if count < min {
            let other = smallest.iter().find(|(_, name)| *name != group);
            let fixes = match other {
                Some(&(size, other)) if size + count <= max && addressable() => {
                    vec![dissolve(grouping, group, members, other)]
                }
                _ => Vec::new(),
            };
            let names = members.iter().map(|(node, _)| node.hostname.as_str()).collect();
            let problem = Problem::GroupTooSmall { role, group, nodes: names, min };
            report.add(&problem, subject, Some(&grouping.role.id), fixes);
        } else if count > max {
            let fixes = if max > 0 && addressable() {
                vec![split(grouping, group, count.div_ceil(max), count)]
            } else {
                Vec::new()
            };
            report.add(&Problem::GroupTooLarge { role, group, count, max }, subject, Some(&grouping.role.id), fixes);
        }
    }
}

/// Moves all nodes of a group to another one.
fn dissolve(grouping: &Grouping<'_>, group: &str, members: &[Member<'_>], other: &str) -> Fix {
    let mut edits: Vec<Edit> = members.iter().map(|&member| grouping.join(member, other)).collect();
    let mut label = match members {
        [(node, _)] => format!("Move {} to {other}", node.hostname),
        _ => format!("Move the {} nodes of {group} to {other}", members.len()),
    };
    // Nodes of another role could be in the group too.
    if grouping.view.roles.iter().filter(|known| known.role.group.is_some()).count() == 1 {
        edits.push(Edit::RemoveGroup { name: group.to_owned() });
        label = format!("{label} and remove {group}");
    }
    Fix::new(label, edits)
}

/// `ddb.empty-group`.
fn empty_groups(view: &View<'_>, in_use: &HashSet<&str>, report: &mut Report<'_>) {
    let Some(owner) = view.roles.iter().find(|known| known.role.group.is_some()) else { return };
    for group in view.topology.availability_groups.iter().filter(|group| !in_use.contains(group.as_str())) {
        let edits = vec![Edit::RemoveGroup { name: group.clone() }];
        report.add(
            &Problem::EmptyGroup { group },
            Subject::Group(group.clone()),
            Some(&owner.role.id),
            vec![Fix::new(format!("Remove the group {group}"), edits)],
        );
    }
}

/// `ddb.few-nodes`. Which nodes could be added is not known, so there is no fix.
fn few_nodes(role_view: &RoleView<'_>, report: &mut Report<'_>) {
    let role = role_view.role;
    let count = role_view.on_nodes().count();
    if let (Growth::Rebalance, Some(start_with)) = (role.growth, role.start_with)
        && (1..start_with).contains(&count)
    {
        let problem = Problem::DdbFewNodes { role: &role.name, count, start_with };
        report.add(&problem, Subject::Role(role.id.clone()), Some(&role.id), Vec::new());
    }
}

/// `ddb.low-memory`.
fn low_memory(view: &View<'_>, role_view: &RoleView<'_>, report: &mut Report<'_>) {
    let role = role_view.role;
    let Some(floor_mib) = role.memory_floor_mib else { return };
    for (node, _) in role_view.on_nodes() {
        let Some(memory_mib) = node.hardware.memory_mib.filter(|memory| *memory < floor_mib) else { continue };
        let mut fixes = Vec::new();
        if view.addressable(node) {
            // As much as the hungriest of its roles needs, or the finding would only change its figure.
            let floors = view.roles.iter().filter(|other| node.assignment(other.role.id.as_str()).is_some());
            let enough = floors.filter_map(|other| other.role.memory_floor_mib).max().unwrap_or(floor_mib);
            let label = format!("Give {} {enough} MiB of memory", node.hostname);
            fixes.push(Fix::new(label, vec![update(node, |facts| facts.hardware.memory_mib = Some(enough))]));
        }
        let problem = Problem::LowMemory { role: &role.name, memory_mib, floor_mib };
        report.add(&problem, Subject::node(node), Some(&role.id), fixes);
    }
}
