//! Fields of forms, each with its label. Errors are read with `try_get` for the reason that buttons have.

use leptos::prelude::*;

use super::kept;

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
    let message = move || error.try_get().flatten();
    // The field itself is kept, so what changes of it is set from here.
    #[cfg(feature = "hydrate")]
    Effect::new({
        let (id, value, error_id) = (id.clone(), value.clone(), error_id.clone());
        move |_| {
            let Some(field) = document().get_element_by_id(&id) else { return };
            let is_wrong = message().is_some();
            for (name, value) in [
                ("value", Some(value.as_str())),
                ("aria-invalid", is_wrong.then_some("true")),
                ("aria-describedby", is_wrong.then_some(error_id.as_str())),
            ] {
                let _ = match value {
                    Some(value) if field.get_attribute(name).as_deref() != Some(value) => {
                        field.set_attribute(name, value)
                    }
                    Some(_) => Ok(()),
                    None => field.remove_attribute(name),
                };
            }
        }
    });
    let field = kept((id.clone(), name.clone(), kind, required, autocomplete), {
        let (id, error_id) = (id.clone(), error_id.clone());
        let is_wrong = error.try_get_untracked().flatten().is_some();
        move || {
            view! {
                <input
                    id=id.clone()
                    name=name.clone()
                    type=kind
                    value=value.clone()
                    required=required
                    autocomplete=autocomplete
                    aria-invalid=is_wrong.then_some("true")
                    aria-describedby=is_wrong.then(|| error_id.clone())
                />
            }
        }
    });
    view! {
        <p class="field">
            {label_of(id, label, hint)}
            {field}
            {move || message().map(|message| view! { <span class="field-error" id=error_id.clone() role="alert">{message}</span> })}
        </p>
    }
}

/// A field of several lines.
#[component]
pub fn TextArea(
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
    /// How many lines are seen.
    rows: u32,
) -> impl IntoView {
    let area = kept((id.clone(), name.clone(), value.clone()), {
        let id = id.clone();
        move || view! { <textarea id=id.clone() name=name.clone() rows=rows inner_html=inside_of_textarea(&value)></textarea> }
    });
    view! {
        <p class="field">
            {label_of(id, label, hint)}
            {area}
        </p>
    }
}

/// What people call a field, with what to type beside it.
fn label_of(id: String, label: String, hint: String) -> impl IntoView {
    let hint = (!hint.is_empty()).then(|| view! { <span class="hint">{hint}</span> });
    view! { <label for=id>{label} " " {hint}</label> }
}

/// A text as it stands between the tags: Leptos writes the children of this element as they are. A first line break would
/// be the browser's.
fn inside_of_textarea(text: &str) -> String {
    format!("\n{}", html_escape::encode_text(text))
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
    let list = kept((id.clone(), name.clone(), none, options.clone(), value.clone()), {
        let id = id.clone();
        move || {
            let none = none.map(|called| view! { <option value="">{called}</option> });
            let options = options.clone().into_iter().map(|(word, called)| {
                let selected = word == value;
                view! { <option value=word selected=selected>{called}</option> }
            });
            let options: Vec<_> = options.collect();
            view! { <select id=id.clone() name=name.clone()>{none} {options}</select> }
        }
    });
    view! {
        <p class="field">
            <label for=id>{label}</label>
            {list}
        </p>
    }
}

/// Words that people call by themselves.
pub fn plain_words(words: impl IntoIterator<Item = impl Into<String>>) -> Vec<(String, String)> {
    words.into_iter().map(Into::into).map(|word: String| (word.clone(), word)).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::inside_of_textarea;

    #[test]
    fn a_text_ends_no_element() {
        assert_eq!(inside_of_textarea("\n</textarea><b>&"), "\n\n&lt;/textarea&gt;&lt;b&gt;&amp;");
    }

    /// Leptos escapes nothing inside of these, so nothing may be put there but by the one function above.
    #[test]
    fn elements_that_are_written_as_they_are_have_no_children() {
        fn look(folder: &Path, found: &mut Vec<String>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    look(&path, found);
                    continue;
                }
                let code = fs::read_to_string(&path).unwrap();
                for element in ["textarea", "script", "style", "noscript"] {
                    let end = format!("</{element}>");
                    let start = format!("<{element}");
                    let inside = code.split(&start).skip(1).filter_map(|after| after.split_once(&end));
                    for (start, _) in inside.filter(|(start, _)| !start.trim_end().ends_with('>')) {
                        found.push(format!("{}: <{element}{start}", path.display()));
                    }
                }
            }
        }
        let mut found = Vec::new();
        look(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        assert!(found.is_empty(), "{found:#?}");
    }
}
