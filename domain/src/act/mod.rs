//! What people and workers do, with all that each act carries (requirements, sections 5 and 8).
//!
//! Whoever writes something says it as an [`Act`]. Its row in the audit log ([`Act::row`]), what people and webhooks are told of
//! it ([`Act::told`]) and what open pages read anew ([`Act::news`]) all follow from there, so that a fact which one of them needs
//! is a field that the others can see, and no word that is written in one place is looked for in another.

mod account;
mod change;
mod house;
mod proposal;
mod run;
mod schedule;
#[cfg(test)]
pub(crate) mod tests;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::account::AccountId;
use crate::audit::AuditAction;
use crate::change::ChangeState;
use crate::news::News;
use crate::notice::{Kind, Sooner};
use crate::proposal::Proposed;

pub use account::{AccountAct, Given, Reach};
pub use change::{ChangeAct, Edits, Origin};
pub use house::{CatalogueAct, DeliveryAct, EnvironmentAct, WebhookAct};
pub use proposal::{ProposalAct, Put, Stands};
pub use run::{Broken, RunAct};
pub use schedule::ScheduleAct;

/// Something that was done.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// To an account.
    Account {
        /// Its id; none for an address that is nobody's.
        account: Option<AccountId>,
        /// What.
        did: AccountAct,
    },
    /// To an environment, or what holds for all of it.
    Environment(EnvironmentAct),
    /// To the catalogue of an environment.
    Catalogue(CatalogueAct),
    /// To a change.
    Change {
        /// Its id.
        change: i64,
        /// What.
        did: ChangeAct,
    },
    /// To a run.
    Run {
        /// Its id.
        run: i64,
        /// The change that it carries out.
        change: i64,
        /// What.
        did: RunAct,
    },
    /// To the schedule of an environment.
    Schedule(ScheduleAct),
    /// To a proposal.
    Proposal {
        /// Its id.
        proposal: i64,
        /// Who proposed it.
        proposer: Option<AccountId>,
        /// What it proposes.
        proposed: Proposed,
        /// What.
        did: ProposalAct,
    },
    /// To a webhook.
    Webhook {
        /// Its id.
        webhook: i64,
        /// What.
        did: WebhookAct,
    },
    /// To a mail or a call of a webhook.
    Delivery {
        /// Its id.
        delivery: i64,
        /// What.
        did: DeliveryAct,
    },
}

/// What an act leaves in the audit log.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What was done.
    pub action: AuditAction,
    /// On what, as [`crate::audit::AuditEntry::subject_kind`].
    pub subject_kind: &'static str,
    /// Which one of them.
    pub subject: String,
    /// Why, where a reason was given.
    pub reason: Option<String>,
    /// What was true before, where that says something.
    pub before: Option<Value>,
    /// What is true after.
    pub after: Option<Value>,
}

/// What somebody is told by an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    /// What.
    pub kind: Kind,
    /// The change that it is about.
    pub change: Option<i64>,
    /// What only the act knows of it.
    pub said: Said,
}

/// What of an act is told, and is written nowhere else: kept with what is to be told until it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Said {
    /// Whether Strata did it in the name of somebody who was not there.
    pub unattended: bool,
    /// Who applied the change, where that apply is over.
    pub applied_by: Option<AccountId>,
    /// What was said about the change.
    pub comment: Option<String>,
    /// What it is about, where that is no change.
    pub about: Option<About>,
}

/// What an act that is about no change is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum About {
    /// A freeze that ends sooner.
    Freeze {
        /// What people call it.
        name: String,
        /// What made it end sooner.
        how: Sooner,
    },
    /// A proposal.
    Proposal {
        /// Who proposed it.
        proposer: Option<AccountId>,
        /// What it is about, as [`Proposed::describe`] has it.
        about: String,
    },
}

/// Where an act moved a change in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    /// Where it was.
    pub from: ChangeState,
    /// Where it is.
    pub to: ChangeState,
}

/// The changes under review that an act moved, because it moved what is asked of them or who counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Anew {
    /// Approved before, and in review again.
    pub in_review_again: Vec<i64>,
    /// In review before, and approved.
    pub approved: Vec<i64>,
}

