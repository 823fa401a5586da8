//! What holds for the plan between any two topologies.

use std::collections::HashSet;

use proptest::prelude::*;

use super::effects::carried_out;
use super::*;
use crate::arbitrary::{topology, unruly_topology};
use crate::digest::of_topology;
use crate::edit::{Edit, apply, between, replay};
use crate::topology::SettingValue;

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
    prop_assert_eq!(forward.risk, orderings::risk(&forward));
    prop_assert_eq!(digest_as_stored(&forward, base, desired), Some(forward.digest));
    let stored = as_stored(base, &forward, desired);
    prop_assert_eq!(stored.check(forward.digest, catalogue), Ok(()));
    for step in &forward.steps {
        prop_assert!(!dry_run_log(step, catalogue).is_empty());
        prop_assert!(!step.describe(catalogue).is_empty());
    }
    Ok(())
}

/// Where names are unique, the steps do what the plan is for, in any order that their dependencies allow.
fn leads_there(base: &Topology, desired: &Topology) -> Result<(), TestCaseError> {
    let forward = plan(base, desired, Catalogue::built_in());
    orderings::holds(&forward, base, desired, Catalogue::built_in()).map_err(TestCaseError::fail)?;
    for latest in [false, true] {
        let reached = carried_out(base, desired, &forward, latest).map_err(TestCaseError::fail)?;
        prop_assert_eq!(content(&reached), content(desired), "latest first: {}", latest);
    }
    Ok(())
}

/// Told from the steps alone, it is the same place, ids included where both sides have them.
fn is_reached(base: &Topology, desired: &Topology) -> Result<(), TestCaseError> {
    let forward = plan(base, desired, Catalogue::built_in());
    let there = reached(base, &forward.steps, Catalogue::built_in());
    let there = there.map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert!(is_same_place(&there, desired), "{there:?}");
    prop_assert_eq!(content(&there), content(desired));
    let none = reached(base, &[], Catalogue::built_in());
    prop_assert!(none.is_ok_and(|none| is_same_place(&none, base)));
    Ok(())
}

/// As a run keeps it: written and read again.
fn as_stored(base: &Topology, plan: &Plan, desired: &Topology) -> Stored {
    let json = serde_json::to_string(&plan.steps).expect("steps can be written");
    let steps = serde_json::from_str(&json).expect("steps can be read");
    Stored { encoding: ENCODING.to_owned(), base: base.clone(), steps, desired: desired.clone() }
}

fn digest_as_stored(plan: &Plan, base: &Topology, desired: &Topology) -> Option<Digest> {
    let Stored { steps, .. } = as_stored(base, plan, desired);
    digest_of_steps(&desired.environment, Catalogue::built_in().version, &steps)
}

/// The content hash without ids.
fn content(topology: &Topology) -> Digest {
    let mut topology = topology.clone();
    topology.nodes.iter_mut().for_each(|node| node.id = None);
    of_topology(&topology)
}

