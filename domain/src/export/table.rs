//! Nodes as CSV, for spreadsheets.

use crate::topology::{Assignment, DiskKind, Node, Topology};

const COLUMNS: [&str; 13] = [
    "hostname",
    "private_ip",
    "public_ip",
    "site",
    "platform",
    "ha",
    "vcpus",
    "memory_mib",
    "disk",
    "disk_gib",
    "iops",
    "roles",
    "id",
];

/// The nodes as CSV (RFC 4180: commas, double quotes, CR and LF at line ends, UTF-8), a header and one row for each;
/// cells of what is not known are empty. Roles stand in one cell, such as `queue; sql (replication: master)`.
///
/// A cell that starts with `=`, `+`, `-`, `@`, a tab or a line end gets a `'` before it: spreadsheets would take it for
/// a formula, and names come from people. Programs that read the file take that `'` off.
pub fn csv(topology: &Topology) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let rows = topology.nodes.iter().map(row);
    let rows = std::iter::once(COLUMNS.map(str::to_owned)).chain(rows);
    for row in rows {
        writer.write_record(row.map(guarded)).expect("writing to memory, rows of one length");
    }
    let bytes = writer.into_inner().expect("writing to memory");
    String::from_utf8(bytes).expect("made of texts")
}

fn row(node: &Node) -> [String; COLUMNS.len()] {
    fn cell<T: ToString>(value: Option<T>) -> String {
        value.map(|value| value.to_string()).unwrap_or_default()
    }
    // Exhaustive, so that a new field cannot be forgotten.
    let Node { id, hostname, private_ip, public_ip, site, container, hardware, roles } = node;
    [
        hostname.clone(),
        private_ip.to_string(),
        cell(*public_ip),
        cell(site.as_ref()),
        cell(container.map(|container| container.platform.as_str())),
        cell(container.map(|container| container.ha)),
        cell(hardware.vcpus),
        cell(hardware.memory_mib),
        cell(hardware.disk.map(DiskKind::as_str)),
        cell(hardware.disk_gib),
        cell(hardware.iops),
        roles.iter().map(role).collect::<Vec<_>>().join("; "),
        cell(id.as_ref()),
    ]
}

fn role(assignment: &Assignment) -> String {
    let settings: Vec<String> = assignment.settings.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    if settings.is_empty() {
        assignment.role.to_string()
    } else {
        format!("{} ({})", assignment.role, settings.join(", "))
    }
}

fn guarded(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn one_row_for_each_node() {
        let mut topology = sample::healthy();
        topology.nodes.truncate(2);
        topology.nodes[1].site = Some("a, \"b\"\nc".to_owned());
        topology.nodes[1].container = None;
        topology.nodes[1].roles.insert(0, sample::role("queue", &[]));
        insta::assert_snapshot!(csv(&topology).replace("\r\n", "\n"), @r#"
        hostname,private_ip,public_ip,site,platform,ha,vcpus,memory_mib,disk,disk_gib,iops,roles,id
        sql-1.example.net,10.0.0.1,,dc1,vmware,true,8,65536,nvme,512,50000,sql (replication: master),
        sql-2.example.net,10.0.0.2,,"a, ""b""
        c",,,8,65536,nvme,512,50000,queue; sql (replication: slave),
        "#);
        assert_eq!(csv(&Topology::empty("lab")).matches("\r\n").count(), 1);
    }

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"] {
            let mut topology = Topology::empty("lab");
            topology.nodes.push(Node { site: Some(formula.to_owned()), ..sample::node("a", "10.0.0.1") });
            let text = csv(&topology);
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let row = reader.records().next().expect("a row").expect("well formed");
            assert_eq!(row.get(3), Some(format!("'{formula}").as_str()));
        }
    }
}
