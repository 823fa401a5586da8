//! One node as a card of the board.

use std::sync::Arc;

use leptos::prelude::*;
use strata_domain::catalogue::Layer;
use strata_domain::diff::Presence;

use crate::components::severity_mark;
use crate::pages::changes::editor::session::Session;
use crate::pages::changes::editor::shown::Row;

/// What nodes and roles are dragged as, and whether a drag is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dragged {
    /// Nodes, by hostname.
    Nodes(Vec<String>),
    /// A role, by id.
    Role(String),
}

/// The card; everything that changes about the node changes in place, so that the keyboard stays on it.
#[component]
pub fn Card(
    /// The draft.
    session: Session,
    /// Its node.
    hostname: String,
    /// The node as it is now; none for a moment, when it has just gone.
    row: Memo<Option<Arc<Row>>>,
    /// Where it stands: "Storage, dc1, 3 of 12".
    position: Signal<String>,
    /// What is dragged.
    drag: RwSignal<Option<Dragged>>,
    /// Whether the Tab key leads here.
    tabbed: Signal<bool>,
) -> impl IntoView {
    let of_row = move |look: fn(&Row) -> String| row.with(|row| row.as_deref().map(look).unwrap_or_default());
    let name = StoredValue::new(hostname);
    let selected =
        Memo::new(move |_| name.with_value(|name| session.selection.with(|selection| selection.contains(name))));
    let said = move || format!("{}, {}", of_row(Row::said), position.get());
    let mark = move || row.with(|row| row.as_ref().and_then(|row| row.mark).map(Presence::as_str));
    let layer = move || row.with(|row| row.as_ref().and_then(|row| row.layer).map(Layer::as_str));
    let worst = move || {
        row.with(|row| {
            let row = row.as_ref()?;
            let (tone, shape) = severity_mark(row.worst?);
            let text = format!("{shape} {}", row.findings);
            Some(view! { <span class="count" data-tone=tone aria-hidden="true">{text}</span> })
        })
    };
    let choose = move |event: leptos::ev::MouseEvent| {
        let name = name.get_value();
        if session.several.get_untracked() || event.ctrl_key() || event.meta_key() || event.shift_key() {
            session.toggle(&name);
        } else {
            session.select_one(&name);
        }
    };
    let start = move |event: leptos::ev::DragEvent| {
        let name = name.get_value();
        if !selected.get_untracked() {
            session.select_one(&name);
        }
        if let Some(transfer) = event.data_transfer() {
            transfer.set_effect_allowed("move");
            // Firefox drags nothing that carries no data.
            let _ = transfer.set_data("text/plain", &name);
        }
        drag.set(Some(Dragged::Nodes(session.chosen())));
    };
    view! {
        <li
            class="card"
            role="option"
            data-node=name.get_value()
            data-mark=mark
            data-layer=layer
            aria-selected=move || if selected.get() { "true" } else { "false" }
            aria-label=said
            tabindex=move || if tabbed.get() { "0" } else { "-1" }
            draggable=move || if mark() == Some(Presence::Removed.as_str()) { "false" } else { "true" }
            on:click=choose
            on:dragstart=start
            on:dragend=move |_| drag.set(None)
        >
            <span class="card-name">{move || of_row(|row| row.node.hostname.clone())}</span>
            {worst}
            <span class="card-roles">{move || of_row(Row::belongs)}</span>
            {move || mark().map(|mark| view! { <span class="card-mark">{mark}</span> })}
        </li>
    }
}
