//! Reading changes.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use strata_domain::account::{Lead, Standing};
use strata_domain::audit::AuditEntry;
use strata_domain::authz::Permission;
use strata_domain::catalogue::Own;
use strata_domain::change::{Change, ChangeState, LoggedEdit};
use strata_domain::checked::Checked;
use strata_domain::discussion::Comment;
use strata_domain::plan::{Plan, Risk};
use strata_domain::review::{BrokenGlass, Review};
use strata_domain::run::Run;
use strata_domain::schedule;

use super::{Material, rows};
use crate::approvals::{self, UnderReview};
use crate::audit::latest;
use crate::catalogues::own_of_change;
use crate::ctx::{Actor, Backend, Listed, Read, Scope};
use crate::error::Error;
use crate::heavy;
use crate::runs;
use crate::schedule::entries_of;

/// Everything that the page of a change shows, as of one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeView {
    /// The change; its state is that of `now`.
    pub change: Change,
    /// Its edits in force, first edit first.
    pub edits: Vec<LoggedEdit>,
    /// Its authors, its plan and what is asked for it, and all votes, as of `now`.
    pub review: Review,
    /// The moment that all of this is told of.
    pub now: DateTime<Utc>,
    /// The topology of its base revision, under the catalogue that the change is read under, with the severities by which it
    /// is judged.
    pub base: Arc<Checked>,
    /// The topology that the edits make of it, under the same.
    pub desired: Arc<Checked>,
    /// What names the two, and the plan between them, for [`Backend::once`].
    pub made_of: String,
    /// The number of the live revision; other than the change's base, the change is stale.
    pub live: i64,
    /// What the actor is in its environment.
    pub standing: Standing,
    /// Who may vote in its environment, by name.
    pub leads: Vec<Lead>,
    /// What was said about it, first come first.
    pub comments: Vec<Comment>,
    /// Its runs, newest first.
    pub runs: Vec<Run>,
    /// What the environment adds to the built-in catalogue, in the version that the change is read under, with the
    /// severities by which it is judged.
    pub own: Own,
    /// What applying it does.
    pub plan: Plan,
    /// What the environment's windows and freezes say about `now`.
    pub gate: schedule::Verdict,
    /// How it was applied without approval, if it was.
    pub glass: Option<BrokenGlass>,
    /// What was last applied without approval in its environment and waits for a review.
    pub unreviewed: Option<BrokenGlass>,
    /// What was recorded of it lately, newest first.
    pub audit: Vec<AuditEntry>,
}

/// A change as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRow {
    /// The change; its state is that of now.
    pub change: Change,
    /// How dangerous its plan is; none for a draft, whose plan is not made with every edit.
    pub risk: Option<Risk>,
}

impl ChangeView {
    /// What is told of votes is told as of now; of a change that is over, as of when it was decided or its run was asked
    /// for: what expired later took nothing from it.
    pub fn told_at(&self) -> DateTime<Utc> {
        match self.change.state {
            state if state.is_open() => self.now,
            ChangeState::Rejected | ChangeState::Withdrawn => self.change.touched_at,
            _ => self.runs.first().map_or(self.now, |run| run.requested_at),
        }
    }
}

/// One change with everything about it.
///
/// # Errors
/// [`Error::NotFound`] where there is none, or the actor may not view its environment.
#[tracing::instrument(skip_all, fields(%id))]
pub async fn change_load(backend: &Backend, actor: &Actor, id: i64) -> Result<ChangeView, Error> {
    heavy::act(actor, || async {
        let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::Change(id)).await?;
        change_in(&mut read, id).await
    })
    .await
}

/// One change of the environment of a read, as part of it, and of a [`heavy::act`].
///
/// # Errors
/// [`Error::NotFound`] where there is none of that id in the environment.
pub(crate) async fn change_in(read: &mut Read, id: i64) -> Result<ChangeView, Error> {
    let (environment_id, live, standing) = {
        let place = read.place();
        (place.id, place.live, place.standing.clone())
    };
    let at = read.at();
    let audit = latest(read, "change", id).await?;
    let environment = read.place().slug.clone();
    let mut source = read.source();
    let connection = &mut *source.connection;
    let stored = rows::change_of(connection, id).await?.filter(|stored| stored.change.environment == environment);
    let stored = stored.ok_or(Error::NotFound { what: "change" })?;
    let mut change = stored.change;
    let (material, edits) = Material::read(&mut source, environment_id, &change).await?;
    let connection = &mut *source.connection;
    let own = own_of_change(connection, environment_id, change.catalogue, id).await?;
    let under = UnderReview::load(connection, environment_id, &change, stored.approval, &material).await?;
    // What this read sees may have been written a moment after it began.
    let now = at.max(change.touched_at);
    let review = under.review.as_of(now);
    change.state = review.state;
    let leads = approvals::leads_of(connection, environment_id).await?;
    let comments = approvals::comments_of(connection, id).await?;
    let runs = runs::runs_of_change(connection, id).await?;
    let gate = schedule::verdict(&entries_of(connection, environment_id).await?, now);
    let glass = runs::glass_of(connection, id).await?;
    let unreviewed = runs::unreviewed_of(connection, environment_id).await?;
    if change.state != ChangeState::Approved {
        change.apply_asked = None;
    }
    Ok(ChangeView {
        live: live.unwrap_or(change.base),
        change,
        edits,
        review,
        now,
        base: Arc::clone(&material.base),
        desired: Arc::clone(&material.desired),
        made_of: material.made_of.clone(),
        standing,
        leads,
        comments,
        runs,
        own,
        plan: under.plan,
        gate,
        glass,
        unreviewed,
        audit,
    })
}

/// Changes of an environment (of the first that the actor may view, where none is named), newest first: at most `limit`,
/// those with an id under `before`, and of one state alone where one is named.
///
/// # Errors
/// [`Error::NotFound`] where the actor may not view the environment.
#[tracing::instrument(skip_all, fields(?environment))]
pub async fn change_list(
    backend: &Backend,
    actor: &Actor,
    environment: Option<&str>,
    state: Option<ChangeState>,
    before: Option<i64>,
    limit: i64,
) -> Result<Listed<ChangeRow>, Error> {
    let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::asked(environment)).await?;
    let (environment_id, now) = (read.place().id, read.at());
    let ids = rows::newest_of(read.connection(), environment_id, state, before, limit, now).await?;
    let stored = rows::changes_of(read.connection(), &ids).await?;
    let Listed { environment, standing, next, .. } = Listed::of(&read, ids, limit, |id| *id);
    let shown = |stored: rows::Stored| ChangeRow {
        risk: stored.planned.map(|planned| planned.risk),
        change: rows::shown(stored.change, stored.approval, now),
    };
    Ok(Listed { environment, standing, rows: stored.into_iter().flatten().map(shown).collect(), next })
}
