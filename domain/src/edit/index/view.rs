//! A topology as those see it who carry edits over it.

use super::Index;
use crate::topology::{Node, Service, Topology};

/// A topology with an index of it; what was removed is not seen.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    topology: &'a Topology,
    index: &'a Index,
}

impl<'a> View<'a> {
    /// One in which things are looked for.
    pub(in crate::edit) fn plain(topology: &'a Topology) -> Self {
        Self { topology, index: &Index::NONE }
    }

    pub(super) fn of(topology: &'a Topology, index: &'a Index) -> Self {
        Self { topology, index }
    }

    pub(in crate::edit) fn environment(self) -> &'a str {
        &self.topology.environment
    }

    pub(in crate::edit) fn nodes(self) -> impl Iterator<Item = &'a Node> {
        let nodes = self.topology.nodes.iter().enumerate();
        nodes.filter(move |(place, _)| !self.index.is_gone(|places| &places.gone_nodes, *place)).map(|(_, node)| node)
    }

    pub(in crate::edit) fn groups(self) -> impl Iterator<Item = &'a String> {
        let groups = self.topology.availability_groups.iter().enumerate();
        groups.filter(move |(place, _)| !self.index.is_gone(|places| &places.gone_groups, *place)).map(|(_, name)| name)
    }

    pub(in crate::edit) fn services(self) -> impl Iterator<Item = &'a Service> {
        let services = self.topology.services.iter().enumerate();
        services
            .filter(move |(place, _)| !self.index.is_gone(|places| &places.gone_services, *place))
            .map(|(_, service)| service)
    }

    pub(in crate::edit) fn node(self, hostname: &str) -> Option<&'a Node> {
        self.index.node(self.topology, hostname).map(|place| &self.topology.nodes[place])
    }

    pub(in crate::edit) fn node_of_id(self, id: &str) -> Option<&'a Node> {
        self.index.node_of_id(self.topology, id).map(|place| &self.topology.nodes[place])
    }

    pub(in crate::edit) fn has_group(self, name: &str) -> bool {
        self.index.group(self.topology, name).is_some()
    }

    pub(in crate::edit) fn service(self, name: &str) -> Option<&'a Service> {
        self.index.service(self.topology, name).map(|place| &self.topology.services[place])
    }

    /// Nodes and services one of whose settings may be that text, in order.
    pub(in crate::edit) fn naming(self, text: &str) -> (Vec<&'a Node>, Vec<&'a Service>) {
        let (nodes, services) = self.index.naming(self.topology, text);
        let node = |place: usize| &self.topology.nodes[place];
        let service = |place: usize| &self.topology.services[place];
        (nodes.into_iter().map(node).collect(), services.into_iter().map(service).collect())
    }
}
