//! Carries an edit from the topology that its author saw to the one that others have made of it meanwhile.
//!
//! An edit says what a thing is from now on, not what its author changed about it. Applied as it stands, it would undo
//! what others did to the same thing in the meantime, and nobody would be told. So what the author changed is found by
//! comparing the edit with what they saw, and only that is changed now.

use super::index::{Indexed, View};
use super::merge::{Both, told};
use super::named::Names;
use super::{Edit, EditError, NodeFacts, ReplayError, apply_each};
use crate::catalogue::Catalogue;
use crate::topology::{Assignment, Node, RoleId, Service, SettingValue, Settings, Topology};

/// Why an edit cannot be carried over without losing what somebody did.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// Both gave the same thing another value.
    #[error("The {what} of {of} was set to {theirs} meanwhile.")]
    BothChanged {
        /// `site`, `memory`, `replication of sql`.
        what: String,
        /// The node or service.
        of: String,
        /// The value that it has now.
        theirs: String,
    },
    /// What it is about was removed.
    #[error("{what} was removed meanwhile.")]
    Gone {
        /// `sql-2.example.net`, `The role queue of sql-2.example.net`.
        what: String,
    },
    /// It removes what was changed since its author looked.
    #[error("{what} was changed meanwhile; removing it would lose that.")]
    ChangedSince {
        /// The node, role or service.
        what: String,
    },
    /// It does not fit, whoever came first.
    #[error(transparent)]
    Misfit(#[from] EditError),
}

impl Conflict {
    /// Whether [`super::force`] can do it all the same.
    pub const fn can_be_forced(&self) -> bool {
        match self {
            Self::BothChanged { .. } | Self::Gone { .. } | Self::ChangedSince { .. } => true,
            Self::Misfit(_) => false,
        }
    }
}

/// The edit, written in view of `seen`, as it has to be over `now`; none where what it asks for is so already.
pub fn carry(edit: &Edit, seen: &Topology, now: &Topology) -> Result<Option<Edit>, Conflict> {
    carry_between(edit, View::plain(seen), View::plain(now))
}

/// [`carry`], for one edit of many.
pub(super) fn carry_between(edit: &Edit, seen: View<'_>, now: View<'_>) -> Result<Option<Edit>, Conflict> {
    match edit {
        Edit::AddNode { node } => node_added(node, seen, now).map(|asks| asks.then(|| edit.clone())),
        Edit::UpdateNode { hostname, facts } => {
            let (before, node) = on_both(seen, now, hostname)?;
            let is = NodeFacts::from(node);
            let facts = Both::Conflict.facts(&NodeFacts::from(before), facts, &is, &node.hostname)?;
            Ok((facts != is).then(|| Edit::UpdateNode { hostname: node.hostname.clone(), facts }))
        }
        Edit::RenameNode { from, to } => {
            let (before, node) = on_both(seen, now, from)?;
            let to = Both::Conflict.value(&before.hostname, to, &node.hostname, "hostname", from)?;
            Ok((to != node.hostname).then(|| Edit::RenameNode { from: node.hostname.clone(), to }))
        }
        Edit::RemoveNode { hostname } => match (seen_node(seen, hostname)?, now_of(seen, now, hostname)) {
            (before, Some(node)) if same_but_id(before, node) => {
                Ok(Some(Edit::RemoveNode { hostname: node.hostname.clone() }))
            }
            (_, Some(node)) => Err(Conflict::ChangedSince { what: node.hostname.clone() }),
            (_, None) => Ok(None),
        },
        Edit::AddGroup { name } if seen.has_group(name) => Err(EditError::GroupTaken { name: name.clone() }.into()),
        Edit::AddGroup { name } => Ok((!now.has_group(name)).then(|| edit.clone())),
        Edit::RenameGroup { from, to } => group_renamed(from, to, seen, now).map(|asks| asks.then(|| edit.clone())),
        Edit::RemoveGroup { name } => match (seen.has_group(name), now.has_group(name)) {
            (false, _) => Err(EditError::UnknownGroup { name: name.clone() }.into()),
            (true, true) => Ok(Some(edit.clone())),
            (true, false) if group_became(name, seen, now).is_some() => {
                Err(Conflict::ChangedSince { what: format!("The availability group {name}") })
            }
            (true, false) => Ok(None),
        },
        Edit::AssignRole { hostname, role, settings } => {
            let (before, node) = on_both(seen, now, hostname)?;
            if before.assignment(role.as_str()).is_some() {
                let (hostname, role) = (before.hostname.clone(), role.clone());
                return Err(EditError::RoleAlreadyAssigned { hostname, role }.into());
            }
            let hostname = node.hostname.clone();
            match node.assignment(role.as_str()) {
                None => Ok(Some(Edit::AssignRole { hostname, role: role.clone(), settings: settings.clone() })),
                Some(there) if there.settings == *settings => Ok(None),
                Some(there) => Err(Conflict::BothChanged {
                    what: format!("role {role}"),
                    of: hostname,
                    theirs: told(&there.settings),
                }),
            }
        }
        Edit::UpdateSettings { hostname, role, settings } => {
            let (before, node) = on_both(seen, now, hostname)?;
            let before = seen_role(before, role)?;
            let Some(there) = node.assignment(role.as_str()) else {
                return Err(Conflict::Gone { what: format!("The role {role} of {}", node.hostname) });
            };
            let hostname = node.hostname.clone();
            let settings = Both::Conflict.settings(&before.settings, settings, &there.settings, role, &hostname)?;
            let is_so = settings == there.settings;
            Ok((!is_so).then(|| Edit::UpdateSettings { hostname, role: role.clone(), settings }))
        }
        Edit::UnassignRole { hostname, role } => {
            let before = seen_role(seen_node(seen, hostname)?, role)?;
            let Some(node) = now_of(seen, now, hostname) else { return Ok(None) };
            match node.assignment(role.as_str()) {
                None => Ok(None),
                Some(there) if before.settings != there.settings => {
                    Err(Conflict::ChangedSince { what: format!("The role {role} of {}", node.hostname) })
                }
                Some(_) => Ok(Some(Edit::UnassignRole { hostname: node.hostname.clone(), role: role.clone() })),
            }
        }
        Edit::AddService { service } => match seen.service(&service.name) {
            Some(before) => Err(EditError::ServiceTaken { name: before.name.clone() }.into()),
            None => Ok((now.service(&service.name) != Some(service)).then(|| edit.clone())),
        },
        Edit::UpdateService { name, settings } => {
            let before = seen_service(seen, name)?;
            let there = now.service(name).filter(|there| there.role == before.role);
            // One of another role is another service of the same name.
            let there = there.ok_or_else(|| Conflict::Gone { what: format!("The service {name}") })?;
            let settings = Both::Conflict.settings(&before.settings, settings, &there.settings, &there.role, name)?;
            let is_so = settings == there.settings;
            Ok((!is_so).then(|| Edit::UpdateService { name: name.clone(), settings }))
        }
        Edit::RemoveService { name } => match (seen_service(seen, name)?, now.service(name)) {
            (_, None) => Ok(None),
            (before, Some(there)) if before != there => {
                Err(Conflict::ChangedSince { what: format!("The service {name}") })
            }
            (_, Some(_)) => Ok(Some(edit.clone())),
        },
    }
}

