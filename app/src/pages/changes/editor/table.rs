//! Nodes as rows: sorted, filtered, edited in place, pasted from a spreadsheet. Only the rows in view are drawn.

use std::collections::BTreeMap;
use std::sync::Arc;

use leptos::either::Either;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use strata_domain::cells::{Column, Pasted, edit_cell, paste};
use strata_domain::diff::Presence;
use strata_domain::edit::Edit;

use super::board::focus;
use super::session::Session;
use super::shown::{Row, Shown, by_number};
use crate::components::severity_mark;

/// Height of a row in CSS pixels; the style sheet has the same.
const ROW: i32 = 36;
/// Rows drawn above and below what is in view.
const SPARE: usize = 8;
/// Rows that are drawn before the height of the view is known.
const AT_FIRST: usize = 40;
/// Problems of a paste that are listed.
const LISTED: usize = 20;

/// Columns that the table shows; the id is nobody's to read.
fn columns() -> impl Iterator<Item = Column> {
    Column::ALL.into_iter().filter(|column| *column != Column::Id)
}

/// How rows are ordered and which are shown.
#[derive(Clone, Debug, PartialEq)]
struct Order {
    by: Column,
    descending: bool,
    /// By column, in lower case.
    filters: BTreeMap<Column, String>,
}

/// Places of the rows to show, in order.
fn in_order(shown: &Shown, order: &Order, wanted: &str) -> Vec<usize> {
    let mut places: Vec<usize> = (0..shown.rows.len())
        .filter(|&place| {
            let row = &shown.rows[place];
            row.matches(wanted)
                && order.filters.iter().all(|(column, filter)| passes(*column, &column.text(&row.node), filter))
        })
        .collect();
    // Rows come in the order of hostnames.
    if order.by != Column::Hostname {
        let mut keyed: Vec<(String, usize)> =
            places.iter().map(|&place| (order.by.text(&shown.rows[place].node), place)).collect();
        keyed.sort_by(|(one, _), (other, _)| by_number(one, other));
        places = keyed.into_iter().map(|(_, place)| place).collect();
    }
    if order.descending {
        places.reverse();
    }
    places
}

/// Whether a cell passes its filter: a part of its text, or `>`, `<`, `=` and a number.
fn passes(column: Column, text: &str, filter: &str) -> bool {
    let filter = filter.trim();
    if column.is_number()
        && let Some((sign, number)) = filter.split_at_checked(1)
        && let Ok(number) = number.trim().parse::<u64>()
        && let "<" | ">" | "=" = sign
    {
        return text.parse::<u64>().is_ok_and(|value| match sign {
            "<" => value < number,
            ">" => value > number,
            _ => value == number,
        });
    }
    filter.is_empty() || text.to_lowercase().contains(&filter.to_lowercase())
}

/// The table.
#[component]
pub fn TableView(
    /// The draft.
    session: Session,
) -> impl IntoView {
    let order = RwSignal::new(Order { by: Column::Hostname, descending: false, filters: BTreeMap::new() });
    let (scrolled, height) = (RwSignal::new(0), RwSignal::new(0));
    let pasted = RwSignal::new(None::<(String, Pasted)>);
    let places = Memo::new(move |_| {
        let shown = session.shown();
        let wanted = session.search.get().trim().to_lowercase();
        Arc::new(order.with(|order| in_order(&shown, order, &wanted)))
    });
    let total = Memo::new(move |_| places.with(|places| places.len()));
    let window = Memo::new(move |_| {
        let first = usize::try_from(scrolled.get() / ROW).unwrap_or_default().saturating_sub(SPARE);
        let in_view = usize::try_from(height.get() / ROW).unwrap_or_default();
        let count = if in_view == 0 { AT_FIRST } else { in_view + 2 * SPARE };
        (first.min(total.get()), (first + count).min(total.get()))
    });
    let ground = NodeRef::<leptos::html::Div>::new();
    let measure = move || {
        if let Some(ground) = ground.get_untracked() {
            scrolled.set(ground.scroll_top());
            height.set(ground.client_height());
        }
    };
    Effect::new(move |_| {
        ground.track();
        measure();
    });
    let rows = move || {
        let shown = session.shown();
        let (first, last) = window.get();
        places.with(|places| {
            places
                .get(first..last)
                .unwrap_or_default()
                .iter()
                .enumerate()
                .filter_map(|(place, &row)| {
                    shown.rows.get(row).map(|row| (first + place, row.node.hostname.clone(), row.is_gone()))
                })
                .collect::<Vec<_>>()
        })
    };
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
    view! {
        <PastePanel session pasted />
        <p class="hint">{said} ". Paste rows from a spreadsheet with Ctrl+V; the first row may name the columns."</p>
        <div
            class="grid"
            tabindex="0"
            role="region"
            aria-label="Table of nodes"
            node_ref=ground
            on:scroll=move |_| measure()
            on:paste=take_paste
        >
            <table role="grid" aria-rowcount=move || total.get() + 2 aria-multiselectable="true">
                <thead>
                    <tr><th scope="col"><span class="visually-hidden">"Selected"</span></th> <th scope="col">"Findings"</th> {heads}</tr>
                    <tr class="filters"><td></td> <td></td> {filters}</tr>
                </thead>
                <tbody>
                    <tr class="spacer" aria-hidden="true" style:height=above></tr>
                    <For each=rows key=|(_, hostname, gone)| (hostname.clone(), *gone) let:row>
                        <GridRow session place=row.0 hostname=row.1 gone=row.2 />
                    </For>
                    <tr class="spacer" aria-hidden="true" style:height=below></tr>
                </tbody>
            </table>
        </div>
    }
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
    let hint = if column.is_number() { "> 512" } else { "filter" };
    view! { <td><input type="search" aria-label=label placeholder=hint on:input=filter /></td> }
}

