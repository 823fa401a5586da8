//! One page of a list.

use strata_domain::account::Standing;

use super::Read;

/// Rows of an environment, newest first, and what the actor is there: all as of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<Row> {
    /// The environment's slug.
    pub environment: String,
    /// What the actor is in it.
    pub standing: Standing,
    /// The rows.
    pub rows: Vec<Row>,
    /// The key of the last row, to read on behind it; none where nothing follows.
    pub next: Option<i64>,
}

/// The key to read on behind: that of the last of at most `limit` rows, where there are as many and more may follow.
pub(crate) fn next_after<Row>(rows: &[Row], limit: i64, key: impl Fn(&Row) -> i64) -> Option<i64> {
    rows.last().filter(|_| i64::try_from(rows.len()) == Ok(limit)).map(key)
}

impl<Row> Listed<Row> {
    /// Of at most `limit` rows: where there are as many, more may follow.
    pub(crate) fn of(read: &Read, rows: Vec<Row>, limit: i64, key: impl Fn(&Row) -> i64) -> Self {
        let next = next_after(&rows, limit, key);
        let (environment, standing) = (read.place().slug.clone(), read.place().standing.clone());
        Self { environment, standing, rows, next }
    }
}
