//! One module for each page.

pub mod advisor;
pub mod approvals;
pub mod audit;
pub mod catalogue;
pub mod changes;
pub mod history;
pub mod import;
pub mod layout;
pub mod not_found;
pub mod notices;
pub mod policy;
pub mod role_map;
pub mod runs;
pub mod schedule;
pub mod sign_in;
pub mod webhooks;
pub mod what_if;

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

/// The value of a parameter in the query, where it is there and not empty.
fn query(name: &'static str) -> Memo<Option<String>> {
    let query = use_query_map();
    Memo::new(move |_| query.read().get(name).filter(|value| !value.is_empty()))
}

/// The row to read a list on from.
fn before() -> Memo<Option<i64>> {
    let before = query("before");
    Memo::new(move |_| before.get().and_then(|before| before.parse().ok()))
}

/// The number in the path; 0, which nothing has, where it is none.
fn number(name: &'static str) -> Memo<i64> {
    let params = use_params_map();
    Memo::new(move |_| params.read().get(name).and_then(|number| number.parse().ok()).unwrap_or_default())
}
