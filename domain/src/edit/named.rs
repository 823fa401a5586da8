//! What edits are about.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::Edit;
use super::index::View;
use crate::pairing::lower_case;
use crate::topology::{Node, SettingValue, Settings, Topology};

/// The part of a topology that edits are about: the nodes and services that they name, and, where they are about
/// availability groups, all groups with what is in those that they name. What fits this part fits the whole.
pub fn named(topology: &Topology, edits: &[Edit]) -> Topology {
    Names::of(edits).part_of(View::plain(topology))
}

/// [`named`] of edits that are not in one list.
pub(crate) fn named_by<'a>(topology: &Topology, edits: impl IntoIterator<Item = &'a Edit>) -> Topology {
    Names::of(edits).part_of(View::plain(topology))
}

/// Names in edits.
pub(super) struct Names<'a> {
    /// In lower case.
    nodes: BTreeSet<Cow<'a, str>>,
    /// Of nodes that have another name by now.
    ids: BTreeSet<&'a str>,
    services: BTreeSet<&'a str>,
    /// Groups that are renamed or go: what is in them goes along.
    groups: BTreeSet<&'a str>,
    is_about_groups: bool,
}

impl<'a> Names<'a> {
    pub(super) fn of(edits: impl IntoIterator<Item = &'a Edit>) -> Self {
        let (nodes, ids, services, groups) = Default::default();
        let mut names = Self { nodes, ids, services, groups, is_about_groups: false };
        for edit in edits {
            names.add(edit);
        }
        names
    }

    fn add(&mut self, edit: &'a Edit) {
        match edit {
            Edit::AddNode { node } => {
                self.nodes.insert(lower_case(&node.hostname));
                self.ids.extend(node.id.as_deref());
            }
            Edit::UpdateNode { hostname, .. }
            | Edit::RemoveNode { hostname }
            | Edit::AssignRole { hostname, .. }
            | Edit::UpdateSettings { hostname, .. }
            | Edit::UnassignRole { hostname, .. } => {
                self.nodes.insert(lower_case(hostname));
            }
            Edit::RenameNode { from, to } => self.nodes.extend([lower_case(from), lower_case(to)]),
            Edit::AddService { service } => {
                self.services.insert(&service.name);
            }
            Edit::UpdateService { name, .. } | Edit::RemoveService { name } => {
                self.services.insert(name);
            }
            Edit::AddGroup { .. } => self.is_about_groups = true,
            Edit::RenameGroup { from, to } => {
                self.is_about_groups = true;
                self.groups.extend([from.as_str(), to.as_str()]);
            }
            Edit::RemoveGroup { name } => {
                self.is_about_groups = true;
                self.groups.insert(name);
            }
        }
    }

    /// With the names that those nodes may have by now which the edits are about.
    pub(super) fn and_those_seen(mut self, seen: &'a Topology) -> Self {
        let meant: Vec<&Node> = seen.nodes.iter().filter(|node| self.has(node)).collect();
        for node in meant {
            self.nodes.insert(lower_case(&node.hostname));
            self.ids.extend(node.id.as_deref());
        }
        self
    }

    pub(super) fn part_of(&self, view: View<'_>) -> Topology {
        let is_meant = |service: &str, settings| self.services.contains(service) || self.is_in_group(settings);
        Topology {
            environment: view.environment().to_owned(),
            availability_groups: if self.is_about_groups { view.groups().cloned().collect() } else { Vec::new() },
            nodes: view.nodes().filter(|node| self.has(node)).cloned().collect(),
            services: view.services().filter(|service| is_meant(&service.name, &service.settings)).cloned().collect(),
        }
    }

    fn has(&self, node: &Node) -> bool {
        self.nodes.contains(&lower_case(&node.hostname))
            || node.id.as_deref().is_some_and(|id| self.ids.contains(id))
            || node.roles.iter().any(|assignment| self.is_in_group(&assignment.settings))
    }

    /// Whether a setting has one of the groups for its text. That other settings can have it by chance does no harm.
    fn is_in_group(&self, settings: &Settings) -> bool {
        let is_one = |value: &SettingValue| value.as_text().is_some_and(|text| self.groups.contains(text));
        !self.groups.is_empty() && settings.values().any(is_one)
    }
}
