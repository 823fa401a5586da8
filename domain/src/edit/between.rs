//! Finds edits that lead from one topology to another.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{Edit, NodeFacts};
use crate::pairing::{Pairs, pair_nodes};
use crate::topology::{Node, Topology};

/// Edits that lead from `base` to `desired`: replayed over `base` they give `desired`, up to the order of lists and
/// the ids of nodes that `desired` does not name. Hostnames of `desired` have to be unique, as they are in every
/// draft; the environment's name is no subject of edits.
pub fn between(base: &Topology, desired: &Topology) -> Vec<Edit> {
    let mut edits = Vec::new();
    let Pairs { changed, removed, added } = pair_nodes(&base.nodes, &desired.nodes);
    let old_groups: BTreeSet<&String> = base.availability_groups.iter().collect();
    let new_groups: BTreeSet<&String> = desired.availability_groups.iter().collect();

    edits.extend(new_groups.difference(&old_groups).map(|name| Edit::AddGroup { name: (*name).clone() }));
    edits.extend(removed.iter().map(|node| Edit::RemoveNode { hostname: node.hostname.clone() }));
    let renames: Vec<(String, String)> = changed
        .iter()
        .filter(|(before, after)| before.hostname != after.hostname)
        .map(|(before, after)| (before.hostname.clone(), after.hostname.clone()))
        .collect();
    edits.extend(in_free_order(&renames, base, desired).into_iter().map(|(from, to)| Edit::RenameNode { from, to }));
    for (before, after) in &changed {
        if !NodeFacts::same(before, after) {
            edits.push(Edit::UpdateNode { hostname: after.hostname.clone(), facts: NodeFacts::from(*after) });
        }
        roles_between(before, after, &mut edits);
    }
    edits.extend(added.iter().map(|node| Edit::AddNode { node: (*node).clone() }));
    services_between(base, desired, &mut edits);
    edits.extend(old_groups.difference(&new_groups).map(|name| Edit::RemoveGroup { name: (*name).clone() }));
    edits
}

/// Adds the edits that give `after`, which has its new hostname already, the roles and settings that it has.
pub(crate) fn roles_between(before: &Node, after: &Node, edits: &mut Vec<Edit>) {
    let hostname = || after.hostname.clone();
    for old in &before.roles {
        if after.assignment(old.role.as_str()).is_none() {
            edits.push(Edit::UnassignRole { hostname: hostname(), role: old.role.clone() });
        }
    }
    for new in &after.roles {
        let (role, settings) = (new.role.clone(), new.settings.clone());
        match before.assignment(new.role.as_str()) {
            None => edits.push(Edit::AssignRole { hostname: hostname(), role, settings }),
            Some(old) if old.settings != new.settings => {
                edits.push(Edit::UpdateSettings { hostname: hostname(), role, settings });
            }
            Some(_) => {}
        }
    }
}

fn services_between(base: &Topology, desired: &Topology, edits: &mut Vec<Edit>) {
    let old: BTreeMap<&str, _> = base.services.iter().map(|service| (service.name.as_str(), service)).collect();
    let new: BTreeMap<&str, _> = desired.services.iter().map(|service| (service.name.as_str(), service)).collect();
    for (&name, before) in &old {
        match new.get(name) {
            Some(after) if after.role == before.role => {
                if after.settings != before.settings {
                    edits.push(Edit::UpdateService { name: name.to_owned(), settings: after.settings.clone() });
                }
            }
            // A service that changes its role is another service of the same name.
            Some(_) | None => edits.push(Edit::RemoveService { name: name.to_owned() }),
        }
    }
    for (&name, after) in &new {
        if old.get(name).is_none_or(|before| before.role != after.role) {
            edits.push(Edit::AddService { service: (*after).clone() });
        }
    }
}

/// Renames in an order in which every new name is free; where names go round in a circle, one waits under another name.
fn in_free_order(renames: &[(String, String)], base: &Topology, desired: &Topology) -> Vec<(String, String)> {
    let by_old: HashMap<String, usize> =
        renames.iter().enumerate().map(|(index, (from, _))| (from.to_ascii_lowercase(), index)).collect();
    let mut ordered = Vec::with_capacity(renames.len());
    let mut done = vec![false; renames.len()];
    let mut waiting = WaitingNames::default();
    for start in 0..renames.len() {
        if done[start] {
            continue;
        }
        let mut chain = vec![start];
        done[start] = true;
        let mut circle = false;
        while let Some(&last) = chain.last() {
            match by_old.get(&renames[last].1.to_ascii_lowercase()) {
                Some(&next) if next == last => break,
                Some(&next) if next == start => {
                    circle = true;
                    break;
                }
                Some(&next) if !done[next] => {
                    done[next] = true;
                    chain.push(next);
                }
                Some(_) | None => break,
            }
        }
        let (from, to) = renames[start].clone();
        if circle {
            let meanwhile = waiting.next(base, desired);
            ordered.push((from, meanwhile.clone()));
            ordered.extend(chain[1..].iter().rev().map(|&index| renames[index].clone()));
            ordered.push((meanwhile, to));
        } else {
            ordered.extend(chain.iter().rev().map(|&index| renames[index].clone()));
        }
    }
    ordered
}

/// Hostnames that neither topology has.
#[derive(Default)]
struct WaitingNames {
    taken: Option<HashSet<String>>,
    counter: usize,
}

impl WaitingNames {
    fn next(&mut self, base: &Topology, desired: &Topology) -> String {
        let nodes = base.nodes.iter().chain(&desired.nodes);
        let taken = self.taken.get_or_insert_with(|| nodes.map(|node| node.hostname.to_ascii_lowercase()).collect());
        loop {
            self.counter += 1;
            let name = format!("being-renamed-{}", self.counter);
            if !taken.contains(&name) {
                return name;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use crate::digest;
    use crate::edit::replay;
    use crate::sample;

    fn with_ids(names: &[(&str, &str)]) -> Topology {
        let mut topology = Topology::empty("lab");
        for (index, (id, hostname)) in names.iter().enumerate() {
            let mut node = sample::node(hostname, &format!("10.0.0.{}", index + 1));
            node.id = Some((*id).to_owned());
            topology.nodes.push(node);
        }
        topology
    }

    #[test]
    fn swapped_and_shifted_names_replay() {
        for desired in [
            with_ids(&[("1", "b"), ("2", "a"), ("3", "c")]),
            with_ids(&[("1", "b"), ("2", "c"), ("3", "d")]),
            with_ids(&[("1", "b"), ("2", "c"), ("3", "a")]),
            with_ids(&[("2", "c"), ("3", "b"), ("4", "a")]),
        ] {
            let base = with_ids(&[("1", "a"), ("2", "b"), ("3", "c")]);
            let replayed = replay(&base, &between(&base, &desired), Catalogue::built_in()).expect("fits");
            assert_eq!(digest::of_topology(&replayed), digest::of_topology(&desired));
        }
    }

    #[test]
    fn equal_topologies_need_no_edit() {
        let topology = sample::healthy();
        assert_eq!(between(&topology, &topology), Vec::new());
    }

    #[test]
    fn a_service_that_changes_its_role_is_replaced() {
        let base = sample::healthy();
        let mut desired = base.clone();
        desired.services[0].role = "queue".into();
        desired.services[0].settings.clear();
        let edits = between(&base, &desired);
        assert!(matches!(&edits[..], [Edit::RemoveService { .. }, Edit::AddService { .. }]));
        assert_eq!(replay(&base, &edits, Catalogue::built_in()).expect("fits"), desired);
    }
}
