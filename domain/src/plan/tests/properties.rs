//! What holds for the plan between any two topologies.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::arbitrary::{topology, unruly_topology};
use crate::digest::of_topology;
use crate::edit::{between, replay};

/// Every id is there once; every dependency comes before.
pub(super) fn is_in_order(plan: &Plan) -> Result<(), String> {
    let mut before = HashSet::new();
    for step in &plan.steps {
        if let Some(missing) = step.depends_on.iter().find(|id| !before.contains(id.as_str())) {
            return Err(format!("{} waits for {missing}, which does not come before it", step.id));
        }
        if !before.insert(step.id.as_str()) {
            return Err(format!("{} is there twice", step.id));
        }
    }
    Ok(())
}

fn turned(mut topology: Topology) -> Topology {
    topology.nodes.reverse();
    topology.availability_groups.reverse();
    topology.services.reverse();
    topology
}

/// Gives nodes ids; the same number means the same node, whatever it is called.
fn with_ids(mut topology: Topology, shift: usize) -> Topology {
    let count = topology.nodes.len();
    for (index, node) in topology.nodes.iter_mut().enumerate() {
        node.id = Some(format!("id-{}", (index + shift) % count.max(1)));
    }
    topology
}

fn holds(base: &Topology, desired: &Topology) -> Result<(), TestCaseError> {
    let catalogue = Catalogue::built_in();
    let forward = plan(base, desired, catalogue);
    is_in_order(&forward).map_err(TestCaseError::fail)?;
    prop_assert_eq!(&plan(&turned(base.clone()), &turned(desired.clone()), catalogue), &forward);
    prop_assert!(plan(desired, desired, catalogue).steps.is_empty());
    let differs = !crate::diff::between(base, desired).is_empty();
    prop_assert_eq!(forward.steps.is_empty(), !differs, "a plan has steps where a diff has entries");
    for step in &forward.steps {
        prop_assert!(!dry_run_log(step, catalogue).is_empty());
        prop_assert!(!step.describe(catalogue).is_empty());
    }
    Ok(())
}

fn replays(base: &Topology, desired: &Topology) -> Result<(), TestCaseError> {
    match replay(base, &between(base, desired), Catalogue::built_in()) {
        Ok(replayed) => {
            let same_ids = |mut topology: Topology| {
                topology.nodes.iter_mut().for_each(|node| node.id = None);
                of_topology(&topology)
            };
            prop_assert_eq!(same_ids(replayed), same_ids(desired.clone()));
            Ok(())
        }
        Err(error) => Err(TestCaseError::fail(error.to_string())),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn between_any_two(base in topology(), desired in topology()) {
        holds(&base, &desired)?;
        replays(&base, &desired)?;
    }

    #[test]
    fn between_any_two_with_ids(base in topology(), desired in topology(), shift in 0usize..5) {
        let (base, desired) = (with_ids(base, 0), with_ids(desired, shift));
        holds(&base, &desired)?;
        replays(&base, &desired)?;
    }

    #[test]
    fn also_where_names_clash(base in unruly_topology(), desired in unruly_topology()) {
        holds(&base, &desired)?;
    }
}
