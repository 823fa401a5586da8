//! What there is of each role in a topology, counted in one pass.

use std::collections::HashMap;

use crate::catalogue::{Catalogue, Growth, ReplicationPart, Role};
use crate::topology::{Instance, Place, RoleId, Settings, Topology};

/// Counts of every role that a topology has instances of.
pub(super) struct Census<'a> {
    /// By place in the catalogue: there are few, so looking through them is faster than a hash.
    known: Vec<RoleCount<'a>>,
    /// Roles that the catalogue does not have.
    unknown: HashMap<&'a str, RoleCount<'a>>,
}

/// Counts of one role.
#[derive(Default)]
pub(super) struct RoleCount<'a> {
    role: Option<&'a Role>,
    /// Its instances, those on services too.
    pub instances: usize,
    /// The first of its masters by name.
    pub master: Option<&'a str>,
    /// Its instances in each availability group.
    groups: HashMap<&'a str, usize>,
    /// Memory of its nodes in MiB; counted for roles whose growth costs, as are the next two.
    pub memory: Figure,
    /// Their virtual CPUs.
    pub vcpus: Figure,
    /// Their disk size in GiB.
    pub disk: Figure,
}

/// A hardware figure over several nodes, as far as known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Figure {
    /// Number of nodes whose figure is known.
    pub known: usize,
    /// All of them together.
    pub sum: u64,
    /// The least.
    pub least: u64,
    /// The most.
    pub most: u64,
}

impl Figure {
    fn add(&mut self, value: Option<u64>) {
        let Some(value) = value else { return };
        self.least = if self.known == 0 { value } else { self.least.min(value) };
        self.most = self.most.max(value);
        self.sum = self.sum.saturating_add(value);
        self.known += 1;
    }
}

impl<'a> Census<'a> {
    pub fn of(topology: &'a Topology, catalogue: &'a Catalogue) -> Self {
        let known = catalogue.roles.iter().map(|role| RoleCount { role: Some(role), ..RoleCount::default() }).collect();
        let mut census = Self { known, unknown: HashMap::new() };
        for instance in topology.instances() {
            let count = match census.known.iter_mut().find(|count| count.role.is_some_and(|it| it.id == *instance.role))
            {
                Some(count) => count,
                None => census.unknown.entry(instance.role.as_str()).or_default(),
            };
            count.add(instance);
        }
        census
    }

    /// The counts of a role, if it has any instance.
    pub fn role(&self, id: &RoleId) -> Option<&RoleCount<'a>> {
        let known = self.known.iter().find(|count| count.role.is_some_and(|role| role.id == *id));
        known.or_else(|| self.unknown.get(id.as_str())).filter(|count| count.instances > 0)
    }

    /// Number of a role's instances in a group.
    pub fn in_group(&self, role: &Role, group: &str) -> usize {
        self.role(&role.id).and_then(|count| count.groups.get(group)).copied().unwrap_or(0)
    }

    /// Number of all instances in a group, whatever their role.
    pub fn members(&self, group: &str) -> usize {
        self.known.iter().filter_map(|count| count.groups.get(group)).sum()
    }
}

impl<'a> RoleCount<'a> {
    fn add(&mut self, Instance { place, role: _, settings }: Instance<'a>) {
        self.instances += 1;
        let Some(role) = self.role else { return };
        if is_master(role, settings) {
            self.master = Some(self.master.map_or(place.name(), |so_far| so_far.min(place.name())));
        }
        if let Some(group) = group_of(role, settings) {
            *self.groups.entry(group).or_default() += 1;
        }
        if let Place::Node(node) = place
            && role.growth != Growth::Free
        {
            self.memory.add(node.hardware.memory_mib);
            self.vcpus.add(node.hardware.vcpus.map(u64::from));
            self.disk.add(node.hardware.disk_gib);
        }
    }
}

fn is_master(role: &Role, settings: &Settings) -> bool {
    let part = role.replication.as_ref().and_then(|replication| replication.part(settings));
    part == Some(ReplicationPart::Master)
}

/// The group that an instance with these settings is in.
pub(super) fn group_of<'a>(role: &Role, settings: &'a Settings) -> Option<&'a str> {
    settings.get(&role.group.as_ref()?.setting)?.as_text()
}

/// Both sides of a plan.
pub(super) struct Counts<'a> {
    pub before: Census<'a>,
    pub after: Census<'a>,
}

impl Counts<'_> {
    /// Whether a group that had more nodes of the role is left with one.
    pub fn loses_redundancy(&self, role: &Role, group: &str) -> bool {
        self.before.in_group(role, group) > 1 && self.after.in_group(role, group) == 1
    }

    /// Whether the role has instances before and after, so that its data has to follow them.
    pub fn stays_live(&self, role: &RoleId) -> bool {
        self.before.role(role).is_some() && self.after.role(role).is_some()
    }
}
