//! Where things are in their lists, for whoever applies many edits to one topology.
//!
//! Each name is looked up, so that a log costs as many steps as it has edits, however large the topology is. What is
//! removed stays in its list until all edits are applied, since moving up what follows would cost as much as there is.

mod names;
mod naming;
mod view;

use std::collections::HashSet;
use std::sync::OnceLock;

use crate::catalogue::Catalogue;
use crate::pairing::lower_case;
use crate::topology::{Node, Settings, Topology};

use super::apply::apply_indexed;
use super::named::Names as NamesOfEdits;
use super::{Edit, EditError};
use names::Names;
use naming::Naming;
pub(crate) use view::View;

/// From how many edits on an index is made: below, looking through the lists costs less.
const WORTH_IT: usize = 16;

/// Places of what has a name. Whoever changes the topology through [`super::apply`]'s rules keeps it right.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    /// None: things are looked for one after the other.
    places: Option<Box<Places>>,
}

#[derive(Clone, Debug, Default)]
struct Places {
    /// By hostname in lower case. Of what shares a name, the first counts.
    hostnames: Names,
    ids: Names,
    groups: Names,
    services: Names,
    gone_nodes: HashSet<usize>,
    gone_groups: HashSet<usize>,
    gone_services: HashSet<usize>,
    /// Made when it is first asked for: most logs rename no group.
    naming: OnceLock<Naming>,
}

impl Index {
    /// No index: things are looked for.
    pub(crate) const NONE: Self = Self { places: None };

    /// For that many edits of a topology.
    pub(crate) fn of(topology: &Topology, edits: usize) -> Self {
        if edits < WORTH_IT {
            return Self::NONE;
        }
        let Topology { environment: _, availability_groups, nodes, services } = topology;
        let mut places = Places { hostnames: Names::with_room(nodes.len()), ..Places::default() };
        for (place, node) in nodes.iter().enumerate() {
            places.hostnames.insert(&lower_case(&node.hostname), place);
            if let Some(id) = &node.id {
                places.ids.insert(id, place);
            }
        }
        availability_groups.iter().enumerate().for_each(|(place, name)| places.groups.insert(name, place));
        services.iter().enumerate().for_each(|(place, service)| places.services.insert(&service.name, place));
        Self { places: Some(Box::new(places)) }
    }

    /// Takes out of the lists what was removed; nothing can be looked up by this index afterwards.
    pub(super) fn finish(self, topology: &mut Topology) {
        let Some(places) = self.places else { return };
        let Places { gone_nodes, gone_groups, gone_services, .. } = *places;
        retain(&mut topology.nodes, &gone_nodes);
        retain(&mut topology.availability_groups, &gone_groups);
        retain(&mut topology.services, &gone_services);
    }

    /// The place of the node of that hostname, compared without case.
    pub(super) fn node(&self, topology: &Topology, hostname: &str) -> Option<usize> {
        match &self.places {
            None => topology.nodes.iter().position(|node| node.hostname.eq_ignore_ascii_case(hostname)),
            Some(places) => places.hostnames.first(&lower_case(hostname)),
        }
    }

    /// Whether a node other than the one at that place has the hostname.
    pub(super) fn is_taken_by_another(&self, topology: &Topology, hostname: &str, than: usize) -> bool {
        match &self.places {
            None => {
                let mut others = topology.nodes.iter().enumerate().filter(|&(place, _)| place != than);
                others.any(|(_, node)| node.hostname.eq_ignore_ascii_case(hostname))
            }
            Some(places) => places.hostnames.has_other(&lower_case(hostname), than),
        }
    }

    /// The place of the node of that id.
    fn node_of_id(&self, topology: &Topology, id: &str) -> Option<usize> {
        match &self.places {
            None => topology.nodes.iter().position(|node| node.id.as_deref() == Some(id)),
            Some(places) => places.ids.first(id),
        }
    }

    /// The place of the group of that name.
    pub(super) fn group(&self, topology: &Topology, name: &str) -> Option<usize> {
        match &self.places {
            None => topology.availability_groups.iter().position(|group| group == name),
            Some(places) => places.groups.first(name),
        }
    }

    /// The place of the service of that name.
    pub(super) fn service(&self, topology: &Topology, name: &str) -> Option<usize> {
        match &self.places {
            None => topology.services.iter().position(|service| service.name == name),
            Some(places) => places.services.first(name),
        }
    }

    /// Places of nodes, and of services, one of whose settings may be that text; each once, in order.
    pub(super) fn naming(&self, topology: &Topology, text: &str) -> (Vec<usize>, Vec<usize>) {
        match &self.places {
            None => ((0..topology.nodes.len()).collect(), (0..topology.services.len()).collect()),
            Some(places) => {
                let naming = places.naming.get_or_init(|| Naming::of(topology));
                let is_there = |gone: &HashSet<usize>, places: Vec<usize>| {
                    places.into_iter().filter(|place| !gone.contains(place)).collect()
                };
                let (nodes, services) = naming.places(text);
                (is_there(&places.gone_nodes, nodes), is_there(&places.gone_services, services))
            }
        }
    }

