//! Acts that let changes be applied at more times than before, whatever they are called: a window that goes, that is widened
//! or moved, or one more beside others.

use chrono::{DateTime, Days, Utc};

use super::occurrences::{HORIZON, occurrences};
use super::{Entry, Kind, Occurrence, Recurrence};

/// Whether the windows of `after` open the environment at any moment, from that one on, at which those of `before` do not.
/// Without a window it is always open, so the first one never does, and the last one that goes always. Freezes are not asked
/// about here: see [`super::ends_sooner`].
///
/// What recurs is looked at for two years, as everywhere here; what happens once, whenever it does.
pub fn opens_more(before: &[Entry], after: &[Entry], now: DateTime<Utc>) -> bool {
    let (before, after) = (windows(before), windows(after));
    if before.is_empty() || after.is_empty() {
        return !before.is_empty();
    }
    // Near the end of what is looked at an occurrence that covers another one can lie beyond it.
    let horizon = now.checked_add_days(Days::new(HORIZON - 2)).unwrap_or(DateTime::<Utc>::MAX_UTC);
    let open = merged(before.iter().flat_map(|window| occurrences(window, now)).collect());
    let is_as_before = |window: &Entry| {
        before.iter().any(|known| (&known.zone, &known.recurrence) == (&window.zone, &window.recurrence))
    };
    after.into_iter().filter(|window| !is_as_before(window)).any(|window| {
        let looked_at = match window.recurrence {
            Recurrence::Once { .. } => DateTime::<Utc>::MAX_UTC,
            Recurrence::Weekly { .. } | Recurrence::Yearly { .. } => horizon,
        };
        let parts = occurrences(window, now)
            .map(|one| Occurrence { from: one.from.max(now), to: one.to.min(looked_at) })
            .filter(|part| part.from < part.to);
        parts.into_iter().any(|part| !is_covered(&open, part))
    })
}

fn windows(entries: &[Entry]) -> Vec<&Entry> {
    entries.iter().filter(|entry| entry.kind == Kind::Window).collect()
}

/// In their order, and those that touch as one.
pub(super) fn merged(mut all: Vec<Occurrence>) -> Vec<Occurrence> {
    all.sort();
    let mut merged: Vec<Occurrence> = Vec::new();
    for one in all {
        match merged.last_mut() {
            Some(last) if one.from <= last.to => last.to = last.to.max(one.to),
            _ => merged.push(one),
        }
    }
    merged
}

/// Whether one of these, in their order and apart, holds all of it.
pub(super) fn is_covered(open: &[Occurrence], part: Occurrence) -> bool {
    let begun = open.partition_point(|one| one.from <= part.from);
    begun.checked_sub(1).and_then(|last| open.get(last)).is_some_and(|one| part.to <= one.to)
}
