//! The steps from one topology to another, with what each costs (requirements, section 4).
//!
//! Pure and canonical: the order of nodes in either topology does not show in the plan or its digest.

mod alternatives;
mod approved;
mod build;
mod census;
mod changes;
mod checks;
mod digest;
mod hand_over;
mod impact;
mod order;
mod reached;
mod renames;
mod role_order;
mod text;

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

pub use approved::{NotApproved, Stored, digest_of_steps};
pub use checks::dry_run_log;
pub use digest::ENCODING;
pub use reached::{StepMisfit, is_same_place, reached};

use census::{Census, Counts};
use changes::Changes;

use crate::catalogue::Catalogue;
use crate::digest::Digest;
use crate::edit::NodeFacts;
use crate::topology::{RoleId, Settings, Topology};
use crate::words::words;

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// Makes a node ready, or changes it.
    PrepareNode,
    /// Puts a role on a place.
    InstallRole,
    /// Gives an instance other settings, or adds, renames or removes an availability group.
    ConfigureRole,
    /// Needs a person.
    Manual,
    /// Checks that an instance, or a whole role, works.
    VerifyRole,
    /// Takes an instance out of service.
    DrainRole,
    /// Moves data to the new layout.
    Rebalance,
    /// Builds indexes for the new layout.
    Reindex,
    /// Takes a role away from a place.
    RemoveRole,
    /// Gives a node up.
    RetireNode,
}

words!(StepKind, "kind of step" {
    PrepareNode => "prepare-node",
    InstallRole => "install-role",
    ConfigureRole => "configure-role",
    Manual => "manual",
    VerifyRole => "verify-role",
    DrainRole => "drain-role",
    Rebalance => "rebalance",
    Reindex => "reindex",
    RemoveRole => "remove-role",
    RetireNode => "retire-node",
});

/// What a step costs while it runs, or leaves behind; mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Impact {
    /// Nothing.
    None,
    /// A stronger container for a master, by live migration.
    LiveUpgrade,
    /// A slave is missing for a while, or from now on.
    Degraded,
    /// A person has to act.
    Manual,
    /// Indexes are built again.
    Reindex,
    /// Data moves between nodes.
    Rebalance,
    /// An availability group is left with one node.
    RedundancyLost,
    /// Everything is down for a while.
    Outage,
}

words!(Impact, "impact" {
    None => "none",
    LiveUpgrade => "live-upgrade",
    Degraded => "degraded",
    Manual => "manual",
    Reindex => "reindex",
    Rebalance => "rebalance",
    RedundancyLost => "redundancy-lost",
    Outage => "outage",
});

/// How dangerous a plan is; decides who has to approve it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// Nothing is taken away and nobody notices.
    Low,
    /// Something is removed or degraded.
    Medium,
    /// Expensive, by hand, or with less redundancy afterwards.
    High,
    /// An outage.
    Critical,
}

words!(Risk, "risk" {
    Low => "low",
    Medium => "medium",
    High => "high",
    Critical => "critical",
});

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Stable and readable: `install-role:sql-2.example.net:sql`.
    pub id: String,
    /// What it does.
    pub kind: StepKind,
    /// The node it works on.
    pub node: Option<String>,
    /// The service it works on.
    pub service: Option<String>,
    /// The role it works on.
    pub role: Option<RoleId>,
    /// What it costs.
    pub impact: Impact,
    /// Steps that end before it begins; they all come before it in the plan.
    pub depends_on: Vec<String>,
    /// What is different afterwards; part of the digest.
    pub effect: Effect,
}

