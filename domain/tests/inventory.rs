//! An inventory means to us what it means to Ansible.
//!
//! `inventories/dialect.ini` uses what the INI dialect has; `dialect.json` and `dialect.yaml` are what
//! `ansible-inventory -i dialect.ini --list` (and `--yaml`) of ansible-core 2.19 prints of it.

use std::path::Path;

use strata_domain::catalogue::Catalogue;
use strata_domain::digest::of_topology;
use strata_domain::inventory::{Mapping, read};
use strata_domain::topology::Topology;

fn topology(name: &str) -> Topology {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inventories").join(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let imported = read(&bytes, &Mapping::default(), "lab", Catalogue::built_in());
    imported.unwrap_or_else(|error| panic!("{name}: {error}")).topology
}

#[test]
fn ini_is_read_as_ansible_reads_it() {
    let ours = topology("dialect.ini");
    assert_eq!(ours.nodes.len(), 23);
    for theirs in ["dialect.json", "dialect.yaml"] {
        assert_eq!(of_topology(&topology(theirs)), of_topology(&ours), "{theirs}");
    }
}
