//! The decision: what is missing, who could give it, and the buttons.

use chrono::{DateTime, Utc};
use leptos::form::ActionForm;
use leptos::prelude::*;
use strata_domain::change::{Change, ChangeState};
use strata_domain::schedule::Verdict;

use super::actions::{Actions, Target};
use super::applying::{Applying, BreakGlass};
use crate::api::review::{Acts, ShownTally};
use crate::components::{Act, Moment, TextField, tally_item};
use crate::paths;

/// What is missing, and the acts that the one who looks may do.
#[component]
pub fn Decision(
    /// The change.
    change: Change,
    /// Why each act is refused, where it is.
    acts: Acts,
    /// What the policy asks for.
    asked: Vec<ShownTally>,
    /// What is missing in words.
    missing: String,
    /// What windows and freezes say now.
    gate: Verdict,
    /// When the approval ends.
    expires_at: Option<DateTime<Utc>>,
    /// Of the plan that is on the page: a vote is for this one.
    digest: String,
    /// The plan that the one who looks has seen, by change and digest: news must not put another under their click.
    seen: RwSignal<Option<(i64, String)>>,
    /// The acts.
    actions: Actions,
) -> impl IntoView {
    let now = (change.id, digest.clone());
    if seen.with_untracked(|seen| seen.as_ref().is_none_or(|(id, _)| *id != change.id)) {
        seen.set(Some(now.clone()));
    }
    let is_moved = {
        let now = now.clone();
        Memo::new(move |_| seen.with(|seen| seen.as_ref() != Some(&now)))
    };
    let moved = move || {
        let now = now.clone();
        let look = move |_| seen.set(Some(now.clone()));
        // `try_get` as with buttons.
        is_moved.try_get().unwrap_or_default().then(|| {
            view! {
                <div class="notice" data-tone="attention" role="alert">
                    <p>"The plan changed while you looked at it. What stands on this page now is another plan than the one that you opened."</p>
                    <button type="button" class="button" on:click=look>"I have looked at it again"</button>
                </div>
            }
        })
    };
    let (state, target) = (change.state, (change.id, change.version));
    let is_draft = state == ChangeState::Draft;
    let edit = match acts.edit.clone() {
        None if state.is_open() => Some(view! { <a class="button" href=paths::change_edit(change.id)>"Edit"</a> }.into_any()),
        // During a review only who can edit is offered it.
        Some(reason) if is_draft => {
            Some(view! { <span class="act"><button class="button" disabled>"Edit"</button><span class="why-not">{reason}</span></span> }.into_any())
        }
        _ => None,
    };
    let submit = is_draft.then(|| {
        view! {
            <ActionForm action=actions.submit>
                <Target change=target />
                <Act label="Submit for review" tone="primary" refused=acts.submit.clone() pending=actions.submit.pending() />
            </ActionForm>
        }
    });
    let glass = acts.may_break_glass.then(|| {
        view! { <BreakGlass change=change.id digest=digest.clone() refused=acts.break_glass.clone() actions /> }
    });
    let voting = matches!(state, ChangeState::InReview | ChangeState::Approved).then(|| {
        let seen = digest.clone();
        view! {
            {moved}
            <fieldset class="bare" disabled=move || is_moved.try_get().unwrap_or_default()>
                <ActionForm action=actions.vote>
                    <Target change=target />
                    <input type="hidden" name="digest" value=digest.clone() />
                    <Act label="Approve" tone="primary" refused=acts.approve.clone() pending=actions.vote.pending() choice=("verdict", "approve") />
                </ActionForm>
            </fieldset>
            <details class="more">
                <summary>"Send back or reject"</summary>
                <ActionForm action=actions.vote>
                    <Target change=target />
                    <input type="hidden" name="digest" value=seen />
                    <TextField id="reason" name="reason" label="Reason" hint="for its authors" required=true />
                    <Act label="Send back" refused=acts.refuse.clone() pending=actions.vote.pending() choice=("verdict", "send-back") />
                    <Act label="Reject" tone="danger" refused=acts.refuse.clone() pending=actions.vote.pending() choice=("verdict", "reject") />
                </ActionForm>
            </details>
        }
    });
    let copy = (state.is_final() && state != ChangeState::Applied).then(|| {
        view! {
            <ActionForm action=actions.copy>
                <input type="hidden" name="id" value=change.id />
                <Act label="Copy into a new draft" refused=acts.copy.clone() pending=actions.copy.pending() />
            </ActionForm>
        }
    });
    let withdraw = state.is_open().then(|| {
        view! {
            <details class="more">
                <summary>"Withdraw"</summary>
                <ActionForm action=actions.withdraw>
                    <Target change=target />
                    <TextField id="withdraw-reason" name="reason" label="Reason" required=true />
                    <Act label="Withdraw" tone="danger" refused=acts.withdraw.clone() pending=actions.withdraw.pending() />
                </ActionForm>
            </details>
        }
    });
    let in_review = state == ChangeState::InReview;
    let needed: Vec<_> = asked.into_iter().map(|tally| tally_item(tally, in_review)).collect();
    let told = match (state, missing.is_empty()) {
        (ChangeState::InReview, false) => Some(format!("Still missing: {missing}.")),
        (ChangeState::Approved, _) => Some("Everything that is asked for is there.".to_owned()),
        _ => None,
    };
    let expires = expires_at.filter(|_| state == ChangeState::Approved);
    let expires = expires.map(|at| view! { <p class="hint">"The approval ends " <Moment at /></p> });
    view! {
        <section class="panel decision" aria-labelledby="decision-heading">
            <h2 id="decision-heading">"Decision"</h2>
            {told.map(|told| view! { <p><strong>{told}</strong></p> })}
            {expires}
            <div class="acts">{submit} {voting} <Applying change refused=acts.apply gate ends=expires_at actions /> {edit} {copy} {withdraw} {glass}</div>
            <h3>"Approvals it needs"</h3>
            <ul class="plain-list">{needed}</ul>
        </section>
    }
}
