//! What pasted rows would do, before they do it.

use std::collections::BTreeSet;

use leptos::prelude::*;
use strata_domain::cells::{Pasted, paste};

use crate::pages::changes::editor::session::Session;

/// Problems of a paste that are listed.
const LISTED: usize = 20;

/// What a paste would do, before it is done.
#[component]
pub fn PastePanel(
    /// The draft.
    session: Session,
    /// What was pasted, as text and as what it does.
    pasted: RwSignal<Option<(String, Pasted)>>,
) -> impl IntoView {
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
            let lines = problems.iter().map(|problem| problem.line).collect::<BTreeSet<_>>().len();
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
                    <p>{match lines {
                        1 => "1 line cannot be taken and is left out:".to_owned(),
                        _ => format!("{lines} lines cannot be taken and are left out:"),
                    }}</p>
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
