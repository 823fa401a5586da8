//! Carries an edit from the topology that its author saw to the one that others have made of it meanwhile.
//!
//! An edit says what a thing is from now on, not what its author changed about it. Applied as it stands, it would undo
//! what others did to the same thing in the meantime, and nobody would be told. So what the author changed is found by
//! comparing the edit with what they saw, and only that is changed now.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::{Edit, EditError, NodeFacts, apply};
use crate::catalogue::Catalogue;
use crate::topology::{Container, DiskKind, Hardware, Node, RoleId, Service, SettingValue, Settings, Topology};

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
    /// Whether [`force`] can do it all the same.
    pub const fn can_be_forced(&self) -> bool {
        match self {
            Self::BothChanged { .. } | Self::Gone { .. } | Self::ChangedSince { .. } => true,
            Self::Misfit(_) => false,
        }
    }
}

/// The edit, written in view of `seen`, as it has to be over `now`; none where what it asks for is so already.
pub fn carry(edit: &Edit, seen: &Topology, now: &Topology) -> Result<Option<Edit>, Conflict> {
    match edit {
        Edit::AddNode { node } => match now.node(&node.hostname) {
            Some(there) if same_but_id(there, node) => Ok(None),
            Some(_) | None => Ok(Some(edit.clone())),
        },
        Edit::UpdateNode { hostname, facts } => {
            let (before, node) = on_both(seen, now, hostname)?;
            let facts = facts_merged(&NodeFacts::from(before), facts, &NodeFacts::from(node), &node.hostname)?;
            let is_so = facts == NodeFacts::from(node);
            Ok((!is_so).then(|| Edit::UpdateNode { hostname: node.hostname.clone(), facts }))
        }
        Edit::RenameNode { from, to } => {
            let (before, node) = on_both(seen, now, from)?;
            let to = merged(&before.hostname, to, &node.hostname, "hostname", from)?;
            Ok((to != node.hostname).then(|| Edit::RenameNode { from: node.hostname.clone(), to }))
        }
        Edit::RemoveNode { hostname } => match (seen.node(hostname), now_of(seen, now, hostname)) {
            (Some(before), Some(node)) if same_but_id(before, node) => {
                Ok(Some(Edit::RemoveNode { hostname: node.hostname.clone() }))
            }
            (Some(_), Some(node)) => Err(Conflict::ChangedSince { what: node.hostname.clone() }),
            (Some(_), None) => Ok(None),
            (None, _) => Ok(Some(edit.clone())),
        },
        Edit::AddGroup { name } => Ok((!has_group(now, name) || has_group(seen, name)).then(|| edit.clone())),
        Edit::RenameGroup { from, to } => {
            let is_so = !has_group(now, from) && has_group(now, to) && !has_group(seen, to);
            Ok((!is_so).then(|| edit.clone()))
        }
        Edit::RemoveGroup { name } => Ok((has_group(now, name) || !has_group(seen, name)).then(|| edit.clone())),
        Edit::AssignRole { hostname, role, settings } => {
            let (before, node) = on_both(seen, now, hostname)?;
            match (before.assignment(role.as_str()), node.assignment(role.as_str())) {
                (None, Some(there)) if there.settings == *settings => Ok(None),
                (None, Some(there)) => Err(Conflict::BothChanged {
                    what: format!("role {role}"),
                    of: node.hostname.clone(),
                    theirs: told(&there.settings),
                }),
                _ => Ok(Some(Edit::AssignRole {
                    hostname: node.hostname.clone(),
                    role: role.clone(),
                    settings: settings.clone(),
                })),
            }
        }
        Edit::UpdateSettings { hostname, role, settings } => {
            let (before, node) = on_both(seen, now, hostname)?;
            let there = node.assignment(role.as_str()).ok_or_else(|| gone_role(role, node))?;
            let nothing = Settings::new();
            let before = before.assignment(role.as_str()).map_or(&nothing, |assignment| &assignment.settings);
            let settings = settings_merged(before, settings, &there.settings, role, &node.hostname)?;
            let is_so = settings == there.settings;
            Ok((!is_so).then(|| Edit::UpdateSettings { hostname: node.hostname.clone(), role: role.clone(), settings }))
        }
        Edit::UnassignRole { hostname, role } => {
            let Some(node) = now_of(seen, now, hostname) else { return Ok(None) };
            let before = seen.node(hostname).and_then(|node| node.assignment(role.as_str()));
            match (before, node.assignment(role.as_str())) {
                (Some(_), None) => Ok(None),
                (Some(before), Some(there)) if before.settings != there.settings => {
                    Err(Conflict::ChangedSince { what: format!("The role {role} of {}", node.hostname) })
                }
                _ => Ok(Some(Edit::UnassignRole { hostname: node.hostname.clone(), role: role.clone() })),
            }
        }
        Edit::AddService { service } => Ok((now.service(&service.name) != Some(service)).then(|| edit.clone())),
        Edit::UpdateService { name, settings } => {
            let there = now.service(name).ok_or_else(|| Conflict::Gone { what: format!("The service {name}") })?;
            let nothing = Settings::new();
            let before = seen.service(name).map_or(&nothing, |service| &service.settings);
            let settings = settings_merged(before, settings, &there.settings, &there.role, name)?;
            let is_so = settings == there.settings;
            Ok((!is_so).then(|| Edit::UpdateService { name: name.clone(), settings }))
        }
        Edit::RemoveService { name } => match (seen.service(name), now.service(name)) {
            (Some(_), None) => Ok(None),
            (Some(before), Some(there)) if before != there => {
                Err(Conflict::ChangedSince { what: format!("The service {name}") })
            }
            _ => Ok(Some(edit.clone())),
        },
    }
}