    fn is_gone(&self, list: impl Fn(&Places) -> &HashSet<usize>, place: usize) -> bool {
        self.places.as_ref().is_some_and(|places| list(places).contains(&place))
    }

    /// A node was put at the end of the list.
    pub(super) fn node_added(&mut self, nodes: &[Node]) {
        let (Some(places), Some(node)) = (&mut self.places, nodes.last()) else { return };
        let place = nodes.len() - 1;
        places.hostnames.insert(&lower_case(&node.hostname), place);
        if let Some(id) = &node.id {
            places.ids.insert(id, place);
        }
        if let Some(naming) = places.naming.get_mut() {
            node.roles.iter().for_each(|assignment| naming.node_says(place, &assignment.settings));
        }
    }

    /// Removes the node at that place.
    pub(super) fn remove_node(&mut self, topology: &mut Topology, place: usize) {
        let Some(places) = &mut self.places else {
            topology.nodes.remove(place);
            return;
        };
        let node = &topology.nodes[place];
        places.hostnames.remove(&lower_case(&node.hostname), place);
        if let Some(id) = &node.id {
            places.ids.remove(id, place);
        }
        places.gone_nodes.insert(place);
    }

    /// The node at that place has another hostname.
    pub(super) fn node_renamed(&mut self, place: usize, from: &str, to: &str) {
        let Some(places) = &mut self.places else { return };
        places.hostnames.remove(&lower_case(from), place);
        places.hostnames.insert(&lower_case(to), place);
    }

    /// The node at that place has these settings of a role from now on.
    pub(super) fn node_says(&mut self, place: usize, settings: &Settings) {
        if let Some(naming) = self.places.as_mut().and_then(|places| places.naming.get_mut()) {
            naming.node_says(place, settings);
        }
    }

    /// A group was put at the end of the list.
    pub(super) fn group_added(&mut self, groups: &[String]) {
        if let (Some(places), Some(name)) = (&mut self.places, groups.last()) {
            places.groups.insert(name, groups.len() - 1);
        }
    }

    /// Removes all groups of that name.
    pub(super) fn remove_groups(&mut self, topology: &mut Topology, name: &str) {
        match &mut self.places {
            None => topology.availability_groups.retain(|group| group != name),
            Some(places) => places.gone_groups.extend(places.groups.remove_all(name)),
        }
    }

    /// The group at that place has another name.
    pub(super) fn group_renamed(&mut self, place: usize, from: &str, to: &str) {
        let Some(places) = &mut self.places else { return };
        places.groups.remove(from, place);
        places.groups.insert(to, place);
    }

    /// A service was put at the end of the list.
    pub(super) fn service_added(&mut self, topology: &Topology) {
        let (Some(places), Some(service)) = (&mut self.places, topology.services.last()) else { return };
        let place = topology.services.len() - 1;
        places.services.insert(&service.name, place);
        if let Some(naming) = places.naming.get_mut() {
            naming.service_says(place, &service.settings);
        }
    }

    /// Removes all services of that name.
    pub(super) fn remove_services(&mut self, topology: &mut Topology, name: &str) {
        match &mut self.places {
            None => topology.services.retain(|service| service.name != name),
            Some(places) => places.gone_services.extend(places.services.remove_all(name)),
        }
    }

    /// The service at that place has these settings from now on.
    pub(super) fn service_says(&mut self, place: usize, settings: &Settings) {
        if let Some(naming) = self.places.as_mut().and_then(|places| places.naming.get_mut()) {
            naming.service_says(place, settings);
        }
    }
}

fn retain<T>(list: &mut Vec<T>, gone: &HashSet<usize>) {
    if !gone.is_empty() {
        let mut places = 0..;
        list.retain(|_| places.next().is_none_or(|place| !gone.contains(&place)));
    }
}

/// A topology on its way through many edits.
#[derive(Clone, Debug)]
pub(crate) struct Indexed {
    /// As it is by now, with what was removed; changed through [`Self::apply`] and read through [`Self::view`] only.
    topology: Topology,
    index: Index,
}

impl Indexed {
    /// For that many edits.
    pub(crate) fn new(topology: Topology, edits: usize) -> Self {
        let index = Index::of(&topology, edits);
        Self { topology, index }
    }

    /// As [`super::apply`], of an edit that was taken before: its text is not looked at.
    pub(crate) fn apply(&mut self, edit: &Edit, catalogue: &Catalogue) -> Result<(), EditError> {
        apply_indexed(&mut self.topology, &mut self.index, edit, catalogue)
    }

    /// To be read.
    pub(crate) fn view(&self) -> View<'_> {
        View::of(&self.topology, &self.index)
    }

    /// The part that edits are about ([`super::named`]).
    pub(crate) fn named(&self, edits: &[Edit]) -> Topology {
        NamesOfEdits::of(edits).part_of(self.view())
    }

    /// What it became.
    pub(crate) fn into_topology(mut self) -> Topology {
        self.index.finish(&mut self.topology);
        self.topology
    }
}