#[component]
fn GridRow(session: Session, place: usize, hostname: String, gone: bool) -> impl IntoView {
    let name = StoredValue::new(hostname.clone());
    let row = Memo::new(move |_| name.with_value(|name| session.shown().row_of(name, gone).cloned()));
    let selected = Memo::new(move |_| name.with_value(|name| session.selection.with(|all| all.contains(name))));
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
    let cells: Vec<_> = columns().map(|column| view! { <GridCell session name row column gone /> }).collect();
    let choose = move |_| name.with_value(|name| session.toggle(name));
    view! {
        <tr
            id=format!("row-{hostname}")
            data-mark=mark
            aria-rowindex=place + 3
            aria-selected=move || if selected.get() { "true" } else { "false" }
        >
            <td><input type="checkbox" aria-label=said disabled=gone prop:checked=selected on:change=choose /></td>
            <td>{move || mark().map(|mark| view! { <span class="card-mark">{mark}</span> " " })} {findings}</td>
            {cells}
        </tr>
    }
}

#[component]
fn GridCell(
    session: Session,
    name: StoredValue<String>,
    row: Memo<Option<Arc<Row>>>,
    column: Column,
    gone: bool,
) -> impl IntoView {
    let typing = RwSignal::new(None::<String>);
    let wrong = RwSignal::new(None::<String>);
    let text = Memo::new(move |_| row.with(|row| row.as_ref().map(|row| column.text(&row.node)).unwrap_or_default()));
    let id = move || name.with_value(|name| format!("cell-{}-{name}", column.name()));
    let editable = !gone && column.can_be_edited();
    let begin = move || {
        if editable && session.refused.get_untracked().is_none() {
            wrong.set(None);
            typing.set(Some(text.get_untracked()));
            focus(&format!("{}-input", id()));
        }
    };
    let leave = move || {
        typing.set(None);
        wrong.set(None);
        focus(&id());
    };
    let commit = move |typed: String| {
        let outcome = session.with_now(|draft| {
            let hostname = name.get_value();
            let node = draft.desired().node(&hostname)?;
            Some(edit_cell(node, column, &typed, draft.catalogue()).map(|edits| (hostname, edits)))
        });
        match outcome {
            Some(Ok((hostname, edits))) => {
                let renamed = edits.iter().find_map(|edit| match edit {
                    Edit::RenameNode { to, .. } => Some(to.clone()),
                    _ => None,
                });
                if edits.is_empty()
                    || session.act(format!("Set {} of {hostname}", column.title().to_lowercase()), edits)
                {
                    leave();
                    if let Some(to) = renamed {
                        focus(&format!("cell-hostname-{to}"));
                    }
                } else {
                    wrong.set(session.said.get_untracked().map(|said| said.text));
                }
            }
            Some(Err(error)) => {
                session.say(error.message.clone(), "danger");
                wrong.set(Some(error.message));
            }
            None => leave(),
        }
    };
    let keys = move |event: leptos::ev::KeyboardEvent| {
        if typing.get_untracked().is_some() {
            match event.key().as_str() {
                "Enter" => {
                    event.prevent_default();
                    commit(typing.get_untracked().unwrap_or_default());
                }
                "Escape" => {
                    event.prevent_default();
                    leave();
                }
                _ => {}
            }
            return;
        }
        let to = match event.key().as_str() {
            "Enter" | "F2" => {
                event.prevent_default();
                return begin();
            }
            " " => {
                event.prevent_default();
                return name.with_value(|name| session.toggle(name));
            }
            "ArrowLeft" => neighbour(&event, false),
            "ArrowRight" => neighbour(&event, true),
            "ArrowUp" => above_or_below(&event, column, false),
            "ArrowDown" => above_or_below(&event, column, true),
            _ => return,
        };
        event.prevent_default();
        if let Some(cell) = to {
            let _ = cell.focus();
        }
    };
    let content = move || match typing.get() {
        None => Either::Left(view! { <span class="cell-text">{text}</span> }),
        Some(_) => Either::Right(view! {
            <input
                id=format!("{}-input", id())
                class="cell-input"
                aria-label=column.title()
                aria-invalid=move || wrong.get().is_some().then_some("true")
                title=move || wrong.get()
                value=typing.get_untracked()
                on:input=move |event| {
                    wrong.set(None);
                    typing.update_untracked(|typing| *typing = Some(event_target_value(&event)));
                }
                on:blur=move |_| {
                    if let Some(typed) = typing.get_untracked() && wrong.get_untracked().is_none() {
                        commit(typed);
                    }
                }
            />
        }),
    };
    view! {
        <td
            id=id
            role="gridcell"
            tabindex=if column == Column::Hostname { "0" } else { "-1" }
            data-column=column.name()
            data-number=column.is_number().then_some("true")
            on:keydown=keys
            on:dblclick=move |_| begin()
            on:focus=move |_| name.with_value(|name| session.look_at(name))
        >
            {content}
        </td>
    }
}

