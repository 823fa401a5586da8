//! Acts that make a freeze that is on, or soon is, end sooner, whatever they are called: ending, removing, shortening, moving
//! it. Of one that begins in a minute nothing else can be meant than of one that has begun.

use chrono::{DateTime, Days, Utc};

use super::occurrences::{HORIZON, occurrences, on_at, zone_of};
use super::opens::{is_covered, merged};
use super::{Entry, Kind, Occurrence};
use crate::change::ChangeState;
use crate::review::Lifetime;
use crate::{Refused, text};

/// Whether a freeze leaves a moment open once it is `after` that it held; none where it is removed. Asked of what is on, until
/// it is over, and of what begins while a change that waits for approval now may still be applied: its votes hold for a `life`
/// while they wait for others, and for another as an approval. What begins later, nothing waits for yet.
pub fn ends_sooner(before: &Entry, after: Option<&Entry>, now: DateTime<Utc>, life: Lifetime) -> bool {
    if before.kind != Kind::Freeze {
        return false;
    }
    let soon = now.checked_add_signed(life.span() * 2).unwrap_or(DateTime::<Utc>::MAX_UTC);
    let until = over_at(before, now).max(soon);
    let held = frozen(before, now, until);
    let last = held.iter().map(|part| part.to).max().unwrap_or(until);
    let kept = after.filter(|entry| entry.kind == Kind::Freeze).map(|entry| merged(frozen(entry, now, last)));
    let kept = kept.unwrap_or_default();
    held.into_iter().any(|part| !is_covered(&kept, part))
}

/// What it holds from that moment on, of all that begins before `until`.
fn frozen(entry: &Entry, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Occurrence> {
    if zone_of(entry).is_none() {
        return vec![Occurrence { from, to: until }];
    }
    occurrences(entry, from)
        .take_while(|one| one.from < until)
        .map(|one| Occurrence { from: one.from.max(from), ..one })
        .collect()
}

/// Whether a change in this state waits for the end of freezes: one that is approved, whether or not somebody has applied it
/// yet, and one in review, which is a vote, or an edit undone, away from that.
pub const fn can_wait(state: ChangeState) -> bool {
    matches!(state, ChangeState::InReview | ChangeState::Approved)
}

/// Whether somebody may make such a freeze end sooner. `shaped` are the changes of the environment that they shaped
/// and that [can wait](can_wait) for it.
///
/// # Errors
/// Where there is one.
pub fn may_end_sooner(shaped: &[i64]) -> Result<(), Refused> {
    match shaped {
        [] => Ok(()),
        [change, ..] => Err(Refused::not_you(format!(
            "You shaped change #{change}, which is under review or approved and would have to wait for the freeze; somebody \
             else has to let it end sooner."
        ))),
    }
}

/// The reason for which a freeze ends sooner, without spaces around it.
///
/// # Errors
/// Where there is none, or it is too long.
pub fn accept_why(why: &str) -> Result<String, Refused> {
    if why.trim().is_empty() {
        return Err(Refused::not_now("Say why: the freeze was there for a reason too, and everybody is told."));
    }
    text::long("reason", why).map_err(|fault| Refused::not_now(fault.to_string()))
}

/// The first moment from that one on at which it is not on. What goes on for longer than anything is looked for ends at
/// the end of that; near it, what holds the same moments may begin beyond.
fn over_at(entry: &Entry, now: DateTime<Utc>) -> DateTime<Utc> {
    let horizon = now.checked_add_days(Days::new(HORIZON - 2)).unwrap_or(DateTime::<Utc>::MAX_UTC);
    let mut at = now;
    while at < horizon {
        match on_at(entry, at) {
            // One occurrence can follow the other without a gap.
            Some(occurrence) => at = occurrence.to.min(horizon),
            None => return at,
        }
    }
    at
}
