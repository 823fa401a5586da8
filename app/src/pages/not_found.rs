//! The page for an address that leads nowhere.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::pages::layout::Mark;

/// Says so, with status 404.
#[component]
pub fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    crate::server_context::fail(crate::error::AppError::NotFound { what: "page".to_owned() });
    view! {
        <Title text="Not found" />
        <header class="site-header"><a class="brand" href="/"><Mark /> "Strata"</a></header>
        <main id="main" class="narrow">
            <h1>"There is no such page"</h1>
            <p>"The address may be mistyped, or what it led to was never here. Nothing in Strata is deleted: changes, runs and revisions keep their numbers."</p>
            <p><a class="button" href="/">"Go to the role map"</a></p>
        </main>
    }
}
