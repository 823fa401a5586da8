//! Roles as data: layers, network needs, counts, settings and dependencies (requirements, section 2).
//!
//! Rules and plans read what they need from here, so a role that is added later gets them without code.

mod accept;
mod built_in;
mod file;
mod looser;
mod own;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

pub use accept::{RoleProblem, accept};
pub use file::{read, write_yaml};
pub use looser::looser;
pub use own::{Level, Levels, Own, Weakened, level_of, strictest_levels, weakened};

use crate::findings::{RuleId, Severity};
use crate::topology::{Node, RoleId, SettingValue, Settings};

/// The roles that an environment knows, and how much its rules matter to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    /// Moves when a role changes; part of a plan's digest.
    pub version: u32,
    /// All roles, top layer first.
    pub roles: Vec<Role>,
    /// Rules that matter more or less here than by default; they do not move the version.
    #[serde(default)]
    pub levels: Levels,
}

impl Catalogue {
    /// The ten roles of the platform.
    pub fn built_in() -> &'static Self {
        static BUILT_IN: LazyLock<Catalogue> = LazyLock::new(built_in::catalogue);
        &BUILT_IN
    }

    /// The role of that id.
    pub fn role(&self, id: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.id.as_str() == id)
    }

    /// How much a finding of the rule matters here; nothing where the rule is switched off.
    pub fn severity(&self, rule: RuleId) -> Option<Severity> {
        self.levels.get(&rule).map_or(Some(rule.default_severity()), |level| level.severity())
    }

    /// The roles of one layer, in catalogue order.
    pub fn roles_in(&self, layer: Layer) -> impl Iterator<Item = &Role> {
        self.roles.iter().filter(move |role| role.layer == layer)
    }

    /// The name for people, or the id where the role is unknown.
    pub fn role_name<'a>(&'a self, id: &'a RoleId) -> &'a str {
        self.role(id.as_str()).map_or(id.as_str(), |role| &role.name)
    }

    /// The availability group that one of the node's roles names.
    pub fn group_of<'a>(&self, node: &'a Node) -> Option<&'a str> {
        node.roles.iter().find_map(|assignment| {
            let role = self.role(assignment.role.as_str())?;
            let spec = role.settings.iter().find(|spec| spec.kind == SettingKind::Group)?;
            assignment.settings.get(&spec.name).and_then(SettingValue::as_text)
        })
    }
}

/// A band of the role map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// What callers and customers meet.
    Functionality,
    /// What runs the infrastructure.
    Management,
    /// What keeps data.
    Storage,
}

impl Layer {
    /// All of them, top to bottom.
    pub const ALL: [Self; 3] = [Self::Functionality, Self::Management, Self::Storage];

    /// The word in data and addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Functionality => "functionality",
            Self::Management => "management",
            Self::Storage => "storage",
        }
    }

    /// The name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Functionality => "Functionality",
            Self::Management => "Infrastructure management",
            Self::Storage => "Storage",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

/// One function of the platform and what it asks of the places it runs on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Stable id, used in files.
    pub id: RoleId,
    /// Name for people.
    pub name: String,
    /// The band it belongs to.
    pub layer: Layer,
    /// What it does.
    pub note: String,
    /// What it asks for, each with its why; shown on the role's panel.
    pub requirements: Vec<String>,
    /// Which addresses its nodes have.
    pub network: Network,
    /// Fewest instances, services counted.
    pub min: usize,
    /// Most instances, where there is a limit.
    pub max: Option<usize>,
    /// Settings of an instance.
    pub settings: Vec<SettingSpec>,
    /// Roles that have to work before this one can.
    pub depends_on: Vec<RoleId>,
    /// Whether an external service can have it.
    pub on_service: bool,
    /// Whether its nodes join availability groups, and how many fit in one.
    #[serde(default)]
    pub group: Option<GroupRule>,
    /// Whether its instances replicate from a master.
    #[serde(default)]
    pub replication: Option<Replication>,
    /// Whether it keeps files, and by which means.
    #[serde(default)]
    pub file_store: Option<FileStore>,
    /// Least memory of a node, in MiB.
    #[serde(default)]
    pub memory_floor_mib: Option<u64>,
    /// What it costs to add or remove an instance while the role is live.
    #[serde(default)]
    pub growth: Growth,
    /// With fewer instances than this, more are advised from the start; only said of roles whose growth costs.
    #[serde(default)]
    pub start_with: Option<usize>,
}

