//! The log of a draft as the editor in the browser speaks with it: batches there, others' edits back, and rebase.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use serde::{Deserialize, Serialize};
use strata_domain::change::{Change, LoggedEdit};
use strata_domain::draft::Batch;
use strata_domain::rebase::{Choice, RebaseConflict};

use crate::error::AppError;

/// The log of a draft behind a place, and where the draft stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tail {
    /// The change as it is now.
    pub change: Change,
    /// Number of the live revision.
    pub live: i64,
    /// Every edit behind that place, first come first.
    pub edits: Vec<LoggedEdit>,
    /// Why the draft cannot be edited, if it cannot.
    pub refused: Option<String>,
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Appended {
    /// It is in the log; its edits are in the tail.
    Taken(Tail),
    /// It does not fit what others did; nothing of it is in the log.
    Returned {
        /// Why, in a sentence.
        reason: String,
        /// Whether it can be done all the same.
        can_be_forced: bool,
        /// What others did.
        tail: Tail,
    },
    /// The draft was moved to another base: it has to be read again first.
    Moved,
}

/// What became of a rebase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Rebasing {
    /// The draft builds on the live revision.
    Done,
    /// These edits conflict and have to be decided on; nothing was done.
    Conflicts(Vec<RebaseConflict>),
}

/// Appends a batch, written in view of the log up to the sequence number `after`, whose `mark` tells it from another log
/// ([`strata_domain::draft::Known`]). Sent twice, it is taken once.
#[server(prefix = "/api", endpoint = "draft_append", input = Json)]
pub async fn draft_append(
    id: i64,
    after: i64,
    mark: Option<DateTime<Utc>>,
    batch: Batch,
) -> Result<Appended, AppError> {
    use strata_backend::changes;

    use crate::server_context::{actor, answer, backend};

    Ok(match answer(changes::change_append(&backend(), &actor(), id, changes::Seen { after, mark }, batch).await)? {
        changes::Appended::Taken(tail) => Appended::Taken(tail.into()),
        changes::Appended::Returned { place: _, reason, can_be_forced, tail } => {
            Appended::Returned { reason, can_be_forced, tail: tail.into() }
        }
        changes::Appended::Moved => Appended::Moved,
    })
}

/// What came into the log behind the sequence number `after`; none where the draft was moved to another base since, or
/// where `mark` is of another log.
#[server(prefix = "/api", endpoint = "draft_tail", input = GetUrl)]
pub async fn draft_tail(id: i64, after: i64, mark: Option<DateTime<Utc>>) -> Result<Option<Tail>, AppError> {
    use strata_backend::changes;

    use crate::server_context::{actor, answer, backend};

    match answer(changes::change_tail(&backend(), &actor(), id, changes::Seen { after, mark }).await)? {
        Some(tail) => Ok(Some(tail.into())),
        None => Ok(None),
    }
}

/// Moves a draft to the live revision, with what was decided on its conflicts, by sequence number.
#[server(prefix = "/api", endpoint = "draft_rebase", input = Json)]
pub async fn draft_rebase(id: i64, version: i64, choices: BTreeMap<i64, Choice>) -> Result<Rebasing, AppError> {
    use strata_backend::changes;

    use crate::server_context::{actor, answer, backend};

    Ok(match answer(changes::change_rebase(&backend(), &actor(), id, version, &choices).await)? {
        changes::Rebasing::Done => Rebasing::Done,
        changes::Rebasing::Conflicts(conflicts) => Rebasing::Conflicts(conflicts),
    })
}

#[cfg(feature = "ssr")]
impl From<strata_backend::changes::LogTail> for Tail {
    fn from(tail: strata_backend::changes::LogTail) -> Self {
        let strata_backend::changes::LogTail { change, live, edits, standing } = tail;
        Self { refused: edit_refused(&standing, change.state), change, live, edits }
    }
}

/// Why a change in that state cannot be edited, if it cannot; the backend asks the same when it is tried.
#[cfg(feature = "ssr")]
pub(super) fn edit_refused(
    standing: &strata_domain::account::Standing,
    state: strata_domain::change::ChangeState,
) -> Option<String> {
    use strata_domain::authz::{Permission, allow};
    use strata_domain::change::{ChangeEvent, step};

    let refused =
        allow(standing, Permission::EditChange).and_then(|()| step(state, &ChangeEvent::Edit).map(drop)).err();
    refused.map(|refused| refused.reason)
}
