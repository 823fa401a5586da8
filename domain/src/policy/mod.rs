//! Who has to approve a change: an environment's approval policy, as versioned data (requirements, section 5).
//!
//! A rule says for which plans it asks ([`When`]) and for whom: a number of distinct leads of a group. Every rule that
//! matches has to be met. The data is what is stored, sent to the page and written into the audit log.

mod accept;
mod built_in;
mod matching;
mod strictest;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::catalogue::Layer;
use crate::plan::{Risk, StepKind};
use crate::topology::{RoleId, Topology};

pub use accept::{PolicyFault, accept};
pub use built_in::LARGE_ENVIRONMENT;
pub use matching::{AT_LEAST_ONE_LEAD, Answer, answers, matching};
pub use strictest::strictest;
pub(crate) use text::listed;
pub use text::{describe, people};

/// The group that every lead of the environment is in.
pub const LEADS: &str = "leads";

/// The group of leads that the built-in policy asks for where much is at stake.
pub const EXPERTS: &str = "infrastructure experts";

/// All rules of one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// 1 for the built-in one; moves with every policy that leads approve.
    pub version: u32,
    /// Every rule that matches a plan has to be met; their order is the order on pages.
    pub rules: Vec<Rule>,
}

/// For some plans, a number of distinct people of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// A line for people; unique in the policy, whatever the case.
    pub name: String,
    /// Which plans it asks about.
    #[serde(default)]
    pub when: When,
    /// [`LEADS`] for every lead of the environment, or the name of a group: then its leads.
    pub group: String,
    /// How many distinct people of the group have to approve, from 1.
    pub quorum: usize,
}

/// What a plan has to be for a rule to ask about it. What is empty asks for nothing; all that is given has to hold.
///
/// `layers`, `roles` and `actions` are asked of one step together: with the layer "storage" and the action
/// `remove-role`, a plan that removes a web interface and installs SQL does not match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// The plan has one of these risks.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub risks: BTreeSet<Risk>,
    /// A step works on a role of one of these layers.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub layers: BTreeSet<Layer>,
    /// A step works on one of these roles.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub roles: BTreeSet<RoleId>,
    /// A step is of one of these kinds.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub actions: BTreeSet<StepKind>,
    /// The environment has this many nodes or more; see [`size_of`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes_from: Option<usize>,
}

/// What one rule asks of one plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The rule's name.
    pub rule: String,
    /// The group, as in [`Rule::group`].
    pub group: String,
    /// How many distinct people of it.
    pub quorum: usize,
    /// Why the rule asks, in words that follow "because": `the plan is critical`.
    pub because: String,
    /// The version of the policy that asks, where it is an older one than that in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older: Option<u32>,
}

impl Asked {
    /// Why the rule asks, and under which policy where that is an older one.
    pub fn reason(&self) -> String {
        match self.older {
            None => self.because.clone(),
            Some(version) => {
                format!("{} (version {version} of the policy, in force when it was submitted or since)", self.because)
            }
        }
    }
}

/// The number of nodes that [`When::nodes_from`] is compared with: the larger of before and after.
///
/// A change that shrinks a large environment is carried out in the large one, and one that grows it past the limit
/// leaves a large one behind. Counting one side alone would let either through without an expert.
pub fn size_of(base: &Topology, desired: &Topology) -> usize {
    base.nodes.len().max(desired.nodes.len())
}
