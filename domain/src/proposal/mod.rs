//! What would loosen the rules that people are held to is proposed by one person and put in force by several others
//! (requirements, section 5): another approval policy, a rule that matters less, a role that asks for less, a maintenance
//! window that goes or that opens the environment more.
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
use crate::catalogue::{Level, Levels, Role, level_of, looser};
use crate::findings::RuleId;
use crate::policy::Rule;
use crate::schedule::{self, Entry};
use crate::topology::RoleId;
use crate::words::words;

pub use demand::{Demand, demanded};

/// What came of something that a person may do alone only where it loosens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// It is so now.
    InForce(T),
    /// It loosens something: the proposal of that id waits for leads.
    Proposed(i64),
}

impl<T> Outcome<T> {
    /// What is so now, if it is.
    pub fn in_force(self) -> Option<T> {
        match self {
            Self::InForce(now) => Some(now),
            Self::Proposed(_) => None,
        }
    }

    /// The proposal that waits, if one does.
    pub fn proposed(self) -> Option<i64> {
        match self {
            Self::InForce(_) => None,
            Self::Proposed(id) => Some(id),
        }
    }
}

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
    /// A maintenance window that opens the environment at times at which it is closed now.
    WindowOpening {
        /// What it takes the place of; none where it is one more.
        replaces: Option<Box<Replaced>>,
        /// The window as it is to be, with the id of the one in whose place it comes.
        window: Box<Entry>,
    },
    /// A role of the environment's own that asks for less than now.
    LooserRole {
        /// The role when this was proposed.
        from: Box<Role>,
        /// The role as it is to be; none where it goes.
        to: Option<Box<Role>>,
    },
}

/// A window in whose place another one comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replaced {
    /// The window as it was read: who approves means this one.
    pub version: i64,
    /// The same, in full.
    pub window: Entry,
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
    /// [`Proposed::WindowOpening`].
    WindowOpening,
    /// [`Proposed::LooserRole`].
    LooserRole,
}

words!(Kind, "kind of proposal" {
    Policy => "policy",
    RuleLevel => "rule-level",
    WindowRemoval => "window-removal",
    WindowOpening => "window-opening",
    LooserRole => "looser-role",
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
    /// The environment's own roles.
    pub roles: Vec<Role>,
}

impl Present {
    fn role(&self, id: &RoleId) -> Option<&Role> {
        self.roles.iter().find(|role| role.id == *id)
    }
}

impl Proposed {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Policy { .. } => Kind::Policy,
            Self::RuleLevel { .. } => Kind::RuleLevel,
            Self::WindowRemoval { .. } => Kind::WindowRemoval,
            Self::WindowOpening { .. } => Kind::WindowOpening,
            Self::LooserRole { .. } => Kind::LooserRole,
        }
    }

    /// What of its kind it is about: one proposal about each waits at a time. Empty for the policy, of which there is one.
    pub fn subject(&self) -> String {
        match self {
            Self::Policy { .. } => String::new(),
            Self::RuleLevel { rule, .. } => rule.to_string(),
            Self::WindowRemoval { entry, .. } => entry.to_string(),
            Self::WindowOpening { replaces: Some(replaced), .. } => replaced.window.id.to_string(),
            // No window has it for an id; of two that are to be called the same only one can be.
            Self::WindowOpening { replaces: None, window } => format!("+{}", window.name.to_lowercase()),
            Self::LooserRole { from, .. } => from.id.to_string(),
        }
    }

    /// What it is about, in words without a full stop.
    pub fn describe(&self) -> String {
        match self {
            Self::Policy { .. } => "Another approval policy".to_owned(),
            Self::RuleLevel { rule, from, to } => format!("The rule {rule}: {to} instead of {from}"),
            Self::WindowRemoval { name, .. } => format!("The maintenance window “{name}”: removed"),
            Self::WindowOpening { replaces, window } => {
                let when = schedule::describe(window);
                match replaces.as_deref() {
                    None => format!("One more maintenance window “{}”: {when}", window.name),
                    Some(Replaced { window: was, .. }) => {
                        format!("The maintenance window “{}”: {when}, instead of {}", was.name, schedule::describe(was))
                    }
                }
            }
            Self::LooserRole { from, to: None } => format!("The role {}: removed", from.name),
            Self::LooserRole { from, to: Some(to) } => {
                format!("The role {} asks for less: {}", from.name, looser(from, Some(to)).join("; "))
            }
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
            Self::WindowOpening { replaces: Some(replaced), .. }
                if present.windows.get(&replaced.window.id) != Some(&replaced.version) =>
            {
                Some("The window was changed or removed since; it has to be proposed again.".to_owned())
            }
            Self::LooserRole { from, .. } if present.role(&from.id) != Some(&**from) => {
                Some("The role was changed or removed since; it has to be proposed again.".to_owned())
            }
            Self::Policy { .. }
            | Self::RuleLevel { .. }
            | Self::WindowRemoval { .. }
            | Self::WindowOpening { .. }
            | Self::LooserRole { .. } => None,
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
        self.proposed.outdated(self.based_on, present).map_or(Ok(()), |why| Err(Refused::not_now(why)))
    }

    /// Whether this person may approve it.
    ///
    /// # Errors
    /// For all but leads, for the proposer, for who has approved it already, and as [`Self::fits`].
    pub fn may_approve(&self, standing: &Standing, approver: &AccountId, present: &Present) -> Result<(), Refused> {
        authz::allow(standing, Permission::ApprovePolicy)?;
        if self.proposed_by.id.as_ref() == Some(approver) {
            return Err(Refused::not_you("You proposed it; other leads have to approve it."));
        }
        if self.is_approved_by(approver) {
            return Err(Refused::not_now("You have approved it already; others have to as well."));
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
            return Err(Refused::not_you("You proposed it; withdraw it instead."));
        }
        Ok(())
    }
}
