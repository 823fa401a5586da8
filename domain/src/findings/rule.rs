//! The rules as data: id, severity, subject, condition and source of each, for pages and the reference.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Severity;

/// A text is the id of no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no rule")]
pub struct UnknownRule(pub String);

/// What a rule is about; the first part of its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Any role: counts and settings.
    Role,
    /// Nodes as such.
    Node,
    /// Public and private addresses.
    Net,
    /// Roles that replicate from a master.
    Sql,
    /// Roles whose nodes join availability groups.
    Ddb,
    /// Roles whose growth reindexes.
    Es,
    /// Roles that keep files.
    Storage,
    /// The topology as a whole.
    Setup,
}

impl Family {
    /// All of them, in the order of the rules.
    pub const ALL: [Self; 8] =
        [Self::Role, Self::Node, Self::Net, Self::Sql, Self::Ddb, Self::Es, Self::Storage, Self::Setup];

    /// The part of an id before the dot.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Node => "node",
            Self::Net => "net",
            Self::Sql => "sql",
            Self::Ddb => "ddb",
            Self::Es => "es",
            Self::Storage => "storage",
            Self::Setup => "setup",
        }
    }

    /// The name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Role => "Roles",
            Self::Node => "Nodes",
            Self::Net => "Network",
            Self::Sql => "SQL",
            Self::Ddb => "Distributed Database",
            Self::Es => "Elasticsearch",
            Self::Storage => "Unstructured Storage",
            Self::Setup => "The whole set-up",
        }
    }
}

/// The kinds of things that a finding is about; see [`super::Subject`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectKind {
    /// A role as a whole.
    Role,
    /// A node.
    Node,
    /// An availability group.
    Group,
    /// A role on one node or service.
    Instance,
    /// The whole topology.
    Topology,
}

impl SubjectKind {
    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Node => "node",
            Self::Group => "group",
            Self::Instance => "instance",
            Self::Topology => "topology",
        }
    }
}

/// Where a rule comes from, with what is said there (requirements, section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The vendor's page on roles.
    Page(&'static str),
    /// The vendor's wider documentation of the same product.
    Documentation(&'static str),
    /// A decision of this project.
    Project(&'static str),
}

impl Source {
    /// The letter in the requirements: `S`, `W` or `P`.
    pub const fn letter(self) -> &'static str {
        match self {
            Self::Page(_) => "S",
            Self::Documentation(_) => "W",
            Self::Project(_) => "P",
        }
    }

    /// What it says.
    pub const fn what(self) -> &'static str {
        match self {
            Self::Page(what) | Self::Documentation(what) | Self::Project(what) => what,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match self {
            Self::Page(_) => "the vendor's page on roles",
            Self::Documentation(_) => "the vendor's wider documentation",
            Self::Project(_) => "a decision of this project",
        };
        write!(f, "{} ({}: {place})", self.what(), self.letter())
    }
}

macro_rules! rules {
    ($(
        $(#[$doc:meta])+
        $variant:ident = $id:literal, $family:ident, $severity:ident, $subject:ident, fixes: $fixes:literal;
        when: $when:literal;
        source: $source:ident($what:literal);
    )+) => {
        /// A rule of requirements, section 3; the order is that of the table. Ids are stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum RuleId {
            $($(#[$doc])+ #[serde(rename = $id)] $variant,)+
        }

        impl RuleId {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The id.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $id),+ }
            }

            /// What it is about.
            pub const fn family(self) -> Family {
                match self { $(Self::$variant => Family::$family),+ }
            }

            /// How much a finding of it matters, where the environment says nothing else.
            pub const fn default_severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity),+ }
            }

            /// What its findings are at.
            pub const fn subject(self) -> SubjectKind {
                match self { $(Self::$variant => SubjectKind::$subject),+ }
            }

            /// Whether a finding of it can come with fixes. One that can may still have none: the program offers a fix
            /// only where it surely mends.
            pub const fn offers_fixes(self) -> bool {
                match self { $(Self::$variant => $fixes),+ }
            }

            /// The condition, in a sentence; figures are those of the built-in catalogue.
            pub const fn when(self) -> &'static str {
                match self { $(Self::$variant => $when),+ }
            }

            /// Where it comes from.
            pub const fn source(self) -> Source {
                match self { $(Self::$variant => Source::$source($what)),+ }
            }
        }
    };
}

