//! Revisions and the audit log.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};
use strata_domain::audit::AuditEntry;
use strata_domain::change::Change;
use strata_domain::environment::Revision;
use strata_domain::review::Vote;
use strata_domain::run::{Run, RunStep};

#[cfg(feature = "ssr")]
use super::PAGE;
use crate::error::AppError;

/// One page of revisions, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryView {
    /// The environment's slug.
    pub environment: String,
    /// The revisions.
    pub revisions: Vec<Revision>,
    /// Give this as `before` for the next page; none at the end.
    pub next: Option<i64>,
}

/// One revision and how it came to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RevisionView {
    /// The revision.
    pub revision: Revision,
    /// The topology as a file.
    pub file: String,
    /// How it came to be; none for an import.
    pub origin: Option<Origin>,
    /// What was recorded of it, newest first.
    pub audit: Vec<AuditEntry>,
}

/// The change and the run behind a revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// The change.
    pub change: Change,
    /// Votes for the digest that ran.
    pub votes: Vec<Vote>,
    /// The run.
    pub run: Run,
    /// Its steps with their times.
    pub steps: Vec<RunStep>,
}

/// One page of the audit log, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditView {
    /// The environment's slug.
    pub environment: String,
    /// The rows.
    pub entries: Vec<AuditEntry>,
    /// Give this as `before` for the next page; none at the end.
    pub next: Option<i64>,
}

/// The revisions of an environment, newest first.
#[server(prefix = "/api", endpoint = "revision_list", input = GetUrl)]
pub async fn revision_list(environment: Option<String>, before: Option<i64>) -> Result<HistoryView, AppError> {
    use strata_backend::ctx::Listed;

    use crate::server_context::{actor, answer, backend};

    let environment = environment.as_deref();
    let listed = strata_backend::history::revision_list(&backend(), &actor(), environment, before, PAGE).await;
    let Listed { environment, rows: revisions, next, .. } = answer(listed)?;
    Ok(HistoryView { environment, revisions, next })
}

/// One revision, who asked for it, who approved it and what ran.
#[server(prefix = "/api", endpoint = "revision_load", input = GetUrl)]
pub async fn revision_load(environment: Option<String>, number: i64) -> Result<RevisionView, AppError> {
    use strata_backend::{heavy, history};
    use strata_domain::file;

    use crate::server_context::{actor, answer, backend};

    let (backend, actor) = (backend(), actor());
    let view = answer(history::revision_load(&backend, &actor, environment.as_deref(), number).await)?;
    let history::RevisionView { revision, topology, origin, audit } = view;
    let origin = origin.map(|history::Origin { change, votes, run, steps }| Origin { change, votes, run, steps });
    let parts = heavy::parts_of(&topology);
    let file = answer(heavy::run(&actor, parts, move || file::write_yaml(&topology)).await)?;
    Ok(RevisionView { revision, file, origin, audit })
}

/// The audit log of an environment, newest first.
#[server(prefix = "/api", endpoint = "audit_list", input = GetUrl)]
pub async fn audit_list(environment: Option<String>, before: Option<i64>) -> Result<AuditView, AppError> {
    use strata_backend::ctx::Listed;

    use crate::server_context::{actor, answer, backend};

    let environment = environment.as_deref();
    let listed = strata_backend::audit::audit_list(&backend(), &actor(), environment, before, PAGE, None).await;
    let Listed { environment, rows: entries, next, .. } = answer(listed)?;
    Ok(AuditView { environment, entries, next })
}
