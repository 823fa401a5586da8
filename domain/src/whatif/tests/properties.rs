//! What holds for every topology.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::arbitrary::{topology, unruly_topology};
use crate::catalogue::{GroupRule, Replication};

/// Roles with everything that the table asks for at once, which the built-in ones have one by one.
fn mixed_catalogue() -> Catalogue {
    let built_in = Catalogue::built_in();
    let role = |id: &str| built_in.role(id).expect("built in").clone();
    let mut catalogue = Catalogue { version: 2, ..built_in.clone() };
    for other in &mut catalogue.roles {
        match other.id.as_str() {
            // Settings that are there for something else serve as groups and parts.
            "sql" => other.group = Some(GroupRule { setting: "replication".to_owned(), min: 2, max: 4 }),
            "unstructured-storage" => {
                let part = |word: &str| word.to_owned();
                let (master, slave) = (part("nfs"), part("posix"));
                other.replication = Some(Replication { setting: part("backend"), master, slave, useful_slaves: 4 });
            }
            "elasticsearch" => other.group = role("distributed-database").group,
            "distributed-database" => (other.min, other.depends_on) = (3, vec!["sql".into()]),
            "sip" => other.min = 2,
            // Through others to a role that replicates, and to one that does not.
            "web" => other.depends_on = vec!["distributed-database".into()],
            "pbx" => other.depends_on = vec!["worker".into()],
            "worker" => other.depends_on = vec!["queue".into()],
            "queue" => other.depends_on = Vec::new(),
            _ => {}
        }
    }
    catalogue
}

/// The built-in roles, and others.
fn catalogue() -> impl Strategy<Value = Catalogue> {
    prop_oneof![Just(Catalogue::built_in().clone()), Just(mixed_catalogue())]
}

fn by_index(topology: &Topology, chosen: &[bool]) -> Vec<Target> {
    let nodes = topology.nodes.iter().zip(chosen).filter(|(_, chosen)| **chosen);
    nodes.map(|(node, _)| Target::Node(node.hostname.clone())).collect()
}

/// What each role loses by the table of the whole, told backwards: from a role to what it depends on, from what it
/// loses where nothing depends on anything.
fn spread_by_the_table(topology: &Topology, catalogue: &Catalogue, targets: &[Target]) -> Vec<(RoleId, Extent)> {
    let mut alone = catalogue.clone();
    alone.roles.iter_mut().for_each(|role| role.depends_on.clear());
    let loss = without(topology, &alone, targets).expect("known");
    let by_itself: BTreeMap<&RoleId, Extent> = loss.roles.iter().map(|role| (&role.role, role.extent)).collect();
    let is_lost = |role: &Role| by_itself.get(&role.id) == Some(&Extent::RoleLost);
    let on = |role: &Role| role.depends_on.iter().filter_map(|id| catalogue.role(id.as_str())).collect::<Vec<_>>();
    let is_down = |role: &Role| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![role]);
        while let Some(other) = next.pop() {
            if seen.insert(&other.id) {
                next.extend(on(other));
            }
        }
        seen.iter().filter_map(|id| catalogue.role(id.as_str())).any(|role| role.replication.is_some() && is_lost(role))
    };
    let spread = catalogue.roles.iter().filter(|role| topology.instances_of(role.id.as_str()).next().is_some());
    let spread = spread.filter_map(|role| {
        let by_itself = by_itself.get(&role.id).copied();
        let with_others = match () {
            () if is_down(role) => Some(Extent::RoleLost),
            () if on(role).into_iter().any(is_lost) => Some(Extent::Degraded),
            () => None,
        };
        Some((role.id.clone(), by_itself.max(with_others)?))
    });
    let mut spread: Vec<_> = spread.collect();
    spread.sort();
    spread
}

