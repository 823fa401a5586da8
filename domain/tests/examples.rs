//! The files in `examples/` are what they say they are.

#[path = "../examples/large_topology.rs"]
#[expect(dead_code, reason = "its main function is for the command line")]
mod large_topology;

use std::path::Path;

use strata_domain::catalogue::Catalogue;
use strata_domain::file;
use strata_domain::findings::{RuleId, Severity, check};
use strata_domain::plan::plan;
use strata_domain::topology::{SettingValue, Topology};

fn text_of(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn read(name: &str) -> Topology {
    file::read(text_of(name).as_bytes(), Catalogue::built_in()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn rules(topology: &Topology) -> Vec<RuleId> {
    let mut rules: Vec<RuleId> = check(topology, Catalogue::built_in()).iter().map(|finding| finding.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

#[test]
fn voip_18_follows_the_advice() {
    let topology = read("voip-18.yaml");
    assert_eq!(topology.environment, "production");
    assert_eq!(rules(&topology), []);
    for role in &Catalogue::built_in().roles {
        assert!(topology.instances_of(role.id.as_str()).next().is_some(), "{} runs somewhere", role.id);
    }
    let ddb: Vec<_> = topology.nodes.iter().filter(|node| node.assignment("distributed-database").is_some()).collect();
    assert_eq!(ddb.len(), 18);
    assert!(ddb.iter().all(|node| node.hardware.memory_mib == Some(512)));
    let slave = SettingValue::Text("slave".to_owned());
    let slaves = topology.instances_of("sql").filter(|sql| sql.settings.get("replication") == Some(&slave)).count();
    assert!((2..=4).contains(&slaves));
}

#[test]
fn the_lab_breaks_the_rules_it_says() {
    let text = text_of("lab-single-node.yaml");
    let topology = read("lab-single-node.yaml");
    assert_eq!(topology.environment, "lab");
    assert_eq!(topology.nodes.len(), 1);
    let broken = rules(&topology);
    let told: Vec<RuleId> = RuleId::ALL.iter().copied().filter(|rule| text.contains(rule.as_str())).collect();
    assert_eq!(broken, told, "the comments name exactly the rules that are broken");
    let blockers = check(&topology, Catalogue::built_in());
    assert!(blockers.iter().any(|finding| finding.severity == Severity::Blocker));
}

#[test]
fn large_200_is_what_the_generator_writes() {
    assert_eq!(text_of("large-200.yaml"), large_topology::document(200), "write it again with the generator");
    let topology = read("large-200.yaml");
    assert_eq!(topology.nodes.len(), 200);
    assert_eq!(rules(&topology), [RuleId::SetupLarge]);
}

#[test]
fn the_generator_scales() {
    for count in [large_topology::FEWEST, 49, 50, 1_000, 10_000] {
        let topology = large_topology::large(count);
        assert_eq!(topology.nodes.len(), count as usize);
        let expected: &[RuleId] = if count >= 50 { &[RuleId::SetupLarge] } else { &[] };
        assert_eq!(rules(&topology), expected, "{count} nodes");
    }
}

#[test]
fn examples_are_written_as_they_are_read() {
    for name in ["voip-18.yaml", "lab-single-node.yaml", "large-200.yaml"] {
        let topology = read(name);
        for text in [file::write_yaml(&topology), file::write_json(&topology)] {
            assert_eq!(file::read(text.as_bytes(), Catalogue::built_in()).as_ref(), Ok(&topology), "{name}");
        }
        assert!(plan(&topology, &topology, Catalogue::built_in()).steps.is_empty());
    }
}
