//! Acts on accounts.

use serde_json::json;

use super::{Anew, Row};
use crate::account::{AccountId, Capability};
use crate::audit::AuditAction;

/// What stands in place of the account where an address is nobody's. What was typed is not kept: it may be a password in the
/// wrong field, or somebody's address at another house.
const UNKNOWN: &str = "unknown";

/// Something that was done to an account, or that its owner did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountAct {
    /// It was made.
    Added {
        /// What its owner signs in with.
        email: String,
        /// Their name.
        name: String,
    },
    /// It was given something in an environment.
    Granted {
        /// What.
        given: Given,
        /// Of who had lost it and voted before, votes are back.
        anew: Anew,
    },
    /// Something was taken from it in an environment.
    Revoked {
        /// What.
        taken: Given,
        /// Its votes may count no longer.
        anew: Anew,
    },
    /// It was disabled.
    Disabled(Reach),
    /// It was enabled again.
    Enabled(Reach),
    /// Its owner signed in.
    SignedIn {
        /// From where.
        address: String,
    },
    /// Somebody was not let in.
    SignInFailed {
        /// From where.
        address: String,
        /// Whether the account is disabled.
        is_disabled: bool,
    },
    /// Its owner signed out here.
    SignedOut,
    /// Its owner ended all their sessions.
    SignedOutEverywhere,
}

/// What an account has in an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// A capability.
    Capability(Capability),
    /// A place in a group.
    Group(String),
}

/// Where something is told that holds everywhere: each environment has it in its own history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// In an environment, with the changes that it moved there.
    Here(Anew),
    /// In the log of accounts, with the environments in which it moved any.
    Everywhere {
        /// Their slugs.
        environments: Vec<String>,
    },
}

impl AccountAct {
    pub(super) fn row(&self, account: Option<&AccountId>) -> Row {
        let row = |action| Row::new(action, "account", &account.map_or(UNKNOWN, String::as_str));
        let given = |given: &Given| match given {
            Given::Capability(capability) => json!({ "capability": capability }),
            Given::Group(group) => json!({ "group": group }),
        };
        let reached = |action, reach: &Reach| match reach {
            Reach::Here(anew) => row(action).anew(anew),
            Reach::Everywhere { environments } => row(action).after(json!({ "environments": environments })),
        };
        match self {
            Self::Added { email, name } => {
                row(AuditAction::AccountAdded).after(json!({ "email": email, "name": name }))
            }
            Self::Granted { given: what, anew } => row(AuditAction::AccountGranted).after(given(what)).anew(anew),
            Self::Revoked { taken, anew } => row(AuditAction::AccountRevoked).before(given(taken)).anew(anew),
            Self::Disabled(reach) => reached(AuditAction::AccountDisabled, reach),
            Self::Enabled(reach) => reached(AuditAction::AccountEnabled, reach),
            Self::SignedIn { address } => row(AuditAction::SignedIn).after(json!({ "address": address })),
            Self::SignInFailed { address, is_disabled } => {
                row(AuditAction::SignInFailed).after(json!({ "address": address, "disabled": is_disabled }))
            }
            Self::SignedOut => row(AuditAction::SignedOut),
            Self::SignedOutEverywhere => row(AuditAction::SignedOutEverywhere),
        }
    }

    pub(super) const fn anew(&self) -> Option<&Anew> {
        match self {
            Self::Granted { anew, .. }
            | Self::Revoked { anew, .. }
            | Self::Disabled(Reach::Here(anew))
            | Self::Enabled(Reach::Here(anew)) => Some(anew),
            Self::Added { .. }
            | Self::Disabled(Reach::Everywhere { .. })
            | Self::Enabled(Reach::Everywhere { .. })
            | Self::SignedIn { .. }
            | Self::SignInFailed { .. }
            | Self::SignedOut
            | Self::SignedOutEverywhere => None,
        }
    }
}
