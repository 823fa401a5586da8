//! The link to the next page of a list.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// Leads to the rows before `next`, keeping the filters of the address; nothing at the end of the list.
#[component]
pub fn NextLink(
    /// The key to read on from.
    next: Option<i64>,
) -> impl IntoView {
    let location = use_location();
    next.map(|next| {
        let href = move || {
            let path = location.pathname.get();
            let mut query = location.query.get();
            query.replace("before", next.to_string());
            format!("{path}{}", query.to_query_string())
        };
        view! { <p class="next"><a class="button" href=href>"Older"</a></p> }
    })
}
