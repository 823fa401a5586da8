//! Batches of edits: taken whole or not at all, once each, in the order in which they come.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;
use strata_domain::account::Standing;
use strata_domain::act::{Act, ChangeAct, Edits, Shift};
use strata_domain::audit::AuditAction;
use strata_domain::authz::Permission;
use strata_domain::catalogue::Catalogue;
use strata_domain::change::{Change, LoggedEdit};
use strata_domain::draft::{Batch, LABEL_MAX};
use strata_domain::edit::{self, Edit, ReplayError};
use strata_domain::limits::{self, BATCH_MAX, TooMany};
use strata_domain::text;
use strata_domain::topology::Topology;

use super::log::{edits_add, edits_after, edits_in_force, last_of, room_for};
use super::states::Draft;
use super::{Locked, rows};
use crate::catalogues::own_at;
use crate::ctx::{Actor, Backend, Scope, Write};
use crate::environments::{give_id, topology_of};
use crate::error::Error;
use crate::heavy;

/// Longest key of a batch, in characters.
const KEY_MAX: usize = 64;

/// The log of a change behind an edit that the reader knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogTail {
    /// The change as it is with them.
    pub change: Change,
    /// The number of the live revision; other than the change's base, the change is stale.
    pub live: i64,
    /// The edits in force that follow, first edit first.
    pub edits: Vec<LoggedEdit>,
    /// What the reader is in the change's environment.
    pub standing: Standing,
}

/// Up to where somebody knows the log of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The sequence number of the last edit that they know.
    pub after: i64,
    /// The moment of that edit, or of the change where none is in force ([`strata_domain::draft::Known::mark`]). By it a
    /// log that was set back to a backup is told from the one that they know. None asks for no such check.
    pub mark: Option<DateTime<Utc>>,
}

impl From<i64> for Seen {
    fn from(after: i64) -> Self {
        Self { after, mark: None }
    }
}

impl Seen {
    /// Whether the log reaches back to it: the edits of the change in force, from that one on.
    fn is_of(self, change: &Change, log: &[LoggedEdit]) -> bool {
        let known = log.iter().find(|logged| logged.sequence == self.after).map(|logged| logged.at);
        let reaches = known.is_some() || self.after == change.log_start - 1;
        reaches && self.mark.is_none_or(|mark| mark == known.unwrap_or(change.created_at))
    }
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is in the log, or asked for nothing that is not so already. The tail has its edits as they were taken.
    Taken(LogTail),
    /// It does not fit what others did meanwhile, or does not fit at all; nothing of it was written.
    Returned {
        /// The first edit that does not fit, by its place in the batch, from 0.
        place: usize,
        /// Why, in a sentence.
        reason: String,
        /// Whether it could be done all the same, by [`strata_domain::edit::force`].
        can_be_forced: bool,
        /// What others did.
        tail: LogTail,
    },
    /// The log in force does not reach back to what the author knew, or is another one: the whole draft has to be read
    /// again.
    Moved,
}

/// Appends a batch that was written in view of the log as its author has `seen` it, carried over what others appended
/// since. Under review, its author is an author of the change from then on, and votes stay only where the plan
/// does. A batch whose key the change has already, by the same person, is answered as the first time.
///
/// # Errors
/// [`Error::Invalid`] for `key` (1 to 64 printable ASCII characters, no other person's), `label` (1 to 200
/// characters in one line) or `edits` (1 to 10,000, each with text that is taken); [`Error::Refused`] where the change takes no edits any more, or has 50,000.
#[tracing::instrument(skip_all, fields(%id, edits = batch.edits.len()))]
pub async fn change_append(
    backend: &Backend,
    actor: &Actor,
    id: i64,
    seen: impl Into<Seen>,
    batch: Batch,
) -> Result<Appended, Error> {
    let seen = seen.into();
    heavy::act(actor, || append(backend, actor, id, seen, batch.clone())).await
}

