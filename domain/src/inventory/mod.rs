//! Ansible inventories: INI, YAML, and the JSON of `ansible-inventory --list` (Ansible's own documentation, "How to
//! build your inventory").
//!
//! Hosts become nodes, groups become roles by a [`Mapping`]. What is understood of variables: addresses
//! (`private_ip`, `ansible_host`, `ansible_ssh_host`, `public_ip`), places (`site`, `datacenter`, `dc`),
//! `availability_group`, replication (`replication`, `mysql_role`, `mysql_replication_role`, `mariadb_role`,
//! `postgresql_role`, `pg_role`), `ansible_group_priority`, figures that Ansible gathers (`ansible_processor_vcpus`, `ansible_memtotal_mb`),
//! and those that [`crate::export::ansible`] writes (`strata_…`). Everything else is listed, not dropped.
//!
//! Reading never panics, and its time and memory are bounded: ranges, aliases and what groups pass on are counted
//! before they are built.

mod heard;
mod ini;
mod mapping;
mod model;
mod node;
mod numbers;
mod pattern;
mod resolve;
mod said;
mod seeds;
mod sight;
mod tree;
mod words;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;

use serde::de::DeserializeSeed;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use mapping::{Mapping, Target};
pub use sight::{Dialect, dialect, looks_like_inventory};

use crate::catalogue::Catalogue;
use crate::export::group_name;
use crate::file::budget::Budget;
use crate::file::{FileError, LIMIT_BYTES, is_blank, place, text_of};
use crate::findings::text::counted;
use crate::limits;
use crate::text::{self, excerpt, visible};
use crate::topology::{Node, Service, Topology};
use heard::{Heard, contradictions, of_host};
use model::{ALL, Inventory};
use resolve::Resolved;
use said::shown;

/// Most hosts of one inventory.
pub const LIMIT_HOSTS: usize = 200_000;

/// Most groups of one inventory.
pub const LIMIT_GROUPS: usize = 50_000;

/// Most times that groups name hosts and other groups, all together.
pub const LIMIT_MENTIONS: usize = 1_000_000;

/// As much of a name is shown, in characters.
const SHOWN: usize = 200;

/// Most bytes of text in the topology; one variable of a group can be said of every host.
const LIMIT_TEXT: usize = 4 * LIMIT_BYTES;

/// What an inventory says about a topology, and what it says beyond.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Hosts as nodes, in the order of the inventory.
    pub topology: Topology,
    /// What could not be used: groups, then hosts, then variables, each in the order of the inventory or by name.
    pub unmapped: Vec<Unmapped>,
}

/// Something of an inventory that has no place in the topology.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmapped {
    /// What it is.
    #[serde(flatten)]
    pub what: What,
    /// Where it stands first, from 1; only INI inventories tell.
    pub line: Option<usize>,
}

/// Kinds of things that have no place in a topology.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum What {
    /// A group that no role is known for.
    Group {
        /// Its name.
        name: String,
        /// Number of hosts that it names itself.
        hosts: usize,
    },
    /// A variable that says nothing about a topology.
    Variable {
        /// Its name.
        name: String,
        /// Number of hosts and groups that it is set for.
        count: usize,
    },
    /// Something that is said of a group and could not be used.
    GroupVariable {
        /// The group's name.
        name: String,
        /// Which variable, and what is in the way.
        why: String,
    },
    /// A host that is left out, or something about it that could not be used.
    Host {
        /// Its name in the inventory.
        name: String,
        /// What is in the way and, where something is missing, what to add.
        why: String,
    },
}

impl fmt::Display for Unmapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        match &self.what {
            What::Group { name, hosts } => {
                let (name, hosts) = (excerpt(name, SHOWN), counted(*hosts, "host"));
                write!(f, "group {name} ({hosts}): no role is known for it")
            }
            What::Variable { name, count } => {
                let (name, times) = (excerpt(name, SHOWN), counted(*count, "time"));
                write!(f, "variable {name} (set {times}): not part of a topology")
            }
            What::GroupVariable { name, why } => write!(f, "group {}: {}", excerpt(name, SHOWN), visible(why)),
            What::Host { name, why } => write!(f, "host {}: {}", excerpt(name, SHOWN), visible(why)),
        }
    }
}

