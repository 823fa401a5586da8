//! Rows of the audit log.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::account::Person;
use crate::words::words;

/// What was done; one word for the log, the API and the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditAction {
    /// An account was made.
    AccountAdded,
    /// A capability or a group was given.
    AccountGranted,
    /// A capability or a group was taken away.
    AccountRevoked,
    /// An account was disabled: its sessions ended, its votes count no longer.
    AccountDisabled,
    /// A disabled account may sign in again.
    AccountEnabled,
    /// Somebody signed in.
    SignedIn,
    /// Somebody tried to sign in, and was not let in.
    SignInFailed,
    /// Somebody signed out here.
    SignedOut,
    /// Somebody ended all their sessions.
    SignedOutEverywhere,
    /// An environment was made.
    EnvironmentCreated,
    /// A topology became the first live revision.
    TopologyImported,
    /// A change was started.
    ChangeStarted,
    /// An edit was appended.
    ChangeEdited,
    /// A change was moved to the live revision.
    ChangeRebased,
    /// A change was sent to review.
    ChangeSubmitted,
    /// A lead approved.
    ChangeApproved,
    /// A lead sent it back.
    ChangeSentBack,
    /// A lead rejected.
    ChangeRejected,
    /// The authors gave it up.
    ChangeWithdrawn,
    /// Something was said about it.
    CommentAdded,
    /// A run was started.
    RunStarted,
    /// A person confirmed a manual step.
    StepConfirmed,
    /// A run ended well and made a revision.
    RunSucceeded,
    /// A run ended badly.
    RunFailed,
    /// A role of the catalogue was added or changed.
    RoleSaved,
    /// A role of the catalogue was removed.
    RoleRemoved,
    /// A rule got another severity, or was switched off or on.
    RuleLevelSet,
    /// A lead took a vote back.
    VoteTakenBack,
    /// An apply found that the approval no longer holds; the change is in review again.
    ApprovalLapsed,
    /// Somebody proposed another approval policy.
    PolicyProposed,
    /// A lead approved a proposed policy: it is in force.
    PolicyApproved,
    /// A lead turned a proposed policy down.
    PolicyRejected,
    /// The proposer gave a proposed policy up.
    PolicyWithdrawn,
    /// Somebody proposed something else that is put in force like a policy.
    ProposalMade,
    /// A lead approved a proposal, a policy or something else, that more people have to approve.
    ProposalBacked,
    /// A lead gave the last approval that it needed: it is in force.
    ProposalInForce,
    /// A lead turned it down.
    ProposalRejected,
    /// The proposer gave it up.
    ProposalWithdrawn,
    /// A maintenance window or a freeze was added.
    ScheduleEntryAdded,
    /// A maintenance window or a freeze was changed.
    ScheduleEntryChanged,
    /// A maintenance window or a freeze was removed.
    ScheduleEntryRemoved,
    /// A lead ended a freeze before its time.
    FreezeEnded,
    /// A lead said how long approvals hold.
    ApprovalLifetimeSet,
    /// A change was applied while its environment is closed: it waits.
    ApplyAsked,
    /// Such a change waits no longer, and was not started.
    ApplyCalledOff,
    /// An admin applied a change without approval.
    GlassBroken,
    /// A lead reviewed what was applied without approval.
    GlassReviewed,
    /// Another address is told what happens.
    WebhookAdded,
    /// An address is told no longer.
    WebhookRemoved,
    /// A mail or a call of a webhook is sent once more.
    DeliveryResent,
    /// After how long people are reminded, and the next group is told, was set.
    PatienceSet,
}

/// One row, written in the transaction of the thing it records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Counts up over all environments.
    pub sequence: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: Person,
    /// What.
    pub action: AuditAction,
    /// On what: `change`, `run`, `account`, `environment`, `revision`, `role`, `rule`, `policy`.
    pub subject_kind: String,
    /// Which one of them.
    pub subject: String,
    /// The environment, where there is one.
    pub environment: Option<String>,
    /// Why, where a reason was given.
    pub reason: Option<String>,
    /// What was true before, where that says something.
    pub before: Option<serde_json::Value>,
    /// What is true after.
    pub after: Option<serde_json::Value>,
}

