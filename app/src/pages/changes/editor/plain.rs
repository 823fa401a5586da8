//! A draft through plain forms, with its findings and plan beside: what the server renders, and all that there is
//! without wasm.

use leptos::either::Either;
use leptos::prelude::*;

use super::forms::{AddGroupForm, AddNodeForm, GroupList, NodeForms, ServiceForms};
use super::{Forms, To, elsewhere};
use crate::api::draft_page::{Cut, DraftPage, ListedNode};
use crate::api::editing::ChangeEdit;
use crate::components::{ActError, Badge, FindingCounts, FindingList, PlanTable, Stateful};
use crate::pages::changes::review::EditLog;
use crate::paths;

/// The draft as of its last edit.
#[component]
pub fn PlainEditor(
    /// What is shown of the draft.
    page: DraftPage,
    /// The node whose forms are asked for.
    node: Option<String>,
    /// What the lists are narrowed down to.
    search: String,
    /// Where the forms go.
    action: ServerAction<ChangeEdit>,
) -> impl IntoView {
    let DraftPage { change, live, refused, own, .. } = page;
    let DraftPage { nodes, node: selected, groups, choice, services, findings, summary, plan, steps, .. } = page;
    let DraftPage { edits, earlier, whole: _, .. } = page;
    let draft = Forms {
        id: change.id,
        version: change.version,
        refused: StoredValue::new(refused.clone()),
        to: To::Server(action),
        groups: StoredValue::new(choice),
        catalogue: StoredValue::new(own.catalogue()),
    };
    let review = move |listed: usize, total: usize| {
        (listed < total).then(|| {
            view! {
                <p class="hint">
                    {format!("The first {listed} of {total}. ")} <a href=paths::change(change.id)>"The review has all of them"</a>
                </p>
            }
        })
    };
    let (more_findings, more_steps) = (review(findings.listed.len(), findings.total), review(plan.steps.len(), steps));
    let found: Vec<_> = findings.listed.into_iter().map(|finding| (finding, false)).collect();
    let stale = (change.base != live && change.state.is_open()).then(|| {
        view! {
            <p class="notice" data-tone="attention">
                {format!("Revision {live} went live since; this draft builds on revision {}. ", change.base)}
                <a href=paths::change(change.id)>"Move it on the review page"</a>
            </p>
        }
    });
    let refused = refused.map(|reason| view! { <p class="notice" data-tone="attention">{reason}</p> });
    let forms = match selected {
        Some(node) => Either::Left(view! { <NodeForms node draft /> }),
        None => {
            let missing = node.map(|hostname| view! { <p class="notice" data-tone="attention">{format!("The draft has no node {hostname}.")}</p> });
            Either::Right(view! { {missing} <AddNodeForm draft /> })
        }
    };
    let error = elsewhere(draft.error());
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
                <NodeList id=change.id nodes search />
                <section class="panel" aria-labelledby="groups-heading">
                    <GroupList groups draft />
                    <AddGroupForm draft />
                </section>
                <ServiceForms services draft />
            </div>
            <div class="column-main">{forms}</div>
            <aside class="column-side" aria-label="Effect of the draft">
                <section class="panel" aria-labelledby="findings-heading">
                    <h2 id="findings-heading">"Findings"</h2>
                    <FindingList findings=found />
                    {more_findings}
                </section>
                <section class="panel" aria-labelledby="plan-heading">
                    <h2 id="plan-heading">{format!("Plan ({steps})")}</h2>
                    <PlanTable plan catalogue=draft.catalogue />
                    {more_steps}
                </section>
                <EditLog edits earlier />
            </aside>
        </div>
    }
}

/// Nodes of the draft that match the search, each a link to its forms.
#[component]
fn NodeList(id: i64, nodes: Cut<ListedNode>, search: String) -> impl IntoView {
    let (found, cut) = (nodes.found, nodes.told());
    let items: Vec<_> = nodes
        .listed
        .into_iter()
        .map(|node| {
            let roles = node.roles.join(", ");
            let roles = if roles.is_empty() { "no role".to_owned() } else { roles };
            view! {
                <li><a href=paths::change_edit_node(id, &node.hostname)>{node.hostname.clone()}</a> " " <span class="hint">{roles}</span></li>
            }
        })
        .collect();
    let cut = cut.map(|cut| view! { <p class="hint">{cut}</p> });
    let none = (found == 0).then(|| view! { <p class="empty">"No node here."</p> });
    view! {
        <section class="panel" aria-labelledby="nodes-heading">
            <h2 id="nodes-heading">{format!("Nodes ({found})")}</h2>
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
