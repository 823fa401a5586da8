//! Writes a large healthy topology as YAML: `cargo run -p strata-domain --example large_topology -- 200`.
//!
//! Deterministic: the same number of nodes gives the same file, byte by byte.

use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;

use strata_domain::file;
use strata_domain::topology::{
    Assignment, Container, DiskKind, Hardware, Node, Platform, Service, SettingValue, Settings, Topology,
};

/// Fewer nodes than this cannot hold every role as the rules want it.
pub const FEWEST: u32 = 30;

/// More nodes than this would need more addresses than 10.0.0.0/8 and 198.18.0.0/15 are used for here.
pub const MOST: u32 = 100_000;

fn main() -> ExitCode {
    let count = std::env::args().nth(1).and_then(|text| text.parse().ok());
    match count.filter(|count| (FEWEST..=MOST).contains(count)) {
        Some(count) => {
            print!("{}", document(count));
            ExitCode::SUCCESS
        }
        None => {
            eprintln!("usage: large_topology NODES, where NODES is a number from {FEWEST} to {MOST}");
            ExitCode::from(2)
        }
    }
}

/// The whole file, with a comment that says where it comes from.
pub fn document(count: u32) -> String {
    format!(
        "# {count} nodes, written by: cargo run -p strata-domain --example large_topology -- {count}\n{}",
        file::write_yaml(&large(count))
    )
}

/// A topology of that many nodes in which every rule holds but `setup.large`.
pub fn large(count: u32) -> Topology {
    // Two fifths are database nodes in groups of three; what is left over by rounding runs PBX.
    let groups = (count * 2 / 15).max(2);
    let parts = [
        ("sql", 5, &SQL),
        ("ddb", groups * 3, &SMALL),
        ("es", (count / 12).max(3), &MEDIUM),
        ("controller", 1, &MEDIUM),
        ("queue", (count / 40).max(2), &MEDIUM),
        ("worker", (count / 15).max(2), &MEDIUM),
        ("web", (count / 15).max(2), &MEDIUM),
        ("sip", (count / 12).max(2), &MEDIUM),
    ];
    let mut topology = Topology::empty("large");
    topology.availability_groups = (1..=groups).map(|group| format!("ag-{group:03}")).collect();
    for (kind, number, size) in parts {
        for index in 1..=number {
            add(&mut topology, kind, index, size, groups);
        }
    }
    for index in 1.. {
        if topology.nodes.len() >= count as usize {
            break;
        }
        add(&mut topology, "pbx", index, &MEDIUM, groups);
    }
    topology.services.push(Service {
        name: "media".to_owned(),
        role: "unstructured-storage".into(),
        settings: [
            text("backend", "s3"),
            text("endpoint", "https://s3.example.net"),
            text("bucket", "media"),
            ("capacity_gib".to_owned(), SettingValue::Integer(81_920)),
        ]
        .into(),
    });
    topology
}

const SQL: Hardware = Hardware {
    vcpus: Some(16),
    memory_mib: Some(131_072),
    disk: Some(DiskKind::Nvme),
    disk_gib: Some(2_048),
    iops: Some(100_000),
};

const MEDIUM: Hardware =
    Hardware { vcpus: Some(4), memory_mib: Some(8_192), disk: Some(DiskKind::Ssd), disk_gib: Some(200), iops: None };

const SMALL: Hardware =
    Hardware { vcpus: Some(1), memory_mib: Some(512), disk: Some(DiskKind::Ssd), disk_gib: Some(20), iops: None };

fn text(name: &str, value: &str) -> (String, SettingValue) {
    (name.to_owned(), SettingValue::Text(value.to_owned()))
}

/// The next node, the `index`th of its kind.
fn add(topology: &mut Topology, kind: &str, index: u32, hardware: &Hardware, groups: u32) {
    let (role, settings) = match kind {
        "sql" => ("sql", Settings::from([text("replication", if index == 1 { "master" } else { "slave" })])),
        "ddb" => {
            let group = format!("ag-{:03}", (index - 1) % groups + 1);
            ("distributed-database", Settings::from([text("availability_group", &group)]))
        }
        "es" => ("elasticsearch", Settings::new()),
        "worker" => ("worker", Settings::from([("concurrency".to_owned(), SettingValue::Integer(8))])),
        same => (same, Settings::new()),
    };
    let number = u32::try_from(topology.nodes.len()).unwrap_or(MOST) + 1;
    let is_public = ["web", "sip", "pbx"].contains(&kind);
    topology.nodes.push(Node {
        id: None,
        hostname: format!("{kind}-{index:03}.large.example.net"),
        private_ip: IpAddr::V4(Ipv4Addr::from_bits(Ipv4Addr::new(10, 0, 0, 0).to_bits() + number)),
        // 198.18.0.0/15 is set aside for tests and large enough.
        public_ip: is_public.then(|| IpAddr::V4(Ipv4Addr::from_bits(Ipv4Addr::new(198, 18, 0, 0).to_bits() + number))),
        site: Some(format!("dc{}", index % 3 + 1)),
        container: Some(Container { platform: Platform::Kvm, ha: true }),
        hardware: *hardware,
        roles: vec![Assignment { role: role.into(), settings }],
    });
}
