//! Adding, changing and removing windows and freezes.

use sqlx::types::Json;
use strata_domain::act::{Act, ScheduleAct, Stands};
use strata_domain::authz::Permission;
use strata_domain::notice::Sooner;
use strata_domain::proposal::{Outcome, Proposed, Replaced};
use strata_domain::schedule::{self, Entry, EntryFault, Kind, Recurrence};

use super::rows::{self, Stored};
use crate::ctx::{Actor, Backend, Scope, Write};
use crate::error::Error;
use crate::policies::lifetime_of;
use crate::proposals::{self, Making};
use crate::stored;
use crate::work;

/// What somebody writes of a window or a freeze.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// What it does.
    pub kind: Kind,
    /// A line for people, unique in the environment.
    pub name: String,
    /// Why it is there.
    pub reason: String,
    /// Name of the time zone, as `Europe/Berlin`.
    pub zone: String,
    /// When it is on.
    pub recurrence: Recurrence,
}

/// Adds a window or a freeze; gives its id. A window that opens the environment at more times than those that are there is
/// proposed instead, for its own reason. Repeated, it is met already.
///
/// # Errors
/// [`Error::Invalid`] for the first field that is wrong, and for a name that another one has; where it is proposed, as
/// [`crate::proposals::window_removal_propose`].
#[tracing::instrument(skip_all, fields(?environment, kind = new.kind.as_str()))]
pub async fn entry_add(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    new: NewEntry,
) -> Result<Outcome<i64>, Error> {
    let mut write = backend.authorise_write(actor, Permission::EditSchedule, Scope::Environment(environment)).await?;
    write.lock_environment().await?;
    let entry = accepted(0, new)?;
    in_sight(&mut write, &entry).await?;
    if let Some(id) = named_as(&mut write, &entry).await? {
        return Ok(Outcome::InForce(id));
    }
    if opens_more(&mut write, &entry).await? {
        let reason = entry.reason.clone();
        return propose_opening(write, None, entry, &reason).await;
    }
    let id = inserted(&mut write, &entry).await?;
    ended(write, added(&entry)).await?;
    Ok(Outcome::InForce(id))
}

/// Stores an entry that is not there yet; gives its id.
async fn inserted(write: &mut Write, entry: &Entry) -> Result<i64, Error> {
    let environment_id = write.place()?.id;
    let (person, name, at) = (write.account_id()?, write.person().name.clone(), write.at());
    let id = sqlx::query_scalar!(
        "INSERT INTO schedule_entries (environment_id, kind, name, reason, zone, recurrence, touched_by, touched_by_name,
                                       touched_at, timed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) RETURNING id",
        environment_id,
        entry.kind.as_str(),
        entry.name,
        entry.reason,
        entry.zone,
        Json(&entry.recurrence) as _,
        person,
        name,
        at,
    )
    .fetch_one(write.connection())
    .await?;
    Ok(id)
}

fn added(entry: &Entry) -> ScheduleAct {
    ScheduleAct::Added { entry: Box::new(entry.clone()) }
}

