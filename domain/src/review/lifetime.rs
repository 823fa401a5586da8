//! How long approvals hold.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// How long approvals hold, in whole hours: from 1 hour to 90 days, 7 days by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Lifetime(u32);

/// A number of hours is out of bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Approvals hold from 1 hour to 90 days (2160 hours).")]
pub struct BadLifetime;

impl Lifetime {
    /// That many hours.
    ///
    /// # Errors
    /// [`BadLifetime`] below 1 and above 2160.
    pub const fn hours(hours: u32) -> Result<Self, BadLifetime> {
        if hours >= 1 && hours <= 90 * 24 { Ok(Self(hours)) } else { Err(BadLifetime) }
    }

    /// How long approvals of a change hold: the shortest of what was in force when it was submitted and all that was set
    /// since. A longer one serves only changes that are submitted after it, a shorter one serves at once.
    pub fn strictest(at_submission: Self, since: impl IntoIterator<Item = Self>) -> Self {
        since.into_iter().fold(at_submission, Self::min)
    }

    /// As a number of hours.
    pub const fn as_hours(self) -> u32 {
        self.0
    }

    /// As a span of time.
    pub fn span(self) -> TimeDelta {
        TimeDelta::hours(i64::from(self.0))
    }
}

impl Default for Lifetime {
    fn default() -> Self {
        Self(7 * 24)
    }
}

impl TryFrom<u32> for Lifetime {
    type Error = BadLifetime;

    fn try_from(hours: u32) -> Result<Self, BadLifetime> {
        Self::hours(hours)
    }
}

impl From<Lifetime> for u32 {
    fn from(lifetime: Lifetime) -> Self {
        lifetime.0
    }
}

impl std::fmt::Display for Lifetime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            1 => f.write_str("1 hour"),
            24 => f.write_str("1 day"),
            hours if hours % 24 == 0 => write!(f, "{} days", hours / 24),
            hours => write!(f, "{hours} hours"),
        }
    }
}