fn cell_of(event: &leptos::ev::KeyboardEvent) -> Option<web_sys::Element> {
    event.current_target()?.dyn_into::<web_sys::Element>().ok()
}

fn neighbour(event: &leptos::ev::KeyboardEvent, forward: bool) -> Option<web_sys::HtmlElement> {
    let cell = cell_of(event)?;
    let next = if forward { cell.next_element_sibling() } else { cell.previous_element_sibling() }?;
    next.has_attribute("data-column").then_some(next)?.dyn_into().ok()
}

fn above_or_below(event: &leptos::ev::KeyboardEvent, column: Column, forward: bool) -> Option<web_sys::HtmlElement> {
    let row = cell_of(event)?.parent_element()?;
    let next = if forward { row.next_element_sibling() } else { row.previous_element_sibling() }?;
    let selector = format!("[data-column=\"{}\"]", column.name());
    next.query_selector(&selector).ok()??.dyn_into().ok()
}

/// What a paste would do, before it is done.
#[component]
fn PastePanel(session: Session, pasted: RwSignal<Option<(String, Pasted)>>) -> impl IntoView {
    let apply = move |_| {
        // Read once more: others may have changed the same nodes since.
        if let Some((text, _)) = pasted.get_untracked() {
            let read = session.with_now(|draft| paste(&text, draft.desired(), draft.catalogue()));
            let Pasted { edits, added, updated, .. } = read;
            session.act(format!("Paste {}", counts(added, updated)), edits);
        }
        pasted.set(None);
    };
    move || {
        pasted.get().map(|(_, Pasted { edits, added, updated, unchanged, problems })| {
            let total = problems.len();
            let listed: Vec<_> = problems
                .into_iter()
                .take(LISTED)
                .map(|problem| {
                    let column = problem.column.map(|column| format!(", {}", column.title())).unwrap_or_default();
                    view! { <li>{format!("Line {}{column}: {}", problem.line, problem.message)}</li> }
                })
                .collect();
            let list = (total > 0).then(|| {
                view! {
                    <p>{format!("{total} lines cannot be taken and are left out:")}</p>
                    <ul class="prose-list">{listed}</ul>
                }
            });
            let nothing = edits.is_empty();
            view! {
                <section class="notice" data-tone="info" role="alertdialog" aria-label="Paste">
                    <p><strong>{format!("Pasted: {}, {unchanged} unchanged.", counts(added, updated))}</strong></p>
                    {list}
                    <p class="row-acts">
                        <button type="button" class="button" data-tone="primary" disabled=nothing on:click=apply>
                            {format!("Take {}", counts(added, updated))}
                        </button>
                        <button type="button" class="button" on:click=move |_| pasted.set(None)>"Leave it"</button>
                    </p>
                </section>
            }
        })
    }
}

fn counts(added: usize, updated: usize) -> String {
    format!("{added} new and {updated} updated")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_of_texts_and_numbers() {
        assert!(passes(Column::Site, "dc1", "DC"));
        assert!(!passes(Column::Site, "dc1", ">1"));
        assert!(passes(Column::MemoryMib, "512", "> 256"));
        assert!(!passes(Column::MemoryMib, "512", "<512"));
        assert!(passes(Column::MemoryMib, "512", "=512"));
        assert!(!passes(Column::MemoryMib, "", ">0"));
        assert!(passes(Column::MemoryMib, "512", "51"));
    }
}
