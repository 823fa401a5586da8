//! One cell: what it says, typing into it, and stepping from it to others.

use std::sync::Arc;

use leptos::either::Either;
use leptos::prelude::*;
use strata_domain::cells::{Column, edit_cell};
use strata_domain::edit::Edit;

use super::order::columns;
use super::{Grid, cell_id};
use crate::pages::changes::editor::focus::focus;
use crate::pages::changes::editor::shown::Row;

/// One cell of a row.
#[component]
pub fn GridCell(
    grid: Grid,
    /// The node's hostname.
    name: StoredValue<String>,
    /// The node as it is now.
    row: Memo<Option<Arc<Row>>>,
    /// The place of its row among all.
    place: Signal<usize>,
    /// Which cell.
    column: Column,
    /// The column that the Tab key leads to in this row, if it leads here.
    tabbed: Memo<Option<Column>>,
    /// Whether the draft takes the node away.
    gone: bool,
) -> impl IntoView {
    let session = grid.session;
    let typing = RwSignal::new(None::<String>);
    let wrong = RwSignal::new(None::<String>);
    let text = Memo::new(move |_| row.with(|row| row.as_ref().map(|row| column.text(&row.node)).unwrap_or_default()));
    let id = move || name.with_value(|name| cell_id(column, name));
    let begin = move |with: String| {
        if !gone && column.can_be_edited() && session.refused.get_untracked().is_none() {
            wrong.set(None);
            typing.set(Some(with));
            focus(&format!("{}-input", id()));
        }
    };
    let leave = move || {
        typing.set(None);
        wrong.set(None);
        focus(&id());
    };
    // Gives whether what was typed is done with.
    let commit = move |typed: String| -> bool {
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
                let what = format!("Set {} of {hostname}", column.title().to_lowercase());
                let done = edits.is_empty() || session.act(what, edits);
                if done {
                    leave();
                    if let Some(to) = renamed {
                        focus(&cell_id(Column::Hostname, &to));
                    }
                } else {
                    wrong.set(session.said.get_untracked().map(|said| said.text));
                }
                done
            }
            Some(Err(error)) => {
                session.say(error.message.clone(), "danger");
                wrong.set(Some(error.message));
                false
            }
            None => {
                leave();
                true
            }
        }
    };
    let keys = move |event: leptos::ev::KeyboardEvent| {
        let key = event.key();
        let control = event.ctrl_key() || event.meta_key();
        let here = place.get_untracked();
        if let Some(typed) = typing.get_untracked() {
            match key.as_str() {
                // As in a spreadsheet, Enter goes on to the cell below, and Tab to the one beside.
                "Enter" => {
                    event.prevent_default();
                    if commit(typed) && column != Column::Hostname {
                        grid.go(here + 1, column);
                    }
                }
                "Tab" => {
                    event.prevent_default();
                    if commit(typed) && column != Column::Hostname {
                        grid.go(here, if event.shift_key() { before(column) } else { after(column) });
                    }
                }
                "Escape" => {
                    event.prevent_default();
                    leave();
                }
                _ => {}
            }
            return;
        }
        let page = grid.in_view();
        match key.as_str() {
            "Enter" | "F2" => begin(text.get_untracked()),
            " " => name.with_value(|name| session.toggle(name)),
            "ArrowLeft" => grid.go(here, before(column)),
            "ArrowRight" => grid.go(here, after(column)),
            "ArrowUp" => grid.go(here.saturating_sub(1), column),
            "ArrowDown" => grid.go(here + 1, column),
            "PageUp" => grid.go(here.saturating_sub(page), column),
            "PageDown" => grid.go(here + page, column),
            "Home" => grid.go(if control { 0 } else { here }, columns().next().unwrap_or(column)),
            "End" => grid.go(if control { usize::MAX } else { here }, columns().last().unwrap_or(column)),
            _ => return,
        }
        event.prevent_default();
    };
    let error_id = move || format!("{}-error", id());
    let content = move || match typing.get() {
        None => Either::Left(view! { <span class="cell-text">{text}</span> }),
        Some(_) => Either::Right(view! {
            <input
                id=format!("{}-input", id())
                class="cell-input"
                aria-label=column.title()
                aria-invalid=move || wrong.get().is_some().then_some("true")
                aria-describedby=move || wrong.get().is_some().then(error_id)
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
            {move || wrong.get().map(|wrong| view! { <span class="field-error cell-error" id=error_id()>{wrong}</span> })}
        }),
    };
    let looked_at = move |_| {
        name.with_value(|name| {
            session.look_at(name);
            grid.cursor.set(Some((name.clone(), column)));
        });
    };
    view! {
        <td
            id=id
            role="gridcell"
            tabindex=move || if tabbed.get() == Some(column) { "0" } else { "-1" }
            data-column=column.name()
            data-number=column.is_number().then_some("true")
            on:keydown=keys
            on:dblclick=move |_| begin(text.get_untracked())
            on:focus=looked_at
        >
            {content}
        </td>
    }
}

/// The column on the right, or the same where there is none.
fn after(column: Column) -> Column {
    columns().skip_while(|one| *one != column).nth(1).unwrap_or(column)
}

/// The column on the left, or the same where there is none.
fn before(column: Column) -> Column {
    columns().take_while(|one| *one != column).last().unwrap_or(column)
}
