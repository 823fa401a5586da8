//! Rules about nodes as such: names, addresses, idleness.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use super::text::Problem;
use super::view::{View, update};
use super::{Fix, Report, Subject};
use crate::catalogue::Network;
use crate::edit::Edit;
use crate::topology::Node;

pub(super) fn check(view: &View<'_>, report: &mut Report<'_>) {
    duplicate_hostname(view, report);
    duplicate_address(view, report);
    idle(view, report);
    addresses(view, report);
}

/// `node.duplicate-hostname`. Which of them has the right name only people know, so there is no fix.
fn duplicate_hostname(view: &View<'_>, report: &mut Report<'_>) {
    for node in &view.topology.nodes {
        let count = view.namesakes(node);
        if count > 1 {
            let problem = Problem::DuplicateHostname { hostname: &node.hostname, count };
            report.add(&problem, Subject::node(node), None, Vec::new());
        }
    }
}

/// `node.duplicate-address`.
fn duplicate_address(view: &View<'_>, report: &mut Report<'_>) {
    let nodes = &view.topology.nodes;
    let private = Sharers::of(nodes, |node| Some(node.private_ip));
    let public = Sharers::of(nodes, |node| node.public_ip);
    if private.0.is_empty() && public.0.is_empty() {
        return;
    }
    for node in nodes {
        let shared_private = private.with(Some(node.private_ip));
        let shared_public = public.with(node.public_ip);
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

/// Nodes by the address that they share; addresses that one node alone has are left out.
struct Sharers<'a>(HashMap<IpAddr, Vec<&'a Node>>);

impl<'a> Sharers<'a> {
    fn of(nodes: &'a [Node], address: impl Fn(&Node) -> Option<IpAddr>) -> Self {
        let mut counts: HashMap<IpAddr, usize> = HashMap::with_capacity(nodes.len());
        for address in nodes.iter().filter_map(&address) {
            *counts.entry(address.to_canonical()).or_insert(0) += 1;
        }
        counts.retain(|_, count| *count > 1);
        let mut sharers: HashMap<IpAddr, Vec<&Node>> = HashMap::with_capacity(counts.len());
        if !counts.is_empty() {
            for node in nodes {
                if let Some(address) = address(node).map(|address| address.to_canonical())
                    && counts.contains_key(&address)
                {
                    sharers.entry(address).or_default().push(node);
                }
            }
        }
        // Messages name the first few, whatever the order of the topology is.
        for nodes in sharers.values_mut() {
            nodes.sort_by_key(|node| &node.hostname);
        }
        Self(sharers)
    }

    fn with(&self, address: Option<IpAddr>) -> Option<&Vec<&'a Node>> {
        self.0.get(&address?.to_canonical())
    }
}

/// Whether a role of the node asks for a public address.
pub(super) fn needs_public(view: &View<'_>, node: &Node) -> bool {
    node.roles.iter().any(|assignment| {
        let network = view.roles.iter().find(|known| known.role.id == assignment.role).map(|known| &known.role.network);
        matches!(network, Some(Network::PublicRequired { .. }))
    })
}

/// `node.unusable-address`, `node.public-as-private`.
fn addresses(view: &View<'_>, report: &mut Report<'_>) {
    for node in &view.topology.nodes {
        let with_kind = |address: IpAddr| Some((address, unusable(address)?));
        let (private, public) = (with_kind(node.private_ip), node.public_ip.and_then(with_kind));
        if private.is_some() || public.is_some() {
            let fixes = if private.is_none() && view.addressable(node) && !needs_public(view, node) {
                let label = format!("Remove the public address of {}", node.hostname);
                vec![Fix::new(label, vec![update(node, |facts| facts.public_ip = None)])]
            } else {
                Vec::new()
            };
            report.add(&Problem::UnusableAddress { private, public }, Subject::node(node), None, fixes);
        }
        if private.is_none() && !is_private(node.private_ip) {
            let problem = Problem::PublicAsPrivate { address: node.private_ip };
            report.add(&problem, Subject::node(node), None, Vec::new());
        }
    }
}

/// Why no node can have the address, if none can.
fn unusable(address: IpAddr) -> Option<&'static str> {
    let address = address.to_canonical();
    if address.is_unspecified() {
        Some("no address but a word for any")
    } else if address.is_loopback() {
        Some("the machine itself (loopback)")
    } else if address.is_multicast() {
        Some("for many at once (multicast)")
    } else if address == IpAddr::V4(Ipv4Addr::BROADCAST) {
        Some("for all at once (broadcast)")
    } else {
        None
    }
}

/// Whether the address is in a range for private networks.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            // RFC 6598: the network of a provider behind its translation of addresses.
            let is_shared = first == 100 && (64..128).contains(&second);
            address.is_private() || address.is_link_local() || is_shared
        }
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    }
}

/// `node.idle`.
fn idle(view: &View<'_>, report: &mut Report<'_>) {
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
