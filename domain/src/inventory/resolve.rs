//! What groups pass on: variables and roles, from parents to children and at last to hosts, as Ansible does it.
//!
//! Each group's share is worked out once, from its parents' shares, so that deep and wide inventories cost no more
//! than their number of memberships.

use std::collections::BTreeMap;

use serde_json::Value;

use super::mapping::{Mapping, Meaning};
use super::model::{ALL, Group, Host, Inventory, PRIORITY, Place, Vars};
use super::said::shown;
use crate::catalogue::Catalogue;
use crate::file::FileError;
use crate::text::excerpt;
use crate::topology::{RoleId, SettingValue, Settings};

/// Roles with the settings that groups give them; `None` where two groups contradict each other.
type Roles = BTreeMap<RoleId, BTreeMap<String, Option<SettingValue>>>;

/// The group that says a variable.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct SaidBy<'i> {
    depth: usize,
    priority: i64,
    name: &'i str,
    number: usize,
}

/// What a group passes on.
#[derive(Clone, Default)]
struct Share<'i> {
    /// The deepest group says the value; among equally deep ones that of the highest priority, and then the last by name.
    vars: BTreeMap<&'static str, (SaidBy<'i>, &'i Value)>,
    roles: Roles,
}

impl<'i> Share<'i> {
    fn take(&mut self, other: &Self) {
        for (name, (from, value)) in &other.vars {
            match self.vars.get(name) {
                Some((already, _)) if already >= from => {}
                _ => {
                    self.vars.insert(name, (*from, value));
                }
            }
        }
        for (role, settings) in &other.roles {
            add_role(&mut self.roles, role, settings.iter().map(|(name, value)| (name, value.as_ref())));
        }
    }
}

fn add_role<'s>(
    roles: &mut Roles,
    role: &RoleId,
    settings: impl Iterator<Item = (&'s String, Option<&'s SettingValue>)>,
) {
    if !roles.contains_key(role) {
        roles.insert(role.clone(), BTreeMap::new());
    }
    let Some(kept) = roles.get_mut(role) else { return };
    for (name, value) in settings {
        match kept.get_mut(name) {
            None => {
                kept.insert(name.clone(), value.cloned());
            }
            Some(already) if already.as_ref() != value => *already = None,
            Some(_) => {}
        }
    }
}

/// The groups of an inventory with what they pass on.
pub(super) struct Resolved<'i> {
    inventory: &'i Inventory,
    shares: Vec<Share<'i>>,
    /// The groups, parents before their children.
    order: Vec<usize>,
    /// Groups that are a role, or known to be none.
    pub mapped: Vec<bool>,
}

/// One host with everything that is said of it.
pub(super) struct Facts<'i> {
    pub host: &'i Host,
    pub vars: BTreeMap<&'static str, &'i Value>,
    /// The groups that say those which the host does not say itself.
    pub from: BTreeMap<&'static str, usize>,
    pub roles: BTreeMap<RoleId, Settings>,
    /// Settings of roles about which its groups say different things.
    pub unsure: Vec<(RoleId, String)>,
}

impl<'i> Resolved<'i> {
    /// Fails where a group is its own descendant.
    pub fn of(inventory: &'i Inventory, mapping: &Mapping, catalogue: &Catalogue) -> Result<Self, FileError> {
        let groups = &inventory.groups;
        let mut parents: Vec<Vec<usize>> = vec![Vec::new(); groups.len()];
        for (parent, group) in groups.iter().enumerate() {
            for (child, _) in &group.children {
                parents[*child].push(parent);
            }
        }
        let mut depths = vec![0usize; groups.len()];
        let mut shares: Vec<Share<'i>> = vec![Share::default(); groups.len()];
        let mut mapped = vec![false; groups.len()];
        let order = order(inventory)?;
        for &number in &order {
            let group = &groups[number];
            let above: &[usize] = if parents[number].is_empty() && number != ALL { &[ALL] } else { &parents[number] };
            let mut share = Share::default();
            for &parent in above {
                depths[number] = depths[number].max(depths[parent] + 1);
                share.take(&shares[parent]);
            }
            let priority = priority(group)?;
            for (name, value) in group.vars.iter().filter(|(name, _)| **name != PRIORITY) {
                let from = SaidBy { depth: depths[number], priority, name: &group.name, number };
                share.vars.insert(name, (from, value));
            }
            // `all` and `ungrouped` are Ansible's own, whatever a mapping calls a role.
            if number != ALL && group.name != "ungrouped" {
                match mapping.meaning(&group.name, catalogue) {
                    Meaning::Role(target) => {
                        let settings = target.settings.iter().map(|(name, value)| (name, Some(value)));
                        add_role(&mut share.roles, &target.role, settings);
                        mapped[number] = true;
                    }
                    Meaning::NoRole => mapped[number] = true,
                    Meaning::Unknown => {}
                }
            }
            shares[number] = share;
        }
        Ok(Self { inventory, shares, order, mapped })
    }

