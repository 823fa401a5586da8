//! When changes of an environment may be applied: maintenance windows, freezes, and how long approvals hold.

mod form;

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};
use strata_domain::schedule::{Entry, Occurrence, Verdict};

pub use form::EntryForm;

use crate::error::AppError;

/// Everything that the page `/settings/schedule` shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SchedulePageView {
    /// The environment's slug.
    pub environment: String,
    /// Freezes, then windows, each by name.
    pub entries: Vec<EntryView>,
    /// Whether a change may be applied now, and when if not.
    pub verdict: Verdict,
    /// Hours that approvals hold.
    pub lifetime_hours: u32,
    /// Why nothing can be changed, if nothing can.
    pub edit_refused: Option<String>,
}

/// A window or a freeze, and when it is on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EntryView {
    /// The entry.
    pub entry: Entry,
    /// Of the entry as it is here.
    pub version: i64,
    /// Who wrote it last.
    pub touched_by: String,
    /// When.
    pub touched_at: DateTime<Utc>,
    /// What is on of it, and what comes next.
    pub next: Vec<Occurrence>,
    /// Whether it is on now.
    pub is_on: bool,
    /// Whether it is a freeze that is on, or soon is: to remove it needs a reason.
    pub asks_why: bool,
    /// Why it cannot be ended early, where it is a freeze that is on.
    pub end_refused: Option<String>,
    /// Why it cannot be removed, if it cannot; a window is proposed to be.
    pub remove_refused: Option<String>,
}

/// Everything that the form of an entry shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EntryFormView {
    /// The environment's slug.
    pub environment: String,
    /// What is in the form at first.
    pub form: EntryForm,
    /// Names of time zones.
    pub zones: Vec<String>,
    /// Whether it is a freeze that is on, or soon is: to let it end sooner needs a reason.
    pub asks_why: bool,
    /// Why nothing can be changed, if nothing can.
    pub edit_refused: Option<String>,
}

/// The windows and freezes of an environment.
#[server(prefix = "/api", endpoint = "schedule_load", input = GetUrl)]
pub async fn schedule_load(environment: Option<String>) -> Result<SchedulePageView, AppError> {
    use strata_domain::authz::{Permission, allow};
    use strata_domain::schedule::{Kind, ends_sooner, may_end_early, may_end_sooner};

    use crate::server_context::{actor, answer, backend};

    let environment = environment.as_deref();
    let view = answer(strata_backend::schedule::schedule_load(&backend(), &actor(), environment).await)?;
    let refused = |permission| allow(&view.standing, permission).err().map(|refused| refused.reason);
    let sooner = may_end_sooner(&view.shaped);
    let shown = |shown: strata_backend::schedule::ShownEntry| {
        let asks_why = ends_sooner(&shown.entry, None, view.now, view.lifetime);
        EntryView {
            is_on: shown.is_on,
            asks_why,
            end_refused: may_end_early(&shown.entry, &view.standing, view.now)
                .and(sooner.clone())
                .err()
                .map(|refused| refused.reason),
            remove_refused: match shown.entry.kind {
                Kind::Window => refused(Permission::ProposePolicy),
                Kind::Freeze if asks_why => {
                    refused(Permission::EditSchedule).or(sooner.clone().err().map(|refused| refused.reason))
                }
                Kind::Freeze => refused(Permission::EditSchedule),
            },
            entry: shown.entry,
            version: shown.version,
            touched_by: shown.touched_by.name,
            touched_at: shown.touched_at,
            next: shown.next,
        }
    };
    Ok(SchedulePageView {
        entries: view.entries.into_iter().map(shown).collect(),
        verdict: view.verdict,
        lifetime_hours: view.lifetime.as_hours(),
        edit_refused: refused(Permission::EditSchedule),
        environment: view.environment,
    })
}

