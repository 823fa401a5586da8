//! When changes may be applied: maintenance windows and freezes (requirements, section 5).
//!
//! A freeze that is on denies, and wins over every window. Where there is a window at all, apply has to be inside one;
//! where there is none, it is open but for freezes. Times are local ones of a named zone, because "every Tuesday at 22:00"
//! is meant by the clock on the wall:
//! - a local time that the clock skips (spring) begins at the first moment after the skip;
//! - of a local time that comes twice (autumn) the earlier is meant, and from there minutes are counted as they pass;
//! - the end of a single entry that is given as a local time and comes twice is the earlier for a window and the later
//!   for a freeze: in doubt it is closed.
//!
//! Only evaluation ([`verdict`], [`is_on`], [`next_occurrences`], [`accept`], [`end_early`],
//! [`ends_sooner`], [`opens_more`], [`zones`]) reads the tables of
//! `chrono-tz`, and only the server evaluates: the data keeps the zone as text, and [`describe`] needs no table. So the
//! linker leaves the tables out of the browser's wasm, until a page there asks for one of these.

mod accept;
mod early;
mod local;
mod occurrences;
mod opens;
mod sooner;
#[cfg(test)]
mod tests;
mod text;
mod verdict;

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDateTime, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use crate::account::Person;
use crate::words::words;

pub use accept::{EntryFault, accept, opens_in_sight, zones};
pub use early::{end_early, may_end_early};
pub use occurrences::{Occurrence, is_on, next_occurrences};
pub use opens::opens_more;
pub use sooner::{accept_why, can_wait, ends_sooner, may_end_sooner};
pub use text::describe;
pub use verdict::{Reason, Verdict, verdict};

/// A maintenance window or a freeze of one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Unique in the environment.
    pub id: i64,
    /// What it does.
    pub kind: Kind,
    /// A line for people.
    pub name: String,
    /// Why it is there; told to whoever waits for it.
    pub reason: String,
    /// Name of the time zone, as `Europe/Berlin`.
    pub zone: String,
    /// When it is on.
    pub recurrence: Recurrence,
    /// Its occurrences that a lead ended before their time.
    #[serde(default)]
    pub ended_early: Vec<EndedEarly>,
}

/// What an entry does while it is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Allows.
    Window,
    /// Denies.
    Freeze,
}

words!(Kind, "kind of schedule entry" {
    Window => "window",
    Freeze => "freeze",
});

/// When an entry is on, in local times of its zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "every", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Recurrence {
    /// Once.
    Once {
        /// Begins at this local time.
        from: NaiveDateTime,
        /// Is over at this local time.
        to: NaiveDateTime,
    },
    /// On days of the week.
    Weekly {
        /// The days on which it begins.
        days: BTreeSet<Day>,
        /// Begins at this local time.
        at: NaiveTime,
        /// How long it is on, in minutes as they pass.
        minutes: u32,
    },
    /// On one day of each year.
    Yearly {
        /// The month, from 1.
        month: u32,
        /// The day of the month, from 1.
        day: u32,
        /// Begins at this local time.
        at: NaiveTime,
        /// How long it is on, in minutes as they pass.
        minutes: u32,
    },
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Day {
    /// The first, as in ISO 8601.
    Monday,
    /// The second.
    Tuesday,
    /// The third.
    Wednesday,
    /// The fourth.
    Thursday,
    /// The fifth.
    Friday,
    /// The sixth.
    Saturday,
    /// The seventh.
    Sunday,
}

words!(Day, "day of the week" {
    Monday => "monday",
    Tuesday => "tuesday",
    Wednesday => "wednesday",
    Thursday => "thursday",
    Friday => "friday",
    Saturday => "saturday",
    Sunday => "sunday",
});

impl Day {
    /// The name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Monday => "Monday",
            Self::Tuesday => "Tuesday",
            Self::Wednesday => "Wednesday",
            Self::Thursday => "Thursday",
            Self::Friday => "Friday",
            Self::Saturday => "Saturday",
            Self::Sunday => "Sunday",
        }
    }
}

impl From<chrono::Weekday> for Day {
    fn from(day: chrono::Weekday) -> Self {
        match day {
            chrono::Weekday::Mon => Self::Monday,
            chrono::Weekday::Tue => Self::Tuesday,
            chrono::Weekday::Wed => Self::Wednesday,
            chrono::Weekday::Thu => Self::Thursday,
            chrono::Weekday::Fri => Self::Friday,
            chrono::Weekday::Sat => Self::Saturday,
            chrono::Weekday::Sun => Self::Sunday,
        }
    }
}

/// One occurrence of a freeze that was ended before its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndedEarly {
    /// When the occurrence began.
    pub occurrence: DateTime<Utc>,
    /// Who ended it.
    pub by: Person,
    /// Why.
    pub reason: String,
    /// When it was ended: from then on it is over.
    pub at: DateTime<Utc>,
}