words!(AuditAction, "audited action" {
    AccountAdded => "account-added",
    AccountGranted => "account-granted",
    AccountRevoked => "account-revoked",
    AccountDisabled => "account-disabled",
    AccountEnabled => "account-enabled",
    SignedIn => "signed-in",
    SignInFailed => "sign-in-failed",
    SignedOut => "signed-out",
    SignedOutEverywhere => "signed-out-everywhere",
    EnvironmentCreated => "environment-created",
    TopologyImported => "topology-imported",
    ChangeStarted => "change-started",
    ChangeEdited => "change-edited",
    ChangeRebased => "change-rebased",
    ChangeSubmitted => "change-submitted",
    ChangeApproved => "change-approved",
    ChangeSentBack => "change-sent-back",
    ChangeRejected => "change-rejected",
    ChangeWithdrawn => "change-withdrawn",
    CommentAdded => "comment-added",
    RunStarted => "run-started",
    StepConfirmed => "step-confirmed",
    RunSucceeded => "run-succeeded",
    RunFailed => "run-failed",
    RoleSaved => "role-saved",
    RoleRemoved => "role-removed",
    RuleLevelSet => "rule-level-set",
    VoteTakenBack => "vote-taken-back",
    ApprovalLapsed => "approval-lapsed",
    PolicyProposed => "policy-proposed",
    PolicyApproved => "policy-approved",
    PolicyRejected => "policy-rejected",
    PolicyWithdrawn => "policy-withdrawn",
    ProposalMade => "proposal-made",
    ProposalBacked => "proposal-backed",
    ProposalInForce => "proposal-in-force",
    ProposalRejected => "proposal-rejected",
    ProposalWithdrawn => "proposal-withdrawn",
    ScheduleEntryAdded => "schedule-entry-added",
    ScheduleEntryChanged => "schedule-entry-changed",
    ScheduleEntryRemoved => "schedule-entry-removed",
    FreezeEnded => "freeze-ended",
    ApprovalLifetimeSet => "approval-lifetime-set",
    ApplyAsked => "apply-asked",
    ApplyCalledOff => "apply-called-off",
    GlassBroken => "glass-broken",
    GlassReviewed => "glass-reviewed",
    WebhookAdded => "webhook-added",
    WebhookRemoved => "webhook-removed",
    DeliveryResent => "delivery-resent",
    PatienceSet => "patience-set",
});

impl AuditAction {
    /// What follows the actor's name in a sentence.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::AccountAdded => "added the account",
            Self::AccountGranted => "granted access",
            Self::AccountRevoked => "took access away",
            Self::AccountDisabled => "disabled the account",
            Self::AccountEnabled => "enabled the account",
            Self::SignedIn => "signed in",
            Self::SignInFailed => "was not let in",
            Self::SignedOut => "signed out",
            Self::SignedOutEverywhere => "signed out everywhere",
            Self::EnvironmentCreated => "created the environment",
            Self::TopologyImported => "imported the topology",
            Self::ChangeStarted => "started the change",
            Self::ChangeEdited => "edited the change",
            Self::ChangeRebased => "moved the change to the live revision",
            Self::ChangeSubmitted => "sent the change to review",
            Self::ChangeApproved => "approved the change",
            Self::ChangeSentBack => "sent the change back",
            Self::ChangeRejected => "rejected the change",
            Self::ChangeWithdrawn => "withdrew the change",
            Self::CommentAdded => "commented",
            Self::RunStarted => "started the run",
            Self::StepConfirmed => "confirmed the manual step",
            Self::RunSucceeded => "finished the run",
            Self::RunFailed => "failed the run",
            Self::RoleSaved => "saved the role",
            Self::RoleRemoved => "removed the role",
            Self::RuleLevelSet => "set the severity of the rule",
            Self::VoteTakenBack => "took a vote back",
            Self::ApprovalLapsed => "found the approval of the change over",
            Self::PolicyProposed => "proposed another approval policy",
            Self::PolicyApproved => "approved another approval policy",
            Self::PolicyRejected => "turned the proposed approval policy down",
            Self::PolicyWithdrawn => "withdrew the proposed approval policy",
            Self::ProposalMade => "proposed to loosen",
            Self::ProposalBacked => "approved, as one of several, the proposal about",
            Self::ProposalInForce => "put in force what was proposed about",
            Self::ProposalRejected => "turned down what was proposed about",
            Self::ProposalWithdrawn => "withdrew what was proposed about",
            Self::ScheduleEntryAdded => "added to the schedule",
            Self::ScheduleEntryChanged => "changed the schedule",
            Self::ScheduleEntryRemoved => "removed from the schedule",
            Self::FreezeEnded => "ended the freeze early",
            Self::ApprovalLifetimeSet => "set how long approvals hold",
            Self::ApplyAsked => "applied the change, which waits for its time",
            Self::ApplyCalledOff => "called the waiting apply off",
            Self::GlassBroken => "applied the change without approval",
            Self::GlassReviewed => "reviewed what was applied without approval",
            Self::WebhookAdded => "added the webhook",
            Self::WebhookRemoved => "removed the webhook",
            Self::DeliveryResent => "had the delivery sent again",
            Self::PatienceSet => "set when people are reminded",
        }
    }
}
