//! `/changes/:id`: everything a lead needs for one well-informed click.

use leptos::either::Either;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;
use strata_domain::approval::Tally;
use strata_domain::change::{Change, ChangeState, LoggedEdit};

use super::summary::ChangeSummary;
use crate::api::changes::{
    ChangeApply, ChangeRebase, ChangeSubmit, ChangeVote, ChangeWithdraw, CountedVote, ReviewView, change_load,
};
use crate::components::{
    Act, ActError, AuditList, Badge, FindingCounts, FindingList, Moment, PlanTable, Stateful, TextField, loaded,
};
use crate::error::AppError;
use crate::live::{Live, Topic};
use crate::pages::number;
use crate::pages::runs::RunTable;
use crate::paths;

/// The acts that the page offers; made once, so that they outlive each new reading of the change.
#[derive(Clone, Copy)]
struct Actions {
    submit: ServerAction<ChangeSubmit>,
    withdraw: ServerAction<ChangeWithdraw>,
    rebase: ServerAction<ChangeRebase>,
    vote: ServerAction<ChangeVote>,
    apply: ServerAction<ChangeApply>,
}

impl Actions {
    fn new() -> Self {
        Self {
            submit: ServerAction::new(),
            withdraw: ServerAction::new(),
            rebase: ServerAction::new(),
            vote: ServerAction::new(),
            apply: ServerAction::new(),
        }
    }

    /// Moves when any of them was answered.
    fn version(self) -> usize {
        self.submit.version().get()
            + self.withdraw.version().get()
            + self.rebase.version().get()
            + self.vote.version().get()
            + self.apply.version().get()
    }

    fn error(self) -> Option<AppError> {
        [
            self.submit.value().get(),
            self.withdraw.value().get(),
            self.rebase.value().get(),
            self.vote.value().get(),
            self.apply.value().get(),
        ]
        .into_iter()
        .flatten()
        .find_map(Result::err)
    }
}

/// One change, to review.
#[component]
pub fn ReviewPage() -> impl IntoView {
    let id = number("id");
    let actions = Actions::new();
    let news = Live::version(move || Topic::Change(id.get()));
    let view = Resource::new(move || (id.get(), news.get(), actions.version()), |(id, ..)| change_load(id));
    view! {
        <Title text=move || format!("Change #{}", id.get()) />
        {loaded(view, move |view| view! { <Review view actions /> })}
    }
}

#[component]
fn Review(view: ReviewView, actions: Actions) -> impl IntoView {
    let ReviewView { change, live, edits, diff, plan, findings, summary, votes, tallies, runs, acts, timeline, own } =
        view;
    let catalogue = StoredValue::new(own.catalogue());
    let (base, target) = (change.base, (change.id, change.version));
    let rebase_refused = acts.rebase.clone();
    let stale = (base != live && super::is_open(change.state)).then(|| {
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
        view! { <p class="notice" data-tone="attention">{format!("{}: {reason}", change.touched_by.name)}</p> }
    });
    let findings: Vec<_> = findings.into_iter().map(|reviewed| (reviewed.finding, reviewed.new)).collect();
    let steps = plan.steps.len();
    let digest = plan.digest.to_string();
    let runs = (!runs.is_empty()).then(|| {
        view! { <section class="panel" aria-labelledby="runs-heading"><h2 id="runs-heading">"Runs"</h2><RunTable runs /></section> }
    });
    let error = Signal::derive(move || actions.error());
    view! {
        <p class="crumbs"><a href=paths::changes(&change.environment)>{format!("Changes of {}", change.environment)}</a></p>
        <div class="page-head">
            <div>
                <h1>{format!("#{} {}", change.id, change.title)}</h1>
                <p class="facts">
                    <Badge of=Stateful::Change(change.state) /> " " <Badge of=Stateful::Risk(plan.risk) />
                    " started by " {change.created_by.name.clone()} " " <Moment at=change.created_at />
                    {format!(", over revision {}", change.base)}
                </p>
            </div>
        </div>
        {stale}
        {reason}
        <ActError error />
        <div class="columns">
            <div class="column-main">
                <section class="panel" aria-labelledby="summary-heading">
                    <h2 id="summary-heading">"What it does"</h2>
                    <ChangeSummary diff plan=plan.clone() catalogue />
                </section>
                <section class="panel" aria-labelledby="plan-heading">
                    <h2 id="plan-heading">{format!("Plan ({steps})")} <span class="hint">" digest " <code title=digest.clone()>{plan.digest.short()}</code></span></h2>
                    <PlanTable plan catalogue />
                </section>
                <section class="panel" aria-labelledby="findings-heading">
                    <h2 id="findings-heading">"Findings after it " <FindingCounts summary /></h2>
                    <FindingList findings />
                </section>
                {runs}
                <section class="panel" aria-labelledby="timeline-heading">
                    <h2 id="timeline-heading">"Timeline"</h2>
                    <AuditList entries=timeline />
                </section>
            </div>
            <aside class="column-side" aria-label="Decision">
                <Decision change acts tallies votes digest actions />
                <EditLog edits />
            </aside>
        </div>
    }
}

/// The fields that every act on a change sends: which, and as of when.
#[component]
fn Target(change: (i64, i64)) -> impl IntoView {
    let (id, version) = change;
    view! {
        <input type="hidden" name="id" value=id />
        <input type="hidden" name="version" value=version />
    }
}

