//! Acts on runs.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Row, Telling};
use crate::audit::AuditAction;
use crate::change::ChangeState;
use crate::digest::Digest;
use crate::notice::Kind;
use crate::plan::Risk;

/// Something that was done to a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunAct {
    /// It was started.
    Started {
        /// Where the change was in its life.
        from: ChangeState,
        /// The revision that was live.
        live: i64,
        /// What is carried out.
        digest: Digest,
        /// In how many steps.
        steps: usize,
        /// Since when the apply had waited for its environment to open.
        waited_since: Option<DateTime<Utc>>,
        /// Where it was without approval: why, and what that is worth.
        broken: Option<Broken>,
    },
    /// A person confirmed a manual step.
    StepConfirmed {
        /// The step.
        step: String,
    },
    /// It ended well.
    Succeeded {
        /// The revision that was live.
        base: i64,
        /// The one that is live since.
        live: i64,
    },
    /// It ended badly.
    Failed {
        /// Why.
        reason: String,
    },
}

/// What is said of an apply without approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Why there was no time.
    pub reason: String,
    /// How dangerous the plan is.
    pub risk: Risk,
    /// Which votes were missing, as [`crate::review::missing_text`] has it.
    pub missing: String,
}

impl RunAct {
    /// What it is called in the audit log.
    pub const fn action(&self) -> AuditAction {
        match self {
            Self::Started { broken: None, .. } => AuditAction::RunStarted,
            Self::Started { broken: Some(_), .. } => AuditAction::GlassBroken,
            Self::StepConfirmed { .. } => AuditAction::StepConfirmed,
            Self::Succeeded { .. } => AuditAction::RunSucceeded,
            Self::Failed { .. } => AuditAction::RunFailed,
        }
    }

    pub(super) fn row(&self, run: i64, change: i64) -> Row {
        let row = Row::new(self.action(), "run", &run);
        match self {
            Self::Started { from, live, digest, steps, waited_since, broken } => {
                let mut after = json!({
                    "change": change, "run": run, "state": ChangeState::Provisioning, "digest": digest, "steps": steps,
                });
                if let Some(since) = waited_since {
                    after["waited_since"] = json!(since);
                }
                let row = match broken {
                    None => row,
                    // Found in the history of the change, whose approval it went past.
                    Some(Broken { reason, risk, missing }) => {
                        after["risk"] = json!(risk);
                        after["missing"] = json!(missing);
                        Row::new(self.action(), "change", &change).reason(Some(reason))
                    }
                };
                row.before(json!({ "state": from, "live": live })).after(after)
            }
            Self::StepConfirmed { step } => row.after(json!({ "step": step })),
            Self::Succeeded { base, live } => row
                .before(json!({ "live": base }))
                .after(json!({ "live": live, "change": change, "state": ChangeState::Applied })),
            Self::Failed { reason } => {
                row.reason(Some(reason)).after(json!({ "change": change, "state": ChangeState::Failed }))
            }
        }
    }

    pub(super) fn told(&self, change: i64) -> Vec<Telling> {
        let kind = match self {
            Self::Started { broken: None, .. } => Kind::RunStarted,
            Self::Started { broken: Some(_), .. } => Kind::GlassBroken,
            Self::Succeeded { .. } => Kind::RunSucceeded,
            Self::Failed { .. } => Kind::RunFailed,
            Self::StepConfirmed { .. } => return Vec::new(),
        };
        vec![Telling::of(kind, Some(change))]
    }
}
