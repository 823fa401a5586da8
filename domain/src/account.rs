//! People who sign in, and where they may act.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// An account's id: a UUID as text.
pub type AccountId = String;

/// Who did something, as shown beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The account; none for the operator at the command line and for Strata itself.
    pub id: Option<AccountId>,
    /// Name for people.
    pub name: String,
}

/// What an account may be in one environment; one account can hold several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// Reads everything of the environment.
    Viewer,
    /// Drafts, submits and applies changes.
    Admin,
    /// Votes on changes.
    Lead,
}

impl Capability {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Admin, Self::Lead];

    /// The word in the database and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Admin => "admin",
            Self::Lead => "lead",
        }
    }
}

impl std::str::FromStr for Capability {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|capability| capability.as_str() == word)
            .ok_or_else(|| format!("{word:?} is no capability; use viewer, admin or lead"))
    }
}

/// What one person holds in one environment; the input of every permission decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Capabilities granted in this environment.
    pub capabilities: BTreeSet<Capability>,
    /// Named groups in this environment that approvals can ask for, such as "infrastructure experts".
    pub groups: BTreeSet<String>,
}

/// Somebody who may vote in an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lead {
    /// Who.
    pub person: Person,
    /// The named groups that they are in there.
    pub groups: BTreeSet<String>,
}

impl Lead {
    /// What they are in the environment, as far as votes are concerned.
    pub fn standing(&self) -> Standing {
        Standing { capabilities: BTreeSet::from([Capability::Lead]), groups: self.groups.clone() }
    }
}

impl Standing {
    /// Whether the capability is held.
    pub fn has(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }
}
