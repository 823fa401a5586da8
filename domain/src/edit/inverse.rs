//! The way back from an edit.

use std::collections::BTreeSet;

use super::apply::settings_naming;
use super::index::{Indexed, View};
use super::{Edit, EditError, NodeFacts, ReplayError, apply, apply_each, named_by};
use crate::catalogue::Catalogue;
use crate::topology::{Assignment, RoleId, Settings, Topology};

/// Applies the edit; gives the edits that lead back to what was there, up to the order of lists.
///
/// # Errors
/// As [`apply`]; the topology stays as it was.
pub fn apply_with_inverse(topology: &mut Topology, edit: &Edit, catalogue: &Catalogue) -> Result<Vec<Edit>, EditError> {
    let back = inverse(View::plain(topology), edit, catalogue);
    apply(topology, edit, catalogue)?;
    Ok(back)
}

/// Edits that were applied together.
#[derive(Clone, Debug)]
pub(crate) struct Applied {
    /// The edits that lead back.
    pub(crate) back: Vec<Edit>,
    /// What those are about, as it was left.
    pub(crate) left: Topology,
    /// Places of edits that changed nothing, from 0.
    pub(crate) idle: BTreeSet<usize>,
}

/// Applies edits that follow each other, all or none.
///
/// # Errors
/// The first that does not fit; the topology stays as it was, with its order.
pub(crate) fn apply_all<'a>(
    topology: &mut Topology,
    edits: impl Iterator<Item = &'a Edit> + Clone,
    catalogue: &Catalogue,
) -> Result<Applied, ReplayError> {
    // On the part that they are about, first: where one does not fit, nothing has happened.
    let mut part = Indexed::new(named_by(topology, edits.clone()), edits.clone().count());
    let mut steps: Vec<Vec<Edit>> = Vec::new();
    let mut idle = BTreeSet::new();
    for (place, edit) in edits.clone().enumerate() {
        let step = inverse(part.view(), edit, catalogue);
        part.apply(edit, catalogue).map_err(|error| ReplayError { position: place + 1, error })?;
        // An edit that is its own way back changes nothing.
        match step.as_slice() {
            [back] if back == edit => drop(idle.insert(place)),
            _ => steps.push(step),
        }
    }
    apply_each(topology, edits, catalogue)?;
    let back: Vec<Edit> = steps.into_iter().rev().flatten().collect();
    let left = part.named(&back);
    Ok(Applied { back, left, idle })
}

/// The way back from an edit that fits `before`; of one that does not, nothing of use.
fn inverse(before: View<'_>, edit: &Edit, catalogue: &Catalogue) -> Vec<Edit> {
    let node = |hostname: &str| before.node(hostname);
    let one = match edit {
        Edit::AddNode { node } => Some(Edit::RemoveNode { hostname: node.hostname.clone() }),
        Edit::UpdateNode { hostname, .. } => node(hostname)
            .map(|node| Edit::UpdateNode { hostname: node.hostname.clone(), facts: NodeFacts::from(node) }),
        Edit::RenameNode { from, to } => {
            node(from).map(|node| Edit::RenameNode { from: to.clone(), to: node.hostname.clone() })
        }
        Edit::RemoveNode { hostname } => node(hostname).map(|node| Edit::AddNode { node: node.clone() }),
        Edit::AddGroup { name } => Some(Edit::RemoveGroup { name: name.clone() }),
        Edit::RenameGroup { from, to } => return group_named_back(before, from, to, catalogue),
        Edit::RemoveGroup { name } => Some(Edit::AddGroup { name: name.clone() }),
        Edit::AssignRole { hostname, role, .. } => {
            Some(Edit::UnassignRole { hostname: hostname.clone(), role: role.clone() })
        }
        Edit::UpdateSettings { hostname, role, .. } => {
            node(hostname).and_then(|node| node.assignment(role.as_str())).map(|assignment| Edit::UpdateSettings {
                hostname: hostname.clone(),
                role: role.clone(),
                settings: assignment.settings.clone(),
            })
        }
        Edit::UnassignRole { hostname, role } => {
            node(hostname).and_then(|node| node.assignment(role.as_str())).map(|assignment| Edit::AssignRole {
                hostname: hostname.clone(),
                role: role.clone(),
                settings: assignment.settings.clone(),
            })
        }
        Edit::AddService { service } => Some(Edit::RemoveService { name: service.name.clone() }),
        Edit::UpdateService { name, .. } => before
            .service(name)
            .map(|service| Edit::UpdateService { name: name.clone(), settings: service.settings.clone() }),
        Edit::RemoveService { name } => {
            before.service(name).map(|service| Edit::AddService { service: service.clone() })
        }
    };
    one.into_iter().collect()
}

/// Back to the old name. Whatever named a group of the new name before there was one is taken along by the rename back,
/// so it is set right after it.
fn group_named_back(before: View<'_>, from: &str, to: &str, catalogue: &Catalogue) -> Vec<Edit> {
    let mut back = vec![Edit::RenameGroup { from: to.to_owned(), to: from.to_owned() }];
    if from == to {
        return back;
    }
    let names_it = |role: &RoleId, settings: &Settings| settings_naming(role, settings, to, catalogue).next().is_some();
    let (nodes, services) = before.naming(to);
    for node in nodes {
        let naming = node.roles.iter().filter(|assignment| names_it(&assignment.role, &assignment.settings));
        back.extend(naming.map(|Assignment { role, settings }| Edit::UpdateSettings {
            hostname: node.hostname.clone(),
            role: role.clone(),
            settings: settings.clone(),
        }));
    }
    let naming = services.into_iter().filter(|service| names_it(&service.role, &service.settings));
    back.extend(
        naming.map(|service| Edit::UpdateService { name: service.name.clone(), settings: service.settings.clone() }),
    );
    back
}
