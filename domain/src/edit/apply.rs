//! Applies edits, one or a whole log.

use super::index::Index;
use super::{Edit, check_text, dns_name_problem};
use crate::catalogue::{Catalogue, SettingKind};
use crate::limits::{self, TooMany};
use crate::text::TextFault;
use crate::topology::{Assignment, Node, RoleId, SettingValue, Settings, Topology};

/// Why an edit does not fit the topology; the topology stays as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// No node of that hostname.
    #[error("There is no node {hostname}.")]
    UnknownNode {
        /// What was asked for.
        hostname: String,
    },
    /// Another node has that hostname.
    #[error("There is a node {hostname} already.")]
    HostnameTaken {
        /// The name.
        hostname: String,
    },
    /// The text is no hostname.
    #[error("\"{hostname}\" is no hostname: {problem}.")]
    BadHostname {
        /// The text.
        hostname: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The node has the role.
    #[error("{hostname} has the role {role} already.")]
    RoleAlreadyAssigned {
        /// The node.
        hostname: String,
        /// The role.
        role: RoleId,
    },
    /// The node has not the role.
    #[error("{hostname} does not have the role {role}.")]
    RoleNotAssigned {
        /// The node.
        hostname: String,
        /// The role.
        role: RoleId,
    },
    /// The catalogue has no such role.
    #[error("There is no role {role}.")]
    UnknownRole {
        /// What was asked for.
        role: RoleId,
    },
    /// The role has no such setting.
    #[error("The role {role} has no setting \"{setting}\".")]
    UnknownSetting {
        /// The role.
        role: RoleId,
        /// What was asked for.
        setting: String,
    },
    /// A text that is not taken (requirements, section 11).
    #[error(transparent)]
    Text(#[from] TextFault),
    /// There would be more of something than a topology can have.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// A name is empty.
    #[error("The {what} needs a name.")]
    EmptyName {
        /// What it would have named.
        what: &'static str,
    },
    /// A group of that name is there.
    #[error("There is an availability group {name} already.")]
    GroupTaken {
        /// The name.
        name: String,
    },
    /// No group of that name.
    #[error("There is no availability group {name}.")]
    UnknownGroup {
        /// What was asked for.
        name: String,
    },
    /// A service of that name is there.
    #[error("There is a service {name} already.")]
    ServiceTaken {
        /// The name.
        name: String,
    },
    /// No service of that name.
    #[error("There is no service {name}.")]
    UnknownService {
        /// What was asked for.
        name: String,
    },
}

/// An edit of a log does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("edit {position} does not fit: {error}")]
pub struct ReplayError {
    /// Its place in the log, from 1.
    pub position: usize,
    /// Why.
    pub error: EditError,
}

/// Applies all edits in order to a copy of the base.
pub fn replay<'a>(
    base: &Topology,
    edits: impl IntoIterator<Item = &'a Edit>,
    catalogue: &Catalogue,
) -> Result<Topology, ReplayError> {
    let mut topology = base.clone();
    apply_each(&mut topology, edits, catalogue)?;
    Ok(topology)
}

/// Applies all edits in order, up to the first that does not fit.
pub(crate) fn apply_each<'a>(
    topology: &mut Topology,
    edits: impl IntoIterator<Item = &'a Edit>,
    catalogue: &Catalogue,
) -> Result<(), ReplayError> {
    let edits = edits.into_iter();
    let mut index = Index::of(topology, edits.size_hint().0);
    let outcome = edits.enumerate().try_for_each(|(place, edit)| {
        apply_indexed(topology, &mut index, edit, catalogue).map_err(|error| ReplayError { position: place + 1, error })
    });
    index.finish(topology);
    outcome
}

/// Applies one edit that somebody makes now. Checks that its text is taken, and that it fits (names, roles, setting names);
/// whether values make sense is for the rules.
pub fn apply(topology: &mut Topology, edit: &Edit, catalogue: &Catalogue) -> Result<(), EditError> {
    check_text(edit, catalogue)?;
    limits::check_edits(topology, [edit])?;
    let mut no_index = Index::NONE;
    apply_indexed(topology, &mut no_index, edit, catalogue)
}

