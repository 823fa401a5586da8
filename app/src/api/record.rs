//! A change as one document.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use strata_domain::record::ChangeRecord;

use crate::error::AppError;

/// Everything about a change that can be shown later.
#[server(prefix = "/api", endpoint = "record_load", input = GetUrl)]
pub async fn record_load(id: i64) -> Result<ChangeRecord, AppError> {
    use crate::server_context::{actor, answer, backend};

    answer(strata_backend::changes::change_record(&backend(), &actor(), id).await)
}