/// Reads an inventory, its dialect told by content; `environment` names the topology.
///
/// Fails where the inventory cannot be understood as a whole: syntax, circles of groups, limits, and a mapping that
/// names roles or settings that the catalogue lacks.
pub fn read(bytes: &[u8], mapping: &Mapping, environment: &str, catalogue: &Catalogue) -> Result<Imported, FileError> {
    let text = text_of(bytes)?;
    read_as(dialect(text), bytes, mapping, environment, catalogue)
}

/// Whether no map of a YAML file has a key twice, at whatever depth.
///
/// # Errors
/// The first that has, with its place; and what is no YAML.
pub(crate) fn check_keys(text: &str) -> Result<(), FileError> {
    let budget = Budget::of_file(text.len());
    let any = seeds::Any { budget: &budget, keep: false, top: false };
    let outcome = any.deserialize(serde_norway::Deserializer::from_str(text));
    outcome.map(drop).map_err(|error| place::of_yaml(error, text))
}

/// Reads an inventory of a known dialect; else like [`read`].
pub fn read_as(
    dialect: Dialect,
    bytes: &[u8],
    mapping: &Mapping,
    environment: &str,
    catalogue: &Catalogue,
) -> Result<Imported, FileError> {
    mapping.check(catalogue)?;
    let text = text_of(bytes)?;
    if is_blank(text) {
        return Err(FileError::of_file("the inventory is empty"));
    }
    let inventory = match dialect {
        Dialect::Ini => ini::read(text)?,
        Dialect::Yaml => tree::read_yaml(text)?,
        Dialect::Json => tree::read_json(text)?,
    };
    let resolved = Resolved::of(&inventory, mapping, catalogue)?;
    import(&inventory, &resolved, environment, catalogue)
}

fn import(
    inventory: &Inventory,
    resolved: &Resolved<'_>,
    environment: &str,
    catalogue: &Catalogue,
) -> Result<Imported, FileError> {
    let mut topology = Topology::empty(environment);
    let mut notes = Vec::new();
    let mut explained = Explained::new(inventory);
    let mut heard = Heard::default();
    let mut length = 0;
    for host in &inventory.hosts {
        let facts = resolved.facts(host);
        let made = node::make(&facts, catalogue);
        notes.extend(made.notes.into_iter().map(|why| of_host(host, why)));
        notes.extend(heard.of_host(&facts, made.unused).map(|why| of_host(host, why)));
        explained.look(&host.groups, made.node.as_ref(), catalogue);
        if let Some(node) = made.node {
            length += length_of(&node);
            if length > LIMIT_TEXT {
                return Err(FileError::of_file("the variables of groups are too long for the number of their hosts"));
            }
            topology.nodes.push(node);
        }
    }
    topology.services = services(resolved.of_all("strata_services")?, catalogue)?;
    topology.availability_groups = match resolved.of_all("strata_availability_groups")? {
        None | Some(Value::Null) => unique(named_groups(&topology, catalogue)),
        Some(value) => groups(value)?,
    };
    limits::check(&topology).map_err(|too_many| FileError::of_file(too_many.to_string()))?;
    let mut unmapped = unmapped_groups(inventory, resolved, &explained);
    unmapped.extend(heard.of_groups(inventory, resolved, &topology.availability_groups));
    unmapped.extend(notes);
    unmapped.extend(contradictions(inventory));
    unmapped.extend(inventory.unknown.iter().map(|(name, unknown)| Unmapped {
        what: What::Variable { name: name.clone(), count: unknown.count },
        line: unknown.line,
    }));
    Ok(Imported { topology, unmapped })
}

/// Bytes of text in a node.
fn length_of(node: &Node) -> usize {
    let roles = node.roles.iter().flat_map(|assignment| &assignment.settings);
    let settings: usize = roles.filter_map(|(_, value)| value.as_text()).map(str::len).sum();
    settings + node.hostname.len() + node.site.as_ref().map_or(0, String::len) + node.id.as_ref().map_or(0, String::len)
}

/// Names that are not blank, each once, in their order.
fn unique<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.filter(|name| !name.trim().is_empty() && seen.insert(*name)).map(str::to_owned).collect()
}

/// The availability groups that nodes name.
fn named_groups<'t>(topology: &'t Topology, catalogue: &'t Catalogue) -> impl Iterator<Item = &'t str> {
    topology.nodes.iter().flat_map(|node| groups_of(node, catalogue))
}

