//! The ways between the pages of settings.

use leptos::prelude::*;
use leptos_router::components::A;

use crate::paths;

/// Tabs over every page of settings; the one that is open is marked by its address.
#[component]
pub fn SettingsTabs(
    /// The environment's slug.
    #[prop(into)]
    environment: String,
) -> impl IntoView {
    let tabs = [
        ("Policy", paths::policy(&environment)),
        ("Schedule", paths::schedule(&environment)),
        ("Notifications", paths::notice_choices(&environment)),
        ("Webhooks and mail", paths::webhooks(&environment)),
    ];
    let items: Vec<_> = tabs.into_iter().map(|(label, href)| view! { <li><A href=href>{label}</A></li> }).collect();
    view! { <nav aria-label="Settings"><ul class="tabs">{items}</ul></nav> }
}
