//! What changed, as told to open pages; they read the state again.

use serde::{Deserialize, Serialize};

use crate::account::AccountId;

/// One piece of news; carries no content, so that reading it needs no more rights than asking again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum News {
    /// The live revision of an environment moved.
    Environment {
        /// Its slug.
        environment: String,
    },
    /// A change moved.
    Change {
        /// The environment's slug.
        environment: String,
        /// The change.
        id: i64,
    },
    /// A run, one of its steps or its log moved.
    Run {
        /// The environment's slug.
        environment: String,
        /// The run.
        id: i64,
    },
    /// What one person is told moved: something came, or was read. For that person alone.
    Notice {
        /// The slug of an environment that it is about.
        environment: String,
        /// The person.
        account: AccountId,
    },
    /// A mail or a call of a webhook was tried.
    Delivery {
        /// The slug of the environment that it tells of.
        environment: String,
    },
}

impl News {
    /// The environment it is about; who may not view that is not told.
    pub fn environment(&self) -> &str {
        match self {
            Self::Environment { environment }
            | Self::Change { environment, .. }
            | Self::Run { environment, .. }
            | Self::Notice { environment, .. }
            | Self::Delivery { environment } => environment,
        }
    }
}