impl Act {
    /// What the act leaves in the audit log.
    pub fn row(&self) -> Row {
        match self {
            Self::Account { account, did } => did.row(account.as_ref()),
            Self::Environment(did) => did.row(),
            Self::Catalogue(did) => did.row(),
            Self::Change { change, did } => did.row(*change),
            Self::Run { run, change, did } => did.row(*run, *change),
            Self::Schedule(did) => did.row(),
            Self::Proposal { proposal, proposer: _, proposed, did } => did.row(*proposal, proposed),
            Self::Webhook { webhook, did } => did.row(*webhook),
            Self::Delivery { delivery, did } => did.row(*delivery),
        }
    }

    /// What people and webhooks are told by it.
    pub fn told(&self) -> Vec<Telling> {
        match self {
            Self::Account { did, .. } => did.anew().map(Anew::told).unwrap_or_default(),
            Self::Environment(did) => did.anew().map(Anew::told).unwrap_or_default(),
            Self::Catalogue(did) => did.anew().told(),
            Self::Change { change, did } => did.told(*change),
            Self::Run { change, did, .. } => did.told(*change),
            Self::Schedule(did) => did.told(),
            Self::Proposal { proposer, proposed, did, .. } => did.told(proposer.as_ref(), proposed),
            Self::Webhook { .. } | Self::Delivery { .. } => Vec::new(),
        }
    }

    /// What pages of the environment read anew because of it, beside the changes that it reached.
    pub fn news(&self, environment: &str) -> Vec<News> {
        let environment = || environment.to_owned();
        let the_change = |id: i64| News::Change { environment: environment(), id };
        let the_run = |id: i64| News::Run { environment: environment(), id };
        let all = || News::Environment { environment: environment() };
        match self {
            Self::Account { .. } | Self::Webhook { .. } | Self::Delivery { .. } => Vec::new(),
            Self::Environment(did) => {
                if did.is_shown() {
                    vec![all()]
                } else {
                    Vec::new()
                }
            }
            Self::Catalogue(_) | Self::Schedule(_) | Self::Proposal { .. } => vec![all()],
            // It opens the way for the next one.
            Self::Change { change, did: ChangeAct::GlassReviewed { .. } } => vec![the_change(*change), all()],
            Self::Change { change, .. } => vec![the_change(*change)],
            Self::Run { run, change, did } => match did {
                RunAct::Started { .. } | RunAct::Failed { .. } => vec![the_change(*change), the_run(*run)],
                RunAct::Succeeded { .. } => vec![all(), the_change(*change), the_run(*run)],
                RunAct::StepConfirmed { .. } => vec![the_run(*run)],
            },
        }
    }
}

impl Row {
    fn new(action: AuditAction, subject_kind: &'static str, subject: &impl ToString) -> Self {
        Self { action, subject_kind, subject: subject.to_string(), reason: None, before: None, after: None }
    }

    fn reason(self, reason: Option<&str>) -> Self {
        Self { reason: reason.map(str::to_owned), ..self }
    }

    fn before(self, before: Value) -> Self {
        Self { before: Some(before), ..self }
    }

    fn after(self, after: Value) -> Self {
        Self { after: Some(after), ..self }
    }

    /// With the changes that the act moved; nothing where it moved none.
    fn anew(mut self, anew: &Anew) -> Self {
        if *anew != Anew::default() {
            self.after.get_or_insert_with(|| json!({}))["changes"] = json!(anew);
        }
        self
    }

    /// With where a change went beside what else is true; nothing where it stayed.
    fn shifted(mut self, shift: Shift) -> Self {
        if shift.from != shift.to {
            self.before.get_or_insert_with(|| json!({}))["state"] = json!(shift.from);
            self.after.get_or_insert_with(|| json!({}))["state"] = json!(shift.to);
        }
        self
    }
}

impl Telling {
    fn of(kind: Kind, change: Option<i64>) -> Self {
        Self { kind, change, said: Said::default() }
    }
}

impl Anew {
    /// Those whose change it is are told.
    fn told(&self) -> Vec<Telling> {
        let tell = |changes: &[i64], kind| -> Vec<Telling> {
            changes.iter().map(|change| Telling::of(kind, Some(*change))).collect()
        };
        [tell(&self.in_review_again, Kind::Lapsed), tell(&self.approved, Kind::Approved)].concat()
    }
}
