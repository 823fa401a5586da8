//! The steps of a plan in order.

use std::collections::BTreeMap;

use leptos::prelude::*;
use strata_domain::catalogue::Catalogue;
use strata_domain::plan::Plan;

use super::badge::{Badge, Stateful};
use super::table::Table;

/// Steps with what they do, what they cost and which steps they wait for.
#[component]
pub fn PlanTable(
    /// The plan.
    plan: Plan,
    /// What its roles are called.
    catalogue: StoredValue<Catalogue>,
) -> impl IntoView {
    if plan.steps.is_empty() {
        return view! { <p class="empty">"No step: the draft says the same as its base."</p> }.into_any();
    }
    let positions: BTreeMap<String, usize> =
        plan.steps.iter().enumerate().map(|(i, step)| (step.id.clone(), i + 1)).collect();
    let rows: Vec<_> = plan
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            let mut after: Vec<usize> = step.depends_on.iter().filter_map(|id| positions.get(id).copied()).collect();
            after.sort_unstable();
            let after = after.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let meaning = step.impact.meaning();
            view! {
                <tr>
                    <th scope="row">{index + 1}</th>
                    <td><code>{step.kind.as_str()}</code></td>
                    <td>{catalogue.with_value(|catalogue| step.describe(catalogue))}</td>
                    <td><span title=meaning><Badge of=Stateful::Impact(step.impact) /></span></td>
                    <td>{after}</td>
                </tr>
            }
        })
        .collect();
    let alternatives: Vec<_> = plan.alternatives.iter().map(|other| view! { <li>{other.text.clone()}</li> }).collect();
    let alternatives = (!alternatives.is_empty())
        .then(|| view! { <div class="notice" data-tone="info"><p>"Worth a thought before you go on:"</p><ul>{alternatives}</ul></div> });
    view! {
        {alternatives}
        <Table of="plan" columns=&["#", "Step", "What it does", "Impact", "After"]>{rows}</Table>
    }
    .into_any()
}
