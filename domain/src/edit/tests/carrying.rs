//! What carrying an edit over another's keeps, and what it tells.

use proptest::prelude::*;
use proptest::sample::Index;

use super::inverse::that_fit;
use crate::arbitrary::{hostile_topology, role_with_two_settings, topology, wish, wishes, with_some_ids};
use crate::catalogue::Catalogue;
use crate::digest::of_topology;
use crate::edit::{Conflict, Edit, EditError, NodeFacts, apply, carry, carry_all, force, named, replay};
use crate::sample;
use crate::topology::{Assignment, Container, DiskKind, Platform, Service, SettingValue, Settings, Topology};

fn after(topology: &Topology, edit: &Edit) -> Topology {
    replay(topology, [edit], Catalogue::built_in()).unwrap_or_else(|error| panic!("{edit:?}: {error}"))
}

/// Both ways round, the two edits come to the same.
fn both_are_kept(base: &Topology, one: &Edit, other: &Edit) -> Result<(), TestCaseError> {
    let carried = |edit, over| {
        let now = after(base, over);
        let carried = carry(edit, base, &now).map_err(|error| TestCaseError::fail(error.to_string()))?;
        Ok::<_, TestCaseError>(carried.map_or_else(|| now.clone(), |edit| after(&now, &edit)))
    };
    let (first, second) = (carried(one, other)?, carried(other, one)?);
    prop_assert_eq!(of_topology(&first), of_topology(&second), "{:?} and {:?}", one, other);
    Ok(())
}

