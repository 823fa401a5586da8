//! `/approvals`: what waits for me, and where that stands which I asked for.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::api::inbox::{DecisionRow, InboxRow, InboxView, inbox_load};
use crate::components::{Badge, Moment, Stateful, Table, loaded};
use crate::live::{Live, Topic};
use crate::paths;

/// Two lists over all environments.
#[component]
pub fn ApprovalsPage() -> impl IntoView {
    // News of any environment: the topic without a name hears of all.
    let news = Live::version(|| Topic::Environment(None));
    let view = Resource::new(move || news.get(), |_| inbox_load());
    view! {
        <Title text="Approvals" />
        {loaded(view, |view| view! { <Inbox view /> })}
    }
}

#[component]
fn Inbox(view: InboxView) -> impl IntoView {
    let InboxView { waits, asked, decisions } = view;
    let (waiting, of_mine) = (waits.len() + decisions.len(), asked.len());
    view! {
        <h1>"Approvals"</h1>
        <section class="panel" aria-labelledby="waits-heading">
            <h2 id="waits-heading">{format!("Waits for you ({waiting})")}</h2>
            <Decisions decisions />
            <Rows of="waiting changes" rows=waits empty="No change waits for you." />
        </section>
        <section class="panel" aria-labelledby="asked-heading">
            <h2 id="asked-heading">{format!("Asked for by you ({of_mine})")}</h2>
            <Rows of="your changes" rows=asked empty="Nothing that you asked for is open." />
        </section>
    }
}

/// What waits for a decision that is not a vote.
#[component]
fn Decisions(decisions: Vec<DecisionRow>) -> impl IntoView {
    if decisions.is_empty() {
        return None;
    }
    let rows: Vec<_> = decisions
        .into_iter()
        .map(|DecisionRow { what, path, environment, by, at, reason }| {
            view! {
                <tr>
                    <th scope="row"><a href=path>{what}</a></th>
                    <td>{environment}</td>
                    <td>{by} " " <Moment at /></td>
                    <td>{reason}</td>
                </tr>
            }
        })
        .collect();
    Some(view! { <Table of="decisions" columns=&["Decision", "Environment", "By", "Why"]>{rows}</Table> })
}

#[component]
fn Rows(of: &'static str, rows: Vec<InboxRow>, empty: &'static str) -> impl IntoView {
    if rows.is_empty() {
        return view! { <p class="empty">{empty}</p> }.into_any();
    }
    let rows: Vec<_> = rows
        .into_iter()
        .map(|InboxRow { change, risk, waits_for, age, expires_at }| {
            let who = change.submitted_by.as_ref().map(|person| person.name.clone()).unwrap_or_default();
            view! {
                <tr>
                    <th scope="row"><a href=paths::change(change.id)>{format!("#{} {}", change.id, change.title)}</a></th>
                    <td>{change.environment}</td>
                    <td>{risk.map(|risk| view! { <Badge of=Stateful::Risk(risk) /> })}</td>
                    <td><Badge of=Stateful::Change(change.state) /></td>
                    <td>{waits_for}</td>
                    <td>{age}</td>
                    <td>{who} {change.submitted_at.map(|at| view! { " " <Moment at /> })}</td>
                    <td>{expires_at.map(|at| view! { <Moment at /> })}</td>
                </tr>
            }
        })
        .collect();
    view! { <Table of columns=&["Change", "Environment", "Risk", "State", "Waits for", "Age", "Submitted", "Approval ends"]>{rows}</Table> }
        .into_any()
}
