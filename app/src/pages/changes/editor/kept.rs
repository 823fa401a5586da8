//! What a person has in hand in the panel stays when the panel is drawn anew, because they or others changed what it
//! shows: what is being typed, and the field that the keyboard is on.

use std::collections::BTreeMap;
use std::time::Duration;

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;

use super::focus::{focus, is_lost};
use super::session::Session;

/// Counts up in the frame after the one in which what `of` follows changes: the views and the findings show what an act
/// did at once, and forms, of which nobody waits for the next, do not hold them up.
pub fn turns(of: impl Fn() + Send + Sync + 'static) -> ReadSignal<u64> {
    let (turn, count) = signal(0);
    let asked = StoredValue::new(false);
    Effect::new(move |before: Option<()>| {
        of();
        if before.is_none() || asked.get_value() {
            return;
        }
        asked.set_value(true);
        request_animation_frame(move || {
            let next = move || {
                if asked.try_set_value(false).is_none() {
                    count.update(|count| *count += 1);
                }
            };
            set_timeout(next, Duration::ZERO);
        });
    });
    turn
}

/// Draws its content with new elements at each turn. Altered in place, a field would keep what somebody typed about one
/// node and show it as another's.
pub fn anew(turn: ReadSignal<u64>, content: impl Fn() -> AnyView + Clone + Send + Sync + 'static) -> impl IntoView {
    view! { <For each=move || [turn.get()] key=|turn| *turn children=move |_| untrack(&content) /> }
}

/// What is in each field that somebody typed into: by what its form is called, and by the field's name.
pub type Typing = BTreeMap<Field, String>;
type Field = (String, String);

/// Puts the keyboard back to where it was in the panel after each of `redrawn`: on the same field, or else on the node.
pub fn keep_place(redrawn: Signal<()>) {
    let place = StoredValue::new(None::<String>);
    let note = move |event: web_sys::Event| {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        place.set_value(target.filter(is_of_panel).map(|element| element.id()));
    };
    for event in ["focusin", "pointerdown"] {
        let handle = window_event_listener_untyped(event, note);
        on_cleanup(move || handle.remove());
    }
    // Whoever leaves a field by Escape does not want to be back in it.
    let handle = window_event_listener(leptos::ev::keydown, move |event| {
        if event.key() == "Escape" {
            place.set_value(None);
        }
    });
    on_cleanup(move || handle.remove());
    Effect::new(move |before: Option<()>| {
        redrawn.get();
        let Some(id) = place.get_value().filter(|_| before.is_some()) else { return };
        request_animation_frame(move || {
            let is_wanted = place.try_get_value().flatten().is_some();
            if is_wanted && is_lost() {
                let is_there = !id.is_empty() && document().get_element_by_id(&id).is_some();
                focus(if is_there { &id } else { "node" });
            }
        });
    });
}

/// Notes what is typed into the forms of the panel, and puts it back after each of `redrawn`. Fields that nobody typed
/// into show what others set. What is typed about one node is forgotten with it.
pub fn keep_typing(session: Session, redrawn: Signal<()>) {
    let typed = session.typing;
    let note = move |event: web_sys::Event| {
        let Some((form, name, value)) = field_of(&event) else { return };
        typed.update_value(|typed| _ = typed.insert((form, name), value));
    };
    for event in ["input", "change"] {
        let handle = window_event_listener_untyped(event, note);
        on_cleanup(move || handle.remove());
    }
    Effect::new(move |before: Option<Option<String>>| {
        redrawn.get();
        let about = session.current.get_untracked();
        if before.is_some_and(|before| before != about) {
            typed.update_value(BTreeMap::clear);
        } else if typed.with_value(|typed| !typed.is_empty()) {
            request_animation_frame(move || {
                if let Some(typed) = typed.try_get_value() {
                    put_back(&typed);
                }
            });
        }
        about
    });
}

fn is_of_panel(element: &web_sys::Element) -> bool {
    element.closest(".workbench-side").ok().flatten().is_some()
}

/// The field that an event is about, where it is one of the panel, and what is in it.
fn field_of(event: &web_sys::Event) -> Option<(String, String, String)> {
    let target = event.target()?;
    let element = target.dyn_ref::<web_sys::Element>()?;
    let form = element.closest("form[aria-label]").ok()??;
    if !is_of_panel(&form) {
        return None;
    }
    let value = match element.dyn_ref::<web_sys::HtmlInputElement>() {
        Some(input) if input.type_() == "checkbox" => input.checked().to_string(),
        Some(input) => input.value(),
        None => element.dyn_ref::<web_sys::HtmlSelectElement>()?.value(),
    };
    Some((form.get_attribute("aria-label")?, element.get_attribute("name")?, value))
}

fn put_back(typed: &Typing) {
    let Ok(forms) = document().query_selector_all(".workbench-side form[aria-label]") else { return };
    let forms = (0..forms.length()).filter_map(|place| forms.item(place)?.dyn_into::<web_sys::Element>().ok());
    for form in forms {
        let called = form.get_attribute("aria-label").unwrap_or_default();
        for ((_, name), value) in typed.iter().filter(|((form, _), _)| *form == called) {
            let selector = format!("[name=\"{}\"]", name.replace(['"', '\\'], ""));
            let Some(field) = form.query_selector(&selector).ok().flatten() else { continue };
            if let Some(input) = field.dyn_ref::<web_sys::HtmlInputElement>() {
                match input.type_().as_str() {
                    "checkbox" => input.set_checked(value == "true"),
                    _ => input.set_value(value),
                }
            } else if let Some(select) = field.dyn_ref::<web_sys::HtmlSelectElement>() {
                select.set_value(value);
            }
        }
    }
}
