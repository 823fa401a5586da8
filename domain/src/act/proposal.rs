//! Acts on proposals.

use serde_json::{Value, json};

use super::schedule::shown;
use super::{About, Anew, Row, Said, Telling};
use crate::account::AccountId;
use crate::audit::AuditAction;
use crate::notice::Kind;
use crate::policy::Policy;
use crate::proposal::Proposed;
use crate::schedule::{self, Entry};

/// Something that was done to a proposal.
#[derive(Clone, Debug, PartialEq)]
pub enum ProposalAct {
    /// It was made.
    Made {
        /// Why.
        reason: String,
        /// What it would take the place of, where it does not say so itself.
        instead_of: Stands,
    },
    /// A lead approved it, and more people have to.
    Backed {
        /// Why.
        reason: Option<String>,
        /// Who has to, as [`crate::review::missing_text`] has it.
        missing: String,
    },
    /// A lead gave the last approval that it needed.
    PutInForce {
        /// Why.
        reason: Option<String>,
        /// The names of all who approved it.
        approved_by: Vec<String>,
        /// What came of it.
        put: Put,
    },
    /// A lead turned it down.
    Rejected {
        /// Why.
        reason: Option<String>,
        /// The version of the policy that it was made under.
        based_on: u32,
    },
    /// Its proposer gave it up.
    Withdrawn {
        /// Why.
        reason: Option<String>,
        /// The version of the policy that it was made under.
        based_on: u32,
    },
}

/// What stands while something else is proposed.
#[derive(Clone, Debug, PartialEq)]
pub enum Stands {
    /// What the proposal says itself.
    AsProposed,
    /// The policy in force.
    Policy(Policy),
    /// A window that is to go.
    Window(Box<Entry>),
}

/// What came of a proposal that is in force.
#[derive(Clone, Debug, PartialEq)]
pub enum Put {
    /// What it says itself.
    AsProposed,
    /// Another policy.
    Policy {
        /// The one before.
        before: Policy,
        /// The one in force.
        after: Policy,
        /// Changes whose votes are enough by it, or no longer.
        anew: Anew,
    },
    /// Another version of the catalogue.
    Catalogue {
        /// Its number.
        version: u32,
    },
}

impl ProposalAct {
    fn action(&self, proposed: &Proposed) -> AuditAction {
        let either = |policy, other| of_policy(proposed, policy, other);
        match self {
            Self::Made { .. } => either(AuditAction::PolicyProposed, AuditAction::ProposalMade),
            Self::Backed { .. } => AuditAction::ProposalBacked,
            Self::PutInForce { .. } => either(AuditAction::PolicyApproved, AuditAction::ProposalInForce),
            Self::Rejected { .. } => either(AuditAction::PolicyRejected, AuditAction::ProposalRejected),
            Self::Withdrawn { .. } => either(AuditAction::PolicyWithdrawn, AuditAction::ProposalWithdrawn),
        }
    }

    /// A policy is found by its proposal, the rest by what it is about, so that its own history tells it. What it is about and
    /// which proposal it was stand beside the rest.
    pub(super) fn row(&self, proposal: i64, proposed: &Proposed) -> Row {
        let action = self.action(proposed);
        let row = match proposed {
            Proposed::Policy { .. } => Row::new(action, "policy", &proposal),
            Proposed::RuleLevel { rule, .. } => Row::new(action, "rule", rule),
            Proposed::WindowRemoval { name, .. } => Row::new(action, schedule::Kind::Window.as_str(), name),
            Proposed::WindowOpening { replaces, window } => {
                let named = replaces.as_ref().map_or(&**window, |replaced| &replaced.window);
                Row::new(action, schedule::Kind::Window.as_str(), &named.name)
            }
            Proposed::LooserRole { from, .. } => Row::new(action, "role", &from.id),
        };
        let with = |mut after: Value| {
            after["proposal"] = json!(proposal);
            after["about"] = json!(proposed.describe());
            after
        };
        match self {
            Self::Made { reason, instead_of } => {
                let (before, after) = both(proposed, instead_of);
                row.reason(Some(reason)).before(before).after(with(after))
            }
            Self::Backed { reason, missing } => {
                row.reason(reason.as_deref()).after(with(json!({ "missing": missing })))
            }
            Self::PutInForce { reason, approved_by, put } => {
                let row = row.reason(reason.as_deref());
                let approved = json!({ "approved_by": approved_by });
                match (put, proposed) {
                    (Put::Policy { before, after, anew }, _) => {
                        row.before(json!(before)).after(with(joined(json!(after), approved))).anew(anew)
                    }
                    (Put::Catalogue { version }, _) => row.after(with(joined(json!({ "version": version }), approved))),
                    (Put::AsProposed, Proposed::RuleLevel { from, to, .. }) => {
                        row.before(json!({ "level": from })).after(with(joined(json!({ "level": to }), approved)))
                    }
                    (Put::AsProposed, _) => row.after(with(approved)),
                }
            }
            Self::Rejected { reason, based_on } | Self::Withdrawn { reason, based_on } => {
                row.reason(reason.as_deref()).after(with(json!({ "version": based_on })))
            }
        }
    }

    pub(super) fn told(&self, proposer: Option<&AccountId>, proposed: &Proposed) -> Vec<Telling> {
        let either = |policy, other| of_policy(proposed, policy, other);
        let kind = match self {
            Self::Made { .. } => either(Kind::PolicyProposed, Kind::ProposalMade),
            Self::PutInForce { .. } => either(Kind::PolicyApproved, Kind::ProposalInForce),
            Self::Rejected { .. } => either(Kind::PolicyRejected, Kind::ProposalRejected),
            Self::Withdrawn { .. } => either(Kind::PolicyWithdrawn, Kind::ProposalWithdrawn),
            Self::Backed { .. } => return Vec::new(),
        };
        let about = About::Proposal { proposer: proposer.cloned(), about: proposed.describe() };
        let mut told = vec![Telling { kind, change: None, said: Said { about: Some(about), ..Said::default() } }];
        if let Self::PutInForce { put: Put::Policy { anew, .. }, .. } = self {
            told.extend(anew.told());
        }
        told
    }
}

/// What is so, and what is to be.
fn both(proposed: &Proposed, instead_of: &Stands) -> (Value, Value) {
    let (before, after) = match proposed {
        Proposed::Policy { rules } => (json!({}), json!({ "rules": rules })),
        Proposed::RuleLevel { rule: _, from, to } => (json!({ "level": from }), json!({ "level": to })),
        Proposed::WindowRemoval { name, .. } => (json!({}), json!({ "removed": name })),
        Proposed::WindowOpening { replaces, window } => {
            let before = replaces.as_ref().map_or_else(|| json!({}), |replaced| shown(&replaced.window));
            (before, shown(window))
        }
        Proposed::LooserRole { from, to } => (json!({ "role": from }), json!({ "role": to })),
    };
    match instead_of {
        Stands::AsProposed => (before, after),
        Stands::Policy(policy) => (json!(policy), joined(after, json!({ "version": policy.version + 1 }))),
        Stands::Window(window) => (json!({ "name": window.name, "when": schedule::describe(window) }), after),
    }
}

/// Both in one.
fn joined(mut one: Value, other: Value) -> Value {
    if let (Value::Object(one), Value::Object(other)) = (&mut one, other) {
        one.extend(other);
    }
    one
}

/// What is said of a policy, or of anything else that is proposed.
fn of_policy<T>(proposed: &Proposed, policy: T, other: T) -> T {
    if matches!(proposed, Proposed::Policy { .. }) { policy } else { other }
}
