//! Rules about nodes as such: names, addresses, idleness.

use std::collections::HashMap;
use std::net::IpAddr;

use super::text::Problem;
use super::view::{View, update};
use super::{Fix, Report, Subject};
use crate::catalogue::Network;
use crate::edit::Edit;
use crate::topology::Node;

pub(super) fn check(view: &View<'_>, report: &mut Report) {
    duplicate_hostname(view, report);
    duplicate_address(view, report);
    idle(view, report);
}

/// `node.duplicate-hostname`. Which of them has the right name only people know, so there is no fix.
fn duplicate_hostname(view: &View<'_>, report: &mut Report) {
    for node in &view.topology.nodes {
        let count = view.namesakes(node);
        if count > 1 {
            let problem = Problem::DuplicateHostname { hostname: &node.hostname, count };
            report.add(&problem, Subject::node(node), None, Vec::new());
        }
    }
}

/// `node.duplicate-address`.
fn duplicate_address(view: &View<'_>, report: &mut Report) {
    let nodes = &view.topology.nodes;
    let mut private: HashMap<IpAddr, Vec<&Node>> = HashMap::with_capacity(nodes.len());
    let mut public: HashMap<IpAddr, Vec<&Node>> = HashMap::new();
    for node in nodes {
        private.entry(node.private_ip.to_canonical()).or_default().push(node);
        if let Some(address) = node.public_ip {
            public.entry(address.to_canonical()).or_default().push(node);
        }
    }
    for node in nodes {
        let shared_private = private.get(&node.private_ip.to_canonical()).filter(|sharers| sharers.len() > 1);
        let shared_public =
            node.public_ip.and_then(|address| public.get(&address.to_canonical())).filter(|sharers| sharers.len() > 1);
        if shared_private.is_none() && shared_public.is_none() {
            continue;
        }
        // A few names are enough for the message; all of them, for each of them, would be a square.
        let others = [shared_private, shared_public]
            .into_iter()
            .flatten()
            .flat_map(|sharers| sharers.iter().filter(|other| !std::ptr::eq(**other, node)).take(3))
            .map(|other| other.hostname.as_str());
        let mut others: Vec<&str> = others.collect();
        others.sort_unstable();
        others.dedup();
        let problem = Problem::DuplicateAddress {
            private: shared_private.map(|_| node.private_ip),
            public: shared_public.and(node.public_ip),
            others,
        };
        let fixes = if shared_private.is_none() && view.addressable(node) && !needs_public(view, node) {
            vec![Fix::new(
                format!("Remove the public address of {}", node.hostname),
                vec![update(node, |facts| facts.public_ip = None)],
            )]
        } else {
            Vec::new()
        };
        report.add(&problem, Subject::node(node), None, fixes);
    }
}

/// Whether a role of the node asks for a public address.
pub(super) fn needs_public(view: &View<'_>, node: &Node) -> bool {
    node.roles.iter().any(|assignment| {
        let network = view.roles.iter().find(|known| known.role.id == assignment.role).map(|known| &known.role.network);
        matches!(network, Some(Network::PublicRequired { .. }))
    })
}

/// `node.idle`.
fn idle(view: &View<'_>, report: &mut Report) {
    for node in view.topology.nodes.iter().filter(|node| node.roles.is_empty()) {
        let fixes = if view.addressable(node) {
            let label = format!("Remove node {}", node.hostname);
            vec![Fix::new(label, vec![Edit::RemoveNode { hostname: node.hostname.clone() }])]
        } else {
            Vec::new()
        };
        report.add(&Problem::Idle, Subject::node(node), None, fixes);
    }
}
