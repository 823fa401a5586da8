//! Acts on changes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Row, Said, Shift, Telling};
use crate::audit::AuditAction;
use crate::change::{ApplyAsked, ChangeState};
use crate::digest::Digest;
use crate::notice::Kind;
use crate::plan::Risk;
use crate::rebase::Choice;
use crate::review::Verdict;

/// Something that was done to a change.
#[derive(Clone, Debug, PartialEq)]
pub enum ChangeAct {
    /// It was started.
    Started {
        /// What it is for, in a line.
        title: String,
        /// The revision that it builds on.
        base: i64,
        /// What it was made of.
        origin: Origin,
    },
    /// Edits were appended to it.
    Edited {
        /// Which.
        edits: Edits,
        /// What they are, in a line.
        what: String,
        /// Where that moved it.
        shift: Shift,
    },
    /// It was carried to the live revision.
    Rebased {
        /// The revision that it built on.
        from: i64,
        /// The one that it builds on.
        to: i64,
        /// Edits in force since.
        edits: usize,
        /// What was decided about edits that did not carry over, by their sequence.
        choices: BTreeMap<i64, Choice>,
        /// Where that moved it.
        shift: Shift,
    },
    /// It was sent to review.
    Submitted {
        /// Its plan.
        digest: Digest,
        /// How dangerous that is.
        risk: Risk,
        /// In how many steps.
        steps: usize,
        /// Where that moved it.
        shift: Shift,
    },
    /// A lead voted on it.
    Voted {
        /// What they said.
        verdict: Verdict,
        /// Why.
        reason: Option<String>,
        /// On which plan.
        digest: Digest,
        /// The vote.
        vote: i64,
        /// Where that moved it.
        shift: Shift,
    },
    /// A lead took their vote back.
    VoteTakenBack {
        /// The vote.
        vote: i64,
        /// Where that moved it.
        shift: Shift,
    },
    /// Its authors gave it up.
    Withdrawn {
        /// Why.
        reason: Option<String>,
        /// Where it was.
        shift: Shift,
    },
    /// Something was said about it.
    Commented {
        /// The comment.
        comment: i64,
        /// The step that it is about.
        step: Option<String>,
        /// What was said.
        text: String,
    },
    /// It was applied while its environment is closed: it waits.
    ApplyAsked {
        /// Until when; none where nothing opens.
        until: Option<DateTime<Utc>>,
        /// For the end of these freezes, or the next of these windows.
        because: Vec<String>,
    },
    /// It waits no longer, and was not started.
    CalledOff {
        /// Why, where nobody wished it.
        why: Option<String>,
        /// What it had waited for.
        asked: ApplyAsked,
    },
    /// An apply found that it has to be reviewed again.
    Lapsed {
        /// Why.
        reason: String,
        /// The revision that it built on.
        from: i64,
        /// The live one, to which it was carried.
        to: i64,
        /// Its plan there.
        digest: Digest,
        /// The apply that had waited, where Strata tried it.
        asked: Option<ApplyAsked>,
        /// Where that moved it.
        shift: Shift,
    },
    /// It was sent back to its authors by something that was loosened, which serves only what is submitted after it.
    SentHome {
        /// What.
        cause: String,
        /// Where that moved it.
        shift: Shift,
    },
    /// An act on something else moved it: what is asked of it, or who counts.
    Asked {
        /// What that act is called.
        by: AuditAction,
        /// What the change says of it.
        reason: Option<String>,
        /// Where that moved it.
        shift: Shift,
    },
    /// A lead reviewed what was applied without approval.
    GlassReviewed {
        /// What they found.
        conclusion: String,
        /// The name of who had applied it.
        broken_by: String,
    },
}

/// What a change was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nothing yet.
    Empty,
    /// Another change.
    Copy {
        /// The other change.
        of: i64,
        /// Edits that it came with.
        edits: usize,
    },
    /// A file.
    Import {
        /// Edits that lead to it.
        edits: usize,
    },
}

/// Edits by their sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edits {
    /// One.
    One(i64),
    /// From the first to the last.
    Many(i64, i64),
}

