//! Nodes as rows: sorted, filtered, edited in place, pasted from a spreadsheet. Only the rows in view are drawn.

mod cell;
mod order;
mod pasted;

use std::sync::Arc;

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use strata_domain::cells::{Column, Pasted, paste};
use strata_domain::diff::Presence;

use super::focus::{arrive_at, focus};
use super::session::Session;
use super::shown::Row;
use crate::components::severity_mark;
use cell::GridCell;
pub use order::Order;
use order::{columns, in_order};
use pasted::PastePanel;

/// Height of a row in CSS pixels; the style sheet has the same.
const ROW: i32 = 36;
/// Height of the two rows of heads, which stay in sight.
const HEADS: i32 = 2 * ROW;
/// Rows drawn above and below what is in view.
const SPARE: usize = 8;
/// Rows that are drawn before the height of the view is known.
const AT_FIRST: usize = 40;

/// What all parts of the table share.
#[derive(Clone, Copy)]
struct Grid {
    session: Session,
    /// Places of the rows to show, in order.
    places: Memo<Arc<Vec<usize>>>,
    ground: NodeRef<leptos::html::Div>,
    /// How far it is scrolled, and how high it is, in pixels.
    seen: RwSignal<(i32, i32)>,
    /// The cell that the keyboard is on, or was on last: of all cells, the Tab key leads to this one.
    cursor: RwSignal<Option<(String, Column)>>,
}

impl Grid {
    /// How many rows there are.
    fn total(self) -> usize {
        self.places.with(|places| places.len())
    }

    /// How many rows fit into the view.
    fn in_view(self) -> usize {
        usize::try_from((self.seen.get_untracked().1 - HEADS) / ROW).unwrap_or_default().max(1)
    }

    /// Sees how far it was scrolled.
    fn measure(self) {
        if let Some(ground) = self.ground.get_untracked() {
            self.session.table_scrolled.set_value(ground.scroll_top());
            self.seen.set((ground.scroll_top(), ground.client_height()));
        }
    }

    /// The place of that node among the rows, unless a filter leaves it out.
    fn place_of(self, hostname: &str) -> Option<usize> {
        let shown = self.session.shown_now();
        self.places.with_untracked(|places| {
            let is_it = |&row: &usize| shown.rows.get(row).is_some_and(|row| row.hostname() == hostname);
            places.iter().position(is_it)
        })
    }

    /// Brings the row of that place into sight.
    fn show(self, place: usize) {
        let Some(ground) = self.ground.get_untracked() else { return };
        let top = i32::try_from(place).unwrap_or(i32::MAX / ROW) * ROW;
        let (from, height) = (ground.scroll_top(), (ground.client_height() - HEADS).max(ROW));
        if top < from {
            ground.set_scroll_top(top);
        } else if top + ROW > from + height {
            ground.set_scroll_top(top + ROW - height);
        }
        self.measure();
    }

    /// Puts the keyboard on a cell of the row of that place, or of the last row.
    fn go(self, place: usize, column: Column) {
        let shown = self.session.shown_now();
        let row = self.places.with_untracked(|places| {
            let place = place.min(places.len().saturating_sub(1));
            Some((place, Arc::clone(shown.rows.get(*places.get(place)?)?)))
        });
        let Some((place, row)) = row else { return };
        self.show(place);
        focus(&cell_id(column, row.hostname()));
    }
}

/// The id of a cell's element.
fn cell_id(column: Column, hostname: &str) -> String {
    format!("cell-{}-{hostname}", column.name())
}

