//! Changes: the list, and the acts of those who write and apply them.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};
use strata_domain::change::{Change, ChangeState};
use strata_domain::plan::Risk;

#[cfg(feature = "ssr")]
use super::PAGE;
use crate::error::AppError;

/// One page of changes, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeListView {
    /// The environment's slug.
    pub environment: String,
    /// The changes.
    pub changes: Vec<ChangeRow>,
    /// Give this as `before` for the next page; none at the end.
    pub next: Option<i64>,
    /// Why no change can be started, if it cannot.
    pub start_refused: Option<String>,
}

/// A change in the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeRow {
    /// The change.
    pub change: Change,
    /// How dangerous its plan is; none for a draft.
    pub risk: Option<Risk>,
}

/// The changes of an environment, newest first.
#[server(prefix = "/api", endpoint = "change_list", input = GetUrl)]
pub async fn change_list(
    environment: Option<String>,
    state: Option<ChangeState>,
    before: Option<i64>,
) -> Result<ChangeListView, AppError> {
    use strata_backend::ctx::Listed;
    use strata_domain::authz::{Permission, allow};

    use crate::server_context::{actor, answer, backend};

    let environment = environment.as_deref();
    let listed = strata_backend::changes::change_list(&backend(), &actor(), environment, state, before, PAGE).await;
    let Listed { environment, standing, rows, next } = answer(listed)?;
    let changes = rows.into_iter().map(|row| ChangeRow { change: row.change, risk: row.risk }).collect();
    let start_refused = allow(&standing, Permission::StartChange).err().map(|refused| refused.reason);
    Ok(ChangeListView { environment, changes, next, start_refused })
}

/// Starts a draft over the live revision and leads to its editor.
#[server(prefix = "/api", endpoint = "change_start")]
pub async fn change_start(environment: String, title: String) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend};

    let id = answer(strata_backend::changes::change_start(&backend(), &actor(), &environment, &title).await)?;
    leptos_axum::redirect(&crate::paths::change_edit(id));
    Ok(())
}

/// Sends a draft to review.
#[server(prefix = "/api", endpoint = "change_submit")]
pub async fn change_submit(id: i64, version: i64) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend};

    answer(strata_backend::changes::change_submit(&backend(), &actor(), id, version).await)?;
    leptos_axum::redirect(&crate::paths::change(id));
    Ok(())
}

/// Gives a change up.
#[server(prefix = "/api", endpoint = "change_withdraw")]
pub async fn change_withdraw(id: i64, version: i64, reason: Option<String>) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend};

    answer(strata_backend::changes::change_withdraw(&backend(), &actor(), id, version, reason).await)?;
    leptos_axum::redirect(&crate::paths::change(id));
    Ok(())
}

/// Moves a change to the live revision.
#[server(prefix = "/api", endpoint = "change_rebase")]
pub async fn change_rebase(id: i64, version: i64) -> Result<(), AppError> {
    use std::collections::BTreeMap;

    use strata_backend::changes::{self, Rebasing};

    use crate::server_context::{actor, answer, backend, fail};

    match answer(changes::change_rebase(&backend(), &actor(), id, version, &BTreeMap::new()).await)? {
        Rebasing::Done => {
            leptos_axum::redirect(&crate::paths::change(id));
            Ok(())
        }
        Rebasing::Conflicts(conflicts) => {
            let reasons: Vec<String> = conflicts.iter().map(changes::conflict_text).collect();
            Err(fail(AppError::Invalid { field: "edit".to_owned(), message: reasons.join(" ") }))
        }
    }
}

/// Copies a change that came to nothing into a new draft, and leads to it.
#[server(prefix = "/api", endpoint = "change_copy")]
pub async fn change_copy(id: i64) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend};

    let copy = answer(strata_backend::changes::change_copy(&backend(), &actor(), id).await)?;
    leptos_axum::redirect(&crate::paths::change(copy));
    Ok(())
}
