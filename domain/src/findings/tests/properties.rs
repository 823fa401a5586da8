//! What holds for every topology, however broken.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;
use crate::arbitrary::{crowded, hostile_topology, mostly_sound, topology, unruly_topology};
use crate::digest::of_topology;
use crate::edit::replay;

/// How often each blocker is found.
fn blockers(findings: &[Finding]) -> BTreeMap<(RuleId, Subject), usize> {
    let mut blockers = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.severity == Severity::Blocker) {
        *blockers.entry((finding.rule, finding.subject.clone())).or_insert(0) += 1;
    }
    blockers
}

pub(super) fn every_fix_mends(topology: &Topology, catalogue: &Catalogue) -> Result<(), TestCaseError> {
    let findings = check(topology, catalogue);
    let before = blockers(&findings);
    for finding in &findings {
        for fix in &finding.fixes {
            let told = format!("{} at {:?}: {}", finding.rule, finding.subject, fix.label);
            prop_assert!(!fix.edits.is_empty(), "{told}");
            let mended = match replay(topology, &fix.edits, catalogue) {
                Ok(mended) => check(&mended, catalogue),
                Err(error) => return Err(TestCaseError::fail(format!("{told}: {error}"))),
            };
            // Two roles can break one rule at one node or group; each has a finding and fixes of its own.
            let same = |other: &&Finding| {
                (other.rule, &other.subject, &other.role) == (finding.rule, &finding.subject, &finding.role)
            };
            prop_assert!(!mended.iter().any(|other| same(&other)), "{told}: it is still found");
            for (blocker, count) in blockers(&mended) {
                let had = before.get(&blocker).copied().unwrap_or(0);
                prop_assert!(count <= had, "{told}: new blocker {blocker:?}");
            }
        }
    }
    Ok(())
}

/// Whatever the generators make, each with its share.
fn any_topology() -> impl Strategy<Value = Topology> {
    prop_oneof![
        8 => topology(),
        8 => mostly_sound(),
        2 => unruly_topology(),
        1 => crowded(mostly_sound()),
    ]
}

/// Findings as JSON, with one name in the place of another.
fn with_name(findings: &[Finding], from: &str, to: &str) -> Vec<String> {
    let told = |finding| serde_json::to_string(finding).expect("serialises").replace(from, to);
    findings.iter().map(told).collect()
}

