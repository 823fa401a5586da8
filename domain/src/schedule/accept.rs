//! Whether an entry that somebody writes can be one of an environment.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::{Entry, Kind, Recurrence, next_occurrences};
use crate::text;

/// Longest weekly occurrence, in minutes: a week.
const WEEKLY_MAX: u32 = 7 * 24 * 60;
/// Longest yearly occurrence, in minutes: 90 days.
const YEARLY_MAX: u32 = 90 * 24 * 60;
/// Longest single occurrence, in days.
const ONCE_MAX: i64 = 366;
/// Years in which a single entry can be.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2199;

/// What is wrong with an entry, by its field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct EntryFault {
    /// The field's name in [`Entry`] or [`Recurrence`].
    pub field: &'static str,
    /// What is wrong and what would be right.
    pub message: String,
}

/// The names of all time zones, in the order of the alphabet; for a form.
pub fn zones() -> impl Iterator<Item = &'static str> {
    TZ_VARIANTS.iter().map(|zone| zone.name())
}

/// Takes an entry for an environment.
///
/// # Errors
/// Everything that is wrong, in the order of the fields.
pub fn accept(entry: &Entry) -> Result<(), Vec<EntryFault>> {
    let Entry { id: _, kind: _, name, reason, zone, recurrence, ended_early: _ } = entry;
    let mut faults = Vec::new();
    let mut add = |field, message: String| faults.push(EntryFault { field, message });
    if name.trim().is_empty() {
        add("name", "Give it a name.".to_owned());
    } else if let Some(problem) = text::name_problem(name) {
        add("name", problem.as_sentence());
    }
    if reason.trim().is_empty() {
        add("reason", "Say why: whoever has to wait for it is told.".to_owned());
    } else if let Some(problem) = text::long_problem(reason) {
        add("reason", problem.as_sentence());
    }
    if zone.parse::<Tz>().is_err() {
        add("zone", format!("“{}” is no time zone; use a name such as Europe/Berlin or UTC.", text::excerpt(zone, 80)));
    }
    match recurrence {
        Recurrence::Once { from, to } => {
            for (field, local) in [("from", from), ("to", to)] {
                if !YEARS.contains(&local.year()) {
                    add(field, format!("Use a year from {} to {}.", YEARS.start(), YEARS.end()));
                }
                whole_minute(field, *local, &mut add);
            }
            if to <= from {
                add("to", "It has to end after it begins.".to_owned());
            } else if *to - *from > TimeDelta::days(ONCE_MAX) {
                add("to", format!("It lasts at most {ONCE_MAX} days."));
            }
        }
        Recurrence::Weekly { days, at, minutes } => {
            if days.is_empty() {
                add("days", "Choose at least one day.".to_owned());
            }
            whole_minute("at", NaiveDate::MIN.and_time(*at), &mut add);
            if !(1..=WEEKLY_MAX).contains(minutes) {
                add("minutes", "It lasts from 1 minute to 7 days.".to_owned());
            }
        }
        Recurrence::Yearly { month, day, at, minutes } => {
            // A day that each year has: 2001 was no leap year.
            if !(1..=12).contains(month) {
                add("month", "A month is from 1 to 12.".to_owned());
            } else if (*month, *day) == (2, 29) {
                add("day", "Not every year has a 29 February; choose the day before or after.".to_owned());
            } else if NaiveDate::from_ymd_opt(2001, *month, *day).is_none() {
                add("day", format!("Month {month} has no day {day}."));
            }
            whole_minute("at", NaiveDate::MIN.and_time(*at), &mut add);
            if !(1..=YEARLY_MAX).contains(minutes) {
                add("minutes", "It lasts from 1 minute to 90 days.".to_owned());
            }
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// Days within which an environment has to open.
const IN_SIGHT: i64 = 31;

/// Whether an environment with a window beside these other entries opens within a month, but for freezes. One whose windows are
/// over, or far off, would be closed until then, and one person's wrong date would lock everybody out.
///
/// # Errors
/// Where it does not.
pub fn opens_in_sight(entry: &Entry, others: &[Entry], now: DateTime<Utc>) -> Result<(), EntryFault> {
    let last = now + TimeDelta::days(IN_SIGHT);
    let opens = |window: &Entry| next_occurrences(window, now, 1).first().is_some_and(|first| first.from <= last);
    let windows = others.iter().filter(|other| other.kind == Kind::Window && other.id != entry.id);
    if entry.kind == Kind::Freeze || opens(entry) || windows.into_iter().any(opens) {
        return Ok(());
    }
    let message = format!(
        "No window would open within {IN_SIGHT} days, and nothing could be applied until then. Add one that opens sooner first."
    );
    Err(EntryFault { field: "from", message })
}

fn whole_minute(field: &'static str, local: NaiveDateTime, add: &mut impl FnMut(&'static str, String)) {
    if local.second() != 0 || local.nanosecond() != 0 {
        add(field, "Give hours and minutes alone.".to_owned());
    }
}
