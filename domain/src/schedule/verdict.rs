//! Whether a change may be applied at a moment, and when it may if not now.

use chrono::{DateTime, Days, Utc};
use serde::{Deserialize, Serialize};

use super::occurrences::{HORIZON, next_start, on_at};
use super::{Entry, Kind};

/// Whether a change may be applied now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// It may.
    Open,
    /// It has to wait.
    Waits {
        /// The first moment at which it may; none where there is none within two years.
        until: Option<DateTime<Utc>>,
        /// The freezes that are on, and where it is outside of every window the ones that it waits for. Never empty.
        because: Vec<Reason>,
    },
}

impl Verdict {
    /// Whether it opens only when an approval that ends then is over: what waits would be sent back to review.
    pub fn opens_after(&self, approval_ends: Option<DateTime<Utc>>) -> bool {
        match (self, approval_ends) {
            (Self::Waits { until: Some(opens), .. }, Some(ends)) => ends <= *opens,
            (Self::Waits { until: None, .. }, Some(_)) => true,
            (Self::Open, _) | (Self::Waits { .. }, None) => false,
        }
    }
}

/// An entry that makes a change wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The entry's id.
    pub entry: i64,
    /// Whether it is a freeze that is on, or a window that is not.
    pub kind: Kind,
    /// The entry's name.
    pub name: String,
    /// Why the entry is there.
    pub reason: String,
}

/// What the windows and freezes of an environment say about a moment.
pub fn verdict(entries: &[Entry], now: DateTime<Utc>) -> Verdict {
    let (freezes, windows): (Vec<&Entry>, Vec<&Entry>) = entries.iter().partition(|entry| entry.kind == Kind::Freeze);
    let mut because: Vec<&Entry> = freezes.iter().copied().filter(|freeze| on_at(freeze, now).is_some()).collect();
    let is_inside = windows.is_empty() || is_in_one(&windows, now);
    if because.is_empty() && is_inside {
        return Verdict::Open;
    }
    let until = first_open(&freezes, &windows, now);
    if !is_inside {
        let opens = |window: &&&Entry| until.is_none_or(|until| on_at(window, until).is_some());
        because.extend(windows.iter().filter(opens));
    }
    Verdict::Waits { until, because: because.into_iter().map(Reason::from).collect() }
}

/// The first moment, from that one on, outside of every freeze and inside a window.
fn first_open(freezes: &[&Entry], windows: &[&Entry], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let horizon = now.checked_add_days(Days::new(HORIZON))?;
    let mut at = now;
    // Each turn goes on to a later moment: an end of a freeze, or a start of a window.
    while at <= horizon {
        if let Some(end) = freezes.iter().filter_map(|freeze| Some(on_at(freeze, at)?.to)).max() {
            at = end;
        } else if windows.is_empty() || is_in_one(windows, at) {
            return Some(at);
        } else {
            at = windows.iter().filter_map(|window| next_start(window, at)).min()?;
        }
    }
    None
}

fn is_in_one(windows: &[&Entry], at: DateTime<Utc>) -> bool {
    windows.iter().any(|window| on_at(window, at).is_some())
}

impl From<&Entry> for Reason {
    fn from(entry: &Entry) -> Self {
        let Entry { id, kind, name, reason, zone: _, recurrence: _, ended_early: _ } = entry;
        Self { entry: *id, kind: *kind, name: name.clone(), reason: reason.clone() }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn an_approval_that_ends_before_it_opens_is_seen() {
        let at = |hours| DateTime::UNIX_EPOCH + TimeDelta::hours(hours);
        let waits = |until| Verdict::Waits { until, because: Vec::new() };
        assert!(waits(Some(at(2))).opens_after(Some(at(1))) && waits(Some(at(2))).opens_after(Some(at(2))));
        assert!(waits(None).opens_after(Some(at(1))));
        assert!(!waits(Some(at(2))).opens_after(Some(at(3))) && !waits(Some(at(2))).opens_after(None));
        assert!(!Verdict::Open.opens_after(Some(at(1))));
    }
}
