//! A proposal that waits: what it changes, who approved it, who has to, and the decision on it.

use leptos::form::ActionForm;
use leptos::prelude::*;
use strata_domain::catalogue::Catalogue;
use strata_domain::policy::Rule;
use strata_domain::proposal::Proposed;

use super::rule_list;
use crate::api::proposals::{OpenProposal, ProposalDecide, ProposalWithdraw};
use crate::components::{Act, Moment, TextField, tally_item};

/// One proposal.
#[component]
pub fn Proposal(
    /// The proposal.
    open: OpenProposal,
    /// The rules of the policy in force.
    before: Vec<Rule>,
    /// What rules are described with.
    catalogue: Catalogue,
    /// The environment's slug.
    environment: String,
    /// Approves it, or turns it down.
    decide: ServerAction<ProposalDecide>,
    /// Gives it up.
    withdraw: ServerAction<ProposalWithdraw>,
) -> impl IntoView {
    let OpenProposal { id, proposed, based_on, reason, proposed_by, at, warnings, approvals, asked, .. } = open;
    let (title, what) = match proposed {
        Proposed::Policy { rules } => {
            (format!("Proposed version {}", based_on + 1), Some(rules_moved(&before, &rules, &catalogue).into_any()))
        }
        other => (format!("Proposed: {}", other.describe()), None),
    };
    let warnings: Vec<_> = warnings.into_iter().map(|warning| view! { <li>{warning}</li> }).collect();
    let warnings =
        (!warnings.is_empty()).then(|| view! { <ul class="prose-list why-not" aria-label="Warnings">{warnings}</ul> });
    // The click that is enough says so.
    let lacking: usize = asked.iter().map(|tally| tally.quorum.saturating_sub(tally.have)).max().unwrap_or_default();
    let label = if lacking <= 1 { "Put it in force" } else { "Approve it" };
    let asked: Vec<_> = asked.into_iter().map(|tally| tally_item(tally, true)).collect();
    let given: Vec<_> = approvals
        .into_iter()
        .map(|(name, at)| view! { <li><strong>{name}</strong> " approved it " <Moment at /></li> })
        .collect();
    let environment = StoredValue::new(environment);
    let withdrawing = open.can_be_withdrawn.then(|| {
        view! {
            <ActionForm action=withdraw>
                <input type="hidden" name="environment" value=environment.get_value() />
                <input type="hidden" name="proposal" value=id />
                <Act label="Withdraw it" pending=withdraw.pending() />
            </ActionForm>
        }
    });
    let heading = format!("proposal-{id}-heading");
    let labelled_by = heading.clone();
    view! {
        <section class="panel notice" data-tone="attention" aria-labelledby=labelled_by>
            <h2 id=heading>{title}</h2>
            <p><strong>{proposed_by.name}</strong> " " <Moment at /></p>
            <p class="quote">{reason}</p>
            {what}
            {warnings}
            <h3>"Approvals it needs"</h3>
            <ul class="plain-list">{asked}</ul>
            <ul class="prose-list" aria-label="Approvals given">{given}</ul>
            <div class="acts">
                <ActionForm action=decide>
                    <input type="hidden" name="environment" value=environment.get_value() />
                    <input type="hidden" name="proposal" value=id />
                    <Act label tone="primary" refused=open.approve_refused pending=decide.pending() choice=("verdict", "approve") />
                </ActionForm>
                <details class="more">
                    <summary>"Turn it down"</summary>
                    <ActionForm action=decide>
                        <input type="hidden" name="environment" value=environment.get_value() />
                        <input type="hidden" name="proposal" value=id />
                        <TextField id=format!("turn-down-{id}") name="reason" label="Reason" required=true />
                        <Act label="Turn it down" tone="danger" refused=open.turn_down_refused pending=decide.pending() choice=("verdict", "reject") />
                    </ActionForm>
                </details>
                {withdrawing}
            </div>
        </section>
    }
}

/// What another policy takes away and brings.
fn rules_moved(before: &[Rule], after: &[Rule], catalogue: &Catalogue) -> impl IntoView + use<> {
    let only = |of: &[Rule], other: &[Rule]| -> Vec<Rule> {
        of.iter().filter(|rule| !other.contains(rule)).cloned().collect()
    };
    let part = |title: &'static str, rules: Vec<Rule>| {
        (!rules.is_empty()).then(|| view! { <h3>{title}</h3> {rule_list(&rules, catalogue)} })
    };
    let (gone, fresh) = (part("Goes", only(before, after)), part("Comes", only(after, before)));
    let stays = after.iter().filter(|rule| before.contains(rule)).count();
    view! {
        {gone}
        {fresh}
        <p class="hint">{format!("Rules that stay as they are: {stays}. A change in review goes on to be judged by those that were in force since it was submitted, too.")}</p>
    }
}
