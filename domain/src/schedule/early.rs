//! Ending a freeze before its time.

use chrono::{DateTime, Utc};

use super::occurrences::on_at;
use super::{EndedEarly, Entry, Kind, accept_why};
use crate::Refused;
use crate::account::{Person, Standing};
use crate::authz::{self, Permission};

/// Whether somebody may end this freeze now.
///
/// # Errors
/// For all but leads, for windows, and where it is not on.
pub fn may_end_early(entry: &Entry, standing: &Standing, now: DateTime<Utc>) -> Result<(), Refused> {
    authz::allow(standing, Permission::EndFreeze)?;
    if entry.kind == Kind::Window {
        return Err(Refused::not_now("Only freezes are ended early; a window allows, and holds nobody up."));
    }
    if on_at(entry, now).is_none() {
        return Err(Refused::not_now("The freeze is not on now; change or remove it instead."));
    }
    Ok(())
}

/// The freeze with what is on of it now ended; what comes later of it comes as ever.
///
/// # Errors
/// As [`may_end_early`], without a reason, and for a freeze in an unknown zone, which has to be mended instead.
pub fn end_early(
    entry: &Entry,
    standing: &Standing,
    by: &Person,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Entry, Refused> {
    may_end_early(entry, standing, now)?;
    let reason = accept_why(reason)?;
    if super::occurrences::zone_of(entry).is_none() {
        return Err(Refused::not_now(format!("The time zone {} is unknown; give the freeze another one.", entry.zone)));
    }
    let mut ended = entry.clone();
    // Occurrences can overlap; all that are on are ended.
    while let Some(occurrence) = on_at(&ended, now) {
        let (by, reason) = (by.clone(), reason.clone());
        ended.ended_early.push(EndedEarly { occurrence: occurrence.from, by, reason, at: now });
    }
    Ok(ended)
}
