//! Leaving while the server does not answer: what waits would be lost with the tab, so whoever leaves is asked first.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::closure::Closure;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use strata_domain::draft::Draft;

use super::session::{Saving, Session};

/// Holds a click on a link to another page back while acts wait that cannot be sent for now.
///
/// It listens on the document, since the router listens on the window, which hears of a click after it.
pub fn ask_before_leaving(session: Session) {
    let held = move |event: web_sys::Event| {
        let waits = session.with_now(Draft::unsent) > 0
            && matches!(session.saving.get_untracked(), Saving::Offline | Saving::Stopped(_));
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let link = target.and_then(|element| element.closest("a[href]").ok().flatten());
        // A link that somebody watches themselves has decided already.
        if waits
            && !event.default_prevented()
            && let Some(link) = link
        {
            event.prevent_default();
            session.leaving.set(link.get_attribute("href"));
        }
    };
    let held = Closure::<dyn FnMut(web_sys::Event)>::new(held).into_js_value();
    let listener = StoredValue::new_local(held);
    listener.with_value(|held| _ = document().add_event_listener_with_callback("click", held.unchecked_ref()));
    on_cleanup(move || {
        if let Some(held) = listener.try_get_value() {
            let _ = document().remove_event_listener_with_callback("click", held.unchecked_ref());
        }
    });
}

/// The question.
#[component]
pub fn LeaveDialog(
    /// The draft.
    session: Session,
) -> impl IntoView {
    let dialog = NodeRef::<leptos::html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get()
            && session.leaving.get().is_some()
            && !dialog.open()
        {
            let _ = dialog.show_modal();
        }
    });
    let close = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let navigate = use_navigate();
    let leave = move |_| {
        if let Some(href) = session.leaving.get_untracked() {
            close();
            navigate(&href, NavigateOptions::default());
        }
    };
    let told = move || match session.with(Draft::unsent) {
        0 => "Everything is saved by now.".to_owned(),
        1 => "1 act is not saved yet.".to_owned(),
        many => format!("{many} acts are not saved yet."),
    };
    view! {
        <dialog class="help" node_ref=dialog aria-labelledby="leaving-heading" on:close=move |_| session.leaving.set(None)>
            <h2 id="leaving-heading">"Leave the editor?"</h2>
            <p>{told} " What waits is sent for as long as this tab stays open; what is not taken is shown when the draft is opened again in it."</p>
            <p class="row-acts">
                <button type="button" class="button" data-tone="primary" on:click=move |_| close()>"Stay"</button>
                <button type="button" class="button" on:click=leave>"Leave"</button>
            </p>
        </dialog>
    }
}
