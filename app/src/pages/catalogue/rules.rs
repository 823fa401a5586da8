//! How much each rule matters to an environment.

use leptos::form::ActionForm;
use leptos::prelude::*;
use strata_domain::catalogue::{Level, Levels, level_of};
use strata_domain::findings::RuleId;

use crate::api::catalogue::RuleLevelSet;
use crate::api::proposals::RuleLevelPropose;
use crate::components::{Act, Badge, SelectField, Stateful, TextField, plain_words};

/// Each rule with what it looks for, why, a form that has it matter more, and one that proposes that it matters less.
#[component]
pub fn Rules(
    environment: String,
    levels: Levels,
    refused: Option<String>,
    action: ServerAction<RuleLevelSet>,
    propose_refused: Option<String>,
    propose: ServerAction<RuleLevelPropose>,
) -> impl IntoView {
    let items: Vec<_> = RuleId::ALL
        .iter()
        .map(|&rule| {
            let acts = Acts { refused: refused.clone(), action, propose_refused: propose_refused.clone(), propose };
            view! { <RuleItem rule now=level_of(&levels, rule) environment=environment.clone() acts /> }
        })
        .collect();
    view! {
        <section class="panel" aria-labelledby="rules-heading">
            <h2 id="rules-heading">{format!("Rules ({})", RuleId::ALL.len())}</h2>
            <ul class="plain-list">{items}</ul>
        </section>
    }
}

/// What can be done about a rule.
#[derive(Clone)]
struct Acts {
    refused: Option<String>,
    action: ServerAction<RuleLevelSet>,
    propose_refused: Option<String>,
    propose: ServerAction<RuleLevelPropose>,
}

#[component]
fn RuleItem(
    rule: RuleId,
    /// How much it matters now.
    now: Level,
    environment: String,
    acts: Acts,
) -> impl IntoView {
    let by_default = Level::from(rule.default_severity());
    let badge = match now.severity() {
        Some(severity) => view! { <Badge of=Stateful::Severity(severity) /> }.into_any(),
        None => view! { <span class="badge" data-tone="quiet">"off"</span> }.into_any(),
    };
    let changed = (now != by_default).then(|| view! { <span class="hint">{format!("by default {by_default}")}</span> });
    let id = rule.as_str().replace('.', "-");
    let words = |is_meant: &dyn Fn(Level) -> bool| {
        plain_words(Level::ALL.iter().filter(|level| is_meant(**level)).map(|level| level.as_str()))
    };
    let (stricter, weaker) = (words(&|level| now.is_weaker_than(level)), words(&|level| level.is_weaker_than(now)));
    let slug = environment.clone();
    let level_id = id.clone();
    let set = (!stricter.is_empty()).then(|| {
        // The default, where it is among them; else the level next to that of now.
        let first = stricter.iter().map(|(word, _)| word.clone()).find(|word| word == by_default.as_str());
        let first = first.or_else(|| stricter.last().map(|(word, _)| word.clone())).unwrap_or_default();
        view! {
            <ActionForm action=acts.action attr:class="edit-form" attr:aria-label=format!("Severity of {rule}")>
                <input type="hidden" name="environment" value=slug />
                <input type="hidden" name="rule" value=rule.as_str() />
                <SelectField id=format!("level-{level_id}") name="level" label="Severity" options=stricter value=first />
                <TextField id=format!("reason-{level_id}") name="reason" label="Reason" hint="the audit log keeps it" required=true />
                <Act label="Set severity" refused=acts.refused pending=acts.action.pending() />
            </ActionForm>
        }
    });
    let item_id = format!("rule-{id}");
    let propose = (!weaker.is_empty()).then(|| {
        let first = weaker.first().map(|(word, _)| word.clone()).unwrap_or_default();
        view! {
            <details class="more">
                <summary>"Propose that it matters less"</summary>
                <p class="hint">"Leads put it in force, as a policy. It serves what is submitted after it, and each review names it."</p>
                <ActionForm action=acts.propose attr:class="edit-form" attr:aria-label=format!("Proposal for {rule}")>
                    <input type="hidden" name="environment" value=environment />
                    <input type="hidden" name="rule" value=rule.as_str() />
                    <SelectField id=format!("weaker-{id}") name="level" label="Severity" options=weaker value=first />
                    <TextField id=format!("propose-{id}") name="reason" label="Reason" hint="for whoever decides" required=true />
                    <Act label="Propose it" refused=acts.propose_refused pending=acts.propose.pending() />
                </ActionForm>
            </details>
        }
    });
    view! {
        <li>
            <details id=item_id>
                <summary><code>{rule.as_str()}</code> " " {badge} " " {changed}</summary>
                <p>{rule.when()}</p>
                <p>{rule.why()}</p>
                <p class="hint">{format!("Source: {}", rule.source().what())}</p>
                {set}
                {propose}
            </details>
        </li>
    }
}
