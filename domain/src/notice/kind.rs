//! What there is to tell.

use serde::{Deserialize, Serialize};

use super::Topic;
use crate::words::words;

/// One kind of thing that people and webhooks are told; its word is the `type` of the webhook's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// A change was sent to review.
    #[serde(rename = "change.submitted")]
    Submitted,
    /// The plan of a change under review is another one since somebody voted on it.
    #[serde(rename = "change.moved")]
    Moved,
    /// A change waits for votes since some time.
    #[serde(rename = "change.reminder")]
    Reminder,
    /// It waits longer still; the next group is told.
    #[serde(rename = "change.escalated")]
    Escalated,
    /// A change has every vote it needs.
    #[serde(rename = "change.approved")]
    Approved,
    /// The approval of a change is over; it is in review again.
    #[serde(rename = "change.approval-lapsed")]
    Lapsed,
    /// A change that waited to be started did not start, or no longer waits.
    #[serde(rename = "change.called-off")]
    CalledOff,
    /// A change was sent back to its authors.
    #[serde(rename = "change.sent-back")]
    SentBack,
    /// A lead said no to a change.
    #[serde(rename = "change.rejected")]
    Rejected,
    /// A change was given up.
    #[serde(rename = "change.withdrawn")]
    Withdrawn,
    /// Somebody said something about a change.
    #[serde(rename = "change.commented")]
    Commented,
    /// The run of a change began.
    #[serde(rename = "run.started")]
    RunStarted,
    /// A change was applied.
    #[serde(rename = "run.succeeded")]
    RunSucceeded,
    /// The run of a change failed.
    #[serde(rename = "run.failed")]
    RunFailed,
    /// Somebody proposed another approval policy.
    #[serde(rename = "policy.proposed")]
    PolicyProposed,
    /// It is in force.
    #[serde(rename = "policy.approved")]
    PolicyApproved,
    /// It was turned down.
    #[serde(rename = "policy.rejected")]
    PolicyRejected,
    /// It was given up.
    #[serde(rename = "policy.withdrawn")]
    PolicyWithdrawn,
    /// Somebody proposed something else that is put in force like a policy: a rule that matters less, say.
    #[serde(rename = "proposal.made")]
    ProposalMade,
    /// It is in force.
    #[serde(rename = "proposal.in-force")]
    ProposalInForce,
    /// It was turned down.
    #[serde(rename = "proposal.rejected")]
    ProposalRejected,
    /// It was given up.
    #[serde(rename = "proposal.withdrawn")]
    ProposalWithdrawn,
    /// A lead made a freeze that is on, or soon would be, end sooner.
    #[serde(rename = "freeze.ended")]
    FreezeEnded,
    /// A change was applied without approval.
    #[serde(rename = "glass.broken")]
    GlassBroken,
    /// A lead reviewed what was applied without approval.
    #[serde(rename = "glass.reviewed")]
    GlassReviewed,
    /// Somebody fails to sign in as one person, again and again.
    #[serde(rename = "account.guessed")]
    AccountGuessed,
    /// An admin tries a webhook.
    #[serde(rename = "strata.test")]
    Test,
}

words!(Kind, "kind of notice" {
    Submitted => "change.submitted",
    Moved => "change.moved",
    Reminder => "change.reminder",
    Escalated => "change.escalated",
    Approved => "change.approved",
    Lapsed => "change.approval-lapsed",
    CalledOff => "change.called-off",
    SentBack => "change.sent-back",
    Rejected => "change.rejected",
    Withdrawn => "change.withdrawn",
    Commented => "change.commented",
    RunStarted => "run.started",
    RunSucceeded => "run.succeeded",
    RunFailed => "run.failed",
    PolicyProposed => "policy.proposed",
    PolicyApproved => "policy.approved",
    PolicyRejected => "policy.rejected",
    PolicyWithdrawn => "policy.withdrawn",
    ProposalMade => "proposal.made",
    ProposalInForce => "proposal.in-force",
    ProposalRejected => "proposal.rejected",
    ProposalWithdrawn => "proposal.withdrawn",
    FreezeEnded => "freeze.ended",
    GlassBroken => "glass.broken",
    GlassReviewed => "glass.reviewed",
    AccountGuessed => "account.guessed",
    Test => "strata.test",
});

impl Kind {
    /// The topic that a webhook chooses it by; people can be told of it under another one.
    pub const fn topic(self) -> Topic {
        match self {
            Self::Submitted | Self::Moved | Self::Reminder | Self::Escalated => Topic::ToApprove,
            Self::Approved
            | Self::Lapsed
            | Self::CalledOff
            | Self::SentBack
            | Self::Rejected
            | Self::Withdrawn
            | Self::RunStarted
            | Self::RunSucceeded
            | Self::RunFailed => Topic::MyChange,
            Self::Commented => Topic::Discussion,
            Self::PolicyProposed
            | Self::PolicyApproved
            | Self::PolicyRejected
            | Self::PolicyWithdrawn
            | Self::ProposalMade
            | Self::ProposalInForce
            | Self::ProposalRejected
            | Self::ProposalWithdrawn
            | Self::Test => Topic::Policy,
            Self::FreezeEnded => Topic::Freeze,
            Self::GlassBroken | Self::GlassReviewed => Topic::BreakGlass,
            Self::AccountGuessed => Topic::Account,
        }
    }

    /// Whether it is told, and sent, before whatever else is to be told: a change was applied without approval.
    pub const fn is_urgent(self) -> bool {
        matches!(self, Self::GlassBroken | Self::GlassReviewed)
    }
}
