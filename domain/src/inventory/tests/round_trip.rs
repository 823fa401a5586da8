//! Our own export is read again to the same topology.

use proptest::prelude::*;

use super::*;
use crate::arbitrary;
use crate::catalogue::SettingKind;
use crate::digest::of_topology;
use crate::export::ansible;
use crate::file;
use crate::text::class_of;
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

/// Text that people could type, and text that YAML and Ansible could take for something else.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[{}%#!&*:\\-'\"\\\\ \n\t0-9.yn~]{1,12}"]
}

/// Without the characters that are in no line of text.
fn taken(text: &str) -> String {
    let mut before = None;
    text.chars()
        .filter(|&character| {
            let is_taken = class_of(character, before).is_none();
            before = if is_taken { Some(character) } else { before };
            is_taken
        })
        .collect()
}

/// Text that is no name, and not blank, which would be the same as nothing.
fn not_taken() -> impl Strategy<Value = String> {
    let hidden =
        ['\0', '\u{1b}', '\u{7f}', '\u{9b}', '\u{2028}', '\u{202e}', '\u{200b}', '\u{feff}', '\u{ffff}', '\n', '\t'];
    let with_hidden = (any_text(), prop::sample::select(hidden.to_vec()), any_text())
        .prop_map(|(before, hidden, after)| format!("{before}{hidden}{after}"));
    let name = || any_text().prop_map(|text| format!("a{}", taken(&text)));
    prop_oneof![
        4 => with_hidden,
        1 => name().prop_map(|name| format!(" {name}")),
        1 => name().prop_map(|name| format!("{name} ")),
        1 => name().prop_map(|name| name + &"é".repeat(200)),
    ]
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
        lines in prop::collection::vec(any_text().prop_map(|text| taken(&text)), 4),
    ) {
        let mut topology = topology;
        for (node, line) in topology.nodes.iter_mut().zip(&lines) {
            let name = line.trim();
            node.site = (!name.is_empty()).then(|| name.to_owned());
            for Assignment { role, settings } in &mut node.roles {
                let role = Catalogue::built_in().role(role.as_str()).expect("built in");
                for (setting, value) in settings.iter_mut().filter(|(_, value)| value.as_text().is_some()) {
                    let is_group = role.setting(setting).is_some_and(|spec| spec.kind == SettingKind::Group);
                    *value = SettingValue::Text(if is_group { name } else { line }.to_owned());
                }
            }
        }
        let name = lines.iter().map(|line| line.trim()).find(|name| !name.is_empty());
        if let (Some(service), Some(name)) = (topology.services.first_mut(), name) {
            service.name = name.to_owned();
            topology.availability_groups = vec![name.to_owned()];
        }
        assert_same(&topology, Catalogue::built_in());
    }

    /// What the rule for names refuses is told wherever it stands, and changes nothing else.
    #[test]
    fn text_that_is_not_taken_is_told(text in not_taken()) {
        let read = |topology: &Topology| {
            let text = ansible(topology, Catalogue::built_in());
            read(text.as_bytes(), &Mapping::default(), &topology.environment, Catalogue::built_in())
        };
        prop_assert!(text::name_problem(&text).is_some());
        let mut of_site = sample::healthy();
        of_site.nodes[0].site = Some(text.clone());
        let imported = read(&of_site).expect("a node goes without its site");
        let told = imported.unmapped.iter().filter_map(|unmapped| match &unmapped.what {
            What::Host { name, why } => Some((name, why)),
            What::Group { .. } | What::GroupVariable { .. } | What::Variable { .. } => None,
        });
        let told: Vec<_> = told.collect();
        prop_assert_eq!(told.len(), 1, "{:?}", told);
        prop_assert!(told[0].0 == &of_site.nodes[0].hostname && told[0].1.starts_with("its `site` is "), "{:?}", told);
        of_site.nodes[0].site = None;
        prop_assert_eq!(of_topology(&imported.topology), of_topology(&of_site));

        let mut of_service = sample::healthy();
        of_service.services[0].name.clone_from(&text);
        let error = read(&of_service).expect_err("a service has a name").to_string();
        prop_assert!(error.starts_with("strata_services[0]: "), "{}", error);
        let mut of_group = sample::healthy();
        of_group.availability_groups.push(text);
        let error = read(&of_group).expect_err("a group has a name").to_string();
        prop_assert!(error.starts_with("strata_availability_groups: "), "{}", error);
    }

    /// Brackets in texts sum up to more than may be nested.
    #[test]
    fn hostile_texts_come_back(
        texts in prop::collection::vec("[\\[\\]{}'\":#, a-]{1,8}".prop_filter("not taken", |text| text::name_problem(text).is_none()), 1..4),
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
