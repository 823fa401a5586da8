//! A new node made like one that is there: most nodes of a platform are one of a row of equals.

use std::collections::HashSet;
use std::net::IpAddr;

use super::HOSTNAME_MAX;
use crate::topology::{Node, Topology};

/// A proposal for one more node like that one, for a person to look over: the next free number in its hostname, the next
/// free private address, and the same site, container, hardware and roles. It has no public address, since nobody can
/// guess which are whose.
pub fn another(topology: &Topology, node: &Node) -> Node {
    let names: HashSet<String> = topology.nodes.iter().map(|node| node.hostname.to_ascii_lowercase()).collect();
    let taken: HashSet<IpAddr> = topology.nodes.iter().map(|node| node.private_ip).collect();
    Node {
        id: None,
        hostname: next_name(&node.hostname, &names),
        private_ip: next_address(node.private_ip, &taken),
        public_ip: None,
        ..node.clone()
    }
}

/// `sql-9.example.net` after `sql-8.example.net`: the last number of the first label counts up, as wide as it was, until
/// the name is free. A label without a number gets one.
fn next_name(hostname: &str, names: &HashSet<String>) -> String {
    let (label, domain) = hostname.split_once('.').map_or((hostname, ""), |(label, domain)| (label, domain));
    let end = label.rfind(|letter: char| letter.is_ascii_digit()).map_or(label.len(), |last| last + 1);
    let stem = label[..end].trim_end_matches(|letter: char| letter.is_ascii_digit());
    let (digits, rest) = (&label[stem.len()..end], &label[end..]);
    let (stem, first) = match digits.parse::<u64>() {
        Ok(number) => (stem.to_owned(), number.saturating_add(1)),
        Err(_) => (format!("{label}-"), 2),
    };
    let rest = if digits.is_empty() { "" } else { rest };
    let width = digits.len();
    let dot = if domain.is_empty() { "" } else { "." };
    (first..=u64::MAX)
        .map(|number| format!("{stem}{number:0width$}{rest}{dot}{domain}"))
        .find(|name| !names.contains(&name.to_ascii_lowercase()) || name.len() > HOSTNAME_MAX)
        .unwrap_or_else(|| hostname.to_owned())
}

/// The first free address behind that one; it itself where none is left.
fn next_address(address: IpAddr, taken: &HashSet<IpAddr>) -> IpAddr {
    let after = |address: IpAddr| match address {
        IpAddr::V4(v4) => v4.to_bits().checked_add(1).map(|bits| IpAddr::V4(bits.into())),
        IpAddr::V6(v6) => v6.to_bits().checked_add(1).map(|bits| IpAddr::V6(bits.into())),
    };
    std::iter::successors(after(address), |&address| after(address))
        .find(|address| !taken.contains(address) && !ends_in_network_or_broadcast(*address))
        .unwrap_or(address)
}

/// `.0` and `.255` are seldom an address that a node can have.
fn ends_in_network_or_broadcast(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(v4) if matches!(v4.octets()[3], 0 | 255))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use crate::edit::{Edit, apply};
    use crate::sample::healthy;

    fn next(hostname: &str, taken: &[&str]) -> String {
        next_name(hostname, &taken.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn numbers_count_up_as_wide_as_they_are() {
        assert_eq!(next("sql-1.example.net", &["sql-1.example.net", "sql-2.example.net"]), "sql-3.example.net");
        assert_eq!(next("ddb-09.example.net", &[]), "ddb-10.example.net");
        assert_eq!(next("ddb-01a.example.net", &[]), "ddb-02a.example.net");
        assert_eq!(next("n99", &[]), "n100");
        assert_eq!(
            next("web.dc2.example.net", &["WEB-2.dc2.example.net".to_ascii_lowercase().as_str()]),
            "web-3.dc2.example.net"
        );
        assert_eq!(next("n18446744073709551615", &[]), "n18446744073709551615", "there is no greater number");
    }

    #[test]
    fn addresses_skip_what_is_taken_and_what_nodes_seldom_have() {
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        let taken = HashSet::from([address("10.0.0.2")]);
        assert_eq!(next_address(address("10.0.0.1"), &taken), address("10.0.0.3"));
        assert_eq!(next_address(address("10.0.0.254"), &taken), address("10.0.1.1"));
        assert_eq!(next_address(address("255.255.255.254"), &taken), address("255.255.255.254"));
        assert_eq!(next_address(address("fd00::ff"), &taken), address("fd00::100"));
    }

    #[test]
    fn what_is_proposed_can_be_added() {
        let (mut topology, catalogue) = (healthy(), Catalogue::built_in());
        for node in topology.nodes.clone() {
            let proposed = another(&topology, &node);
            assert_eq!((&proposed.roles, proposed.public_ip), (&node.roles, None));
            apply(&mut topology, &Edit::AddNode { node: proposed }, catalogue).expect("it fits");
        }
    }
}
