//! The times at which an entry is on.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::local::{Twice, moment};
use super::{Day, Entry, Kind, Recurrence};

/// How far ahead anything is looked for, in days: two years.
pub(super) const HORIZON: u64 = 2 * 366;

/// Most occurrences that are listed.
const LISTED_MAX: usize = 100;

/// One time at which an entry is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Occurrence {
    /// Its first moment.
    pub from: DateTime<Utc>,
    /// The first moment after it.
    pub to: DateTime<Utc>,
}

/// The next occurrences that are not over, at most 100, in their order; those of the next two years.
pub fn next_occurrences(entry: &Entry, now: DateTime<Utc>, count: usize) -> Vec<Occurrence> {
    let Some(zone) = zone_of(entry) else { return Vec::new() };
    from(entry, zone, now).take(count.min(LISTED_MAX)).collect()
}

/// All occurrences that are not over, in the order in which they begin: of what recurs those of the next two years.
pub(super) fn occurrences(entry: &Entry, now: DateTime<Utc>) -> impl Iterator<Item = Occurrence> + '_ {
    zone_of(entry).into_iter().flat_map(move |zone| from(entry, zone, now))
}

/// Whether it is on at that moment.
pub fn is_on(entry: &Entry, at: DateTime<Utc>) -> bool {
    on_at(entry, at).is_some()
}

pub(super) fn zone_of(entry: &Entry) -> Option<Tz> {
    entry.zone.parse().ok()
}

/// The occurrence that is on and lasts longest. A freeze in a zone that nobody knows is always on: it was meant to deny,
/// and a window there never is.
pub(super) fn on_at(entry: &Entry, at: DateTime<Utc>) -> Option<Occurrence> {
    match zone_of(entry) {
        Some(zone) => from(entry, zone, at).take_while(|occurrence| occurrence.from <= at).max_by_key(|o| o.to),
        None if entry.kind == Kind::Freeze => {
            Some(Occurrence { from: DateTime::<Utc>::MIN_UTC, to: DateTime::<Utc>::MAX_UTC })
        }
        None => None,
    }
}

/// When it begins next, after that moment.
pub(super) fn next_start(entry: &Entry, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
    from(entry, zone_of(entry)?, after).map(|occurrence| occurrence.from).find(|from| *from > after)
}

/// Occurrences that are not over at that moment, in the order in which they begin.
fn from(entry: &Entry, zone: Tz, at: DateTime<Utc>) -> impl Iterator<Item = Occurrence> + '_ {
    dates(entry, zone, at)
        .filter_map(move |date| on_date(entry, zone, date))
        .map(|occurrence| shortened(entry, occurrence))
        .filter(move |occurrence| occurrence.from < occurrence.to && at < occurrence.to)
}

/// The local dates on which an occurrence could begin that is not over at that moment.
fn dates(entry: &Entry, zone: Tz, at: DateTime<Utc>) -> Box<dyn Iterator<Item = NaiveDate>> {
    let minutes = match &entry.recurrence {
        Recurrence::Once { from, .. } => return Box::new(std::iter::once(from.date())),
        Recurrence::Weekly { minutes, .. } | Recurrence::Yearly { minutes, .. } => *minutes,
    };
    // As long as it lasts, one day because that rounds down, and one because a skip can carry it over midnight.
    let back = Days::new(u64::from(minutes) / (24 * 60) + 2);
    let today = at.with_timezone(&zone).date_naive();
    let first = today.checked_sub_days(back).unwrap_or(NaiveDate::MIN);
    let last = today.checked_add_days(Days::new(HORIZON)).unwrap_or(NaiveDate::MAX);
    Box::new(first.iter_days().take_while(move |date| *date <= last))
}

/// The occurrence that begins on that local date.
fn on_date(entry: &Entry, zone: Tz, date: NaiveDate) -> Option<Occurrence> {
    let (at, minutes) = match &entry.recurrence {
        Recurrence::Once { from, to } => {
            let end = match entry.kind {
                Kind::Window => Twice::Earlier,
                Kind::Freeze => Twice::Later,
            };
            let (from, to) = (moment(zone, *from, Twice::Earlier)?, moment(zone, *to, end)?);
            return Some(Occurrence { from, to });
        }
        Recurrence::Weekly { days, at, minutes } => {
            days.contains(&Day::from(date.weekday())).then_some((*at, *minutes))?
        }
        Recurrence::Yearly { month, day, at, minutes } => {
            (date.month() == *month && date.day() == *day).then_some((*at, *minutes))?
        }
    };
    let from = moment(zone, date.and_time(at), Twice::Earlier)?;
    let to = from.checked_add_signed(TimeDelta::minutes(i64::from(minutes)))?;
    Some(Occurrence { from, to })
}

/// The same, as short as a lead made it.
fn shortened(entry: &Entry, occurrence: Occurrence) -> Occurrence {
    let ends = entry.ended_early.iter().filter(|ended| ended.occurrence == occurrence.from).map(|ended| ended.at);
    Occurrence { to: ends.fold(occurrence.to, DateTime::min), ..occurrence }
}
