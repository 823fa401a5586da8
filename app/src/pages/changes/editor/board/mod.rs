//! Nodes as cards: columns by site, group or role, bands by layer; what is dragged is told where it would go.

mod card;
mod drops;
mod keys;
pub mod layout;

use std::sync::Arc;

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;

use super::counted;
use super::focus::{arrive_at, focus_node};
use super::session::Session;
use super::shown::Row;
use super::wanted::Part;
use super::workbench::{CatalogueNow, Mode, Stand};
use crate::components::severity_mark;
use card::{Card, Dragged};
use drops::{Over, drop_on, target_of};
pub use drops::{assign, move_to};
use keys::{keep_focus, on_key};
use layout::{Board, Cell, Grouping};

/// The board and the roles that can be dragged onto it.
#[component]
pub fn BoardView(
    /// The draft.
    session: Session,
    /// What the columns are.
    stand: Stand,
) -> impl IntoView {
    let drag = RwSignal::new(None::<Dragged>);
    let over = RwSignal::new(None::<Over>);
    let board = Memo::new(move |_| {
        let shown = session.shown();
        let wanted = session.wanted();
        let grouping = stand.grouping.get();
        // What is shown follows the draft: an answer of the server that changes nothing lays nothing out.
        Arc::new(session.with_now(|draft| Board::of(&shown, draft.catalogue(), draft.desired(), grouping, &wanted)))
    });
    // Where the Tab key leads: to the node that the keyboard was on last, else to the first.
    let tabbed = Memo::new(move |_| {
        let current = session.current.get();
        board.with(|board| {
            current.filter(|hostname| board.has(&session.shown(), hostname)).or_else(|| board.first(&session.shown()))
        })
    });
    let ground = NodeRef::<leptos::html::Div>::new();
    keep_focus(session, board, ground);
    go_to_sought(session, board);
    Effect::new(move |before: Option<()>| {
        session.fold_all.track();
        if before.is_some() {
            session.folded.set(board.with_untracked(|board| board.cells().collect()));
        }
    });
    let keys = move |event: leptos::ev::KeyboardEvent| on_key(session, board, &event);
    let drag_over = move |event: leptos::ev::DragEvent| {
        let target = drag.get_untracked().and_then(|dragged| target_of(&event, &dragged));
        if target.is_some() {
            event.prevent_default();
        }
        if over.get_untracked() != target {
            over.set(target);
        }
    };
    // It is told of each element that the pointer leaves; only leaving the board ends the aim.
    let leave = move |event: leptos::ev::DragEvent| {
        let to = event.related_target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        if to.is_some() && !ground.get_untracked().is_some_and(|ground| ground.contains(to.as_ref())) {
            over.set(None);
        }
    };
    let dropped = move |event: leptos::ev::DragEvent| {
        event.prevent_default();
        if let Some(dragged) = drag.get_untracked()
            && let Some(target) = target_of(&event, &dragged)
        {
            drop_on(session, stand.grouping.get_untracked(), &dragged, &target);
        }
        drag.set(None);
        over.set(None);
    };
    let bands =
        move || board.with(|board| board.bands.iter().map(|band| (band.title.clone(), band.layer)).collect::<Vec<_>>());
    let said = move || {
        let shown = session.shown().rows.len();
        match board.with(|board| board.total) {
            0 if shown == 0 => "This draft has no node yet. Press n, or add one in the panel.".to_owned(),
            0 => "No node is found by that search.".to_owned(),
            _ => String::new(),
        }
    };
    view! {
        <Roles drag over />
        <div
            class="board"
            node_ref=ground
            data-size=move || stand.size.get().as_str()
            data-dragging=move || drag.get().is_some().then_some("true")
            on:keydown=keys
            on:dragover=drag_over
            on:dragleave=leave
            on:dragend=move |_| over.set(None)
            on:drop=dropped
        >
            <p class="empty">{said}</p>
            <For each=bands key=Clone::clone let:band>
                <BandView session stand board band drag over tabbed />
            </For>
        </div>
    }
}

