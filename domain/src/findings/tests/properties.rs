//! What holds for every topology, however broken.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::arbitrary::{topology, unruly_topology};
use crate::edit::replay;

/// How often each blocker is found.
fn blockers(findings: &[Finding]) -> BTreeMap<(RuleId, Subject), usize> {
    let mut blockers = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.severity == Severity::Blocker) {
        *blockers.entry((finding.rule, finding.subject.clone())).or_insert(0) += 1;
    }
    blockers
}

fn every_fix_mends(topology: &Topology) -> Result<(), TestCaseError> {
    let catalogue = Catalogue::built_in();
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
            let stays = mended.iter().any(|other| other.rule == finding.rule && other.subject == finding.subject);
            prop_assert!(!stays, "{told}: it is still found");
            for (blocker, count) in blockers(&mended) {
                let had = before.get(&blocker).copied().unwrap_or(0);
                prop_assert!(count <= had, "{told}: new blocker {blocker:?}");
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_fix_removes_its_finding_and_adds_no_blocker(topology in topology()) {
        every_fix_mends(&topology)?;
    }

    #[test]
    fn also_where_names_clash(topology in unruly_topology()) {
        every_fix_mends(&topology)?;
    }

    #[test]
    fn the_order_of_lists_does_not_show(topology in topology()) {
        let mut turned = topology.clone();
        turned.nodes.reverse();
        turned.availability_groups.reverse();
        turned.services.reverse();
        let told = |topology: &Topology| -> Vec<(RuleId, Subject, String)> {
            check(topology, Catalogue::built_in()).into_iter().map(|f| (f.rule, f.subject, f.message)).collect()
        };
        prop_assert_eq!(told(&topology), told(&turned));
    }
}
