//! A draft through plain forms, with its findings and plan beside: what the server renders, and all that there is
//! without wasm.

use leptos::either::Either;
use leptos::prelude::*;
use strata_domain::edit::replay;
use strata_domain::topology::Topology;
use strata_domain::{findings, plan};

use super::forms::{AddGroupForm, AddNodeForm, GroupList, NodeForms, ServiceForms};
use super::shown::{group_of, members_of};
use super::{Forms, To, elsewhere};
use crate::api::editing::{ChangeEdit, DraftView};
use crate::components::{ActError, Badge, FindingCounts, FindingList, PlanTable, Stateful};
use crate::pages::changes::review::EditLog;
use crate::paths;

/// Nodes that the list shows at once; the search narrows it down.
const LISTED_NODES: usize = 100;

/// The draft as of its last edit.
#[component]
pub fn PlainEditor(
    /// The draft.
    view: DraftView,
    /// The node whose forms are open.
    node: Option<String>,
    /// What the list of nodes is narrowed down to.
    search: String,
    /// Where the forms go.
    action: ServerAction<ChangeEdit>,
) -> impl IntoView {
    let DraftView { change, live, base, edits, refused, own, me: _ } = view;
    let catalogue = own.catalogue();
    // A log that does not fit is told by the editor; here the base stands for it.
    let desired = replay(&base, edits.iter().map(|logged| &logged.edit), &catalogue).unwrap_or_else(|_| base.clone());
    let plan = plan::plan(&base, &desired, &catalogue);
    let found = findings::check(&desired, &catalogue);
    let summary = findings::summary(&found);
    let found: Vec<_> = found.into_iter().map(|finding| (finding, false)).collect();
    let mut groups = desired.availability_groups.clone();
    groups.sort();
    let draft = Forms {
        id: change.id,
        version: change.version,
        refused: StoredValue::new(refused.clone()),
        to: To::Server(action),
        groups: StoredValue::new(groups),
        catalogue: StoredValue::new(catalogue),
    };
    let stale = (change.base != live && change.state.is_open()).then(|| {
        view! {
            <p class="notice" data-tone="attention">
                {format!("Revision {live} went live since; this draft builds on revision {}. ", change.base)}
                <a href=paths::change(change.id)>"Move it on the review page"</a>
            </p>
        }
    });
    let refused = refused.map(|reason| view! { <p class="notice" data-tone="attention">{reason}</p> });
    let selected = node.as_deref().and_then(|hostname| desired.node(hostname)).cloned();
    let forms = match selected {
        Some(node) => Either::Left(view! { <NodeForms node draft /> }),
        None => {
            let missing = node.map(|hostname| view! { <p class="notice" data-tone="attention">{format!("The draft has no node {hostname}.")}</p> });
            Either::Right(view! { {missing} <AddNodeForm draft /> })
        }
    };
    let error = elsewhere(draft.error());
    let groups: Vec<String> = draft
        .catalogue
        .with_value(|catalogue| desired.nodes.iter().filter_map(|node| group_of(node, catalogue)).collect());
    let members = members_of(groups.iter().map(String::as_str));
    let steps = plan.steps.len();
    view! {
        <p class="crumbs">
            <a href=paths::changes(&change.environment)>{format!("Changes of {}", change.environment)}</a> " / "
            <a href=paths::change(change.id)>{format!("#{} {}", change.id, change.title)}</a>
        </p>
        <div class="page-head">
            <h1>{format!("Edit #{} {}", change.id, change.title)}</h1>
            <div class="page-acts">
                <Badge of=Stateful::Risk(plan.risk) />
                <FindingCounts summary />
                <a class="button" data-tone="primary" href=paths::change(change.id)>"Review and submit"</a>
            </div>
        </div>
        {stale}
        {refused}
        <ActError error />
        <div class="columns editor">
            <div class="column-list">
                <NodeList id=change.id topology=desired.clone() search=search.clone() />
                <section class="panel" aria-labelledby="groups-heading">
                    <GroupList members wanted=search.to_lowercase() draft />
                    <AddGroupForm draft />
                </section>
                <ServiceForms services=desired.services draft />
            </div>
            <div class="column-main">{forms}</div>
            <aside class="column-side" aria-label="Effect of the draft">
                <section class="panel" aria-labelledby="findings-heading">
                    <h2 id="findings-heading">"Findings"</h2>
                    <FindingList findings=found />
                </section>
                <section class="panel" aria-labelledby="plan-heading">
                    <h2 id="plan-heading">{format!("Plan ({steps})")}</h2>
                    <PlanTable plan catalogue=draft.catalogue />
                </section>
                <EditLog edits />
            </aside>
        </div>
    }
}

/// Nodes of the draft that match the search, each a link to its forms.
#[component]
fn NodeList(id: i64, topology: Topology, search: String) -> impl IntoView {
    let wanted = search.to_lowercase();
    let mut nodes: Vec<_> = topology
        .nodes
        .iter()
        .filter(|node| {
            wanted.is_empty()
                || node.hostname.to_lowercase().contains(&wanted)
                || node.roles.iter().any(|assignment| assignment.role.as_str().contains(&wanted))
        })
        .collect();
    nodes.sort_by(|a, b| a.hostname.cmp(&b.hostname));
    let total = nodes.len();
    let items: Vec<_> = nodes
        .into_iter()
        .take(LISTED_NODES)
        .map(|node| {
            let roles = node.roles.iter().map(|assignment| assignment.role.to_string()).collect::<Vec<_>>().join(", ");
            let roles = if roles.is_empty() { "no role".to_owned() } else { roles };
            view! {
                <li><a href=paths::change_edit_node(id, &node.hostname)>{node.hostname.clone()}</a> " " <span class="hint">{roles}</span></li>
            }
        })
        .collect();
    let cut = (total > LISTED_NODES).then(
        || view! { <p class="hint">{format!("The first {LISTED_NODES} of {total}; search to narrow down.")}</p> },
    );
    let none = (total == 0).then(|| view! { <p class="empty">"No node here."</p> });
    view! {
        <section class="panel" aria-labelledby="nodes-heading">
            <h2 id="nodes-heading">{format!("Nodes ({total})")}</h2>
            <form method="get" action=paths::change_edit(id) class="inline-form" role="search">
                <p class="field">
                    <label for="q">"Search" <span class="hint">" hostname or role"</span></label>
                    <input id="q" name="q" type="search" value=search />
                </p>
                <button class="button" type="submit">"Search"</button>
            </form>
            {none}
            <ul class="node-list">{items}</ul>
            {cut}
            <p><a class="button" href=format!("{}#node", paths::change_edit(id))>"Add a node"</a></p>
        </section>
    }
}
