//! The votes on a change, and what each is worth.

use leptos::form::ActionForm;
use leptos::prelude::*;
use strata_domain::review::VoteStanding;

use crate::api::review::{ShownVote, VoteTakeBack};
use crate::components::{Act, Moment};
use crate::paths;

/// All votes, newest first.
#[component]
pub fn Votes(
    /// The change.
    change: i64,
    /// The votes.
    votes: Vec<ShownVote>,
    /// Takes one's own back.
    action: ServerAction<VoteTakeBack>,
) -> impl IntoView {
    let none = votes.is_empty().then(|| view! { <p class="empty">"No vote yet."</p> });
    let items: Vec<_> = votes
        .into_iter()
        .map(|ShownVote { vote, standing, can_be_taken_back }| {
            let worth = match standing {
                VoteStanding::Counts | VoteStanding::Decided => None,
                _ => Some(view! { <p><span class="badge" data-tone="quiet">"no longer counts"</span> " " <span class="hint">{standing.meaning()}</span></p> }),
            };
            let digest = (standing == VoteStanding::OtherPlan)
                .then(|| {
                    view! {
                        <p class="hint">
                            "It was for the plan " <code title=vote.digest.to_string()>{vote.digest.short()}</code> ". "
                            <a href=paths::change_since(change, vote.id)>"What changed since"</a>
                        </p>
                    }
                });
            let back = can_be_taken_back.then(|| {
                view! {
                    <ActionForm action>
                        <input type="hidden" name="id" value=change />
                        <input type="hidden" name="vote" value=vote.id />
                        <Act label="Take it back" pending=action.pending() />
                    </ActionForm>
                }
            });
            view! {
                <li data-counts=(standing == VoteStanding::Counts).then_some("true")>
                    <p><strong>{vote.voter.name}</strong> " " {vote.verdict.past()} " " <Moment at=vote.at /></p>
                    {vote.reason.map(|reason| view! { <p class="quote">{reason}</p> })}
                    {worth}
                    {digest}
                    {back}
                </li>
            }
        })
        .collect();
    view! {
        <section class="panel" aria-labelledby="votes-heading">
            <h2 id="votes-heading">"Votes"</h2>
            {none}
            <ul class="plain-list votes">{items}</ul>
        </section>
    }
}