/// Carries edits that follow each other, and applies them to `now`; gives what they became. Of `seen`, only what the
/// edits name has to be there ([`super::named`]).
///
/// # Errors
/// The first edit that cannot be carried, by its place from 0; `now` is then as it was.
pub fn carry_all(
    edits: &[Edit],
    seen: Topology,
    now: &mut Topology,
    catalogue: &Catalogue,
) -> Result<Vec<Edit>, (usize, Conflict)> {
    carry_with(edits, seen, now, catalogue, |_| ())
}

/// As [`carry_all`], where each edit gets a last touch before it is applied, such as the id that a node has from here on.
///
/// # Errors
/// As [`carry_all`].
pub fn carry_with(
    edits: &[Edit],
    seen: Topology,
    now: &mut Topology,
    catalogue: &Catalogue,
    touch: impl FnMut(&mut Edit),
) -> Result<Vec<Edit>, (usize, Conflict)> {
    let (mut carried, places) = carried(edits, seen, now, catalogue)?;
    carried.iter_mut().for_each(touch);
    let misfit = |error: ReplayError| (places[error.position - 1], error.error.into());
    apply_each(now, &carried, catalogue).map_err(misfit)?;
    Ok(carried)
}

/// What edits that follow each other become over `now`, and of each the place of the edit that it comes from.
///
/// # Errors
/// The first edit that cannot be carried, by its place from 0.
pub(crate) fn carried(
    edits: &[Edit],
    seen: Topology,
    now: &Topology,
    catalogue: &Catalogue,
) -> Result<(Vec<Edit>, Vec<usize>), (usize, Conflict)> {
    // What fits the part that they are about fits the whole.
    let part = Names::of(edits).and_those_seen(&seen).part_of(View::plain(now));
    let (mut seen, mut part) = (Indexed::new(seen, edits.len()), Indexed::new(part, edits.len()));
    let mut carried = Vec::with_capacity(edits.len());
    let mut places = Vec::with_capacity(edits.len());
    for (place, edit) in edits.iter().enumerate() {
        let fail = |conflict| (place, conflict);
        if let Some(edit) = carry_between(edit, seen.view(), part.view()).map_err(fail)? {
            part.apply(&edit, catalogue).map_err(|error| fail(error.into()))?;
            carried.push(edit);
            places.push(place);
        }
        seen.apply(edit, catalogue).map_err(|error| fail(error.into()))?;
    }
    Ok((carried, places))
}

