//! Does an edit all the same where it conflicts with what others did.

use super::carry::{carry_between, now_of};
use super::index::{Indexed, View};
use super::merge::Both;
use super::{Conflict, Edit, EditError, NodeFacts, replay};
use crate::catalogue::Catalogue;
use crate::topology::{Node, Service, Settings, Topology};

/// The edits that do what the author wanted whatever others did: what was removed is made again as the author saw it,
/// what was set otherwise is set as the author wanted. What the author did not change stays as others made it. They may
/// still not fit.
pub fn force(edit: &Edit, seen: &Topology, now: &Topology) -> Vec<Edit> {
    force_between(edit, View::plain(seen), View::plain(now))
}

/// Carries one edit of many to `now`.
///
/// # Errors
/// Why it cannot be carried; `now` is then as it was.
pub(crate) fn carry_on(
    edit: &Edit,
    seen: &Indexed,
    now: &mut Indexed,
    catalogue: &Catalogue,
) -> Result<Option<Edit>, Conflict> {
    let carried = carry_between(edit, seen.view(), now.view())?;
    if let Some(edit) = &carried {
        now.apply(edit, catalogue)?;
    }
    Ok(carried)
}

/// Does one edit of many on `now` by force; gives what it became.
///
/// # Errors
/// Where it does not fit even so; `now` is then as it was.
pub(crate) fn force_on(
    edit: &Edit,
    seen: &Indexed,
    now: &mut Indexed,
    catalogue: &Catalogue,
) -> Result<Vec<Edit>, EditError> {
    let forced = force_between(edit, seen.view(), now.view());
    if forced.len() > 1 {
        // The second may not fit; the first must not have happened then.
        replay(&now.named(&forced), &forced, catalogue).map_err(|error| error.error)?;
    }
    for edit in &forced {
        now.apply(edit, catalogue)?;
    }
    Ok(forced)
}

fn force_between(edit: &Edit, seen: View<'_>, now: View<'_>) -> Vec<Edit> {
    match edit {
        Edit::UpdateNode { hostname, .. }
        | Edit::RemoveNode { hostname }
        | Edit::AssignRole { hostname, .. }
        | Edit::UpdateSettings { hostname, .. }
        | Edit::UnassignRole { hostname, .. }
        | Edit::RenameNode { from: hostname, .. } => {
            let removes = matches!(edit, Edit::RemoveNode { .. } | Edit::UnassignRole { .. });
            match (seen.node(hostname), now_of(seen, now, hostname)) {
                (Some(_), None) if removes => Vec::new(),
                (Some(before), None) => vec![Edit::AddNode { node: before.clone() }, edit.clone()],
                (before, Some(node)) => on_node(edit, before, node).into_iter().collect(),
                (None, None) => vec![edit.clone()],
            }
        }
        Edit::RenameGroup { from, .. } if seen.has_group(from) && !now.has_group(from) => {
            vec![Edit::AddGroup { name: from.clone() }, edit.clone()]
        }
        Edit::RemoveGroup { name } if seen.has_group(name) && !now.has_group(name) => Vec::new(),
        Edit::UpdateService { name, settings } => on_service(name, edit, settings, seen, now),
        Edit::RemoveService { name } if now.service(name).is_none() => Vec::new(),
        Edit::AddNode { .. }
        | Edit::AddGroup { .. }
        | Edit::RenameGroup { .. }
        | Edit::RemoveGroup { .. }
        | Edit::AddService { .. }
        | Edit::RemoveService { .. } => vec![edit.clone()],
    }
}

/// The edit about a node that is there, under the name that it has now.
fn on_node(edit: &Edit, before: Option<&Node>, node: &Node) -> Option<Edit> {
    let hostname = node.hostname.clone();
    match edit {
        Edit::UpdateNode { facts, .. } => {
            let is = NodeFacts::from(node);
            let before = before.map_or_else(|| is.clone(), NodeFacts::from);
            let facts = Both::AuthorWins.facts(&before, facts, &is, &hostname).unwrap_or_else(|_| facts.clone());
            Some(Edit::UpdateNode { hostname, facts })
        }
        Edit::RenameNode { to, .. } => Some(Edit::RenameNode { from: hostname, to: to.clone() }),
        Edit::RemoveNode { .. } => Some(Edit::RemoveNode { hostname }),
        Edit::AssignRole { role, settings, .. } | Edit::UpdateSettings { role, settings, .. } => {
            let was = before.and_then(|before| before.assignment(role.as_str()));
            let (role, settings) = (role.clone(), settings.clone());
            Some(match (was, node.assignment(role.as_str())) {
                (_, None) => Edit::AssignRole { hostname, role, settings },
                (None, Some(_)) => Edit::UpdateSettings { hostname, role, settings },
                (Some(was), Some(is)) => {
                    let merged = Both::AuthorWins.settings(&was.settings, &settings, &is.settings, &role, &hostname);
                    Edit::UpdateSettings { hostname, role, settings: merged.unwrap_or(settings) }
                }
            })
        }
        Edit::UnassignRole { role, .. } => {
            node.assignment(role.as_str()).map(|_| Edit::UnassignRole { hostname, role: role.clone() })
        }
        other => Some(other.clone()),
    }
}

/// New settings of a service, which is made again where it went or has another role now.
fn on_service(name: &str, edit: &Edit, settings: &Settings, seen: View<'_>, now: View<'_>) -> Vec<Edit> {
    let (Some(before), there) = (seen.service(name), now.service(name)) else {
        return vec![edit.clone()];
    };
    let again = Edit::AddService { service: Service { settings: settings.clone(), ..before.clone() } };
    match there {
        None => vec![again],
        Some(there) if there.role != before.role => vec![Edit::RemoveService { name: name.to_owned() }, again],
        Some(there) => {
            let merged = Both::AuthorWins.settings(&before.settings, settings, &there.settings, &there.role, name);
            let settings = merged.unwrap_or_else(|_| settings.clone());
            vec![Edit::UpdateService { name: name.to_owned(), settings }]
        }
    }
}
