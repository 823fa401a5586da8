use proptest::prelude::*;

use super::*;
use crate::arbitrary::{Wish, wishes, with_some_ids};
use crate::digest::of_topology;
use crate::draft::tests::logged;
use crate::edit::{NodeFacts, apply, carry, replay};
use crate::sample;

/// A log whose edits each fit, numbered from 11.
fn log_of(base: &Topology, wishes: &[Wish]) -> Vec<LoggedEdit> {
    let mut topology = base.clone();
    let mut log = Vec::new();
    for (sequence, wish) in (11..).zip(wishes) {
        let edit = wish.fitting(&topology);
        if apply(&mut topology, &edit, Catalogue::built_in()).is_ok() {
            log.push(logged(sequence, edit, None));
        }
    }
    log
}

fn edits_of(log: &[LoggedEdit]) -> Vec<Edit> {
    log.iter().map(|logged| logged.edit.clone()).collect()
}

/// The new base with the edits as they are now.
fn replayed(new: &Topology, rebased: &Rebased) -> Topology {
    replay(new, rebased.edits.iter().map(|(_, edit)| edit), Catalogue::built_in()).expect("each fits")
}

fn plain(old: &Topology, log: &[LoggedEdit], new: &Topology) -> Rebased {
    rebase(old, log, new, Catalogue::built_in(), &BTreeMap::new())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_edit_is_carried_met_or_told(old in with_some_ids(), mine in wishes(12), theirs in wishes(8)) {
        let log = log_of(&old, &mine);
        let new = replay(&old, &edits_of(&log_of(&old, &theirs)), Catalogue::built_in()).expect("each fits");
        let rebased = plain(&old, &log, &new);
        prop_assert_eq!(of_topology(&replayed(&new, &rebased)), of_topology(&rebased.desired));
        prop_assert!(rebased.edits.is_sorted_by_key(|(place, _)| *place));
        for (place, logged) in log.iter().enumerate() {
            let carried = rebased.edits.iter().any(|(from, _)| *from == place);
            let told = rebased.conflicts.iter().any(|conflict| conflict.logged == *logged);
            prop_assert!(!(carried && told));
            if !carried && !told {
                let seen = replay(&old, &edits_of(&log[..place]), Catalogue::built_in()).expect("each fits");
                let desired = plain(&old, &log[..place], &new).desired;
                prop_assert_eq!(carry(&logged.edit, &seen, &desired), Ok(None), "it is so already");
            }
        }
    }

    #[test]
    fn choices_leave_nothing_open(
        old in with_some_ids(), mine in wishes(12), theirs in wishes(8), insist in any::<bool>(),
    ) {
        let log = log_of(&old, &mine);
        let new = replay(&old, &edits_of(&log_of(&old, &theirs)), Catalogue::built_in()).expect("each fits");
        let mut choices = BTreeMap::new();
        loop {
            let rebased = rebase(&old, &log, &new, Catalogue::built_in(), &choices);
            prop_assert_eq!(of_topology(&replayed(&new, &rebased)), of_topology(&rebased.desired));
            let Some(conflict) = rebased.conflicts.first() else { break };
            let sequence = conflict.logged.sequence;
            // One that was to be forced and is among them still does not fit, and can only be left out.
            let choice = if insist && conflict.can_be_forced { Choice::Insist } else { Choice::Drop };
            let before = choices.insert(sequence, choice);
            prop_assert!(before.is_none() || before == Some(Choice::Insist) && choice == Choice::Drop, "{before:?}");
        }
    }

    #[test]
    fn over_the_same_base_they_are_as_they_were(old in with_some_ids(), mine in wishes(20)) {
        let log = log_of(&old, &mine);
        let rebased = plain(&old, &log, &old);
        prop_assert_eq!(rebased.conflicts, Vec::new());
        let mut topology = old.clone();
        let mut expected = Vec::new();
        for (place, logged) in log.iter().enumerate() {
            let before = of_topology(&topology);
            apply(&mut topology, &logged.edit, Catalogue::built_in()).expect("each fits");
            if of_topology(&topology) != before {
                expected.push((place, logged.edit.clone()));
            }
        }
        prop_assert_eq!(rebased.edits, expected);
        prop_assert_eq!(rebased.desired, topology);
    }
}

const HOST: &str = "sql-2.example.net";

fn update(change: impl FnOnce(&mut NodeFacts)) -> Edit {
    let base = sample::healthy();
    let mut facts = NodeFacts::from(base.node(HOST).expect("the sample has it"));
    change(&mut facts);
    Edit::UpdateNode { hostname: HOST.to_owned(), facts }
}

