//! What happened, with what decides who is told.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Kind;
use crate::account::{AccountId, Person, Standing};
use crate::change::ChangeState;
use crate::plan::Risk;
use crate::review::Review;
use crate::words::words;

/// Something that people are told of.
#[derive(Clone, Debug, PartialEq)]
pub struct Happening {
    /// What.
    pub kind: Kind,
    /// The environment's slug.
    pub environment: String,
    /// Who did it; Strata itself, without an account, where only time passed.
    pub actor: Person,
    /// When.
    pub at: DateTime<Utc>,
    /// Why, where a reason was given.
    pub reason: Option<String>,
    /// Whether Strata did it in the name of the actor, who was not there: then they are told as well.
    pub unattended: bool,
    /// On what.
    pub subject: Subject,
}

impl Happening {
    /// Whether what was to be said is not true any more: nobody waits for votes now.
    pub fn is_over(&self) -> bool {
        match (&self.subject, self.kind) {
            (Subject::Change(change), Kind::Reminder | Kind::Escalated | Kind::Moved | Kind::Lapsed) => {
                change.state() != ChangeState::InReview
            }
            _ => false,
        }
    }
}

/// What it happened to.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// A change.
    Change(Box<ChangeFacts>),
    /// A proposal: a policy, or something else that is put in force like one.
    Proposal {
        /// Who proposed it.
        proposer: Option<AccountId>,
        /// What it is about, as [`crate::proposal::Proposed::describe`] has it.
        about: String,
    },
    /// A freeze that was on and ends sooner.
    Schedule {
        /// What people call it.
        name: String,
        /// What made it end sooner.
        how: Sooner,
    },
    /// An account.
    Account {
        /// Whose it is.
        owner: Option<AccountId>,
    },
    /// Nothing: a webhook is tried.
    Nothing,
}

/// What made a freeze end sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sooner {
    /// It was ended.
    Ended,
    /// It was removed.
    Removed,
    /// It was given other times, or made a window.
    Moved,
}

words!(Sooner, "way to end a freeze" {
    Ended => "ended",
    Removed => "removed",
    Moved => "moved",
});

/// A change as it is when people are told.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeFacts {
    /// The change.
    pub id: i64,
    /// What it is for, in a line.
    pub title: String,
    /// How dangerous its plan is.
    pub risk: Risk,
    /// Its review as of `now`.
    pub review: Review,
    /// When it is looked at.
    pub now: DateTime<Utc>,
    /// Who started it, whether or not they wrote an edit.
    pub created_by: Option<AccountId>,
    /// Who applied it: of its run, or of an apply that waited.
    pub applied_by: Option<AccountId>,
    /// Its run, if it has one.
    pub run: Option<i64>,
    /// Who said something about it.
    pub commenters: BTreeSet<AccountId>,
    /// What was said, where that is what happened.
    pub comment: Option<String>,
    /// Who was told that it moved, and has not voted on it since.
    pub know_it_moved: BTreeSet<AccountId>,
}

impl ChangeFacts {
    /// Where it is in its life, when it is looked at.
    pub fn state(&self) -> ChangeState {
        self.review.state
    }
}

/// Somebody in an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Their account.
    pub id: AccountId,
    /// What they are there.
    pub standing: Standing,
}
