//! A plan of any length: by layer, in groups of alike steps, searched and paged.

use std::collections::BTreeMap;

use leptos::prelude::*;
use strata_domain::catalogue::{Catalogue, Layer};
use strata_domain::plan::{Impact, Plan, Step, StepKind};
use strata_domain::words::counted;

use crate::components::{Badge, Stateful};
use crate::paths;

/// Steps on one page.
const PAGE: usize = 100;
/// Groups of up to this many steps are open at first: opening them to see three lines would be a click for nothing.
const OPEN: usize = 3;

/// A step with its place in the plan, from 1, and what it does in words.
#[derive(Clone, Debug, PartialEq)]
struct Placed {
    place: usize,
    said: String,
    step: Step,
}

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
    steps: Vec<Placed>,
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

/// The steps that a search finds, each with its place in the whole plan.
fn found(plan: &Plan, catalogue: &Catalogue, wanted: &str) -> Vec<Placed> {
    let wanted = wanted.trim().to_lowercase();
    let placed = plan.steps.iter().enumerate().map(|(index, step)| Placed {
        place: index + 1,
        said: step.describe(catalogue),
        step: step.clone(),
    });
    let is_it = |placed: &Placed| {
        wanted.is_empty()
            || placed.said.to_lowercase().contains(&wanted)
            || placed.step.kind.as_str() == wanted
            || placed.step.impact.as_str() == wanted
    };
    placed.filter(is_it).collect()
}

