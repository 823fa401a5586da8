//! Saying no.

use serde::{Deserialize, Serialize};

/// The reason an action is refused, in a sentence that the page shows beside the disabled button and that
/// the backend returns when the action is tried all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{reason}")]
pub struct Refused {
    /// What would have to be different.
    pub kind: Refusal,
    /// One sentence that says why, and what would have to be different.
    pub reason: String,
}

/// What a refusal is about: an API answers 403 to the one, and 409 to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// Whoever asks may not, whatever else is so: somebody else has to, or they have to be given more.
    NotYou,
    /// As things stand, or as it was asked, nobody may: it helps to wait, or to do something else first.
    NotNow,
}

impl Refused {
    /// Not for whoever asks.
    pub fn not_you(reason: impl Into<String>) -> Self {
        Self { kind: Refusal::NotYou, reason: reason.into() }
    }

    /// Not as things stand.
    pub fn not_now(reason: impl Into<String>) -> Self {
        Self { kind: Refusal::NotNow, reason: reason.into() }
    }
}
