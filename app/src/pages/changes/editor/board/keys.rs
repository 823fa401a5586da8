//! The keyboard on the board: from card to card, and along with a card that is drawn anew elsewhere.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;

use super::layout::{Board, Place, Way};
use crate::pages::changes::editor::focus::{element_of, focus, is_lost};
use crate::pages::changes::editor::session::Session;

/// Steps from card to card, and what is done with the card that the keyboard is on.
pub fn on_key(session: Session, board: Memo<Arc<Board>>, event: &leptos::ev::KeyboardEvent) {
    // Buttons between the cards keep their keys.
    let Some(from) = Spot::of(event) else { return };
    let shown = session.shown_now();
    let way = match event.key().as_str() {
        "ArrowUp" => Way::Up,
        "ArrowDown" => Way::Down,
        "ArrowLeft" => Way::Left,
        "ArrowRight" => Way::Right,
        "Home" => Way::First,
        "End" => Way::Last,
        " " => {
            event.prevent_default();
            return session.toggle(&from.hostname);
        }
        "Enter" => {
            event.prevent_default();
            return focus("node");
        }
        _ => return,
    };
    event.prevent_default();
    let to = board.with_untracked(|board| {
        let place = board.place_in(&shown, &from.band, &from.column, &from.hostname)?;
        board.step(place, way)
    });
    if let Some(card) = to.and_then(card_at) {
        let _ = card.focus();
    }
}

/// Which card an event comes from: a node stands in several columns where they are roles.
struct Spot {
    band: String,
    column: String,
    hostname: String,
}

impl Spot {
    fn of(event: &leptos::ev::KeyboardEvent) -> Option<Self> {
        let target = event.target()?.dyn_into::<web_sys::Element>().ok()?;
        let hostname = target.get_attribute("data-node")?;
        let cell = target.closest("[data-column]").ok()??;
        Some(Self { band: cell.get_attribute("data-band")?, column: cell.get_attribute("data-column")?, hostname })
    }
}

/// The card at that place, as it is drawn.
fn card_at(Place { band, cell, place }: Place) -> Option<web_sys::HtmlElement> {
    let nth = |within: &web_sys::Element, selector: &str, place: usize| {
        let found = within.query_selector_all(selector).ok()?.item(u32::try_from(place).ok()?)?;
        found.dyn_into::<web_sys::Element>().ok()
    };
    let board = document().query_selector(".board").ok()??;
    let card = nth(&nth(&nth(&board, ".board-band", band)?, ".board-cell", cell)?, ".card", place)?;
    card.dyn_into().ok()
}

/// A card that moves to another column is drawn anew; the keyboard goes with it.
pub fn keep_focus(session: Session, board: Memo<Arc<Board>>, ground: NodeRef<leptos::html::Div>) {
    let was_inside = StoredValue::new(false);
    let handle = window_event_listener(leptos::ev::focusin, move |event| {
        let inside = ground.get_untracked().is_some_and(|ground| {
            let target = event.target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
            ground.contains(target.as_ref())
        });
        was_inside.set_value(inside);
        if let Some(hostname) = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .filter(|_| inside)
            .and_then(|element| element.get_attribute("data-node"))
        {
            session.look_at(&hostname);
        }
    });
    on_cleanup(move || handle.remove());
    // A click on bare ground leaves the cards, and says so by no focus event.
    let handle = window_event_listener(leptos::ev::pointerdown, move |event| {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        if target.is_some_and(|element| element.closest("[data-node]").ok().flatten().is_none()) {
            was_inside.set_value(false);
        }
    });
    on_cleanup(move || handle.remove());
    Effect::new(move |_| {
        board.track();
        if !was_inside.get_value() {
            return;
        }
        if let Some(current) = session.current.get_untracked() {
            request_animation_frame(move || {
                if is_lost()
                    && let Some(element) = element_of(&current)
                {
                    let _ = element.focus();
                }
            });
        }
    });
}
