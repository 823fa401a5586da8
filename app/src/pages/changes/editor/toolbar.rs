//! The head of the editor: which view, what is searched, undo and redo, and whether all is saved.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use strata_domain::draft::Draft;

use super::layout::Grouping;
use super::session::{Saving, Session};
use super::shortcuts::{add_node, select_found};
use super::workbench::{Mode, Stand};
use crate::components::{Badge, FindingCounts, Stateful};
use crate::paths;

/// Heading, risk and findings, and the tools below.
#[component]
pub fn Toolbar(
    /// The draft.
    session: Session,
    /// Which view.
    stand: Stand,
    /// Whether the list of shortcuts is open.
    help: RwSignal<bool>,
) -> impl IntoView {
    let title = Memo::new(move |_| session.change.with(|change| change.title.clone()));
    let risk = Memo::new(move |_| session.shown().plan.risk);
    let summary = Memo::new(move |_| session.shown().summary);
    // Whoever leaves by this way waits until everything is saved, so that the review shows all of it.
    let leaving = RwSignal::new(false);
    let leave = move |event: leptos::ev::MouseEvent| {
        if session.with_now(Draft::unsent) > 0 {
            event.prevent_default();
            leaving.set(true);
            session.say("Saving before the review opens.".to_owned(), "info");
        }
    };
    let navigate = use_navigate();
    Effect::new(move |_| {
        if leaving.get() && session.with(Draft::unsent) == 0 {
            navigate(&paths::change(session.id), NavigateOptions::default());
        }
    });
    view! {
        <div class="page-head">
            <h1>{move || format!("Edit #{} {}", session.id, title.get())}</h1>
            <div class="page-acts">
                {move || view! { <Badge of=Stateful::Risk(risk.get()) /> }}
                {move || view! { <FindingCounts summary=summary.get() /> }}
                <a class="button" data-tone="primary" href=paths::change(session.id) on:click=leave>"Review and submit"</a>
            </div>
        </div>
        <div class="toolbar" role="toolbar" aria-label="Editor">
            <Modes stand />
            <Columns stand />
            <p class="field search">
                <label class="visually-hidden" for="editor-search">"Search nodes"</label>
                <input
                    id="editor-search"
                    type="search"
                    placeholder="Search: name, role, site, group, address"
                    autocomplete="off"
                    prop:value=session.search
                    on:input=move |event| session.search.set(event_target_value(&event))
                />
            </p>
            <button type="button" class="button" aria-keyshortcuts="Control+A" on:click=move |_| select_found(session)>
                "Select all found"
            </button>
            <Ways session />
            <button type="button" class="button" aria-keyshortcuts="n" on:click=move |_| add_node(session)>"Add a node"</button>
            <button type="button" class="button" aria-keyshortcuts="?" on:click=move |_| help.set(true)>
                "Shortcuts"
            </button>
            <SavingState session />
        </div>
        <Said session />
    }
}

#[component]
fn Modes(stand: Stand) -> impl IntoView {
    let buttons: Vec<_> = Mode::ALL
        .into_iter()
        .map(|mode| {
            let pressed = move || if stand.mode.get() == mode { "true" } else { "false" };
            view! { <button type="button" class="button" aria-pressed=pressed on:click=move |_| stand.show(mode)>{mode.title()}</button> }
        })
        .collect();
    view! { <div class="switch" role="group" aria-label="View">{buttons}</div> }
}

#[component]
fn Columns(stand: Stand) -> impl IntoView {
    let options: Vec<_> = Grouping::ALL
        .into_iter()
        .map(|grouping| {
            view! {
                <option value=grouping.as_str() selected=move || stand.grouping.get() == grouping>
                    {grouping.title()}
                </option>
            }
        })
        .collect();
    let choose = move |event| {
        let word = event_target_value(&event);
        if let Some(grouping) = Grouping::ALL.into_iter().find(|grouping| grouping.as_str() == word) {
            stand.group_by(grouping);
        }
    };
    view! {
        <p class="field columns-by" hidden=move || stand.mode.get() != Mode::Board>
            <label for="columns-by">"Columns"</label>
            <select id="columns-by" on:change=choose>{options}</select>
        </p>
    }
}

/// Undo and redo, each saying what it would do.
#[component]
fn Ways(session: Session) -> impl IntoView {
    let undo = Memo::new(move |_| session.with(|draft| draft.undo_label().map(str::to_owned)));
    let redo = Memo::new(move |_| session.with(|draft| draft.redo_label().map(str::to_owned)));
    let told = |what: &'static str, label: Option<String>| {
        label.map_or_else(|| what.to_owned(), |label| format!("{what}: {label}"))
    };
    view! {
        <div class="switch" role="group" aria-label="History">
            <button
                type="button"
                class="button"
                aria-keyshortcuts="Control+Z"
                title=move || told("Undo", undo.get())
                disabled=move || undo.get().is_none()
                on:click=move |_| session.undo()
            >
                "Undo"
            </button>
            <button
                type="button"
                class="button"
                aria-keyshortcuts="Control+Shift+Z"
                title=move || told("Redo", redo.get())
                disabled=move || redo.get().is_none()
                on:click=move |_| session.redo()
            >
                "Redo"
            </button>
        </div>
    }
}

/// Saved, saving, offline or conflict: as a word, not as a colour alone.
#[component]
fn SavingState(session: Session) -> impl IntoView {
    let state = Memo::new(move |_| {
        let (unsent, returned) = session.with(|draft| (draft.unsent(), draft.returned().len()));
        match session.saving.get() {
            Saving::Stopped(reason) => ("danger", "✕", format!("Not saved: {reason}")),
            Saving::Offline => (
                "attention",
                "○",
                match unsent {
                    0 => "Offline".to_owned(),
                    1 => "Offline, 1 act waits".to_owned(),
                    many => format!("Offline, {many} acts wait"),
                },
            ),
            _ if returned > 0 => ("warning", "▲", "Conflict".to_owned()),
            Saving::UnderWay => ("active", "…", "Saving".to_owned()),
            Saving::Saved => ("good", "✓", "Saved".to_owned()),
        }
    });
    view! {
        <p class="saving" role="status" aria-label="Saving" data-tone=move || state.get().0>
            <span aria-hidden="true">{move || state.get().1}</span>
            " "
            {move || state.get().2}
        </p>
    }
}

/// What was last done or said, for eyes and ears.
#[component]
fn Said(session: Session) -> impl IntoView {
    let tone = move || session.said.get().map_or("info", |said| said.tone);
    view! {
        <p class="said" role="status" aria-live="polite" data-tone=tone>
            {move || session.said.get().map(|said| said.text)}
        </p>
    }
}
