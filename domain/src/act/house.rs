//! Acts on an environment as a whole, its catalogue, and whom it calls.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Anew, Row};
use crate::audit::AuditAction;
use crate::catalogue::{Level, Role};
use crate::findings::RuleId;
use crate::notice::{DeliveryState, Patience, Topic};
use crate::review::Lifetime;

/// Something that was done to an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvironmentAct {
    /// It was made.
    Created {
        /// Its slug.
        environment: String,
    },
    /// Its first revision was imported.
    Imported {
        /// The revision's number.
        revision: i64,
        /// What it is called.
        title: String,
        /// How many nodes it has.
        nodes: usize,
    },
    /// Approvals hold for another time.
    LifetimeSet {
        /// Its slug.
        environment: String,
        /// How long they held.
        before: Lifetime,
        /// How long they hold.
        after: Lifetime,
        /// Some may be over by it.
        anew: Anew,
    },
    /// People are reminded after other times.
    PatienceSet {
        /// Its slug.
        environment: String,
        /// The times before.
        before: Patience,
        /// The times from now on.
        after: Patience,
    },
}

/// Something that was done to a catalogue.
#[derive(Clone, Debug, PartialEq)]
pub enum CatalogueAct {
    /// A role was added, or put in the place of another one.
    RoleSaved {
        /// The role.
        role: Box<Role>,
        /// The one in whose place it is.
        before: Option<Box<Role>>,
        /// The catalogue's version since.
        version: u32,
        /// Why, where leads put it in force.
        reason: Option<String>,
        /// Changes whose plan or findings are others by it.
        anew: Anew,
    },
    /// A role was removed.
    RoleRemoved {
        /// The role.
        role: Box<Role>,
        /// The catalogue's version since.
        version: u32,
        /// Why.
        reason: String,
        /// Changes whose plan or findings are others by it.
        anew: Anew,
    },
    /// A rule matters more, or less.
    RuleLevelSet {
        /// The rule.
        rule: RuleId,
        /// How much it mattered.
        before: Level,
        /// How much it matters.
        after: Level,
        /// Why.
        reason: String,
        /// What became of the changes under review, which are asked anew.
        anew: Anew,
    },
}

/// Something that was done to a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookAct {
    /// It was added.
    Added {
        /// The host that it calls.
        to: String,
        /// What it is told of.
        topics: BTreeSet<Topic>,
    },
    /// It was removed.
    Removed {
        /// The host that it called.
        to: String,
    },
}

/// Something that was done to a mail or a call of a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryAct {
    /// It is sent once more.
    Resent {
        /// What had become of it.
        before: DeliveryState,
    },
}

impl EnvironmentAct {
    pub(super) fn row(&self) -> Row {
        match self {
            Self::Created { environment } => {
                let row = Row::new(AuditAction::EnvironmentCreated, "environment", environment);
                row.after(json!({ "environment": environment }))
            }
            Self::Imported { revision, title, nodes } => {
                let row = Row::new(AuditAction::TopologyImported, "revision", revision);
                row.after(json!({ "revision": revision, "title": title, "nodes": nodes }))
            }
            Self::LifetimeSet { environment, before, after, anew } => {
                Row::new(AuditAction::ApprovalLifetimeSet, "environment", environment)
                    .before(json!({ "hours": before.as_hours() }))
                    .after(json!({ "hours": after.as_hours() }))
                    .anew(anew)
            }
            Self::PatienceSet { environment, before, after } => {
                Row::new(AuditAction::PatienceSet, "environment", environment).before(json!(before)).after(json!(after))
            }
        }
    }

    pub(super) const fn anew(&self) -> Option<&Anew> {
        match self {
            Self::LifetimeSet { anew, .. } => Some(anew),
            Self::Created { .. } | Self::Imported { .. } | Self::PatienceSet { .. } => None,
        }
    }

    /// Whether pages of the environment say something else by it.
    pub(super) const fn is_shown(&self) -> bool {
        !matches!(self, Self::PatienceSet { .. })
    }
}

impl CatalogueAct {
    pub(super) fn row(&self) -> Row {
        match self {
            Self::RoleSaved { role, before, version, reason, anew } => {
                let row = Row::new(AuditAction::RoleSaved, "role", &role.id)
                    .reason(reason.as_deref())
                    .after(json!({ "version": version, "role": role }));
                let row = match before {
                    Some(before) => row.before(json!({ "version": version.saturating_sub(1), "role": before })),
                    None => row,
                };
                row.anew(anew)
            }
            Self::RoleRemoved { role, version, reason, anew } => Row::new(AuditAction::RoleRemoved, "role", &role.id)
                .reason(Some(reason))
                .before(json!({ "version": version.saturating_sub(1), "role": role }))
                .after(json!({ "version": version }))
                .anew(anew),
            Self::RuleLevelSet { rule, before, after, reason, anew } => {
                Row::new(AuditAction::RuleLevelSet, "rule", rule)
                    .reason(Some(reason))
                    .before(json!({ "level": before }))
                    .after(json!({ "level": after }))
                    .anew(anew)
            }
        }
    }

    pub(super) const fn anew(&self) -> &Anew {
        match self {
            Self::RoleSaved { anew, .. } | Self::RoleRemoved { anew, .. } | Self::RuleLevelSet { anew, .. } => anew,
        }
    }
}

impl WebhookAct {
    pub(super) fn row(&self, webhook: i64) -> Row {
        match self {
            Self::Added { to, topics } => {
                Row::new(AuditAction::WebhookAdded, "webhook", &webhook).after(json!({ "to": to, "topics": topics }))
            }
            Self::Removed { to } => {
                Row::new(AuditAction::WebhookRemoved, "webhook", &webhook).before(json!({ "to": to }))
            }
        }
    }
}

impl DeliveryAct {
    pub(super) fn row(&self, delivery: i64) -> Row {
        match self {
            Self::Resent { before } => {
                Row::new(AuditAction::DeliveryResent, "delivery", &delivery).before(json!({ "delivery": before }))
            }
        }
    }
}