fn replays(base: &Topology, desired: &Topology) -> Result<(), TestCaseError> {
    match replay(base, &between(base, desired), Catalogue::built_in()) {
        Ok(replayed) => {
            prop_assert_eq!(content(&replayed), content(desired));
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
        leads_there(&base, &desired)?;
        is_reached(&base, &desired)?;
        replays(&base, &desired)?;
    }

    #[test]
    fn between_any_two_with_ids(base in topology(), desired in topology(), shift in 0usize..5) {
        let (base, desired) = (with_ids(base, 0), with_ids(desired, shift));
        holds(&base, &desired)?;
        leads_there(&base, &desired)?;
        is_reached(&base, &desired)?;
        replays(&base, &desired)?;
    }

    #[test]
    fn also_where_names_clash(base in unruly_topology(), desired in unruly_topology()) {
        holds(&base, &desired)?;
    }
}

/// Every topology in which one fact is another, and a word for which.
fn with_one_fact_changed(topology: &Topology) -> Vec<(String, Topology)> {
    let mut all = Vec::new();
    let mut change = |what: String, change: &dyn Fn(&mut Topology)| {
        let mut other = topology.clone();
        change(&mut other);
        all.push((what, other));
    };
    let other_setting = |settings: &mut Settings, name: &str| {
        settings.insert(name.to_owned(), SettingValue::Text("something else".to_owned()));
    };
    change("environment".to_owned(), &|t| t.environment.push('x'));
    change("a group more".to_owned(), &|t| t.availability_groups.push("more".to_owned()));
    for index in 0..topology.availability_groups.len() {
        change(format!("group {index} gone"), &|t| drop(t.availability_groups.remove(index)));
    }
    for (index, node) in topology.nodes.iter().enumerate() {
        let mut of_node = |what: &str, change_node: &dyn Fn(&mut Node)| {
            change(format!("{} of {}", what, node.hostname), &|t| change_node(&mut t.nodes[index]));
        };
        of_node("hostname", &|n| n.hostname.insert(0, 'x'));
        of_node("private address", &|n| n.private_ip = "10.9.9.9".parse().expect("an address"));
        of_node("public address", &|n| n.public_ip = Some("203.0.113.99".parse().expect("an address")));
        of_node("no public address", &|n| n.public_ip = None);
        of_node("site", &|n| n.site = Some("elsewhere".to_owned()));
        of_node("no site", &|n| n.site = None);
        for container in
            Platform::ALL.into_iter().flat_map(|platform| [false, true].map(|ha| Some(Container { platform, ha })))
        {
            of_node("container", &|n| n.container = container);
        }
        of_node("no container", &|n| n.container = None);
        of_node("vcpus", &|n| n.hardware.vcpus = Some(99));
        of_node("memory", &|n| n.hardware.memory_mib = Some(99));
        of_node("disk", &|n| n.hardware.disk = Some(DiskKind::Hdd));
        of_node("disk size", &|n| n.hardware.disk_gib = Some(99));
        of_node("iops", &|n| n.hardware.iops = Some(99));
        of_node("role more", &|n| n.roles.push(role("added-later", &[])));
        for (at, assignment) in node.roles.iter().enumerate() {
            of_node("role gone", &|n| drop(n.roles.remove(at)));
            of_node("setting more", &|n| other_setting(&mut n.roles[at].settings, "added-later"));
            for name in assignment.settings.keys() {
                of_node("setting", &|n| other_setting(&mut n.roles[at].settings, name));
                of_node("setting gone", &|n| drop(n.roles[at].settings.remove(name)));
            }
        }
        change(format!("{} gone", node.hostname), &|t| drop(t.nodes.remove(index)));
    }
    for (index, service) in topology.services.iter().enumerate() {
        change(format!("name of {}", service.name), &|t| t.services[index].name.push('x'));
        change(format!("role of {}", service.name), &|t| t.services[index].role = "added-later".into());
        change(format!("setting of {}", service.name), &|t| other_setting(&mut t.services[index].settings, "backend"));
        change(format!("{} gone", service.name), &|t| drop(t.services.remove(index)));
    }
    all
}

/// The same catalogue with other texts.
fn retold() -> Catalogue {
    let mut catalogue = Catalogue::built_in().clone();
    for role in &mut catalogue.roles {
        role.name.push_str(" in other words");
        role.note.clear();
        role.requirements.clear();
    }
    catalogue
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_digest_moves_with_any_fact(base in topology(), desired in topology()) {
        let digest = |desired: &Topology| plan(&base, desired, Catalogue::built_in()).digest;
        let so_far = digest(&desired);
        let approved = plan(&base, &desired, Catalogue::built_in());
        for (what, other) in with_one_fact_changed(&desired) {
            let altered = as_stored(&base, &approved, &other).check(so_far, Catalogue::built_in());
            prop_assert_eq!(altered.is_ok(), content(&other) == content(&desired), "{}: {:?}", what, altered);
            if content(&other) == content(&desired) {
                prop_assert_eq!(digest(&other), so_far, "{}", what);
            } else {
                prop_assert_ne!(digest(&other), so_far, "{}", what);
            }
        }
    }

    #[test]
    fn other_steps_are_not_what_was_approved(base in topology(), desired in topology(), at in any::<prop::sample::Index>()) {
        let approved = plan(&base, &desired, Catalogue::built_in());
        prop_assume!(!approved.steps.is_empty());
        let at = at.index(approved.steps.len());
        let altered = |alter: &dyn Fn(&mut Vec<Step>)| {
            let mut stored = as_stored(&base, &approved, &desired);
            alter(&mut stored.steps);
            stored.check(approved.digest, Catalogue::built_in())
        };
        let is_refused = |checked| matches!(checked, Err(NotApproved::Steps { .. }));
        prop_assert!(is_refused(altered(&|steps| drop(steps.remove(at)))));
        prop_assert!(is_refused(altered(&|steps| steps.push(steps[at].clone()))));
        let more = Step { id: "more".to_owned(), depends_on: Vec::new(), ..approved.steps[at].clone() };
        prop_assert!(is_refused(altered(&|steps| steps.push(more.clone()))));
        prop_assert!(is_refused(altered(&|steps| steps[at].role = Some("evil".into()))));
        prop_assert!(is_refused(altered(&|steps| steps[at].node = Some("evil.example.net".to_owned()))));
        prop_assert!(is_refused(altered(&|steps| steps[at].depends_on.push("nothing".to_owned()))));
        let mut stored = as_stored(&base, &approved, &desired);
        stored.encoding = "strata-plan-3".to_owned();
        let unknown = stored.check(approved.digest, Catalogue::built_in());
        prop_assert_eq!(unknown, Err(NotApproved::Encoding("strata-plan-3".to_owned())));
    }

    #[test]
    fn new_names_of_groups_move_no_data(base in topology()) {
        let mut desired = base.clone();
        for name in &base.availability_groups {
            let rename = Edit::RenameGroup { from: name.clone(), to: format!("new-{name}") };
            prop_assert!(apply(&mut desired, &rename, Catalogue::built_in()).is_ok());
        }
        let renamed = plan(&base, &desired, Catalogue::built_in());
        prop_assert!(renamed.steps.iter().all(|step| step.impact == Impact::None), "{}", told(&renamed));
        prop_assert_eq!(renamed.steps.iter().filter(|step| step.kind != StepKind::ConfigureRole).count(), 0);
        leads_there(&base, &desired)?;
        is_reached(&base, &desired)?;
    }

    #[test]
    fn the_digest_does_not_move_with_order_ids_or_texts(base in topology(), desired in topology()) {
        let digest = |base: &Topology, desired: &Topology, catalogue: &Catalogue| plan(base, desired, catalogue).digest;
        let so_far = digest(&base, &desired, Catalogue::built_in());
        let named = |mut topology: Topology| {
            topology.nodes.iter_mut().for_each(|node| node.id = Some(format!("id of {}", node.hostname)));
            topology
        };
        let built_in = Catalogue::built_in();
        prop_assert_eq!(digest(&turned(base.clone()), &turned(desired.clone()), built_in), so_far);
        prop_assert_eq!(digest(&named(base.clone()), &named(desired.clone()), built_in), so_far);
        prop_assert_eq!(digest(&named(base.clone()), &desired, built_in), so_far);
        prop_assert_eq!(digest(&base, &desired, &retold()), so_far);
    }
}
