//! Topologies that no file reader would let through: any text for a name, any number for a figure, anything twice.

use std::net::IpAddr;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::catalogue::Catalogue;
use crate::topology::{
    Assignment, Container, DiskKind, Hardware, Node, Platform, RoleId, Service, SettingValue, Settings, Topology,
};

/// Names clash, are empty or full of control characters; numbers are extreme; roles and settings are unknown.
pub(crate) fn hostile_topology() -> impl Strategy<Value = Topology> {
    (text(), vec(text(), 0..5), vec(node(), 0..8), vec(service(), 0..4)).prop_map(
        |(environment, availability_groups, nodes, services)| Topology {
            environment,
            availability_groups,
            nodes,
            services,
        },
    )
}

/// Few of them are the same by chance, so some are given.
fn text() -> impl Strategy<Value = String> {
    let given = [
        "",
        " ",
        "\0",
        "a",
        "A",
        "a/b",
        "ag-1",
        "ag-2",
        "n1.example.net",
        "{}",
        "{0}",
        "%s",
        "<script>",
        "é",
        "\u{202e}x",
        "https://",
        "http://[",
        "://",
        "s3",
        "posix",
        "nfs",
        "master",
        "slave",
        "-",
        "\n",
        "ß",
        "İ",
    ];
    prop_oneof![4 => select(given.to_vec()).prop_map(str::to_owned), 1 => any::<String>()]
}

fn number() -> impl Strategy<Value = u64> {
    select(vec![0, 1, 511, 512, u64::MAX / 2, u64::MAX - 1, u64::MAX])
}

fn role() -> impl Strategy<Value = RoleId> {
    let known: Vec<RoleId> = Catalogue::built_in().roles.iter().map(|role| role.id.clone()).collect();
    prop_oneof![5 => select(known), 1 => text().prop_map(RoleId)]
}

fn settings() -> impl Strategy<Value = Settings> {
    let specs = Catalogue::built_in().roles.iter().flat_map(|role| &role.settings);
    let known: Vec<String> = specs.map(|spec| spec.name.clone()).collect();
    let name = prop_oneof![5 => select(known), 1 => text()];
    let value = prop_oneof![
        any::<bool>().prop_map(SettingValue::Boolean),
        select(vec![i64::MIN, -1, 0, 1, 10_240, i64::MAX]).prop_map(SettingValue::Integer),
        text().prop_map(SettingValue::Text),
        text().prop_map(SettingValue::Text),
    ];
    btree_map(name, value, 0..6)
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        select(vec!["0.0.0.0", "255.255.255.255", "::", "::ffff:10.0.0.1", "10.0.0.1", "::1"])
            .prop_map(|text| text.parse().expect("an address")),
        any::<IpAddr>(),
    ]
}

fn node() -> impl Strategy<Value = Node> {
    let hardware = (
        option::of(any::<u32>()),
        option::of(number()),
        option::of(select(DiskKind::ALL.to_vec())),
        option::of(number()),
        option::of(number()),
    )
        .prop_map(|(vcpus, memory_mib, disk, disk_gib, iops)| Hardware { vcpus, memory_mib, disk, disk_gib, iops });
    let container = (select(Platform::ALL.to_vec()), any::<bool>());
    let container = option::of(container.prop_map(|(platform, ha)| Container { platform, ha }));
    let roles = vec((role(), settings()).prop_map(|(role, settings)| Assignment { role, settings }), 0..5);
    (option::of(text()), text(), address(), option::of(address()), option::of(text()), container, hardware, roles)
        .prop_map(|(id, hostname, private_ip, public_ip, site, container, hardware, roles)| Node {
            id,
            hostname,
            private_ip,
            public_ip,
            site,
            container,
            hardware,
            roles,
        })
}

fn service() -> impl Strategy<Value = Service> {
    (text(), role(), settings()).prop_map(|(name, role, settings)| Service { name, role, settings })
}