impl ChangeAct {
    /// What a vote is called in the audit log.
    pub const fn of_vote(verdict: Verdict) -> AuditAction {
        match verdict {
            Verdict::Approve => AuditAction::ChangeApproved,
            Verdict::Reject => AuditAction::ChangeRejected,
            Verdict::SendBack => AuditAction::ChangeSentBack,
        }
    }

    /// What it is called in the audit log.
    pub const fn action(&self) -> AuditAction {
        match self {
            Self::Started { .. } => AuditAction::ChangeStarted,
            Self::Edited { .. } => AuditAction::ChangeEdited,
            Self::Rebased { .. } => AuditAction::ChangeRebased,
            Self::Submitted { .. } => AuditAction::ChangeSubmitted,
            Self::Voted { verdict, .. } => Self::of_vote(*verdict),
            Self::SentHome { .. } => AuditAction::ChangeSentBack,
            Self::VoteTakenBack { .. } => AuditAction::VoteTakenBack,
            Self::Withdrawn { .. } => AuditAction::ChangeWithdrawn,
            Self::Commented { .. } => AuditAction::CommentAdded,
            Self::ApplyAsked { .. } => AuditAction::ApplyAsked,
            Self::CalledOff { .. } => AuditAction::ApplyCalledOff,
            Self::Lapsed { from, to, .. } if *from == *to => AuditAction::ApprovalLapsed,
            Self::Lapsed { .. } => AuditAction::ChangeRebased,
            Self::Asked { by, .. } => *by,
            Self::GlassReviewed { .. } => AuditAction::GlassReviewed,
        }
    }

    fn reason(&self) -> Option<&str> {
        match self {
            Self::Voted { reason, .. } | Self::Withdrawn { reason, .. } | Self::Asked { reason, .. } => {
                reason.as_deref()
            }
            Self::CalledOff { why, .. } => why.as_deref(),
            Self::Lapsed { reason, .. } => Some(reason),
            Self::SentHome { cause, .. } => Some(cause),
            Self::GlassReviewed { conclusion, .. } => Some(conclusion),
            Self::Started { .. }
            | Self::Edited { .. }
            | Self::Rebased { .. }
            | Self::Submitted { .. }
            | Self::VoteTakenBack { .. }
            | Self::Commented { .. }
            | Self::ApplyAsked { .. } => None,
        }
    }

    pub(super) fn row(&self, change: i64) -> Row {
        let row = Row::new(self.action(), "change", &change).reason(self.reason());
        match self {
            Self::Started { title, base, origin } => {
                let mut after = json!({ "title": title, "base": base });
                match origin {
                    Origin::Empty => {}
                    Origin::Copy { of, edits } => {
                        after["copied_from"] = json!(of);
                        after["edits"] = json!(edits);
                    }
                    Origin::Import { edits } => {
                        after["from"] = json!("import");
                        after["edits"] = json!(edits);
                    }
                }
                row.after(after)
            }
            Self::Edited { edits, what, shift } => {
                let after = match edits {
                    Edits::One(sequence) => json!({ "edit": sequence, "what": what }),
                    Edits::Many(first, last) => json!({ "edits": [first, last], "what": what }),
                };
                row.after(after).shifted(*shift)
            }
            Self::Rebased { from, to, edits, choices, shift } => row
                .before(with_state(json!({ "base": from }), shift.from))
                .after(with_state(json!({ "base": to, "edits": edits, "choices": choices }), shift.to)),
            Self::Submitted { digest, risk, steps, shift } => row
                .before(with_state(json!({}), shift.from))
                .after(with_state(json!({ "digest": digest, "risk": risk, "steps": steps }), shift.to)),
            Self::Voted { verdict: _, reason: _, digest, vote, shift } => row
                .before(with_state(json!({}), shift.from))
                .after(with_state(json!({ "digest": digest, "vote": vote }), shift.to)),
            Self::VoteTakenBack { vote, shift } => {
                row.before(with_state(json!({}), shift.from)).after(with_state(json!({ "vote": vote }), shift.to))
            }
            Self::Withdrawn { reason: _, shift } => {
                row.before(with_state(json!({}), shift.from)).after(with_state(json!({}), shift.to))
            }
            Self::Commented { comment, step, text } => {
                row.after(json!({ "comment": comment, "step": step, "text": text }))
            }
            Self::ApplyAsked { until, because } => row.after(json!({ "until": until, "for": because })),
            Self::CalledOff { why: _, asked } => row
                .before(json!({ "asked_by": asked.by.name, "asked_at": asked.at }))
                .after(json!({ "applied_by": asked.by.id })),
            Self::Lapsed { reason: _, from, to, digest, asked, shift } => {
                let applied_by = asked.as_ref().and_then(|asked| asked.by.id.as_ref());
                let after = json!({
                    "base": to, "digest": digest, "unattended": asked.is_some(), "applied_by": applied_by,
                });
                row.before(with_state(json!({ "base": from }), shift.from)).after(with_state(after, shift.to))
            }
            Self::SentHome { cause: _, shift } | Self::Asked { by: _, reason: _, shift } => row.shifted(*shift),
            Self::GlassReviewed { conclusion: _, broken_by } => row.after(json!({ "broken_by": broken_by })),
        }
    }

