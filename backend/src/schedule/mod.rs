//! When changes of an environment may be applied: its maintenance windows and freezes, and how long approvals hold.
//! [`strata_domain::schedule`] decides; here its entries are stored.

mod early;
mod edit;
mod lifetime;
mod rows;

use chrono::{DateTime, Utc};
use strata_domain::account::{Person, Standing};
use strata_domain::authz::Permission;
use strata_domain::review::Lifetime;
use strata_domain::schedule::{self, Entry, Occurrence, Verdict};

use crate::ctx::{Actor, Backend, Scope};
use crate::error::Error;
use crate::policies::lifetime_of;

pub use early::freeze_end;
pub use edit::{NewEntry, entry_add, entry_change, entry_remove};
pub(crate) use edit::{window_of, window_open, window_remove};
pub use lifetime::approval_lifetime_set;
pub(crate) use rows::{entries_of, was_closed, windows_of};

/// How many occurrences are told of each entry.
const NEXT: usize = 3;

/// Everything that the page of the schedule shows, as of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleView {
    /// The environment's slug.
    pub environment: String,
    /// Windows and freezes, freezes first, then by name.
    pub entries: Vec<ShownEntry>,
    /// Whether a change may be applied at `now`, and when if not.
    pub verdict: Verdict,
    /// The moment that all of this is told of.
    pub now: DateTime<Utc>,
    /// How long approvals hold.
    pub lifetime: Lifetime,
    /// What the actor is there.
    pub standing: Standing,
    /// Changes that the actor shaped and that can wait for a freeze, see [`schedule::may_end_sooner`].
    pub shaped: Vec<i64>,
}

/// An entry, and when it is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownEntry {
    /// The entry.
    pub entry: Entry,
    /// Counts up with each change of it.
    pub version: i64,
    /// Who wrote it last.
    pub touched_by: Person,
    /// When.
    pub touched_at: DateTime<Utc>,
    /// Whether it is on at the view's `now`.
    pub is_on: bool,
    /// What is on of it, and what comes next: at most three.
    pub next: Vec<Occurrence>,
}

/// The windows and freezes of an environment (of the first that the actor may view, where none is named), and what they say
/// now.
///
/// # Errors
/// [`Error::NotFound`] where the actor may not view the environment.
#[tracing::instrument(skip_all, fields(?environment))]
pub async fn schedule_load(backend: &Backend, actor: &Actor, environment: Option<&str>) -> Result<ScheduleView, Error> {
    let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::asked(environment)).await?;
    let (id, slug, standing) = {
        let place = read.place();
        (place.id, place.slug.clone(), place.standing.clone())
    };
    let now = read.at();
    let stored = rows::stored_of(read.connection(), id).await?;
    let verdict = schedule::verdict(&stored.iter().map(|stored| stored.entry.clone()).collect::<Vec<_>>(), now);
    let shown = |stored: rows::Stored| ShownEntry {
        is_on: schedule::is_on(&stored.entry, now),
        next: schedule::next_occurrences(&stored.entry, now, NEXT),
        version: stored.version,
        touched_by: stored.touched_by,
        touched_at: stored.touched_at,
        entry: stored.entry,
    };
    let shaped = match actor.signed_in()?.id {
        Some(account) => rows::waiting_shaped_by(read.connection(), id, &account).await?,
        None => Vec::new(),
    };
    Ok(ScheduleView {
        shaped,
        environment: slug,
        entries: stored.into_iter().map(shown).collect(),
        verdict,
        now,
        lifetime: lifetime_of(read.connection(), id).await?,
        standing,
    })
}
