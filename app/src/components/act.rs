//! Buttons and fields of forms that act.

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
                disabled=move || is_refused || pending.get()
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
        error.get().map(|error| {
            view! {
                <p class="notice" data-tone="danger" role="alert">
                    {error.to_string()}
                </p>
            }
        })
    }
}

/// A labelled text field that shows its error under itself.
#[component]
pub fn TextField(
    /// Unique on the page.
    #[prop(into)]
    id: String,
    /// The field's name in the form.
    #[prop(into)]
    name: String,
    /// What people call it.
    #[prop(into)]
    label: String,
    /// What is in it at first.
    #[prop(optional, into)]
    value: String,
    /// What to type, beside the label.
    #[prop(optional, into)]
    hint: String,
    /// `text`, `email`, `password`, `number`.
    #[prop(default = "text")]
    kind: &'static str,
    /// Whether it must be filled.
    #[prop(optional)]
    required: bool,
    /// For the browser's memory.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// Why it cannot be taken.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let error_id = format!("{id}-error");
    let described_by = error_id.clone();
    let hint = (!hint.is_empty()).then(|| view! { <span class="hint">{hint}</span> });
    view! {
        <p class="field">
            <label for=id.clone()>{label} " " {hint}</label>
            <input
                id=id
                name=name
                type=kind
                value=value
                required=required
                autocomplete=autocomplete
                aria-invalid=move || error.get().is_some().then_some("true")
                aria-describedby=move || error.get().is_some().then(|| described_by.clone())
            />
            {move || error.get().map(|message| view! { <span class="field-error" id=error_id.clone() role="alert">{message}</span> })}
        </p>
    }
}