/// What a step changes or looks at, before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Effect {
    /// A node is there.
    NodeAdded {
        /// What it is.
        facts: Box<NodeFacts>,
    },
    /// A node is another.
    NodeChanged {
        /// Its hostname before.
        hostname_before: String,
        /// What it was.
        before: Box<NodeFacts>,
        /// What it is.
        after: Box<NodeFacts>,
    },
    /// A node is gone.
    NodeRemoved {
        /// What it was.
        facts: Box<NodeFacts>,
    },
    /// An instance is there.
    InstanceAdded {
        /// The node's private address; none for a service.
        address: Option<IpAddr>,
        /// Its settings.
        settings: Settings,
    },
    /// An instance has other settings.
    InstanceChanged {
        /// The node's private address; none for a service.
        address: Option<IpAddr>,
        /// Its settings before.
        before: Settings,
        /// Its settings after.
        after: Settings,
    },
    /// An instance is looked at.
    InstanceChecked {
        /// The node's private address; none for a service.
        address: Option<IpAddr>,
        /// The settings that it should have.
        settings: Settings,
    },
    /// An instance is out of service, but still there.
    InstanceDrained {
        /// The node's private address; none for a service.
        address: Option<IpAddr>,
        /// Its settings.
        settings: Settings,
    },
    /// An instance is gone.
    InstanceRemoved {
        /// The node's private address; none for a service.
        address: Option<IpAddr>,
        /// Its settings.
        settings: Settings,
    },
    /// A role as a whole is looked at.
    RoleChecked {
        /// Number of instances that it should have then.
        instances: usize,
    },
    /// Data of a role is laid out anew.
    LayoutChanged {
        /// Nodes that joined.
        joined: Vec<String>,
        /// Nodes that changed their group.
        moved: Vec<String>,
        /// Nodes that leave.
        left: Vec<String>,
    },
    /// Replication is set up by a person.
    ReplicationSet {
        /// The node's private address; none for a service.
        address: Option<IpAddr>,
        /// What has to be done.
        task: ReplicationTask,
        /// The other side: the master so far for a new master, the master from now on for a slave.
        master: Option<String>,
    },
    /// An availability group is there.
    GroupAdded {
        /// Its name.
        group: String,
    },
    /// An availability group has another name, with the same nodes in it.
    GroupRenamed {
        /// Its name before.
        from: String,
        /// Its name after; its instances' settings have it too.
        to: String,
    },
    /// An availability group is gone.
    GroupRemoved {
        /// Its name.
        group: String,
    },
}

/// What a person does to set replication up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplicationTask {
    /// A new instance becomes the first master.
    StartMaster,
    /// A new instance takes over from the master so far.
    TakeOver,
    /// A new instance becomes a slave.
    JoinAsSlave,
    /// A slave becomes the master.
    Promote,
    /// A master becomes a slave.
    Demote,
}

/// All steps from one topology to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// How dangerous it is.
    pub risk: Risk,
    /// What votes are bound to.
    pub digest: Digest,
    /// Every step, after all that it depends on.
    pub steps: Vec<Step>,
    /// Cheaper ways to the same end.
    pub alternatives: Vec<Alternative>,
}

/// A cheaper way to what a step is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alternative {
    /// The step's id.
    pub step: String,
    /// What to do instead.
    pub text: String,
}

impl Plan {
    /// The shape of `strata plan --format json` (requirements, section 7).
    pub fn to_json(&self) -> serde_json::Value {
        let steps: Vec<serde_json::Value> = self
            .steps
            .iter()
            .map(|step| {
                let Step { id, kind, node, service, role, impact, depends_on, effect: _ } = step;
                serde_json::json!({
                    "id": id,
                    "kind": kind,
                    "node": node,
                    "service": service,
                    "role": role,
                    "impact": impact,
                    "depends_on": depends_on,
                })
            })
            .collect();
        serde_json::json!({ "risk": self.risk, "digest": self.digest, "steps": steps })
    }
}

/// The steps from `base` to `desired`; none when they differ in nothing but the order of lists and whether ids are given.
pub fn plan(base: &Topology, desired: &Topology, catalogue: &Catalogue) -> Plan {
    let counts = Counts { before: Census::of(base, catalogue), after: Census::of(desired, catalogue) };
    let changes = Changes::between(base, desired, &counts, catalogue);
    let ordered = order::in_order(build::drafts(&changes, &counts, catalogue));
    let risk = impact::risk(&ordered.steps);
    let digest = digest::of_steps(&desired.environment, catalogue.version, &ordered);
    let alternatives = alternatives::of_steps(&ordered.steps, &counts);
    Plan { risk, digest, steps: ordered.steps, alternatives }
}