/// The form for a new entry, or for the one of that id.
#[server(prefix = "/api", endpoint = "schedule_entry_load", input = GetUrl)]
pub async fn schedule_entry_load(environment: Option<String>, entry: Option<i64>) -> Result<EntryFormView, AppError> {
    use strata_domain::authz::{Permission, allow};
    use strata_domain::schedule::{ends_sooner, zones};

    use crate::server_context::{actor, answer, backend, fail};

    let environment = environment.as_deref();
    let view = answer(strata_backend::schedule::schedule_load(&backend(), &actor(), environment).await)?;
    let mut asks_why = false;
    let form = match entry {
        None => EntryForm::fresh(view.now),
        Some(id) => {
            let known = view
                .entries
                .iter()
                .find(|shown| shown.entry.id == id)
                .ok_or_else(|| fail(AppError::NotFound { what: "window or freeze".to_owned() }))?;
            asks_why = ends_sooner(&known.entry, None, view.now, view.lifetime);
            EntryForm::of(&known.entry, known.version, view.now)
        }
    };
    Ok(EntryFormView {
        form,
        asks_why,
        zones: zones().map(str::to_owned).collect(),
        edit_refused: allow(&view.standing, Permission::EditSchedule).err().map(|refused| refused.reason),
        environment: view.environment,
    })
}

/// Adds a window or a freeze, or changes the one that the form is of; a window that opens more is proposed.
#[server(prefix = "/api", endpoint = "schedule_entry_save")]
pub async fn schedule_entry_save(environment: String, #[server(default)] form: EntryForm) -> Result<(), AppError> {
    use strata_backend::schedule::{entry_add, entry_change};

    use crate::server_context::{actor, answer, backend, fail};

    let (backend, actor) = (backend(), actor());
    let (known, why) = (form.known().map_err(fail)?, form.why.clone());
    let new = form.into_entry().map_err(fail)?;
    let proposed = match known {
        Some((id, version)) => {
            answer(entry_change(&backend, &actor, &environment, id, version, new, Some(&why)).await)?.proposed()
        }
        None => answer(entry_add(&backend, &actor, &environment, new).await)?.proposed(),
    };
    let next = if proposed.is_some() { crate::paths::policy } else { crate::paths::schedule };
    leptos_axum::redirect(&next(&environment));
    Ok(())
}

/// Removes a freeze; `why` is there where it is on, or soon is.
#[server(prefix = "/api", endpoint = "schedule_entry_remove")]
pub async fn schedule_entry_remove(
    environment: String,
    id: i64,
    version: i64,
    why: Option<String>,
) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend};

    let (backend, actor, why) = (backend(), actor(), why.as_deref());
    answer(strata_backend::schedule::entry_remove(&backend, &actor, &environment, id, version, why).await)?;
    leptos_axum::redirect(&crate::paths::schedule(&environment));
    Ok(())
}

/// Ends what is on of a freeze.
#[server(prefix = "/api", endpoint = "freeze_end")]
pub async fn freeze_end(environment: String, id: i64, reason: String) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend};

    answer(strata_backend::schedule::freeze_end(&backend(), &actor(), &environment, id, &reason).await)?;
    leptos_axum::redirect(&crate::paths::schedule(&environment));
    Ok(())
}

/// Says how long approvals hold.
#[server(prefix = "/api", endpoint = "approval_lifetime_set")]
pub async fn approval_lifetime_set(environment: String, hours: String) -> Result<(), AppError> {
    use crate::api::typed::{invalid, typed};
    use crate::server_context::{actor, answer, backend, fail};

    let hours = typed::<u32>(&hours, "hours", "a whole number of hours").map_err(fail)?;
    let hours = hours.ok_or_else(|| fail(invalid("hours", "Say how many hours.".to_owned())))?;
    answer(strata_backend::schedule::approval_lifetime_set(&backend(), &actor(), &environment, hours).await)?;
    leptos_axum::redirect(&crate::paths::schedule(&environment));
    Ok(())
}
