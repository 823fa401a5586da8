//! Keys that work anywhere in the editor but where somebody types, and the list of them.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use strata_domain::edit::{another, bulk};

use super::counted;
use super::focus::focus;
use super::session::Session;
use super::wanted::Wanted;
use super::workbench::{Mode, Stand};

/// Keys, and what they do.
const SHORTCUTS: &[(&str, &str)] = &[
    ("?", "This list"),
    ("1, 2, 3", "Board, table, text"),
    ("/", "Search"),
    ("n", "Add a node"),
    ("d", "Add another node like the one that the keyboard is on"),
    ("Arrow keys, Home, End", "From card to card; in the table from cell to cell, with Ctrl to the first and last row"),
    ("Space", "Add to the selection, or take out of it"),
    ("Ctrl+A", "Select all nodes that the search finds"),
    ("Enter", "To the panel of the node; in the table, type into the cell"),
    ("g", "Add an availability group"),
    ("m", "Move, assign and other acts on the selection"),
    ("f", "To the first finding"),
    ("Delete", "Remove the selected nodes; undo brings them back"),
    ("Ctrl+Z, Ctrl+Shift+Z", "Undo, redo"),
    ("Escape", "Let go of what is dragged; close; select nothing"),
];

/// Listens for as long as the calling component lives.
pub fn listen(session: Session, stand: Stand, help: RwSignal<bool>) {
    let handle = window_event_listener(leptos::ev::keydown, move |event| {
        if event.default_prevented() || event.is_composing() || help.get_untracked() {
            return;
        }
        let control = event.ctrl_key() || event.meta_key();
        let key = event.key();
        if is_typing(&event) {
            if key == "Escape" {
                leave();
            }
            return;
        }
        let done = match (key.as_str(), control) {
            // With Shift the key is "Z", but for whoever has Caps Lock on.
            ("z" | "Z", true) if !event.shift_key() => {
                session.undo();
                true
            }
            ("z" | "Z" | "y", true) => {
                session.redo();
                true
            }
            ("a", true) if stand.mode.get_untracked() != Mode::Text => {
                select_found(session);
                true
            }
            (_, true) => false,
            ("?", _) => {
                help.set(true);
                true
            }
            ("1", _) => show(stand, Mode::Board),
            ("2", _) => show(stand, Mode::Table),
            ("3", _) => show(stand, Mode::Text),
            ("/", _) => to("editor-search"),
            ("n", _) => {
                add_node(session);
                true
            }
            ("d", _) => add_another(session),
            ("g", _) => to("group-name"),
            ("m", _) => {
                if session.selection.with_untracked(BTreeSet::is_empty)
                    && let Some(current) = session.current.get_untracked()
                {
                    session.select_one(&current);
                }
                to("bulk-site")
            }
            ("f", _) => to_first_finding(),
            // What the panel is on goes only where the keyboard is on it.
            ("Delete", _) if is_on_node(&event) || !session.selection.with_untracked(BTreeSet::is_empty) => {
                remove(session)
            }
            ("Escape", _) => {
                session.selection.set(BTreeSet::new());
                true
            }
            _ => false,
        };
        if done {
            event.prevent_default();
        }
    });
    on_cleanup(move || handle.remove());
}

/// Whether the key goes to a card or a cell.
fn is_on_node(event: &leptos::ev::KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|element| element.closest("[data-node], [role=gridcell]").ok().flatten().is_some())
}

/// Whether the key goes into a field.
fn is_typing(event: &leptos::ev::KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|element| match element.tag_name().as_str() {
        "TEXTAREA" | "SELECT" => true,
        "INPUT" => {
            let kind = element.get_attribute("type").unwrap_or_default();
            !matches!(kind.as_str(), "checkbox" | "radio" | "button" | "submit")
        }
        _ => false,
    })
}

/// Out of a field, so that keys are shortcuts again.
fn leave() {
    let field = document().active_element().and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(field) = field {
        let _ = field.blur();
    }
}

fn to(id: &str) -> bool {
    focus(id);
    true
}

fn show(stand: Stand, mode: Mode) -> bool {
    stand.show(mode);
    true
}

fn to_first_finding() -> bool {
    let found = document().query_selector(".workbench-side .finding button").ok().flatten();
    if let Some(button) = found.and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = button.focus();
    }
    true
}

/// Takes the chosen nodes away.
pub fn remove(session: Session) -> bool {
    let nodes = session.chosen_nodes();
    let edits = session.with_now(|draft| bulk::remove(draft.desired(), &nodes));
    let label = match edits.len() {
        0 => return false,
        1 => format!("Remove {}", session.chosen().concat()),
        many => format!("Remove {}", counted(many)),
    };
    session.act(label, edits)
}

/// Puts the form of a new node into the panel, and the keyboard into it.
pub fn add_node(session: Session) {
    session.begin_node(None);
    focus("hostname");
}

/// The same, filled like the node that the panel is on; gives whether there is one.
pub fn add_another(session: Session) -> bool {
    let like = session.with_now(|draft| {
        let node = draft.desired().node(&session.current.get_untracked()?)?;
        Some(another(draft.desired(), node))
    });
    let found = like.is_some();
    if found {
        session.begin_node(like);
        focus("hostname");
    }
    found
}

/// Selects every node that the search finds.
pub fn select_found(session: Session) {
    let wanted = Wanted::of(&session.search.get_untracked());
    let shown = session.shown_now();
    let found = shown.rows.iter().filter(|row| !row.is_gone() && wanted.finds(row));
    session.selection.set(found.map(|row| row.node.hostname.clone()).collect());
}

/// The list of keys, in a dialog.
#[component]
pub fn ShortcutHelp(
    /// Whether it is open.
    open: RwSignal<bool>,
) -> impl IntoView {
    let dialog = NodeRef::<leptos::html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get()
            && open.get()
            && !dialog.open()
        {
            let _ = dialog.show_modal();
        }
    });
    let rows: Vec<_> = SHORTCUTS
        .iter()
        .map(|(keys, what)| view! { <div><dt><kbd>{*keys}</kbd></dt> <dd>{*what}</dd></div> })
        .collect();
    let close = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    view! {
        <dialog class="help" node_ref=dialog aria-labelledby="shortcuts-heading" on:close=move |_| open.set(false)>
            <h2 id="shortcuts-heading">"Keyboard"</h2>
            <dl class="choices">{rows}</dl>
            <p class="hint">
                "The search takes words, and parts by name: " <code>"site:dc1"</code> ", " <code>"group:ag-1"</code> ", "
                <code>"role:sql"</code> ", " <code>"layer:storage"</code> "; a name with spaces stands in quotes, and "
                <code>"site:\"\""</code> " finds nodes that have none."
            </p>
            <p><button type="button" class="button" on:click=close>"Close"</button></p>
        </dialog>
    }
}
