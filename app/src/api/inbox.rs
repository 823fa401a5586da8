//! What waits for the one who looks, and what they asked for.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};
use strata_domain::change::Change;
use strata_domain::plan::Risk;

use crate::error::AppError;

/// Everything that the page `/approvals` shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InboxView {
    /// What they could bring further now, riskiest first, then oldest.
    pub waits: Vec<InboxRow>,
    /// Open changes that they started or submitted, newest first.
    pub asked: Vec<InboxRow>,
    /// What else waits for their decision, oldest first.
    pub decisions: Vec<DecisionRow>,
}

/// A decision that is not a vote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRow {
    /// What is to be decided, in words.
    pub what: String,
    /// Where that is done.
    pub path: String,
    /// The environment's slug.
    pub environment: String,
    /// Whose act it is about.
    pub by: String,
    /// When that was.
    pub at: DateTime<Utc>,
    /// Why they did it.
    pub reason: String,
}

/// A change that is not over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InboxRow {
    /// The change.
    pub change: Change,
    /// How dangerous its plan is; none for a draft.
    pub risk: Option<Risk>,
    /// What it waits for, in words.
    pub waits_for: String,
    /// How long ago it was submitted, in words: "3 days".
    pub age: String,
    /// When its approval ends, where it is approved.
    pub expires_at: Option<DateTime<Utc>>,
}

/// The inbox of the one who is signed in, over all of their environments.
#[server(prefix = "/api", endpoint = "inbox_load", input = GetUrl)]
pub async fn inbox_load() -> Result<InboxView, AppError> {
    use strata_backend::approvals::{Awaited, AwaitedAct, AwaitedDecision, DecisionAbout};
    use strata_domain::change::ChangeState;
    use strata_domain::review::missing_text;

    use crate::server_context::{actor, answer, backend};

    let inbox = answer(strata_backend::approvals::inbox_load(&backend(), &actor()).await)?;
    let row = |awaited: Awaited| {
        let missing = missing_text(&awaited.missing);
        InboxRow {
            waits_for: match (awaited.change.state, awaited.act) {
                (ChangeState::Draft, _) => "its authors: it was sent back".to_owned(),
                (ChangeState::Provisioning, _) => "its run to end".to_owned(),
                (_, Some(AwaitedAct::Vote)) => format!("your vote ({missing})"),
                _ if awaited.change.apply_asked.is_some() => "its environment to open".to_owned(),
                _ if !missing.is_empty() => missing,
                _ => "somebody to apply it".to_owned(),
            },
            age: awaited.age.map(strata_domain::age::age).unwrap_or_default(),
            change: awaited.change,
            risk: awaited.risk,
            expires_at: awaited.expires_at,
        }
    };
    let decision = |decision: AwaitedDecision| {
        let (what, path) = match decision.about {
            DecisionAbout::Proposal(proposed) => (proposed.describe(), crate::paths::policy(&decision.environment)),
            DecisionAbout::BrokenGlass { change } => {
                (format!("Review of #{change}, applied without approval"), crate::paths::change(change))
            }
        };
        let AwaitedDecision { environment, by, at, reason, about: _ } = decision;
        DecisionRow { what, path, environment, by: by.name, at, reason }
    };
    Ok(InboxView {
        decisions: inbox.decisions.into_iter().map(decision).collect(),
        waits: inbox.waits.into_iter().map(row).collect(),
        asked: inbox.asked.into_iter().map(row).collect(),
    })
}