/// Changes a window or a freeze that was seen in `version`; `why` is there where a freeze that is on ends sooner by it. A
/// window that opens the environment at more times by it is proposed instead, for that reason or its own. Repeated, it is
/// met already.
///
/// # Errors
/// As [`entry_add`]; [`Error::Conflict`] where somebody else changed it meanwhile; [`Error::Refused`] where a window would
/// become a freeze, which removes it, or a freeze a window that opens more; where a freeze that is on would end sooner, [`Error::Invalid`] for `why` without a
/// reason, and [`Error::Refused`] for who shaped a change that waits for it.
#[tracing::instrument(skip_all, fields(?environment, %id, %version))]
pub async fn entry_change(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    id: i64,
    version: i64,
    new: NewEntry,
    why: Option<&str>,
) -> Result<Outcome<()>, Error> {
    let mut write = backend.authorise_write(actor, Permission::EditSchedule, Scope::Environment(environment)).await?;
    write.lock_environment().await?;
    let before = rows::stored_one(&mut write, id).await?;
    let ended_early = before.entry.ended_early.clone();
    let entry = Entry { ended_early, ..accepted(id, new)? };
    if entry == before.entry {
        return Ok(Outcome::InForce(()));
    }
    seen_last(&before, version)?;
    if (before.entry.kind, entry.kind) == (Kind::Window, Kind::Freeze) {
        return Err(Error::not_now(
            "A window does not become a freeze. Add the freeze, and propose to remove the window.",
        ));
    }
    named_as(&mut write, &entry).await?;
    let is_timed_anew = entry.recurrence != before.entry.recurrence || entry.zone != before.entry.zone;
    if is_timed_anew {
        in_sight(&mut write, &entry).await?;
    }
    if opens_more(&mut write, &entry).await? {
        if before.entry.kind == Kind::Freeze {
            return Err(Error::not_now(
                "As a window it would open the environment at more times than now. Add the window, which is proposed, \
                 and remove the freeze.",
            ));
        }
        let why = why.filter(|why| !why.trim().is_empty()).map_or_else(|| entry.reason.clone(), str::to_owned);
        return propose_opening(write, Some(before), entry, &why).await;
    }
    // Times that are others forget what was ended early of those of before.
    let after = if is_timed_anew { Entry { ended_early: Vec::new(), ..entry.clone() } } else { entry.clone() };
    let ending = Ending::of(&mut write, &before.entry, Some(&after), why).await?;
    updated(&mut write, version, &entry).await?;
    Ending::ended(ending, write, changed(&before.entry, &entry), Sooner::Moved).await?;
    Ok(Outcome::InForce(()))
}

/// Stores an entry in the place of the one of its id, which is there in that version.
async fn updated(write: &mut Write, version: i64, entry: &Entry) -> Result<(), Error> {
    let (person, name, at) = (write.account_id()?, write.person().name.clone(), write.at());
    let written = sqlx::query!(
        "UPDATE schedule_entries
         SET kind = $3, name = $4, reason = $5, zone = $6, recurrence = $7, touched_by = $8, touched_by_name = $9,
             touched_at = $10, version = version + 1,
             timed_at = CASE WHEN recurrence <> $7 OR zone <> $6 THEN $10 ELSE timed_at END
         WHERE id = $1 AND version = $2 AND removed_at IS NULL",
        entry.id,
        version,
        entry.kind.as_str(),
        entry.name,
        entry.reason,
        entry.zone,
        Json(&entry.recurrence) as _,
        person,
        name,
        at,
    )
    .execute(write.connection())
    .await?;
    stored::expect_rows(written.rows_affected(), 1)
}

fn changed(before: &Entry, after: &Entry) -> ScheduleAct {
    ScheduleAct::Changed { before: Box::new(before.clone()), after: Box::new(after.clone()) }
}

/// Removes a freeze that was seen in `version`; `why` is there where it is on, or soon is. Repeated, it is met already. That a window
/// goes is proposed instead, see [`crate::proposals::window_removal_propose`].
///
/// # Errors
/// [`Error::NotFound`] where there never was one of that id; [`Error::Conflict`] where somebody else changed it meanwhile;
/// [`Error::Refused`] for windows; where it is on, [`Error::Invalid`] for `why` without a reason, and [`Error::Refused`] for
/// who shaped a change that waits for it.
#[tracing::instrument(skip_all, fields(?environment, %id, %version))]
pub async fn entry_remove(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    id: i64,
    version: i64,
    why: Option<&str>,
) -> Result<(), Error> {
    let mut write = backend.authorise_write(actor, Permission::EditSchedule, Scope::Environment(environment)).await?;
    let environment_id = write.lock_environment().await?;
    let is_gone = sqlx::query_scalar!(
        r#"SELECT removed_at IS NOT NULL AS "gone!" FROM schedule_entries WHERE id = $1 AND environment_id = $2"#,
        id,
        environment_id,
    )
    .fetch_optional(write.connection())
    .await?;
    if is_gone == Some(true) {
        return Ok(());
    }
    let before = rows::stored_one(&mut write, id).await?;
    seen_last(&before, version)?;
    if before.entry.kind == Kind::Window {
        return Err(Error::not_now("That a window goes is proposed, and put in force by leads as a policy is."));
    }
    let ending = Ending::of(&mut write, &before.entry, None, why).await?;
    rows::removed(&mut write, id, version).await?;
    let removed = ScheduleAct::Removed { entry: Box::new(before.entry), reason: None };
    Ending::ended(ending, write, removed, Sooner::Removed).await
}

