//! A change as one document.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};
use strata_domain::record::ChangeRecord;

use crate::error::AppError;

/// Steps, and edits, that the page shows; the JSON has all of them.
#[cfg(feature = "ssr")]
const SHOWN: usize = 2_000;

/// The document as a page shows it: cut where it is longer than anybody reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordView {
    /// The document, with the first steps of its plan and of each run, and its newest edits.
    pub record: ChangeRecord,
    /// All steps of its plan, counted.
    pub steps: usize,
    /// All edits, counted.
    pub edits: usize,
}

/// Everything about a change that can be shown later.
#[server(prefix = "/api", endpoint = "record_load", input = GetUrl)]
pub async fn record_load(id: i64) -> Result<RecordView, AppError> {
    use crate::server_context::{actor, answer, backend};

    let mut record = answer(strata_backend::changes::change_record(&backend(), &actor(), id).await)?;
    let (steps, edits) = (record.plan.steps.len(), record.edits.len());
    record.plan.steps.truncate(SHOWN);
    record.edits.drain(..edits.saturating_sub(SHOWN));
    for run in &mut record.runs {
        run.steps.truncate(SHOWN);
    }
    Ok(RecordView { record, steps, edits })
}
