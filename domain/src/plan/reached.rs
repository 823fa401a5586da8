//! What steps that were carried out make of a topology (requirements, section 6).
//!
//! Told by their effects alone: a version of Strata that plans otherwise reads what an older one had carried out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Effect, Step};
use crate::catalogue::Catalogue;
use crate::digest;
use crate::edit::NodeFacts;
use crate::topology::{Assignment, Node, RoleId, Service, SettingValue, Settings, Topology};

/// A step that cannot have been carried out on what was there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the step {step} does not fit: {problem}")]
pub struct StepMisfit {
    /// The step's id.
    pub step: String,
    /// What is wrong.
    pub problem: &'static str,
}

/// What the steps make of `base`, each after all that it depends on. Nodes keep their ids; those that are added have none,
/// since no step gives one.
///
/// # Errors
/// Where a step does not fit: it is of another topology.
pub fn reached(base: &Topology, steps: &[Step], catalogue: &Catalogue) -> Result<Topology, StepMisfit> {
    let mut state = State::of(base, steps, catalogue);
    for step in steps {
        state.carry_out(step).map_err(|problem| StepMisfit { step: step.id.clone(), problem })?;
    }
    Ok(state.into_topology(&base.environment))
}

/// Whether two topologies say the same, but for the order of their lists, and for ids that only one of them gives.
pub fn is_same_place(one: &Topology, other: &Topology) -> bool {
    let ids = |topology: &Topology| -> BTreeMap<String, Option<String>> {
        topology.nodes.iter().map(|node| (node.hostname.clone(), node.id.clone())).collect()
    };
    let (ids_of_one, ids_of_other) = (ids(one), ids(other));
    let content = |topology: &Topology, others: &BTreeMap<String, Option<String>>| {
        let mut topology = topology.clone();
        for node in &mut topology.nodes {
            if others.get(&node.hostname).is_none_or(Option::is_none) {
                node.id = None;
            }
        }
        digest::of_topology(&topology)
    };
    content(one, &ids_of_other) == content(other, &ids_of_one)
}

/// A topology in the middle of a plan.
struct State {
    /// Those that are gone leave their place.
    nodes: Vec<Option<Node>>,
    /// By hostname: the nodes as they were, as far as no step has touched them themselves. Where names go round in a circle,
    /// two nodes have the same for a while.
    untouched: HashMap<String, Vec<usize>>,
    /// By hostname: the nodes that are new or have their new name.
    touched: HashMap<String, usize>,
    services: BTreeMap<(String, RoleId), Settings>,
    groups: BTreeSet<String>,
}

impl State {
    /// With the new names of groups given already, in the settings of all that are in them, too: they come before anything
    /// joins a group, and none of them is another's old name.
    fn of(base: &Topology, steps: &[Step], catalogue: &Catalogue) -> Self {
        let renamed: HashMap<&str, &str> = steps
            .iter()
            .filter_map(|step| match &step.effect {
                Effect::GroupRenamed { from, to } => Some((from.as_str(), to.as_str())),
                _ => None,
            })
            .collect();
        let named = |role: &RoleId, settings: &Settings| {
            let mut settings = settings.clone();
            let rule = catalogue.role(role.as_str()).and_then(|role| role.group.as_ref());
            if let Some(SettingValue::Text(group)) = rule.and_then(|rule| settings.get_mut(&rule.setting))
                && let Some(&to) = renamed.get(group.as_str())
            {
                to.clone_into(group);
            }
            settings
        };
        let mut untouched: HashMap<String, Vec<usize>> = HashMap::with_capacity(base.nodes.len());
        let mut nodes = Vec::with_capacity(base.nodes.len());
        for (place, node) in base.nodes.iter().enumerate() {
            untouched.entry(node.hostname.clone()).or_default().push(place);
            let mut node = node.clone();
            for Assignment { role, settings } in &mut node.roles {
                *settings = named(role, settings);
            }
            nodes.push(Some(node));
        }
        let services = base.services.iter().map(|service| {
            let Service { name, role, settings } = service;
            ((name.clone(), role.clone()), named(role, settings))
        });
        Self {
            nodes,
            untouched,
            touched: HashMap::new(),
            services: services.collect(),
            groups: base.availability_groups.iter().cloned().collect(),
        }
    }

    fn into_topology(self, environment: &str) -> Topology {
        let Self { nodes, services, groups, .. } = self;
        let services = services.into_iter().map(|((name, role), settings)| Service { name, role, settings });
        Topology {
            environment: environment.to_owned(),
            availability_groups: groups.into_iter().collect(),
            nodes: nodes.into_iter().flatten().collect(),
            services: services.collect(),
        }
    }