impl Role {
    /// The specification of a setting.
    pub fn setting(&self, name: &str) -> Option<&SettingSpec> {
        self.settings.iter().find(|spec| spec.name == name)
    }

    /// The value of a setting beside these settings: the given one, else the default.
    pub fn value<'a>(&'a self, settings: &'a Settings, name: &str) -> Option<&'a SettingValue> {
        settings.get(name).or_else(|| self.setting(name)?.default.as_ref())
    }

    /// Whether a setting has to be given beside these settings: it is required there, and has no default.
    pub fn requires(&self, spec: &SettingSpec, settings: &Settings) -> bool {
        let required = match &spec.required {
            Requirement::Always => true,
            Requirement::Never => false,
            Requirement::When { setting, is } => self
                .value(settings, setting)
                .and_then(SettingValue::as_text)
                .is_some_and(|value| is.iter().any(|wanted| wanted == value)),
        };
        required && spec.default.is_none()
    }
}

/// Which addresses a role's nodes have; every node has a private one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Network {
    /// A public address, unless the named setting is given (a load balancer then has it).
    PublicRequired {
        /// The setting that lifts the need.
        unless_setting: Option<String>,
    },
    /// With or without.
    PublicOptional,
    /// A public address only exposes it.
    PrivateOnly,
}

impl Network {
    /// In a few words for people.
    pub fn describe(&self) -> String {
        match self {
            Self::PublicRequired { unless_setting: None } => "public address required".to_owned(),
            Self::PublicRequired { unless_setting: Some(setting) } => {
                format!("public address required, unless {} is set", setting.replace('_', " "))
            }
            Self::PublicOptional => "public address optional".to_owned(),
            Self::PrivateOnly => "private address only".to_owned(),
        }
    }
}

/// Nodes of the role join groups that fail over among themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRule {
    /// The setting that names the group.
    pub setting: String,
    /// Fewest nodes of a group that still fail over.
    pub min: usize,
    /// Most nodes of a group before replication slows it down.
    pub max: usize,
}

/// One instance writes, the others copy it; set up by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replication {
    /// The setting that tells them apart.
    pub setting: String,
    /// Its value for the one that writes.
    pub master: String,
    /// Its value for the copies.
    pub slave: String,
    /// More slaves than this bring no more speed.
    pub useful_slaves: usize,
}

/// What an instance is in replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReplicationPart {
    /// Writes.
    Master,
    /// Copies.
    Slave,
}

impl Replication {
    /// What an instance with these settings is; neither, where the setting is missing or has another value.
    pub fn part(&self, settings: &Settings) -> Option<ReplicationPart> {
        let word = settings.get(&self.setting)?.as_text()?;
        if word == self.master {
            Some(ReplicationPart::Master)
        } else if word == self.slave {
            Some(ReplicationPart::Slave)
        } else {
            None
        }
    }
}

/// The role keeps files, on file systems or in an object store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileStore {
    /// The setting that names the means.
    pub setting: String,
    /// Its value for an object store.
    pub object: String,
    /// Its value for a file system of one machine.
    pub local: String,
    /// Its value for a file system on the network.
    pub network: String,
    /// The setting with the object store's address.
    pub endpoint: String,
    /// The setting with the bucket's name.
    pub bucket: String,
    /// The setting with the size in GiB.
    pub capacity: String,
    /// From this size on, file systems are no longer sensible; GiB.
    pub large_gib: i64,
}

/// What adding or removing an instance costs while the role is live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Growth {
    /// Nothing.
    #[default]
    Free,
    /// Data moves between the nodes.
    Rebalance,
    /// Indexes are built again.
    Reindex,
}

