//! The way back leads back, the index finds what looking finds, and all or nothing is applied.

use proptest::prelude::*;

use crate::arbitrary::{HOSTILE, Wish, hostile_topology, unruly_topology, wish, wishes, with_some_ids};
use crate::catalogue::Catalogue;
use crate::digest::of_topology;
use crate::edit::{Edit, Indexed, apply, apply_all, apply_with_inverse, replay};
use crate::sample;
use crate::topology::Topology;

/// Edits that follow each other, each of which fits.
pub(super) fn that_fit(topology: &Topology, wishes: &[Wish]) -> Vec<Edit> {
    let mut topology = topology.clone();
    let mut edits = Vec::new();
    for wish in wishes {
        let edit = wish.fitting(&topology);
        if apply(&mut topology, &edit, Catalogue::built_in()).is_ok() {
            edits.push(edit);
        }
    }
    edits
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_inverse_of_each_edit_leads_back(base in with_some_ids(), wish in wish()) {
        let edit = wish.fitting(&base);
        let mut topology = base.clone();
        let Ok(back) = apply_with_inverse(&mut topology, &edit, Catalogue::built_in()) else { return Ok(()) };
        let again = replay(&topology, &back, Catalogue::built_in()).expect("the way back fits");
        prop_assert_eq!(of_topology(&again), of_topology(&base), "{:?} then {:?}", edit, back);
    }

    #[test]
    fn the_inverse_of_many_leads_back(base in with_some_ids(), wishes in wishes(40)) {
        let edits = that_fit(&base, &wishes);
        let mut topology = base.clone();
        let applied = apply_all(&mut topology, edits.iter(), Catalogue::built_in()).expect("each fits");
        prop_assert_eq!(&topology, &replay(&base, &edits, Catalogue::built_in()).expect("each fits"));
        let again = replay(&topology, &applied.back, Catalogue::built_in()).expect("the way back fits");
        prop_assert_eq!(of_topology(&again), of_topology(&base));
        replay(&applied.left, &applied.back, Catalogue::built_in()).expect("fits what it is about");
    }

    #[test]
    fn all_or_nothing(base in with_some_ids(), wishes in wishes(12)) {
        let edits: Vec<Edit> = wishes.iter().map(|wish| wish.of(&base)).collect();
        let mut topology = base.clone();
        let replayed = replay(&base, &edits, Catalogue::built_in());
        match (apply_all(&mut topology, edits.iter(), Catalogue::built_in()), replayed) {
            (Ok(_), Ok(replayed)) => prop_assert_eq!(topology, replayed),
            (Err(error), Err(replayed)) => {
                prop_assert_eq!(error, replayed);
                prop_assert_eq!(topology, base);
            }
            (one, other) => prop_assert!(false, "{one:?} but {other:?}"),
        }
    }

    #[test]
    fn an_index_changes_nothing(
        base in prop_oneof![with_some_ids(), unruly_topology()],
        wishes in wishes(40),
    ) {
        let mut plain = base.clone();
        let mut indexed = Indexed::new(base, 1_000);
        for wish in &wishes {
            // Half of them fit.
            let edit = if wish.is_even() { wish.of(&plain) } else { wish.fitting(&plain) };
            let looked_up = indexed.apply(&edit, Catalogue::built_in());
            prop_assert_eq!(looked_up, apply(&mut plain, &edit, Catalogue::built_in()), "{:?}", edit);
            prop_assert_eq!(&plain, &indexed.clone().into_topology());
        }
    }

    #[test]
    fn nothing_panics(base in hostile_topology(), wishes in wishes(12)) {
        let mut topology = base;
        for wish in &wishes {
            let edit = wish.of(&topology);
            let _ = apply_with_inverse(&mut topology, &edit, Catalogue::built_in());
            let _ = apply_all(&mut topology, [&edit, &edit].into_iter(), Catalogue::built_in());
        }
    }
}

#[test]
fn hostile_names_are_refused_or_led_back() {
    let base = sample::healthy();
    let longest = format!("{}.{}.{}.{}", "a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(61));
    assert_eq!(longest.len(), 253);
    for name in HOSTILE.into_iter().chain([longest.as_str(), &"x".repeat(254)]) {
        let name = name.to_owned();
        let host = "sql-1.example.net".to_owned();
        let mut node = sample::node("new.example.net", "10.0.9.9");
        node.hostname.clone_from(&name);
        let mut service = base.services[0].clone();
        service.name.clone_from(&name);
        let mut facts = crate::edit::NodeFacts::from(&base.nodes[0]);
        facts.site = Some(name.clone());
        for edit in [
            Edit::AddNode { node },
            Edit::RenameNode { from: host.clone(), to: name.clone() },
            Edit::AddGroup { name: name.clone() },
            Edit::RenameGroup { from: "ag-1".to_owned(), to: name.clone() },
            Edit::AddService { service },
            Edit::UpdateNode { hostname: host, facts },
            Edit::RemoveNode { hostname: name },
        ] {
            let mut topology = base.clone();
            match apply_with_inverse(&mut topology, &edit, Catalogue::built_in()) {
                Err(_) => assert_eq!(topology, base),
                Ok(back) => {
                    let again = replay(&topology, &back, Catalogue::built_in()).expect("the way back fits");
                    assert_eq!(of_topology(&again), of_topology(&base), "{edit:?}");
                }
            }
        }
    }
}

#[test]
fn renaming_a_group_to_a_name_that_is_used_leads_back() {
    let mut base = sample::healthy();
    sample::with_node(&mut base, "ddb-1", |node| {
        node.roles[0] = sample::role("distributed-database", &[("availability_group", "ghost")]);
    });
    let edit = Edit::RenameGroup { from: "ag-2".to_owned(), to: "ghost".to_owned() };
    let mut topology = base.clone();
    let back = apply_with_inverse(&mut topology, &edit, Catalogue::built_in()).expect("fits");
    assert_eq!(back.len(), 2, "the node that named it before is set right");
    assert_eq!(replay(&topology, &back, Catalogue::built_in()).expect("fits"), base);
}
