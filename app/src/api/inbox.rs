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
}

/// A change that is under review or approved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InboxRow {
    /// The change.
    pub change: Change,
    /// How dangerous its plan is.
    pub risk: Risk,
    /// What it waits for, in words.
    pub waits_for: String,
    /// When its approval ends, where it is approved.
    pub expires_at: Option<DateTime<Utc>>,
}

/// The inbox of the one who is signed in, over all of their environments.
#[server(prefix = "/api", endpoint = "inbox_load", input = GetUrl)]
pub async fn inbox_load() -> Result<InboxView, AppError> {
    use strata_backend::approvals::{Awaited, AwaitedAct};
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
                _ if !missing.is_empty() => missing,
                _ => "somebody to apply it".to_owned(),
            },
            change: awaited.change,
            risk: awaited.risk,
            expires_at: awaited.expires_at,
        }
    };
    Ok(InboxView {
        waits: inbox.waits.into_iter().map(row).collect(),
        asked: inbox.asked.into_iter().map(row).collect(),
    })
}
