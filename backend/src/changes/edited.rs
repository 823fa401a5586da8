//! What an edit does to a change that is under review, and what is told where an approval does not outlive an act.

use chrono::{DateTime, Utc};
use strata_domain::change::ChangeState;
use strata_domain::review::{Review, missing_text};

use super::{Locked, Material};
use crate::approvals::UnderReview;
use crate::ctx::Write;
use crate::error::Error;

impl Locked {
    /// The review that an edit is about to move; none for a draft, which has no approval: its plan need not be made with
    /// every edit.
    ///
    /// # Errors
    /// [`Error::Refused`] where the change takes no edits any more.
    pub(super) async fn before_edit(&self, write: &mut Write) -> Result<Option<UnderReview>, Error> {
        if self.change.state == ChangeState::Draft {
            return Ok(None);
        }
        let environment_id = write.place()?.id;
        let material = Material::load(&mut write.source(), environment_id, &self.change).await?;
        let under = self.review(write, &material).await?;
        // Asked before anything is carried or written: the refusal is about the change and not about the edit.
        under.review.edit(None, under.review.plan.clone(), self.now(write))?;
        Ok(Some(under))
    }

    /// Takes up what the edits made of the review, once they are in the log.
    pub(super) async fn after_edit(&mut self, write: &mut Write, before: Option<UnderReview>) -> Result<(), Error> {
        let Some(UnderReview { review, terms, .. }) = before else { return Ok(()) };
        let environment_id = write.place()?.id;
        let material = Material::load(&mut write.source(), environment_id, &self.change).await?;
        let (planned, _) = terms.planned(&material);
        let now = self.now(write);
        let before = review.as_of(now);
        let after = before.edit(write.person().id.as_ref(), planned, now)?;
        self.take_up(&after, now);
        if let Some(reason) = lapsed(&before, &after, &format!("{} edited it", write.person().name), now) {
            self.change.reason = Some(reason);
        }
        Ok(())
    }
}

/// Why a change that was approved is in review again, for everybody who reads it; none where its approval stands, or
/// there was none. The cause is what happened, as the beginning of a sentence.
pub(crate) fn lapsed(before: &Review, after: &Review, cause: &str, now: DateTime<Utc>) -> Option<String> {
    if (before.state, after.state) != (ChangeState::Approved, ChangeState::InReview) {
        return None;
    }
    let why = if before.plan.digest == after.plan.digest {
        "the votes are no longer enough"
    } else {
        "its plan is no longer the one that was approved"
    };
    Some(format!("{cause}, and {why}. It is in review again, with {}.", missing_text(&after.missing(now))))
}
