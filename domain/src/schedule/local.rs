//! From the clock on a wall to moments.

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// Most minutes that a zone ever skipped at once: Samoa left out a whole day in 2011.
const SKIP_MAX: i64 = 26 * 60;

/// Which moment is meant by a local time that comes twice.
#[derive(Clone, Copy)]
pub(super) enum Twice {
    Earlier,
    Later,
}

/// The moment of a local time; of one that is skipped, the first moment after the skip. None at the end of time.
pub(super) fn moment(zone: Tz, local: NaiveDateTime, twice: Twice) -> Option<DateTime<Utc>> {
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(moment) => Some(moment.to_utc()),
        MappedLocalTime::Ambiguous(one, other) => {
            let (one, other) = (one.to_utc(), other.to_utc());
            Some(match twice {
                Twice::Earlier => one.min(other),
                Twice::Later => one.max(other),
            })
        }
        // Clocks are set at whole minutes, so one of the next ones is the first that exists.
        MappedLocalTime::None => (1..=SKIP_MAX).find_map(|minutes| {
            let later = local.checked_add_signed(TimeDelta::minutes(minutes))?;
            Some(zone.from_local_datetime(&later).earliest()?.to_utc())
        }),
    }
}
