//! Runs: the list, one run live, and confirming its manual steps.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};
use strata_domain::audit::AuditEntry;
use strata_domain::run::{LogLine, Run, RunStep};

#[cfg(feature = "ssr")]
use super::PAGE;
use crate::error::AppError;

/// One page of runs, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunListView {
    /// The environment's slug.
    pub environment: String,
    /// The runs.
    pub runs: Vec<Run>,
    /// Give this as `before` for the next page; none at the end.
    pub next: Option<i64>,
}

/// One run with its steps and its log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunView {
    /// The run.
    pub run: Run,
    /// So many of its steps, in plan order.
    pub steps: Vec<RunStep>,
    /// Give this as `steps_after` for those before them; none where they are the first.
    pub steps_before: Option<i64>,
    /// Give this as `steps_after` to read on; none where they are the last.
    pub steps_after: Option<i64>,
    /// Of the others, those that failed or wait for a person.
    pub particular: Vec<RunStep>,
    /// How many more of those there are.
    pub particular_more: i64,
    /// Its log from the start, or from `log_after`.
    pub log: Vec<LogLine>,
    /// Give this as `log_after` to read on; none at the end.
    pub log_next: Option<i64>,
    /// Why a manual step cannot be confirmed by the one who looks, if it cannot.
    pub confirm_refused: Option<String>,
    /// What was recorded of it, newest first.
    pub audit: Vec<AuditEntry>,
}

/// The runs of an environment, newest first.
#[server(prefix = "/api", endpoint = "run_list", input = GetUrl)]
pub async fn run_list(environment: Option<String>, before: Option<i64>) -> Result<RunListView, AppError> {
    use strata_backend::ctx::Listed;

    use crate::server_context::{actor, answer, backend};

    let listed = strata_backend::runs::run_list(&backend(), &actor(), environment.as_deref(), before, PAGE).await;
    let Listed { environment, rows: runs, next, .. } = answer(listed)?;
    Ok(RunListView { environment, runs, next })
}

/// One run, with its log after that line, and its steps behind that place; by default where it is under way.
#[server(prefix = "/api", endpoint = "run_load", input = GetUrl)]
pub async fn run_load(id: i64, log_after: Option<i64>, steps_after: Option<i64>) -> Result<RunView, AppError> {
    use strata_domain::authz::{Permission, allow};

    use crate::server_context::{actor, answer, backend};

    let view = strata_backend::runs::run_load(&backend(), &actor(), id, log_after.unwrap_or(0), steps_after).await;
    let view = answer(view)?;
    let confirm_refused = allow(&view.standing, Permission::ConfirmStep).err().map(|refused| refused.reason);
    Ok(RunView {
        run: view.run,
        steps: view.steps,
        steps_before: view.steps_before,
        steps_after: view.steps_after,
        particular: view.particular,
        particular_more: view.particular_more,
        log: view.log,
        log_next: view.log_next,
        confirm_refused,
        audit: view.audit,
    })
}

/// Says that the checklist of a manual step is done.
#[server(prefix = "/api", endpoint = "run_confirm_step")]
pub async fn run_confirm_step(id: i64, step: String) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend};

    answer(strata_backend::runs::run_confirm_step(&backend(), &actor(), id, &step).await)?;
    leptos_axum::redirect(&crate::paths::run(id));
    Ok(())
}
