//! What people call the columns.

use super::column::Column;
use super::{letters, same_word};

/// A column under the name that a heading gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Heading {
    /// Which column.
    pub column: Column,
    /// The unit that the heading says its plain numbers have, where it is not the column's own.
    pub unit: Option<&'static str>,
}

/// Names besides [`Column::name`] and [`Column::title`], as their letters and digits.
const OTHERS: &[(Column, &[&str])] = &[
    (
        Column::Hostname,
        &["host", "hostnames", "fqdn", "name", "node", "nodename", "server", "servername", "machine", "vm", "vmname"],
    ),
    (
        Column::PrivateIp,
        &[
            "ip",
            "ipaddress",
            "address",
            "privateipaddress",
            "internalip",
            "internaladdress",
            "internalipaddress",
            "ipv4",
        ],
    ),
    (Column::PublicIp, &["publicipaddress", "externalip", "externaladdress", "externalipaddress"]),
    (Column::Site, &["datacenter", "datacentre", "dc", "location", "room"]),
    (Column::Platform, &["hypervisor", "virtualisation", "virtualization"]),
    (Column::Vcpus, &["vcpu", "cpu", "cpus", "core", "cores", "cpucores", "vcores"]),
    (Column::MemoryMib, &["memory", "mem", "ram", "memorymb", "memmb", "rammb", "memmib", "rammib"]),
    (Column::Disk, &["disktype", "storagetype"]),
    (Column::DiskGib, &["disksize", "disksizegib"]),
    (Column::Roles, &["role"]),
    (Column::Id, &["nodeid", "strataid"]),
];

/// Headings that say another unit than the column has: 64 below `RAM (GB)` is 64 GiB.
const UNITS: &[(Column, &str, &[&str])] = &[
    (Column::MemoryMib, "GiB", &["memorygib", "memorygb", "memgib", "memgb", "ramgib", "ramgb"]),
    (Column::DiskGib, "TiB", &["disktib", "disksizetib"]),
];

/// The column that a heading names, without regard to case, spaces and underscores.
pub(super) fn heading(text: &str) -> Option<Heading> {
    let word: String = letters(text).collect();
    let word = word.as_str();
    let own = Column::ALL.into_iter().find(|column| same_word(column.name(), word) || same_word(column.title(), word));
    let other = || OTHERS.iter().find(|(_, names)| names.contains(&word)).map(|(column, _)| *column);
    if let Some(column) = own.or_else(other) {
        return Some(Heading { column, unit: None });
    }
    let (column, unit, _) = UNITS.iter().find(|(_, _, names)| names.contains(&word))?;
    Some(Heading { column: *column, unit: Some(unit) })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn headings_of_people() {
        let column = |text: &str| heading(text).map(|heading| heading.column);
        for each in Column::ALL {
            assert_eq!(column(each.name()), Some(each));
            assert_eq!(column(&each.title().to_uppercase()), Some(each));
        }
        for (text, expected) in [
            ("Host Name", Column::Hostname),
            ("FQDN", Column::Hostname),
            (" Ip-Address ", Column::PrivateIp),
            ("data centre", Column::Site),
            ("RAM", Column::MemoryMib),
            ("CPU cores", Column::Vcpus),
            ("Disk size (GiB)", Column::DiskGib),
            ("Role", Column::Roles),
        ] {
            assert_eq!(column(text), Some(expected), "{text}");
        }
        assert_eq!(heading("RAM (GB)"), Some(Heading { column: Column::MemoryMib, unit: Some("GiB") }));
        for unknown in ["", "   ", "colour", "disk gb"] {
            assert_eq!(heading(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn no_name_stands_for_two_columns() {
        let word = |text: &str| letters(text).collect::<String>();
        let own = Column::ALL.iter().flat_map(|column| BTreeSet::from([word(column.name()), word(column.title())]));
        let others = OTHERS.iter().flat_map(|(_, names)| names.iter()).map(|name| (*name).to_owned());
        let units = UNITS.iter().flat_map(|(_, _, names)| names.iter()).map(|name| (*name).to_owned());
        let mut seen = BTreeSet::new();
        for name in own.chain(others).chain(units) {
            assert_eq!(word(&name), name);
            assert!(seen.insert(name.clone()), "{name} is there twice");
        }
    }
}
