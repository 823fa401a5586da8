//! Votes: who may give one, what it says, and taking it back.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Lifetime, Planned, Review, VoteStanding};
use crate::Refused;
use crate::account::{AccountId, Capability, Person, Standing};
use crate::authz::{self, Permission};
use crate::change::{self, ChangeEvent, ChangeState};
use crate::digest::Digest;
use crate::text;
use crate::words::words;

/// What a vote says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Yes.
    Approve,
    /// No, for good.
    Reject,
    /// Not like this.
    SendBack,
}

words!(Verdict, "verdict" {
    Approve => "approve",
    Reject => "reject",
    SendBack => "send-back",
});

impl Verdict {
    /// What the voter did, to follow their name.
    pub const fn past(self) -> &'static str {
        match self {
            Self::Approve => "approved",
            Self::Reject => "rejected",
            Self::SendBack => "sent it back",
        }
    }
}

/// One lead's vote, bound to the plan it was given for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Unique in the change.
    pub id: i64,
    /// Who.
    pub voter: Person,
    /// The named groups that the voter was in then.
    pub groups: BTreeSet<String>,
    /// The digest of the plan that was looked at.
    pub digest: Digest,
    /// The round of the review.
    pub round: i64,
    /// What was said.
    pub verdict: Verdict,
    /// Why; always there for anything but an approval.
    pub reason: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// How long approvals of the change held then: it counts no longer than that, whatever is set later.
    pub expires_after: Lifetime,
    /// When the voter took it back, if they did.
    pub taken_back_at: Option<DateTime<Utc>>,
}

/// What those who gave the votes were when they did: leads, in the groups that one of their votes says. Each vote counts for its
/// own groups alone.
pub fn as_voted(votes: &[Vote]) -> BTreeMap<AccountId, Standing> {
    let mut voters = BTreeMap::<AccountId, Standing>::new();
    for vote in votes {
        let Some(voter) = &vote.voter.id else { continue };
        let was = voters.entry(voter.clone()).or_default();
        was.capabilities.insert(Capability::Lead);
        was.groups.extend(vote.groups.iter().cloned());
    }
    voters
}

/// A vote that somebody is about to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ballot {
    /// Its id, from the caller.
    pub id: i64,
    /// Who.
    pub voter: Person,
    /// What they are in the environment now.
    pub standing: Standing,
    /// Digest of the plan that they saw.
    pub seen: Digest,
    /// What they say.
    pub verdict: Verdict,
    /// Why.
    pub reason: Option<String>,
}

/// Whether this person may vote on a change now. `authors` is everyone who shaped it ([`Review::authors`]); `already` says whether the person voted on the plan as it is.
///
/// # Errors
/// For all but leads, for states without a vote, for authors, and for who voted already.
pub fn may_vote(
    state: ChangeState,
    voter: &AccountId,
    standing: &Standing,
    authors: &BTreeSet<AccountId>,
    already: bool,
) -> Result<(), Refused> {
    authz::allow(standing, Permission::Vote)?;
    votes_are_open(state)?;
    if authors.contains(voter) {
        return Err(Refused::not_you("You had a part in this change; somebody else has to approve it."));
    }
    if already {
        return Err(Refused::not_now("You have voted on this plan already."));
    }
    Ok(())
}

fn votes_are_open(state: ChangeState) -> Result<(), Refused> {
    match state {
        ChangeState::InReview | ChangeState::Approved => Ok(()),
        ChangeState::Draft => Err(Refused::not_now("It is still a draft; it has to be submitted first.")),
        ChangeState::Provisioning => Err(Refused::not_now("Its run is under way; votes are closed.")),
        ChangeState::Applied => Err(Refused::not_now("It is applied; votes are closed.")),
        ChangeState::Rejected => Err(Refused::not_now("It is rejected; votes are closed.")),
        ChangeState::Withdrawn => Err(Refused::not_now("It is withdrawn; votes are closed.")),
        ChangeState::Failed => Err(Refused::not_now("Its run failed; votes are closed.")),
    }
}

impl Review {
    /// Whether a person may give that vote now, without a look at its reason; for the button on the page.
    ///
    /// # Errors
    /// As [`may_vote`]; who approved may still reject it or send it back. An approval is refused where nothing is to be done or
    /// blockers are left.
    pub fn may_vote(
        &self,
        voter: &AccountId,
        standing: &Standing,
        verdict: Verdict,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        let approves = verdict == Verdict::Approve;
        let already = approves && self.counting_vote_of(voter, now).is_some();
        may_vote(self.state, voter, standing, &self.authors, already)?;
        if approves { self.can_be_applied() } else { Ok(()) }
    }

