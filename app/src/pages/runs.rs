//! `/runs` and `/runs/:id`: what was provisioned, and one run as it goes.

use chrono::{DateTime, Utc};
use leptos::either::Either;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;
use strata_domain::run::{ExecutorKind, LogLine, Run, RunState, RunStep, StepState};
use strata_domain::words::counted;

use crate::api::runs::{RunConfirmStep, RunView, run_list, run_load};
use crate::components::{
    Act, ActError, AuditList, Badge, Moment, NextLink, PageTitle, Stateful, Table, duration_in_words, loaded,
};
use crate::live::{Live, Topic};
use crate::pages::{before, number, query};
use crate::paths;

/// The runs of an environment, newest first.
#[component]
pub fn RunListPage() -> impl IntoView {
    let (env, before) = (query("env"), before());
    let news = Live::version(move || Topic::Environment(env.get()));
    let view = Resource::new(move || (env.get(), before.get(), news.get()), |(env, before, _)| run_list(env, before));
    view! {
        <Title text="Runs" />
        {loaded(view, |view| {
            let body = if view.runs.is_empty() {
                Either::Left(view! { <p class="empty">"No run yet. A run starts when an approved change is applied."</p> })
            } else {
                Either::Right(view! { <RunTable runs=view.runs /> })
            };
            view! {
                <h1>"Runs " <span class="of">{view.environment}</span></h1>
                {body}
                <NextLink next=view.next />
            }
        })}
    }
}

/// Runs as a table.
#[component]
pub fn RunTable(
    /// Newest first.
    runs: Vec<Run>,
) -> impl IntoView {
    let rows: Vec<_> = runs
        .into_iter()
        .map(|run| {
            view! {
                <tr>
                    <th scope="row"><a href=paths::run(run.id)>{format!("Run {}", run.id)}</a></th>
                    <td><Badge of=Stateful::Run(run.state) /></td>
                    <td><a href=paths::change(run.change)>{format!("#{} {}", run.change, run.title)}</a></td>
                    <td>{format!("{} of {}", run.steps_done, run.steps_total)}</td>
                    <td>{run.requested_by.name.clone()}</td>
                    <td><Moment at=run.requested_at /></td>
                    <td>{took(run.started_at, run.finished_at)}</td>
                </tr>
            }
        })
        .collect();
    view! {
        <Table of="runs" columns=&["Run", "State", "Change", "Steps done", "Applied by", "When", "Took"]>{rows}</Table>
    }
}

/// One run; follows the news of it by itself.
#[component]
pub fn RunPage() -> impl IntoView {
    let id = number("id");
    let (log_after, steps_after) = (place_of("log"), place_of("steps"));
    let confirm = ServerAction::<RunConfirmStep>::new();
    let news = Live::version(move || Topic::Run(id.get()));
    let view = Resource::new(
        move || (id.get(), log_after.get(), steps_after.get(), news.get(), confirm.version().get()),
        |(id, log_after, steps_after, ..)| run_load(id, log_after, steps_after),
    );
    let error = Signal::derive(move || confirm.value().get().and_then(Result::err));
    view! {
        <PageTitle text=move || format!("Run {}", id.get()) />
        {loaded(view, move |view| {
            let read = Read { log: log_after.get_untracked(), steps: steps_after.get_untracked() };
            view! { <RunBody view read confirm error /> }
        })}
    }
}

/// A place that the address names.
fn place_of(name: &'static str) -> Signal<Option<i64>> {
    let named = query(name);
    Signal::derive(move || named.get().and_then(|place| place.parse().ok()))
}

/// From where on the log and the steps are read, where the address says so.
#[derive(Clone, Copy)]
struct Read {
    log: Option<i64>,
    steps: Option<i64>,
}