/// The table.
#[component]
pub fn TableView(
    /// The draft.
    session: Session,
) -> impl IntoView {
    let order = session.order;
    let pasted = RwSignal::new(None::<(String, Pasted)>);
    let places = Memo::new(move |_| {
        let shown = session.shown();
        let wanted = session.wanted();
        Arc::new(order.with(|order| in_order(&shown, order, &wanted)))
    });
    let grid = Grid {
        session,
        places,
        ground: NodeRef::new(),
        seen: RwSignal::new((0, 0)),
        cursor: RwSignal::new(session.current.get_untracked().map(|hostname| (hostname, Column::Hostname))),
    };
    let total = Memo::new(move |_| grid.total());
    let window = Memo::new(move |_| {
        let (scrolled, height) = grid.seen.get();
        let first = usize::try_from(scrolled / ROW).unwrap_or_default().saturating_sub(SPARE);
        let in_view = usize::try_from(height / ROW).unwrap_or_default();
        let count = if in_view == 0 { AT_FIRST } else { in_view + 2 * SPARE };
        (first.min(total.get()), (first + count).min(total.get()))
    });
    place_view(grid);
    let rows = move || {
        let shown = session.shown();
        let (first, last) = window.get();
        places.with(|places| {
            let drawn = places.get(first..last).unwrap_or_default().iter().filter_map(|&row| shown.rows.get(row));
            drawn.map(|row| (row.node.hostname.clone(), row.is_gone())).collect::<Vec<_>>()
        })
    };
    // Of all cells one is reached by the Tab key: where the keyboard was, or the first that is drawn.
    let tabbed = Memo::new(move |_| {
        let shown = session.shown();
        let (first, last) = window.get();
        let cursor = grid.cursor.get();
        places.with(|places| {
            let names = || {
                let drawn = places.get(first..last).unwrap_or_default().iter();
                drawn.filter_map(|&row| shown.rows.get(row)).map(|row| row.hostname())
            };
            let kept = cursor.filter(|(hostname, _)| names().any(|name| name == hostname));
            kept.or_else(|| names().next().map(|name| (name.to_owned(), Column::Hostname)))
        })
    });
    let above = move || format!("{}px", i32::try_from(window.get().0).unwrap_or(i32::MAX / ROW) * ROW);
    let below = move || {
        let rest = total.get() - window.get().1.min(total.get());
        format!("{}px", i32::try_from(rest).unwrap_or(i32::MAX / ROW) * ROW)
    };
    let take_paste = move |event: leptos::ev::ClipboardEvent| {
        let into_field = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .is_some_and(|element| element.tag_name() == "INPUT");
        let text = event.clipboard_data().and_then(|data| data.get_data("text/plain").ok()).unwrap_or_default();
        if into_field || text.trim().is_empty() {
            return;
        }
        event.prevent_default();
        let read = session.with_now(|draft| paste(&text, draft.desired(), draft.catalogue()));
        pasted.set(Some((text, read)));
    };
    let said = move || match total.get() {
        0 => "No row. Add a node in the panel, or paste rows from a spreadsheet here.".to_owned(),
        1 => "1 row".to_owned(),
        many => format!("{many} rows"),
    };
    let heads: Vec<_> = columns().map(|column| view! { <Head column order /> }).collect();
    let filters: Vec<_> = columns().map(|column| view! { <Filter column order /> }).collect();
    let first = Memo::new(move |_| window.get().0);
    view! {
        <PastePanel session pasted />
        <p class="hint">{said} ". Paste rows from a spreadsheet with Ctrl+V; the first row may name the columns."</p>
        <div
            class="grid"
            tabindex="0"
            role="region"
            aria-label="Table of nodes"
            node_ref=grid.ground
            on:scroll=move |_| grid.measure()
            on:paste=take_paste
        >
            <table role="grid" aria-rowcount=move || total.get() + 2 aria-multiselectable="true">
                <thead>
                    <tr><th scope="col"><span class="visually-hidden">"Selected"</span></th> <th scope="col">"Findings"</th> {heads}</tr>
                    <tr class="filters"><td></td> <td></td> {filters}</tr>
                </thead>
                <tbody>
                    <tr class="spacer" aria-hidden="true" style:height=above></tr>
                    <ForEnumerate each=rows key=Clone::clone let(place, row)>
                        <GridRow grid first place tabbed hostname=row.0 gone=row.1 />
                    </ForEnumerate>
                    <tr class="spacer" aria-hidden="true" style:height=below></tr>
                </tbody>
            </table>
        </div>
    }
}