    /// With one more vote.
    ///
    /// # Errors
    /// As [`Self::may_vote`], where the voter saw another plan, and where a no has no reason or a reason is too long.
    pub fn vote(&self, ballot: Ballot, now: DateTime<Utc>) -> Result<Self, Refused> {
        let Ballot { id, voter, standing, seen, verdict, reason } = ballot;
        let account = voter.id.clone().ok_or_else(|| Refused::not_you("A vote belongs to a person who signed in."))?;
        let mut review = self.as_of(now);
        review.may_vote(&account, &standing, verdict, now)?;
        if seen != review.plan.digest {
            return Err(Refused::not_now(
                "The plan is no longer the one that you saw. Look again before you vote on it.",
            ));
        }
        let reason = accepted_reason(verdict, reason.as_deref())?;
        let (digest, round, groups) = (seen, review.round, standing.groups.clone());
        let expires_after = review.expires_after;
        let vote =
            Vote { id, voter, groups, digest, round, verdict, reason, at: now, expires_after, taken_back_at: None };
        review.votes.push(vote);
        review.voters.insert(account, standing);
        match verdict {
            Verdict::Approve => review.settle(now),
            Verdict::Reject => {
                review.state = change::step(review.state, &ChangeEvent::Reject)?;
                review.approved_at = None;
            }
            Verdict::SendBack => {
                review.state = change::step(review.state, &ChangeEvent::SendBack)?;
                review.approved_at = None;
                // What others approved before the objection must not carry it past the objection.
                review.round += 1;
            }
        }
        Ok(review)
    }

    /// Whether a person may take that vote back now.
    ///
    /// # Errors
    /// For votes of others, for those that are no approvals or of another round, taken back already, and when votes are
    /// closed.
    pub fn may_take_back(&self, vote: i64, voter: &AccountId) -> Result<(), Refused> {
        votes_are_open(self.state)?;
        let Some(vote) = self.votes.iter().find(|known| known.id == vote) else {
            return Err(Refused::not_now("There is no such vote on this change."));
        };
        if vote.voter.id.as_ref() != Some(voter) {
            return Err(Refused::not_you("Only who gave a vote can take it back."));
        }
        if vote.verdict != Verdict::Approve || vote.round != self.round {
            return Err(Refused::not_now("The change was sent back since; there is nothing to take back."));
        }
        if vote.taken_back_at.is_some() {
            return Err(Refused::not_now("This vote is taken back already."));
        }
        Ok(())
    }

    /// With that vote taken back: approved no longer, where it was needed. An earlier vote of the same person on the
    /// same plan does not come back in its place.
    ///
    /// # Errors
    /// As [`Self::may_take_back`].
    pub fn take_back(&self, vote: i64, voter: &AccountId, now: DateTime<Utc>) -> Result<Self, Refused> {
        let mut review = self.as_of(now);
        review.may_take_back(vote, voter)?;
        if let Some(vote) = review.votes.iter_mut().find(|known| known.id == vote) {
            vote.taken_back_at = Some(now);
        }
        review.settle(now);
        Ok(review)
    }

    /// The person's vote that counts now, which is the one they could take back.
    pub fn counting_vote_of(&self, voter: &AccountId, now: DateTime<Utc>) -> Option<&Vote> {
        let counts =
            |vote: &&Vote| vote.voter.id.as_ref() == Some(voter) && self.standing_of(vote, now) == VoteStanding::Counts;
        self.votes.iter().find(counts)
    }

    /// Whether it can be applied as far as its plan says: for a change that builds on another revision than the live one, only
    /// the plan there says that, which is made when it is applied.
    ///
    /// # Errors
    /// As [`Self::can_be_applied`].
    pub fn could_be_applied(&self, is_on_live: bool) -> Result<(), Refused> {
        if is_on_live { self.can_be_applied() } else { Ok(()) }
    }

    /// Edits during a review can bring blockers, or leave nothing to do, as well as edits before it; so can a rule that matters
    /// more since.
    ///
    /// # Errors
    /// Where there is nothing to do, and where a blocker is left.
    pub fn can_be_applied(&self) -> Result<(), Refused> {
        let Planned { steps, blockers, .. } = self.plan;
        change::step(ChangeState::Draft, &ChangeEvent::Submit { steps, blockers }).map(drop)
    }
}

/// The reason without spaces around it; an empty one is none.
fn accepted_reason(verdict: Verdict, reason: Option<&str>) -> Result<Option<String>, Refused> {
    let reason = text::long_or_none("reason", reason).map_err(|fault| Refused::not_now(fault.to_string()))?;
    if verdict != Verdict::Approve && reason.is_none() {
        return Err(Refused::not_now("Say why: the authors have to know what to mend."));
    }
    Ok(reason)
}
