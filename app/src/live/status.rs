//! Whether what a page shows follows the server, in words where it does not.

use leptos::prelude::*;

use super::Live;

/// Empty while the server is heard.
#[component]
pub fn LiveStatus() -> impl IntoView {
    let live = expect_context::<Live>().is_live;
    let lost = move || !live.get();
    let said = move || {
        lost().then_some(
            "Not live: the server is not heard, and what you see may be out of date. It is read again as soon as the server answers.",
        )
    };
    view! { <p class="live-status" role="status" aria-label="Live" data-lost=move || lost().then_some("true")>{said}</p> }
}