/// Whether the environment opens at more times with this entry, in the place of the one of its id or beside the rest.
async fn opens_more(write: &mut Write, entry: &Entry) -> Result<bool, Error> {
    let (environment_id, at) = (write.place()?.id, write.at());
    let before = rows::entries_of(write.connection(), environment_id).await?;
    let rest = before.iter().filter(|known| known.id != entry.id).cloned();
    let after: Vec<Entry> = rest.chain([entry.clone()]).collect();
    Ok(schedule::opens_more(&before, &after, at))
}

/// Proposes a window that opens more, in the place of `before` or beside the rest.
async fn propose_opening<T>(
    write: Write,
    before: Option<Stored>,
    window: Entry,
    reason: &str,
) -> Result<Outcome<T>, Error> {
    let replaces = before.map(|stored| Replaced { version: stored.version, window: stored.entry });
    let proposed = Proposed::WindowOpening { replaces: replaces.map(Box::new), window: Box::new(window) };
    Ok(Outcome::Proposed(proposals::propose(write, Making { proposed, reason, instead_of: Stands::AsProposed }).await?))
}

/// Adds a window that opens more, or puts it in the place of another one, as leads have put in force. The caller holds the lock
/// on the environment, and knows that what it replaces is as it was.
pub(crate) async fn window_open(write: &mut Write, replaces: Option<&Replaced>, window: &Entry) -> Result<(), Error> {
    // Met already is one that somebody added who could by then.
    if named_as(write, window).await?.is_none() {
        let did = match replaces {
            None => {
                inserted(write, window).await?;
                added(window)
            }
            Some(Replaced { version, window: was }) => {
                updated(write, *version, window).await?;
                changed(was, window)
            }
        };
        write.also(&Act::Schedule(did)).await?;
    }
    work::announce(write.connection()).await?;
    rows::reach(write).await
}

/// Removes a window, as leads have put in force. The caller holds the lock on the environment.
pub(crate) async fn window_remove(write: &mut Write, id: i64, version: i64, reason: &str) -> Result<(), Error> {
    let before = rows::stored_one(write, id).await?;
    rows::removed(write, id, version).await?;
    let did = ScheduleAct::Removed { entry: Box::new(before.entry), reason: Some(reason.to_owned()) };
    write.also(&Act::Schedule(did)).await?;
    work::announce(write.connection()).await?;
    rows::reach(write).await
}

/// The window of that id, as it was seen in `version`.
pub(crate) async fn window_of(write: &mut Write, id: i64, version: i64) -> Result<Entry, Error> {
    let stored = rows::stored_one(write, id).await?;
    seen_last(&stored, version)?;
    if stored.entry.kind == Kind::Freeze {
        return Err(Error::not_now("It is a freeze: a lead removes it, and says why while it is on."));
    }
    Ok(stored.entry)
}

/// A freeze that is on ends sooner by an act on it.
struct Ending {
    freeze: i64,
    name: String,
    why: String,
}

