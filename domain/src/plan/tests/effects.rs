//! Carries steps out on a topology in memory, as an executor would on machines, and checks what each expects.

use std::collections::BTreeSet;

use super::*;
use crate::topology::{Assignment, Node, Service, SettingValue};

/// A topology in the middle of a plan.
pub(super) struct World {
    nodes: Vec<NodeNow>,
    services: Vec<Service>,
    groups: Vec<String>,
    /// Instances out of service: node or service, and role.
    drained: BTreeSet<(Option<String>, Option<String>, RoleId)>,
}

struct NodeNow {
    node: Node,
    /// Whether it has its new name already; while names go round in a circle, two nodes have the same for a while.
    is_done: bool,
}

impl World {
    pub(super) fn of(base: &Topology) -> Self {
        let nodes = base.nodes.iter().map(|node| NodeNow { node: node.clone(), is_done: false });
        Self {
            nodes: nodes.collect(),
            services: base.services.clone(),
            groups: base.availability_groups.clone(),
            drained: BTreeSet::new(),
        }
    }

    /// What it has become; ids are left out, since steps give none.
    pub(super) fn into_topology(self, environment: &str) -> Topology {
        let Self { nodes, services, groups, drained } = self;
        assert!(drained.is_empty(), "what is drained is removed");
        let nodes = nodes.into_iter().map(|NodeNow { node, is_done: _ }| Node { id: None, ..node }).collect();
        Topology { environment: environment.to_owned(), availability_groups: groups, nodes, services }
    }

    /// Carries one step out.
    pub(super) fn carry_out(&mut self, step: &Step, catalogue: &Catalogue) -> Result<(), String> {
        self.effect(step, catalogue).map_err(|problem| format!("{}: {problem}", step.id))
    }

    fn effect(&mut self, step: &Step, catalogue: &Catalogue) -> Result<(), String> {
        let key = || Some((step.node.clone(), step.service.clone(), step.role.clone()?));
        match &step.effect {
            Effect::NodeAdded { facts } => {
                let hostname = step.node.clone().ok_or("names no node")?;
                ensure(self.node(&hostname).is_err(), "the name is not free")?;
                self.nodes.push(NodeNow { node: node_of(&hostname, facts, Vec::new()), is_done: true });
            }
            Effect::NodeChanged { hostname_before, before, after } => {
                let hostname = step.node.clone().ok_or("names no node")?;
                let found = self.nodes.iter_mut().find(|now| !now.is_done && now.node.hostname == *hostname_before);
                let now = found.ok_or("there is no such node")?;
                ensure(NodeFacts::from(&now.node) == **before, "its facts are others")?;
                let roles = std::mem::take(&mut now.node.roles);
                *now = NodeNow { node: node_of(&hostname, after, roles), is_done: true };
            }
            Effect::NodeRemoved { facts } => {
                let index = self.node(step.node.as_deref().unwrap_or_default())?;
                let node = self.nodes.remove(index).node;
                ensure(node.roles.is_empty(), "it has roles")?;
                ensure(NodeFacts::from(&node) == **facts, "its facts are others")?;
            }
            Effect::InstanceAdded { settings, .. } => {
                ensure(self.settings(step).is_err(), "it is there already")?;
                self.put(step, settings)?;
            }
            Effect::InstanceChanged { before, after, .. } => {
                let now = self.settings(step)?;
                ensure(now == before, "its settings are others")?;
                now.clone_from(after);
            }
            Effect::InstanceChecked { settings, .. } => {
                ensure(self.settings(step)? == settings, "its settings are others")?;
            }
            Effect::InstanceDrained { settings, .. } => {
                ensure(self.settings(step)? == settings, "its settings are others")?;
                self.drained.extend(key());
            }
            Effect::InstanceRemoved { settings, .. } => {
                ensure(self.settings(step)? == settings, "its settings are others")?;
                ensure(key().is_some_and(|key| self.drained.remove(&key)), "it is in service")?;
                self.take_away(step)?;
            }
            Effect::GroupAdded { group } => {
                ensure(!self.groups.contains(group), "it is there already")?;
                self.groups.push(group.clone());
            }
            Effect::GroupRenamed { from, to } => {
                ensure(!self.groups.contains(to), "the name is not free")?;
                let group = self.groups.iter_mut().find(|group| *group == from).ok_or("there is no such group")?;
                group.clone_from(to);
                self.follow(from, to, catalogue);
            }
            Effect::GroupRemoved { group } => {
                ensure(self.groups.contains(group), "there is no such group")?;
                self.groups.retain(|other| other != group);
            }
            Effect::RoleChecked { .. } | Effect::LayoutChanged { .. } | Effect::ReplicationSet { .. } => {}
        }
        Ok(())
    }

