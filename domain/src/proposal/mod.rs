//! What would loosen the rules that people are held to is proposed by one person and put in force by several others
//! (requirements, section 5): another approval policy, a rule that matters less, a maintenance window that goes.
//!
//! As many distinct leads, and of the same groups, as the strictest rule in force asks for, none of them the proposer.
//! Approvals are kept for good; each counts while its giver is a lead, and in the group, of the environment. There is one
//! concept for all: something else that has to be put in force like a policy (settings of the provisioning, say) is one
//! more variant of [`Proposed`].

mod demand;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Refused;
use crate::account::{AccountId, Person, Standing};
use crate::authz::{self, Permission};
use crate::catalogue::{Level, Levels, level_of};
use crate::findings::RuleId;
use crate::policy::Rule;
use crate::words::words;

pub use demand::{Demand, demanded};

/// What is proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Proposed {
    /// Other rules in place of those of the approval policy.
    Policy {
        /// The rules.
        rules: Vec<Rule>,
    },
    /// A rule of the catalogue that matters less than now.
    RuleLevel {
        /// The rule.
        rule: RuleId,
        /// How much it mattered when this was proposed.
        from: Level,
        /// How much it is to matter.
        to: Level,
    },
    /// A maintenance window that is to go.
    WindowRemoval {
        /// The window's id.
        entry: i64,
        /// The window as it was read: who approves means this one.
        version: i64,
        /// What people call it.
        name: String,
    },
}

/// The kinds of what is proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// [`Proposed::Policy`].
    Policy,
    /// [`Proposed::RuleLevel`].
    RuleLevel,
    /// [`Proposed::WindowRemoval`].
    WindowRemoval,
}

words!(Kind, "kind of proposal" {
    Policy => "policy",
    RuleLevel => "rule-level",
    WindowRemoval => "window-removal",
});

/// What is in force now, as far as proposals are held against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Present {
    /// Version of the approval policy.
    pub policy: u32,
    /// Rules that matter more or less than by default.
    pub levels: Levels,
    /// The maintenance windows by id, each with its version.
    pub windows: BTreeMap<i64, i64>,
}

impl Proposed {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Policy { .. } => Kind::Policy,
            Self::RuleLevel { .. } => Kind::RuleLevel,
            Self::WindowRemoval { .. } => Kind::WindowRemoval,
        }
    }

    /// What of its kind it is about: one proposal about each waits at a time. Empty for the policy, of which there is one.
    pub fn subject(&self) -> String {
        match self {
            Self::Policy { .. } => String::new(),
            Self::RuleLevel { rule, .. } => rule.to_string(),
            Self::WindowRemoval { entry, .. } => entry.to_string(),
        }
    }

    /// What it is about, in words without a full stop.
    pub fn describe(&self) -> String {
        match self {
            Self::Policy { .. } => "Another approval policy".to_owned(),
            Self::RuleLevel { rule, from, to } => format!("The rule {rule}: {to} instead of {from}"),
            Self::WindowRemoval { name, .. } => format!("The maintenance window “{name}”: removed"),
        }
    }

    /// Whether what it was written against is no longer so, and why; then it has to be proposed again.
    fn outdated(&self, based_on: u32, present: &Present) -> Option<String> {
        match self {
            Self::Policy { .. } if based_on != present.policy => Some(format!(
                "It was proposed against version {based_on} of the policy, and version {} is in force; it has to be \
                 proposed again.",
                present.policy
            )),
            Self::RuleLevel { rule, from, .. } if level_of(&present.levels, *rule) != *from => Some(format!(
                "The rule was {from} when this was proposed, and is {} by now; it has to be proposed again.",
                level_of(&present.levels, *rule)
            )),
            Self::WindowRemoval { entry, version, .. } if present.windows.get(entry) != Some(version) => {
                Some("The window was changed or removed since; it has to be proposed again.".to_owned())
            }
            Self::Policy { .. } | Self::RuleLevel { .. } | Self::WindowRemoval { .. } => None,
        }
    }
}

/// One person's approval of a proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub by: Person,
    /// The named groups that they were in then.
    pub groups: BTreeSet<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Something that waits to be put in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Unique.
    pub id: i64,
    /// What is proposed.
    pub proposed: Proposed,
    /// The version of the approval policy that was in force then.
    pub based_on: u32,
    /// Why.
    pub reason: String,
    /// Who proposed it.
    pub proposed_by: Person,
    /// When.
    pub proposed_at: DateTime<Utc>,
    /// Who approved it so far, oldest first.
    pub approvals: Vec<Approval>,
}

impl Proposal {
    /// Whether this person has approved it.
    pub fn is_approved_by(&self, person: &AccountId) -> bool {
        self.approvals.iter().any(|approval| approval.by.id.as_ref() == Some(person))
    }

    /// Whether it still fits what is in force.
    ///
    /// # Errors
    /// Where what it was written against is another by now: putting it in force would undo that unseen.
    pub fn fits(&self, present: &Present) -> Result<(), Refused> {
        self.proposed.outdated(self.based_on, present).map_or(Ok(()), |why| Err(Refused::because(why)))
    }

    /// Whether this person may approve it.
    ///
    /// # Errors
    /// For all but leads, for the proposer, for who has approved it already, and as [`Self::fits`].
    pub fn may_approve(&self, standing: &Standing, approver: &AccountId, present: &Present) -> Result<(), Refused> {
        authz::allow(standing, Permission::ApprovePolicy)?;
        if self.proposed_by.id.as_ref() == Some(approver) {
            return Err(Refused::because("You proposed it; other leads have to approve it."));
        }
        if self.is_approved_by(approver) {
            return Err(Refused::because("You have approved it already; others have to as well."));
        }
        self.fits(present)
    }

    /// Whether this person may turn it down. Who has approved it may: they thought again.
    ///
    /// # Errors
    /// For all but leads, and for the proposer, who withdraws it instead.
    pub fn may_turn_down(&self, standing: &Standing, person: &AccountId) -> Result<(), Refused> {
        authz::allow(standing, Permission::ApprovePolicy)?;
        if self.proposed_by.id.as_ref() == Some(person) {
            return Err(Refused::because("You proposed it; withdraw it instead."));
        }
        Ok(())
    }
}