impl Ending {
    /// Whether it does; `after` is what becomes of the entry, none where it is removed.
    ///
    /// # Errors
    /// For who shaped a change that waits for it, and for `why` without a reason.
    async fn of(
        write: &mut Write,
        before: &Entry,
        after: Option<&Entry>,
        why: Option<&str>,
    ) -> Result<Option<Self>, Error> {
        let environment_id = write.place()?.id;
        let life = lifetime_of(write.connection(), environment_id).await?;
        if !schedule::ends_sooner(before, after, write.at(), life) {
            return Ok(None);
        }
        refuse_shapers(write).await?;
        let why =
            schedule::accept_why(why.unwrap_or_default()).map_err(|refused| Error::invalid("why", refused.reason))?;
        Ok(Some(Self { freeze: before.id, name: before.name.clone(), why }))
    }

    /// Ends the write that did this: where a freeze ends sooner by it, that is the act, and everybody is told.
    async fn ended(ending: Option<Self>, mut write: Write, did: ScheduleAct, how: Sooner) -> Result<(), Error> {
        let Some(Self { freeze, name, why }) = ending else { return ended(write, did).await };
        write.also(&Act::Schedule(did)).await?;
        ended(write, ScheduleAct::FreezeEnded { freeze, name, reason: why, how, occurrences: Vec::new() }).await
    }
}

/// Refuses an act that makes a freeze end sooner to who shaped a change that can wait for it.
pub(super) async fn refuse_shapers(write: &mut Write) -> Result<(), Error> {
    let environment_id = write.place()?.id;
    let Some(account) = write.person().id.clone() else { return Ok(()) };
    let shaped = rows::waiting_shaped_by(write.connection(), environment_id, &account).await?;
    Ok(schedule::may_end_sooner(&shaped)?)
}

/// The entry, if the domain takes it.
fn accepted(id: i64, new: NewEntry) -> Result<Entry, Error> {
    let NewEntry { kind, name, reason, zone, recurrence } = new;
    let (name, reason) = (name.trim().to_owned(), reason.trim().to_owned());
    let entry = Entry { id, kind, name, reason, zone, recurrence, ended_early: Vec::new() };
    schedule::accept(&entry).map_err(|faults| {
        let first = faults.into_iter().next();
        first.map_or_else(|| Error::unexpected("a schedule entry was refused for nothing"), refused)
    })?;
    Ok(entry)
}

/// Refuses a window with which the environment would not open for long.
async fn in_sight(write: &mut Write, entry: &Entry) -> Result<(), Error> {
    let (environment_id, at) = (write.place()?.id, write.at());
    let others = rows::entries_of(write.connection(), environment_id).await?;
    schedule::opens_in_sight(entry, &others, at).map_err(refused)
}

fn refused(EntryFault { field, message }: EntryFault) -> Error {
    Error::invalid(field, message)
}

/// The id of another entry that is the same one but for its id: then a request came twice. One that only shares the name
/// is refused.
async fn named_as(write: &mut Write, entry: &Entry) -> Result<Option<i64>, Error> {
    let environment_id = write.place()?.id;
    let others = rows::stored_of(write.connection(), environment_id).await?;
    let is_of_that_name =
        |other: &&Stored| other.entry.id != entry.id && other.entry.name.to_lowercase() == entry.name.to_lowercase();
    let Some(Stored { entry: other, .. }) = others.iter().find(is_of_that_name) else { return Ok(None) };
    let same = Entry { id: other.id, ended_early: other.ended_early.clone(), ..entry.clone() };
    if *other == same && entry.id == 0 {
        return Ok(Some(other.id));
    }
    Err(Error::invalid("name", format!("There is a {} of that name already; choose another one.", other.kind)))
}

fn seen_last(before: &Stored, version: i64) -> Result<(), Error> {
    if before.version == version {
        return Ok(());
    }
    let Stored { entry, touched_by, .. } = before;
    Err(Error::Conflict {
        what: format!("{} changed “{}” meanwhile. Look again before you go on.", touched_by.name, entry.name),
    })
}

/// Ends a write to the schedule: a change that waits may start by now, and pages say other times.
pub(super) async fn ended(mut write: Write, did: ScheduleAct) -> Result<(), Error> {
    work::announce(write.connection()).await?;
    rows::reach(&mut write).await?;
    write.commit(Act::Schedule(did)).await
}
