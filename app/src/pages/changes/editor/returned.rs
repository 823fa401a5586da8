//! What was not taken, and a draft whose base is no longer live: what happened, and the ways on.

use std::collections::BTreeMap;

use leptos::prelude::*;
use strata_domain::draft::Batch;
use strata_domain::edit::Edit;
use strata_domain::rebase::{Choice, RebaseConflict};
use strata_domain::words::counted;

use super::connection::Connection;
use super::session::{Session, key};
use crate::api::drafting::{Rebasing, draft_rebase};
use crate::components::ActError;
use crate::error::AppError;

/// So many edits of an act are told one by one.
const MOST_TOLD: usize = 100;

/// Acts that came back, each with why, to be done all the same or dropped.
#[component]
pub fn Returned(
    /// The draft.
    session: Session,
) -> impl IntoView {
    let items = move || session.with(|draft| draft.returned().to_vec()).into_iter().enumerate().collect::<Vec<_>>();
    let some = Memo::new(move |_| session.with(|draft| !draft.returned().is_empty()));
    let list = move || {
        items()
            .into_iter()
            .map(|(place, returned)| {
                let label = returned.batch.label.clone();
                let again = move |_| {
                    if let Err(error) = session.alter(|draft| draft.insist(place, key())) {
                        session.say(error.to_string(), "danger");
                    }
                };
                let dropped = move |_| session.alter(|draft| draft.drop_returned(place));
                let again = returned.can_be_forced.then(|| {
                    view! { <button type="button" class="button" on:click=again>"Do it all the same"</button> }
                });
                view! {
                    <li>
                        <p><strong>{label}</strong> " " {returned.reason}</p>
                        {what_it_did(&returned.batch)}
                        <p class="row-acts">{again} <button type="button" class="button" on:click=dropped>"Drop it"</button></p>
                    </li>
                }
            })
            .collect_view()
    };
    view! {
        <section class="notice" data-tone="attention" aria-label="Returned to you" hidden=move || !some.get()>
            <p><strong>"These acts of yours were not taken:"</strong></p>
            <ul class="returned">{list}</ul>
        </section>
    }
}

/// The edits of an act of several, so that whoever drops it can do what is good of it by hand.
fn what_it_did(batch: &Batch) -> Option<impl IntoView + use<>> {
    let count = batch.edits.len();
    let told = batch.edits.iter().take(MOST_TOLD).map(Edit::describe);
    let rest = (count > MOST_TOLD).then(|| format!("and {} more", count - MOST_TOLD));
    let edits = told.chain(rest).map(|edit| view! { <li>{edit}</li> }).collect_view();
    (count > 1).then(|| view! { <details><summary>{counted(count, "edit")}</summary><ul>{edits}</ul></details> })
}

/// Another change was applied: the draft can be moved to what is live now, edit by edit where they conflict.
#[component]
pub fn StaleNotice(
    /// The draft.
    session: Session,
    /// Its connection.
    connection: Connection,
) -> impl IntoView {
    let choices = RwSignal::new(BTreeMap::<i64, Choice>::new());
    let conflicts = RwSignal::new(Vec::<RebaseConflict>::new());
    let error = RwSignal::new(None::<AppError>);
    let pending = RwSignal::new(false);
    let stale = Memo::new(move |_| {
        let live = session.live.get();
        session.change.with(|change| (change.base != live && change.state.is_open()).then_some((change.base, live)))
    });
    let move_it = move |_| {
        let (id, version) = (session.id, session.change.with_untracked(|change| change.version));
        let chosen = choices.get_untracked();
        pending.set(true);
        leptos::task::spawn_local(async move {
            let outcome = draft_rebase(id, version, chosen).await;
            if pending.try_set(false).is_some() {
                return;
            }
            error.set(None);
            match outcome {
                Ok(Rebasing::Done) => {
                    conflicts.set(Vec::new());
                    choices.set(BTreeMap::new());
                    session.say("The draft builds on the live revision now.".to_owned(), "good");
                }
                Ok(Rebasing::Conflicts(found)) => conflicts.set(found),
                Err(failed) => error.set(Some(failed)),
            }
            connection.read_again();
        });
    };
    let undecided = move || {
        let choices = choices.get();
        conflicts.with(|conflicts| conflicts.iter().any(|one| !choices.contains_key(&one.logged.sequence)))
    };
    let list =
        move || conflicts.get().into_iter().map(|conflict| view! { <ConflictItem conflict choices /> }).collect_view();
    let act = move || if conflicts.with(Vec::is_empty) { "Move it" } else { "Move it with these decisions" };
    view! {
        <section class="notice" data-tone="attention" aria-label="Stale" hidden=move || stale.get().is_none()>
            <p>
                {move || stale.get().map(|(base, live)| {
                    format!("Revision {live} went live since; this draft builds on revision {base}. Move it, so that it says what it changes about what is live now.")
                })}
            </p>
            <ActError error />
            <ul class="returned">{list}</ul>
            <p class="act">
                <button type="button" class="button" disabled=move || pending.get() || undecided() on:click=move_it>{act}</button>
                <span class="why-not">{move || undecided().then_some("Decide on each edit first.")}</span>
            </p>
        </section>
    }
}

#[component]
fn ConflictItem(conflict: RebaseConflict, choices: RwSignal<BTreeMap<i64, Choice>>) -> impl IntoView {
    let RebaseConflict { logged, reason, can_be_forced } = conflict;
    let sequence = logged.sequence;
    let offer = move |choice: Choice, words: &'static str| {
        let checked = move || choices.with(|choices| choices.get(&sequence) == Some(&choice));
        view! {
            <label>
                <input
                    type="radio"
                    name=format!("conflict-{sequence}")
                    prop:checked=checked
                    on:change=move |_| choices.update(|choices| _ = choices.insert(sequence, choice))
                />
                " "
                {words}
            </label>
        }
    };
    let insist = can_be_forced.then(|| offer(Choice::Insist, "Do it all the same"));
    view! {
        <li>
            <fieldset>
                <legend>{format!("{sequence}. {} ({})", logged.edit.describe(), logged.author.name)}</legend>
                <p>{reason}</p>
                <p class="row-acts">{insist} {offer(Choice::Drop, "Drop it")}</p>
            </fieldset>
        </li>
    }
}