/// Every pair, one after the other, by the order that `worst_pair` promises.
fn worst_of_all_pairs(topology: &Topology, catalogue: &Catalogue) -> Option<WorstPair> {
    let alone = every_node(topology, catalogue);
    let mut hosts: Vec<(&str, Extent)> =
        topology.nodes.iter().map(|node| node.hostname.as_str()).zip(alone.iter().copied()).collect();
    hosts.sort_unstable();
    let mut pairs = Vec::new();
    for (index, &(first, first_alone)) in hosts.iter().enumerate() {
        for &(second, second_alone) in &hosts[index + 1..] {
            let loss = loss_with(topology, catalogue, &[first, second]);
            let nodes = [first.to_owned(), second.to_owned()];
            pairs.push(WorstPair { nodes, alone: [first_alone, second_alone], loss });
        }
    }
    pairs
        .into_iter()
        .min_by_key(|pair| (Reverse(pair.loss.extent), pair.alone.iter().max().copied(), pair.nodes.clone()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_node_is_what_each_alone_is(topology in topology(), catalogue in catalogue()) {
        let all = every_node(&topology, &catalogue);
        prop_assert_eq!(all.len(), topology.nodes.len());
        for (node, extent) in topology.nodes.iter().zip(all) {
            prop_assert_eq!(loss_with(&topology, &catalogue, &[&node.hostname]).extent, extent, "{}", node.hostname);
        }
    }

    #[test]
    fn a_lost_role_spreads_as_the_table_says(
        topology in topology(),
        catalogue in catalogue(),
        chosen in vec(any::<bool>(), 14),
    ) {
        let targets = by_index(&topology, &chosen);
        let loss = without(&topology, &catalogue, &targets).expect("known");
        let mut told: Vec<_> = loss.roles.iter().map(|role| (role.role.clone(), role.extent)).collect();
        told.sort();
        prop_assert_eq!(&told, &spread_by_the_table(&topology, &catalogue, &targets));
    }

    #[test]
    fn taking_more_away_is_never_milder(
        topology in topology(),
        catalogue in catalogue(),
        few in vec(any::<bool>(), 14),
        more in vec(any::<bool>(), 14),
    ) {
        let both: Vec<bool> = few.iter().zip(&more).map(|(few, more)| *few || *more).collect();
        let few = without(&topology, &catalogue, &by_index(&topology, &few)).expect("known");
        let both = without(&topology, &catalogue, &by_index(&topology, &both)).expect("known");
        prop_assert!(few.extent <= both.extent);
        for role in &few.roles {
            let worse = both.roles.iter().find(|other| other.role == role.role);
            prop_assert!(worse.is_some_and(|worse| role.extent <= worse.extent && worse.left <= role.left), "{role:?}");
        }
    }

    #[test]
    fn the_order_of_lists_does_not_show(topology in topology(), catalogue in catalogue(), chosen in vec(any::<bool>(), 14)) {
        let mut turned = topology.clone();
        turned.nodes.reverse();
        turned.services.reverse();
        turned.availability_groups.reverse();
        let mut targets = by_index(&topology, &chosen);
        let loss = without(&topology, &catalogue, &targets);
        targets.reverse();
        prop_assert_eq!(&loss, &without(&turned, &catalogue, &targets));
        prop_assert_eq!(worst_pair(&topology, &catalogue), worst_pair(&turned, &catalogue));
        let mut extents = every_node(&turned, &catalogue);
        extents.reverse();
        prop_assert_eq!(every_node(&topology, &catalogue), extents);
    }

    #[test]
    fn a_loss_has_reasons_and_its_parts_fit(topology in topology(), catalogue in catalogue(), chosen in vec(any::<bool>(), 14)) {
        let loss = without(&topology, &catalogue, &by_index(&topology, &chosen)).expect("known");
        for role in &loss.roles {
            prop_assert!(!role.reasons.is_empty() && role.extent < Extent::TotalOutage && role.left <= role.of);
        }
        let worst = loss.roles.first().map_or(Extent::Nothing, |role| role.extent);
        prop_assert!(loss.extent == worst || (loss.extent, worst) == (Extent::TotalOutage, Extent::RoleLost));
        prop_assert!(loss.roles.is_sorted_by_key(|role| Reverse(role.extent)));
    }

    #[test]
    fn nothing_panics_where_names_clash(topology in unruly_topology(), catalogue in catalogue()) {
        let all = every_node(&topology, &catalogue);
        for (node, extent) in topology.nodes.iter().zip(all) {
            // All nodes of that name are taken, so it may be worse.
            let loss = loss_with(&topology, &catalogue, &[&node.hostname]);
            prop_assert!(extent <= loss.extent);
            prop_assert!(!loss.describe(&catalogue).is_empty());
        }
        prop_assert_eq!(worst_pair(&topology, &catalogue).is_some(), topology.nodes.len() > 1);
        let every: Vec<Target> = Platform::ALL.map(Target::Platform).to_vec();
        prop_assert!(without(&topology, &catalogue, &every).is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn the_worst_pair_is_the_worst_of_all_pairs(topology in topology(), catalogue in catalogue()) {
        prop_assert_eq!(worst_pair(&topology, &catalogue), worst_of_all_pairs(&topology, &catalogue));
    }

    /// Where other roles are, groups seldom decide.
    #[test]
    fn also_where_groups_decide(mut topology in topology(), catalogue in catalogue()) {
        for node in &mut topology.nodes {
            node.roles.retain(|assignment| assignment.role.as_str() == "distributed-database");
        }
        prop_assert_eq!(worst_pair(&topology, &catalogue), worst_of_all_pairs(&topology, &catalogue));
    }
}