/// Applies one edit of many, and keeps the index of the topology right.
pub(super) fn apply_indexed(
    topology: &mut Topology,
    index: &mut Index,
    edit: &Edit,
    catalogue: &Catalogue,
) -> Result<(), EditError> {
    match edit {
        Edit::AddNode { node } => {
            check_hostname(&node.hostname)?;
            if let Some(there) = index.node(topology, &node.hostname) {
                return Err(EditError::HostnameTaken { hostname: topology.nodes[there].hostname.clone() });
            }
            for (place, Assignment { role, settings }) in node.roles.iter().enumerate() {
                check_settings(role, settings, catalogue)?;
                if node.roles[..place].iter().any(|earlier| earlier.role == *role) {
                    return Err(EditError::RoleAlreadyAssigned { hostname: node.hostname.clone(), role: role.clone() });
                }
            }
            topology.nodes.push(node.clone());
            index.node_added(&topology.nodes);
        }
        Edit::UpdateNode { hostname, facts } => {
            let super::NodeFacts { private_ip, public_ip, site, container, hardware } = facts.clone();
            let node = node_mut(topology, index, hostname)?;
            node.private_ip = private_ip;
            node.public_ip = public_ip;
            node.site = site;
            node.container = container;
            node.hardware = hardware;
        }
        Edit::RenameNode { from, to } => {
            check_hostname(to)?;
            let place = position(topology, index, from)?;
            if index.is_taken_by_another(topology, to, place) {
                return Err(EditError::HostnameTaken { hostname: to.clone() });
            }
            topology.nodes[place].hostname.clone_from(to);
            index.node_renamed(place, from, to);
        }
        Edit::RemoveNode { hostname } => {
            let place = position(topology, index, hostname)?;
            index.remove_node(topology, place);
        }
        Edit::AddGroup { name } => {
            check_name("availability group", name)?;
            free_group(topology, index, name)?;
            topology.availability_groups.push(name.clone());
            index.group_added(&topology.availability_groups);
        }
        Edit::RenameGroup { from, to } => {
            check_name("availability group", to)?;
            let position = group_position(topology, index, from)?;
            if from != to {
                free_group(topology, index, to)?;
                topology.availability_groups[position].clone_from(to);
                index.group_renamed(position, from, to);
                rename_group_in_settings(topology, index, from, to, catalogue);
            }
        }
        Edit::RemoveGroup { name } => {
            group_position(topology, index, name)?;
            index.remove_groups(topology, name);
        }
        Edit::AssignRole { hostname, role, settings } => {
            check_settings(role, settings, catalogue)?;
            let place = position(topology, index, hostname)?;
            let node = &mut topology.nodes[place];
            if node.assignment(role.as_str()).is_some() {
                return Err(EditError::RoleAlreadyAssigned { hostname: node.hostname.clone(), role: role.clone() });
            }
            node.roles.push(Assignment { role: role.clone(), settings: settings.clone() });
            index.node_says(place, settings);
        }
        Edit::UpdateSettings { hostname, role, settings } => {
            check_settings(role, settings, catalogue)?;
            let place = position(topology, index, hostname)?;
            let Some(assignment) = topology.nodes[place].roles.iter_mut().find(|assignment| assignment.role == *role)
            else {
                return Err(EditError::RoleNotAssigned { hostname: hostname.clone(), role: role.clone() });
            };
            assignment.settings.clone_from(settings);
            index.node_says(place, settings);
        }
        Edit::UnassignRole { hostname, role } => {
            let node = node_mut(topology, index, hostname)?;
            if node.assignment(role.as_str()).is_none() {
                return Err(EditError::RoleNotAssigned { hostname: hostname.clone(), role: role.clone() });
            }
            node.roles.retain(|assignment| assignment.role != *role);
        }
        Edit::AddService { service } => {
            check_name("service", &service.name)?;
            check_settings(&service.role, &service.settings, catalogue)?;
            if index.service(topology, &service.name).is_some() {
                return Err(EditError::ServiceTaken { name: service.name.clone() });
            }
            topology.services.push(service.clone());
            index.service_added(topology);
        }
        Edit::UpdateService { name, settings } => {
            let place = service_position(topology, index, name)?;
            let service = &mut topology.services[place];
            check_settings(&service.role, settings, catalogue)?;
            service.settings.clone_from(settings);
            index.service_says(place, settings);
        }
        Edit::RemoveService { name } => {
            service_position(topology, index, name)?;
            index.remove_services(topology, name);
        }
    }
    Ok(())
}

