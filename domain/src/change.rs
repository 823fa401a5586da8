//! A change: a draft over a base revision, its edits, and its life.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Refused;
use crate::account::Person;
use crate::edit::Edit;
use crate::words::words;

/// A change without its edits and votes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Unique over all environments; shown as `#12`.
    pub id: i64,
    /// The environment's slug.
    pub environment: String,
    /// What it is for, in a line.
    pub title: String,
    /// Where it is in its life.
    pub state: ChangeState,
    /// Moves with every edit and every act; a request that names an older one is a conflict.
    pub version: i64,
    /// Number of the revision that the edits build on.
    pub base: i64,
    /// Sequence number of the first edit in force, from 1: those before it were carried over to another base.
    pub log_start: i64,
    /// Version of the environment's catalogue that the edits are read under.
    pub catalogue: u32,
    /// Who started it.
    pub created_by: Person,
    /// When it was started.
    pub created_at: DateTime<Utc>,
    /// Who sent it to review, once somebody has.
    pub submitted_by: Option<Person>,
    /// When it was sent to review.
    pub submitted_at: Option<DateTime<Utc>>,
    /// Who acted on it last, and when: told to whoever comes second.
    pub touched_by: Person,
    /// When that was.
    pub touched_at: DateTime<Utc>,
    /// Why it was sent back, rejected or withdrawn, if it was.
    pub reason: Option<String>,
    /// While it is approved and waits for its environment to open: who applied it.
    pub apply_asked: Option<ApplyAsked>,
}

/// An apply that waits for a maintenance window, or for the end of a freeze; it starts by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplyAsked {
    /// Who applied. They have to be allowed to do so still when it starts.
    pub by: Person,
    /// When.
    pub at: DateTime<Utc>,
}

/// The life of a change (requirements, section 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeState {
    /// Being written.
    Draft,
    /// Waits for votes.
    InReview,
    /// Has every vote it needs; waits for apply.
    Approved,
    /// A run executes its plan.
    Provisioning,
    /// Its desired topology is live.
    Applied,
    /// A lead said no.
    Rejected,
    /// Its authors gave it up.
    Withdrawn,
    /// Its run failed.
    Failed,
}

/// What can happen to a change, with the facts that the decision needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeEvent {
    /// An edit is appended.
    Edit,
    /// It is sent to review.
    Submit {
        /// Number of steps of its plan.
        steps: usize,
        /// Number of blocker findings.
        blockers: usize,
    },
    /// A vote was stored; `quorum_met` says whether it was the last one needed.
    Voted {
        /// Whether every requirement is met now.
        quorum_met: bool,
    },
    /// A reviewer sends it back to its authors.
    SendBack,
    /// A reviewer says no.
    Reject,
    /// The authors give it up.
    Withdraw,
    /// The run starts.
    Apply,
    /// The plan is no longer the one that was approved.
    DigestMoved,
    /// The run ended well.
    RunSucceeded,
    /// The run ended badly.
    RunFailed,
}

/// One entry of the append-only log of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedEdit {
    /// 1 for the first.
    pub sequence: i64,
    /// Who wrote it.
    pub author: Person,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub edit: Edit,
    /// Key of the batch that it came in ([`crate::draft::Batch::key`]), if it came in one: by it, whoever sent the batch
    /// knows that it was taken even where the answer was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
}

words!(ChangeState, "state of a change" {
    Draft => "draft",
    InReview => "in-review",
    Approved => "approved",
    Provisioning => "provisioning",
    Applied => "applied",
    Rejected => "rejected",
    Withdrawn => "withdrawn",
    Failed => "failed",
});

