//! What a change does, in the order a reviewer fears it: what is removed, what goes down, what changes, what comes.

use std::cmp::Reverse;

use leptos::prelude::*;
use strata_domain::catalogue::Catalogue;
use strata_domain::diff::{Diff, FieldDiff, NodeDiff, Presence, RoleDiff, ServiceDiff};
use strata_domain::plan::{Impact, Plan, Step};

use crate::components::{Badge, Stateful};

/// Removals, outages, changes and additions, each counted.
#[component]
pub fn ChangeSummary(diff: Diff, plan: Plan, catalogue: StoredValue<Catalogue>) -> impl IntoView {
    let removed = lines(&diff, Presence::Removed);
    let changed = lines(&diff, Presence::Changed);
    let added = lines(&diff, Presence::Added);
    let mut costly: Vec<&Step> = plan.steps.iter().filter(|step| !matches!(step.impact, Impact::None)).collect();
    // Of many, the worst are those that are read.
    costly.sort_by_key(|step| Reverse(step.impact));
    let costly = costly
        .into_iter()
        .map(|step| {
            let meaning = step.impact.meaning();
            view! { <li><Badge of=Stateful::Impact(step.impact) /> " " {catalogue.with_value(|catalogue| step.describe(catalogue))} " — " {meaning}</li> }
                .into_any()
        })
        .collect();
    let costly = items_under("What it costs", "warning", costly);
    let same = diff.is_empty().then(|| view! { <p class="empty">"The draft says the same as its base."</p> });
    view! {
        {same}
        <div class="summary">
            {part("Removed", "danger", removed)} {costly} {part("Changed", "attention", changed)} {part("Added", "good", added)}
        </div>
    }
}

/// Lines under a heading that counts them; nothing where there is none.
pub(super) fn part(title: &'static str, tone: &'static str, lines: Vec<String>) -> Option<impl IntoView> {
    items_under(title, tone, lines.into_iter().map(|line| view! { <li>{line}</li> }.into_any()).collect())
}

/// Items under a heading that counts them: the first are read at once, the rest by whoever unfolds them.
fn items_under(title: &'static str, tone: &'static str, mut items: Vec<AnyView>) -> Option<impl IntoView> {
    /// What a minute is enough for.
    const FIRST: usize = 25;
    let count = items.len();
    (count > 0).then(|| {
        let rest = items.split_off(count.min(FIRST));
        let more = rest.len();
        let rest = (more > 0).then(|| {
            view! {
                <details class="more">
                    <summary>{format!("{more} more")}</summary>
                    <ul>{rest}</ul>
                </details>
            }
        });
        view! {
            <section class="summary-part" data-tone=tone>
                <h3>{format!("{title} ({count})")}</h3>
                <ul>{items}</ul>
                {rest}
            </section>
        }
    })
}

fn lines(diff: &Diff, presence: Presence) -> Vec<String> {
    let groups: &[String] = match presence {
        Presence::Added => &diff.groups_added,
        Presence::Removed => &diff.groups_removed,
        Presence::Changed => &[],
    };
    let nodes = diff.nodes.iter().flat_map(|node| node_lines(node, presence));
    let services = diff.services.iter().filter(|service| service.presence == presence).map(service_line);
    nodes.chain(services).chain(groups.iter().map(|group| format!("availability group {group}"))).collect()
}

/// A node that comes or goes is one line with its roles; one that stays has a line for each thing that differs.
fn node_lines(node: &NodeDiff, presence: Presence) -> Vec<String> {
    let hostname = &node.hostname;
    match (node.presence, presence) {
        (Presence::Changed, _) => {
            let roles =
                node.roles.iter().filter(|role| role.presence == presence).map(|role| role_line(hostname, role));
            let facts = (presence == Presence::Changed)
                .then(|| {
                    node.renamed_from
                        .iter()
                        .map(|from| format!("{from} is renamed to {hostname}"))
                        .chain(node.fields.iter().map(|field| format!("{hostname}: {}", field_line(field))))
                })
                .into_iter()
                .flatten();
            facts.chain(roles).collect()
        }
        (of_node, wanted) if of_node == wanted => {
            let roles = node.roles.iter().map(|role| role.role.to_string()).collect::<Vec<_>>().join(", ");
            let roles = if roles.is_empty() { "no role".to_owned() } else { roles };
            vec![format!("node {hostname} ({roles})")]
        }
        _ => Vec::new(),
    }
}

fn role_line(hostname: &str, role: &RoleDiff) -> String {
    let settings = role.settings.iter().map(field_line).collect::<Vec<_>>().join(", ");
    if settings.is_empty() {
        format!("{} on {hostname}", role.role)
    } else {
        format!("{} on {hostname}: {settings}", role.role)
    }
}

fn service_line(service: &ServiceDiff) -> String {
    let settings = service.settings.iter().map(field_line).collect::<Vec<_>>().join(", ");
    format!("service {} ({}): {settings}", service.name, service.role)
}

fn field_line(field: &FieldDiff) -> String {
    let name = field.name.replace('_', " ");
    match (&field.before, &field.after) {
        (Some(before), Some(after)) => format!("{name} {before} → {after}"),
        (None, Some(after)) => format!("{name} {after}"),
        (Some(before), None) => format!("{name} {before} → none"),
        (None, None) => name,
    }
}
