//! The ids of the rules.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Severity;

/// A text is the id of no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no rule")]
pub struct UnknownRule(pub String);

macro_rules! rules {
    ($($(#[$doc:meta])+ $variant:ident = $id:literal, $severity:ident;)+) => {
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

            /// How much a finding of it matters, where the environment says nothing else.
            pub const fn default_severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity),+ }
            }
        }
    };
}

rules! {
    /// Fewer instances than the role's minimum.
    RoleTooFew = "role.too-few", Blocker;
    /// More instances than the role's maximum.
    RoleTooMany = "role.too-many", Blocker;
    /// A setting is missing or does not fit.
    RoleSettings = "role.settings", Blocker;
    /// Two nodes of one hostname.
    NodeDuplicateHostname = "node.duplicate-hostname", Blocker;
    /// Two nodes of one address.
    NodeDuplicateAddress = "node.duplicate-address", Blocker;
    /// A node without a role.
    NodeIdle = "node.idle", Advice;
    /// A role needs a public address.
    NetPublicRequired = "net.public-required", Blocker;
    /// A role should have none.
    NetPublicExposed = "net.public-exposed", Warning;
    /// No master.
    SqlNoMaster = "sql.no-master", Blocker;
    /// More than one.
    SqlManyMasters = "sql.many-masters", Blocker;
    /// The master is not on a platform with high availability.
    SqlMasterNotHa = "sql.master-not-ha", Blocker;
    /// More slaves than bring speed.
    SqlTooManySlaves = "sql.too-many-slaves", Warning;
    /// A slave is stronger than the master.
    SqlMasterWeaker = "sql.master-weaker", Warning;
    /// A spinning disk.
    SqlSlowDisk = "sql.slow-disk", Warning;
    /// Disk kind or IOPS not given.
    SqlUnknownDisk = "sql.unknown-disk", Advice;
    /// In no availability group.
    DdbNoGroup = "ddb.no-group", Blocker;
    /// In a group that is not there.
    DdbUnknownGroup = "ddb.unknown-group", Blocker;
    /// All in one group.
    DdbSingleGroup = "ddb.single-group", Warning;
    /// Groups of different sizes.
    DdbUnequalGroups = "ddb.unequal-groups", Warning;
    /// A group of one.
    DdbGroupTooSmall = "ddb.group-too-small", Warning;
    /// A group of more than four.
    DdbGroupTooLarge = "ddb.group-too-large", Warning;
    /// A group of none.
    DdbEmptyGroup = "ddb.empty-group", Advice;
    /// Few nodes to start with.
    DdbFewNodes = "ddb.few-nodes", Advice;
    /// Less memory than the role needs.
    DdbLowMemory = "ddb.low-memory", Warning;
    /// Few nodes to start with.
    EsFewNodes = "es.few-nodes", Advice;
    /// Files on a file system.
    StoragePreferObject = "storage.prefer-object", Advice;
    /// Very many files on a file system.
    StorageLargePosix = "storage.large-posix", Warning;
    /// Files on one machine, wanted on several.
    StorageNotShared = "storage.not-shared", Warning;
    /// An object store that cannot be reached as given.
    StorageBadEndpoint = "storage.bad-endpoint", Blocker;
    /// A large set-up.
    SetupLarge = "setup.large", Advice;
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
