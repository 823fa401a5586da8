//! The catalogue of an environment: its roles, and how much each rule matters.

mod form;

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};
use strata_domain::catalogue::Own;

pub use form::{RoleForm, SettingForm};

use crate::error::AppError;

/// Everything that the page `/catalogue` shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CatalogueView {
    /// The environment's slug.
    pub environment: String,
    /// What it adds to the built-in catalogue.
    pub own: Own,
    /// Versions after the first, newest first.
    pub versions: Vec<VersionRow>,
    /// Why it cannot be changed, if it cannot.
    pub edit_refused: Option<String>,
    /// Why nothing can be proposed, if nothing can.
    pub propose_refused: Option<String>,
}

/// One version of a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRow {
    /// Its number.
    pub version: u32,
    /// What it changed, in a sentence.
    pub what: String,
    /// Who made it.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// The catalogue of an environment as it is now.
#[server(prefix = "/api", endpoint = "catalogue_load", input = GetUrl)]
pub async fn catalogue_load(environment: Option<String>) -> Result<CatalogueView, AppError> {
    use strata_domain::authz::{Permission, allow};

    use crate::server_context::{actor, answer, backend};

    let environment = environment.as_deref();
    let view = answer(strata_backend::catalogues::catalogue_load(&backend(), &actor(), environment).await)?;
    let versions = view
        .versions
        .into_iter()
        .map(|row| VersionRow { version: row.version, what: row.what, by: row.made_by.name, at: row.made_at })
        .collect();
    Ok(CatalogueView {
        environment: view.environment,
        own: view.own,
        versions,
        edit_refused: allow(&view.standing, Permission::EditCatalogue).err().map(|refused| refused.reason),
        propose_refused: allow(&view.standing, Permission::ProposePolicy).err().map(|refused| refused.reason),
    })
}

/// Adds a role, or changes the own one of its id; `version` is the catalogue's that the person saw. One that asks for less
/// than it did is proposed for `reason`.
#[server(prefix = "/api", endpoint = "role_save")]
pub async fn role_save(
    environment: String,
    version: u32,
    form: RoleForm,
    reason: Option<String>,
) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend, fail};

    let role = form.into_role().map_err(fail)?;
    let (backend, actor, reason) = (backend(), actor(), reason.unwrap_or_default());
    let saved =
        answer(strata_backend::catalogues::role_save(&backend, &actor, &environment, version, role, &reason).await)?;
    leptos_axum::redirect(&page_after(saved.proposed(), &environment));
    Ok(())
}

/// Proposes that an own role goes.
#[server(prefix = "/api", endpoint = "role_remove")]
pub async fn role_remove(
    environment: String,
    version: u32,
    role: String,
    reason: Option<String>,
) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend};

    let (backend, actor, reason) = (backend(), actor(), reason.unwrap_or_default());
    let removed =
        answer(strata_backend::catalogues::role_remove(&backend, &actor, &environment, version, &role, &reason).await)?;
    leptos_axum::redirect(&page_after(removed.proposed(), &environment));
    Ok(())
}

/// Where what was done is seen: with other proposals, or in the catalogue.
#[cfg(feature = "ssr")]
fn page_after(proposed: Option<i64>, environment: &str) -> String {
    match proposed {
        Some(_) => crate::paths::policy(environment),
        None => crate::paths::catalogue(environment),
    }
}

/// Has a rule matter more; the level `default` takes back what was said. That it matters less is proposed.
#[server(prefix = "/api", endpoint = "rule_level_set")]
pub async fn rule_level_set(environment: String, rule: String, level: String, reason: String) -> Result<(), AppError> {
    use strata_domain::catalogue::Level;

    use super::typed::invalid;
    use crate::server_context::{actor, answer, backend, fail};

    let rule = rule_typed(&rule).map_err(fail)?;
    let level: Option<Level> = match level.as_str() {
        "default" => None,
        word => Some(word.parse().map_err(|error| fail(invalid("level", format!("{error}."))))?),
    };
    answer(strata_backend::catalogues::rule_level_set(&backend(), &actor(), &environment, rule, level, &reason).await)
}

/// The rule of that id.
#[cfg(feature = "ssr")]
pub(super) fn rule_typed(rule: &str) -> Result<strata_domain::findings::RuleId, AppError> {
    rule.parse()
        .map_err(|error: strata_domain::findings::UnknownRule| super::typed::invalid("rule", format!("{error}.")))
}
