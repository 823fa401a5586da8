//! Edits: the only way a draft changes. The same function runs in the browser and on the server.

mod another;
mod apply;
mod between;
pub mod bulk;
mod carry;
mod force;
mod index;
mod inverse;
mod merge;
mod named;
#[cfg(test)]
mod tests;
mod text;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

pub use another::another;
pub(crate) use apply::apply_each;
pub use apply::{EditError, ReplayError, apply, replay};
pub use between::between;
pub(crate) use between::roles_between;
pub(crate) use carry::carried;
pub use carry::{Conflict, carry, carry_all, carry_with};
pub use force::force;
pub(crate) use force::{carry_on, force_on};
pub(crate) use index::Indexed;
pub use inverse::apply_with_inverse;
pub(crate) use inverse::{Applied, apply_all};
pub use named::named;
pub(crate) use named::named_by;
pub use text::check_text;
pub(crate) use text::check_value;

use crate::text::NAME_MAX;
use crate::topology::{Container, Hardware, Node, RoleId, Service, SettingValue, Settings};

/// Longest hostname of a node, in characters: it is a name like all others.
pub const HOSTNAME_MAX: usize = NAME_MAX;

/// One step from one topology to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Edit {
    /// A node that was not there, with the roles it has.
    AddNode {
        /// The node.
        node: Node,
    },
    /// Everything of a node but its hostname and roles.
    UpdateNode {
        /// Which node.
        hostname: String,
        /// What it is from now on.
        facts: NodeFacts,
    },
    /// Another hostname; the node stays the same.
    RenameNode {
        /// The hostname so far.
        from: String,
        /// The new one.
        to: String,
    },
    /// The node goes, with its roles.
    RemoveNode {
        /// Which node.
        hostname: String,
    },
    /// An availability group that was not there.
    AddGroup {
        /// Its name.
        name: String,
    },
    /// Another name for a group; its nodes follow.
    RenameGroup {
        /// The name so far.
        from: String,
        /// The new one.
        to: String,
    },
    /// The group goes; nodes that still name it are found by a rule.
    RemoveGroup {
        /// Its name.
        name: String,
    },
    /// A role on a node.
    AssignRole {
        /// Which node.
        hostname: String,
        /// Which role.
        role: RoleId,
        /// Its settings.
        #[serde(default)]
        settings: Settings,
    },
    /// New settings for a role on a node, in place of all it had.
    UpdateSettings {
        /// Which node.
        hostname: String,
        /// Which role.
        role: RoleId,
        /// All settings.
        settings: Settings,
    },
    /// A role leaves a node.
    UnassignRole {
        /// Which node.
        hostname: String,
        /// Which role.
        role: RoleId,
    },
    /// An external service that was not there.
    AddService {
        /// The service.
        service: Service,
    },
    /// New settings for a service, in place of all it had.
    UpdateService {
        /// Which service.
        name: String,
        /// All settings.
        settings: Settings,
    },
    /// The service goes.
    RemoveService {
        /// Which service.
        name: String,
    },
}

/// Everything of a node but its id, hostname and roles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeFacts {
    /// Every node has one.
    pub private_ip: IpAddr,
    /// What the internet reaches it by.
    #[serde(default)]
    pub public_ip: Option<IpAddr>,
    /// The data centre or room.
    #[serde(default)]
    pub site: Option<String>,
    /// The machine under the node.
    #[serde(default)]
    pub container: Option<Container>,
    /// Figures of that machine.
    #[serde(default)]
    pub hardware: Hardware,
}

impl From<&Node> for NodeFacts {
    fn from(node: &Node) -> Self {
        let Node { id: _, hostname: _, private_ip, public_ip, site, container, hardware, roles: _ } = node;
        Self {
            private_ip: *private_ip,
            public_ip: *public_ip,
            site: site.clone(),
            container: *container,
            hardware: *hardware,
        }
    }
}

impl NodeFacts {
    /// Whether two nodes have the same facts; copies nothing, since it is asked of every node.
    pub(crate) fn same(one: &Node, other: &Node) -> bool {
        let Node { id: _, hostname: _, private_ip, public_ip, site, container, hardware, roles: _ } = one;
        *private_ip == other.private_ip
            && *public_ip == other.public_ip
            && *site == other.site
            && *container == other.container
            && *hardware == other.hardware
    }
}

