//! The review of a change: who approved which plan, whether that is enough, and whether it may be applied now
//! (requirements, section 5).
//!
//! One aggregate decides everything: the backend loads a [`Review`] under the change's lock, asks it, and stores what it
//! gives back; pages ask the same one to disable a button. `tests/model.rs` walks every sequence of seven events of several
//! alphabets through it, and through the functions of the domain that the backend loads it with, so what is proved there is
//! what runs.
//!
//! # Which votes count
//! A vote counts if it approves exactly this plan (by digest), in this round (a round ends when the change is sent back),
//! was not taken back, is its voter's last one on this plan, its voter had no part in the change, nor in one that it is a
//! copy of ([`Review::authors`]), and its voter is an enabled account and a lead of the environment now; for a named group
//! it counts while they are in it ([`Review::voters`]).
//! Votes follow the digest, not the history: a plan that moves away and comes back finds its votes again.
//!
//! # How approvals expire
//! - Each vote holds as long as it was given for ([`Vote::expires_after`]), and no longer than approvals of the change do
//!   now ([`Review::expires_after`], the shortest time in force since it was submitted): a longer time brings nothing back,
//!   a shorter one serves at once.
//! - While a change waits for votes, each vote counts for that time from when it was given.
//! - With the last vote needed, the change is approved, and that holds for the shortest of these times from then, for all
//!   votes together: who waited a week for the second lead does not get an approval that ends tomorrow.
//! - When that time is over, the change goes back to review, and none of the votes up to the last needed one counts any
//!   longer; votes given later still do, while they are young enough. So an approval is never renewed by votes that were
//!   not needed for it, and no vote is older than twice the time that it holds when a run starts.
//! - What is taken back, or no longer counts for another reason, is treated as though it had never been given.
//!
//! # Edits during a review
//! An edit does not end the review: its author becomes an author of the change (so their own vote no longer counts), and
//! the votes on the plan as it was are outdated unless the digest is still the same. Sending it back is for reviewers.

mod break_glass;
mod count;
mod life;
mod lifetime;
#[cfg(test)]
mod tests;
mod vote;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::account::{AccountId, Standing};
use crate::change::ChangeState;
use crate::digest::Digest;
use crate::plan::Risk;
use crate::policy::Asked;

pub use break_glass::{
    Breaking, BrokenGlass, GlassReview, REASON_MIN, may_break_glass, may_review_break_glass, nothing_blocks_by_default,
};
pub(crate) use count::is_of;
pub use count::{Missing, Tally, VoteStanding, missing_text};
pub use life::Start;
pub use lifetime::{BadLifetime, Lifetime};
pub use vote::{Ballot, Verdict, Vote, as_voted, may_vote};

/// A change with all that decides about its approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Where the change is in its life.
    pub state: ChangeState,
    /// Everyone who shaped it: who wrote an edit of it, in force or not, submitted it, or decided in a rebase what becomes of
    /// an edit; and who did so in a change that it is a copy of, however far back.
    pub authors: BTreeSet<AccountId>,
    /// What is voted on.
    pub plan: Planned,
    /// Counts up each time it is sent back; votes of earlier rounds do not count.
    pub round: i64,
    /// Every vote ever given on it, oldest first.
    pub votes: Vec<Vote>,
    /// What those who voted are in the environment now; nothing for whose account is disabled. Of a change whose run began:
    /// what they were then, because who leaves later takes nothing from it.
    pub voters: BTreeMap<AccountId, Standing>,
    /// While it is approved: since when, which is when the last vote needed was given.
    pub approved_at: Option<DateTime<Utc>>,
    /// How long approvals of it hold at most: the shortest time in force since it was submitted
    /// ([`Lifetime::strictest`]).
    pub expires_after: Lifetime,
}

/// The plan of a change as it is now, and what is asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// What votes are bound to.
    pub digest: Digest,
    /// How dangerous it is.
    pub risk: Risk,
    /// Number of its steps.
    pub steps: usize,
    /// Number of blocker findings in its outcome.
    pub blockers: usize,
    /// What the environment's policies since its submission ask for it ([`crate::policy::strictest`]); never empty.
    pub asked: Vec<Asked>,
}

impl Review {
    /// A draft that nobody wrote anything of.
    pub fn draft(plan: Planned, expires_after: Lifetime) -> Self {
        Self {
            state: ChangeState::Draft,
            authors: BTreeSet::new(),
            plan,
            round: 1,
            votes: Vec::new(),
            voters: BTreeMap::new(),
            approved_at: None,
            expires_after,
        }
    }

    /// The same as it is at that time: an approval that expired is none any more. Whoever looks at a change, or acts on
    /// it, looks at this.
    #[must_use]
    pub fn as_of(&self, now: DateTime<Utc>) -> Self {
        let mut review = self.clone();
        review.settle(now);
        review
    }

    /// Sets the state to what the votes say.
    fn settle(&mut self, now: DateTime<Utc>) {
        match self.state {
            ChangeState::InReview | ChangeState::Approved => {
                self.approved_at = self.counted(now).approval.map(|approval| approval.since);
                self.state = if self.approved_at.is_some() { ChangeState::Approved } else { ChangeState::InReview };
            }
            ChangeState::Draft => self.approved_at = None,
            // What was approved when its run started stays told.
            ChangeState::Provisioning
            | ChangeState::Applied
            | ChangeState::Rejected
            | ChangeState::Withdrawn
            | ChangeState::Failed => {}
        }
    }
}
