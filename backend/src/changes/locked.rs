//! A change under its row lock: who comes second waits, and then finds what the first one did.

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use strata_domain::account::Person;
use strata_domain::age::ago;
use strata_domain::audit::AuditAction;
use strata_domain::change::{self, Change, ChangeState};
use strata_domain::policy::Asked;
use strata_domain::review::{Planned, Review};

use super::Material;
use super::rows::{self, Approval};
use crate::approvals::UnderReview;
use crate::ctx::{self, Write};
use crate::error::Error;
use crate::stored;

/// A change that nobody else can move until this write ends. Alter `change`, then [`Self::save`] it.
pub(crate) struct Locked {
    pub(crate) change: Change,
    pub(crate) approval: Approval,
    /// What lists tell of its plan; see [`Self::take_up`].
    planned: Option<Planned>,
    touched_action: AuditAction,
}

impl Locked {
    /// Takes the lock.
    pub(crate) async fn take(write: &mut Write, id: i64) -> Result<Self, Error> {
        sqlx::query!("SELECT id FROM changes WHERE id = $1 FOR NO KEY UPDATE", id)
            .fetch_optional(write.connection())
            .await?
            .ok_or(Error::NotFound { what: "change" })?;
        write.past_lock().await?;
        let stored = rows::change_of(write.connection(), id).await?.ok_or(Error::NotFound { what: "change" })?;
        let touched_action = stored::word(&stored.touched_action)?;
        Ok(Self { change: stored.change, approval: stored.approval, planned: stored.planned, touched_action })
    }

    /// The time of an act on the change: never before the last one, even by a clock that was set back.
    pub(crate) fn now(&self, write: &Write) -> DateTime<Utc> {
        write.at().max(self.change.touched_at)
    }

    /// Its review as it is stored; `material` is the change's own, over its own base.
    pub(crate) async fn review(&self, write: &mut Write, material: &Material) -> Result<UnderReview, Error> {
        let environment_id = write.place()?.id;
        UnderReview::load(write.connection(), environment_id, &self.change, self.approval, material).await
    }

    /// Takes up what a review decided; [`Self::save`] stores it. Why a change is not approved is no longer true of one
    /// that is.
    pub(crate) fn take_up(&mut self, review: &Review, now: DateTime<Utc>) {
        let is_approved = review.state == ChangeState::Approved;
        // One approval is over, and this is another: nobody has applied the change under it.
        let is_another = self.approval.until.is_some_and(|until| until <= now);
        self.change.state = review.state;
        // The plan of a draft is not made with every edit.
        self.planned = (review.state != ChangeState::Draft).then(|| review.plan.clone());
        self.approval = Approval {
            round: review.round,
            since: review.approved_at,
            until: if is_approved { review.expires_at(now) } else { None },
        };
        if is_approved {
            self.change.reason = None;
        }
        // It waited to be started as it was approved; what is approved no longer, or starts, waits no more.
        if !is_approved || is_another {
            self.change.apply_asked = None;
        }
    }

    /// Takes up that its run has ended; [`Self::save`] stores it. No plan is needed for that: what was approved stays told as it
    /// was when the run began.
    ///
    /// # Errors
    /// Where it has none.
    pub(crate) fn run_ended(&mut self, well: bool) -> Result<(), Error> {
        self.change.state = change::run_ended(self.change.state, well)?;
        self.approval.until = None;
        self.change.apply_asked = None;
        Ok(())
    }

    /// Whether the last act was this one by this person: then a repeated request has been met already.
    pub(crate) fn was_done_by(&self, person: &Person, action: AuditAction) -> bool {
        self.touched_action == action && self.change.touched_by == *person
    }

    /// Refuses a request that was made in view of another version, naming who came first.
    pub(crate) fn at_version(&self, version: i64, write: &Write) -> Result<(), Error> {
        if self.change.version == version { Ok(()) } else { Err(self.conflict(write.person(), write.at())) }
    }

    fn conflict(&self, reader: &Person, now: DateTime<Utc>) -> Error {
        let toucher = &self.change.touched_by;
        let who = if toucher == reader { "You" } else { &toucher.name };
        let what = self.touched_action.describe();
        let when = ago(now - self.change.touched_at);
        Error::Conflict { what: format!("{who} {what} {when}. Look again before you go on.") }
    }

    /// What was asked for it when it was written last; none for a draft.
    pub(super) fn asked(&self) -> Option<Vec<Asked>> {
        self.planned.as_ref().map(|planned| planned.asked.clone())
    }

    /// Writes what lists tell of its plan, where that alone moved: nobody did anything to the change itself.
    pub(super) async fn save_planned(&self, write: &mut Write) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE changes SET planned = $2 WHERE id = $1 AND planned IS DISTINCT FROM $2",
            self.change.id,
            self.planned.as_ref().map(Json) as _,
        )
        .execute(write.connection())
        .await?;
        Ok(())
    }

    /// Writes the change as it is now; gives the new version.
    pub(crate) async fn save(&mut self, write: &mut Write, action: AuditAction) -> Result<i64, Error> {
        let at = self.now(write);
        let change = &mut self.change;
        let seen = change.version;
        change.version += 1;
        change.touched_by = write.person().clone();
        change.touched_at = at;
        let submitted_by = change.submitted_by.as_ref();
        let asked = change.apply_asked.as_ref();
        let written = sqlx::query!(
            "UPDATE changes
             SET state = $3, version = $4, round = $5, base_revision = $6, submitted_by = $7, submitted_by_name = $8,
                 submitted_at = $9, touched_by = $10, touched_by_name = $11, touched_action = $12, touched_at = $13,
                 reason = $14, catalogue_version = $15, log_start = $16, approved_at = $17, approved_until = $18,
                 apply_asked_by = $19, apply_asked_by_name = $20, apply_asked_at = $21, planned = $22
             WHERE id = $1 AND version = $2",
            change.id,
            seen,
            change.state.as_str(),
            change.version,
            self.approval.round,
            change.base,
            submitted_by.map(ctx::account_uuid).transpose()?.flatten(),
            submitted_by.map(|person| person.name.clone()),
            change.submitted_at,
            ctx::account_uuid(&change.touched_by)?,
            change.touched_by.name,
            action.as_str(),
            change.touched_at,
            change.reason,
            stored::of_version(change.catalogue)?,
            change.log_start,
            self.approval.since,
            self.approval.until,
            asked.map(|asked| ctx::account_uuid(&asked.by)).transpose()?.flatten(),
            asked.map(|asked| asked.by.name.clone()),
            asked.map(|asked| asked.at),
            self.planned.as_ref().map(Json) as _,
        )
        .execute(write.connection())
        .await?;
        // The lock makes this certain; the guard stays, because silence would lose somebody's act.
        stored::expect_rows(written.rows_affected(), 1)?;
        self.touched_action = action;
        Ok(self.change.version)
    }
}
