//! What edits are about.

use std::collections::BTreeSet;

use super::Edit;
use crate::topology::Topology;

/// The part of a topology that edits name: their nodes and services, and all groups.
pub fn named(topology: &Topology, edits: &[Edit]) -> Topology {
    let mut nodes: BTreeSet<String> = BTreeSet::new();
    let mut services: BTreeSet<&str> = BTreeSet::new();
    for edit in edits {
        match edit {
            Edit::AddNode { node } => drop(nodes.insert(node.hostname.to_ascii_lowercase())),
            Edit::UpdateNode { hostname, .. }
            | Edit::RemoveNode { hostname }
            | Edit::AssignRole { hostname, .. }
            | Edit::UpdateSettings { hostname, .. }
            | Edit::UnassignRole { hostname, .. } => drop(nodes.insert(hostname.to_ascii_lowercase())),
            Edit::RenameNode { from, to } => {
                nodes.insert(from.to_ascii_lowercase());
                nodes.insert(to.to_ascii_lowercase());
            }
            Edit::AddService { service } => drop(services.insert(&service.name)),
            Edit::UpdateService { name, .. } | Edit::RemoveService { name } => drop(services.insert(name)),
            Edit::AddGroup { .. } | Edit::RenameGroup { .. } | Edit::RemoveGroup { .. } => {}
        }
    }
    Topology {
        environment: topology.environment.clone(),
        availability_groups: topology.availability_groups.clone(),
        nodes: topology
            .nodes
            .iter()
            .filter(|node| nodes.contains(&node.hostname.to_ascii_lowercase()))
            .cloned()
            .collect(),
        services: topology
            .services
            .iter()
            .filter(|service| services.contains(service.name.as_str()))
            .cloned()
            .collect(),
    }
}
