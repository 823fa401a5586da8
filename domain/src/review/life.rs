//! What happens to a change besides votes: edits, submission, rebase, what is loosened meanwhile, apply, the end of its run.
//! Another policy, lifetime or level of a rule is nothing of its own here: the review is loaded with it, and looked at
//! [as of](Review::as_of) now.
//!
//! Who may do these things at all is asked of [`crate::authz`] at the door; here is what they do to the approval.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Planned, Review, VoteStanding, as_voted, missing_text};
use crate::Refused;
use crate::account::AccountId;
use crate::change::{self, ChangeEvent, ChangeState};

/// What came of an apply that was not refused. Both are to be stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Start {
    /// The run of exactly this plan starts.
    Starts {
        /// The change under way.
        review: Review,
    },
    /// Nothing starts: the change has to be reviewed again.
    Back {
        /// The change in review.
        review: Review,
        /// Why, in sentences for everybody who reads the change.
        why: String,
    },
}

impl Review {
    /// With an edit by that person, after which the plan is this. Votes stay where the digest is the same and their
    /// voter is no author now. Without an author it is the operator's, who has no vote anyway.
    ///
    /// # Errors
    /// Where it can no longer be edited.
    pub fn edit(&self, author: Option<&AccountId>, plan: Planned, now: DateTime<Utc>) -> Result<Self, Refused> {
        change::step(self.state, &ChangeEvent::Edit)?;
        let mut review = self.clone();
        review.authors.extend(author.cloned());
        review.plan = plan;
        review.settle(now);
        Ok(review)
    }

    /// Sent to review by that person, who is an author from now on; none for the operator, who has no vote anyway.
    ///
    /// # Errors
    /// For all but drafts, where there is nothing to apply, and where blockers are left.
    pub fn submit(&self, submitter: Option<&AccountId>, now: DateTime<Utc>) -> Result<Self, Refused> {
        let Planned { steps, blockers, .. } = self.plan;
        let mut review = self.clone();
        review.state = change::step(self.state, &ChangeEvent::Submit { steps, blockers })?;
        review.authors.extend(submitter.cloned());
        review.settle(now);
        Ok(review)
    }

    /// Carried to another base, on which the plan is this. `author` is the person who decided what becomes of an edit in
    /// conflict; none where every edit carried over by itself. With the same digest the votes stay.
    ///
    /// # Errors
    /// Where its plan can no longer change.
    pub fn rebase(&self, author: Option<&AccountId>, plan: Planned, now: DateTime<Utc>) -> Result<Self, Refused> {
        if !self.state.is_open() {
            return Err(Refused::not_now("Only a draft, or a change in review or approved, can be rebased."));
        }
        let mut review = self.clone();
        review.authors.extend(author.cloned());
        review.plan = plan;
        review.settle(now);
        Ok(review)
    }

    /// Sent back to its authors by what was loosened meanwhile: that serves only what is submitted after it. Votes of before
    /// say nothing any more, as after an objection.
    ///
    /// # Errors
    /// Where it is not under review.
    pub fn returned(&self) -> Result<Self, Refused> {
        let state = change::step(self.state, &ChangeEvent::SendBack)?;
        Ok(Self { state, round: self.round + 1, approved_at: None, ..self.clone() })
    }

    /// Given up.
    ///
    /// # Errors
    /// Once its run started, and when it ended in any way.
    pub fn withdraw(&self) -> Result<Self, Refused> {
        let mut review = self.clone();
        review.state = change::step(self.state, &ChangeEvent::Withdraw)?;
        review.approved_at = None;
        Ok(review)
    }

    /// Whether its state allows an apply; for the button on the page. That the approval holds for the plan on the live
    /// revision is seen with the apply itself.
    ///
    /// # Errors
    /// Where it is not approved. An approval that has just expired is let through: the apply tells that, and sends it back.
    pub fn may_apply(&self, now: DateTime<Utc>) -> Result<(), Refused> {
        // One that was reached by looking anew counts.
        let state = if self.state == ChangeState::Approved { self.state } else { self.as_of(now).state };
        change::step(state, &ChangeEvent::Apply).map(drop)
    }

    /// Applied: `plan` is its plan computed anew under the environment's lock, on the live revision and under the policy
    /// of now. Who applies does not matter to the approval: an author may, because it decides nothing.
    ///
    /// # Errors
    /// Where it is not approved, or blockers are left; nothing is to be stored then. An approval that does not hold for
    /// this plan, or no longer holds, is no error but [`Start::Back`].
    pub fn apply(&self, plan: Planned, now: DateTime<Utc>) -> Result<Start, Refused> {
        self.may_apply(now)?;
        let mut review = Self { plan, ..self.clone() };
        review.settle(now);
        if review.state != ChangeState::Approved {
            let why = self.why_back(&review, now);
            return Ok(Start::Back { review, why });
        }
        review.can_be_applied()?;
        review.state = change::step(review.state, &ChangeEvent::Apply)?;
        Ok(Start::Starts { review })
    }

    /// The run ended.
    ///
    /// # Errors
    /// Where there is none.
    pub fn run_ended(&self, well: bool) -> Result<Self, Refused> {
        Ok(Self { state: change::run_ended(self.state, well)?, ..self.clone() })
    }

    /// Why the approval of before does not hold for what it is now.
    fn why_back(&self, now_is: &Self, now: DateTime<Utc>) -> String {
        let Planned { digest, .. } = now_is.plan;
        let as_voted = || Self { voters: as_voted(&self.votes), ..self.clone() }.as_of(now);
        let cause = if digest != self.plan.digest {
            "The plan is no longer the one that was approved".to_owned()
        } else if self.as_of(now).state != ChangeState::Approved && as_voted().state == ChangeState::Approved {
            "Somebody who approved it is no longer who may: they are no lead, or not in the group, any more".to_owned()
        } else if self.votes.iter().any(|vote| self.standing_of(vote, now) == VoteStanding::Expired) {
            format!("The approval has expired; it holds for {}", self.expires_after)
        } else {
            "More is asked for this plan than when it was approved".to_owned()
        };
        let missing = missing_text(&now_is.missing(now));
        format!("{cause}. Nothing was started; it is in review again, with {missing}.")
    }
}