    /// The node of that name; while two have it, the one whose name it will stay.
    fn node(&self, hostname: &str) -> Result<usize, String> {
        let named = |is_done| move |now: &NodeNow| now.is_done == is_done && now.node.hostname == hostname;
        let found = self.nodes.iter().position(named(true)).or_else(|| self.nodes.iter().position(named(false)));
        found.ok_or_else(|| format!("there is no node {hostname}"))
    }

    fn settings(&mut self, step: &Step) -> Result<&mut Settings, String> {
        let role = step.role.as_ref().ok_or("names no role")?;
        if let Some(name) = &step.service {
            let mut services = self.services.iter_mut();
            let service = services.find(|service| service.name == *name && service.role == *role);
            return Ok(&mut service.ok_or("there is no such service")?.settings);
        }
        let index = self.node(step.node.as_deref().unwrap_or_default())?;
        let assignment = self.nodes[index].node.roles.iter_mut().find(|assignment| assignment.role == *role);
        Ok(&mut assignment.ok_or("the node does not have the role")?.settings)
    }

    fn put(&mut self, step: &Step, settings: &Settings) -> Result<(), String> {
        let role = step.role.clone().ok_or("names no role")?;
        let settings = settings.clone();
        match &step.service {
            Some(name) => self.services.push(Service { name: name.clone(), role, settings }),
            None => {
                let index = self.node(step.node.as_deref().unwrap_or_default())?;
                self.nodes[index].node.roles.push(Assignment { role, settings });
            }
        }
        Ok(())
    }

    fn take_away(&mut self, step: &Step) -> Result<(), String> {
        let role = step.role.as_ref().ok_or("names no role")?;
        match &step.service {
            Some(name) => self.services.retain(|service| service.name != *name || service.role != *role),
            None => {
                let index = self.node(step.node.as_deref().unwrap_or_default())?;
                self.nodes[index].node.roles.retain(|assignment| assignment.role != *role);
            }
        }
        Ok(())
    }

    /// Gives a group its new name in the settings of all that are in it.
    fn follow(&mut self, from: &str, to: &str, catalogue: &Catalogue) {
        let on_nodes = self.nodes.iter_mut().flat_map(|now| &mut now.node.roles);
        let all = on_nodes.map(|assignment| (&assignment.role, &mut assignment.settings));
        let outside = self.services.iter_mut().map(|service| (&service.role, &mut service.settings));
        for (role, settings) in all.chain(outside) {
            let rule = catalogue.role(role.as_str()).and_then(|role| role.group.as_ref());
            if let Some(SettingValue::Text(group)) = rule.and_then(|rule| settings.get_mut(&rule.setting))
                && group == from
            {
                to.clone_into(group);
            }
        }
    }
}

fn ensure(holds: bool, problem: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(problem.to_owned()) }
}

fn node_of(hostname: &str, facts: &NodeFacts, roles: Vec<Assignment>) -> Node {
    let NodeFacts { private_ip, public_ip, site, container, hardware } = facts.clone();
    Node { id: None, hostname: hostname.to_owned(), private_ip, public_ip, site, container, hardware, roles }
}

/// All steps carried out one after the other; `latest` takes of those that could be next the last instead of the first.
pub(super) fn carried_out(base: &Topology, desired: &Topology, plan: &Plan, latest: bool) -> Result<Topology, String> {
    let mut world = World::of(base);
    let mut left: Vec<&Step> = plan.steps.iter().collect();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    while !left.is_empty() {
        let is_free = |step: &&Step| step.depends_on.iter().all(|id| done.contains(id.as_str()));
        let next = if latest { left.iter().rposition(is_free) } else { left.iter().position(is_free) };
        let step = left.remove(next.ok_or("the steps wait for each other")?);
        world.carry_out(step, Catalogue::built_in())?;
        done.insert(&step.id);
    }
    Ok(world.into_topology(&desired.environment))
}
