//! Why something may not be done now.

use serde::{Deserialize, Serialize};

/// The reason an action is refused, in a sentence that the page shows beside the disabled button and that
/// the backend returns when the action is tried all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{reason}")]
pub struct Refused {
    /// One sentence that says why, and what would have to be different.
    pub reason: String,
}

impl Refused {
    /// A refusal with that reason.
    pub fn because(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}
