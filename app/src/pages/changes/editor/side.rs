//! What the draft means, beside its views: the node that is looked at, findings, plan, what would be lost, groups,
//! services and the log.

use leptos::either::Either;
use leptos::prelude::*;
use strata_domain::plan::Plan;
use strata_domain::whatif::{Target, without};

use super::board::focus;
use super::findings::LiveFindings;
use super::forms::{AddNodeForm, GroupForms, LISTED_GROUPS, NodeForms, ServiceForms};
use super::session::Session;
use super::shown::members_of;
use super::workbench::CatalogueNow;
use super::{Forms, To};
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
        groups: StoredValue::new(groups.get()),
        catalogue: StoredValue::new(catalogue.get()),
    };
    // Only what these forms show draws them anew, so that what is being typed stays while others edit elsewhere.
    let node = Memo::new(move |_| {
        session.current.get().and_then(|hostname| session.with(|draft| draft.desired().node(&hostname).cloned()))
    });
    let services = Memo::new(move |_| session.with(|draft| draft.desired().services.clone()));
    let membership = Memo::new(move |_| {
        let shown = session.shown();
        members_of(shown.rows.iter().filter(|row| !row.is_gone()).filter_map(|row| row.group.as_deref()))
    });
    keep_place(node);
    let error = move || {
        let error = forms().error_elsewhere();
        view! { <ActError error /> }
    };
    let panel = move || {
        let draft = forms();
        match node.get() {
            Some(node) => Either::Left(view! { <NodeForms node draft /> }),
            None => Either::Right(view! { <AddNodeForm draft /> }),
        }
    };
    let group_panel = move || {
        let draft = forms();
        let wanted =
            if groups.with(Vec::len) > LISTED_GROUPS { session.search.get().to_lowercase() } else { String::new() };
        view! { <GroupForms members=membership.get() wanted draft /> }
    };
    let service_panel = move || {
        let draft = forms();
        let services = services.get();
        view! { <ServiceForms services draft /> }
    };
    let log = move || view! { <EditLog edits=session.log.get() newest=LISTED_EDITS /> };
    view! {
        <aside class="workbench-side" aria-label="Effect of the draft">
            {error}
            <LiveFindings session />
            {panel}
            <PlanPanel session />
            <WhatIfPanel session />
            {group_panel}
            {service_panel}
            {log}
        </aside>
    }
}

/// After a form of the panel has changed its node, the keyboard stays in the panel, which was drawn anew.
fn keep_place(node: Memo<Option<strata_domain::topology::Node>>) {
    let was_inside = StoredValue::new(false);
    let handle = window_event_listener(leptos::ev::submit, move |event| {
        use leptos::wasm_bindgen::JsCast;

        let form = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let inside = form.is_some_and(|form| form.closest(".workbench-side").ok().flatten().is_some());
        was_inside.set_value(inside);
        // What the form does is done at once; what changes the node later is somebody else.
        request_animation_frame(move || _ = was_inside.try_set_value(false));
    });
    on_cleanup(move || handle.remove());
    Effect::new(move |_| {
        node.track();
        if was_inside.get_value() {
            was_inside.set_value(false);
            focus("node");
        }
    });
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
            let heading = match nodes {
                1 => "Without this node".to_owned(),
                many => format!("Without these {many} nodes"),
            };
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