fn position(topology: &Topology, index: &Index, hostname: &str) -> Result<usize, EditError> {
    index.node(topology, hostname).ok_or_else(|| EditError::UnknownNode { hostname: hostname.to_owned() })
}

fn node_mut<'a>(topology: &'a mut Topology, index: &Index, hostname: &str) -> Result<&'a mut Node, EditError> {
    let place = position(topology, index, hostname)?;
    Ok(&mut topology.nodes[place])
}

fn check_hostname(hostname: &str) -> Result<(), EditError> {
    match dns_name_problem(hostname) {
        None => Ok(()),
        Some(problem) => Err(EditError::BadHostname { hostname: hostname.to_owned(), problem }),
    }
}

fn check_name(what: &'static str, name: &str) -> Result<(), EditError> {
    if name.trim().is_empty() { Err(EditError::EmptyName { what }) } else { Ok(()) }
}

fn group_position(topology: &Topology, index: &Index, name: &str) -> Result<usize, EditError> {
    index.group(topology, name).ok_or_else(|| EditError::UnknownGroup { name: name.to_owned() })
}

fn service_position(topology: &Topology, index: &Index, name: &str) -> Result<usize, EditError> {
    index.service(topology, name).ok_or_else(|| EditError::UnknownService { name: name.to_owned() })
}

fn free_group(topology: &Topology, index: &Index, name: &str) -> Result<(), EditError> {
    match index.group(topology, name) {
        Some(_) => Err(EditError::GroupTaken { name: name.to_owned() }),
        None => Ok(()),
    }
}

fn check_settings(role: &RoleId, settings: &Settings, catalogue: &Catalogue) -> Result<(), EditError> {
    let Some(known) = catalogue.role(role.as_str()) else {
        return Err(EditError::UnknownRole { role: role.clone() });
    };
    match settings.keys().find(|name| known.setting(name).is_none()) {
        None => Ok(()),
        Some(setting) => Err(EditError::UnknownSetting { role: role.clone(), setting: setting.clone() }),
    }
}

/// Nodes and services that name the group go on naming it.
fn rename_group_in_settings(topology: &mut Topology, index: &mut Index, from: &str, to: &str, catalogue: &Catalogue) {
    let (nodes, services) = index.naming(topology, from);
    for place in nodes {
        for Assignment { role, settings } in &mut topology.nodes[place].roles {
            if named_anew(role, settings, from, to, catalogue) {
                index.node_says(place, settings);
            }
        }
    }
    for place in services {
        let service = &mut topology.services[place];
        if named_anew(&service.role, &mut service.settings, from, to, catalogue) {
            index.service_says(place, &service.settings);
        }
    }
}

/// Whether the settings named the group, and have its new name now.
fn named_anew(role: &RoleId, settings: &mut Settings, from: &str, to: &str, catalogue: &Catalogue) -> bool {
    let naming: Vec<String> = settings_naming(role, settings, from, catalogue).map(str::to_owned).collect();
    for name in &naming {
        settings.insert(name.clone(), SettingValue::Text(to.to_owned()));
    }
    !naming.is_empty()
}

/// The settings of an instance that name that group.
pub(super) fn settings_naming<'a>(
    role: &RoleId,
    settings: &'a Settings,
    group: &'a str,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = &'a str> {
    let specs = catalogue.role(role.as_str()).map(|role| role.settings.as_slice()).unwrap_or_default();
    specs
        .iter()
        .filter(|spec| spec.kind == SettingKind::Group)
        .map(|spec| spec.name.as_str())
        .filter(move |name| settings.get(*name).and_then(SettingValue::as_text) == Some(group))
}