#[test]
fn an_edit_of_a_node_that_was_removed_makes_it_again_or_is_left_out() {
    let old = sample::healthy();
    let mut new = old.clone();
    new.nodes.retain(|node| node.hostname != HOST);
    let group = Edit::AddGroup { name: "ag-3".to_owned() };
    let log = [logged(4, update(|facts| facts.site = Some("dc7".to_owned())), Some("k")), logged(5, group, None)];
    let open = plain(&old, &log, &new);
    assert_eq!(open.edits.len(), 1);
    let expected = RebaseConflict {
        logged: log[0].clone(),
        reason: "sql-2.example.net was removed meanwhile.".to_owned(),
        can_be_forced: true,
    };
    assert_eq!(open.conflicts, [expected]);
    let with = |choice| rebase(&old, &log, &new, Catalogue::built_in(), &BTreeMap::from([(4, choice)]));

    let again = with(Choice::Insist);
    assert!(again.conflicts.is_empty());
    assert_eq!(again.edits.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [0, 0, 1]);
    let node = again.desired.node(HOST).expect("made again");
    assert_eq!((node.site.as_deref(), node.roles.len()), (Some("dc7"), 1));

    let dropped = with(Choice::Drop);
    assert!(dropped.conflicts.is_empty());
    assert_eq!(dropped.edits, [(1, log[1].edit.clone())]);
}

#[test]
fn leaving_one_out_leaves_the_rest() {
    let old = sample::healthy();
    let mut new = old.clone();
    sample::with_node(&mut new, "sql-2", |node| node.hardware.memory_mib = Some(1024));
    let log = [
        logged(1, update(|facts| facts.hardware.memory_mib = Some(2048)), None),
        // Written over the first, so it says the memory as well.
        logged(
            2,
            update(|facts| {
                facts.hardware.memory_mib = Some(2048);
                facts.site = Some("dc7".to_owned());
            }),
            None,
        ),
    ];
    let rebased = rebase(&old, &log, &new, Catalogue::built_in(), &BTreeMap::from([(1, Choice::Drop)]));
    assert!(rebased.conflicts.is_empty());
    let node = rebased.desired.node(HOST).expect("stays");
    assert_eq!((node.hardware.memory_mib, node.site.as_deref()), (Some(1024), Some("dc7")));
}

#[test]
fn a_choice_for_what_does_not_conflict_changes_nothing() {
    let old = sample::healthy();
    let log = [logged(1, Edit::AddGroup { name: "ag-3".to_owned() }, None)];
    for choice in [Choice::Drop, Choice::Insist] {
        let rebased = rebase(&old, &log, &old, Catalogue::built_in(), &BTreeMap::from([(1, choice), (9, choice)]));
        assert_eq!((rebased.edits.len(), rebased.conflicts.len()), (1, 0));
    }
}

#[test]
fn what_cannot_be_forced_stays_among_the_conflicts() {
    let old = sample::healthy();
    let added = |address| Edit::AddNode { node: sample::node("new.example.net", address) };
    let new = replay(&old, [&added("10.0.9.1")], Catalogue::built_in()).expect("fits");
    let log = [logged(1, added("10.0.9.2"), None)];
    let rebased = rebase(&old, &log, &new, Catalogue::built_in(), &BTreeMap::from([(1, Choice::Insist)]));
    assert_eq!(rebased.conflicts.len(), 1);
    assert!(!rebased.conflicts[0].can_be_forced);
    assert_eq!(rebased.conflicts[0].reason, "There is a node new.example.net already.");
    assert_eq!(rebased.desired, new);
}

#[test]
fn a_node_that_both_added_is_one_and_takes_the_edits_of_both() {
    let old = sample::healthy();
    let node_of =
        |id: &str| crate::topology::Node { id: Some(id.to_owned()), ..sample::node("both.example.net", "10.9.0.1") };
    let mut new = old.clone();
    apply(&mut new, &Edit::AddNode { node: node_of("theirs") }, Catalogue::built_in()).expect("it fits");
    let rename = |from: &str, to: &str| Edit::RenameNode { from: from.to_owned(), to: to.to_owned() };
    let log = [
        Edit::AddNode { node: node_of("mine") },
        rename("both.example.net", "one.example.net"),
        rename("one.example.net", "two.example.net"),
    ];
    let log: Vec<LoggedEdit> = (1..).zip(log).map(|(sequence, edit)| logged(sequence, edit, None)).collect();
    let rebased = plain(&old, &log, &new);
    assert_eq!(rebased.conflicts, []);
    assert_eq!(rebased.desired.node("two.example.net").and_then(|node| node.id.as_deref()), Some("theirs"));
    assert_eq!(rebased.desired.nodes.len(), old.nodes.len() + 1);
}