async fn append(backend: &Backend, actor: &Actor, id: i64, seen: Seen, batch: Batch) -> Result<Appended, Error> {
    let after = seen.after;
    let mut write = backend.authorise_write(actor, Permission::EditChange, Scope::Change(id)).await?;
    check(&batch)?;
    let Batch { key, label, edits } = batch;
    let (environment_id, live) = (write.place()?.id, write.place()?.live);
    let standing = write.place()?.standing.clone();
    let mut locked = Locked::take(&mut write, id).await?;
    let live = live.unwrap_or(locked.change.base);
    if is_taken(&mut write, id, &key).await? {
        let change = rows::shown(locked.change, locked.approval, write.at());
        let tail = tail(write.connection(), change, live, standing, seen).await?;
        return Ok(tail.map_or(Appended::Moved, Appended::Taken));
    }
    let reviewed = locked.before_edit(&mut write).await?;
    // The edit that is known comes along, for its moment.
    let mut since = edits_after(write.connection(), id, after.saturating_sub(1)).await?;
    let last = last_of(&locked.change, &since);
    if !seen.is_of(&locked.change, &since) {
        return Ok(Appended::Moved);
    }
    room_for(edits_in_force(write.connection(), id).await?, edits.len())?;
    let base = topology_of(&mut write.source(), environment_id, locked.change.base).await?;
    let own = own_at(write.connection(), environment_id, locked.change.catalogue).await?;
    let change = locked.change.clone();
    let draft = Draft::of(&change, &base, &own)?;
    check_text(&edits, draft.catalogue())?;
    let seen_edit = since.first().filter(|logged| logged.sequence == after).map(|logged| (after, logged.at));
    since.retain(|logged| logged.sequence > after);
    let known = draft.state(&mut write.source(), seen_edit).await?;
    let parts = heavy::parts_of(&known) + since.len() + edits.len();
    let catalogue = Arc::clone(draft.catalogue());
    let outcome = heavy::in_act(parts, move || carried(&known, &since, &edits, &catalogue))
        .await?
        .map_err(|error| Error::unexpected(format!("change {id} does not replay on its base: {error}")))?;
    let (edits, state) = match outcome {
        Ok(carried) => carried,
        Err(Misfit::TooMany(too_many)) => return Err(Error::invalid("edits", too_many.to_string())),
        Err(Misfit::Edit { place, reason, can_be_forced }) => {
            let edits = edits_after(write.connection(), id, after).await?;
            let change = rows::shown(locked.change, locked.approval, write.at());
            let tail = LogTail { change, live, edits, standing };
            return Ok(Appended::Returned { place, reason, can_be_forced, tail });
        }
    };
    if edits.is_empty() {
        let edits = edits_after(write.connection(), id, after).await?;
        let change = rows::shown(locked.change, locked.approval, write.at());
        return Ok(Appended::Taken(LogTail { change, live, edits, standing }));
    }
    let end = edits_add(&mut write, id, last, Some(&key), &edits).await?;
    let before = locked.change.state;
    locked.after_edit(&mut write, reviewed).await?;
    locked.save(&mut write, AuditAction::ChangeEdited).await?;
    let tail = edits_after(write.connection(), id, after).await?;
    if let Some(newest) = tail.last().filter(|newest| newest.sequence == end) {
        draft.keep(backend.kept(), end, newest.at, Arc::new(state));
    }
    let shift = Shift { from: before, to: locked.change.state };
    let did = ChangeAct::Edited { edits: Edits::Many(last + 1, end), what: label, shift };
    let change = locked.change;
    write.commit(Act::Change { change: id, did }).await?;
    Ok(Appended::Taken(LogTail { change, live, edits: tail, standing }))
}

/// The log of a change behind what was `seen` of it; none where the log in force does not reach back to it, or is another
/// one: then the whole draft has to be read again.
///
/// # Errors
/// [`Error::NotFound`] where there is none, or the actor may not view its environment.
#[tracing::instrument(skip_all, fields(%id))]
pub async fn change_tail(
    backend: &Backend,
    actor: &Actor,
    id: i64,
    seen: impl Into<Seen>,
) -> Result<Option<LogTail>, Error> {
    let seen = seen.into();
    let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::Change(id)).await?;
    let (live, standing) = (read.place().live, read.place().standing.clone());
    let stored = rows::change_of(read.connection(), id).await?.ok_or(Error::NotFound { what: "change" })?;
    let live = live.unwrap_or(stored.change.base);
    let change = rows::shown(stored.change, stored.approval, read.at());
    tail(read.connection(), change, live, standing, seen).await
}

