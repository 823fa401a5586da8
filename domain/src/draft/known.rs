//! By what a session knows the log of its draft again.
//!
//! A server that is set back to a backup has a log with the same numbers and other edits in them, or none of them; what
//! a session wrote over the one must not go into the other in silence.

use chrono::{DateTime, Utc};

use crate::change::{Change, LoggedEdit};

/// A log up to its last edit that is known: numbers are given again after a restore, moments are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// When the change was begun.
    begun: DateTime<Utc>,
    /// Where the log in force starts; a rebase moves it on, and nothing moves it back.
    start: i64,
    /// Number and moment of the last edit.
    last: Option<(i64, DateTime<Utc>)>,
}

impl Known {
    /// What is known with those edits in force.
    pub fn of(change: &Change, log: &[LoggedEdit]) -> Self {
        let last = log.last().map(|logged| (logged.sequence, logged.at));
        Self { begun: change.created_at, start: change.log_start, last }
    }

    /// The number of the last edit, or of the place before the first.
    pub fn sequence(&self) -> i64 {
        self.last.map_or(self.start - 1, |(sequence, _)| sequence)
    }

    /// The moment by which the server knows that its log is this one: that of the last edit, or of the change.
    pub fn mark(&self) -> DateTime<Utc> {
        self.last.map_or(self.begun, |(_, at)| at)
    }

    /// Whether that is the log which is known, grown or moved to another base, and not another one. What was read has to
    /// be no older than what is known.
    pub fn is_of(&self, change: &Change, log: &[LoggedEdit]) -> bool {
        let holds_last = || match self.last {
            None => true,
            Some((sequence, at)) => log.iter().any(|logged| logged.sequence == sequence && logged.at == at),
        };
        change.created_at == self.begun
            && (change.log_start > self.start || change.log_start == self.start && holds_last())
    }
}
