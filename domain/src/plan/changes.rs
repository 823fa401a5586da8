//! What differs between two topologies, as steps need it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::IpAddr;

use crate::edit::NodeFacts;
use crate::pairing::{Pairs, pair_nodes};
use crate::topology::{Node, RoleId, Settings, Topology};

/// Everything that differs, each list in an order that does not depend on that of the topologies.
pub(super) struct Changes<'a> {
    pub nodes: Vec<NodeChange<'a>>,
    pub instances: Vec<InstanceChange<'a>>,
    pub groups_added: Vec<&'a str>,
    pub groups_removed: Vec<&'a str>,
}

/// A node that differs in itself; its roles are told apart.
pub(super) struct NodeChange<'a> {
    pub before: Option<&'a Node>,
    pub after: Option<&'a Node>,
    /// Whether another node takes this one's hostname or address, so that it has to go first.
    pub makes_room: bool,
}

impl<'a> NodeChange<'a> {
    /// Its hostname after, or before where it goes.
    pub fn hostname(&self) -> &'a str {
        self.after.or(self.before).map_or("", |node| &node.hostname)
    }
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
    pub before: Option<&'a Settings>,
    pub after: Option<&'a Settings>,
}

impl<'a> Changes<'a> {
    pub fn between(base: &'a Topology, desired: &'a Topology) -> Self {
        let Pairs { kept, removed, added } = pair_nodes(&base.nodes, &desired.nodes);
        let mut nodes: Vec<NodeChange<'a>> = Vec::new();
        let mut instances = Vec::new();
        let change = |before, after| NodeChange { before, after, makes_room: false };

        for (before, after) in kept {
            let own = before.hostname != after.hostname || !NodeFacts::same(before, after);
            let index = own.then_some(nodes.len());
            if own {
                nodes.push(change(Some(before), Some(after)));
            }
            if own || before.roles != after.roles {
                roles_between(Some(before), Some(after), index, &mut instances);
            }
        }
        for after in added {
            roles_between(None, Some(after), Some(nodes.len()), &mut instances);
            nodes.push(change(None, Some(after)));
        }
        let taken: HashSet<(Option<IpAddr>, String)> =
            nodes.iter().filter_map(|change| change.after).flat_map(claims).collect();
        for before in removed {
            roles_between(Some(before), None, Some(nodes.len()), &mut instances);
            let makes_room = claims(before).iter().any(|claim| taken.contains(claim));
            nodes.push(NodeChange { before: Some(before), after: None, makes_room });
        }
        services_between(base, desired, &mut instances);

        let old: BTreeSet<&str> = base.availability_groups.iter().map(String::as_str).collect();
        let new: BTreeSet<&str> = desired.availability_groups.iter().map(String::as_str).collect();
        Self {
            nodes,
            instances,
            groups_added: new.difference(&old).copied().collect(),
            groups_removed: old.difference(&new).copied().collect(),
        }
    }
}

/// What only one node can have at a time: its hostname and its private address.
pub(super) fn claims(node: &Node) -> [(Option<IpAddr>, String); 2] {
    [(None, node.hostname.to_ascii_lowercase()), (Some(node.private_ip.to_canonical()), String::new())]
}

fn roles_between<'a>(
    before: Option<&'a Node>,
    after: Option<&'a Node>,
    change: Option<usize>,
    instances: &mut Vec<InstanceChange<'a>>,
) {
    let by_role = |node: Option<&'a Node>| -> BTreeMap<&'a RoleId, &'a Settings> {
        let roles = node.map(|node| node.roles.as_slice()).unwrap_or_default();
        roles.iter().map(|assignment| (&assignment.role, &assignment.settings)).collect()
    };
    let (old, new) = (by_role(before), by_role(after));
    let Some(node) = after.or(before) else { return };
    let roles: BTreeSet<&RoleId> = old.keys().chain(new.keys()).copied().collect();
    for role in roles {
        let (before, after) = (old.get(role).copied(), new.get(role).copied());
        if before != after || change.is_some() {
            instances.push(InstanceChange { site: Site::Node { node, change }, role, before, after });
        }
    }
}

fn services_between<'a>(base: &'a Topology, desired: &'a Topology, instances: &mut Vec<InstanceChange<'a>>) {
    // A service that changes its role is another service of the same name.
    let keyed = |topology: &'a Topology| -> BTreeMap<(&'a str, &'a RoleId), &'a Settings> {
        let services = topology.services.iter();
        services.map(|service| ((service.name.as_str(), &service.role), &service.settings)).collect()
    };
    let (old, new) = (keyed(base), keyed(desired));
    let keys: BTreeSet<(&str, &RoleId)> = old.keys().chain(new.keys()).copied().collect();
    for key in keys {
        let (before, after) = (old.get(&key).copied(), new.get(&key).copied());
        if before != after {
            instances.push(InstanceChange { site: Site::Service(key.0), role: key.1, before, after });
        }
    }
}
