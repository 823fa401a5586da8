//! Acts that make a freeze that is on end sooner, whatever they are called: ending, removing, shortening, moving it.

use chrono::{DateTime, Days, Utc};

use super::occurrences::{HORIZON, on_at};
use super::{Entry, Kind};
use crate::change::ChangeState;
use crate::{Refused, text};

/// Whether a freeze that is on is over sooner once it is `after`; none where it is removed. What comes of it once it is
/// over does not matter: that is no freeze that is on.
pub fn ends_sooner(before: &Entry, after: Option<&Entry>, now: DateTime<Utc>) -> bool {
    let end = |entry: &Entry| if entry.kind == Kind::Freeze { over_at(entry, now) } else { now };
    end(before) > after.map_or(now, end)
}

/// Whether a change in this state waits for the end of freezes: one that is approved, whether or not somebody has applied it
/// yet, and one in review, which is a vote, or an edit undone, away from that.
pub const fn can_wait(state: ChangeState) -> bool {
    matches!(state, ChangeState::InReview | ChangeState::Approved)
}

/// Whether somebody may make a freeze that is on end sooner. `shaped` are the changes of the environment that they shaped
/// and that [can wait](can_wait) for it.
///
/// # Errors
/// Where there is one.
pub fn may_end_sooner(shaped: &[i64]) -> Result<(), Refused> {
    match shaped {
        [] => Ok(()),
        [change, ..] => Err(Refused::because(format!(
            "You shaped change #{change}, which is under review or approved while the freeze is on; somebody else has to \
             let it end sooner."
        ))),
    }
}

/// The reason for which a freeze ends sooner, without spaces around it.
///
/// # Errors
/// Where there is none, or it is too long.
pub fn accept_why(why: &str) -> Result<String, Refused> {
    if why.trim().is_empty() {
        return Err(Refused::because("Say why: the freeze was there for a reason too, and everybody is told."));
    }
    text::long("reason", why).map_err(|fault| Refused::because(fault.to_string()))
}

/// The first moment from that one on at which it is not on. What goes on for longer than anything is looked for ends at
/// the end of that.
fn over_at(entry: &Entry, now: DateTime<Utc>) -> DateTime<Utc> {
    let horizon = now.checked_add_days(Days::new(HORIZON)).unwrap_or(DateTime::<Utc>::MAX_UTC);
    let mut at = now;
    while at < horizon {
        match on_at(entry, at) {
            // One occurrence can follow the other without a gap.
            Some(occurrence) => at = occurrence.to,
            None => return at,
        }
    }
    at
}
