//! What can be wrong with the database, in words: each passes by itself or with an operator's hand, and none is a fault
//! of the request, so each is 503.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Why the database cannot serve now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Outage {
    /// It is gone, starts or stops, or the way to it is cut.
    #[error(
        "The database does not answer. Nothing that was acknowledged is lost; this works again as soon as it is back."
    )]
    Away,
    /// No connection was to be had: all of ours are in use, or it takes no more of them.
    #[error("No connection to the database is free at the moment. Try again in a few seconds.")]
    Exhausted,
    /// Somebody else holds what this needs, for longer than we wait.
    #[error("Somebody else is at work on this at the moment, so nothing was done. Try again in a few seconds.")]
    Busy,
    /// It took longer than anything may take, and was undone.
    #[error(
        "The database needed too long for this, so nothing was done. Try again; if it stays so, tell your operator."
    )]
    Slow,
    /// Its disk is full.
    #[error(
        "The disk of the database is full, so nothing can be written. Tell your operator; nothing that was acknowledged is lost."
    )]
    Full,
    /// It is out of memory, or at a limit of its configuration.
    #[error(
        "The database is out of memory or at a limit that it was given. Tell your operator; nothing that was acknowledged is lost."
    )]
    OutOfResources,
    /// It cannot read or write its files.
    #[error("The database cannot read or write its files. Tell your operator.")]
    Broken,
}

/// A full disk is told of for this long after it was last met: who only reads never meets it, and would call all well.
const REMEMBERED: Duration = Duration::from_secs(30);

/// What an operator has to mend, and when it was met last by anything in this process.
static MET: Mutex<Option<(Outage, Instant)>> = Mutex::new(None);

impl Outage {
    /// What the database's code for an error stands for; none where it is no outage.
    pub(crate) fn of_code(code: &str) -> Option<Self> {
        Some(match code {
            "53100" => Self::Full,
            "53300" => Self::Exhausted,
            "55P03" => Self::Busy,
            // A statement that took too long, and a transaction in which nothing happened for too long.
            "57014" | "25P03" => Self::Slow,
            _ => match code.get(..2)? {
                "08" | "57" => Self::Away,
                "53" => Self::OutOfResources,
                "58" => Self::Broken,
                _ => return None,
            },
        })
    }

    /// A heading for it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Away => "The database does not answer",
            Self::Exhausted | Self::Busy | Self::Slow => "Try again in a moment",
            Self::Full | Self::OutOfResources | Self::Broken => "The database is in trouble",
        }
    }

    /// Remembers it for [`Self::lately`], if an operator has to mend it.
    pub(crate) fn met(self) {
        if matches!(self, Self::Full | Self::OutOfResources | Self::Broken) {
            *MET.lock().unwrap_or_else(PoisonError::into_inner) = Some((self, Instant::now()));
        }
    }

    /// What an operator has to mend and was met within the last half minute.
    pub fn lately() -> Option<Self> {
        let met = *MET.lock().unwrap_or_else(PoisonError::into_inner);
        met.filter(|(_, at)| at.elapsed() < REMEMBERED).map(|(outage, _)| outage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_s_codes_are_read() {
        for (code, wanted) in [
            ("53100", Some(Outage::Full)),
            ("53200", Some(Outage::OutOfResources)),
            ("53300", Some(Outage::Exhausted)),
            ("55P03", Some(Outage::Busy)),
            ("57014", Some(Outage::Slow)),
            ("57P01", Some(Outage::Away)),
            ("08006", Some(Outage::Away)),
            ("58030", Some(Outage::Broken)),
            ("23505", None),
            ("", None),
        ] {
            assert_eq!(Outage::of_code(code), wanted, "{code}");
        }
    }
}
