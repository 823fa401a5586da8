//! Random topologies for property tests: small worlds, so that things clash often.

mod edits;
mod hostile;
mod mostly_sound;

pub(crate) use edits::{HOSTILE, Wish, role_with_two_settings, wish, wishes, with_some_ids};
pub(crate) use hostile::hostile_topology;
pub(crate) use mostly_sound::{crowded, mostly_sound};

use std::net::IpAddr;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::catalogue::{Catalogue, SettingKind, SettingSpec};
use crate::topology::{
    Assignment, Container, DiskKind, Hardware, Node, Platform, Service, SettingValue, Settings, Topology,
};

/// Unique names, as drafts and files have them; anything else can be wrong.
pub(crate) fn topology() -> impl Strategy<Value = Topology> {
    let hostnames = btree_set(0usize..30, 0..14);
    let parts = hostnames.prop_flat_map(|numbers| {
        let nodes: Vec<_> = numbers.into_iter().map(|number| node(format!("n{number}.example.net"))).collect();
        nodes
    });
    assemble(parts)
}

/// Hostnames can be there several times, in any case.
pub(crate) fn unruly_topology() -> impl Strategy<Value = Topology> {
    let hostname = (0usize..6, any::<bool>()).prop_map(|(number, upper)| {
        if upper { format!("N{number}.example.net") } else { format!("n{number}.example.net") }
    });
    assemble(vec(hostname.prop_flat_map(node), 0..10))
}

fn assemble(nodes: impl Strategy<Value = Vec<Node>>) -> impl Strategy<Value = Topology> {
    let groups = btree_set(select(vec!["ag-1", "ag-2", "ag-3", "left"]), 0..4);
    let services = btree_map(select(vec!["media", "files"]), role_with_settings(), 0..3);
    (nodes, groups, services).prop_map(|(nodes, groups, services)| Topology {
        environment: "test".to_owned(),
        availability_groups: groups.into_iter().map(str::to_owned).collect(),
        nodes,
        services: services
            .into_iter()
            .map(|(name, (role, settings))| Service { name: name.to_owned(), role: role.as_str().into(), settings })
            .collect(),
    })
}

fn node(hostname: String) -> impl Strategy<Value = Node> {
    let address = |net: [u8; 3], odd: &'static [&'static str]| {
        let odd = select(odd).prop_map(|text| text.parse().expect("an address"));
        prop_oneof![24 => (1u8..40).prop_map(move |last| IpAddr::from([net[0], net[1], net[2], last])), 1 => odd]
    };
    let container =
        (select(Platform::ALL.to_vec()), any::<bool>()).prop_map(|(platform, ha)| Container { platform, ha });
    let hardware = (
        option::of(1u32..4),
        option::of(select(vec![256u64, 512, 1024, 65_536])),
        option::of(select(DiskKind::ALL.to_vec())),
        option::of(1u64..3),
        option::of(select(vec![100u64, 5_000, 50_000])),
    )
        .prop_map(|(vcpus, memory_mib, disk, disk_gib, iops)| Hardware { vcpus, memory_mib, disk, disk_gib, iops });
    (
        address(
            [10, 0, 0],
            &["127.0.0.1", "0.0.0.0", "224.0.0.9", "8.8.8.8", "100.64.0.9", "::1", "2001:db8::5", "fe80::1"],
        ),
        option::weighted(0.3, address([203, 0, 113], &["127.0.0.1", "255.255.255.255", "ff02::1", "::"])),
        option::of(select(vec!["dc1", "dc2"])),
        option::weighted(0.9, container),
        hardware,
        btree_map(role(), Just(()), 0..4),
    )
        .prop_flat_map(move |(private_ip, public_ip, site, container, hardware, roles)| {
            let hostname = hostname.clone();
            let roles: Vec<_> = roles.into_keys().map(|role| (Just(role.clone()), settings(&role))).collect();
            roles.prop_map(move |roles| Node {
                id: None,
                hostname: hostname.clone(),
                private_ip,
                public_ip,
                site: site.map(str::to_owned),
                container,
                hardware,
                roles: roles
                    .into_iter()
                    .map(|(role, settings)| Assignment { role: role.as_str().into(), settings })
                    .collect(),
            })
        })
}

/// Roles with many rules come more often.
fn role() -> impl Strategy<Value = String> {
    let mut ids: Vec<String> = Catalogue::built_in().roles.iter().map(|role| role.id.0.clone()).collect();
    for often in ["sql", "sql", "sql", "distributed-database", "distributed-database", "distributed-database"] {
        ids.push(often.to_owned());
    }
    select(ids)
}

fn role_with_settings() -> impl Strategy<Value = (String, Settings)> {
    role().prop_flat_map(|role| (Just(role.clone()), settings(&role)))
}

fn settings(role: &str) -> impl Strategy<Value = Settings> + use<> {
    let specs = Catalogue::built_in().role(role).map(|role| role.settings.clone()).unwrap_or_default();
    let values: Vec<_> =
        specs.into_iter().map(|spec| (Just(spec.name.clone()), option::weighted(0.85, value(&spec)))).collect();
    values.prop_map(|values| values.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
}

/// Mostly values that fit.
fn value(spec: &SettingSpec) -> BoxedStrategy<SettingValue> {
    let texts = |texts: Vec<&str>| {
        select(texts.into_iter().map(str::to_owned).collect::<Vec<_>>()).prop_map(SettingValue::Text).boxed()
    };
    let good = match &spec.kind {
        SettingKind::Choice(words) => texts(words.iter().map(String::as_str).collect()),
        SettingKind::Integer { min, .. } => (*min..*min + 20_000).prop_map(SettingValue::Integer).boxed(),
        SettingKind::Text => texts(vec!["media", "lb.example.net", ""]),
        SettingKind::Path => texts(vec!["/srv", "nfs.example.net:/export", ""]),
        SettingKind::Address => texts(vec!["10.0.0.1", "2001:db8::1", "10.0.0", ""]),
        SettingKind::Url => texts(vec!["https://s3.example.net", "s3.example.net", "ftp://x", ""]),
        SettingKind::Group => texts(vec!["ag-1", "ag-2", "ag-3", "left", "nowhere", ""]),
    };
    let bad = prop_oneof![
        any::<bool>().prop_map(SettingValue::Boolean),
        (-3i64..3).prop_map(SettingValue::Integer),
        Just(SettingValue::Text("both".to_owned())),
    ];
    prop_oneof![12 => good, 1 => bad].boxed()
}
