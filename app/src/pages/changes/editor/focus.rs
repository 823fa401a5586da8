//! Where the keyboard is put: each waits for the next frame, in which what it looks for is drawn.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;

/// The card or the row of that node.
pub fn element_of(hostname: &str) -> Option<web_sys::HtmlElement> {
    let quoted = hostname.replace(['"', '\\'], "");
    let found = document().query_selector(&format!(".card[data-node=\"{quoted}\"], td[id=\"cell-hostname-{quoted}\"]"));
    found.ok()??.dyn_into().ok()
}

/// Puts the keyboard on the card or the row of that node, once it is drawn.
pub fn focus_node(hostname: &str) {
    let hostname = hostname.to_owned();
    request_animation_frame(move || {
        if let Some(element) = element_of(&hostname) {
            let _ = element.focus();
        }
    });
}

/// Frames that are waited for until an element is there: forms are drawn a frame after what they are about.
const FRAMES: u32 = 4;

/// Puts the keyboard on the element of that id, once it is drawn.
pub fn focus(id: &str) {
    focus_within(id.to_owned(), FRAMES);
}

fn focus_within(id: String, frames: u32) {
    request_animation_frame(move || match document().get_element_by_id(&id) {
        Some(element) => {
            if let Ok(element) = element.dyn_into::<web_sys::HtmlElement>() {
                let _ = element.focus();
            }
        }
        None if frames > 1 => focus_within(id, frames - 1),
        None => {}
    });
}

/// In a view that is just shown: goes to the card or the row of that node. The keyboard comes along where it was in the
/// view before, and stays where it was elsewhere, such as on the button that shows this view.
pub fn arrive_at(hostname: &str) {
    let hostname = hostname.to_owned();
    request_animation_frame(move || {
        let Some(element) = element_of(&hostname) else { return };
        if is_lost() {
            let _ = element.focus();
        } else {
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Nearest);
            element.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
}

/// Whether the keyboard is on nothing, because what it was on is gone.
pub fn is_lost() -> bool {
    document().active_element().is_none_or(|element| element.tag_name() == "BODY")
}
