//! The head of the editor: which view, what is searched, undo and redo, and whether all is saved.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use strata_domain::draft::Draft;

use super::board::layout::Grouping;
use super::session::{Saving, Session};
use super::shortcuts::{add_node, select_found};
use super::workbench::{Mode, Size, Stand};
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
            <OfBoard session stand />
            <p class="field search">
                <label class="visually-hidden" for="editor-search">"Search nodes"</label>
                <input
                    id="editor-search"
                    type="search"
                    placeholder="Search: name, role, site:dc1, group:ag-1"
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

/// What only the board has: its columns, what its cards say, and folding all of it to fit.
#[component]
fn OfBoard(session: Session, stand: Stand) -> impl IntoView {
    let elsewhere = move || stand.mode.get() != Mode::Board;
    let groupings = Grouping::ALL.map(|grouping| (grouping.as_str(), grouping.title()));
    let sizes = Size::ALL.map(|size| (size.as_str(), size.title()));
    let group = Callback::new(move |word: String| {
        if let Some(grouping) = Grouping::ALL.into_iter().find(|grouping| grouping.as_str() == word) {
            stand.group_by(grouping);
        }
    });
    let resize = Callback::new(move |word: String| {
        if let Some(size) = Size::ALL.into_iter().find(|size| size.as_str() == word) {
            stand.resize(size);
        }
    });
    let some_folded = Memo::new(move |_| session.folded.with(|folded| !folded.is_empty()));
    let fold = move |_| {
        if some_folded.get_untracked() {
            session.folded.set(BTreeSet::new());
        } else {
            session.fold_all.notify();
        }
    };
    view! {
        <Choice id="columns-by" label="Columns" options=groupings.into() chosen=Signal::derive(move || stand.grouping.get().as_str()) choose=group hidden=Signal::derive(elsewhere) />
        <Choice id="cards-say" label="Cards" options=sizes.into() chosen=Signal::derive(move || stand.size.get().as_str()) choose=resize hidden=Signal::derive(elsewhere) />
        <button type="button" class="button" hidden=elsewhere on:click=fold>
            {move || if some_folded.get() { "Unfold all" } else { "Fold all" }}
        </button>
    }
}

/// One of a few words, beside its label.
#[component]
fn Choice(
    id: &'static str,
    label: &'static str,
    options: Vec<(&'static str, &'static str)>,
    chosen: Signal<&'static str>,
    choose: Callback<String>,
    hidden: Signal<bool>,
) -> impl IntoView {
    let options: Vec<_> = options
        .into_iter()
        .map(|(word, title)| view! { <option value=word selected=move || chosen.get() == word>{title}</option> })
        .collect();
    view! {
        <p class="field beside" hidden=hidden>
            <label for=id>{label}</label>
            <select id=id on:change=move |event| choose.run(event_target_value(&event))>{options}</select>
        </p>
    }
}

/// Undo and redo.
#[component]
fn Ways(session: Session) -> impl IntoView {
    let undo = Memo::new(move |_| session.with(|draft| draft.undo_label().map(str::to_owned)));
    let redo = Memo::new(move |_| session.with(|draft| draft.redo_label().map(str::to_owned)));
    view! {
        <div class="switch" role="group" aria-label="History">
            <Way what="Undo" keys="Control+Z" label=undo go=Callback::new(move |()| session.undo()) />
            <Way what="Redo" keys="Control+Shift+Z" label=redo go=Callback::new(move |()| session.redo()) />
        </div>
    }
}

/// A step in the history of this tab; its title says what it would do.
#[component]
fn Way(what: &'static str, keys: &'static str, label: Memo<Option<String>>, go: Callback<()>) -> impl IntoView {
    let told = move || label.get().map_or_else(|| what.to_owned(), |label| format!("{what}: {label}"));
    let nothing = move || label.with(Option::is_none);
    view! {
        <button type="button" class="button" aria-keyshortcuts=keys title=told disabled=nothing on:click=move |_| go.run(())>
            {what}
        </button>
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
