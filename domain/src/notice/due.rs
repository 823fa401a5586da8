//! When people are told of the same change again.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// How long an environment lets a change wait for votes before it tells people again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patience {
    /// Hours until those who are asked are reminded, from 1.
    pub reminder_hours: u32,
    /// Hours until the next group is told; more than until the reminder.
    pub escalation_hours: u32,
}

/// Hours are out of bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("A reminder comes after 1 hour to 90 days (2160 hours), and the next group is told later than that.")]
pub struct BadPatience;

impl Patience {
    /// With these hours.
    ///
    /// # Errors
    /// [`BadPatience`] where the reminder does not come first, or either is not from 1 to 2160.
    pub const fn hours(reminder_hours: u32, escalation_hours: u32) -> Result<Self, BadPatience> {
        if reminder_hours >= 1 && reminder_hours < escalation_hours && escalation_hours <= 90 * 24 {
            Ok(Self { reminder_hours, escalation_hours })
        } else {
            Err(BadPatience)
        }
    }
}

/// A day, and three.
impl Default for Patience {
    fn default() -> Self {
        Self { reminder_hours: 24, escalation_hours: 72 }
    }
}

/// What is told because of nothing but time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nudge {
    /// Those who are asked are told once more.
    Reminder,
    /// The next group is told.
    Escalation,
}

/// What is due for a change that waits for votes since `waiting_since`; `last` is what was told of in this waiting
/// period. Each is due once, and the reminder first, so that who is asked never hears last: where nobody looked for
/// days, the two follow each other.
pub fn due(waiting_since: DateTime<Utc>, last: Option<Nudge>, patience: Patience, now: DateTime<Utc>) -> Option<Nudge> {
    let (next, hours) = match last {
        None => (Nudge::Reminder, patience.reminder_hours),
        Some(Nudge::Reminder) => (Nudge::Escalation, patience.escalation_hours),
        Some(Nudge::Escalation) => return None,
    };
    (waiting_since + TimeDelta::hours(i64::from(hours)) <= now).then_some(next)
}
