//! `/changes/:id/record`: a change as one document, to print or to keep.

use leptos::prelude::*;
use strata_domain::catalogue::Weakened;
use strata_domain::change::LoggedEdit;
use strata_domain::discussion::Comment;
use strata_domain::plan::Impact;
use strata_domain::record::{ChangeRecord, RecordedDemand, RecordedPlan, RecordedRun, RecordedStep, RecordedVote};
use strata_domain::review::BrokenGlass;
use strata_domain::words::counted;

use crate::api::record::{RecordView, record_load};
use crate::components::{AuditList, Badge, Moment, PageTitle, Stateful, Table, loaded};
use crate::pages::number;
use crate::paths;

/// The document.
#[component]
pub fn RecordPage() -> impl IntoView {
    let id = number("id");
    // Not on news: a document says what was true when it was written.
    let record = Resource::new(move || id.get(), record_load);
    view! {
        <PageTitle text=move || format!("Record of change #{}", id.get()) />
        {loaded(record, |view| view! { <Record view /> })}
    }
}

#[component]
fn Record(view: RecordView) -> impl IntoView {
    let RecordView { record, steps: all_steps, edits: all_edits } = view;
    let ChangeRecord {
        format,
        written_at,
        written_for,
        change,
        plan,
        edits,
        asked,
        weakened,
        votes,
        without_approval,
        comments,
        runs,
        audit,
    } = record;
    let submitted = change.submitted_by.clone().zip(change.submitted_at).map(|(by, at)| {
        view! { <dt>"Submitted by"</dt><dd>{by.name} ", " <Moment at /></dd> }
    });
    let reason = change.reason.clone().map(|reason| view! { <dt>"Reason"</dt><dd>{reason}</dd> });
    let digest = plan.digest.to_string();
    view! {
        <article class="record">
            <p class="crumbs"><a href=paths::change(change.id)>{format!("Change #{}", change.id)}</a></p>
            <div class="page-head">
                <h1>{format!("#{} {}", change.id, change.title)}</h1>
                <div class="page-acts"><a class="button" href=paths::change_record_json(change.id) rel="external" download>"JSON"</a></div>
            </div>
            <p class="facts">{format!("Record of a change of {}, written for {} ", change.environment, written_for.name)} <Moment at=written_at /> {format!(" ({format}). To keep it, print this page, or take the JSON.")}</p>
            <dl class="facts-list">
                <dt>"State"</dt><dd><Badge of=Stateful::Change(change.state) /></dd>
                <dt>"Started by"</dt><dd>{change.created_by.name.clone()} ", " <Moment at=change.created_at /></dd>
                {submitted}
                <dt>"Over revision"</dt><dd>{change.base}</dd>
                <dt>"Catalogue"</dt><dd>{format!("version {}", change.catalogue)}</dd>
                <dt>"Plan"</dt><dd><Badge of=Stateful::Risk(plan.risk) /> {format!(" {}, digest ", counted(all_steps, "step"))} <code>{digest}</code></dd>
                {reason}
            </dl>
            {without_approval.map(|broken| view! { <WithoutApproval broken /> })}
            <h2>"What was asked"</h2>
            <Demands asked />
            <WeakerRules weakened />
            <h2>"Votes"</h2>
            <Votes votes />
            <h2>"Plan"</h2>
            <Plan plan all=all_steps />
            <h2>"Runs"</h2>
            <Runs runs />
            <h2>"Edits"</h2>
            <Edits edits in_force=change.log_start all=all_edits />
            <h2>"Discussion"</h2>
            <Comments comments />
            <h2>"Audit log"</h2>
            <AuditList entries=audit />
        </article>
    }
}

#[component]
fn WithoutApproval(broken: BrokenGlass) -> impl IntoView {
    let BrokenGlass { by, at, reason, reviewed, .. } = broken;
    let review = match reviewed {
        Some(review) => {
            view! { <p>{format!("Reviewed by {} ", review.by.name)} <Moment at=review.at /> {format!(": {}", review.conclusion)}</p> }
                .into_any()
        }
        None => view! { <p>"No lead has reviewed it yet."</p> }.into_any(),
    };
    view! {
        <h2>"Applied without approval"</h2>
        <p>{by.name} ", " <Moment at /> {format!(": {reason}")}</p>
        {review}
    }
}

/// A sentence where there is nothing to list.
fn none(is_empty: bool, words: &'static str) -> Option<impl IntoView> {
    is_empty.then(|| view! { <p class="empty">{words}</p> })
}

#[component]
fn Demands(asked: Vec<RecordedDemand>) -> impl IntoView {
    let rows: Vec<_> = asked
        .into_iter()
        .map(|RecordedDemand { rule, because, group, quorum, older, met_by }| {
            let rule = match older {
                None => rule,
                Some(version) => format!("{rule} (version {version} of the policy)"),
            };
            let names = met_by.into_iter().map(|person| person.name).collect::<Vec<_>>().join(", ");
            let names = if names.is_empty() { "nobody".to_owned() } else { names };
            view! { <tr><th scope="row">{rule}</th><td>{because}</td><td>{format!("{quorum} of {group}")}</td><td>{names}</td></tr> }
        })
        .collect();
    view! { <Table of="demands" columns=&["Rule", "Because", "Asks for", "Met by"]>{rows}</Table> }
}

