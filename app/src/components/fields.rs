//! Fields of forms, each with its label. Errors are read with `try_get` for the reason that buttons have.

use leptos::prelude::*;

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
                aria-invalid=move || error.try_get().flatten().is_some().then_some("true")
                aria-describedby=move || error.try_get().flatten().is_some().then(|| described_by.clone())
            />
            {move || error.try_get().flatten().map(|message| view! { <span class="field-error" id=error_id.clone() role="alert">{message}</span> })}
        </p>
    }
}

/// A box to tick; ticked, it sends `on`.
#[component]
pub fn CheckField(
    /// Unique on the page.
    #[prop(into)]
    id: String,
    /// The field's name in the form.
    #[prop(into)]
    name: String,
    /// What people call it.
    #[prop(into)]
    label: String,
    /// Whether it is ticked at first.
    checked: bool,
) -> impl IntoView {
    view! {
        <p class="field check">
            <input id=id.clone() type="checkbox" name=name value="on" checked=checked />
            <label for=id>{label}</label>
        </p>
    }
}

/// One of several words, each with what people call it.
#[component]
pub fn SelectField(
    /// Unique on the page.
    #[prop(into)]
    id: String,
    /// The field's name in the form.
    #[prop(into)]
    name: String,
    /// What people call it.
    #[prop(into)]
    label: String,
    /// What no word is called; without it, one of the words is always chosen.
    #[prop(optional)]
    none: Option<&'static str>,
    /// The words and what people call them.
    options: Vec<(String, String)>,
    /// The word that is chosen at first.
    #[prop(into)]
    value: String,
) -> impl IntoView {
    let none = none.map(|called| view! { <option value="">{called}</option> });
    let options: Vec<_> = options
        .into_iter()
        .map(|(word, called)| {
            let selected = word == value;
            view! { <option value=word selected=selected>{called}</option> }
        })
        .collect();
    view! {
        <p class="field">
            <label for=id.clone()>{label}</label>
            <select id=id name=name>{none} {options}</select>
        </p>
    }
}

/// Words that people call by themselves.
pub fn plain_words(words: impl IntoIterator<Item = impl Into<String>>) -> Vec<(String, String)> {
    words.into_iter().map(Into::into).map(|word: String| (word.clone(), word)).collect()
}
