//! A small healthy topology for unit tests: no finding at all but `ddb` and `es` advice kept away by enough nodes.

use std::net::IpAddr;

use crate::topology::{
    Assignment, Container, DiskKind, Hardware, Node, Platform, Service, SettingValue, Settings, Topology,
};

/// A virtual node with no role.
pub(crate) fn node(hostname: &str, private_ip: &str) -> Node {
    Node {
        id: None,
        hostname: hostname.to_owned(),
        private_ip: private_ip.parse().expect("an address"),
        public_ip: None,
        site: Some("dc1".to_owned()),
        container: Some(Container { platform: Platform::Vmware, ha: true }),
        hardware: Hardware {
            vcpus: Some(8),
            memory_mib: Some(65_536),
            disk: Some(DiskKind::Nvme),
            disk_gib: Some(512),
            iops: Some(50_000),
        },
        roles: Vec::new(),
    }
}

/// Settings of texts.
pub(crate) fn settings(pairs: &[(&str, &str)]) -> Settings {
    pairs.iter().map(|&(name, value)| (name.to_owned(), SettingValue::Text(value.to_owned()))).collect()
}

/// A role with settings of texts.
pub(crate) fn role(role: &str, pairs: &[(&str, &str)]) -> Assignment {
    Assignment { role: role.into(), settings: settings(pairs) }
}

/// All ten roles, each as the rules want it: `web-1`, `sip-1`, `pbx-1`, `controller-1`, `worker-1`, `queue-1`,
/// `sql-1` (master), `sql-2`, `ddb-1` to `ddb-4` in `ag-1` and `ag-2`, `es-1` to `es-3`, service `media`.
pub(crate) fn healthy() -> Topology {
    let mut topology = Topology::empty("test");
    topology.availability_groups = vec!["ag-1".to_owned(), "ag-2".to_owned()];
    let mut add = |name: &str, assignment: Assignment, public: bool| {
        let number = u8::try_from(topology.nodes.len() + 1).expect("few nodes");
        let mut node = node(&format!("{name}.example.net"), &format!("10.0.0.{number}"));
        node.public_ip = public.then(|| IpAddr::from([203, 0, 113, number]));
        node.roles.push(assignment);
        topology.nodes.push(node);
    };
    add("sql-1", role("sql", &[("replication", "master")]), false);
    add("sql-2", role("sql", &[("replication", "slave")]), false);
    for (number, group) in [(1, "ag-1"), (2, "ag-1"), (3, "ag-2"), (4, "ag-2")] {
        add(&format!("ddb-{number}"), role("distributed-database", &[("availability_group", group)]), false);
    }
    for number in 1..=3 {
        add(&format!("es-{number}"), role("elasticsearch", &[]), false);
    }
    add("controller-1", role("controller", &[]), false);
    add("worker-1", role("worker", &[]), false);
    add("queue-1", role("queue", &[]), false);
    add("web-1", role("web", &[]), true);
    add("sip-1", role("sip", &[]), true);
    add("pbx-1", role("pbx", &[]), true);
    topology.services.push(Service {
        name: "media".to_owned(),
        role: "unstructured-storage".into(),
        settings: settings(&[("backend", "s3"), ("endpoint", "https://s3.example.net"), ("bucket", "media")]),
    });
    topology
}

/// Changes one node of a topology.
pub(crate) fn with_node(topology: &mut Topology, hostname: &str, change: impl FnOnce(&mut Node)) {
    let hostname = format!("{hostname}.example.net");
    let node = topology.nodes.iter_mut().find(|node| node.hostname == hostname).expect("the sample has it");
    change(node);
}

/// 70 nodes whose sites and settings, with the groups and a service, have these texts in turn.
pub(crate) fn with_texts(texts: &[String]) -> Topology {
    let mut topology = Topology::empty("test");
    topology.availability_groups = texts.to_vec();
    topology.availability_groups.sort();
    topology.availability_groups.dedup();
    for (number, text) in (1..=70u8).zip(texts.iter().cycle()) {
        let mut node = node(&format!("node-{number}.example.net"), &format!("10.0.0.{number}"));
        node.site = Some(text.clone());
        node.roles.push(role("distributed-database", &[("availability_group", text)]));
        topology.nodes.push(node);
    }
    let text = texts.first().map_or("media", String::as_str);
    let settings = settings(&[("backend", "s3"), ("endpoint", text), ("bucket", text)]);
    topology.services.push(Service { name: text.to_owned(), role: "unstructured-storage".into(), settings });
    topology
}
