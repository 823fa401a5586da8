//! Server functions and what they carry. Each calls one use case of the backend, which authorises.

pub mod advisor;
pub mod apply;
#[cfg(feature = "ssr")]
pub mod arguments;
pub mod catalogue;
pub mod changes;
pub mod draft_page;
pub mod drafting;
pub mod editing;
pub mod history;
pub mod import;
pub mod inbox;
pub mod notices;
pub mod policy;
pub mod proposals;
pub mod record;
pub mod review;
pub mod role_map;
pub mod runs;
pub mod schedule;
pub mod session;
mod typed;
pub mod webhooks;
pub mod what_if;

/// Rows that one page of a list shows.
pub const PAGE: i64 = 50;

/// The key to read the next page from: that of the last row where the page is full, none at the end.
#[cfg(feature = "ssr")]
fn next_page<Row>(rows: &[Row], key: impl Fn(&Row) -> i64) -> Option<i64> {
    if i64::try_from(rows.len()) == Ok(PAGE) { rows.last().map(key) } else { None }
}

/// The environment asked for, or the first that the person may view where the address names none.
#[cfg(feature = "ssr")]
async fn environment_or_first(asked: Option<String>) -> Result<String, crate::error::AppError> {
    match asked.filter(|slug| !slug.is_empty()) {
        Some(slug) => Ok(slug),
        None => environment_that_is_there(None).await,
    }
}

/// The same, where nothing else asks whether there is one of that name that the person may view.
#[cfg(feature = "ssr")]
async fn environment_that_is_there(asked: Option<String>) -> Result<String, crate::error::AppError> {
    use crate::error::AppError;
    use crate::server_context::{actor, answer, backend, fail};

    let environments = answer(strata_backend::environments::environment_list(&backend(), &actor()).await)?;
    let mut slugs = environments.into_iter().map(|environment| environment.slug);
    let (found, what) = match asked.filter(|slug| !slug.is_empty()) {
        Some(asked) => (slugs.find(|slug| *slug == asked), "environment"),
        None => (slugs.next(), "environment that you may view"),
    };
    found.ok_or_else(|| fail(AppError::NotFound { what: what.to_owned() }))
}

/// The number of the live revision of that environment; none where nothing was imported yet.
#[cfg(feature = "ssr")]
async fn live_number(environment: &str) -> Result<Option<i64>, crate::error::AppError> {
    use crate::server_context::{actor, answer, backend};

    let environments = answer(strata_backend::environments::environment_list(&backend(), &actor()).await)?;
    Ok(environments.into_iter().find(|one| one.slug == environment).and_then(|one| one.live))
}

/// The latest audit rows of one subject, newest first.
#[cfg(feature = "ssr")]
async fn recorded_of(
    environment: &str,
    kind: &str,
    id: i64,
) -> Result<Vec<strata_domain::audit::AuditEntry>, crate::error::AppError> {
    use crate::server_context::{actor, answer, backend};

    let id = id.to_string();
    let subject = Some((kind, id.as_str()));
    answer(strata_backend::audit::audit_list(&backend(), &actor(), environment, None, PAGE, subject).await)
}
