//! A topology as the rules see it: instances by role, hostnames counted, built in one pass.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use crate::catalogue::{Catalogue, PlaceKind, ReplicationPart, Role};
use crate::edit::{Edit, NodeFacts};
use crate::pairing::lower_case;
use crate::topology::{Instance, Node, Place, SettingValue, Settings, Topology};

pub(super) struct View<'a> {
    pub topology: &'a Topology,
    pub roles: Vec<RoleView<'a>>,
    pub groups: HashSet<&'a str>,
    /// Numbers of group names that are not taken, as far as they were asked for.
    free_groups: RefCell<Vec<usize>>,
    hostnames: HashMap<Cow<'a, str>, usize>,
}

/// One role with its instances, in the order of the topology.
pub(super) struct RoleView<'a> {
    pub role: &'a Role,
    pub instances: Vec<Instance<'a>>,
    /// Whether one of them is the master, where the role has one.
    pub has_master: bool,
}

impl<'a> RoleView<'a> {
    /// The instances on nodes.
    pub fn on_nodes(&self) -> impl Iterator<Item = (&'a Node, Instance<'a>)> {
        self.instances.iter().filter_map(|&instance| match instance.place {
            Place::Node(node) => Some((node, instance)),
            Place::Service(_) => None,
        })
    }
}

impl<'a> View<'a> {
    pub fn of(topology: &'a Topology, catalogue: &'a Catalogue) -> Self {
        let mut roles: Vec<RoleView<'a>> =
            catalogue.roles.iter().map(|role| RoleView { role, instances: Vec::new(), has_master: false }).collect();
        let positions: HashMap<&str, usize> =
            catalogue.roles.iter().enumerate().map(|(index, role)| (role.id.as_str(), index)).collect();
        for instance in topology.instances() {
            if let Some(&position) = positions.get(instance.role.as_str()) {
                let view = &mut roles[position];
                let replication = view.role.replication.as_ref();
                view.has_master |= replication
                    .is_some_and(|replication| replication.part(instance.settings) == Some(ReplicationPart::Master));
                view.instances.push(instance);
            }
        }
        let mut hostnames = HashMap::with_capacity(topology.nodes.len());
        for node in &topology.nodes {
            *hostnames.entry(lower_case(&node.hostname)).or_insert(0) += 1;
        }
        let groups = topology.availability_groups.iter().map(String::as_str).collect();
        Self { topology, roles, groups, free_groups: RefCell::default(), hostnames }
    }

    /// How many nodes have this node's hostname.
    pub fn namesakes(&self, node: &Node) -> usize {
        self.hostnames.get(&lower_case(&node.hostname)).copied().unwrap_or(0)
    }

    /// Whether an edit that names this node means this node.
    pub fn addressable(&self, node: &Node) -> bool {
        self.namesakes(node) == 1
    }

    /// Whether an edit that names this instance's place means this place.
    pub fn reachable(&self, instance: Instance<'_>) -> bool {
        match instance.place {
            Place::Node(node) => self.addressable(node),
            Place::Service(_) => true,
        }
    }

    /// Group names that are not taken: `ag-1`, `ag-2`…
    pub fn free_group_names(&self) -> impl Iterator<Item = String> {
        (0..).map(move |place| format!("ag-{}", self.free_group(place)))
    }

    /// Asked for each group that is too large: those that are taken are passed over once.
    fn free_group(&self, place: usize) -> usize {
        let mut free = self.free_groups.borrow_mut();
        while free.len() <= place {
            let after = free.last().copied().unwrap_or(0);
            let next = (after + 1..).find(|number| !self.groups.contains(format!("ag-{number}").as_str()));
            free.push(next.unwrap_or(after + 1));
        }
        free[place]
    }
}

pub(super) fn place_kind(place: Place<'_>) -> PlaceKind {
    match place {
        Place::Node(_) => PlaceKind::Node,
        Place::Service(_) => PlaceKind::Service,
    }
}

/// The edit that gives an instance these settings; names that the role does not know are left out, or it would not fit.
pub(super) fn set_all(instance: Instance<'_>, role: &Role, mut settings: Settings) -> Edit {
    settings.retain(|name, _| role.setting(name).is_some());
    match instance.place {
        Place::Node(node) => {
            Edit::UpdateSettings { hostname: node.hostname.clone(), role: instance.role.clone(), settings }
        }
        Place::Service(service) => Edit::UpdateService { name: service.name.clone(), settings },
    }
}

/// The edit that gives an instance one other setting.
pub(super) fn set(instance: Instance<'_>, role: &Role, name: &str, value: &str) -> Edit {
    let mut settings = instance.settings.clone();
    settings.insert(name.to_owned(), SettingValue::Text(value.to_owned()));
    set_all(instance, role, settings)
}

/// The edit that takes the instance away.
pub(super) fn take_away(instance: Instance<'_>) -> Edit {
    match instance.place {
        Place::Node(node) => Edit::UnassignRole { hostname: node.hostname.clone(), role: instance.role.clone() },
        Place::Service(service) => Edit::RemoveService { name: service.name.clone() },
    }
}

/// The edit that changes a node's own facts.
pub(super) fn update(node: &Node, change: impl FnOnce(&mut NodeFacts)) -> Edit {
    let mut facts = NodeFacts::from(node);
    change(&mut facts);
    Edit::UpdateNode { hostname: node.hostname.clone(), facts }
}