/// Carries edits that follow each other, and applies them to `now`; gives what they became. Of `seen`, only what the
/// edits name has to be there.
///
/// # Errors
/// The first edit that cannot be carried, by its place from 0; `now` is then in no state to go on with.
pub fn carry_all(
    edits: &[Edit],
    mut seen: Topology,
    now: &mut Topology,
    catalogue: &Catalogue,
) -> Result<Vec<Edit>, (usize, Conflict)> {
    let mut carried = Vec::with_capacity(edits.len());
    for (place, edit) in edits.iter().enumerate() {
        let fail = |conflict| (place, conflict);
        if let Some(edit) = carry(edit, &seen, now).map_err(fail)? {
            apply(now, &edit, catalogue).map_err(|error| fail(error.into()))?;
            carried.push(edit);
        }
        apply(&mut seen, edit, catalogue).map_err(|error| fail(error.into()))?;
    }
    Ok(carried)
}

/// The edits that do what the author wanted whatever others did: what was removed is made again as the author saw it,
/// what was set otherwise is set as the author wanted. They may still not fit.
pub fn force(edit: &Edit, seen: &Topology, now: &Topology) -> Vec<Edit> {
    let named = match edit {
        Edit::UpdateNode { hostname, .. }
        | Edit::RemoveNode { hostname }
        | Edit::AssignRole { hostname, .. }
        | Edit::UpdateSettings { hostname, .. }
        | Edit::UnassignRole { hostname, .. } => Some(hostname),
        Edit::RenameNode { from, .. } => Some(from),
        Edit::AddNode { .. }
        | Edit::AddGroup { .. }
        | Edit::RenameGroup { .. }
        | Edit::RemoveGroup { .. }
        | Edit::AddService { .. }
        | Edit::UpdateService { .. }
        | Edit::RemoveService { .. } => None,
    };
    let Some(hostname) = named else {
        return match edit {
            Edit::UpdateService { name, settings } if now.service(name).is_none() => seen
                .service(name)
                .map(|service| Edit::AddService { service: Service { settings: settings.clone(), ..service.clone() } })
                .into_iter()
                .collect(),
            _ => vec![edit.clone()],
        };
    };
    match (seen.node(hostname), now_of(seen, now, hostname)) {
        (Some(before), None) => vec![Edit::AddNode { node: before.clone() }, edit.clone()],
        (_, Some(node)) => forced_on(edit, node),
        (None, None) => vec![edit.clone()],
    }
}

/// The edit about a node that is there, under the name that it has now.
fn forced_on(edit: &Edit, node: &Node) -> Vec<Edit> {
    let hostname = node.hostname.clone();
    match edit {
        Edit::UpdateNode { facts, .. } => vec![Edit::UpdateNode { hostname, facts: facts.clone() }],
        Edit::RenameNode { to, .. } => vec![Edit::RenameNode { from: hostname, to: to.clone() }],
        Edit::RemoveNode { .. } => vec![Edit::RemoveNode { hostname }],
        Edit::AssignRole { role, settings, .. } | Edit::UpdateSettings { role, settings, .. } => {
            let (role, settings) = (role.clone(), settings.clone());
            vec![match node.assignment(role.as_str()) {
                Some(_) => Edit::UpdateSettings { hostname, role, settings },
                None => Edit::AssignRole { hostname, role, settings },
            }]
        }
        Edit::UnassignRole { role, .. } => vec![Edit::UnassignRole { hostname, role: role.clone() }],
        other => vec![other.clone()],
    }
}

/// The node as it was seen, and as it is now.
fn on_both<'a>(seen: &'a Topology, now: &'a Topology, hostname: &str) -> Result<(&'a Node, &'a Node), Conflict> {
    let before = seen.node(hostname).ok_or_else(|| EditError::UnknownNode { hostname: hostname.to_owned() })?;
    match now_of(seen, now, hostname) {
        Some(node) => Ok((before, node)),
        None => Err(Conflict::Gone { what: before.hostname.clone() }),
    }
}