async fn tail(
    connection: &mut PgConnection,
    change: Change,
    live: i64,
    standing: Standing,
    seen: Seen,
) -> Result<Option<LogTail>, Error> {
    // The edit that is known itself comes along, for its moment.
    let mut edits = edits_after(connection, change.id, seen.after.saturating_sub(1)).await?;
    if !seen.is_of(&change, &edits) {
        return Ok(None);
    }
    edits.retain(|logged| logged.sequence > seen.after);
    Ok(Some(LogTail { change, live, edits, standing }))
}

fn check(batch: &Batch) -> Result<(), Error> {
    let Batch { key, label, edits } = batch;
    if !(1..=KEY_MAX).contains(&key.len()) || !key.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(Error::invalid("key", "The key of a batch has 1 to 64 printable ASCII characters."));
    }
    if !(1..=LABEL_MAX).contains(&label.chars().count()) {
        return Err(Error::invalid("label", format!("The label of a batch has 1 to {LABEL_MAX} characters.")));
    }
    text::check_line("label", label).map_err(|fault| Error::text("label", &fault))?;
    if !(1..=BATCH_MAX).contains(&edits.len()) {
        return Err(Error::invalid("edits", format!("A batch has 1 to {BATCH_MAX} edits.")));
    }
    Ok(())
}

/// Whether the change has the batch of that key already, edits of before a rebase included.
async fn is_taken(write: &mut Write, change: i64, key: &str) -> Result<bool, Error> {
    let row =
        sqlx::query!("SELECT author_id FROM change_edits WHERE change_id = $1 AND batch = $2 LIMIT 1", change, key)
            .fetch_optional(write.connection())
            .await?;
    match row {
        None => Ok(false),
        Some(row) if row.author_id == write.account_id()? => Ok(true),
        Some(_) => Err(Error::invalid("key", "Another person's batch has this key.")),
    }
}

/// Whether the text of each edit is taken. It is asked of what comes in alone: the log may be older than the rule.
fn check_text(edits: &[Edit], catalogue: &Catalogue) -> Result<(), Error> {
    for (place, edit) in edits.iter().enumerate() {
        edit::check_text(edit, catalogue).map_err(|fault| {
            let message = format!("Edit {} ({}): {fault}", place + 1, text::excerpt(&edit.describe(), 80));
            Error::invalid("edits", message)
        })?;
    }
    Ok(())
}

/// Why a batch is not taken.
enum Misfit {
    /// One of its edits does not fit.
    Edit { place: usize, reason: String, can_be_forced: bool },
    /// The topology would be too large.
    TooMany(TooMany),
}

/// The edits as they have to be over the whole log, written in view of what its edits up to one had made (`known`), and what they
/// make in turn. `since` is what others wrote after that one.
///
/// # Errors
/// Where the log itself does not fit, or what was carried does not, which nothing lets happen.
fn carried(
    known: &Topology,
    since: &[LoggedEdit],
    edits: &[Edit],
    catalogue: &Catalogue,
) -> Result<Result<(Vec<Edit>, Topology), Misfit>, ReplayError> {
    let seen = edit::named(known, edits);
    let mut now = edit::replay(known, since.iter().map(|logged| &logged.edit), catalogue)?;
    if let Err(too_many) = limits::check_edits(&now, edits) {
        return Ok(Err(Misfit::TooMany(too_many)));
    }
    match edit::carry_with(edits, seen, &mut now, catalogue, give_id) {
        Ok(edits) => Ok(Ok((edits, now))),
        Err((place, conflict)) => {
            let (reason, can_be_forced) = (conflict.to_string(), conflict.can_be_forced());
            Ok(Err(Misfit::Edit { place, reason, can_be_forced }))
        }
    }
}
