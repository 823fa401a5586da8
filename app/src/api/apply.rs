//! Applying a change: at once, when its environment opens, or without approval.

use leptos::prelude::*;

use crate::error::AppError;

/// Starts the run of an approved change and leads to it; while the environment is closed, the change waits.
#[server(prefix = "/api", endpoint = "change_apply")]
pub async fn change_apply(id: i64, version: i64) -> Result<(), AppError> {
    use strata_backend::runs::Applied;

    use crate::server_context::{actor, answer, backend};

    let next = match answer(strata_backend::runs::change_apply(&backend(), &actor(), id, version).await)? {
        Applied::Started { run } => crate::paths::run(run),
        Applied::Waits { .. } => crate::paths::change(id),
    };
    leptos_axum::redirect(&next);
    Ok(())
}

/// Calls an apply off that waits.
#[server(prefix = "/api", endpoint = "apply_call_off")]
pub async fn apply_call_off(id: i64, version: i64) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend};

    answer(strata_backend::runs::apply_call_off(&backend(), &actor(), id, version).await)?;
    leptos_axum::redirect(&crate::paths::change(id));
    Ok(())
}

/// Applies the plan with that digest without approval, and leads to its run.
#[server(prefix = "/api", endpoint = "change_break_glass")]
pub async fn change_break_glass(id: i64, digest: String, reason: String) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend};

    let seen = super::review::digest_typed(&digest)?;
    let run = answer(strata_backend::runs::change_break_glass(&backend(), &actor(), id, seen, &reason).await)?;
    leptos_axum::redirect(&crate::paths::run(run));
    Ok(())
}

/// Says what a lead found who looked at what was applied without approval.
#[server(prefix = "/api", endpoint = "glass_review")]
pub async fn glass_review(id: i64, conclusion: String) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend};

    answer(strata_backend::runs::glass_review(&backend(), &actor(), id, &conclusion).await)?;
    leptos_axum::redirect(&crate::paths::change(id));
    Ok(())
}