    /// What is said of a host by itself and by its groups.
    pub fn facts(&self, host: &'i Host) -> Facts<'i> {
        let mut share = Share::default();
        let groups: &[usize] = if host.groups.is_empty() { &[ALL] } else { &host.groups };
        groups.iter().for_each(|group| share.take(&self.shares[*group]));
        let is_own = |name: &&'static str| host.vars.contains_key(name);
        let from = share.vars.iter().filter(|(name, _)| !is_own(name)).map(|(name, (from, _))| (*name, from.number));
        let from: BTreeMap<_, _> = from.collect();
        let mut vars: BTreeMap<_, _> = share.vars.into_iter().map(|(name, (_, value))| (name, value)).collect();
        vars.extend(host.vars.iter().map(|(name, value)| (*name, &**value)));
        let (mut roles, mut unsure) = (BTreeMap::new(), Vec::new());
        for (role, settings) in share.roles {
            let mut sure = Settings::new();
            for (name, value) in settings {
                match value {
                    Some(value) => drop(sure.insert(name, value)),
                    None => unsure.push((role.clone(), name)),
                }
            }
            roles.insert(role, sure);
        }
        Facts { host, vars, from, roles, unsure }
    }

    /// Which groups have a host, themselves or below them.
    pub fn with_hosts(&self) -> Vec<bool> {
        let groups = &self.inventory.groups;
        let mut with: Vec<bool> = groups.iter().map(|group| group.hosts > 0).collect();
        for &number in self.order.iter().rev() {
            with[number] |= groups[number].children.iter().any(|(child, _)| with[*child]);
        }
        with[ALL] = !self.inventory.hosts.is_empty();
        with
    }

    /// A variable that is about the whole topology: `all` says it, or, once `ansible-inventory` has handed it down,
    /// every host.
    ///
    /// # Errors
    /// Where two of them say different things: there is one topology.
    pub fn of_all(&self, name: &'static str) -> Result<Option<&'i Value>, FileError> {
        let groups = self.inventory.groups.iter().map(|group| ("group", &group.name, &group.vars));
        let hosts = self.inventory.hosts.iter().map(|host| ("host", &host.name, &host.vars));
        let said = |(kind, owner, vars): (_, _, &'i Vars)| Some((kind, owner, &**vars.get(name)?));
        let mut said = groups.chain(hosts).filter_map(said);
        let Some((kind, owner, value)) = said.next() else { return Ok(None) };
        match said.find(|(_, _, other)| *other != value) {
            None => Ok(Some(value)),
            Some((other_kind, other, _)) => {
                let (owner, other) = (excerpt(owner, 80), excerpt(other, 80));
                Err(FileError::of_file(format!(
                    "`{name}` is about the whole topology, and the {kind} `{owner}` says something else than the \
                     {other_kind} `{other}`"
                )))
            }
        }
    }
}

/// Whether the variables of a group come before those of others that are as deep as it.
fn priority(group: &Group) -> Result<i64, FileError> {
    let number = match group.vars.get(PRIORITY).map(|value| &**value) {
        None | Some(Value::Null) => return Ok(1),
        Some(Value::Number(number)) => number.as_i64(),
        Some(Value::String(said)) => said.trim().parse().ok(),
        Some(_) => None,
    };
    number.ok_or_else(|| {
        let value = group.vars.get(PRIORITY).map(|value| shown(value)).unwrap_or_default();
        let name = excerpt(&group.name, 80);
        FileError::of_file(format!("the group `{name}` has the `{PRIORITY}` `{value}`, which is no whole number"))
    })
}

/// Groups in an order in which parents come before their children.
fn order(inventory: &Inventory) -> Result<Vec<usize>, FileError> {
    let groups = &inventory.groups;
    let mut waiting_for = vec![0usize; groups.len()];
    for group in groups {
        for (child, _) in &group.children {
            waiting_for[*child] += 1;
        }
    }
    let mut order: Vec<usize> = Vec::with_capacity(groups.len());
    // `all` is above every group, so nothing can be above it.
    let above_all = groups.iter().flat_map(|group| &group.children).find(|(child, _)| *child == ALL);
    if let Some((_, place)) = above_all {
        return Err(at(*place, "the group `all` is above every other group, and no child of one".to_owned()));
    }
    order.push(ALL);
    order.extend((0..groups.len()).filter(|&number| number != ALL && waiting_for[number] == 0));
    let mut next = 0;
    while let Some(&number) = order.get(next) {
        next += 1;
        for (child, _) in &groups[number].children {
            waiting_for[*child] -= 1;
            if waiting_for[*child] == 0 {
                order.push(*child);
            }
        }
    }
    if order.len() == groups.len() { Ok(order) } else { Err(circle(inventory, &waiting_for)) }
}

/// The error for a group that is its own descendant: one on the circle, and where it is named as a child.
fn circle(inventory: &Inventory, waiting_for: &[usize]) -> FileError {
    let groups = &inventory.groups;
    // Everything that still waits is on a circle or below one; walking up from it ends on a circle.
    let mut parent_of: Vec<Option<(usize, Option<Place>)>> = vec![None; groups.len()];
    for (parent, group) in groups.iter().enumerate().filter(|(parent, _)| waiting_for[*parent] > 0) {
        for (child, place) in &group.children {
            parent_of[*child] = Some((parent, *place));
        }
    }
    let mut number = (0..groups.len()).find(|&number| waiting_for[number] > 0).unwrap_or(ALL);
    let mut seen = vec![false; groups.len()];
    while !seen[number] {
        seen[number] = true;
        number = parent_of[number].map_or(number, |(parent, _)| parent);
    }
    let (parent, place) = parent_of[number].map_or((number, None), |(parent, place)| (parent, place));
    let message = format!(
        "the groups go round in a circle: `{}` is a child of `{}`, which is below it",
        excerpt(&groups[number].name, 80),
        excerpt(&groups[parent].name, 80)
    );
    at(place, message)
}

fn at(place: Option<Place>, message: String) -> FileError {
    FileError { line: place.map(|place| place.line), column: place.map(|place| place.column), message }
}
