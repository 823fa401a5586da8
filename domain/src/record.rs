//! A change as one document for auditors: who asked for what, who approved which plan when and why, and what ran.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::account::Person;
use crate::audit::AuditEntry;
use crate::catalogue::Weakened;
use crate::change::{Change, LoggedEdit};
use crate::digest::Digest;
use crate::discussion::Comment;
use crate::plan::{Impact, Risk};
use crate::review::{BrokenGlass, Vote, VoteStanding};
use crate::run::{Run, RunStep};

/// What [`ChangeRecord::format`] says of documents of this shape.
pub const FORMAT: &str = "strata.change-record/1";

/// Everything about a change that can be shown later. A program reads it by the names of its fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeRecord {
    /// [`FORMAT`]; another shape would have another word.
    pub format: String,
    /// When the document was written.
    pub written_at: DateTime<Utc>,
    /// For whom.
    pub written_for: Person,
    /// The change, as it was then.
    pub change: Change,
    /// Its plan: of a change that was applied, the one that ran.
    pub plan: RecordedPlan,
    /// Every edit ever written with its author, first edit first: older votes were for plans of older ones. Those from
    /// `change.log_start` on are in force; those before were carried over to another base.
    pub edits: Vec<LoggedEdit>,
    /// What the policies since its submission asked for the plan, and who met it.
    pub asked: Vec<RecordedDemand>,
    /// The rules by which it was judged that mattered less than by default.
    #[serde(default)]
    pub weakened: Vec<Weakened>,
    /// Every vote ever given on it, oldest first.
    pub votes: Vec<RecordedVote>,
    /// How it was applied without approval, if it was.
    pub without_approval: Option<BrokenGlass>,
    /// What was said about it, first come first.
    pub comments: Vec<Comment>,
    /// Its runs, oldest first.
    pub runs: Vec<RecordedRun>,
    /// Its audit rows and those of its runs, oldest first.
    pub audit: Vec<AuditEntry>,
}

/// A plan in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedPlan {
    /// What votes and runs are bound to.
    pub digest: Digest,
    /// How dangerous it is.
    pub risk: Risk,
    /// Its steps in their order.
    pub steps: Vec<RecordedStep>,
}

/// A step of a plan in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedStep {
    /// Its id in the plan.
    pub id: String,
    /// What it does.
    pub what: String,
    /// What it costs.
    pub impact: Impact,
}

/// One thing that the policy asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedDemand {
    /// The rule's name.
    pub rule: String,
    /// Why it asked.
    pub because: String,
    /// Of which group.
    pub group: String,
    /// How many.
    pub quorum: usize,
    /// The version of the policy that asked, where it was an older one than that in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older: Option<u32>,
    /// Those whose votes counted for it.
    pub met_by: Vec<Person>,
}

/// A vote, and what it was worth when the change was decided; while it is open, what it is worth now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordedVote {
    /// The vote: by whom, when, on which digest, why.
    #[serde(flatten)]
    pub vote: Vote,
    /// What it was worth.
    pub standing: VoteStanding,
}

/// A run with its steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedRun {
    /// The run.
    pub run: Run,
    /// Its steps in their order.
    pub steps: Vec<RunStep>,
}
