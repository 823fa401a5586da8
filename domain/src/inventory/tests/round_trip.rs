//! Our own export is read again to the same topology.

use proptest::prelude::*;

use super::*;
use crate::arbitrary;
use crate::digest::of_topology;
use crate::export::ansible;
use crate::file;
use crate::topology::{Assignment, Settings};
use crate::{catalogue, sample};

fn again(topology: &Topology, catalogue: &Catalogue) -> Imported {
    let text = ansible(topology, catalogue);
    assert!(looks_like_inventory(text.as_bytes()));
    let imported = read(text.as_bytes(), &Mapping::default(), &topology.environment, catalogue);
    imported.unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn assert_same(topology: &Topology, catalogue: &Catalogue) {
    let imported = again(topology, catalogue);
    assert_eq!(of_topology(&imported.topology), of_topology(topology), "{}", ansible(topology, catalogue));
}

#[test]
fn the_sample_comes_back_with_nothing_left_over() {
    let mut topology = sample::healthy();
    topology.nodes[0].id = Some("0192".to_owned());
    topology.nodes[1].site = None;
    topology.nodes[2].hardware = Default::default();
    topology.nodes[3].container = None;
    topology.nodes[4].private_ip = "fd00::1".parse().expect("an address");
    topology.nodes[5].roles.clear();
    topology.availability_groups.push("empty".to_owned());
    let imported = again(&topology, Catalogue::built_in());
    assert_eq!(unmapped(&imported), Vec::<String>::new());
    assert_eq!(of_topology(&imported.topology), of_topology(&topology));
    let hostnames = |topology: &Topology| topology.nodes.iter().map(|node| node.hostname.clone()).collect::<Vec<_>>();
    assert_eq!(hostnames(&imported.topology), hostnames(&topology), "the order too");
    assert_same(&Topology::empty("nothing"), Catalogue::built_in());
}

#[test]
fn roles_that_were_added_come_back() {
    let mut catalogue = Catalogue { version: 2, ..Catalogue::built_in().clone() };
    let worker = catalogue.role("worker").expect("built in").clone();
    let mut topology = sample::healthy();
    for (number, id) in ["a-b", "a_b", "A-B", "nginx", "site-dc1", "all", "ungrouped", "1 é"].into_iter().enumerate() {
        catalogue.roles.push(catalogue::Role { id: id.into(), ..worker.clone() });
        topology.nodes[number].roles.push(Assignment { role: id.into(), settings: Settings::new() });
    }
    assert_same(&topology, &catalogue);
}

proptest! {
    #[test]
    fn any_topology_comes_back(topology in arbitrary::unruly_topology()) {
        assert_same(&topology, Catalogue::built_in());
    }

    #[test]
    fn any_text_comes_back(
        topology in arbitrary::topology(),
        texts in prop::collection::vec(prop_oneof![any::<String>(), "[{}%#!&*:\\-'\"\\\\ \n\t0-9.yn~]{1,12}"], 4),
    ) {
        let mut topology = topology;
        for (node, text) in topology.nodes.iter_mut().zip(&texts) {
            node.site = Some(text.clone());
            for assignment in &mut node.roles {
                let texts = assignment.settings.values_mut().filter(|value| value.as_text().is_some());
                texts.for_each(|value| *value = SettingValue::Text(text.clone()));
            }
        }
        if let (Some(service), Some(text)) = (topology.services.first_mut(), texts.iter().find(|text| !text.trim().is_empty())) {
            service.name.clone_from(text);
            topology.availability_groups = vec![text.clone()];
        }
        assert_same(&topology, Catalogue::built_in());
    }

    /// Brackets in texts sum up to more than may be nested.
    #[test]
    fn hostile_texts_come_back(
        texts in prop::collection::vec("[\\[\\]{}'\":#\n, a-]{1,8}".prop_filter("blank", |text| !text.trim().is_empty()), 1..4),
    ) {
        assert_same(&sample::with_texts(&texts), Catalogue::built_in());
    }

    /// What an import makes is a topology that our own file can hold.
    #[test]
    fn what_is_imported_can_be_written(topology in arbitrary::unruly_topology()) {
        let imported = again(&topology, Catalogue::built_in()).topology;
        let written = file::write_yaml(&imported);
        let read = file::read(written.as_bytes(), Catalogue::built_in());
        prop_assert_eq!(read.as_ref(), Ok(&imported));
    }
}