#[component]
fn RunBody(
    view: RunView,
    read: Read,
    confirm: ServerAction<RunConfirmStep>,
    error: Signal<Option<crate::error::AppError>>,
) -> impl IntoView {
    let RunView {
        run,
        steps,
        steps_before,
        steps_after,
        particular,
        particular_more,
        log,
        log_next,
        confirm_refused,
        audit,
    } = view;
    let id = run.id;
    let dry_run = (run.executor == ExecutorKind::DryRun).then(|| {
        view! {
            <p class="notice" data-tone="info">
                <strong>"This is a dry run. "</strong>
                "It walks the checks of every step and touches no machine. When it ends well, the desired topology becomes the next live revision."
            </p>
        }
    });
    let outcome = match (run.state, run.revision) {
        (RunState::Succeeded, Some(revision)) => Some(Either::Left(view! {
            <p class="notice" data-tone="good">
                "It made " <a href=paths::revision(&run.environment, revision)>{format!("revision {revision}")}</a> ", which went live."
            </p>
        })),
        (RunState::Failed, _) => Some(Either::Right(view! {
            <p class="notice" data-tone="danger" role="alert">
                "A step failed. The steps that wait for it were not begun, and the live revision is unchanged."
            </p>
        })),
        _ => None,
    };
    let waiting: Vec<_> = particular
        .iter()
        .chain(&steps)
        .filter(|step| step.state == StepState::Waiting)
        .map(|step| view! { <Checklist run=id step=step.clone() confirm refused=confirm_refused.clone() /> })
        .collect();
    let progress_label = format!("{} of {} done", run.steps_done, counted(run.steps_total, "step"));
    let turns = turns(&run, &steps, (steps_before, steps_after), read.log);
    let particular_more = (particular_more > 0)
        .then(|| view! { <p class="hint">{format!("{particular_more} more elsewhere in the plan failed or wait for a person.")}</p> });
    let columns = &["#", "State", "What it does", "Impact", "Began", "Took", "Outcome"];
    let failed: Vec<_> = particular
        .into_iter()
        .filter(|step| step.state == StepState::Failed)
        .map(|step| view! { <StepRow step /> })
        .collect();
    let failed = (!failed.is_empty()).then(|| {
        view! { <h3>"Failed, elsewhere in the plan"</h3> <Table of="failed steps" columns=columns>{failed}</Table> }
    });
    let rows: Vec<_> = steps.into_iter().map(|step| view! { <StepRow step /> }).collect();
    view! {
        <p class="crumbs"><a href=paths::runs(&run.environment)>{format!("Runs of {}", run.environment)}</a></p>
        <div class="page-head">
            <div>
                <h1>{format!("Run {}", run.id)} " " <Badge of=Stateful::Run(run.state) /></h1>
                <p class="facts">
                    <a href=paths::change(run.change)>{format!("#{} {}", run.change, run.title)}</a>
                    ", applied by " {run.requested_by.name.clone()} " at " <Moment at=run.requested_at />
                    ", took " {took(run.started_at, run.finished_at)}
                </p>
            </div>
        </div>
        {dry_run}
        {outcome}
        <ActError error />
        {waiting}
        <p class="progress">
            <progress max=run.steps_total.max(1).to_string() value=run.steps_done.to_string() aria-label=progress_label.clone()></progress>
            " " <span role="status">{progress_label}</span>
        </p>
        <section class="panel" aria-labelledby="steps-heading">
            <h2 id="steps-heading">"Steps"</h2>
            {failed}
            {particular_more}
            <Table of="steps" columns=columns>{rows}</Table>
            {turns}
        </section>
        <Log lines=log next=log_next.map(|next| paths::run_log(id, next, read.steps)) />
        <section class="panel" aria-labelledby="audit-heading">
            <h2 id="audit-heading">"Recorded"</h2>
            <AuditList entries=audit />
        </section>
    }
}

/// The way to the steps before and after these; nothing where all are there.
fn turns(
    run: &Run,
    steps: &[RunStep],
    (before, after): (Option<i64>, Option<i64>),
    log: Option<i64>,
) -> Option<impl IntoView + use<>> {
    let (first, last) = (steps.first()?.position, steps.last()?.position);
    let id = run.id;
    before.or(after).is_some().then(|| {
        let to = |place: i64, label: &'static str| {
            view! { <a class="button" href=paths::run_steps(id, place, log)>{label}</a> }
        };
        view! {
            <p class="hint">{format!("Steps {first} to {last} of {}.", run.steps_total)}</p>
            <p class="row-acts">
                {before.map(|place| to(place, "Steps before"))}
                {after.map(|place| to(place, "Steps after"))}
            </p>
        }
    })
}

#[component]
fn StepRow(step: RunStep) -> impl IntoView {
    view! {
        <tr data-state=step.state.as_str()>
            <th scope="row">{step.position}</th>
            <td><Badge of=Stateful::Step(step.state) /></td>
            <td>{step.description.clone()}</td>
            <td><span title=step.impact.meaning()><Badge of=Stateful::Impact(step.impact) /></span></td>
            <td>{step.started_at.map(|at| view! { <Moment at /> })}</td>
            <td>{took(step.started_at, step.finished_at)}</td>
            <td>{step.outcome.clone()}</td>
        </tr>
    }
}

/// What a person has to do before a manual step counts as done.
#[component]
fn Checklist(run: i64, step: RunStep, confirm: ServerAction<RunConfirmStep>, refused: Option<String>) -> impl IntoView {
    let heading = format!("checklist-{}", step.position);
    let items: Vec<_> = step.checklist.iter().map(|item| view! { <li>{item.clone()}</li> }).collect();
    view! {
        <section class="panel" data-tone="attention" aria-labelledby=heading.clone()>
            <h2 id=heading.clone()>{format!("Step {} waits for a person", step.position)}</h2>
            <p>{step.description.clone()}</p>
            <ol class="prose-list">{items}</ol>
            <ActionForm action=confirm>
                <input type="hidden" name="id" value=run />
                <input type="hidden" name="step" value=step.id.clone() />
                <Act label="Confirm: all of this is done" tone="primary" refused=refused pending=confirm.pending() />
            </ActionForm>
        </section>
    }
}

#[component]
fn Log(lines: Vec<LogLine>, next: Option<String>) -> impl IntoView {
    let more = next.map(|next| view! { <p class="next"><a class="button" href=next>"Later lines"</a></p> });
    let body = if lines.is_empty() {
        Either::Left(view! { <p class="empty">"No line yet."</p> })
    } else {
        let lines: Vec<_> = lines
            .into_iter()
            .map(|line| {
                view! {
                    <li>
                        <time datetime=line.at.to_rfc3339()>{line.at.format("%H:%M:%S").to_string()}</time>
                        " " <span class="log-step">{line.step}</span> " " {line.text}
                    </li>
                }
            })
            .collect();
        Either::Right(
            view! { <div class="log" tabindex="0" role="region" aria-label="Log lines, times in UTC"><ol>{lines}</ol></div> },
        )
    };
    view! {
        <section class="panel" aria-labelledby="log-heading">
            <h2 id="log-heading">"Log" <span class="hint">" times in UTC"</span></h2>
            {body}
            {more}
        </section>
    }
}

/// How long something took, where it began and ended.
pub fn took(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> String {
    match (from, to) {
        (Some(from), Some(to)) => duration_in_words(from, to),
        (Some(_), None) => "under way".to_owned(),
        (None, _) => "—".to_owned(),
    }
}