    pub(super) fn told(&self, change: i64) -> Vec<Telling> {
        let (kind, said) = match self {
            Self::Submitted { .. } => (Some(Kind::Submitted), Said::default()),
            // A vote that is not the last one needed tells nobody.
            Self::Voted { verdict: Verdict::Approve, shift, .. } => (shift.approved(), Said::default()),
            Self::Voted { verdict: Verdict::Reject, .. } => (Some(Kind::Rejected), Said::default()),
            Self::Voted { verdict: Verdict::SendBack, .. } | Self::SentHome { .. } => {
                (Some(Kind::SentBack), Said::default())
            }
            Self::Edited { shift, .. } | Self::Rebased { shift, .. } => (shift.of_plan(), Said::default()),
            Self::VoteTakenBack { shift, .. } => (shift.lapsed(), Said::default()),
            Self::Withdrawn { .. } => (Some(Kind::Withdrawn), Said::default()),
            Self::Commented { text, .. } => {
                (Some(Kind::Commented), Said { comment: Some(text.clone()), ..Said::default() })
            }
            Self::CalledOff { asked, .. } => {
                (Some(Kind::CalledOff), Said { applied_by: asked.by.id.clone(), ..Said::default() })
            }
            Self::Lapsed { from, to, asked, shift, .. } => {
                let said = Said {
                    unattended: asked.is_some(),
                    applied_by: asked.as_ref().and_then(|asked| asked.by.id.clone()),
                    ..Said::default()
                };
                (if from == to { Some(Kind::Lapsed) } else { shift.of_plan() }, said)
            }
            Self::GlassReviewed { .. } => (Some(Kind::GlassReviewed), Said::default()),
            // Of what an act on something else moved, that act tells.
            Self::Started { .. } | Self::ApplyAsked { .. } | Self::Asked { .. } => (None, Said::default()),
        };
        kind.map(|kind| Telling { kind, change: Some(change), said }).into_iter().collect()
    }
}

impl Shift {
    /// What is told where the plan of a change may have moved.
    fn of_plan(self) -> Option<Kind> {
        match self.from {
            // A draft moves with every edit, and nobody has voted on it.
            ChangeState::Draft => None,
            // Whether the plan moved, only a look at it says.
            _ => self.lapsed().or(self.approved()).or(Some(Kind::Moved)),
        }
    }

    fn lapsed(self) -> Option<Kind> {
        matches!((self.from, self.to), (ChangeState::Approved, ChangeState::InReview)).then_some(Kind::Lapsed)
    }

    fn approved(self) -> Option<Kind> {
        matches!((self.from, self.to), (ChangeState::InReview, ChangeState::Approved)).then_some(Kind::Approved)
    }
}

fn with_state(mut facts: Value, state: ChangeState) -> Value {
    facts["state"] = json!(state);
    facts
}
