//! A plan of any length: by layer, in groups of alike steps, searched and paged.

use std::collections::BTreeMap;

use leptos::prelude::*;
use strata_domain::catalogue::{Catalogue, Layer};
use strata_domain::plan::{Impact, StepKind};
use strata_domain::words::counted;

use crate::api::review::{PlanPage, ShownStep};
use crate::components::{Badge, Stateful};
use crate::paths;

/// Groups of up to this many steps are open at first: opening them to see three lines would be a click for nothing.
const OPEN: usize = 3;

/// Steps of one layer.
#[derive(Clone, Debug, PartialEq)]
struct LayerPart {
    title: &'static str,
    layer: &'static str,
    groups: Vec<Group>,
}

/// Steps of one kind at one role, with the same impact.
#[derive(Clone, Debug, PartialEq)]
struct Group {
    kind: StepKind,
    role: String,
    impact: Impact,
    steps: Vec<ShownStep>,
}

impl Group {
    fn title(&self) -> String {
        let what = match self.kind {
            StepKind::PrepareNode => "Prepare or change nodes",
            StepKind::InstallRole => "Install",
            StepKind::ConfigureRole => "Configure",
            StepKind::Manual => "By hand:",
            StepKind::VerifyRole => "Check",
            StepKind::DrainRole => "Drain",
            StepKind::Rebalance => "Rebalance",
            StepKind::Reindex => "Reindex",
            StepKind::RemoveRole => "Remove",
            StepKind::RetireNode => "Retire nodes",
        };
        if self.role.is_empty() { what.to_owned() } else { format!("{what} {}", self.role) }
    }
}

/// In the order in which they run: storage before management before functionality; what is about nodes alone first.
fn by_layer(steps: Vec<ShownStep>, catalogue: &Catalogue) -> Vec<LayerPart> {
    let mut parts: BTreeMap<usize, LayerPart> = BTreeMap::new();
    for placed in steps {
        let role = placed.role.as_ref().and_then(|role| catalogue.role(role.as_str()));
        let (rank, title, layer) = match role.map(|role| role.layer) {
            None => (0, "Nodes and groups", ""),
            Some(layer @ Layer::Storage) => (1, layer.title(), layer.as_str()),
            Some(layer @ Layer::Management) => (2, layer.title(), layer.as_str()),
            Some(layer @ Layer::Functionality) => (3, layer.title(), layer.as_str()),
        };
        let part = parts.entry(rank).or_insert_with(|| LayerPart { title, layer, groups: Vec::new() });
        let name = role.map(|role| role.name.clone()).unwrap_or_default();
        let (kind, impact) = (placed.kind, placed.impact);
        match part.groups.iter_mut().find(|group| (group.kind, &group.role, group.impact) == (kind, &name, impact)) {
            Some(group) => group.steps.push(placed),
            None => part.groups.push(Group { kind, role: name, impact, steps: vec![placed] }),
        }
    }
    // What costs most stands first, whatever comes first in time: the numbers tell the order.
    let mut parts: Vec<LayerPart> = parts.into_values().collect();
    for part in &mut parts {
        part.groups.sort_by_key(|group| std::cmp::Reverse(group.impact));
    }
    parts
}

/// The plan of a change, as far as a search and a page show it.
#[component]
pub fn PlanByLayer(
    /// The change.
    change: i64,
    /// The plan.
    plan: PlanPage,
    /// What its roles are called.
    catalogue: StoredValue<Catalogue>,
) -> impl IntoView {
    let PlanPage { total, wanted, found, page, pages, steps: shown, alternatives, .. } = plan;
    if total == 0 {
        return view! { <p class="empty">"No step: the draft says the same as its base."</p> }.into_any();
    }
    let few = shown.len() <= 12;
    let parts: Vec<_> = catalogue
        .with_value(|catalogue| by_layer(shown, catalogue))
        .into_iter()
        .map(|part| {
            let groups: Vec<_> = part.groups.into_iter().map(|group| group_view(group, few, change)).collect();
            view! {
                <section class="plan-layer" data-layer=part.layer aria-label=format!("Steps: {}", part.title)>
                    <h3>{part.title}</h3>
                    {groups}
                </section>
            }
        })
        .collect();
    let alternatives: Vec<_> = alternatives.into_iter().map(|other| view! { <li>{other}</li> }).collect();
    let alternatives = (!alternatives.is_empty())
        .then(|| view! { <div class="notice" data-tone="info"><p>"Worth a thought before you go on:"</p><ul>{alternatives}</ul></div> });
    let search = (total > OPEN).then(|| {
        view! {
            <form method="get" action=format!("{}#plan", paths::change(change)) class="inline-form" role="search">
                <p class="field">
                    <label for="step-search">"Search the steps"</label>
                    <input id="step-search" name="step" type="search" value=wanted.clone() placeholder="node, role, install, rebalance" />
                </p>
                <button class="button" type="submit">"Search"</button>
            </form>
        }
    });
    let told = match (wanted.is_empty(), pages) {
        (true, 1) => None,
        (true, pages) => Some(format!("Page {page} of {pages}.")),
        (false, 1) => Some(format!("{found} of {} found.", counted(total, "step"))),
        (false, pages) => Some(format!("{found} of {} found; page {page} of {pages}.", counted(total, "step"))),
    };
    let to_page = |page: usize, label: &'static str| {
        view! { <a class="button" href=paths::change_steps(change, &wanted, page)>{label}</a> }
    };
    let turns = (pages > 1).then(|| {
        view! {
            <p class="row-acts">
                {(page > 1).then(|| to_page(page - 1, "Steps before"))}
                {(page < pages).then(|| to_page(page + 1, "Steps after"))}
            </p>
        }
    });
    view! {
        {alternatives}
        {search}
        {told.map(|told| view! { <p class="hint">{told}</p> })}
        {parts}
        {turns}
    }
    .into_any()
}

fn group_view(group: Group, few: bool, change: i64) -> impl IntoView + use<> {
    let title = group.title();
    let count = group.steps.len();
    let alike = group.steps.first().map_or(count, |step| step.alike);
    let told = if alike > count { format!("{count} of {}", steps(alike)) } else { steps(count) };
    let open = few || count <= OPEN || group.kind == StepKind::Manual;
    let meaning = group.impact.meaning();
    let items: Vec<_> = group
        .steps
        .into_iter()
        .map(|ShownStep { place, id, said, after, checklist, comments, .. }| {
            let checklist: Vec<_> = checklist.into_iter().map(|item| view! { <li>{item}</li> }).collect();
            let checklist = (!checklist.is_empty())
                .then(|| view! { <ul class="checklist" aria-label="What a person confirms">{checklist}</ul> });
            let discuss = match comments {
                0 => "Discuss".to_owned(),
                1 => "1 comment".to_owned(),
                many => format!("{many} comments"),
            };
            view! {
                <li value=place>
                    {said}
                    {(!after.is_empty()).then(|| view! { <span class="hint">{format!(" after {after}")}</span> })}
                    " " <a class="step-discuss" href=paths::change_discuss(change, &id)>{discuss}</a>
                    {checklist}
                </li>
            }
        })
        .collect();
    view! {
        <details class="plan-group" open=open>
            <summary>{title} " " <span class="hint">{told}</span> " " <Badge of=Stateful::Impact(group.impact) /></summary>
            {(group.impact != Impact::None).then(|| view! { <p class="hint">{meaning}</p> })}
            <ol>{items}</ol>
        </details>
    }
}

/// "1 step", "2 steps".
fn steps(count: usize) -> String {
    if count == 1 { "1 step".to_owned() } else { format!("{count} steps") }
}
