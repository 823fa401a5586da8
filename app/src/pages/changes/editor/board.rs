//! Nodes as cards: columns by site, group or role, bands by layer; what is dragged is told where it would go.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use strata_domain::edit::bulk;
use strata_domain::edit::bulk::Nodes;

use super::card::{Card, Dragged};
use super::layout::{Board, Cell, Grouping, Place, Way};
use super::session::Session;
use super::shown::Row;
use super::workbench::{CatalogueNow, Stand};
use crate::components::severity_mark;

/// What is under the pointer during a drag.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Over {
    /// A cell, by its band's title and its column.
    Cell(String, String),
    /// A node, for a role.
    Node(String),
}

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
        let wanted = session.search.get().trim().to_lowercase();
        let grouping = stand.grouping.get();
        Arc::new(session.with(|draft| Board::of(&shown, draft.catalogue(), draft.desired(), grouping, &wanted)))
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
            data-dragging=move || drag.get().is_some().then_some("true")
            on:keydown=keys
            on:dragover=drag_over
            on:dragleave=leave
            on:dragend=move |_| over.set(None)
            on:drop=dropped
        >
            <p class="empty">{said}</p>
            <For each=bands key=Clone::clone let:band>
                <BandView session board band drag over tabbed />
            </For>
        </div>
    }
}

#[component]
fn BandView(
    session: Session,
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
                    <CellView session board band=name key drag over tabbed />
                </For>
            </div>
        </section>
    }
}

#[component]
fn CellView(
    session: Session,
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
    let folded = RwSignal::new(false);
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
        cell.with(|cell| cell.as_ref().filter(|cell| cell.more > 0).cloned()).map(|cell| {
            let worst = cell.more_worst.map(|worst| {
                let (tone, shape) = severity_mark(worst);
                view! { <span class="count" data-tone=tone>{format!("{shape} {}", worst.as_str())}</span> }
            });
            let column = cell.key.clone();
            let narrow = move |_| session.search.set(column.clone());
            let nothing_to_search = cell.key.is_empty();
            view! {
                <button type="button" class="button card-more" hidden=folded disabled=nothing_to_search on:click=narrow>{format!("and {} more ", cell.more)} {worst}</button>
            }
        })
    };
    view! {
        <div class="board-cell" data-band=band.get_value() data-column=key.get_value() data-over=is_over>
            <h3 class="cell-title">
                <button type="button" aria-expanded=move || if folded.get() { "false" } else { "true" } on:click=move |_| folded.update(|folded| *folded = !*folded)>
                    <span aria-hidden="true">{move || if folded.get() { "▸ " } else { "▾ " }}</span>
                    {title}
                    " "
                    <span class="hint">{total}</span>
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
                    <li draggable="true" class="chip" data-layer=role.layer.as_str() on:dragstart=start on:dragend=end>
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

fn counted(nodes: usize) -> String {
    if nodes == 1 { "1 node".to_owned() } else { format!("{nodes} nodes") }
}

/// What the pointer is over that could take what is dragged.
fn target_of(event: &leptos::ev::DragEvent, dragged: &Dragged) -> Option<Over> {
    let element = event.target()?.dyn_into::<web_sys::Element>().ok()?;
    let (selector, attribute) = match dragged {
        Dragged::Role(_) => ("[data-node]", "data-node"),
        Dragged::Nodes(_) => ("[data-column]", "data-column"),
    };
    let element = element.closest(selector).ok()??;
    let name = element.get_attribute(attribute)?;
    Some(match dragged {
        Dragged::Role(_) => Over::Node(name),
        Dragged::Nodes(_) => Over::Cell(element.get_attribute("data-band")?, name),
    })
}

/// Does what a drop asks for.
fn drop_on(session: Session, grouping: Grouping, dragged: &Dragged, target: &Over) {
    match (dragged, target) {
        (Dragged::Role(role), Over::Node(hostname)) => {
            let chosen = session.chosen();
            let onto = if chosen.contains(hostname) { chosen } else { vec![hostname.clone()] };
            assign(session, role, &onto);
        }
        (Dragged::Nodes(hostnames), Over::Cell(_, column)) => move_to(session, grouping, hostnames, column),
        (Dragged::Role(_), Over::Cell(..)) | (Dragged::Nodes(_), Over::Node(_)) => {}
    }
}

/// A role onto those nodes.
pub fn assign(session: Session, role: &str, hostnames: &[String]) {
    let nodes: Nodes = hostnames.iter().map(String::as_str).collect();
    let done = session.with_now(|draft| {
        let role = draft.catalogue().role(role)?;
        let edits = bulk::assign(draft.desired(), &nodes, role);
        Some((format!("Assign {} to {}", role.name, counted(edits.len())), edits))
    });
    if let Some((label, edits)) = done {
        session.act(label, edits);
    }
}

/// Those nodes into that column.
pub fn move_to(session: Session, grouping: Grouping, hostnames: &[String], column: &str) {
    let nodes: Nodes = hostnames.iter().map(String::as_str).collect();
    match grouping {
        Grouping::Site => {
            let site = (!column.is_empty()).then_some(column);
            let edits = session.with_now(|draft| bulk::set_site(draft.desired(), &nodes, site));
            let what = site.map_or_else(|| "no site".to_owned(), |site| format!("site {site}"));
            session.act(format!("Move {} to {what}", counted(edits.len())), edits);
        }
        Grouping::Group if column.is_empty() => {
            session.say("A node leaves its group by leaving the role, or by its settings.".to_owned(), "attention");
        }
        Grouping::Group => {
            let edits =
                session.with_now(|draft| bulk::move_to_group(draft.desired(), draft.catalogue(), &nodes, column));
            if edits.is_empty() {
                session.say(
                    format!("None of them has a role that joins groups, or they are in {column} already."),
                    "attention",
                );
            } else {
                session.act(format!("Move {} to {column}", counted(edits.len())), edits);
            }
        }
        Grouping::Role if column.is_empty() => {
            session.say("A role is taken away in the panel, or in the bar of the selection.".to_owned(), "attention");
        }
        Grouping::Role => assign(session, column, hostnames),
    }
}

fn on_key(session: Session, board: Memo<Arc<Board>>, event: &leptos::ev::KeyboardEvent) {
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

/// Puts the keyboard on the element of that id, once it is drawn.
pub fn focus(id: &str) {
    let id = id.to_owned();
    request_animation_frame(move || {
        let element = document().get_element_by_id(&id);
        if let Some(element) = element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = element.focus();
        }
    });
}

/// A card that moves to another column is drawn anew; the keyboard goes with it.
fn keep_focus(session: Session, board: Memo<Arc<Board>>, ground: NodeRef<leptos::html::Div>) {
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
    Effect::new(move |_| {
        board.track();
        if !was_inside.get_value() {
            return;
        }
        if let Some(current) = session.current.get_untracked() {
            request_animation_frame(move || {
                let lost = document().active_element().is_none_or(|element| element.tag_name() == "BODY");
                if lost && let Some(element) = element_of(&current) {
                    let _ = element.focus();
                }
            });
        }
    });
}