/// In the order in which they run: storage before management before functionality; what is about nodes alone first.
fn by_layer(steps: Vec<Placed>, catalogue: &Catalogue) -> Vec<LayerPart> {
    let mut parts: BTreeMap<usize, LayerPart> = BTreeMap::new();
    for placed in steps {
        let role = placed.step.role.as_ref().and_then(|role| catalogue.role(role.as_str()));
        let (rank, title, layer) = match role.map(|role| role.layer) {
            None => (0, "Nodes and groups", ""),
            Some(layer @ Layer::Storage) => (1, layer.title(), layer.as_str()),
            Some(layer @ Layer::Management) => (2, layer.title(), layer.as_str()),
            Some(layer @ Layer::Functionality) => (3, layer.title(), layer.as_str()),
        };
        let part = parts.entry(rank).or_insert_with(|| LayerPart { title, layer, groups: Vec::new() });
        let name = role.map(|role| role.name.clone()).unwrap_or_default();
        let (kind, impact) = (placed.step.kind, placed.step.impact);
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
    plan: Plan,
    /// What its roles are called.
    catalogue: StoredValue<Catalogue>,
    /// What is searched for.
    wanted: String,
    /// Which page, from 1.
    page: usize,
    /// What is said about single steps, by step id: how many comments.
    comments: BTreeMap<String, usize>,
) -> impl IntoView {
    if plan.steps.is_empty() {
        return view! { <p class="empty">"No step: the draft says the same as its base."</p> }.into_any();
    }
    let total = plan.steps.len();
    let places: BTreeMap<String, usize> =
        plan.steps.iter().enumerate().map(|(index, step)| (step.id.clone(), index + 1)).collect();
    let found = catalogue.with_value(|catalogue| found(&plan, catalogue, &wanted));
    let (count, pages) = (found.len(), found.len().div_ceil(PAGE).max(1));
    let page = page.clamp(1, pages);
    let shown: Vec<Placed> = found.into_iter().skip((page - 1) * PAGE).take(PAGE).collect();
    let few = shown.len() <= 12;
    let parts: Vec<_> = catalogue
        .with_value(|catalogue| by_layer(shown, catalogue))
        .into_iter()
        .map(|part| {
            let groups: Vec<_> =
                part.groups.into_iter().map(|group| group_view(group, &places, few, change, &comments)).collect();
            view! {
                <section class="plan-layer" data-layer=part.layer aria-label=format!("Steps: {}", part.title)>
                    <h3>{part.title}</h3>
                    {groups}
                </section>
            }
        })
        .collect();
    let alternatives: Vec<_> = plan.alternatives.iter().map(|other| view! { <li>{other.text.clone()}</li> }).collect();
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
        (false, 1) => Some(format!("{count} of {} found.", counted(total, "step"))),
        (false, pages) => Some(format!("{count} of {} found; page {page} of {pages}.", counted(total, "step"))),
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

fn group_view(
    group: Group,
    places: &BTreeMap<String, usize>,
    few: bool,
    change: i64,
    comments: &BTreeMap<String, usize>,
) -> impl IntoView + use<> {
    let title = group.title();
    let count = group.steps.len();
    let open = few || count <= OPEN || group.kind == StepKind::Manual;
    let meaning = group.impact.meaning();
    let items: Vec<_> = group
        .steps
        .into_iter()
        .map(|Placed { place, said, step }| {
            let mut after: Vec<usize> = step.depends_on.iter().filter_map(|id| places.get(id).copied()).collect();
            after.sort_unstable();
            let after = in_short(&after);
            let checklist: Vec<_> = step.checklist().into_iter().map(|item| view! { <li>{item}</li> }).collect();
            let checklist = (!checklist.is_empty())
                .then(|| view! { <ul class="checklist" aria-label="What a person confirms">{checklist}</ul> });
            let comments = comments.get(&step.id).copied().unwrap_or_default();
            let discuss = match comments {
                0 => "Discuss".to_owned(),
                1 => "1 comment".to_owned(),
                many => format!("{many} comments"),
            };
            view! {
                <li value=place>
                    {said}
                    {(!after.is_empty()).then(|| view! { <span class="hint">{format!(" after {after}")}</span> })}
                    " " <a class="step-discuss" href=paths::change_discuss(change, &step.id)>{discuss}</a>
                    {checklist}
                </li>
            }
        })
        .collect();
    view! {
        <details class="plan-group" open=open>
            <summary>{title} " " <span class="hint">{steps(count)}</span> " " <Badge of=Stateful::Impact(group.impact) /></summary>
            {(group.impact != Impact::None).then(|| view! { <p class="hint">{meaning}</p> })}
            <ol>{items}</ol>
        </details>
    }
}

/// "1 step", "2 steps".
fn steps(count: usize) -> String {
    if count == 1 { "1 step".to_owned() } else { format!("{count} steps") }
}

/// Numbers in order, runs of three and more as a span: `1, 4–9`.
fn in_short(numbers: &[usize]) -> String {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for &number in numbers {
        match spans.last_mut() {
            Some((_, end)) if *end + 1 == number => *end = number,
            _ => spans.push((number, number)),
        }
    }
    let told = spans.into_iter().map(|(start, end)| match end - start {
        0 => start.to_string(),
        1 => format!("{start}, {end}"),
        _ => format!("{start}–{end}"),
    });
    told.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use strata_domain::plan::plan;
    use strata_domain::topology::{Assignment, Node, Settings, Topology};

    use super::*;

    fn node(number: u8, role: &str) -> Node {
        Node {
            id: None,
            hostname: format!("n{number}.example.net"),
            private_ip: std::net::Ipv4Addr::new(10, 0, 0, number).into(),
            public_ip: None,
            site: None,
            container: None,
            hardware: strata_domain::topology::Hardware::default(),
            roles: vec![Assignment { role: role.into(), settings: Settings::new() }],
        }
    }

    #[test]
    fn steps_stand_by_layer_in_groups_and_keep_their_numbers() {
        let catalogue = Catalogue::built_in();
        let base = Topology::empty("lab");
        let desired = Topology { nodes: vec![node(1, "elasticsearch"), node(2, "worker")], ..base.clone() };
        let plan = plan(&base, &desired, catalogue);
        let all = found(&plan, catalogue, "");
        assert_eq!(all.len(), plan.steps.len());
        let parts = by_layer(all, catalogue);
        let titles: Vec<&str> = parts.iter().map(|part| part.title).collect();
        assert_eq!(titles, ["Nodes and groups", "Storage", "Infrastructure management"]);
        assert_eq!(parts[0].groups.len(), 1, "both nodes are prepared alike");
        assert_eq!(parts[0].groups[0].steps.len(), 2);
        let worker = found(&plan, catalogue, "WORKER");
        assert!(!worker.is_empty() && worker.len() < plan.steps.len());
        assert!(worker.iter().all(|placed| plan.steps[placed.place - 1].id == placed.step.id));
        assert!(found(&plan, catalogue, "prepare-node").len() == 2);
    }

    #[test]
    fn runs_of_numbers_are_spans() {
        assert_eq!(in_short(&[]), "");
        assert_eq!(in_short(&[1, 2, 4, 5, 6, 9]), "1, 2, 4–6, 9");
    }
}
