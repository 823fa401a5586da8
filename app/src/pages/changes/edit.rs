//! `/changes/:id/edit`: a draft through plain forms, with its findings and plan beside.

use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;
use strata_domain::catalogue::{Catalogue, Role};
use strata_domain::topology::Topology;
use strata_domain::{findings, plan};

use super::edit_forms::{AddNodeForm, GroupForms, NodeForms, ServiceForms};
use super::review::EditLog;
use crate::api::editing::{ChangeEdit, DraftView, draft_load};
use crate::components::{ActError, Badge, FindingCounts, FindingList, PlanTable, Stateful, loaded};
use crate::error::AppError;
use crate::live::{Live, Topic};
use crate::pages::{number, query};
use crate::paths;

/// Nodes that the list shows at once; the search narrows it down.
const LISTED_NODES: usize = 100;

/// One draft to edit.
#[component]
pub fn ChangeEditPage() -> impl IntoView {
    let id = number("id");
    let (node, search) = (query("node"), query("q"));
    let action = ServerAction::<ChangeEdit>::new();
    let news = Live::version(move || Topic::Change(id.get()));
    let view = Resource::new(move || (id.get(), news.get(), action.version().get()), |(id, ..)| draft_load(id));
    view! {
        <Title text=move || format!("Edit #{}", id.get()) />
        {loaded(view, move |view| view! { <Editor view node=node.get() search=search.get().unwrap_or_default() action /> })}
    }
}

/// What the forms of the editor share: the draft as of when, and the action they go to.
#[derive(Clone, Copy)]
pub struct Draft {
    /// The change.
    pub id: i64,
    /// As of when the person saw it.
    pub version: i64,
    /// Why it cannot be edited, if it cannot.
    pub refused: StoredValue<Option<String>>,
    /// Where the forms go.
    pub action: ServerAction<ChangeEdit>,
    /// Names of the availability groups, sorted.
    pub groups: StoredValue<Vec<String>>,
    /// Its roles.
    pub catalogue: StoredValue<Catalogue>,
}

impl Draft {
    /// The role of that id, where the catalogue has it.
    pub fn role(self, id: &str) -> Option<Role> {
        self.catalogue.with_value(|catalogue| catalogue.role(id).cloned())
    }

    /// The message of the last answer, if it belongs to that field.
    pub fn error_of(self, field: &'static str) -> Signal<Option<String>> {
        let action = self.action;
        Signal::derive(move || {
            let error = action.value().get().and_then(Result::err)?;
            error.for_field(field).map(ToOwned::to_owned)
        })
    }
}

#[component]
fn Editor(view: DraftView, node: Option<String>, search: String, action: ServerAction<ChangeEdit>) -> impl IntoView {
    let DraftView { change, live, base, desired, edits, acts, own } = view;
    let catalogue = own.catalogue();
    let plan = plan::plan(&base, &desired, &catalogue);
    let found = findings::check(&desired, &catalogue);
    let summary = findings::summary(&found);
    let found: Vec<_> = found.into_iter().map(|finding| (finding, false)).collect();
    let mut groups = desired.availability_groups.clone();
    groups.sort();
    let draft = Draft {
        id: change.id,
        version: change.version,
        refused: StoredValue::new(acts.edit.clone()),
        action,
        groups: StoredValue::new(groups),
        catalogue: StoredValue::new(catalogue),
    };
    let stale = (change.base != live && super::is_open(change.state)).then(|| {
        view! {
            <p class="notice" data-tone="attention">
                {format!("Revision {live} went live since; this draft builds on revision {}. ", change.base)}
                <a href=paths::change(change.id)>"Move it on the review page"</a>
            </p>
        }
    });
    let refused = acts.edit.clone().map(|reason| view! { <p class="notice" data-tone="attention">{reason}</p> });
    let selected = node.as_deref().and_then(|hostname| desired.node(hostname)).cloned();
    let forms = match selected {
        Some(node) => Either::Left(view! { <NodeForms node draft /> }),
        None => {
            let missing = node.map(|hostname| view! { <p class="notice" data-tone="attention">{format!("The draft has no node {hostname}.")}</p> });
            Either::Right(view! { {missing} <AddNodeForm draft /> })
        }
    };
    // Field errors stand at their fields; what belongs to no field of the open form stands here.
    let error = Signal::derive(move || {
        action.value().get().and_then(Result::err).filter(|error| match error {
            AppError::Invalid { field, .. } => !super::edit_forms::SHOWN_FIELDS.contains(&field.as_str()),
            _ => true,
        })
    });
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
                <NodeList id=change.id topology=desired.clone() search />
                <GroupForms topology=desired.clone() draft />
                <ServiceForms topology=desired draft />
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
