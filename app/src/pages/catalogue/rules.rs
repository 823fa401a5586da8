//! How much each rule matters to an environment.

use leptos::form::ActionForm;
use leptos::prelude::*;
use strata_domain::catalogue::{Level, Levels};
use strata_domain::findings::RuleId;

use crate::api::catalogue::RuleLevelSet;
use crate::components::{Act, Badge, Stateful, TextField};

/// Each rule with what it looks for, why, and a form that changes its severity.
#[component]
pub fn Rules(
    environment: String,
    levels: Levels,
    refused: Option<String>,
    action: ServerAction<RuleLevelSet>,
) -> impl IntoView {
    let items: Vec<_> = RuleId::ALL
        .iter()
        .map(|&rule| {
            let set = levels.get(&rule).copied();
            view! { <RuleItem rule set environment=environment.clone() refused=refused.clone() action /> }
        })
        .collect();
    view! {
        <section class="panel" aria-labelledby="rules-heading">
            <h2 id="rules-heading">{format!("Rules ({})", RuleId::ALL.len())}</h2>
            <ul class="plain-list">{items}</ul>
        </section>
    }
}

#[component]
fn RuleItem(
    rule: RuleId,
    /// What the environment says; none where it says nothing.
    set: Option<Level>,
    environment: String,
    refused: Option<String>,
    action: ServerAction<RuleLevelSet>,
) -> impl IntoView {
    let by_default = Level::from(rule.default_severity());
    let now = set.unwrap_or(by_default);
    let badge = match now.severity() {
        Some(severity) => view! { <Badge of=Stateful::Severity(severity) /> }.into_any(),
        None => view! { <span class="badge" data-tone="quiet">"off"</span> }.into_any(),
    };
    let changed = set.map(|_| view! { <span class="hint">{format!("by default {by_default}")}</span> });
    let id = rule.as_str().replace('.', "-");
    let (item_id, level_id, reason_id) = (format!("rule-{id}"), format!("level-{id}"), format!("reason-{id}"));
    let level_label = level_id.clone();
    let options: Vec<_> = std::iter::once(("default", format!("as by default ({by_default})"), set.is_none()))
        .chain(
            Level::ALL
                .iter()
                .filter(|level| **level != by_default)
                .map(|level| (level.as_str(), level.to_string(), set == Some(*level))),
        )
        .map(|(value, label, selected)| view! { <option value=value selected=selected>{label}</option> })
        .collect();
    view! {
        <li>
            <details id=item_id>
                <summary><code>{rule.as_str()}</code> " " {badge} " " {changed}</summary>
                <p>{rule.when()}</p>
                <p>{rule.why()}</p>
                <p class="hint">{format!("Source: {}", rule.source().what())}</p>
                <ActionForm action=action attr:class="edit-form" attr:aria-label=format!("Severity of {rule}")>
                    <input type="hidden" name="environment" value=environment />
                    <input type="hidden" name="rule" value=rule.as_str() />
                    <p class="field">
                        <label for=level_label>"Severity"</label>
                        <select id=level_id name="level">{options}</select>
                    </p>
                    <TextField id=reason_id name="reason" label="Reason" hint="the audit log keeps it" required=true />
                    <Act label="Set severity" refused pending=action.pending() />
                </ActionForm>
            </details>
        </li>
    }
}