fn renamed(topology: &Topology, from: &str, to: &str) -> Topology {
    let rename = Edit::RenameNode { from: from.to_owned(), to: to.to_owned() };
    replay(topology, [&rename], Catalogue::built_in()).expect("the name is free")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_fix_removes_its_finding_and_adds_no_blocker(topology in any_topology()) {
        every_fix_mends(&topology, Catalogue::built_in())?;
    }

    #[test]
    fn the_edits_of_a_fix_fit_in_any_order(topology in any_topology()) {
        let catalogue = Catalogue::built_in();
        for fix in check(&topology, catalogue).into_iter().flat_map(|finding| finding.fixes) {
            let forth = replay(&topology, &fix.edits, catalogue).expect("fits");
            let back = replay(&topology, fix.edits.iter().rev(), catalogue);
            prop_assert_eq!(back.as_ref().map(of_topology), Ok(of_topology(&forth)), "{}", fix.label);
        }
    }

    #[test]
    fn the_order_of_lists_does_not_show(
        (given, turned) in any_topology().prop_flat_map(|topology| {
            let Topology { environment, availability_groups, nodes, services } = topology.clone();
            let turn_roles = |mut nodes: Vec<Node>| {
                nodes.iter_mut().for_each(|node| node.roles.reverse());
                nodes
            };
            let parts = (
                Just(availability_groups).prop_shuffle(),
                Just(nodes).prop_shuffle().prop_map(turn_roles),
                Just(services).prop_shuffle(),
            );
            let turned = parts.prop_map(move |(availability_groups, nodes, services)| Topology {
                environment: environment.clone(),
                availability_groups,
                nodes,
                services,
            });
            (Just(topology), turned)
        })
    ) {
        let catalogue = Catalogue::built_in();
        prop_assert_eq!(check(&given, catalogue), check(&turned, catalogue));
    }

    /// The new name sorts where the old one did, so that lists of names and equal choices stay as they are.
    #[test]
    fn renaming_a_node_changes_only_names(topology in topology(), which in any::<Index>()) {
        prop_assume!(!topology.nodes.is_empty());
        let from = topology.nodes[which.index(topology.nodes.len())].hostname.clone();
        let to = format!("{from}x");
        let catalogue = Catalogue::built_in();
        let before = with_name(&check(&topology, catalogue), &from, &from);
        prop_assert_eq!(before, with_name(&check(&renamed(&topology, &from, &to), catalogue), &to, &from));
    }

    /// With any other name lists are sorted anew and equal choices fall differently, but the same is wrong.
    #[test]
    fn renaming_a_node_mends_and_breaks_nothing(
        topology in topology(),
        which in any::<Index>(),
        to in "[a-z]{1,8}\\.example\\.org",
    ) {
        prop_assume!(!topology.nodes.is_empty());
        let from = topology.nodes[which.index(topology.nodes.len())].hostname.clone();
        let told = |topology: &Topology, name: &str| {
            let findings = check(topology, Catalogue::built_in());
            let mut told: Vec<_> = findings
                .into_iter()
                .map(|finding| {
                    let subject = finding.subject.name().replace(name, "it");
                    let mut message: Vec<char> = finding.message.replace(name, "it").chars().collect();
                    message.sort_unstable();
                    // Long lists of names are cut, and where depends on the names.
                    let is_cut = matches!(finding.rule, RuleId::SqlManyMasters | RuleId::NodeDuplicateAddress);
                    (finding.rule, subject, (!is_cut).then_some(message), finding.fixes.len(), finding.role)
                })
                .collect();
            told.sort();
            told
        };
        prop_assert_eq!(told(&topology, &from), told(&renamed(&topology, &from, &to), &to));
    }

    #[test]
    fn rules_never_panic(topology in hostile_topology()) {
        for finding in check(&topology, Catalogue::built_in()) {
            prop_assert!(finding.message.ends_with('.'), "{}", finding.message);
            prop_assert_eq!(finding.subject.subject_kind(), finding.rule.subject());
            for fix in &finding.fixes {
                // Hostnames that clash make edits mean another node; they may not fit, but never panic.
                let _ = replay(&topology, &fix.edits, Catalogue::built_in());
            }
        }
    }
}

/// The properties above say nothing about a rule that the generators never break.
#[test]
fn the_generators_break_every_rule() {
    const CASES: usize = 3_000;
    let mut runner = TestRunner::deterministic();
    let strategy = any_topology();
    let mut counts: BTreeMap<RuleId, (usize, usize)> = RuleId::ALL.iter().map(|&rule| (rule, (0, 0))).collect();
    for _ in 0..CASES {
        let topology = strategy.new_tree(&mut runner).expect("the strategy rejects nothing").current();
        for finding in check(&topology, Catalogue::built_in()) {
            let (found, fixed) = counts.entry(finding.rule).or_default();
            *found += 1;
            *fixed += finding.fixes.len();
            assert_eq!(finding.subject.subject_kind(), finding.rule.subject(), "{}", finding.rule);
            assert_eq!(finding.severity, finding.rule.default_severity(), "{}", finding.rule);
        }
    }
    for (rule, (found, fixed)) in &counts {
        println!("{:<26} {found:>6} findings {fixed:>6} fixes", rule.as_str());
    }
    for (rule, (found, fixed)) in counts {
        assert!(found > 0, "{rule} is found in none of {CASES} topologies");
        assert_eq!(fixed > 0, rule.offers_fixes(), "{rule}: {fixed} fixes");
    }
}
