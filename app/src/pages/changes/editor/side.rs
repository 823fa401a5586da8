//! What the draft means, beside its views: the node that is looked at, findings, plan, what would be lost, groups,
//! services and the log.

use leptos::either::Either;
use leptos::prelude::*;
use strata_domain::plan::Plan;
use strata_domain::topology::Node;
use strata_domain::whatif::{Target, without};

use super::findings::LiveFindings;
use super::forms::{AddGroupForm, AddNodeForm, GroupList, NodeForms, ServiceForms};
use super::kept::{anew, keep_place, keep_typing, turns};
use super::session::Session;
use super::shown::members_of;
use super::workbench::CatalogueNow;
use super::{Forms, To, counted, elsewhere};
use crate::api::draft_page::{Cut, LISTED_GROUPS, groups_to_choose};
use crate::api::what_if::LossView;
use crate::components::{ActError, PlanTable};
use crate::pages::changes::review::EditLog;
use crate::pages::what_if::LossPanel;
use crate::paths;

/// Steps that the panel lists; the review has all of them.
const LISTED_STEPS: usize = 20;
/// Edits that the panel lists, newest first; the review has all of them.
const LISTED_EDITS: usize = 50;

/// Everything beside the views.
#[component]
pub fn Side(
    /// The draft.
    session: Session,
) -> impl IntoView {
    let CatalogueNow(catalogue) = expect_context();
    let groups = Memo::new(move |_| {
        let mut groups = session.with(|draft| draft.desired().availability_groups.clone());
        groups.sort();
        groups
    });
    let forms = move || Forms {
        id: session.id,
        version: 0,
        refused: StoredValue::new(session.refused.get()),
        to: To::Session(session),
        groups: StoredValue::new(groups.with(|groups| groups_to_choose(groups))),
        catalogue: StoredValue::new(catalogue.get()),
    };
    // Only what these forms show draws them anew, so that what is being typed stays while others edit elsewhere.
    let node = Memo::new(move |_| {
        let hostname = session.current.get()?;
        // Not by its id, which the server gives to a new node and no form shows.
        session.with(|draft| draft.desired().node(&hostname).map(|node| Node { id: None, ..node.clone() }))
    });
    let services = Memo::new(move |_| session.with(|draft| draft.desired().services.clone()));
    let membership = Memo::new(move |_| {
        let shown = session.shown();
        members_of(shown.rows.iter().filter(|row| !row.is_gone()).filter_map(|row| row.group.as_deref()))
    });
    let shared = move || {
        session.refused.track();
        catalogue.track();
        groups.track();
    };
    let node_turn = turns(move || {
        shared();
        node.track();
        session.like.track();
    });
    let wanted = Memo::new(move |_| {
        if groups.with(Vec::len) > LISTED_GROUPS { session.search.get().to_lowercase() } else { String::new() }
    });
    let group_turn = turns(move || {
        shared();
        membership.track();
        wanted.track();
    });
    let service_turn = turns(move || {
        shared();
        services.track();
    });
    let redrawn = Signal::derive(move || _ = (node_turn.get(), group_turn.get(), service_turn.get()));
    keep_typing(session, redrawn);
    keep_place(redrawn);
    let error = elsewhere(session.form_error.into());
    let panel = anew(node_turn, move || match node.get() {
        Some(node) => view! { <NodeForms node draft=forms() /> }.into_any(),
        None => view! { <AddNodeForm draft=forms() like=session.like.get() /> }.into_any(),
    });
    let group_list = anew(group_turn, move || {
        let groups = membership.with(|members| groups.with(|groups| Cut::of_groups(groups, members, &wanted.get())));
        view! { <GroupList groups draft=forms() /> }.into_any()
    });
    // Stays as it is while groups come: whoever adds one goes on typing the next.
    let open_turn = turns(move || session.refused.track());
    let add_group = anew(open_turn, move || view! { <AddGroupForm draft=forms() /> }.into_any());
    let service_panel = anew(service_turn, move || {
        view! { <ServiceForms services=Cut::whole(services.get()) draft=forms() /> }.into_any()
    });
    view! {
        <aside class="workbench-side" aria-label="Effect of the draft">
            <ActError error />
            <LiveFindings session />
            {panel}
            <PlanPanel session />
            <WhatIfPanel session />
            <section class="panel" aria-labelledby="groups-heading">{group_list} {add_group}</section>
            {service_panel}
            <EditLog edits=session.log newest=LISTED_EDITS />
        </aside>
    }
}

#[component]
fn PlanPanel(session: Session) -> impl IntoView {
    let CatalogueNow(catalogue) = expect_context();
    let heading = move || format!("Plan ({})", session.shown().plan.steps.len());
    let table = move || {
        let shown = session.shown();
        let total = shown.plan.steps.len();
        let steps = shown.plan.steps.iter().take(LISTED_STEPS).cloned().collect();
        let plan = Plan { steps, alternatives: shown.plan.alternatives.clone(), ..shown.plan };
        let rest = (total > LISTED_STEPS).then(|| {
            view! {
                <p class="hint">
                    {format!("The first {LISTED_STEPS} of {total}. ")} <a href=paths::change(session.id)>"The review has all of them"</a>
                </p>
            }
        });
        view! { <PlanTable plan catalogue=StoredValue::new(catalogue.get()) /> {rest} }
    };
    view! {
        <section class="panel" aria-labelledby="plan-heading">
            <h2 id="plan-heading">{heading}</h2>
            {table}
        </section>
    }
}

/// What would be lost without the selected nodes; asked for only while it is open.
#[component]
fn WhatIfPanel(session: Session) -> impl IntoView {
    let open = RwSignal::new(false);
    let loss = Memo::new(move |_| {
        if !open.get() {
            return None;
        }
        let selection = session.selection.get();
        let targets: Vec<Target> = selection.iter().cloned().map(Target::Node).collect();
        if targets.is_empty() {
            return None;
        }
        session.with(|draft| {
            let loss = without(draft.desired(), draft.catalogue(), &targets).ok()?;
            Some((targets.len(), LossView::of(&loss, draft.catalogue())))
        })
    });
    let panel = move || match loss.get() {
        Some((nodes, loss)) => {
            let heading = format!("Without what is selected ({})", counted(nodes));
            Either::Left(view! { <LossPanel heading table="losses" loss /> })
        }
        None => Either::Right(view! { <p class="empty">"Select nodes to see what would be lost without them."</p> }),
    };
    let toggled = move |event: leptos::ev::Event| {
        use leptos::wasm_bindgen::JsCast;

        let details = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        open.set(details.is_some_and(|details| details.has_attribute("open")));
    };
    view! {
        <details class="panel" on:toggle=toggled>
            <summary><h2 class="inline-heading">"What if they fail"</h2></summary>
            {panel}
        </details>
    }
}