/// The facts with the field of that number changed, to one of two values.
fn changed(facts: &NodeFacts, field: usize, other: bool) -> NodeFacts {
    let mut facts = facts.clone();
    let number = if other { 7_777 } else { 8_888 };
    let hardware = &mut facts.hardware;
    match field {
        0 => facts.private_ip = [10, 9, 9, u8::from(other)].into(),
        1 => facts.public_ip = Some([203, 0, 113, 200 + u8::from(other)].into()),
        2 => facts.site = Some(format!("dc{number}")),
        3 => {
            let is_xen = facts.container.is_some_and(|container| container.platform == Platform::Xen);
            let platform = if is_xen { Platform::Kvm } else { Platform::Xen };
            facts.container = Some(Container { platform, ha: other });
        }
        4 => hardware.vcpus = Some(if other { 77 } else { 88 }),
        5 => hardware.memory_mib = Some(number),
        6 => {
            let mut kinds = DiskKind::ALL.into_iter().filter(|kind| hardware.disk != Some(*kind));
            hardware.disk = kinds.nth(usize::from(other));
        }
        7 => hardware.disk_gib = Some(number),
        _ => hardware.iops = Some(number),
    }
    facts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn over_an_unchanged_topology_it_is_the_edit(base in with_some_ids(), wish in wish()) {
        let edit = wish.of(&base);
        let outcome = replay(&base, [&edit], Catalogue::built_in());
        match (carry(&edit, &base, &base), outcome) {
            (Ok(Some(carried)), Ok(replayed)) => {
                prop_assert_eq!(after(&base, &carried), replayed);
                prop_assert_ne!(of_topology(&base), of_topology(&after(&base, &edit)));
            }
            (Ok(None), Ok(replayed)) => prop_assert_eq!(of_topology(&base), of_topology(&replayed)),
            (Ok(Some(carried)), Err(error)) => {
                prop_assert_eq!(replay(&base, [&carried], Catalogue::built_in()), Err(error));
            }
            (Err(Conflict::Misfit(_)), Err(_)) => {}
            (carried, replayed) => prop_assert!(false, "{carried:?} but {replayed:?}"),
        }
    }

    #[test]
    fn many_over_an_unchanged_topology_are_the_edits(base in with_some_ids(), wishes in wishes(30)) {
        let edits = that_fit(&base, &wishes);
        let replayed = replay(&base, &edits, Catalogue::built_in()).expect("each fits");
        for seen in [base.clone(), named(&base, &edits)] {
            let mut now = base.clone();
            let carried = carry_all(&edits, seen, &mut now, Catalogue::built_in());
            prop_assert!(carried.is_ok(), "{:?}", carried);
            prop_assert_eq!(of_topology(&now), of_topology(&replayed));
        }
    }

    /// The part of a topology that edits are about decides as the whole does.
    #[test]
    fn the_part_decides_as_the_whole(
        base in with_some_ids(), mine in wishes(6), theirs in wishes(6),
    ) {
        let (mine, theirs) = (that_fit(&base, &mine), that_fit(&base, &theirs));
        let before = replay(&base, &theirs, Catalogue::built_in()).expect("each fits");
        let (mut now, mut one_by_one, mut seen) = (before.clone(), before.clone(), base.clone());
        let mut carry_next = |edit: &Edit| -> Result<Option<Edit>, Conflict> {
            let carried = carry(edit, &seen, &one_by_one)?;
            carried.iter().try_for_each(|edit| apply(&mut one_by_one, edit, Catalogue::built_in()))?;
            apply(&mut seen, edit, Catalogue::built_in()).expect("it fitted");
            Ok(carried)
        };
        let mut whole: Result<Vec<Edit>, (usize, Conflict)> = Ok(Vec::new());
        for (place, edit) in mine.iter().enumerate() {
            let Ok(all) = &mut whole else { break };
            match carry_next(edit) {
                Ok(carried) => all.extend(carried),
                Err(conflict) => whole = Err((place, conflict)),
            }
        }
        let part = carry_all(&mine, named(&base, &mine), &mut now, Catalogue::built_in());
        prop_assert_eq!(&part, &whole);
        prop_assert_eq!(&now, if part.is_ok() { &one_by_one } else { &before });
    }

    #[test]
    fn different_facts_are_both_kept(
        base in topology(), which in any::<Index>(), one in 0usize..9, two in 0usize..9,
    ) {
        prop_assume!(!base.nodes.is_empty() && one != two);
        let node = &base.nodes[which.index(base.nodes.len())];
        let facts = NodeFacts::from(node);
        let update = |field| Edit::UpdateNode { hostname: node.hostname.clone(), facts: changed(&facts, field, true) };
        both_are_kept(&base, &update(one), &update(two))?;
        let now = after(&base, &update(two));
        let carried = carry(&update(one), &base, &now).expect("carries").expect("asks for something");
        let both = NodeFacts::from(after(&now, &carried).node(&node.hostname).expect("stays"));
        prop_assert_eq!(both, changed(&changed(&facts, one, true), two, true));
    }

    #[test]
    fn the_same_fact_set_otherwise_is_a_conflict(base in topology(), which in any::<Index>(), field in 0usize..9) {
        prop_assume!(!base.nodes.is_empty());
        let node = &base.nodes[which.index(base.nodes.len())];
        let facts = NodeFacts::from(node);
        let update = |other| Edit::UpdateNode { hostname: node.hostname.clone(), facts: changed(&facts, field, other) };
        let now = after(&base, &update(true));
        prop_assert_eq!(carry(&update(true), &base, &now), Ok(None));
        let is_conflict = matches!(carry(&update(false), &base, &now), Err(Conflict::BothChanged { .. }));
        prop_assert!(is_conflict);
        // By force it is as the author wants, and what others set beside it stays.
        let further = after(&now, &Edit::UpdateNode {
            hostname: node.hostname.clone(),
            facts: changed(&NodeFacts::from(now.node(&node.hostname).expect("stays")), (field + 1) % 9, true),
        });
        let forced = replay(&further, &force(&update(false), &base, &further), Catalogue::built_in()).expect("fits");
        let forced = NodeFacts::from(forced.node(&node.hostname).expect("stays"));
        prop_assert_eq!(forced, changed(&changed(&facts, field, false), (field + 1) % 9, true));
    }

    #[test]
    fn settings_are_kept_key_by_key((role, before, wanted) in role_with_two_settings(), theirs_of in any::<u8>()) {
        let mut base = sample::healthy();
        base.nodes[0].roles = vec![Assignment { role: role.as_str().into(), settings: before.clone() }];
        let hostname = base.nodes[0].hostname.clone();
        let update = |settings: &Settings| Edit::UpdateSettings {
            hostname: hostname.clone(), role: role.as_str().into(), settings: settings.clone(),
        };
        // Of the keys that differ, some are set by one and the rest by the other.
        let (mut mine, mut theirs) = (before.clone(), before.clone());
        let keys = Catalogue::built_in().role(&role).expect("built in").settings.iter().map(|spec| spec.name.clone());
        for (number, key) in keys.enumerate() {
            let side = if theirs_of >> number & 1 == 1 { &mut theirs } else { &mut mine };
            match wanted.get(&key) {
                Some(value) => drop(side.insert(key, value.clone())),
                None => drop(side.remove(&key)),
            }
        }
        both_are_kept(&base, &update(&mine), &update(&theirs))?;
        let now = after(&base, &update(&theirs));
        let carried = carry(&update(&mine), &base, &now).expect("carries");
        let merged = carried.map_or_else(|| now.clone(), |edit| after(&now, &edit));
        prop_assert_eq!(&merged.nodes[0].roles[0].settings, &wanted);
    }

    #[test]
    fn edits_of_different_nodes_are_both_kept(base in with_some_ids(), one in wish(), other in wish()) {
        prop_assume!(base.nodes.len() > 1);
        let (one, other) = (one.about_a_node().fitting(&base), other.about_a_node().fitting(&base));
        let about = |edit: &Edit| match edit {
            Edit::UpdateNode { hostname, .. } | Edit::RemoveNode { hostname } | Edit::AssignRole { hostname, .. }
            | Edit::UpdateSettings { hostname, .. } | Edit::UnassignRole { hostname, .. } => Some(hostname.clone()),
            _ => None,
        };
        prop_assume!(about(&one).is_some() && about(&other).is_some() && about(&one) != about(&other));
        both_are_kept(&base, &one, &other)?;
    }

    /// Whatever others did: it is carried, or told; and what is carried fits or is told as well.
    #[test]
    fn nothing_panics(seen in hostile_topology(), now in hostile_topology(), wish in wish()) {
        for topology in [&seen, &now] {
            let edit = wish.of(topology);
            let _ = carry(&edit, &seen, &now);
            let _ = force(&edit, &seen, &now);
            let _ = carry_all(&[edit.clone(), edit], seen.clone(), &mut now.clone(), Catalogue::built_in());
        }
    }
}