rules! {
    /// Fewer instances than the role's minimum.
    RoleTooFew = "role.too-few", Role, Blocker, Role, fixes: false;
    when: "A role has fewer instances than its minimum; those on external services count.";
    source: Project("the fewest instances in the table of roles");

    /// More instances than the role's maximum.
    RoleTooMany = "role.too-many", Role, Blocker, Role, fixes: true;
    when: "A role has more instances than its maximum, such as a second controller.";
    source: Project("the most instances in the table of roles");

    /// A setting is missing or does not fit.
    RoleSettings = "role.settings", Role, Blocker, Instance, fixes: true;
    when: "A required setting without a default is missing, or one is of the wrong type or outside its values; s3 is on a node or posix on a service; or a role is on a service that only nodes can have. A missing availability group is ddb.no-group instead.";
    source: Project("the settings in the table of roles");

    /// Two nodes of one hostname.
    NodeDuplicateHostname = "node.duplicate-hostname", Node, Blocker, Node, fixes: false;
    when: "A node shares its hostname with another one; upper and lower case are the same.";
    source: Documentation("a node is addressed by its hostname");

    /// Two nodes of one address.
    NodeDuplicateAddress = "node.duplicate-address", Node, Blocker, Node, fixes: true;
    when: "A node shares its private address with another node's private one, or its public address with another's public one.";
    source: Documentation("each node has addresses of its own");

    /// A node without a role.
    NodeIdle = "node.idle", Node, Advice, Node, fixes: true;
    when: "A node has no role.";
    source: Project("a node is there for the roles that it runs");

    /// A role needs a public address.
    NetPublicRequired = "net.public-required", Net, Blocker, Instance, fixes: true;
    when: "Web, SIP or PBX is on a node without a public address; for web, a load balancer in its settings will do.";
    source: Documentation("the network needs of the functionality roles");

    /// A role should have none.
    NetPublicExposed = "net.public-exposed", Net, Warning, Instance, fixes: true;
    when: "A role for private networks only is on a node with a public address.";
    source: Documentation("the network needs of the management and storage roles");

    /// No master.
    SqlNoMaster = "sql.no-master", Sql, Blocker, Role, fixes: true;
    when: "SQL has instances, but none is the master.";
    source: Page("one master and multiple slaves");

    /// More than one.
    SqlManyMasters = "sql.many-masters", Sql, Blocker, Role, fixes: true;
    when: "SQL has more than one master.";
    source: Page("one master and multiple slaves");

    /// The master is not on a platform with high availability.
    SqlMasterNotHa = "sql.master-not-ha", Sql, Blocker, Node, fixes: true;
    when: "A node runs an SQL master, and its container is not known, has no high availability, or is bare metal.";
    source: Page("high availability is required for the master");

    /// More slaves than bring speed.
    SqlTooManySlaves = "sql.too-many-slaves", Sql, Warning, Role, fixes: false;
    when: "SQL has more than four slaves.";
    source: Page("no gain past four slaves; scale the master's hardware");

    /// A slave is stronger than the master.
    SqlMasterWeaker = "sql.master-weaker", Sql, Warning, Node, fixes: true;
    when: "A node runs an SQL master, and has less memory than a slave, a slower kind of disk (hdd, ssd, nvme), or fewer IOPS on the same kind; only figures known on both sides are compared.";
    source: Page("scale the master's hardware");

    /// A spinning disk.
    SqlSlowDisk = "sql.slow-disk", Sql, Warning, Node, fixes: false;
    when: "A node runs SQL on a spinning disk (hdd).";
    source: Page("SQL is bound by input and output");

    /// Disk kind or IOPS not given.
    SqlUnknownDisk = "sql.unknown-disk", Sql, Advice, Node, fixes: false;
    when: "A node runs SQL, and the kind of its disk or its IOPS are not given.";
    source: Page("the speed of the disks is extremely important");

    /// In no availability group.
    DdbNoGroup = "ddb.no-group", Ddb, Blocker, Node, fixes: true;
    when: "A node runs the distributed database, but names no availability group.";
    source: Page("its nodes must join a group");

    /// In a group that is not there.
    DdbUnknownGroup = "ddb.unknown-group", Ddb, Blocker, Node, fixes: true;
    when: "A node runs the distributed database in an availability group that the topology does not have.";
    source: Project("a group has to be there before a node can join it");

    /// All in one group.
    DdbSingleGroup = "ddb.single-group", Ddb, Warning, Role, fixes: true;
    when: "All nodes of the distributed database that are in a known group are in one and the same.";
    source: Page("multiple groups are recommended");

    /// Groups of different sizes.
    DdbUnequalGroups = "ddb.unequal-groups", Ddb, Warning, Role, fixes: true;
    when: "The groups that have nodes of the distributed database differ in their number of nodes.";
    source: Page("each group has an equal number of nodes");

    /// A group of one.
    DdbGroupTooSmall = "ddb.group-too-small", Ddb, Warning, Group, fixes: true;
    when: "A group has exactly one node.";
    source: Page("two nodes are necessary for redundancy and failover");

    /// A group of more than four.
    DdbGroupTooLarge = "ddb.group-too-large", Ddb, Warning, Group, fixes: true;
    when: "A group has more than four nodes.";
    source: Page("replication overhead past four nodes");

    /// A group of none.
    DdbEmptyGroup = "ddb.empty-group", Ddb, Advice, Group, fixes: true;
    when: "A group has no node.";
    source: Project("a group is there for its nodes");

    /// Few nodes to start with.
    DdbFewNodes = "ddb.few-nodes", Ddb, Advice, Role, fixes: false;
    when: "One to three nodes run the distributed database.";
    source: Page("start with several nodes, to avoid rebalancing later");

    /// Less memory than the role needs.
    DdbLowMemory = "ddb.low-memory", Ddb, Warning, Node, fixes: true;
    when: "A node runs the distributed database, and its memory is known and under 512 MiB.";
    source: Page("bound by memory; 512 MB is its own small node");

    /// Few nodes to start with.
    EsFewNodes = "es.few-nodes", Es, Advice, Role, fixes: false;
    when: "One or two nodes run Elasticsearch.";
    source: Page("provision a larger number of nodes first, grow their hardware later");

    /// Files on a file system.
    StoragePreferObject = "storage.prefer-object", Storage, Advice, Instance, fixes: false;
    when: "The backend of unstructured storage is posix or nfs.";
    source: Page("object storage is much better");

    /// Very many files on a file system.
    StorageLargePosix = "storage.large-posix", Storage, Warning, Instance, fixes: false;
    when: "The backend is posix or nfs, and the capacity is 10240 GiB or more.";
    source: Page("tens of terabytes are not uncommon");

    /// Files on one machine, wanted on several.
    StorageNotShared = "storage.not-shared", Storage, Warning, Instance, fixes: false;
    when: "The backend is posix, while web, SIP and PBX together run on more than one node.";
    source: Project("a local file system is not shared");

    /// An object store that cannot be reached as given.
    StorageBadEndpoint = "storage.bad-endpoint", Storage, Blocker, Instance, fixes: true;
    when: "The backend is s3, and its endpoint is no http or https address, or its bucket is empty.";
    source: Project("what an S3 client needs to connect");

    /// A large set-up.
    SetupLarge = "setup.large", Setup, Advice, Topology, fixes: false;
    when: "The topology has 50 nodes or more.";
    source: Page("seek experts' help when planning a large set-up");

    /// An address that no node can have.
    NodeUnusableAddress = "node.unusable-address", Node, Blocker, Node, fixes: true;
    when: "A node's private or public address is unspecified (0.0.0.0, ::), loopback, multicast or 255.255.255.255.";
    source: Project("a node is reached by its addresses");

    /// A public address where the private one belongs.
    NodePublicAsPrivate = "node.public-as-private", Node, Warning, Node, fixes: false;
    when: "A node's private address could be one, but is in no private range: RFC 1918, 100.64.0.0/10 (RFC 6598), fc00::/7 (RFC 4193), link-local.";
    source: Project("what is private is not reached from the internet");
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RuleId {
    type Err = UnknownRule;

    fn from_str(id: &str) -> Result<Self, UnknownRule> {
        Self::ALL.iter().copied().find(|rule| rule.as_str() == id).ok_or_else(|| UnknownRule(id.to_owned()))
    }
}
