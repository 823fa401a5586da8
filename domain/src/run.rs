//! One execution of an approved plan.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::account::Person;
use crate::plan::{Impact, StepKind};
use crate::words::words;

pub use crate::plan::dry_run_log;

/// A run without its steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Unique over all environments; shown as `run 7`.
    pub id: i64,
    /// The environment's slug.
    pub environment: String,
    /// The change it applies.
    pub change: i64,
    /// That change's title.
    pub title: String,
    /// Which executor walks the steps.
    pub executor: ExecutorKind,
    /// Digest of the plan, in hexadecimal.
    pub digest: String,
    /// Where it is.
    pub state: RunState,
    /// Who applied.
    pub requested_by: Person,
    /// When.
    pub requested_at: DateTime<Utc>,
    /// When the first step began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// The revision it made.
    pub revision: Option<i64>,
    /// Steps that ended well.
    pub steps_done: i64,
    /// All steps.
    pub steps_total: i64,
}

/// Who carries steps out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExecutorKind {
    /// Walks each step's checks and writes a log; touches no machine.
    DryRun,
}

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// Waits for a worker.
    Queued,
    /// A worker is at it.
    Running,
    /// Every step ended well.
    Succeeded,
    /// A step failed; those that depend on it were not started.
    Failed,
}

/// One step of a run, with its latest attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStep {
    /// The step's id in the plan.
    pub id: String,
    /// Its place in the plan's order, from 1.
    pub position: i64,
    /// What kind of step.
    pub kind: StepKind,
    /// The node it works on.
    pub node: Option<String>,
    /// The service it works on.
    pub service: Option<String>,
    /// The role it works on.
    pub role: Option<String>,
    /// What it costs.
    pub impact: Impact,
    /// Steps that end before it begins.
    pub depends_on: Vec<String>,
    /// What it does, in words.
    pub description: String,
    /// What a person has to do; empty for all but manual steps.
    pub checklist: Vec<String>,
    /// Where it is.
    pub state: StepState,
    /// How often it was begun.
    pub attempts: i32,
    /// When the latest attempt began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Why it failed, or who confirmed it.
    pub outcome: Option<String>,
}

/// Where a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    /// Waits for its dependencies or for a worker.
    Pending,
    /// A worker holds its lease.
    Running,
    /// Waits until a person confirms its checklist.
    Waiting,
    /// Ended well.
    Succeeded,
    /// Ended badly.
    Failed,
    /// Not begun, because the run failed before.
    Skipped,
}

/// One line of a run's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Counts up within the run.
    pub sequence: i64,
    /// The step's id.
    pub step: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub text: String,
}

words!(ExecutorKind, "executor" {
    DryRun => "dry-run",
});

impl ExecutorKind {
    /// The words for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::DryRun => "Dry run",
        }
    }
}

words!(RunState, "state of a run" {
    Queued => "queued",
    Running => "running",
    Succeeded => "succeeded",
    Failed => "failed",
});

impl RunState {
    /// The words for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }
}

words!(StepState, "state of a step" {
    Pending => "pending",
    Running => "running",
    Waiting => "waiting",
    Succeeded => "succeeded",
    Failed => "failed",
    Skipped => "skipped",
});

impl StepState {
    /// The words for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Waiting => "Waiting for a person",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Skipped => "Skipped",
        }
    }
}

/// Ids of the steps that can begin now: pending, and all they depend on succeeded; in the order given.
pub fn ready(steps: &[RunStep]) -> Vec<&str> {
    let succeeded: HashSet<&str> =
        steps.iter().filter(|step| step.state == StepState::Succeeded).map(|step| step.id.as_str()).collect();
    steps
        .iter()
        .filter(|step| step.state == StepState::Pending)
        .filter(|step| step.depends_on.iter().all(|id| succeeded.contains(id.as_str())))
        .map(|step| step.id.as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(id: &str, state: StepState, depends_on: &[&str]) -> RunStep {
        RunStep {
            id: id.to_owned(),
            position: 1,
            kind: StepKind::VerifyRole,
            node: None,
            service: None,
            role: None,
            impact: Impact::None,
            depends_on: depends_on.iter().map(|&id| id.to_owned()).collect(),
            description: String::new(),
            checklist: Vec::new(),
            state,
            attempts: 0,
            started_at: None,
            finished_at: None,
            outcome: None,
        }
    }

    #[test]
    fn a_step_is_ready_when_all_before_it_succeeded() {
        let steps = [
            step("a", StepState::Succeeded, &[]),
            step("b", StepState::Waiting, &[]),
            step("c", StepState::Pending, &["a"]),
            step("d", StepState::Pending, &["a", "b"]),
            step("e", StepState::Running, &["a"]),
            step("f", StepState::Pending, &["not there"]),
            step("g", StepState::Pending, &[]),
        ];
        assert_eq!(ready(&steps), ["c", "g"]);
    }
}