impl ChangeState {
    /// The words for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Draft => "Draft",
            Self::InReview => "In review",
            Self::Approved => "Approved",
            Self::Provisioning => "Provisioning",
            Self::Applied => "Applied",
            Self::Rejected => "Rejected",
            Self::Withdrawn => "Withdrawn",
            Self::Failed => "Failed",
        }
    }

    /// Whether it can still be edited, moved to another base, and given up.
    pub const fn is_open(self) -> bool {
        match self {
            Self::Draft | Self::InReview | Self::Approved => true,
            Self::Provisioning | Self::Applied | Self::Rejected | Self::Withdrawn | Self::Failed => false,
        }
    }

    /// Whether nothing can happen to it any more.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Draft | Self::InReview | Self::Approved | Self::Provisioning => false,
            Self::Applied | Self::Rejected | Self::Withdrawn | Self::Failed => true,
        }
    }

    /// How a sentence about it begins, when something does not fit it.
    const fn situation(self) -> &'static str {
        match self {
            Self::Draft => "It is still a draft",
            Self::InReview => "It is in review",
            Self::Approved => "It is approved already",
            Self::Provisioning => "Its run is under way",
            Self::Applied => "It is applied",
            Self::Rejected => "It is rejected",
            Self::Withdrawn => "It is withdrawn",
            Self::Failed => "Its run failed",
        }
    }
}

/// The state of a change whose run has ended, well or not.
///
/// # Errors
/// Where it has none.
pub fn run_ended(state: ChangeState, well: bool) -> Result<ChangeState, Refused> {
    step(state, if well { &ChangeEvent::RunSucceeded } else { &ChangeEvent::RunFailed })
}

/// The state after an event, or why the event does not fit.
pub fn step(state: ChangeState, event: &ChangeEvent) -> Result<ChangeState, Refused> {
    use ChangeEvent as Event;
    use ChangeState as State;
    match (state, event) {
        // In review too: what votes are worth then follows from the plan and its authors.
        (State::Draft | State::InReview | State::Approved, Event::Edit) => Ok(state),
        (State::Draft, Event::Submit { steps: 0, .. }) => Err(Refused::not_now("There is nothing to apply.")),
        (State::Draft, Event::Submit { blockers: 0, .. }) => Ok(State::InReview),
        (State::Draft, Event::Submit { blockers: 1, .. }) => Err(Refused::not_now("1 blocker has to be mended first.")),
        (State::Draft, Event::Submit { blockers, .. }) => {
            Err(Refused::not_now(format!("{blockers} blockers have to be mended first.")))
        }
        (State::InReview, Event::Voted { quorum_met: false }) => Ok(State::InReview),
        (State::InReview, Event::Voted { quorum_met: true }) => Ok(State::Approved),
        (State::Approved, Event::Voted { .. }) => Ok(State::Approved),
        (State::InReview | State::Approved, Event::SendBack) => Ok(State::Draft),
        (State::InReview | State::Approved, Event::Reject) => Ok(State::Rejected),
        (State::InReview | State::Approved, Event::DigestMoved) => Ok(State::InReview),
        (State::Draft | State::InReview | State::Approved, Event::Withdraw) => Ok(State::Withdrawn),
        (State::Approved, Event::Apply) => Ok(State::Provisioning),
        (State::Provisioning, Event::RunSucceeded) => Ok(State::Applied),
        (State::Provisioning, Event::RunFailed) => Ok(State::Failed),

        (State::Provisioning | State::Applied | State::Rejected | State::Withdrawn | State::Failed, Event::Edit) => {
            Err(does_not_fit(state, "it can no longer be edited"))
        }
        (
            State::InReview
            | State::Approved
            | State::Provisioning
            | State::Applied
            | State::Rejected
            | State::Withdrawn
            | State::Failed,
            Event::Submit { .. },
        ) => Err(does_not_fit(state, "only a draft can be sent to review")),
        (
            State::Draft | State::Provisioning | State::Applied | State::Rejected | State::Withdrawn | State::Failed,
            Event::Voted { .. } | Event::SendBack | Event::Reject,
        ) => Err(does_not_fit(state, "only a change in review takes votes")),
        (
            State::Provisioning | State::Applied | State::Rejected | State::Withdrawn | State::Failed,
            Event::Withdraw,
        ) => Err(does_not_fit(state, "it can no longer be withdrawn")),
        (State::Draft | State::InReview, Event::Apply) => {
            Err(does_not_fit(state, "it has to be approved before it is applied"))
        }
        (State::Provisioning | State::Applied | State::Rejected | State::Withdrawn | State::Failed, Event::Apply) => {
            Err(does_not_fit(state, "it cannot be applied again"))
        }
        (
            State::Draft | State::Provisioning | State::Applied | State::Rejected | State::Withdrawn | State::Failed,
            Event::DigestMoved,
        ) => Err(does_not_fit(state, "it has no votes that could lapse")),
        (
            State::Draft
            | State::InReview
            | State::Approved
            | State::Applied
            | State::Rejected
            | State::Withdrawn
            | State::Failed,
            Event::RunSucceeded | Event::RunFailed,
        ) => Err(does_not_fit(state, "it has no run that could end")),
    }
}

