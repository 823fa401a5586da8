//! Nodes, availability groups, role instances and external services of one environment.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Deserializer, Serialize};

/// Settings of one role instance, by setting name; the catalogue says which a role has.
pub type Settings = BTreeMap<String, SettingValue>;

/// The id of a role in the catalogue, such as `sql`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoleId(pub String);

impl RoleId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for RoleId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

impl fmt::Display for RoleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Nodes, groups, instances and external services of one environment (requirements, section 1).
///
/// The order of the lists carries no meaning; see [`crate::digest`] for the canonical form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topology {
    /// The environment's name, such as `production`.
    pub environment: String,
    /// Names of the availability groups that distributed-database nodes can join.
    #[serde(default)]
    pub availability_groups: Vec<String>,
    /// The addressable entities that roles run on.
    #[serde(default)]
    pub nodes: Vec<Node>,
    /// Role instances outside of the nodes, such as an S3 endpoint.
    #[serde(default)]
    pub services: Vec<Service>,
}

impl Topology {
    /// An environment with nothing in it yet.
    pub fn empty(environment: &str) -> Self {
        Self { environment: environment.to_owned(), ..Self::default() }
    }

    /// The node of that hostname, compared without case.
    pub fn node(&self, hostname: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.hostname.eq_ignore_ascii_case(hostname))
    }

    /// The service of that name.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    /// Every instance of every role: those on nodes in node order, then the services.
    pub fn instances(&self) -> impl Iterator<Item = Instance<'_>> {
        let on_nodes = self.nodes.iter().flat_map(|node| {
            node.roles.iter().map(move |assignment| Instance {
                place: Place::Node(node),
                role: &assignment.role,
                settings: &assignment.settings,
            })
        });
        let outside = self.services.iter().map(|service| Instance {
            place: Place::Service(service),
            role: &service.role,
            settings: &service.settings,
        });
        on_nodes.chain(outside)
    }

    /// The instances of one role.
    pub fn instances_of<'a>(&'a self, role: &'a str) -> impl Iterator<Item = Instance<'a>> {
        self.instances().filter(move |instance| instance.role.as_str() == role)
    }
}

/// One role on one node or on an external service.
#[derive(Clone, Copy, Debug)]
pub struct Instance<'a> {
    /// Where it runs.
    pub place: Place<'a>,
    /// Which role.
    pub role: &'a RoleId,
    /// Its settings.
    pub settings: &'a Settings,
}

/// Where an instance runs.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// On a node.
    Node(&'a Node),
    /// On an external service.
    Service(&'a Service),
}

impl<'a> Place<'a> {
    /// The hostname or the service's name.
    pub fn name(self) -> &'a str {
        match self {
            Self::Node(node) => &node.hostname,
            Self::Service(service) => &service.name,
        }
    }
}

/// The addressable logical entity a role runs on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Given by Strata and kept for life; absent in files written by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Unique in the topology without regard to case.
    pub hostname: String,
    /// Every node has one.
    pub private_ip: IpAddr,
    /// What the internet reaches it by, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_ip: Option<IpAddr>,
    /// The data centre or room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// The machine under the node, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<Container>,
    /// Figures of that machine, each where known.
    #[serde(default, skip_serializing_if = "Hardware::is_unknown")]
    pub hardware: Hardware,
    /// Its role instances, at most one for each role.
    #[serde(default, deserialize_with = "of_its_size")]
    pub roles: Vec<Assignment>,
}

impl Node {
    /// Its instance of that role.
    pub fn assignment(&self, role: &str) -> Option<&Assignment> {
        self.roles.iter().find(|assignment| assignment.role.as_str() == role)
    }
}

/// A list with no room for more. Nearly every node has one role, and there are thousands of nodes: the room for four that
/// a list starts with would be a fifth of a topology's memory.
fn of_its_size<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let mut list = Vec::deserialize(deserializer)?;
    list.shrink_to_fit();
    Ok(list)
}

/// One role instance on a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Which role.
    pub role: RoleId,
    /// Its settings, beside `role` in the file.
    #[serde(flatten)]
    pub settings: Settings,
}

/// A role instance outside of the nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Unique among the services.
    pub name: String,
    /// Which role it has.
    pub role: RoleId,
    /// Its settings, beside `role` in the file.
    #[serde(flatten)]
    pub settings: Settings,
}

/// The virtual or physical machine under a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Container {
    /// What provides it.
    pub platform: Platform,
    /// Whether the platform restarts it elsewhere when its host fails.
    #[serde(default)]
    pub ha: bool,
}

/// What provides a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// VMware.
    Vmware,
    /// KVM.
    Kvm,
    /// Xen.
    Xen,
    /// Hyper-V.
    HyperV,
    /// A cloud provider's instance.
    Cloud,
    /// No virtualisation.
    BareMetal,
}

impl Platform {
    /// All of them, in the order that forms offer them.
    pub const ALL: [Self; 6] = [Self::Vmware, Self::Kvm, Self::Xen, Self::HyperV, Self::Cloud, Self::BareMetal];

    /// The word in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vmware => "vmware",
            Self::Kvm => "kvm",
            Self::Xen => "xen",
            Self::HyperV => "hyper-v",
            Self::Cloud => "cloud",
            Self::BareMetal => "bare-metal",
        }
    }
}

/// Hardware figures, each where known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hardware {
    /// Virtual CPUs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vcpus: Option<u32>,
    /// Memory in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u64>,
    /// Kind of disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<DiskKind>,
    /// Disk size in GiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_gib: Option<u64>,
    /// Input and output operations a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iops: Option<u64>,
}

impl Hardware {
    /// Whether no figure is known.
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }
}

/// Kinds of disk, slowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskKind {
    /// Spinning disk.
    Hdd,
    /// Solid state on SATA or SAS.
    Ssd,
    /// Solid state on NVMe.
    Nvme,
}

impl DiskKind {
    /// All of them, slowest first.
    pub const ALL: [Self; 3] = [Self::Hdd, Self::Ssd, Self::Nvme];

    /// The word in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hdd => "hdd",
            Self::Ssd => "ssd",
            Self::Nvme => "nvme",
        }
    }
}

/// The value of one setting; the catalogue says which type a setting has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SettingValue {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Anything else.
    Text(String),
}

impl SettingValue {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Boolean(_) | Self::Integer(_) => None,
        }
    }

    /// The number, if it is one.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Boolean(_) | Self::Text(_) => None,
        }
    }
}

impl fmt::Display for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Text(value) => f.write_str(value),
        }
    }
}
