//! The columns of the table of nodes, and what their cells say.

use crate::topology::{Assignment, DiskKind, Node};

/// A column of the table of nodes; the same in the editor, in the CSV export and in what is pasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// The node's name.
    Hostname,
    /// The address that every node has.
    PrivateIp,
    /// What the internet reaches it by.
    PublicIp,
    /// The data centre or room.
    Site,
    /// What provides the machine.
    Platform,
    /// Whether the platform restarts it elsewhere.
    Ha,
    /// Virtual CPUs.
    Vcpus,
    /// Memory in MiB.
    MemoryMib,
    /// Kind of disk.
    Disk,
    /// Disk size in GiB.
    DiskGib,
    /// Input and output operations a second.
    Iops,
    /// Its roles with their settings.
    Roles,
    /// What Strata knows it by.
    Id,
}

impl Column {
    /// All of them, in the order of the export.
    pub const ALL: [Self; 13] = [
        Self::Hostname,
        Self::PrivateIp,
        Self::PublicIp,
        Self::Site,
        Self::Platform,
        Self::Ha,
        Self::Vcpus,
        Self::MemoryMib,
        Self::Disk,
        Self::DiskGib,
        Self::Iops,
        Self::Roles,
        Self::Id,
    ];

    /// The heading in CSV files: `private_ip`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hostname => "hostname",
            Self::PrivateIp => "private_ip",
            Self::PublicIp => "public_ip",
            Self::Site => "site",
            Self::Platform => "platform",
            Self::Ha => "ha",
            Self::Vcpus => "vcpus",
            Self::MemoryMib => "memory_mib",
            Self::Disk => "disk",
            Self::DiskGib => "disk_gib",
            Self::Iops => "iops",
            Self::Roles => "roles",
            Self::Id => "id",
        }
    }

    /// The heading for people: `Private address`.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Hostname => "Hostname",
            Self::PrivateIp => "Private address",
            Self::PublicIp => "Public address",
            Self::Site => "Site",
            Self::Platform => "Platform",
            Self::Ha => "High availability",
            Self::Vcpus => "vCPUs",
            Self::MemoryMib => "Memory (MiB)",
            Self::Disk => "Disk kind",
            Self::DiskGib => "Disk (GiB)",
            Self::Iops => "IOPS",
            Self::Roles => "Roles",
            Self::Id => "Id",
        }
    }

    /// What the cell of that node says; empty where it is not known. Roles are written
    /// `queue; sql (replication: master)`, in the order that the node has them.
    pub fn text(self, node: &Node) -> String {
        fn cell<T: ToString>(value: Option<T>) -> String {
            value.map(|value| value.to_string()).unwrap_or_default()
        }
        // Exhaustive, so that a new field cannot be forgotten.
        let Node { id, hostname, private_ip, public_ip, site, container, hardware, roles } = node;
        match self {
            Self::Hostname => hostname.clone(),
            Self::PrivateIp => private_ip.to_string(),
            Self::PublicIp => cell(*public_ip),
            Self::Site => cell(site.as_ref()),
            Self::Platform => cell(container.map(|container| container.platform.as_str())),
            Self::Ha => cell(container.map(|container| container.ha)),
            Self::Vcpus => cell(hardware.vcpus),
            Self::MemoryMib => cell(hardware.memory_mib),
            Self::Disk => cell(hardware.disk.map(DiskKind::as_str)),
            Self::DiskGib => cell(hardware.disk_gib),
            Self::Iops => cell(hardware.iops),
            Self::Roles => roles.iter().map(role_text).collect::<Vec<_>>().join("; "),
            Self::Id => cell(id.as_ref()),
        }
    }

    /// Whether its cells are whole numbers: they stand to the right, and sort by size.
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Vcpus | Self::MemoryMib | Self::DiskGib | Self::Iops)
    }

    /// Whether people can change its cells; an id is given once.
    pub const fn can_be_edited(self) -> bool {
        !matches!(self, Self::Id)
    }
}

/// `sql (replication: master)`, or `queue` where there are no settings.
pub(super) fn role_text(assignment: &Assignment) -> String {
    let settings: Vec<String> = assignment.settings.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    if settings.is_empty() {
        assignment.role.to_string()
    } else {
        format!("{} ({})", assignment.role, settings.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn columns_stand_in_their_order() {
        assert!(Column::ALL.is_sorted());
        let editable = Column::ALL.into_iter().filter(|column| column.can_be_edited());
        assert_eq!(editable.count(), Column::ALL.len() - 1);
    }

    #[test]
    fn what_cells_say() {
        let mut node = sample::node("a.example.net", "10.0.0.1");
        node.roles = vec![sample::role("queue", &[]), sample::role("sql", &[("replication", "master")])];
        let said = |node: &Node| {
            let lines = Column::ALL.map(|column| {
                let number = if column.is_number() { ", a number" } else { "" };
                format!("{}{number}: {:?}", column.title(), column.text(node))
            });
            lines.join("\n")
        };
        insta::assert_snapshot!(said(&node), @r#"
        Hostname: "a.example.net"
        Private address: "10.0.0.1"
        Public address: ""
        Site: "dc1"
        Platform: "vmware"
        High availability: "true"
        vCPUs, a number: "8"
        Memory (MiB), a number: "65536"
        Disk kind: "nvme"
        Disk (GiB), a number: "512"
        IOPS, a number: "50000"
        Roles: "queue; sql (replication: master)"
        Id: ""
        "#);
    }
}