#[component]
fn BandView(
    session: Session,
    stand: Stand,
    board: Memo<Arc<Board>>,
    band: (String, &'static str),
    drag: RwSignal<Option<Dragged>>,
    over: RwSignal<Option<Over>>,
    tabbed: Memo<Option<String>>,
) -> impl IntoView {
    let (title, layer) = band;
    let name = StoredValue::new(title.clone());
    let label = title.clone();
    let keys = move || {
        board.with(|board| {
            let band = name.with_value(|name| board.bands.iter().find(|band| band.title == *name));
            band.map(|band| band.cells.iter().map(|cell| cell.key.clone()).collect::<Vec<_>>()).unwrap_or_default()
        })
    };
    view! {
        <section class="board-band" data-layer=layer aria-label=label>
            <h2 class="band-title">{title}</h2>
            <div class="board-cells">
                <For each=keys key=Clone::clone let:key>
                    <CellView session stand board band=name key drag over tabbed />
                </For>
            </div>
        </section>
    }
}

#[component]
fn CellView(
    session: Session,
    stand: Stand,
    board: Memo<Arc<Board>>,
    band: StoredValue<String>,
    key: String,
    drag: RwSignal<Option<Dragged>>,
    over: RwSignal<Option<Over>>,
    tabbed: Memo<Option<String>>,
) -> impl IntoView {
    let key = StoredValue::new(key);
    let cell = Memo::new(move |_| {
        board.with(|board| {
            let band = band.with_value(|name| board.bands.iter().find(|band| band.title == *name))?;
            key.with_value(|key| band.cells.iter().find(|cell| cell.key == *key)).cloned()
        })
    });
    let fold = StoredValue::new((band.get_value(), key.get_value()));
    let folded = Memo::new(move |_| fold.with_value(|fold| session.folded.with(|folded| folded.contains(fold))));
    let turn = move |_| {
        session.folded.update(|folded| {
            if !folded.remove(&fold.get_value()) {
                folded.insert(fold.get_value());
            }
        });
    };
    let worst = move || {
        let worst = cell.with(|cell| cell.as_ref().and_then(|cell| cell.worst));
        worst.map(|worst| {
            let (tone, shape) = severity_mark(worst);
            view! { " " <span class="count" data-tone=tone>{shape} <span class="visually-hidden">{format!(" worst finding: {}", worst.as_str())}</span></span> }
        })
    };
    let title = Memo::new(move |_| cell.with(|cell| cell.as_ref().map(|cell| cell.title.clone()).unwrap_or_default()));
    let total = Memo::new(move |_| cell.with(|cell| cell.as_ref().map_or(0, Cell::total)));
    let cards = move || {
        let shown = session.shown();
        cell.with(|cell| {
            let drawn = cell.as_ref().map(|cell| cell.drawn.as_slice()).unwrap_or_default();
            drawn.iter().filter_map(|&place| shown.rows.get(place)).map(|row| identity(row)).collect::<Vec<_>>()
        })
    };
    let label = move || format!("{}, {}, {}", band.get_value(), title.get(), counted(total.get()));
    let is_over = move || {
        over.with(|over| match over {
            Some(Over::Cell(of_band, column)) => {
                let here = key.with_value(|key| key == column) && band.with_value(|band| band == of_band);
                here.then_some("true")
            }
            Some(Over::Node(_)) | None => None,
        })
    };
    let more = move || {
        let cell = cell.with(|cell| cell.as_ref().filter(|cell| cell.more > 0).cloned())?;
        let worst = cell.more_worst.map(|worst| {
            let (tone, shape) = severity_mark(worst);
            view! { <span class="count" data-tone=tone>{format!("{shape} {}", worst.as_str())}</span> }
        });
        let wanted = narrowed(stand.grouping.get(), board.with(|board| layer_of(board, &band)), &cell.key);
        // Once the search is as narrow as the cell, the table has room for all of it.
        let is_narrow = session.search.with(|search| search.trim() == wanted);
        let (what, where_to) = match (cell.drawn.is_empty(), is_narrow) {
            (true, false) => ("Show ", ""),
            (true, true) => ("Show ", " in the table"),
            (false, false) => ("and ", " more"),
            (false, true) => ("and ", " more in the table"),
        };
        let count = cell.more;
        let narrow = move |_| if is_narrow { stand.show(Mode::Table) } else { session.search.set(wanted.clone()) };
        Some(view! {
            <button type="button" class="button card-more" hidden=folded on:click=narrow>{format!("{what}{count}{where_to} ")} {worst}</button>
        })
    };
    view! {
        <div class="board-cell" data-band=band.get_value() data-column=key.get_value() data-over=is_over>
            <h3 class="cell-title">
                <button type="button" aria-expanded=move || if folded.get() { "false" } else { "true" } on:click=turn>
                    <span aria-hidden="true">{move || if folded.get() { "▸ " } else { "▾ " }}</span>
                    {title}
                    " "
                    <span class="hint">{total}</span>
                    {worst}
                </button>
            </h3>
            <ul class="cards" role="listbox" aria-multiselectable="true" aria-label=label hidden=folded>
                <ForEnumerate each=cards key=Clone::clone let(place, card)>
                    <PlacedCard session place total band title card drag tabbed />
                </ForEnumerate>
            </ul>
            {more}
        </div>
    }
}

/// What a card is of: the hostname, and whether it is a node that goes, which may have the name of one that comes.
type Identity = (String, bool);

fn identity(row: &Row) -> Identity {
    (row.node.hostname.clone(), row.is_gone())
}

#[component]
fn PlacedCard(
    session: Session,
    place: ReadSignal<usize>,
    total: Memo<usize>,
    band: StoredValue<String>,
    title: Memo<String>,
    card: Identity,
    drag: RwSignal<Option<Dragged>>,
    tabbed: Memo<Option<String>>,
) -> impl IntoView {
    let hostname = card.0.clone();
    let card = StoredValue::new(card);
    let row = Memo::new(move |_| card.with_value(|(hostname, gone)| session.shown().row_of(hostname, *gone).cloned()));
    let position = Signal::derive(move || {
        format!("{}, {}, {} of {}", band.get_value(), title.get(), place.get() + 1, total.get())
    });
    let leads_here = Signal::derive(move || {
        tabbed.with(|tabbed| card.with_value(|(hostname, _)| tabbed.as_ref() == Some(hostname)))
    });
    view! { <Card session hostname row position drag tabbed=leads_here /> }
}

/// The roles of the catalogue, to drag onto nodes; with the keyboard, or by touch, the selection is given one below.
#[component]
fn Roles(drag: RwSignal<Option<Dragged>>, over: RwSignal<Option<Over>>) -> impl IntoView {
    let CatalogueNow(catalogue) = expect_context();
    let chips = move || {
        catalogue
            .get()
            .roles
            .into_iter()
            .map(|role| {
                let id = role.id.to_string();
                let start = move |event: leptos::ev::DragEvent| {
                    if let Some(transfer) = event.data_transfer() {
                        transfer.set_effect_allowed("move");
                        let _ = transfer.set_data("text/plain", &id);
                    }
                    drag.set(Some(Dragged::Role(id.clone())));
                };
                let end = move |_| {
                    drag.set(None);
                    over.set(None);
                };
                view! {
                    <li draggable="true" class="chip" data-role=role.id.to_string() data-layer=role.layer.as_str() on:dragstart=start on:dragend=end>
                        {role.name}
                    </li>
                }
            })
            .collect_view()
    };
    let told = move || {
        over.with(|over| match over {
            Some(Over::Node(hostname)) => format!("onto {hostname}"),
            Some(Over::Cell(_, column)) if drag.get().is_some() => {
                format!("into {}", if column.is_empty() { "none" } else { column })
            }
            _ => "Drag a role onto a node, or nodes between columns; Escape lets go.".to_owned(),
        })
    };
    view! {
        <div class="chips">
            <ul aria-label="Roles to drag onto nodes">{chips}</ul>
            <p class="hint" aria-live="off">{told}</p>
        </div>
    }
}

/// A search for exactly the nodes of a cell.
fn narrowed(grouping: Grouping, layer: Option<&'static str>, key: &str) -> String {
    let column = match grouping {
        Grouping::Site => Part::Site,
        Grouping::Group => Part::Group,
        Grouping::Role => Part::Role,
    };
    let column = column.wanted(key);
    match layer {
        Some(layer) => format!("{column} {}", Part::Layer.wanted(layer)),
        None => column,
    }
}

/// The layer that a band is of; none where bands are not layers.
fn layer_of(board: &Board, band: &StoredValue<String>) -> Option<&'static str> {
    let of_band = band.with_value(|title| board.bands.iter().find(|band| band.title == *title).map(|band| band.layer));
    of_band.filter(|layer| !layer.is_empty())
}

/// Goes to the node that was asked for, from a finding or another view: out of folded columns, and past what the board
/// has no room for. At first, to the node that the other view was on.
fn go_to_sought(session: Session, board: Memo<Arc<Board>>) {
    if let Some(current) = session.current.get_untracked() {
        arrive_at(&current);
    }
    Effect::new(move |_| {
        let Some(hostname) = session.sought.get() else { return };
        session.sought.set(None);
        let is_drawn = || board.with_untracked(|board| board.has(&session.shown_now(), &hostname));
        if !is_drawn() {
            session.search.set(hostname.clone());
        }
        let folds = board.with_untracked(|board| board.cells_of(&session.shown_now(), &hostname));
        if session.folded.with_untracked(|folded| folds.iter().any(|fold| folded.contains(fold))) {
            session.folded.update(|folded| folded.retain(|fold| !folds.contains(fold)));
        }
        focus_node(&hostname);
    });
}
