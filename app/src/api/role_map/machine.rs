//! A node's machine in a few words.

use strata_domain::topology::{Container, Hardware};

/// "vmware HA, 8 vCPU, 64 GiB, nvme 50000 IOPS"; empty where nothing is known.
pub fn in_words(container: Option<Container>, hardware: Hardware) -> String {
    let Hardware { vcpus, memory_mib, disk, disk_gib, iops } = hardware;
    let machine =
        container.map(|c| if c.ha { format!("{} HA", c.platform.as_str()) } else { c.platform.as_str().to_owned() });
    let disk = match (disk, iops) {
        (Some(kind), Some(iops)) => Some(format!("{} {iops} IOPS", kind.as_str())),
        (Some(kind), None) => Some(kind.as_str().to_owned()),
        (None, Some(iops)) => Some(format!("{iops} IOPS")),
        (None, None) => None,
    };
    [
        machine,
        vcpus.map(|count| format!("{count} vCPU")),
        memory_mib.map(memory),
        disk_gib.map(|gib| format!("{gib} GiB disk")),
        disk,
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join(", ")
}

/// MiB in the largest unit that keeps it whole.
pub fn memory(mib: u64) -> String {
    if mib >= 1024 && mib.is_multiple_of(1024) { format!("{} GiB", mib / 1024) } else { format!("{mib} MiB") }
}

#[cfg(test)]
mod tests {
    use strata_domain::topology::{DiskKind, Platform};

    use super::*;

    #[test]
    fn says_what_is_known_and_no_more() {
        assert_eq!(in_words(None, Hardware::default()), "");
        let container = Some(Container { platform: Platform::Vmware, ha: true });
        let hardware = Hardware {
            memory_mib: Some(65_536),
            disk: Some(DiskKind::Nvme),
            iops: Some(50_000),
            ..Hardware::default()
        };
        assert_eq!(in_words(container, hardware), "vmware HA, 64 GiB, nvme 50000 IOPS");
        assert_eq!(memory(1_536), "1536 MiB");
    }
}