/// The availability groups that a node names.
fn groups_of<'t>(node: &'t Node, catalogue: &'t Catalogue) -> impl Iterator<Item = &'t str> {
    node.roles.iter().filter_map(|assignment| {
        let rule = catalogue.role(assignment.role.as_str())?.group.as_ref()?;
        assignment.settings.get(&rule.setting)?.as_text()
    })
}

/// The availability groups of our own export, all or nothing.
fn groups(value: &Value) -> Result<Vec<String>, FileError> {
    let wrong = |problem: String| FileError::of_file(format!("strata_availability_groups: {problem}"));
    let Value::Array(names) = value else { return Err(wrong(format!("`{}` is no list of names", shown(value)))) };
    for name in names {
        let Some(name) = name.as_str() else { return Err(wrong(format!("`{}` is no name", shown(name)))) };
        text::check_name("strata_availability_groups", name).map_err(|fault| FileError::of_file(fault.to_string()))?;
    }
    Ok(unique(names.iter().filter_map(Value::as_str)))
}

/// The services of our own export. It is all or nothing, because a service has no line of its own to be told by.
fn services(value: Option<&Value>, catalogue: &Catalogue) -> Result<Vec<Service>, FileError> {
    let items = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(other) => {
            return Err(FileError::of_file(format!("strata_services: `{}` is no list of services", shown(other))));
        }
    };
    let mut seen = BTreeSet::new();
    let mut services = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let wrong = |problem: &str| FileError::of_file(format!("strata_services[{index}]: {problem}"));
        let mut item = item.clone();
        let name = item.as_object_mut().and_then(|map| map.remove("name"));
        let name = match name {
            Some(Value::String(name)) if !name.trim().is_empty() => name,
            None | Some(Value::Null | Value::String(_)) => return Err(wrong("a service has no name")),
            Some(other) => return Err(wrong(&format!("`{}` is no name", shown(&other)))),
        };
        text::check_name("name", &name).map_err(|fault| wrong(&fault.to_string()))?;
        if !seen.insert(name.clone()) {
            return Err(wrong("two services have this name"));
        }
        let (role, settings) = node::assignment(&item, catalogue).map_err(|problem| wrong(&problem))?;
        services.push(Service { name, role, settings });
    }
    Ok(services)
}

/// Which groups say nothing but the site or the availability group that each of their hosts names anyway.
struct Explained<'i> {
    inventory: &'i Inventory,
    by_site: Vec<bool>,
    by_group: Vec<bool>,
}

impl<'i> Explained<'i> {
    fn new(inventory: &'i Inventory) -> Self {
        let all = vec![true; inventory.groups.len()];
        Self { inventory, by_site: all.clone(), by_group: all }
    }

    /// What a node is decides, and not what was said of it.
    fn look(&mut self, groups: &[usize], node: Option<&Node>, catalogue: &Catalogue) {
        let names = |prefix: &str, value: &str, group: &str| {
            group == value || group_name(value) == group || group_name(&format!("{prefix}{value}")) == group
        };
        let site = node.and_then(|node| node.site.as_deref());
        for &number in groups {
            let name = &self.inventory.groups[number].name;
            self.by_site[number] &= site.is_some_and(|site| names("site_", site, name));
            let mut joined = node.into_iter().flat_map(|node| groups_of(node, catalogue));
            self.by_group[number] &= joined.any(|joined| names("availability_group_", joined, name));
        }
    }

    /// A group with no host of its own is explained by what it sets; that explains no group that has hosts.
    fn explains(&self, number: usize) -> bool {
        let group = &self.inventory.groups[number];
        match group.hosts {
            0 => !group.vars.is_empty(),
            _ => self.by_site[number] || self.by_group[number],
        }
    }
}

fn unmapped_groups(inventory: &Inventory, resolved: &Resolved<'_>, explained: &Explained<'_>) -> Vec<Unmapped> {
    let clear = |number: usize| resolved.mapped[number] || explained.explains(number);
    let is_unmapped = |number: usize| {
        let group = &inventory.groups[number];
        let gathers = group.hosts == 0 && group.children.iter().all(|(child, _)| clear(*child));
        number != ALL && group.name != "ungrouped" && !clear(number) && !gathers
    };
    (0..inventory.groups.len())
        .filter(|&number| is_unmapped(number))
        .map(|number| {
            let group = &inventory.groups[number];
            Unmapped { what: What::Group { name: group.name.clone(), hosts: group.hosts }, line: group.line }
        })
        .collect()
}