/// Whether a change in this state can be copied into a new draft: what came to nothing can be tried again.
///
/// # Errors
/// For a change that is not over, and for one that was applied.
pub fn may_copy(state: ChangeState) -> Result<(), Refused> {
    match state {
        ChangeState::Rejected | ChangeState::Withdrawn | ChangeState::Failed => Ok(()),
        ChangeState::Draft | ChangeState::InReview | ChangeState::Approved | ChangeState::Provisioning => {
            Err(does_not_fit(state, "only a change that came to nothing is copied"))
        }
        ChangeState::Applied => Err(does_not_fit(state, "what it did is live")),
    }
}

fn does_not_fit(state: ChangeState, consequence: &str) -> Refused {
    Refused::not_now(format!("{}; {consequence}.", state.situation()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrix() {
        let events = [
            ("edit", ChangeEvent::Edit),
            ("submit", ChangeEvent::Submit { steps: 1, blockers: 0 }),
            ("voted", ChangeEvent::Voted { quorum_met: false }),
            ("quorum", ChangeEvent::Voted { quorum_met: true }),
            ("send-back", ChangeEvent::SendBack),
            ("reject", ChangeEvent::Reject),
            ("withdraw", ChangeEvent::Withdraw),
            ("apply", ChangeEvent::Apply),
            ("moved", ChangeEvent::DigestMoved),
            ("succeeded", ChangeEvent::RunSucceeded),
            ("failed", ChangeEvent::RunFailed),
        ];
        let mut lines = Vec::new();
        for &state in ChangeState::ALL {
            let outcomes: Vec<String> = events
                .iter()
                .filter_map(|(name, event)| step(state, event).ok().map(|next| format!("{name} -> {next}")))
                .collect();
            lines.push(format!("{state}: {}", outcomes.join(", ")));
            assert_eq!(outcomes.is_empty(), state.is_final(), "{state}");
        }
        insta::assert_snapshot!(lines.join("\n"), @r"
        draft: edit -> draft, submit -> in-review, withdraw -> withdrawn
        in-review: edit -> in-review, voted -> in-review, quorum -> approved, send-back -> draft, reject -> rejected, withdraw -> withdrawn, moved -> in-review
        approved: edit -> approved, voted -> approved, quorum -> approved, send-back -> draft, reject -> rejected, withdraw -> withdrawn, apply -> provisioning, moved -> in-review
        provisioning: succeeded -> applied, failed -> failed
        applied: 
        rejected: 
        withdrawn: 
        failed:
        ");
    }

    #[test]
    fn refusals_are_sentences() {
        let reason = |state, event: &ChangeEvent| step(state, event).expect_err("refused").reason;
        let submit = |steps, blockers| ChangeEvent::Submit { steps, blockers };
        assert_eq!(reason(ChangeState::Draft, &submit(0, 0)), "There is nothing to apply.");
        assert_eq!(reason(ChangeState::Draft, &submit(3, 1)), "1 blocker has to be mended first.");
        assert_eq!(reason(ChangeState::Draft, &submit(3, 2)), "2 blockers have to be mended first.");
        assert_eq!(reason(ChangeState::Applied, &ChangeEvent::Edit), "It is applied; it can no longer be edited.");
        assert_eq!(
            reason(ChangeState::Draft, &ChangeEvent::Apply),
            "It is still a draft; it has to be approved before it is applied."
        );
        assert_eq!(reason(ChangeState::Applied, &ChangeEvent::Apply), "It is applied; it cannot be applied again.");
    }
}
