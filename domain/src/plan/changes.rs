//! What differs between two topologies, as steps need it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use super::census::Counts;
use super::renames::Renames;
use crate::catalogue::Catalogue;
use crate::edit::NodeFacts;
use crate::pairing::{Pairs, lower_case, pair_nodes};
use crate::topology::{Node, RoleId, Settings, Topology};

/// Everything that differs, each list in an order that does not depend on that of the topologies.
pub(super) struct Changes<'a> {
    pub nodes: Vec<NodeChange<'a>>,
    pub instances: Vec<InstanceChange<'a>>,
    pub groups_added: Vec<&'a str>,
    /// Old and new names.
    pub groups_renamed: Vec<(&'a str, &'a str)>,
    pub groups_removed: Vec<&'a str>,
}

/// A node that differs in itself; its roles are told apart.
pub(super) struct NodeChange<'a> {
    pub before: Option<&'a Node>,
    pub after: Option<&'a Node>,
    /// The changes of the nodes whose hostname or address this one takes.
    pub takes_from: Vec<usize>,
    /// Whether it goes and another node takes its hostname or address, so that it has to go first.
    pub makes_room: bool,
}

/// Where an instance is.
#[derive(Clone, Copy)]
pub(super) enum Site<'a> {
    /// On a node; the index of the node's own change, if it has one.
    Node { node: &'a Node, change: Option<usize> },
    /// On a service of that name.
    Service(&'a str),
}

impl<'a> Site<'a> {
    pub fn name(self) -> &'a str {
        match self {
            Self::Node { node, .. } => &node.hostname,
            Self::Service(name) => name,
        }
    }

    /// The name as places are ordered.
    pub fn key(self) -> Cow<'a, str> {
        lower_case(self.name())
    }

    pub fn address(self) -> Option<IpAddr> {
        match self {
            Self::Node { node, .. } => Some(node.private_ip),
            Self::Service(_) => None,
        }
    }

    pub fn node_change(self) -> Option<usize> {
        match self {
            Self::Node { change, .. } => change,
            Self::Service(_) => None,
        }
    }
}

/// A role instance that differs, or whose node does.
pub(super) struct InstanceChange<'a> {
    pub site: Site<'a>,
    pub role: &'a RoleId,
    /// Its settings so far; a renamed group has its new name in them already.
    pub before: Option<Cow<'a, Settings>>,
    pub after: Option<&'a Settings>,
}

impl<'a> Changes<'a> {
    pub fn between(base: &'a Topology, desired: &'a Topology, counts: &Counts<'a>, catalogue: &'a Catalogue) -> Self {
        let Pairs { changed, removed, added } = pair_nodes(&base.nodes, &desired.nodes);
        let old: BTreeSet<&str> = base.availability_groups.iter().map(String::as_str).collect();
        let new: BTreeSet<&str> = desired.availability_groups.iter().map(String::as_str).collect();
        let mut gone: BTreeSet<&str> = old.difference(&new).copied().collect();
        let mut come: BTreeSet<&str> = new.difference(&old).copied().collect();
        let renames = Renames::between((base, desired), (&gone, &come), &changed, counts, catalogue);
        for (from, to) in renames.names() {
            gone.remove(from);
            come.remove(to);
        }

        let mut nodes: Vec<NodeChange<'a>> = Vec::new();
        let mut instances = Instances { renames: &renames, changes: Vec::new() };
        let change = |before, after| NodeChange { before, after, takes_from: Vec::new(), makes_room: false };
        for (before, after) in changed {
            let own = before.hostname != after.hostname || !NodeFacts::same(before, after);
            let index = own.then_some(nodes.len());
            if own {
                nodes.push(change(Some(before), Some(after)));
            }
            instances.of_node(Some(before), Some(after), index);
        }
        for after in added {
            instances.of_node(None, Some(after), Some(nodes.len()));
            nodes.push(change(None, Some(after)));
        }
        for before in removed {
            instances.of_node(Some(before), None, Some(nodes.len()));
            nodes.push(change(Some(before), None));
        }
        note_takers(&mut nodes);
        instances.of_services(base, desired);
        Self {
            nodes,
            instances: instances.changes,
            groups_added: come.into_iter().collect(),
            groups_renamed: renames.names().collect(),
            groups_removed: gone.into_iter().collect(),
        }
    }
}

