//! `/settings/policy/propose`: other rules for an environment.

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;
use strata_domain::catalogue::Layer;
use strata_domain::plan::{Risk, StepKind};
use strata_domain::proposal::Kind;

use crate::api::policy::{PolicyPageView, PolicyPropose, RuleForm, policy_load};
use crate::api::proposals::OpenProposal;
use crate::components::{Act, ActError, CheckField, TextField, loaded};
use crate::pages::query;
use crate::paths;

/// Rows for rules that are not there yet; whoever needs more proposes and comes back.
const SPARE_ROWS: usize = 2;

/// The form, filled with the rules in force.
#[component]
pub fn PolicyFormPage() -> impl IntoView {
    let env = query("env");
    let propose = ServerAction::<PolicyPropose>::new();
    // Not on news: what is being typed stays.
    let view = Resource::new(move || env.get(), policy_load);
    view! {
        <Title text="Propose rules" />
        {loaded(view, move |view| view! { <PolicyForm view propose /> })}
    }
}

#[component]
fn PolicyForm(view: PolicyPageView, propose: ServerAction<PolicyPropose>) -> impl IntoView {
    let PolicyPageView { environment, present, groups, propose_refused, open, own, .. } = view;
    let refused = propose_refused.or_else(|| {
        open.iter().any(is_policy).then(|| "A proposal waits already; it has to be decided first.".to_owned())
    });
    let rows = present.rules.len() + SPARE_ROWS;
    let rules: Vec<_> = (0..rows)
        .map(|row| view! { <RuleRow row rule=present.rules.get(row).map(RuleForm::of).unwrap_or_default() /> })
        .collect();
    let error = Signal::derive(move || propose.value().get().and_then(Result::err));
    let group_names: Vec<_> = groups.into_iter().map(|(group, _)| view! { <option value=group></option> }).collect();
    let roles = own.catalogue().roles.iter().map(|role| role.id.to_string()).collect::<Vec<_>>().join(", ");
    let kinds = StepKind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
    view! {
        <p class="crumbs"><a href=paths::policy(&environment)>{format!("Policy of {environment}")}</a></p>
        <h1>"Propose other rules"</h1>
        <p class="lead">"What stands here takes the place of all rules, once as many leads agree as the strictest rule in force asks for, none of them who proposes it. It serves what is submitted after it; what it asks more holds for changes in review at once. A row in which nothing is said is left out. What a rule does not say, it does not ask for: a rule with a name, a group and a number alone is asked of every change."</p>
        <ActError error />
        <ActionForm action=propose attr:class="panel form-wide" attr:aria-label="Proposal">
            <input type="hidden" name="environment" value=environment />
            <input type="hidden" name="based_on" value=present.version />
            {rules}
            <datalist id="groups">{group_names}</datalist>
            <p class="hint">{format!("Roles: {roles}.")}</p>
            <p class="hint">{format!("Actions: {kinds}.")}</p>
            <TextField id="reason" name="reason" label="Reason" hint="for whoever decides" required=true />
            <Act label="Propose them" tone="primary" refused pending=propose.pending() />
        </ActionForm>
    }
}

fn is_policy(open: &OpenProposal) -> bool {
    open.proposed.kind() == Kind::Policy
}

#[component]
fn RuleRow(row: usize, rule: RuleForm) -> impl IntoView {
    let name = |field: &str| format!("rules[{row}][{field}]");
    let id = |field: &str| format!("rule-{row}-{field}");
    let checks = |field: &'static str, words: Vec<(&'static str, String)>, on: &dyn Fn(&str) -> bool| -> Vec<_> {
        words
            .into_iter()
            .map(|(word, label)| {
                let checked = on(word);
                view! { <CheckField id=format!("rule-{row}-{field}-{word}") name=format!("rules[{row}][{field}][{word}]") label checked /> }
            })
            .collect()
    };
    let risks = Risk::ALL.iter().map(|risk| (risk.as_str(), format!("{} risk", risk.as_str()))).collect();
    let risks = checks("risks", risks, &|word| rule.risks.contains_key(word));
    let layers = Layer::ALL.into_iter().map(|layer| (layer.as_str(), layer.title().to_owned())).collect();
    let layers = checks("layers", layers, &|word| rule.layers.contains_key(word));
    let legend = if rule.name.is_empty() { "Another rule".to_owned() } else { rule.name.clone() };
    view! {
        <fieldset class="rule-row">
            <legend>{legend}</legend>
            <div class="fields">
                <TextField id=id("name") name=name("name") label="Name" value=rule.name.clone() />
                <TextField id=id("group") name=name("group") label="Group" hint="leads, or a named group" value=rule.group.clone() />
                <TextField id=id("quorum") name=name("quorum") label="How many of it" value=rule.quorum.clone() />
                <TextField id=id("nodes") name=name("nodes_from") label="From this many nodes" value=rule.nodes_from.clone() />
                <TextField id=id("roles") name=name("roles") label="Roles" hint="between commas" value=rule.roles.clone() />
                <TextField id=id("actions") name=name("actions") label="Actions" hint="between commas" value=rule.actions.clone() />
            </div>
            <div class="checks">{risks}</div>
            <div class="checks">{layers}</div>
        </fieldset>
    }
}