/// One setting of a role's instances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingSpec {
    /// The key in files.
    pub name: String,
    /// The label in forms.
    pub label: String,
    /// Which values fit.
    pub kind: SettingKind,
    /// Whether it has to be given.
    pub required: Requirement,
    /// What is taken where it is not given.
    #[serde(default)]
    pub default: Option<SettingValue>,
    /// For a choice: values that fit only one sort of place.
    #[serde(default)]
    pub only_on: BTreeMap<String, PlaceKind>,
}

/// The two sorts of places that an instance runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlaceKind {
    /// A node.
    Node,
    /// An external service.
    Service,
}

/// Which values a setting takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "of", rename_all = "kebab-case")]
pub enum SettingKind {
    /// One of these words.
    Choice(Vec<String>),
    /// A whole number in a range.
    Integer {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// Any text that is not empty.
    Text,
    /// An absolute path.
    Path,
    /// An IPv4 or IPv6 address.
    Address,
    /// An address that starts with http:// or https://; what is wrong with one is told by a rule of its own.
    Url,
    /// The name of an availability group; whether it exists is told by a rule of its own.
    Group,
}

impl SettingKind {
    /// Whether a value is of the kind. Whether a group is there, and whether an address can be called, is not asked here.
    pub fn fits(&self, value: &SettingValue) -> bool {
        match self {
            Self::Choice(words) => value.as_text().is_some_and(|text| words.iter().any(|word| word == text)),
            Self::Integer { min, max } => value.as_integer().is_some_and(|number| (*min..=*max).contains(&number)),
            Self::Path => value.as_text().is_some_and(|text| !text.trim().is_empty()),
            Self::Address => value.as_text().is_some_and(|text| text.parse::<IpAddr>().is_ok()),
            Self::Text | Self::Url | Self::Group => value.as_text().is_some(),
        }
    }

    /// What fits, in a few words for people: `master or slave`, `a whole number from 1 to 1024`.
    pub fn describe(&self) -> String {
        match self {
            Self::Choice(words) => match words.split_last() {
                Some((last, [])) => last.clone(),
                Some((last, others)) => format!("{} or {last}", others.join(", ")),
                None => "one of no values".to_owned(),
            },
            Self::Integer { min, max } => format!("a whole number from {min} to {max}"),
            Self::Text => "a text".to_owned(),
            Self::Path => "a path".to_owned(),
            Self::Address => "an IPv4 or IPv6 address".to_owned(),
            Self::Url => "an address that starts with https:// or http://".to_owned(),
            Self::Group => "the name of an availability group".to_owned(),
        }
    }
}

/// Whether a setting has to be given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Requirement {
    /// Always.
    Always,
    /// Only when another setting has one of these values.
    When {
        /// That other setting.
        setting: String,
        /// Its values.
        is: Vec<String>,
    },
    /// Never.
    Never,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_has_ten_roles_and_closed_dependencies() {
        let catalogue = Catalogue::built_in();
        assert_eq!(catalogue.roles.len(), 10);
        for role in &catalogue.roles {
            for other in &role.depends_on {
                let other = catalogue.role(other.as_str()).expect("dependency is in the catalogue");
                assert!(other.layer > role.layer, "{} depends on {}", role.id, other.id);
            }
            assert!(!role.note.is_empty() && !role.requirements.is_empty(), "{} has its texts", role.id);
        }
        assert_eq!(catalogue.roles_in(Layer::Storage).count(), 4);
    }

    #[test]
    fn a_conditional_requirement_looks_at_the_other_setting() {
        let storage = Catalogue::built_in().role("unstructured-storage").expect("built in");
        let path = storage.setting("path").expect("has a path");
        let posix = Settings::from([("backend".to_owned(), SettingValue::Text("posix".to_owned()))]);
        let s3 = Settings::from([("backend".to_owned(), SettingValue::Text("s3".to_owned()))]);
        assert!(storage.requires(path, &posix));
        assert!(!storage.requires(path, &s3));
    }

    #[test]
    fn survives_serialisation() {
        let text = serde_json::to_string(Catalogue::built_in()).expect("serialises");
        let read: Catalogue = serde_json::from_str(&text).expect("reads");
        assert_eq!(&read, Catalogue::built_in());
    }
}
