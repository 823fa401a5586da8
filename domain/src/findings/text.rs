//! Every text of the rules: what is wrong and why it matters.

use std::fmt;
use std::net::IpAddr;

use super::RuleId;
pub(crate) use crate::words::counted;

/// What a rule found, with the facts that its message tells.
pub(super) enum Problem<'a> {
    TooFew { role: &'a str, count: usize, min: usize },
    TooMany { role: &'a str, count: usize, max: usize },
    Settings { problems: Vec<SettingProblem<'a>> },
    DuplicateHostname { hostname: &'a str, count: usize },
    DuplicateAddress { private: Option<IpAddr>, public: Option<IpAddr>, others: Vec<&'a str> },
    Idle,
    PublicRequired { role: &'a str, unless: Option<&'a str> },
    PublicExposed { role: &'a str, address: IpAddr },
    NoMaster { role: &'a str, count: usize },
    ManyMasters { role: &'a str, masters: Vec<&'a str> },
    MasterNotHa { role: &'a str, lack: HaLack },
    TooManySlaves { role: &'a str, slaves: usize, useful: usize },
    MasterWeaker { role: &'a str, lacks: Vec<String> },
    SlowDisk { role: &'a str },
    UnknownDisk { role: &'a str, kind_known: bool },
    NoGroup { role: &'a str },
    UnknownGroup { role: &'a str, group: &'a str },
    SingleGroup { role: &'a str, group: &'a str, count: usize },
    UnequalGroups { role: &'a str, sizes: Vec<(&'a str, usize)> },
    GroupTooSmall { role: &'a str, group: &'a str, nodes: Vec<&'a str>, min: usize },
    GroupTooLarge { role: &'a str, group: &'a str, count: usize, max: usize },
    EmptyGroup { group: &'a str },
    DdbFewNodes { role: &'a str, count: usize, start_with: usize },
    LowMemory { role: &'a str, memory_mib: u64, floor_mib: u64 },
    EsFewNodes { role: &'a str, count: usize, start_with: usize },
    PreferObject { backend: &'a str },
    LargePosix { backend: &'a str, capacity_gib: i64 },
    NotShared { nodes: usize },
    BadEndpoint { endpoint: Option<&'a str>, bucket_empty: bool },
    Large { nodes: usize },
    UnusableAddress { private: Option<(IpAddr, &'static str)>, public: Option<(IpAddr, &'static str)> },
    PublicAsPrivate { address: IpAddr },
}

/// What is wrong with one setting of an instance, or with its place.
pub(super) enum SettingProblem<'a> {
    Missing { setting: &'a str, expected: String },
    Unfit { setting: &'a str, value: String, expected: String },
    OnlyOn { setting: &'a str, value: &'a str, place: &'static str },
    NotOnService { role: &'a str },
}

/// What a master's container lacks.
#[derive(Clone, Copy)]
pub(super) enum HaLack {
    Unknown,
    BareMetal,
    NoHa,
}

impl Problem<'_> {
    pub(super) fn rule(&self) -> RuleId {
        match self {
            Self::TooFew { .. } => RuleId::RoleTooFew,
            Self::TooMany { .. } => RuleId::RoleTooMany,
            Self::Settings { .. } => RuleId::RoleSettings,
            Self::DuplicateHostname { .. } => RuleId::NodeDuplicateHostname,
            Self::DuplicateAddress { .. } => RuleId::NodeDuplicateAddress,
            Self::Idle => RuleId::NodeIdle,
            Self::PublicRequired { .. } => RuleId::NetPublicRequired,
            Self::PublicExposed { .. } => RuleId::NetPublicExposed,
            Self::NoMaster { .. } => RuleId::SqlNoMaster,
            Self::ManyMasters { .. } => RuleId::SqlManyMasters,
            Self::MasterNotHa { .. } => RuleId::SqlMasterNotHa,
            Self::TooManySlaves { .. } => RuleId::SqlTooManySlaves,
            Self::MasterWeaker { .. } => RuleId::SqlMasterWeaker,
            Self::SlowDisk { .. } => RuleId::SqlSlowDisk,
            Self::UnknownDisk { .. } => RuleId::SqlUnknownDisk,
            Self::NoGroup { .. } => RuleId::DdbNoGroup,
            Self::UnknownGroup { .. } => RuleId::DdbUnknownGroup,
            Self::SingleGroup { .. } => RuleId::DdbSingleGroup,
            Self::UnequalGroups { .. } => RuleId::DdbUnequalGroups,
            Self::GroupTooSmall { .. } => RuleId::DdbGroupTooSmall,
            Self::GroupTooLarge { .. } => RuleId::DdbGroupTooLarge,
            Self::EmptyGroup { .. } => RuleId::DdbEmptyGroup,
            Self::DdbFewNodes { .. } => RuleId::DdbFewNodes,
            Self::LowMemory { .. } => RuleId::DdbLowMemory,
            Self::EsFewNodes { .. } => RuleId::EsFewNodes,
            Self::PreferObject { .. } => RuleId::StoragePreferObject,
            Self::LargePosix { .. } => RuleId::StorageLargePosix,
            Self::NotShared { .. } => RuleId::StorageNotShared,
            Self::BadEndpoint { .. } => RuleId::StorageBadEndpoint,
            Self::Large { .. } => RuleId::SetupLarge,
            Self::UnusableAddress { .. } => RuleId::NodeUnusableAddress,
            Self::PublicAsPrivate { .. } => RuleId::NodePublicAsPrivate,
        }
    }
}

impl fmt::Display for Problem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew { role, count, min } => {
                write!(f, "{role} has {}; it needs at least {min}.", counted(*count, "instance"))
            }
            Self::TooMany { role, count, max } => {
                write!(f, "{role} has {}; it can have at most {max}.", counted(*count, "instance"))
            }
            Self::Settings { problems } => {
                let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
                write!(f, "{}.", texts.join("; "))
            }
            Self::DuplicateHostname { hostname, count } => {
                write!(f, "{count} nodes have the hostname {hostname} (upper and lower case are the same).")
            }
            Self::DuplicateAddress { private, public, others } => {
                let private = private.map(|ip| format!("the private address {ip}"));
                let public = public.map(|ip| format!("the public address {ip}"));
                let addresses: Vec<String> = private.into_iter().chain(public).collect();
                write!(f, "It shares {} with {}.", addresses.join(" and "), some_of(others))
            }
            Self::Idle => f.write_str("It has no role."),
            Self::PublicRequired { role, unless: None } => {
                write!(f, "{role} needs a public address; the node has none.")
            }
            Self::PublicRequired { role, unless: Some(setting) } => {
                write!(f, "{role} needs a public address, or {setting} has to be set; the node has neither.")
            }
            Self::PublicExposed { role, address } => {
                write!(f, "{role} is for private networks, but the node has the public address {address}.")
            }
            Self::NoMaster { role, count } => {
                write!(f, "{role} has {}, but none is the master.", counted(*count, "instance"))
            }
            Self::ManyMasters { role, masters } => {
                write!(f, "{role} has {} masters: {}; it can have one.", masters.len(), some_of(masters))
            }
            Self::MasterNotHa { role, lack } => match lack {
                HaLack::Unknown => write!(f, "It runs the {role} master, and its container is not known."),
                HaLack::BareMetal => write!(f, "It runs the {role} master on bare metal."),
                HaLack::NoHa => write!(f, "It runs the {role} master on a container without high availability."),
            },
            Self::TooManySlaves { role, slaves, useful } => {
                write!(f, "{role} has {slaves} slaves; more than {useful} seldom make it faster.")
            }
            Self::MasterWeaker { role, lacks } => {
                write!(f, "It runs the {role} master, but has {} than a slave.", lacks.join(" and "))
            }
            Self::SlowDisk { role } => write!(f, "It runs {role} on a spinning disk."),
            Self::UnknownDisk { role, kind_known: true } => {
                write!(f, "It runs {role}, and how many IOPS its disk does is not given.")
            }
            Self::UnknownDisk { role, kind_known: false } => {
                write!(f, "It runs {role}, and the kind of its disk is not given.")
            }
            Self::NoGroup { role } => write!(f, "It runs {role}, but is in no availability group."),
            Self::UnknownGroup { role, group } => {
                write!(f, "It runs {role} in the availability group {group}, which does not exist.")
            }
            Self::SingleGroup { role, group, count } => {
                write!(f, "{role} has {}, all in the availability group {group}.", counted(*count, "grouped node"))
            }
            Self::UnequalGroups { role, sizes } => {
                let sizes: Vec<String> = sizes.iter().map(|(group, size)| format!("{group} has {size}")).collect();
                let sizes: Vec<&str> = sizes.iter().map(String::as_str).collect();
                write!(f, "The availability groups of {role} differ in size: {}.", some_of(&sizes))
            }
            Self::GroupTooSmall { role, group, nodes, min } => {
                let count = counted(nodes.len(), "node");
                write!(f, "{group} has {count} of {role} only, {}; {min} are the least.", some_of(nodes))
            }
            Self::GroupTooLarge { role, group, count, max } => {
                write!(f, "{group} has {count} nodes of {role}; {max} are enough.")
            }
            Self::EmptyGroup { group } => write!(f, "{group} has no node."),
            Self::DdbFewNodes { role, count, start_with } | Self::EsFewNodes { role, count, start_with } => {
                write!(f, "{role} has {}; start with {start_with} or more.", counted(*count, "node"))
            }
            Self::LowMemory { role, memory_mib, floor_mib } => {
                write!(f, "It runs {role} with {memory_mib} MiB of memory; {floor_mib} MiB are the least.")
            }
            Self::PreferObject { backend } => write!(f, "Files are kept on {backend}; an object store (s3) is better."),
            Self::LargePosix { backend, capacity_gib } => {
                write!(f, "{capacity_gib} GiB of files are planned on {backend}; that much belongs in an object store.")
            }
            Self::NotShared { nodes } => {
                write!(
                    f,
                    "Files are kept on one machine's file system, but {nodes} nodes of the functionality layer need them."
                )
            }
            Self::BadEndpoint { endpoint, bucket_empty } => {
                let endpoint = endpoint.map(|text| format!("The endpoint \"{text}\" is no http or https address"));
                let bucket = bucket_empty.then(|| "The bucket has no name".to_owned());
                let parts: Vec<String> = endpoint.into_iter().chain(bucket).collect();
                write!(f, "{}.", parts.join(". "))
            }
            Self::Large { nodes } => {
                write!(f, "{nodes} nodes are a large set-up: ask for an expert infrastructure review.")
            }
            Self::UnusableAddress { private, public } => {
                let told = |place: &str, address: &Option<(IpAddr, &'static str)>| {
                    address.map(|(address, kind)| format!("the {place} address {address}, which is {kind}"))
                };
                let parts: Vec<String> = told("private", private).into_iter().chain(told("public", public)).collect();
                write!(f, "It has {}.", parts.join(", and "))
            }
            Self::PublicAsPrivate { address } => {
                write!(f, "Its private address {address} is in no private range.")
            }
        }
    }
}

/// The first few of many names.
pub(crate) fn some_of(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    if names.len() <= SHOWN {
        return names.join(", ");
    }
    format!("{} and {} more", names[..SHOWN].join(", "), names.len() - SHOWN)
}

impl fmt::Display for SettingProblem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { setting, expected } => write!(f, "{setting} is missing; it is {expected}"),
            Self::Unfit { setting, value, expected } => write!(f, "{setting} is {value}; it has to be {expected}"),
            Self::OnlyOn { setting, value, place } => write!(f, "{setting} {value} fits only {place}"),
            Self::NotOnService { role } => write!(f, "{role} runs on nodes, never as an external service"),
        }
    }
}

impl RuleId {
    /// Why the rule is there.
    pub const fn why(self) -> &'static str {
        match self {
            Self::RoleTooFew => {
                "Each role does a part of the platform's work; without enough instances that part is missing."
            }
            Self::RoleTooMany => "Surplus instances of such a role work against each other.",
            Self::RoleSettings => "An instance with missing or impossible settings cannot be provisioned.",
            Self::NodeDuplicateHostname => {
                "The hostname is what a node is addressed by; two nodes of one name cannot be told apart."
            }
            Self::NodeDuplicateAddress => "Two nodes of one address take each other's traffic.",
            Self::NodeIdle => "A node without a role costs and does nothing.",
            Self::NetPublicRequired => {
                "Users, phones or providers reach this role from outside; without a public address they cannot."
            }
            Self::NetPublicExposed => "Nobody outside needs this role; a public address only opens it to attacks.",
            Self::SqlNoMaster => "All writes go to the master; without one the platform is down.",
            Self::SqlManyMasters => "SQL works with one master and any number of slaves; two masters drift apart.",
            Self::SqlMasterNotHa => {
                "When the master is down, everything is down; so it has to be on virtualisation with high availability, which starts it elsewhere when its host fails."
            }
            Self::SqlTooManySlaves => {
                "Each slave costs replication; past four the role hardly gets faster. Stronger hardware for the master does more."
            }
            Self::SqlMasterWeaker => {
                "The best way to scale SQL is stronger hardware for the master, so no slave should outdo it."
            }
            Self::SqlSlowDisk => {
                "SQL is bound by its disk: the number of operations a second decides how fast the platform is."
            }
            Self::SqlUnknownDisk => {
                "SQL is bound by its disk; without the kind and the IOPS nobody can tell whether it is fast enough."
            }
            Self::DdbNoGroup => {
                "Nodes of the distributed database have to join an availability group; redundancy and failover work inside groups."
            }
            Self::DdbUnknownGroup => "A node can join only a group that the topology has.",
            Self::DdbSingleGroup => "With several availability groups, the loss of one is not the loss of all.",
            Self::DdbUnequalGroups => "Equal groups share load and loss evenly.",
            Self::DdbGroupTooSmall => "A group needs two nodes for redundancy and failover.",
            Self::DdbGroupTooLarge => "Replication inside a group costs more with each node; past four it gets slower.",
            Self::DdbEmptyGroup => "An empty group is either forgotten or not yet filled.",
            Self::DdbFewNodes => {
                "Adding nodes later rebalances the data, which is expensive; several modest nodes from the start avoid it."
            }
            Self::DdbLowMemory => "The distributed database is bound by memory; 512 MiB is its smallest sensible node.",
            Self::EsFewNodes => {
                "A new layout of the cluster may reindex data; take more nodes first and grow their hardware later."
            }
            Self::StoragePreferObject => {
                "Object storage scales further, costs less and leaves much less to manage than a file system."
            }
            Self::StorageLargePosix => {
                "Tens of terabytes are usual for files; file systems of that size are hard to grow, back up and move."
            }
            Self::StorageNotShared => {
                "A local file system is not seen by other nodes, so they miss each other's files."
            }
            Self::StorageBadEndpoint => "Without a proper address and a bucket the object store cannot be reached.",
            Self::SetupLarge => {
                "In a large set-up, planning with experts saves much time and effort after provisioning."
            }
            Self::NodeUnusableAddress => "Nothing reaches a node by such an address.",
            Self::NodePublicAsPrivate => {
                "What is meant for private networks can be reached from the internet, or is somebody else's address."
            }
        }
    }
}
