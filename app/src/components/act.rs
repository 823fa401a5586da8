//! Buttons of forms that act, and what came of them.
//!
//! A button may outlive the signals that it was given, as one in a row does that is kept ([`super::kept_list`]) while its panel
//! is built again: what comes in then is passed over. Hence `try_get`.

use leptos::prelude::*;

use crate::error::AppError;

/// A submit button that, where the act is refused, is disabled and says why beside itself.
#[component]
pub fn Act(
    /// Imperative words: "Approve".
    #[prop(into)]
    label: String,
    /// Why it cannot be done now.
    #[prop(optional_no_strip, into)]
    refused: Option<String>,
    /// True while the answer is awaited, so that a second click does nothing.
    #[prop(optional, into)]
    pending: Signal<bool>,
    /// `primary`, `danger` or `plain`.
    #[prop(default = "plain")]
    tone: &'static str,
    /// Name and value that the button adds to its form.
    #[prop(optional)]
    choice: Option<(&'static str, &'static str)>,
) -> impl IntoView {
    let is_refused = refused.is_some();
    let description = refused.clone();
    let why = refused.map(|reason| view! { <span class="why-not">{reason}</span> });
    view! {
        <span class="act">
            <button
                type="submit"
                class="button"
                data-tone=tone
                name=choice.map(|(name, _)| name)
                value=choice.map(|(_, value)| value)
                disabled=move || is_refused || pending.try_get().unwrap_or_default()
                aria-description=description
            >
                {label}
            </button>
            {why}
        </span>
    }
}

/// What the last try of an action answered, where it was an error that belongs to no single field on the page.
#[component]
pub fn ActError(
    /// The action's answer.
    #[prop(into)]
    error: Signal<Option<AppError>>,
) -> impl IntoView {
    move || {
        error.try_get().flatten().map(|error| {
            view! {
                <p class="notice" data-tone="danger" role="alert">
                    {error.to_string()}
                </p>
            }
        })
    }
}
