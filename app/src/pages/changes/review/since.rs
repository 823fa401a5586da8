//! What became of a change since a vote was given on it: whoever voted sees what there is to look at again.

use leptos::prelude::*;

use super::summary::part;
use crate::api::review::{DifferenceView, vote_difference};
use crate::components::loaded;
use crate::paths;

/// The difference, where the address asks for that of a vote.
#[component]
pub fn Since(
    /// The change.
    change: i64,
    /// As of when.
    version: i64,
    /// The vote's id.
    since: Memo<Option<String>>,
) -> impl IntoView {
    let difference = Resource::new(
        move || (since.get().and_then(|vote| vote.parse::<i64>().ok()), version),
        move |(vote, _)| async move {
            match vote {
                Some(vote) => vote_difference(change, vote).await.map(Some),
                None => Ok(None),
            }
        },
    );
    loaded(difference, move |difference| difference.map(|difference| view! { <Difference change difference /> }))
}

#[component]
fn Difference(change: i64, difference: DifferenceView) -> impl IntoView {
    let DifferenceView { same, gone, fresh, base, base_now, edits } = difference;
    let told = match (same, gone.count + fresh.count == 0) {
        (true, _) => Some("The plan is the one of that vote again."),
        (false, true) => Some("It has the same steps, but in another order or under another version of the catalogue."),
        (false, false) => None,
    };
    let told = told.map(|told| view! { <p class="empty">{told}</p> });
    let moved = (base != base_now).then(|| {
        view! { <p class="hint">{format!("It was moved from revision {base} to revision {base_now} since.")}</p> }
    });
    view! {
        <section class="panel" id="since" aria-labelledby="since-heading">
            <h2 id="since-heading">"What changed since that vote"</h2>
            {told}
            {moved}
            {part("Steps that are no more", "danger", gone)}
            {part("Steps that are new", "good", fresh)}
            {part("Edits since", "attention", edits)}
            <p><a href=paths::change(change)>"Close"</a></p>
        </section>
    }
}