/// The node that was seen under that hostname, by its id where it has one: it may have another name now.
fn now_of<'a>(seen: &Topology, now: &'a Topology, hostname: &str) -> Option<&'a Node> {
    let by_name = now.node(hostname);
    match seen.node(hostname).and_then(|node| node.id.as_ref()) {
        None => by_name,
        Some(id) => match by_name {
            Some(node) if node.id.as_ref().is_none_or(|other| other == id) => by_name,
            _ => now.nodes.iter().find(|node| node.id.as_ref() == Some(id)),
        },
    }
}

fn has_group(topology: &Topology, name: &str) -> bool {
    topology.availability_groups.iter().any(|group| group == name)
}

fn gone_role(role: &RoleId, node: &Node) -> Conflict {
    Conflict::Gone { what: format!("The role {role} of {}", node.hostname) }
}

/// Whether two nodes are the same; the id that Strata gave to one of them aside, and the order of roles.
fn same_but_id(one: &Node, other: &Node) -> bool {
    one.hostname.eq_ignore_ascii_case(&other.hostname)
        && NodeFacts::same(one, other)
        && one.roles.len() == other.roles.len()
        && one.roles.iter().all(|assignment| other.assignment(assignment.role.as_str()) == Some(assignment))
}

/// What the author wanted where they changed it, what it is now where they did not.
fn merged<T: Clone + PartialEq + Tell>(before: &T, wanted: &T, now: &T, what: &str, of: &str) -> Result<T, Conflict> {
    if wanted == before || wanted == now {
        Ok(now.clone())
    } else if now == before {
        Ok(wanted.clone())
    } else {
        Err(Conflict::BothChanged { what: what.to_owned(), of: of.to_owned(), theirs: now.tell() })
    }
}

fn facts_merged(before: &NodeFacts, wanted: &NodeFacts, now: &NodeFacts, of: &str) -> Result<NodeFacts, Conflict> {
    let NodeFacts { private_ip, public_ip, site, container, hardware } = wanted;
    let Hardware { vcpus, memory_mib, disk, disk_gib, iops } = hardware;
    let (was, is) = (&before.hardware, &now.hardware);
    Ok(NodeFacts {
        private_ip: merged(&before.private_ip, private_ip, &now.private_ip, "private address", of)?,
        public_ip: merged(&before.public_ip, public_ip, &now.public_ip, "public address", of)?,
        site: merged(&before.site, site, &now.site, "site", of)?,
        container: merged(&before.container, container, &now.container, "container", of)?,
        hardware: Hardware {
            vcpus: merged(&was.vcpus, vcpus, &is.vcpus, "vCPUs", of)?,
            memory_mib: merged(&was.memory_mib, memory_mib, &is.memory_mib, "memory", of)?,
            disk: merged(&was.disk, disk, &is.disk, "disk", of)?,
            disk_gib: merged(&was.disk_gib, disk_gib, &is.disk_gib, "disk size", of)?,
            iops: merged(&was.iops, iops, &is.iops, "IOPS", of)?,
        },
    })
}

fn settings_merged(
    before: &Settings,
    wanted: &Settings,
    now: &Settings,
    role: &RoleId,
    of: &str,
) -> Result<Settings, Conflict> {
    let mut settings = Settings::new();
    let names: BTreeSet<&String> = before.keys().chain(wanted.keys()).chain(now.keys()).collect();
    for name in names {
        let (was, want, is) = (before.get(name), wanted.get(name), now.get(name));
        let value = merged(&was.cloned(), &want.cloned(), &is.cloned(), &format!("{name} of {role}"), of)?;
        if let Some(value) = value {
            settings.insert(name.clone(), value);
        }
    }
    Ok(settings)
}

fn told(settings: &Settings) -> String {
    if settings.is_empty() { "nothing".to_owned() } else { super::settings_text(settings) }
}

/// A value in a sentence.
trait Tell {
    fn tell(&self) -> String;
}

macro_rules! tell_as_displayed {
    ($($kind:ty),*) => {
        $(impl Tell for $kind {
            fn tell(&self) -> String {
                self.to_string()
            }
        })*
    };
}
tell_as_displayed!(IpAddr, String, SettingValue, u32, u64);

impl Tell for DiskKind {
    fn tell(&self) -> String {
        self.as_str().to_owned()
    }
}

impl Tell for Container {
    fn tell(&self) -> String {
        crate::diff::container_text(self)
    }
}

impl<T: Tell> Tell for Option<T> {
    fn tell(&self) -> String {
        self.as_ref().map_or_else(|| "nothing".to_owned(), Tell::tell)
    }
}