/// What only one node can have at a time.
#[derive(PartialEq, Eq, Hash)]
enum Claim<'a> {
    Hostname(Cow<'a, str>),
    Address(IpAddr),
}

/// What one side of a node claims and the other does not.
fn only<'a>(node: Option<&'a Node>, other: Option<&Node>) -> impl Iterator<Item = Claim<'a>> + use<'a> {
    let hostname = node.filter(|node| other.is_none_or(|other| !node.hostname.eq_ignore_ascii_case(&other.hostname)));
    let address = |node: &Node| node.private_ip.to_canonical();
    let moved = node.filter(|node| other.is_none_or(|other| address(node) != address(other)));
    let hostname = hostname.map(|node| Claim::Hostname(lower_case(&node.hostname)));
    hostname.into_iter().chain(moved.map(|node| Claim::Address(address(node))))
}

/// Finds who takes a hostname or an address that another gives away.
fn note_takers(nodes: &mut [NodeChange<'_>]) {
    let mut given: HashMap<Claim<'_>, usize> = HashMap::new();
    for (index, change) in nodes.iter().enumerate() {
        given.extend(only(change.before, change.after).map(|claim| (claim, index)));
    }
    for index in 0..nodes.len() {
        let NodeChange { before, after, .. } = nodes[index];
        let takes_from: Vec<usize> = only(after, before).filter_map(|claim| given.get(&claim).copied()).collect();
        for &giver in &takes_from {
            nodes[giver].makes_room = nodes[giver].after.is_none();
        }
        nodes[index].takes_from = takes_from;
    }
}

/// Collects the instances that differ.
struct Instances<'a, 'r> {
    renames: &'r Renames<'a>,
    changes: Vec<InstanceChange<'a>>,
}

impl<'a> Instances<'a, '_> {
    fn of_node(&mut self, before: Option<&'a Node>, after: Option<&'a Node>, change: Option<usize>) {
        let Some(node) = after.or(before) else { return };
        let assignments = |node: Option<&'a Node>| node.map(|node| node.roles.as_slice()).unwrap_or_default();
        let (old, new) = (assignments(before), assignments(after));
        let mut roles: Vec<&RoleId> = old.iter().chain(new).map(|assignment| &assignment.role).collect();
        roles.sort_unstable();
        roles.dedup();
        let site = Site::Node { node, change };
        for role in roles {
            let before = old.iter().rfind(|assignment| assignment.role == *role);
            let after = new.iter().rfind(|assignment| assignment.role == *role);
            let settings = before.map(|assignment| &assignment.settings);
            self.add(site, role, settings, after.map(|assignment| &assignment.settings));
        }
    }

    fn of_services(&mut self, base: &'a Topology, desired: &'a Topology) {
        // A service that changes its role is another service of the same name.
        let keyed = |topology: &'a Topology| -> BTreeMap<(&'a str, &'a RoleId), &'a Settings> {
            let services = topology.services.iter();
            services.map(|service| ((service.name.as_str(), &service.role), &service.settings)).collect()
        };
        let (old, new) = (keyed(base), keyed(desired));
        let keys: BTreeSet<(&str, &RoleId)> = old.keys().chain(new.keys()).copied().collect();
        for (name, role) in keys {
            let (before, after) = (old.get(&(name, role)).copied(), new.get(&(name, role)).copied());
            self.add(Site::Service(name), role, before, after);
        }
    }

    fn add(&mut self, site: Site<'a>, role: &'a RoleId, before: Option<&'a Settings>, after: Option<&'a Settings>) {
        let before = before.map(|settings| self.renames.followed(role, settings));
        if before.as_deref() != after || site.node_change().is_some() {
            self.changes.push(InstanceChange { site, role, before, after });
        }
    }
}
