//! The append-only log of a change.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use strata_domain::change::{Change, LoggedEdit};
use strata_domain::edit::Edit;
use strata_domain::limits::{Things, TooMany};

use crate::ctx::{self, Write};
use crate::error::Error;
use crate::stored;

/// An edit that a rebase made of another.
pub(super) struct CarriedEdit {
    /// Sequence of the edit that it was.
    pub(super) from: i64,
    /// Whether it is what the rebaser wanted, rather than what its author wrote: then it is theirs.
    pub(super) is_forced: bool,
    pub(super) edit: Edit,
}

/// The edits of a change in force, first edit first.
pub(crate) async fn edits_of(connection: &mut PgConnection, change: i64) -> Result<Vec<LoggedEdit>, Error> {
    edits_after(connection, change, 0).await
}

/// Every edit that was ever written, in force or not, first edit first.
pub(super) async fn edits_ever(connection: &mut PgConnection, change: i64) -> Result<Vec<LoggedEdit>, Error> {
    edits_where(connection, change, 0, false).await
}

/// The edits in force that follow a sequence number.
pub(super) async fn edits_after(
    connection: &mut PgConnection,
    change: i64,
    after: i64,
) -> Result<Vec<LoggedEdit>, Error> {
    edits_where(connection, change, after, true).await
}

async fn edits_where(
    connection: &mut PgConnection,
    change: i64,
    after: i64,
    in_force: bool,
) -> Result<Vec<LoggedEdit>, Error> {
    let rows = sqlx::query!(
        r#"SELECT e.sequence, e.author_id, e.author_name, e.edit AS "edit: Json<Edit>", e.at, e.batch
           FROM change_edits e JOIN changes c ON c.id = e.change_id
           WHERE e.change_id = $1 AND e.sequence > $2 AND (e.sequence >= c.log_start OR NOT $3)
           ORDER BY e.sequence"#,
        change,
        after,
        in_force,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| LoggedEdit {
            sequence: row.sequence,
            author: ctx::person(row.author_id, row.author_name),
            at: row.at,
            edit: row.edit.0,
            batch: row.batch,
        })
        .collect())
}

/// How many edits are in force.
pub(super) async fn edits_in_force(connection: &mut PgConnection, change: i64) -> Result<usize, Error> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM change_edits e JOIN changes c ON c.id = e.change_id
           WHERE e.change_id = $1 AND e.sequence >= c.log_start"#,
        change,
    )
    .fetch_one(connection)
    .await?;
    usize::try_from(count).map_err(Error::unexpected)
}

/// The edits in force that are not in the log up to that number, not even as what a rebase made them of.
pub(crate) async fn edits_unknown_at(
    connection: &mut PgConnection,
    change: i64,
    known: i64,
) -> Result<Vec<LoggedEdit>, Error> {
    let rows = sqlx::query!("SELECT sequence, carried_from, at FROM change_edits WHERE change_id = $1", change,)
        .fetch_all(&mut *connection)
        .await?;
    let all: BTreeMap<i64, (Option<i64>, DateTime<Utc>)> =
        rows.into_iter().map(|row| (row.sequence, (row.carried_from, row.at))).collect();
    // What keeps the time of another edit is that edit; a forced one is the rebaser's, at the time of the rebase.
    let origin = |sequence: i64| {
        let (from, at) = all.get(&sequence)?;
        from.filter(|from| all.get(from).is_some_and(|(_, of)| of == at))
    };
    let is_unknown = |logged: &LoggedEdit| {
        let mut sequence = logged.sequence;
        while sequence > known {
            let Some(from) = origin(sequence) else { return true };
            sequence = from;
        }
        false
    };
    Ok(edits_of(connection, change).await?.into_iter().filter(is_unknown).collect())
}

/// The last number that the log has given, to an edit in force or to the rebase that they follow.
pub(crate) fn last_of(change: &Change, in_force: &[LoggedEdit]) -> i64 {
    in_force.last().map_or(change.log_start - 1, |logged| logged.sequence)
}

/// Whether a log with that many edits in force takes so many more.
///
/// # Errors
/// [`Error::Refused`] where it does not.
pub(super) fn room_for(in_force: usize, more: usize) -> Result<(), Error> {
    Things::Edits.check(in_force.saturating_add(more)).map_err(|TooMany { .. }| {
        Error::not_now(format!(
            "A change has at most {} edits, and this one has {in_force} already. Submit it, and go on in another.",
            Things::Edits.most()
        ))
    })
}

/// Appends edits behind the sequence number `after`, with the key of the batch that they came in; gives the sequence
/// of the last.
pub(crate) async fn edits_add(
    write: &mut Write,
    change: i64,
    after: i64,
    batch: Option<&str>,
    edits: &[Edit],
) -> Result<i64, Error> {
    let (author, name, at) = (write.account_id()?, write.person().name.clone(), write.at());
    let written = sqlx::query!(
        "INSERT INTO change_edits (change_id, sequence, author_id, author_name, edit, at, batch)
         SELECT $1, $2 + e.place, $3, $4, e.edit, $5, $7
         FROM jsonb_array_elements($6) WITH ORDINALITY AS e (edit, place)",
        change,
        after,
        author,
        name,
        at,
        Json(edits) as _,
        batch,
    )
    .execute(write.connection())
    .await?;
    expect_all(written.rows_affected(), edits.len())?;
    Ok(after + i64::try_from(edits.len()).map_err(Error::unexpected)?)
}

/// Appends what a rebase made of edits, behind the sequence number `after`. Author, time and batch stay those of the
/// edit that each was, unless it is forced: whoever waits to hear of a batch finds it here as well.
pub(super) async fn edits_carry(
    write: &mut Write,
    change: i64,
    after: i64,
    edits: &[CarriedEdit],
) -> Result<(), Error> {
    let (rebaser, name, at) = (write.account_id()?, write.person().name.clone(), write.at());
    let rows: Vec<serde_json::Value> = edits
        .iter()
        .map(|CarriedEdit { from, is_forced, edit }| json!({ "from": from, "is_forced": is_forced, "edit": edit }))
        .collect();
    let written = sqlx::query!(
        "INSERT INTO change_edits (change_id, sequence, author_id, author_name, edit, at, batch, carried_from)
         SELECT $1, $2 + e.place,
                CASE WHEN (e.carried -> 'is_forced')::boolean THEN $3 ELSE o.author_id END,
                CASE WHEN (e.carried -> 'is_forced')::boolean THEN $4 ELSE o.author_name END,
                e.carried -> 'edit',
                CASE WHEN (e.carried -> 'is_forced')::boolean THEN $5 ELSE o.at END,
                CASE WHEN (e.carried -> 'is_forced')::boolean THEN NULL ELSE o.batch END,
                o.sequence
         FROM jsonb_array_elements($6) WITH ORDINALITY AS e (carried, place)
         JOIN change_edits o ON o.change_id = $1 AND o.sequence = (e.carried -> 'from')::bigint",
        change,
        after,
        rebaser,
        name,
        at,
        Json(&rows) as _,
    )
    .execute(write.connection())
    .await?;
    expect_all(written.rows_affected(), edits.len())
}

fn expect_all(written: u64, edits: usize) -> Result<(), Error> {
    stored::expect_rows(written, u64::try_from(edits).map_err(Error::unexpected)?)
}