#[component]
fn WeakerRules(weakened: Vec<Weakened>) -> impl IntoView {
    let none = none(weakened.is_empty(), "Every rule mattered at least as much as by default.");
    let items: Vec<_> = weakened
        .into_iter()
        .map(|Weakened { rule, by_default, level }| view! { <li><code>{rule.as_str()}</code> {format!(": {level} instead of {by_default}")}</li> })
        .collect();
    view! { <h2>"Rules weaker than by default"</h2> {none} <ul class="prose-list">{items}</ul> }
}

#[component]
fn Votes(votes: Vec<RecordedVote>) -> impl IntoView {
    let none = none(votes.is_empty(), "Nobody voted.");
    let rows: Vec<_> = votes
        .into_iter()
        .map(|RecordedVote { vote, standing }| {
            let groups = vote.groups.into_iter().collect::<Vec<_>>().join(", ");
            view! {
                <tr>
                    <th scope="row">{vote.voter.name} " " <span class="hint">{groups}</span></th>
                    <td><Moment at=vote.at /></td>
                    <td>{vote.verdict.past()} " " {vote.reason}</td>
                    <td><code>{vote.digest.to_string()}</code></td>
                    <td>{standing.meaning()}</td>
                </tr>
            }
        })
        .collect();
    let rows = (!rows.is_empty()).then(
        || view! { <Table of="votes" columns=&["Who", "When", "What and why", "Which plan", "Worth"]>{rows}</Table> },
    );
    view! { {none} {rows} }
}

#[component]
fn Plan(
    plan: RecordedPlan,
    /// All of its steps, counted.
    all: usize,
) -> impl IntoView {
    let left = left(all, plan.steps.len());
    let steps: Vec<_> = plan
        .steps
        .into_iter()
        .map(|RecordedStep { id, what, impact }| {
            let cost = (impact != Impact::None).then(|| view! { <Badge of=Stateful::Impact(impact) /> });
            view! { <li title=id>{what} " " {cost}</li> }
        })
        .collect();
    view! { <ol class="prose-list">{steps}</ol> {left} }
}

/// How many more there are than the page shows; nothing where it shows all.
fn left(all: usize, shown: usize) -> Option<impl IntoView> {
    let left = all.saturating_sub(shown);
    (left > 0).then(|| view! { <p class="hint">{format!("And {left} more, which the JSON has.")}</p> })
}

#[component]
fn Runs(runs: Vec<RecordedRun>) -> impl IntoView {
    let none = none(runs.is_empty(), "Nothing ran.");
    let runs: Vec<_> = runs
        .into_iter()
        .map(|RecordedRun { run, steps }| {
            let revision = run.revision.map(|number| format!(" It made revision {number}.")).unwrap_or_default();
            let ended = run.finished_at.map(|at| view! { ", ended " <Moment at /> });
            let left = left(usize::try_from(run.steps_total).unwrap_or_default(), steps.len());
            let rows: Vec<_> = steps
                .into_iter()
                .map(|step| {
                    view! {
                        <tr>
                            <th scope="row">{step.description}</th>
                            <td><Badge of=Stateful::Step(step.state) /></td>
                            <td>{step.started_at.map(|at| view! { <Moment at /> })}</td>
                            <td>{step.finished_at.map(|at| view! { <Moment at /> })}</td>
                            <td>{step.outcome}</td>
                        </tr>
                    }
                })
                .collect();
            view! {
                <h3>{format!("Run {} ", run.id)} <Badge of=Stateful::Run(run.state) /></h3>
                <p>{format!("Applied by {} ", run.requested_by.name)} <Moment at=run.requested_at /> {ended} {format!(". Executor {}, digest ", run.executor)} <code>{run.digest}</code> "." {revision}</p>
                <Table of="run steps" columns=&["Step", "State", "Began", "Ended", "Outcome"]>{rows}</Table>
                {left}
            }
        })
        .collect();
    view! { {none} {runs} }
}

#[component]
fn Edits(
    edits: Vec<LoggedEdit>,
    /// Sequence of the first edit in force.
    in_force: i64,
    /// All of them, counted.
    all: usize,
) -> impl IntoView {
    let none = none(edits.is_empty(), "No edit.");
    let earlier = all.saturating_sub(edits.len());
    let earlier =
        (earlier > 0).then(|| view! { <p class="hint">{format!("{earlier} earlier ones are in the JSON.")}</p> });
    let items: Vec<_> = edits
        .into_iter()
        .map(|logged| view! { <li value=logged.sequence>{logged.edit.describe()} {(logged.sequence < in_force).then_some(" (before a rebase)")} " " <span class="hint">{logged.author.name} ", " <Moment at=logged.at /></span></li> })
        .collect();
    view! { {none} {earlier} <ol class="prose-list">{items}</ol> }
}

#[component]
fn Comments(comments: Vec<Comment>) -> impl IntoView {
    let none = none(comments.is_empty(), "Nothing was said.");
    let items: Vec<_> = comments
        .into_iter()
        .map(|comment| {
            let step = comment.step.map(|step| format!(" on {step}")).unwrap_or_default();
            view! { <li><strong>{comment.author.name}</strong> {step} ", " <Moment at=comment.at /> <p class="quote">{comment.text}</p></li> }
        })
        .collect();
    view! { {none} <ul class="plain-list">{items}</ul> }
}