const HOST: &str = "sql-1.example.net";

fn host() -> String {
    HOST.to_owned()
}

/// The sample with an id for each node.
fn known() -> Topology {
    let mut base = sample::healthy();
    for (number, node) in base.nodes.iter_mut().enumerate() {
        node.id = Some(format!("id-{number}"));
    }
    base
}

fn in_site(base: &Topology, hostname: &str) -> Edit {
    let facts = NodeFacts::from(base.node(hostname).expect("the sample has it"));
    Edit::UpdateNode { hostname: hostname.to_owned(), facts: NodeFacts { site: Some("dc9".to_owned()), ..facts } }
}

/// What carrying the second over the first comes to.
fn over(base: &Topology, theirs: &Edit, mine: &Edit) -> Result<Option<Edit>, Conflict> {
    carry(mine, base, &after(base, theirs))
}

#[test]
fn what_was_removed_or_is_to_be_removed() {
    let base = known();
    let gone = |what: &str| Err(Conflict::Gone { what: what.to_owned() });
    let since = |what: &str| Err(Conflict::ChangedSince { what: what.to_owned() });
    let remove = Edit::RemoveNode { hostname: host() };
    let unassign = Edit::UnassignRole { hostname: host(), role: "sql".into() };
    let slave = sample::settings(&[("replication", "slave")]);
    let settings = Edit::UpdateSettings { hostname: host(), role: "sql".into(), settings: slave };
    let queue = Edit::AssignRole { hostname: host(), role: "queue".into(), settings: Settings::new() };
    let service = Edit::UpdateService { name: "media".to_owned(), settings: sample::settings(&[("backend", "nfs")]) };
    let no_service = Edit::RemoveService { name: "media".to_owned() };
    let update = in_site(&base, HOST);
    let cases = [
        (&remove, &update, gone(HOST)),
        (&remove, &queue, gone(HOST)),
        (&remove, &settings, gone(HOST)),
        (&unassign, &settings, gone("The role sql of sql-1.example.net")),
        (&no_service, &service, gone("The service media")),
        (&update, &remove, since(HOST)),
        (&queue, &remove, since(HOST)),
        (&settings, &unassign, since("The role sql of sql-1.example.net")),
        (&service, &no_service, since("The service media")),
        (&remove, &remove, Ok(None)),
        (&remove, &unassign, Ok(None)),
        (&unassign, &unassign, Ok(None)),
        (&no_service, &no_service, Ok(None)),
        (&queue, &queue, Ok(None)),
        (&update, &update, Ok(None)),
    ];
    for (theirs, mine, expected) in cases {
        assert_eq!(over(&base, theirs, mine), expected, "{mine:?} over {theirs:?}");
        let now = after(&base, theirs);
        let forced = replay(&now, &force(mine, &base, &now), Catalogue::built_in());
        assert!(forced.is_ok(), "{mine:?} by force over {theirs:?}: {forced:?}");
    }
}

#[test]
fn both_added() {
    let base = sample::healthy();
    let group = Edit::AddGroup { name: "ag-9".to_owned() };
    assert_eq!(over(&base, &group, &group), Ok(None));
    let node = Edit::AddNode { node: sample::node("new.example.net", "10.0.9.1") };
    assert_eq!(over(&base, &node, &node), Ok(None));
    let other = Edit::AddNode { node: sample::node("NEW.example.net", "10.0.9.2") };
    let taken = EditError::HostnameTaken { hostname: "new.example.net".to_owned() };
    assert_eq!(over(&base, &node, &other), Err(taken.into()));
    let concurrency = |number| Edit::AssignRole {
        hostname: host(),
        role: "worker".into(),
        settings: Settings::from([("concurrency".to_owned(), SettingValue::Integer(number))]),
    };
    let conflict = over(&base, &concurrency(4), &concurrency(8)).expect_err("not the same");
    assert_eq!(conflict.to_string(), "The role worker of sql-1.example.net was set to concurrency: 4 meanwhile.");
    let now = after(&base, &concurrency(4));
    let forced = replay(&now, &force(&concurrency(8), &base, &now), Catalogue::built_in()).expect("fits");
    let worker = forced.node(HOST).and_then(|node| node.assignment("worker")).expect("assigned");
    assert_eq!(worker.settings["concurrency"], SettingValue::Integer(8));
}

