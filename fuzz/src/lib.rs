//! What holds for every input of every parser. The tests of `domain` read this file too, for what fuzzing has found.

use strata_domain::catalogue::Catalogue;
use strata_domain::digest::of_topology;
use strata_domain::findings::check;
use strata_domain::inventory::{self, Dialect, Mapping};
use strata_domain::topology::Topology;
use strata_domain::{export, file};

/// A topology in YAML; JSON is left to its own target.
pub fn topology_yaml(bytes: &[u8]) {
    if !bytes.starts_with(b"{") {
        topology(bytes);
    }
}

/// A topology in JSON.
pub fn topology_json(bytes: &[u8]) {
    if bytes.starts_with(b"{") {
        topology(bytes);
    }
}

/// An inventory in INI.
pub fn inventory_ini(bytes: &[u8]) {
    inventory(Dialect::Ini, bytes, &Mapping::default());
}

/// An inventory in YAML.
pub fn inventory_yaml(bytes: &[u8]) {
    inventory(Dialect::Yaml, bytes, &Mapping::default());
}

/// An inventory in JSON.
pub fn inventory_json(bytes: &[u8]) {
    inventory(Dialect::Json, bytes, &Mapping::default());
}

/// A mapping, and an inventory that is read with it.
pub fn mapping(bytes: &[u8]) {
    if let Ok(mapping) = Mapping::read(bytes) {
        let ini = b"[a]\n10.0.0.1\n[mysql]\n10.0.0.2\n[b:children]\na\nmysql\n[nfs]\n10.0.0.[3:4]\n";
        inventory(Dialect::Ini, ini, &mapping);
    }
}

fn topology(bytes: &[u8]) {
    inventory::looks_like_inventory(bytes);
    if let Ok(topology) = file::read(bytes, Catalogue::built_in()) {
        holds_together(&topology);
    }
}

fn inventory(dialect: Dialect, bytes: &[u8], mapping: &Mapping) {
    inventory::looks_like_inventory(bytes);
    if let Ok(imported) = inventory::read_as(dialect, bytes, mapping, "fuzz", Catalogue::built_in()) {
        holds_together(&imported.topology);
        for unmapped in &imported.unmapped {
            assert!(!unmapped.to_string().is_empty());
        }
    }
}

/// The rules can judge it, and every format that we write and read says the same.
fn holds_together(topology: &Topology) {
    let catalogue = Catalogue::built_in();
    // The rules take time in proportion, but writing thousands of nodes five ways slows the search down.
    if topology.nodes.len() > 500 {
        return;
    }
    check(topology, catalogue);
    for text in [file::write_yaml(topology), file::write_json(topology)] {
        let again = file::read(text.as_bytes(), catalogue).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(&again, topology, "{text}");
    }
    let text = export::ansible(topology, catalogue);
    let again = inventory::read(text.as_bytes(), &Mapping::default(), &topology.environment, catalogue);
    let again = again.unwrap_or_else(|error| panic!("{error}\n{text}")).topology;
    assert_eq!(of_topology(&again), of_topology(topology), "{text}");
    export::mermaid(topology, catalogue);
    export::csv(topology);
}
