//! `/changes/:id`: everything a lead needs for one well-informed click.

mod actions;
mod after;
mod applying;
mod decision;
mod discussion;
mod log;
mod overlay;
mod since;
mod steps;
mod summary;
mod votes;

use leptos::form::ActionForm;
use leptos::prelude::*;
use strata_domain::catalogue::{Weakened, weakened};
use strata_domain::change::ChangeState;

use crate::api::review::{Cut, ReviewView, change_load};
use crate::components::{
    Act, ActError, AuditList, Badge, FindingCounts, FindingList, Moment, PageTitle, Stateful, loaded,
};
use crate::live::{Live, Topic};
use crate::pages::runs::RunTable;
use crate::pages::{number, query};
use crate::paths;
use actions::{Actions, Target};
use after::AfterIt;
use applying::{GlassBroken, WaitsToStart};
use decision::Decision;
use discussion::Discussion;
pub use log::EditLog;
use overlay::ChangeMap;
use since::Since;
use steps::PlanByLayer;
use summary::ChangeSummary;
use votes::Votes;

/// One change, to review.
#[component]
pub fn ReviewPage() -> impl IntoView {
    let id = number("id");
    let actions = Actions::new();
    let seen = RwSignal::new(None);
    let (step, page, about, since) = (query("step"), query("page"), query("about"), query("since"));
    let news = Live::version(move || Topic::Change(id.get()));
    let asked = move || {
        let page = page.get().and_then(|page| page.parse().ok());
        (id.get(), step.get(), page, about.get(), news.get(), actions.version())
    };
    let view = Resource::new(asked, |(id, step, page, about, ..)| change_load(id, step, page, about));
    let looked = Looked { seen, about, since };
    view! {
        <PageTitle text=move || format!("Change #{}", id.get()) />
        {loaded(view, move |view| view! { <Review view actions looked /> })}
    }
}

/// What the address asks to look at.
#[derive(Clone, Copy)]
struct Looked {
    /// The plan that was on the page when it was opened.
    seen: RwSignal<Option<(i64, String)>>,
    /// The step that is discussed.
    about: Memo<Option<String>>,
    /// The vote since which differences are shown.
    since: Memo<Option<String>>,
}