#[test]
fn edits_follow_a_node_under_its_new_name() {
    let base = known();
    let rename = Edit::RenameNode { from: host(), to: "db-1.example.net".to_owned() };
    let role = Edit::AssignRole { hostname: host(), role: "queue".into(), settings: Settings::new() };
    for edit in [in_site(&base, HOST), role, Edit::UnassignRole { hostname: host(), role: "sql".into() }] {
        both_are_kept(&base, &rename, &edit).expect("both are kept");
        let mut now = after(&base, &rename);
        let one = std::slice::from_ref(&edit);
        let carried = carry_all(one, named(&base, one), &mut now, Catalogue::built_in()).expect("follows");
        assert_eq!(carried, [over(&base, &rename, &edit).expect("follows").expect("asks for something")]);
        assert_eq!(now.nodes.len(), base.nodes.len());
    }
    // Another has the name by now: it is not taken for the one that was seen.
    let mut now = after(&base, &rename);
    now = after(&now, &Edit::RenameNode { from: "sql-2.example.net".to_owned(), to: host() });
    let carried = carry(&in_site(&base, HOST), &base, &now).expect("follows").expect("asks for something");
    let moved = after(&now, &carried);
    assert_eq!(moved.node("db-1.example.net").and_then(|node| node.site.as_deref()), Some("dc9"));
    assert_eq!(moved.node(HOST), now.node(HOST));
    // The node that was removed here was renamed there: that would be lost.
    let removed = over(&base, &rename, &Edit::RemoveNode { hostname: host() });
    assert_eq!(removed, Err(Conflict::ChangedSince { what: "db-1.example.net".to_owned() }));
    // It is there under another name; added again it would be there twice.
    let added = Edit::AddNode { node: base.node(HOST).expect("the sample has it").clone() };
    let without = after(&base, &Edit::RemoveNode { hostname: host() });
    let taken = EditError::HostnameTaken { hostname: "db-1.example.net".to_owned() };
    assert_eq!(carry(&added, &without, &after(&base, &rename)), Err(taken.into()));
}

#[test]
fn a_group_that_was_renamed_is_not_gone() {
    let base = sample::healthy();
    let rename = |to: &str| Edit::RenameGroup { from: "ag-1".to_owned(), to: to.to_owned() };
    let remove = Edit::RemoveGroup { name: "ag-1".to_owned() };
    let since = Conflict::ChangedSince { what: "The availability group ag-1".to_owned() };
    assert_eq!(over(&base, &rename("left"), &remove), Err(since));
    assert_eq!(over(&base, &remove, &remove), Ok(None));
    assert_eq!(over(&base, &rename("left"), &rename("left")), Ok(None));
    let conflict = over(&base, &rename("left"), &rename("right")).expect_err("two names");
    assert_eq!(conflict.to_string(), "The name of availability group ag-1 was set to left meanwhile.");
    let gone = over(&base, &remove, &rename("right")).expect_err("gone");
    assert_eq!(gone.to_string(), "The availability group ag-1 was removed meanwhile.");
    let now = after(&base, &remove);
    let forced = replay(&now, &force(&rename("right"), &base, &now), Catalogue::built_in()).expect("fits");
    assert!(forced.availability_groups.contains(&"right".to_owned()));
    // The same, judged by the part that the edit is about.
    let mut now = after(&base, &rename("left"));
    let outcome = carry_all(
        std::slice::from_ref(&remove),
        named(&base, std::slice::from_ref(&remove)),
        &mut now,
        Catalogue::built_in(),
    );
    assert!(matches!(outcome, Err((0, Conflict::ChangedSince { .. }))), "{outcome:?}");
}

#[test]
fn a_service_of_another_role_is_another_service() {
    let mut base = sample::healthy();
    let update = Edit::UpdateService { name: "media".to_owned(), settings: sample::settings(&[("backend", "nfs")]) };
    let seen = base.clone();
    base.services[0] = Service { name: "media".to_owned(), role: "queue".into(), settings: Settings::new() };
    let conflict = carry(&update, &seen, &base).expect_err("another service");
    assert_eq!(conflict.to_string(), "The service media was removed meanwhile.");
    let forced = replay(&base, &force(&update, &seen, &base), Catalogue::built_in()).expect("fits");
    assert_eq!(forced.services[0].role.as_str(), "unstructured-storage");
}