/// Opens the table where it was left, or at the node that the other view was on, and goes to nodes that are asked for.
fn place_view(grid: Grid) {
    let session = grid.session;
    Effect::new(move |opened: Option<bool>| {
        if grid.ground.get().is_none() || opened == Some(true) {
            return opened.unwrap_or_default();
        }
        if let Some(ground) = grid.ground.get_untracked() {
            ground.set_scroll_top(session.table_scrolled.get_value());
        }
        grid.measure();
        if let Some(current) = session.current.get_untracked()
            && let Some(place) = grid.place_of(&current)
        {
            grid.show(place);
            arrive_at(&current);
        }
        true
    });
    Effect::new(move |_| {
        let Some(hostname) = session.sought.get() else { return };
        session.sought.set(None);
        if grid.place_of(&hostname).is_none() {
            // What is sought matters more than what was left out.
            session.order.update(|order| order.filters.clear());
            session.search.set(hostname.clone());
        }
        if let Some(place) = grid.place_of(&hostname) {
            grid.go(place, Column::Hostname);
        }
    });
}

#[component]
fn Head(column: Column, order: RwSignal<Order>) -> impl IntoView {
    let sorted = move || {
        order.with(|order| match (order.by == column, order.descending) {
            (true, false) => "ascending",
            (true, true) => "descending",
            (false, _) => "none",
        })
    };
    let shape = move || match sorted() {
        "ascending" => " ▲",
        "descending" => " ▼",
        _ => "",
    };
    let sort = move |_| {
        order.update(|order| {
            order.descending = order.by == column && !order.descending;
            order.by = column;
        });
    };
    view! {
        <th scope="col" aria-sort=sorted>
            <button type="button" on:click=sort>{column.title()} <span aria-hidden="true">{shape}</span></button>
        </th>
    }
}

#[component]
fn Filter(column: Column, order: RwSignal<Order>) -> impl IntoView {
    let label = format!("Filter {}", column.title());
    let filter = move |event| {
        let text = event_target_value(&event);
        order.update(|order| {
            if text.trim().is_empty() {
                order.filters.remove(&column);
            } else {
                order.filters.insert(column, text);
            }
        });
    };
    let typed = move || order.with(|order| order.filters.get(&column).cloned().unwrap_or_default());
    let hint = if column.is_number() { "> 512" } else { "filter" };
    view! { <td><input type="search" aria-label=label placeholder=hint prop:value=typed on:input=filter /></td> }
}

#[component]
fn GridRow(
    grid: Grid,
    /// Place of the first row that is drawn.
    first: Memo<usize>,
    /// Place among those that are drawn.
    place: ReadSignal<usize>,
    tabbed: Memo<Option<(String, Column)>>,
    hostname: String,
    gone: bool,
) -> impl IntoView {
    let session = grid.session;
    let name = StoredValue::new(hostname.clone());
    let row = Memo::new(move |_| name.with_value(|name| session.shown().row_of(name, gone).cloned()));
    let selected = Memo::new(move |_| name.with_value(|name| session.selection.with(|all| all.contains(name))));
    let place = Signal::derive(move || first.get() + place.get());
    // The column of the cell that the Tab key leads to, where it is one of this row.
    let tabbed = Memo::new(move |_| {
        tabbed.with(|tabbed| {
            let (hostname, column) = tabbed.as_ref()?;
            name.with_value(|name| name == hostname).then_some(*column)
        })
    });
    let mark = move || row.with(|row| row.as_ref().and_then(|row| row.mark).map(Presence::as_str));
    let findings = move || {
        row.with(|row| {
            let row = row.as_ref()?;
            let (tone, shape) = severity_mark(row.worst?);
            let said = row.worst.map_or("", strata_domain::findings::Severity::as_str);
            Some(view! { <span class="count" data-tone=tone>{format!("{shape} {} {said}", row.findings)}</span> })
        })
    };
    let said = move || format!("Select {}", row.with(|row| row.as_deref().map(Row::said).unwrap_or_default()));
    let cells: Vec<_> = columns().map(|column| view! { <GridCell grid name row place column tabbed gone /> }).collect();
    let choose = move |_| name.with_value(|name| session.toggle(name));
    view! {
        <tr
            id=format!("row-{hostname}")
            data-mark=mark
            aria-rowindex=move || place.get() + 3
            aria-selected=move || if selected.get() { "true" } else { "false" }
        >
            // The space bar selects from any cell of the row: no stop of its own for the keyboard.
            <td><input type="checkbox" tabindex="-1" aria-label=said disabled=gone prop:checked=selected on:change=choose /></td>
            <td>{move || mark().map(|mark| view! { <span class="card-mark">{mark}</span> " " })} {findings}</td>
            {cells}
        </tr>
    }
}
