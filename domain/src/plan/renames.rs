//! Availability groups that only got another name.
//!
//! Two topologies hold no edits, so a renamed group looks like one that is gone and one that is new, with all nodes
//! moved. Taken for that it would cost a rebalance; taken for what it is it costs nothing.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::census::{Counts, group_of};
use crate::catalogue::{Catalogue, Role};
use crate::topology::{Node, RoleId, SettingValue, Settings, Topology};

/// Old and new names.
pub(super) struct Renames<'a> {
    catalogue: &'a Catalogue,
    /// By old name.
    new_names: BTreeMap<&'a str, &'a str>,
}

impl<'a> Renames<'a> {
    /// Takes a group for renamed where the old name is gone, the new one is there, and all that were in the old one are
    /// in the new one, and nobody else. `removed` and `added` are the names that only one side has.
    pub fn between(
        (base, desired): (&'a Topology, &'a Topology),
        (removed, added): (&BTreeSet<&'a str>, &BTreeSet<&'a str>),
        changed: &[(&'a Node, &'a Node)],
        counts: &Counts<'a>,
        catalogue: &'a Catalogue,
    ) -> Self {
        let mut renames = Self { catalogue, new_names: BTreeMap::new() };
        if removed.is_empty() || added.is_empty() {
            return renames;
        }
        let on_nodes = changed.iter().flat_map(|(before, after)| {
            before.roles.iter().filter_map(|old| {
                let new = after.assignment(old.role.as_str())?;
                Some((&old.role, &old.settings, &new.settings))
            })
        });
        let outside = base.services.iter().filter_map(|old| {
            let new = desired.service(&old.name).filter(|new| new.role == old.role)?;
            Some((&old.role, &old.settings, &new.settings))
        });
        let mut went: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for (role, before, after) in on_nodes.chain(outside) {
            let Some(role) = renames.grouped(role) else { continue };
            if let (Some(from), Some(to)) = (group_of(role, before), group_of(role, after))
                && removed.contains(from)
                && added.contains(to)
            {
                *went.entry((from, to)).or_default() += 1;
            }
        }
        let is_rename = |&(&(from, to), &number): &(&(&str, &str), &usize)| {
            let all_went = number == counts.before.members(from) && number == counts.after.members(to);
            // A name that somebody uses without there being such a group would be one group on one side and two on the other.
            all_went && counts.before.members(to) == 0 && counts.after.members(from) == 0
        };
        renames.new_names = went.iter().filter(is_rename).map(|(&names, _)| names).collect();
        renames
    }

    fn grouped(&self, role: &RoleId) -> Option<&'a Role> {
        self.catalogue.role(role.as_str()).filter(|role| role.group.is_some())
    }

    /// Old and new name of each.
    pub fn names(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.new_names.iter().map(|(&from, &to)| (from, to))
    }

    /// Settings of the base as they are once groups have their new names.
    pub fn followed(&self, role: &RoleId, settings: &'a Settings) -> Cow<'a, Settings> {
        if !self.new_names.is_empty()
            && let Some(role) = self.grouped(role)
            && let Some(rule) = &role.group
            && let Some(&to) = group_of(role, settings).and_then(|group| self.new_names.get(group))
        {
            let mut settings = settings.clone();
            settings.insert(rule.setting.clone(), SettingValue::Text(to.to_owned()));
            return Cow::Owned(settings);
        }
        Cow::Borrowed(settings)
    }
}