#[component]
fn Review(view: ReviewView, actions: Actions, looked: Looked) -> impl IntoView {
    let weaker = weaker_rules(weakened(&view.own.levels));
    let catalogue = StoredValue::new(view.own.catalogue());
    let change = view.change.clone();
    let (base, live, target) = (change.base, view.live, (change.id, change.version));
    let rebase_refused = view.acts.rebase.clone();
    let stale = (base != live && change.state.is_open()).then(|| {
        view! {
            <div class="notice" data-tone="attention">
                <p>{format!("Revision {live} went live since; this change builds on revision {base}.")}</p>
                <ActionForm action=actions.rebase>
                    <Target change=target />
                    <Act label="Move it to the live revision" refused=rebase_refused pending=actions.rebase.pending() />
                </ActionForm>
            </div>
        }
    });
    let reason = change.reason.clone().filter(|_| !matches!(change.state, ChangeState::Applied)).map(|reason| {
        // Whoever acted last need not be who gave it: a no says whose it is, the rest speaks for itself.
        let whose = view.votes.iter().find(|shown| shown.vote.reason.as_ref() == Some(&reason));
        let whose = whose.map(|shown| format!("{}: ", shown.vote.voter.name)).unwrap_or_default();
        view! { <p class="notice" data-tone="attention">{whose} {reason}</p> }
    });
    let unlisted = view.findings.count.saturating_sub(view.findings.first.len());
    let unlisted = (unlisted > 0).then(|| view! { <p class="hint">{format!("And {unlisted} more.")}</p> });
    let findings: Vec<_> = view.findings.first.into_iter().map(|reviewed| (reviewed.finding, reviewed.new)).collect();
    let plan = view.plan;
    let (steps, risk, digest) = (plan.total, plan.risk, plan.digest);
    let (costly, named) = (plan.costly.clone(), plan.named.clone());
    let runs = (!view.runs.is_empty()).then(|| {
        view! { <section class="panel" aria-labelledby="runs-heading"><h2 id="runs-heading">"Runs"</h2><RunTable runs=view.runs /></section> }
    });
    let refused = view.acts.review_glass.clone();
    let glass = view.glass.map(|broken| view! { <GlassBroken broken refused actions /> });
    let unchanged = unchanged_list(view.unchanged);
    let error = Signal::derive(move || actions.error());
    view! {
        <p class="crumbs"><a href=paths::changes(&change.environment)>{format!("Changes of {}", change.environment)}</a></p>
        <div class="page-head">
            <div>
                <h1>{format!("#{} {}", change.id, change.title)}</h1>
                <p class="facts">
                    <Badge of=Stateful::Change(change.state) /> " " <Badge of=Stateful::Risk(risk) />
                    " started by " {change.created_by.name.clone()} " " <Moment at=change.created_at />
                    {format!(", over revision {}", change.base)}
                </p>
            </div>
            <div class="page-acts"><a class="button" href=paths::change_record(change.id)>"As a document"</a></div>
        </div>
        {stale}
        {reason}
        <ActError error />
        <WaitsToStart change=change.clone() refused=view.acts.call_off.clone() gate=view.gate.clone() ends=view.expires_at actions />
        {glass}
        <div class="columns review">
            <div class="column-main">
                <section class="panel" aria-labelledby="summary-heading">
                    <h2 id="summary-heading">"What it does"</h2>
                    <ChangeSummary does=view.does costly />
                    {unchanged}
                </section>
                <section class="panel" aria-labelledby="map-heading">
                    <h2 id="map-heading">"On the role map"</h2>
                    <ChangeMap bands=view.map />
                </section>
                <section class="panel" id="plan" aria-labelledby="plan-heading">
                    <h2 id="plan-heading">{format!("Plan ({steps})")} <span class="hint">" digest " <code title=digest.to_string()>{digest.short()}</code></span></h2>
                    <PlanByLayer change=target.0 plan catalogue />
                </section>
                {weaker}
                <section class="panel" aria-labelledby="findings-heading">
                    <h2 id="findings-heading">"Findings after it " <FindingCounts summary=view.summary /></h2>
                    <FindingList findings />
                    {unlisted}
                </section>
                <section class="panel" aria-labelledby="after-heading">
                    <h2 id="after-heading">"What if a node fails, after it"</h2>
                    <AfterIt after=view.after />
                </section>
                <Discussion change=target.0 steps=named comments=view.comments refused=view.comment_refused about=looked.about action=actions.comment />
                {runs}
                <section class="panel" aria-labelledby="timeline-heading">
                    <h2 id="timeline-heading">"Timeline"</h2>
                    <AuditList entries=view.timeline />
                </section>
            </div>
            <aside class="column-side" aria-label="Decision">
                <Decision change=change.clone() acts=view.acts asked=view.asked missing=view.missing gate=view.gate expires_at=view.expires_at digest=digest.to_string() seen=looked.seen actions />
                <Since change=change.id version=change.version since=looked.since />
                <Votes change=change.id votes=view.votes action=actions.take_back />
                <EditLog edits=view.edits earlier=view.edits_before />
            </aside>
        </div>
    }
}

/// The rules by which it is judged that matter less than by default; nothing where there is none.
fn weaker_rules(weakened: Vec<Weakened>) -> Option<impl IntoView> {
    let count = weakened.len();
    (count > 0).then(|| {
        let items: Vec<_> = weakened
            .into_iter()
            .map(|Weakened { rule, by_default, level }| {
                view! { <li><code>{rule.as_str()}</code> {format!(": {level} instead of {by_default}. {}", rule.when())}</li> }
            })
            .collect();
        view! {
            <section class="panel notice" data-tone="attention" aria-labelledby="weaker-heading">
                <h2 id="weaker-heading">{format!("Rules weaker than by default ({count})")}</h2>
                <ul class="prose-list">{items}</ul>
            </section>
        }
    })
}

/// Nodes that stay as they are, for whoever asks.
fn unchanged_list(Cut { count, first: listed }: Cut<String>) -> Option<impl IntoView> {
    (count > 0).then(|| {
        let rest = count.saturating_sub(listed.len());
        let listed = listed.join(", ");
        let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        let nodes = if count == 1 { "node stays" } else { "nodes stay" };
        view! {
            <details class="more">
                <summary>{format!("{count} {nodes} as they are")}</summary>
                <p class="hint">{listed} {rest}</p>
            </details>
        }
    })
}
