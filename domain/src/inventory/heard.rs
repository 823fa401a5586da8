//! What is said and comes to nothing: variables that would say something of a topology and say nothing where they stand, and
//! those that are said in several ways. Both are told, since whoever wrote them thinks otherwise.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::model::{Host, Inventory, OF_ALL, Owner, PRIORITY};
use super::resolve::{Facts, Resolved};
use super::said::{shown, unsafe_text};
use super::{Unmapped, What};

/// Which variables of groups said something of a host that they reached.
#[derive(Default)]
pub(super) struct Heard {
    used: HashSet<(usize, &'static str)>,
    /// With why they said nothing of the first that they reached.
    unused: BTreeMap<(usize, &'static str), String>,
}

/// Something about a host that could not be used.
pub(super) fn of_host(host: &Host, why: String) -> Unmapped {
    Unmapped { what: What::Host { name: host.name.clone(), why }, line: host.line }
}

fn of_group(inventory: &Inventory, number: usize, why: String, line: Option<usize>) -> Unmapped {
    Unmapped { what: What::GroupVariable { name: inventory.groups[number].name.clone(), why }, line }
}

fn not_used(name: &str, why: &str) -> String {
    format!("its `{name}` is not used: {why}")
}

impl Heard {
    /// Takes up what came to nothing at a host; gives what the host said itself.
    pub(super) fn of_host(
        &mut self,
        facts: &Facts<'_>,
        unused: Vec<(&'static str, String)>,
    ) -> impl Iterator<Item = String> {
        let is_unused = |name: &str| unused.iter().any(|(unused, _)| *unused == name);
        for (name, group) in &facts.from {
            if !is_unused(name) {
                self.used.insert((*group, *name));
            }
        }
        let mut own = Vec::new();
        for (name, why) in unused {
            match facts.from.get(name) {
                Some(group) => {
                    self.unused.entry((*group, name)).or_insert(why);
                }
                None => own.push(not_used(name, &why)),
            }
        }
        own.into_iter()
    }

    /// What groups say and no host got anything from. What a deeper group or a host says otherwise is not among it: to be
    /// what holds where nothing else is said is the use of a group.
    pub(super) fn of_groups(
        self,
        inventory: &Inventory,
        resolved: &Resolved<'_>,
        availability_groups: &[String],
    ) -> Vec<Unmapped> {
        // An availability group that the topology has can be empty.
        let known: HashSet<&str> = availability_groups.iter().map(String::as_str).collect();
        let name_of = |value: &Value| match value {
            Value::Object(items) => unsafe_text(items).cloned(),
            value => value.as_str().map(str::to_owned),
        };
        let is_known = |value: &Value| name_of(value).is_some_and(|name| known.contains(name.as_str()));
        let with_hosts = resolved.with_hosts();
        let mut told = self.unused;
        told.retain(|key, _| !self.used.contains(key));
        for (number, group) in inventory.groups.iter().enumerate().filter(|(number, _)| !with_hosts[*number]) {
            let says_much = |name: &str| name == PRIORITY || OF_ALL.contains(&name);
            let vars = group.vars.iter().filter(|(name, value)| {
                !(value.is_null() || says_much(name) || (**name == "availability_group" && is_known(value)))
            });
            told.extend(vars.map(|(name, _)| ((number, *name), "no host is in the group".to_owned())));
        }
        told.into_iter()
            .map(|((number, name), why)| {
                of_group(inventory, number, not_used(name, &why), inventory.groups[number].line)
            })
            .collect()
    }
}

/// What is said in several ways.
pub(super) fn contradictions(inventory: &Inventory) -> impl Iterator<Item = Unmapped> {
    inventory.contradictions.iter().map(|((owner, name), contradiction)| {
        let vars = match *owner {
            Owner::Host(host) => &inventory.hosts[host].vars,
            Owner::Group(group) => &inventory.groups[group].vars,
        };
        let (first, last) = (shown(&contradiction.first), vars.get(name).map(|value| shown(value)).unwrap_or_default());
        let why = format!("its `{name}` is said in several ways: `{first}` first, and `{last}` last, which is taken");
        match *owner {
            Owner::Host(host) => Unmapped { line: contradiction.line, ..of_host(&inventory.hosts[host], why) },
            Owner::Group(group) => of_group(inventory, group, why, contradiction.line),
        }
    })
}
