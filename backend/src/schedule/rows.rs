//! Stored windows and freezes as what the domain calls them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use strata_domain::account::{AccountId, Person};
use strata_domain::change::ChangeState;
use strata_domain::schedule::{self, EndedEarly, Entry, Kind, Recurrence, Verdict};

use crate::approvals::authors_of;
use crate::ctx::{self, Write};
use crate::error::Error;
use crate::stored;

/// An entry with what is stored beside it.
pub(super) struct Stored {
    pub(super) entry: Entry,
    pub(super) version: i64,
    pub(super) touched_by: Person,
    pub(super) touched_at: DateTime<Utc>,
}

/// The windows and freezes of an environment.
pub(crate) async fn entries_of(connection: &mut PgConnection, environment_id: i64) -> Result<Vec<Entry>, Error> {
    Ok(stored_of(connection, environment_id).await?.into_iter().map(|stored| stored.entry).collect())
}

/// Whether nothing was to start in the environment then. Where its schedule was touched since, nobody can say any more: then
/// no.
pub(crate) async fn was_closed(
    connection: &mut PgConnection,
    environment_id: i64,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let is_other_since = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM schedule_entries
                          WHERE environment_id = $1 AND (touched_at > $2 OR removed_at > $2)) AS "any!""#,
        environment_id,
        at,
    )
    .fetch_one(&mut *connection)
    .await?;
    if is_other_since {
        return Ok(false);
    }
    let entries = entries_of(connection, environment_id).await?;
    Ok(schedule::verdict(&entries, at) != Verdict::Open)
}

/// As [`entries_of`], freezes first, then by name.
pub(super) async fn stored_of(connection: &mut PgConnection, environment_id: i64) -> Result<Vec<Stored>, Error> {
    let mut ended = BTreeMap::<i64, Vec<EndedEarly>>::new();
    let endings = sqlx::query!(
        "SELECT f.entry_id, f.occurrence, f.ended_by, f.ended_by_name, f.reason, f.at
         FROM freeze_endings f JOIN schedule_entries s ON s.id = f.entry_id
         WHERE s.environment_id = $1 AND s.removed_at IS NULL AND f.at >= s.timed_at ORDER BY f.occurrence",
        environment_id,
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in endings {
        let by = ctx::person(row.ended_by, row.ended_by_name);
        let ending = EndedEarly { occurrence: row.occurrence, by, reason: row.reason, at: row.at };
        ended.entry(row.entry_id).or_default().push(ending);
    }
    let rows = sqlx::query!(
        r#"SELECT id, kind, name, reason, zone, recurrence AS "recurrence: Json<Recurrence>", version, touched_by,
                  touched_by_name, touched_at
           FROM schedule_entries WHERE environment_id = $1 AND removed_at IS NULL
           ORDER BY kind, lower(name)"#,
        environment_id,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let entry = Entry {
                id: row.id,
                kind: stored::word(&row.kind)?,
                name: row.name,
                reason: row.reason,
                zone: row.zone,
                recurrence: row.recurrence.0,
                ended_early: ended.remove(&row.id).unwrap_or_default(),
            };
            let touched_by = ctx::person(row.touched_by, row.touched_by_name);
            Ok(Stored { entry, version: row.version, touched_by, touched_at: row.touched_at })
        })
        .collect()
}

/// One entry of the environment that is written to.
pub(super) async fn stored_one(write: &mut Write, id: i64) -> Result<Stored, Error> {
    let environment_id = write.place()?.id;
    let stored = stored_of(write.connection(), environment_id).await?;
    stored.into_iter().find(|stored| stored.entry.id == id).ok_or(Error::NotFound { what: "window or freeze" })
}

/// The windows of an environment by id, each with its version.
pub(crate) async fn windows_of(
    connection: &mut PgConnection,
    environment_id: i64,
) -> Result<BTreeMap<i64, i64>, Error> {
    let rows = sqlx::query!(
        "SELECT id, version FROM schedule_entries WHERE environment_id = $1 AND kind = $2 AND removed_at IS NULL",
        environment_id,
        Kind::Window.as_str(),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.version)).collect())
}

/// Removes an entry that is there in that version.
pub(super) async fn removed(write: &mut Write, id: i64, version: i64) -> Result<(), Error> {
    let at = write.at();
    let written = sqlx::query!(
        "UPDATE schedule_entries SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL AND version = $3",
        id,
        at,
        version,
    )
    .execute(write.connection())
    .await?;
    stored::expect_rows(written.rows_affected(), 1)
}

/// The changes that a person shaped and that wait for freezes, or may in a moment: see [`schedule::can_wait`].
pub(super) async fn waiting_shaped_by(
    connection: &mut PgConnection,
    environment_id: i64,
    account: &AccountId,
) -> Result<Vec<i64>, Error> {
    let states = ChangeState::ALL.iter().filter(|state| schedule::can_wait(**state));
    let states: Vec<String> = states.map(ToString::to_string).collect();
    let waiting = sqlx::query_scalar!(
        "SELECT id FROM changes WHERE environment_id = $1 AND state = ANY($2) ORDER BY id",
        environment_id,
        &states,
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut shaped = Vec::new();
    for id in waiting {
        if authors_of(connection, id).await?.contains(account) {
            shaped.push(id);
        }
    }
    Ok(shaped)
}

/// Has the pages read anew which say when a change can start, once the schedule moved: of every change that can be applied.
pub(super) async fn reach(write: &mut Write) -> Result<(), Error> {
    let id = write.place()?.id;
    let changes =
        sqlx::query_scalar!("SELECT id FROM changes WHERE environment_id = $1 AND state = 'approved' ORDER BY id", id)
            .fetch_all(write.connection())
            .await?;
    write.reach(changes)
}
