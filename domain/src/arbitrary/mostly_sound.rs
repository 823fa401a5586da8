//! Topologies that are sound but for a few things, so that a fix that breaks another thing shows.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{node, role_with_settings};
use crate::sample;
use crate::topology::{DiskKind, Node, Platform, SettingValue, Topology};

/// The healthy sample with some nodes gone, some facts changed, and some random nodes more.
pub(crate) fn mostly_sound() -> impl Strategy<Value = Topology> {
    let more = vec((0usize..30).prop_flat_map(|number| node(format!("n{number}.example.net"))), 0..3);
    let services = option::weighted(0.3, role_with_settings());
    let alike = option::weighted(0.3, (select(COPIED.to_vec()), 1u8..6));
    (vec(any::<Index>(), 0..3), vec((any::<Index>(), flaw()), 0..5), more, services, alike, 0u8..8).prop_map(
        |(gone, flaws, more, service, alike, gathered)| {
            let mut topology = sample::healthy();
            for index in gone {
                topology.nodes.remove(index.index(topology.nodes.len()));
            }
            if let Some((of, count)) = alike {
                multiply(&mut topology, of, count);
            }
            if gathered == 0 {
                topology.nodes.iter_mut().for_each(|node| set(node, "availability_group", "ag-1"));
            }
            for (index, flaw) in flaws {
                let position = index.index(topology.nodes.len());
                let twin = topology.nodes[(position + 1) % topology.nodes.len()].clone();
                flaw.put(&mut topology.nodes[position], &twin);
            }
            for node in more {
                if topology.node(&node.hostname).is_none() {
                    topology.nodes.push(node);
                }
            }
            if let Some((role, settings)) = service {
                topology.services[0].role = role.as_str().into();
                topology.services[0].settings = settings;
            }
            topology
        },
    )
}

/// Nodes of the healthy sample whose number has rules.
const COPIED: [&str; 4] = ["sql-2", "ddb-1", "ddb-3", "es-1"];

/// Further nodes that are like one of the healthy sample but for their names and addresses.
fn multiply(topology: &mut Topology, hostname: &str, count: u8) {
    let healthy = sample::healthy();
    let model = healthy.node(&format!("{hostname}.example.net")).expect("the sample has it");
    topology.nodes.extend((1..=count).map(|number| {
        let node = sample::node(&format!("{hostname}-{number}.example.net"), &format!("10.8.8.{number}"));
        Node { roles: model.roles.clone(), ..node }
    }));
}

/// Gives a setting another value where it is given.
fn set(node: &mut Node, name: &str, value: &str) {
    for assignment in node.roles.iter_mut().filter(|assignment| assignment.settings.contains_key(name)) {
        assignment.settings.insert(name.to_owned(), SettingValue::Text(value.to_owned()));
    }
}

/// Many nodes that nobody needs around a topology.
pub(crate) fn crowded(topology: impl Strategy<Value = Topology>) -> impl Strategy<Value = Topology> {
    (topology, 40u8..60).prop_map(|(mut topology, count)| {
        topology
            .nodes
            .extend((0..count).map(|number| sample::node(&format!("idle-{number}"), &format!("10.9.9.{number}"))));
        topology
    })
}

/// One thing wrong with a node.
#[derive(Clone, Debug)]
enum Flaw {
    Group(&'static str),
    Replication(&'static str),
    NoSettings,
    NoRole,
    OtherRole(String),
    PublicAddress(bool),
    AddressOf,
    NoContainer,
    NoHa(Platform),
    Memory(u64),
    Disk(Option<DiskKind>),
    Iops(Option<u64>),
}

fn flaw() -> impl Strategy<Value = Flaw> {
    prop_oneof![
        4 => select(vec!["ag-1", "ag-2", "ag-3", ""]).prop_map(Flaw::Group),
        2 => select(vec!["master", "slave", "both"]).prop_map(Flaw::Replication),
        1 => Just(Flaw::NoSettings),
        1 => Just(Flaw::NoRole),
        2 => super::role().prop_map(Flaw::OtherRole),
        2 => any::<bool>().prop_map(Flaw::PublicAddress),
        1 => Just(Flaw::AddressOf),
        1 => Just(Flaw::NoContainer),
        2 => select(Platform::ALL.to_vec()).prop_map(Flaw::NoHa),
        2 => select(vec![0, 511, 512, 131_072]).prop_map(Flaw::Memory),
        2 => option::of(select(DiskKind::ALL.to_vec())).prop_map(Flaw::Disk),
        1 => option::of(select(vec![0, 49_999, 90_000])).prop_map(Flaw::Iops),
    ]
}

impl Flaw {
    fn put(self, node: &mut Node, twin: &Node) {
        match self {
            Self::Group(name) => set(node, "availability_group", name),
            Self::Replication(part) => set(node, "replication", part),
            Self::NoSettings => node.roles.iter_mut().for_each(|assignment| assignment.settings.clear()),
            Self::NoRole => node.roles.clear(),
            Self::OtherRole(role) => {
                if node.assignment(&role).is_none() {
                    node.roles.push(sample::role(&role, &[]));
                }
            }
            Self::PublicAddress(shared) => {
                let other = "203.0.113.250".parse().expect("an address");
                node.public_ip = if shared { twin.public_ip } else { Some(other) };
            }
            Self::AddressOf => node.private_ip = twin.private_ip,
            Self::NoContainer => node.container = None,
            Self::NoHa(platform) => {
                if let Some(container) = &mut node.container {
                    (container.platform, container.ha) = (platform, platform == Platform::BareMetal);
                }
            }
            Self::Memory(mib) => node.hardware.memory_mib = Some(mib),
            Self::Disk(disk) => node.hardware.disk = disk,
            Self::Iops(iops) => node.hardware.iops = iops,
        }
    }
}