    fn carry_out(&mut self, step: &Step) -> Result<(), &'static str> {
        match &step.effect {
            Effect::NodeAdded { facts } => {
                let hostname = step.node.as_deref().ok_or("it names no node")?;
                let place = self.nodes.len();
                self.nodes.push(Some(with_facts(None, hostname, facts, Vec::new())));
                self.touch(hostname, place)
            }
            Effect::NodeChanged { hostname_before, before, after } => {
                let hostname = step.node.as_deref().ok_or("it names no node")?;
                let place = self.take_untouched(hostname_before, before)?;
                let Some(Node { id, roles, .. }) = self.nodes[place].take() else { return Err("the node is gone") };
                self.nodes[place] = Some(with_facts(id, hostname, after, roles));
                self.touch(hostname, place)
            }
            Effect::NodeRemoved { facts } => {
                let hostname = step.node.as_deref().ok_or("it names no node")?;
                let place = self.take_untouched(hostname, facts)?;
                self.nodes[place] = None;
                Ok(())
            }
            Effect::InstanceAdded { settings, .. } => self.put(step, settings, false),
            Effect::InstanceChanged { after, .. } => self.put(step, after, true),
            Effect::InstanceRemoved { .. } => self.take_away(step),
            Effect::GroupAdded { group } => {
                self.groups.insert(group.clone()).then_some(()).ok_or("the group is there already")
            }
            Effect::GroupRenamed { from, to } => {
                let is_renamed = self.groups.remove(from) && self.groups.insert(to.clone());
                is_renamed.then_some(()).ok_or("there is no such group")
            }
            Effect::GroupRemoved { group } => self.groups.remove(group).then_some(()).ok_or("there is no such group"),
            Effect::InstanceChecked { .. }
            | Effect::InstanceDrained { .. }
            | Effect::RoleChecked { .. }
            | Effect::LayoutChanged { .. }
            | Effect::ReplicationSet { .. } => Ok(()),
        }
    }

    fn touch(&mut self, hostname: &str, place: usize) -> Result<(), &'static str> {
        match self.touched.insert(hostname.to_owned(), place) {
            None => Ok(()),
            Some(_) => Err("another node has the name already"),
        }
    }

    /// A node as it was; of several of one name, the one with those facts.
    fn take_untouched(&mut self, hostname: &str, facts: &NodeFacts) -> Result<usize, &'static str> {
        let places = self.untouched.get_mut(hostname).ok_or("there is no such node")?;
        let nodes = &self.nodes;
        let is_it = |place: &usize| nodes[*place].as_ref().is_some_and(|node| NodeFacts::from(node) == *facts);
        let found = places.iter().position(is_it).ok_or("the node is another than it was")?;
        Ok(places.swap_remove(found))
    }

    /// The node of that name; while two have it, the one whose name it will stay.
    fn node(&mut self, step: &Step) -> Result<&mut Node, &'static str> {
        let hostname = step.node.as_deref().ok_or("it names no place")?;
        let untouched = || self.untouched.get(hostname).and_then(|places| places.first()).copied();
        let place = self.touched.get(hostname).copied().or_else(untouched).ok_or("there is no such node")?;
        self.nodes[place].as_mut().ok_or("the node is gone")
    }

    /// Gives an instance its settings, which has to be there, or must not be.
    fn put(&mut self, step: &Step, settings: &Settings, is_there: bool) -> Result<(), &'static str> {
        let role = step.role.as_ref().ok_or("it names no role")?;
        let was_there = if let Some(name) = &step.service {
            self.services.insert((name.clone(), role.clone()), settings.clone()).is_some()
        } else {
            let node = self.node(step)?;
            match node.roles.iter_mut().find(|assignment| assignment.role == *role) {
                Some(assignment) => {
                    assignment.settings.clone_from(settings);
                    true
                }
                None => {
                    node.roles.push(Assignment { role: role.clone(), settings: settings.clone() });
                    false
                }
            }
        };
        match (was_there, is_there) {
            (true, false) => Err("the instance is there already"),
            (false, true) => Err("there is no such instance"),
            _ => Ok(()),
        }
    }

    fn take_away(&mut self, step: &Step) -> Result<(), &'static str> {
        let role = step.role.as_ref().ok_or("it names no role")?;
        let was_there = if let Some(name) = &step.service {
            self.services.remove(&(name.clone(), role.clone())).is_some()
        } else {
            let roles = &mut self.node(step)?.roles;
            let count = roles.len();
            roles.retain(|assignment| assignment.role != *role);
            roles.len() < count
        };
        was_there.then_some(()).ok_or("there is no such instance")
    }
}

fn with_facts(id: Option<String>, hostname: &str, facts: &NodeFacts, roles: Vec<Assignment>) -> Node {
    let NodeFacts { private_ip, public_ip, site, container, hardware } = facts.clone();
    Node { id, hostname: hostname.to_owned(), private_ip, public_ip, site, container, hardware, roles }
}