impl Edit {
    /// One imperative sentence without its full stop: `Assign sql to sql-2.example.net (replication: slave)`.
    pub fn describe(&self) -> String {
        let role_name = |role: &RoleId| crate::catalogue::Catalogue::built_in().role_name(role).to_owned();
        match self {
            Self::AddNode { node } if node.roles.is_empty() => {
                format!("Add node {} ({})", node.hostname, node.private_ip)
            }
            Self::AddNode { node } => {
                let roles: Vec<String> = node.roles.iter().map(|assignment| role_name(&assignment.role)).collect();
                format!("Add node {} ({}) with {}", node.hostname, node.private_ip, roles.join(", "))
            }
            Self::UpdateNode { hostname, facts } => {
                let NodeFacts { private_ip, public_ip, site, container, hardware } = facts;
                let mut parts = vec![format!("private address {private_ip}")];
                parts.push(public_ip.map_or("no public address".to_owned(), |ip| format!("public address {ip}")));
                parts.extend(site.as_ref().map(|site| format!("site {site}")));
                parts.extend(container.map(|container| crate::diff::container_text(&container)));
                parts.extend((!hardware.is_unknown()).then(|| crate::diff::hardware_text(hardware)));
                format!("Update node {hostname} ({})", parts.join("; "))
            }
            Self::RenameNode { from, to } => format!("Rename node {from} to {to}"),
            Self::RemoveNode { hostname } => format!("Remove node {hostname}"),
            Self::AddGroup { name } => format!("Add availability group {name}"),
            Self::RenameGroup { from, to } => format!("Rename availability group {from} to {to}"),
            Self::RemoveGroup { name } => format!("Remove availability group {name}"),
            Self::AssignRole { hostname, role, settings } => {
                format!("Assign {} to {hostname}{}", role_name(role), in_brackets(settings))
            }
            Self::UpdateSettings { hostname, role, settings } => {
                format!("Set {} on {hostname}{}", role_name(role), in_brackets_or_none(settings))
            }
            Self::UnassignRole { hostname, role } => format!("Unassign {} from {hostname}", role_name(role)),
            Self::AddService { service: Service { name, role, settings } } => {
                format!("Add service {name} as {}{}", role_name(role), in_brackets(settings))
            }
            Self::UpdateService { name, settings } => format!("Set service {name}{}", in_brackets_or_none(settings)),
            Self::RemoveService { name } => format!("Remove service {name}"),
        }
    }
}

fn in_brackets(settings: &Settings) -> String {
    if settings.is_empty() { String::new() } else { format!(" ({})", settings_text(settings)) }
}

fn in_brackets_or_none(settings: &Settings) -> String {
    if settings.is_empty() { " (no settings)".to_owned() } else { in_brackets(settings) }
}

/// `backend: s3, bucket: media`.
pub(crate) fn settings_text(settings: &Settings) -> String {
    let pairs: Vec<String> =
        settings.iter().map(|(name, value): (&String, &SettingValue)| format!("{name}: {value}")).collect();
    pairs.join(", ")
}

/// Why a node cannot have that hostname: labels of letters, digits and inner hyphens, at most 63 characters each and
/// [`HOSTNAME_MAX`] in all.
pub fn hostname_problem(hostname: &str) -> Option<&'static str> {
    const { assert!(HOSTNAME_MAX == 200, "the sentence says how many") };
    dns_name_problem(hostname).or_else(|| {
        let is_long = hostname.len() > HOSTNAME_MAX;
        is_long.then_some("it is longer than 200 characters")
    })
}

/// Why a text is no name that DNS could have, which is as long as 253 characters: a machine that is no node, or a node
/// from before names had a limit.
pub(crate) fn dns_name_problem(hostname: &str) -> Option<&'static str> {
    if hostname.is_empty() {
        return Some("it is empty");
    }
    if hostname.len() > 253 {
        return Some("it is longer than any name on the network can be");
    }
    for label in hostname.split('.') {
        if label.is_empty() {
            return Some("two dots follow each other, or it starts or ends with one");
        }
        if label.len() > 63 {
            return Some("a part between dots is longer than 63 characters");
        }
        if !label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Some("only letters a to z, digits, hyphens and dots are allowed");
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Some("a part between dots starts or ends with a hyphen");
        }
    }
    None
}