/// Whether a node still has to be added.
fn node_added(node: &Node, seen: View<'_>, now: View<'_>) -> Result<bool, Conflict> {
    let taken = |there: &Node| Conflict::Misfit(EditError::HostnameTaken { hostname: there.hostname.clone() });
    let known = |there: &&Node| node.id.is_some() && there.id == node.id;
    match (seen.node(&node.hostname), now.node(&node.hostname)) {
        (Some(before), _) => Err(taken(before)),
        (None, Some(there)) if same_but_id(there, node) => Ok(false),
        (None, Some(there)) => Err(taken(there)),
        // The very node is there under another name: twice it must not be.
        (None, None) => match node.id.as_deref().and_then(|id| now.node_of_id(id)).filter(known) {
            Some(there) => Err(taken(there)),
            None => Ok(true),
        },
    }
}

/// Whether a group still has to be renamed.
fn group_renamed(from: &str, to: &str, seen: View<'_>, now: View<'_>) -> Result<bool, Conflict> {
    if !seen.has_group(from) {
        return Err(EditError::UnknownGroup { name: from.to_owned() }.into());
    }
    if now.has_group(from) {
        return Ok(from != to);
    }
    if from == to || now.has_group(to) && !seen.has_group(to) {
        return Ok(false);
    }
    Err(match group_became(from, seen, now) {
        Some(theirs) => Conflict::BothChanged {
            what: "name".to_owned(),
            of: format!("availability group {from}"),
            theirs: theirs.to_owned(),
        },
        None => Conflict::Gone { what: format!("The availability group {from}") },
    })
}

/// The name that a group has now which is no longer there. Groups have no ids, but its nodes have followed it: they
/// name one that was not there before.
fn group_became<'a>(group: &str, seen: View<'_>, now: View<'a>) -> Option<&'a str> {
    let text_of = |settings: &'a Settings, name: &str| settings.get(name).and_then(SettingValue::as_text);
    let (nodes, _) = seen.naming(group);
    let on_nodes = nodes.into_iter().flat_map(|node| node.roles.iter().map(move |role| (node, role)));
    on_nodes
        .flat_map(|(node, assignment)| assignment.settings.iter().map(move |setting| (node, &assignment.role, setting)))
        .filter(|(_, _, (_, value))| value.as_text() == Some(group))
        .filter_map(|(node, role, (name, _))| {
            text_of(&now_of(seen, now, &node.hostname)?.assignment(role.as_str())?.settings, name)
        })
        .find(|became| now.has_group(became) && !seen.has_group(became))
}

fn seen_node<'a>(seen: View<'a>, hostname: &str) -> Result<&'a Node, EditError> {
    seen.node(hostname).ok_or_else(|| EditError::UnknownNode { hostname: hostname.to_owned() })
}

fn seen_role<'a>(node: &'a Node, role: &RoleId) -> Result<&'a Assignment, EditError> {
    let unassigned = || EditError::RoleNotAssigned { hostname: node.hostname.clone(), role: role.clone() };
    node.assignment(role.as_str()).ok_or_else(unassigned)
}

fn seen_service<'a>(seen: View<'a>, name: &str) -> Result<&'a Service, EditError> {
    seen.service(name).ok_or_else(|| EditError::UnknownService { name: name.to_owned() })
}

/// The node as it was seen, and as it is now.
fn on_both<'a>(seen: View<'a>, now: View<'a>, hostname: &str) -> Result<(&'a Node, &'a Node), Conflict> {
    let before = seen_node(seen, hostname)?;
    match now_of(seen, now, hostname) {
        Some(node) => Ok((before, node)),
        None => Err(Conflict::Gone { what: before.hostname.clone() }),
    }
}

/// The node that was seen under that hostname, by its id where it has one: it may have another name now. Where it went
/// and another has its name, that one stands for it: it cannot be made again beside it.
pub(super) fn now_of<'a>(seen: View<'_>, now: View<'a>, hostname: &str) -> Option<&'a Node> {
    let by_name = now.node(hostname);
    match seen.node(hostname).and_then(|node| node.id.as_deref()) {
        None => by_name,
        Some(id) => match by_name {
            Some(node) if node.id.as_deref().is_none_or(|other| other == id) => by_name,
            _ => now.node_of_id(id).or(by_name),
        },
    }
}

/// Whether two nodes are the same; the id that Strata gave to one of them aside, and the order of roles.
fn same_but_id(one: &Node, other: &Node) -> bool {
    one.hostname.eq_ignore_ascii_case(&other.hostname)
        && NodeFacts::same(one, other)
        && one.roles.len() == other.roles.len()
        && one.roles.iter().all(|assignment| other.assignment(assignment.role.as_str()) == Some(assignment))
}