#[component]
fn Decision(
    change: Change,
    acts: crate::api::changes::Acts,
    tallies: Vec<Tally>,
    votes: Vec<CountedVote>,
    digest: String,
    actions: Actions,
) -> impl IntoView {
    let (state, target) = (change.state, (change.id, change.version));
    let authors_act = (state == ChangeState::Draft).then(|| {
        let edit = match acts.edit.clone() {
            None => Either::Left(view! { <a class="button" href=paths::change_edit(change.id)>"Edit"</a> }),
            Some(reason) => Either::Right(view! { <span class="act"><button class="button" disabled>"Edit"</button><span class="why-not">{reason}</span></span> }),
        };
        view! {
            {edit}
            <ActionForm action=actions.submit>
                <Target change=target />
                <Act label="Submit for review" tone="primary" refused=acts.submit.clone() pending=actions.submit.pending() />
            </ActionForm>
        }
    });
    let voting = matches!(state, ChangeState::InReview | ChangeState::Approved).then(|| {
        let seen = digest.clone();
        view! {
            <ActionForm action=actions.vote>
                <Target change=target />
                <input type="hidden" name="digest" value=digest.clone() />
                <Act label="Approve" tone="primary" refused=acts.approve.clone() pending=actions.vote.pending() choice=("verdict", "approve") />
            </ActionForm>
            <details class="more">
                <summary>"Send back or reject"</summary>
                <ActionForm action=actions.vote>
                    <Target change=target />
                    <input type="hidden" name="digest" value=seen />
                    <TextField id="reason" name="reason" label="Reason" hint="for its authors" required=true />
                    <Act label="Send back" refused=acts.refuse.clone() pending=actions.vote.pending() choice=("verdict", "send-back") />
                    <Act label="Reject" tone="danger" refused=acts.refuse.clone() pending=actions.vote.pending() choice=("verdict", "reject") />
                </ActionForm>
            </details>
        }
    });
    let apply = matches!(state, ChangeState::InReview | ChangeState::Approved).then(|| {
        view! {
            <ActionForm action=actions.apply>
                <Target change=target />
                <Act label="Apply" tone="primary" refused=acts.apply.clone() pending=actions.apply.pending() />
            </ActionForm>
        }
    });
    let withdraw = super::is_open(state).then(|| {
        view! {
            <details class="more">
                <summary>"Withdraw"</summary>
                <ActionForm action=actions.withdraw>
                    <Target change=target />
                    <TextField id="withdraw-reason" name="reason" label="Reason" required=true />
                    <Act label="Withdraw" tone="danger" refused=acts.withdraw.clone() pending=actions.withdraw.pending() />
                </ActionForm>
            </details>
        }
    });
    let needed: Vec<_> = tallies
        .into_iter()
        .map(|tally| {
            let mark = if tally.met() { "✓" } else { "○" };
            let words = format!(
                "{} of {} {}",
                tally.have.min(tally.requirement.quorum),
                tally.requirement.quorum,
                tally.requirement.group.name()
            );
            view! { <li data-met=tally.met().then_some("true")><span aria-hidden="true">{mark}</span> " " {words}</li> }
        })
        .collect();
    let given: Vec<_> = votes
        .into_iter()
        .map(|CountedVote { vote, current }| {
            let outdated = (!current).then(|| view! { <span class="badge" data-tone="quiet">"no longer counts"</span> });
            view! {
                <li>
                    <strong>{vote.voter.name}</strong> " " {vote.verdict.past()} " " <Moment at=vote.at /> " " {outdated}
                    {vote.reason.map(|reason| view! { <span class="hint">" “" {reason} "”"</span> })}
                </li>
            }
        })
        .collect();
    let no_votes = given.is_empty().then(|| view! { <p class="empty">"No vote yet."</p> });
    view! {
        <section class="panel decision" aria-labelledby="decision-heading">
            <h2 id="decision-heading">"Decision"</h2>
            <h3>"Approvals it needs"</h3>
            <ul class="plain-list">{needed}</ul>
            <h3>"Votes"</h3>
            {no_votes}
            <ul class="plain-list">{given}</ul>
            <div class="acts">{authors_act} {voting} {apply} {withdraw}</div>
        </section>
    }
}

/// The append-only log of the draft.
#[component]
pub fn EditLog(
    /// First come first.
    #[prop(into)]
    edits: Signal<Vec<LoggedEdit>>,
    /// How many are listed, the newest.
    #[prop(default = usize::MAX)]
    newest: usize,
) -> impl IntoView {
    let count = Memo::new(move |_| edits.with(Vec::len));
    let listed = move || edits.with(|edits| edits.iter().rev().take(newest).cloned().collect::<Vec<_>>());
    let none = move || (count.get() == 0).then(|| view! { <p class="empty">"No edit yet."</p> });
    let cut = move || {
        let count = count.get();
        (count > newest).then(|| view! { <p class="hint">{format!("The newest {newest} of {count}.")}</p> })
    };
    view! {
        <section class="panel" aria-labelledby="edits-heading">
            <h2 id="edits-heading">{move || format!("Edits ({})", count.get())}</h2>
            {none}
            <ol class="edit-log" reversed>
                <For each=listed key=|logged| logged.sequence let:logged>
                    <li value=logged.sequence>
                        <p>{logged.edit.describe()}</p>
                        <p class="hint">{logged.author.name.clone()} ", " <Moment at=logged.at /></p>
                    </li>
                </For>
            </ol>
            {cut}
        </section>
    }
}
