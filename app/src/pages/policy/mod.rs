//! `/settings/policy`: who has to approve what, what that means for a change, and proposals to change it.

mod form;
mod proposal;

use leptos::prelude::*;
use leptos_meta::Title;
use strata_domain::catalogue::Catalogue;
use strata_domain::policy::{Answer, Rule, describe, people};
use strata_domain::proposal::Kind;

use self::proposal::Proposal;
use crate::api::policy::{PolicyAnswers, PolicyPageView, PolicyVersion, policy_load, policy_test};
use crate::api::proposals::{ProposalDecide, ProposalWithdraw};
use crate::components::{ActError, Badge, Moment, SettingsTabs, Stateful, Table, TextField, loaded};
use crate::live::{Live, Topic};
use crate::pages::query;
use crate::paths;

pub use form::PolicyFormPage;

/// The rules in force, a proposal that waits, and what the rules ask of one change.
#[component]
pub fn PolicyPage() -> impl IntoView {
    let (env, change) = (query("env"), query("change"));
    let (decide, withdraw) = (ServerAction::<ProposalDecide>::new(), ServerAction::<ProposalWithdraw>::new());
    let news = Live::version(move || Topic::Environment(env.get()));
    let view = Resource::new(
        move || (env.get(), news.get(), decide.version().get(), withdraw.version().get()),
        |(env, ..)| policy_load(env),
    );
    let number = Memo::new(move |_| change.get().and_then(|number| number.trim_start_matches('#').parse::<i64>().ok()));
    let test = Resource::new(
        move || (env.get(), number.get(), news.get()),
        |(env, change, _)| async move {
            match change {
                Some(change) => policy_test(env, change).await.map(Some),
                None => Ok(None),
            }
        },
    );
    view! {
        <Title text="Policy" />
        {loaded(view, move |view| view! { <PolicyBody view decide withdraw asked=change.get_untracked() /> })}
        {loaded(test, |test| test.map(|test| view! { <TestResult test /> }))}
    }
}

#[component]
fn PolicyBody(
    view: PolicyPageView,
    decide: ServerAction<ProposalDecide>,
    withdraw: ServerAction<ProposalWithdraw>,
    asked: Option<String>,
) -> impl IntoView {
    let PolicyPageView {
        environment,
        present,
        lifetime_hours,
        versions,
        open,
        turned_down,
        groups,
        propose_refused,
        own,
    } = view;
    let catalogue = own.catalogue();
    let error = Signal::derive(move || {
        [decide.value().get().and_then(Result::err), withdraw.value().get().and_then(Result::err)]
            .into_iter()
            .flatten()
            .next()
    });
    let waits = open.iter().any(|open| open.proposed.kind() == Kind::Policy);
    let propose = match (propose_refused, waits) {
        (None, false) => {
            view! { <a class="button" data-tone="primary" href=paths::policy_form(&environment)>"Propose other rules"</a> }.into_any()
        }
        (None, true) => view! { <span class="why-not">"A proposal waits already; it has to be decided first."</span> }.into_any(),
        (Some(reason), _) => view! { <span class="why-not">{reason}</span> }.into_any(),
    };
    let rules = rule_list(&present.rules, &catalogue);
    let waiting: Vec<_> = open
        .into_iter()
        .map(|open| {
            let before = present.rules.clone();
            view! { <Proposal open before catalogue=catalogue.clone() environment=environment.clone() decide withdraw /> }
        })
        .collect();
    let turned_down = turned_down.map(|refusal| {
        view! {
            <div class="notice" data-tone="info">
                <p>{format!("{} turned the last proposal, by {}, down ", refusal.decided_by, refusal.proposed_by)} <Moment at=refusal.at /> {format!(": {}.", refusal.about)}</p>
                <p class="quote">{refusal.decision}</p>
                <p class="hint">{format!("It was proposed because: {}", refusal.reason)}</p>
            </div>
        }
    });
    let groups: Vec<_> = groups
        .into_iter()
        .map(|(group, leads)| view! { <li>{group} " " <span class="hint">{people("leads", leads)}</span></li> })
        .collect();
    view! {
        <div class="page-head">
            <div>
                <h1>"Policy " <span class="of">{environment.clone()}</span></h1>
                <p class="facts">{format!("Version {}. Every rule that matches a change has to be met, each by distinct people who had no part in it. An approval holds for {}.", present.version, held(lifetime_hours))}</p>
            </div>
            <div class="page-acts">{propose}</div>
        </div>
        <SettingsTabs environment=environment.clone() />
        <ActError error />
        {waiting}
        {turned_down}
        <div class="columns">
            <div class="column-main">
                <section class="panel" aria-labelledby="rules-heading">
                    <h2 id="rules-heading">"Rules in force"</h2>
                    {rules}
                </section>
                <section class="panel" aria-labelledby="test-heading">
                    <h2 id="test-heading">"Which rules would a change meet?"</h2>
                    <form method="get" action="/settings/policy" class="inline-form">
                        <input type="hidden" name="env" value=environment.clone() />
                        <TextField id="test-change" name="change" label="Change" hint="its number" value=asked.unwrap_or_default() required=true />
                        <button class="button" type="submit">"Test it"</button>
                    </form>
                </section>
            </div>
            <aside class="column-side" aria-label="Groups and versions">
                <section class="panel" aria-labelledby="groups-heading">
                    <h2 id="groups-heading">"Groups"</h2>
                    <ul class="plain-list">{groups}</ul>
                </section>
                <Versions versions catalogue=StoredValue::new(catalogue.clone()) />
            </aside>
        </div>
    }
}

/// "7 days", "36 hours".
fn held(hours: u32) -> String {
    match (hours % 24, hours / 24) {
        (1, 0) => "1 hour".to_owned(),
        (0, 1) => "1 day".to_owned(),
        (0, days) => format!("{days} days"),
        _ => format!("{hours} hours"),
    }
}

fn rule_list(rules: &[Rule], catalogue: &Catalogue) -> impl IntoView + use<> {
    let items: Vec<_> = rules
        .iter()
        .map(|rule| view! { <li><strong>{rule.name.clone()}</strong> <p>{describe(rule, catalogue)}</p></li> })
        .collect();
    view! { <ul class="plain-list rules">{items}</ul> }
}

/// What each rule says to one change, and what it would say once the proposal is in force.
#[component]
fn TestResult(test: PolicyAnswers) -> impl IntoView {
    let PolicyAnswers { change, title, risk, present, proposed } = test;
    let proposed =
        proposed.map(|answers| view! { <h3>"With the proposal"</h3> <AnswerTable of="proposed answers" answers /> });
    view! {
        <section class="panel" aria-labelledby="answers-heading">
            <h2 id="answers-heading">{format!("What the rules ask of #{change} {title} ")} <Badge of=Stateful::Risk(risk) /></h2>
            <AnswerTable of="answers" answers=present />
            {proposed}
        </section>
    }
}

#[component]
fn AnswerTable(of: &'static str, answers: Vec<Answer>) -> impl IntoView {
    let nobody = !answers.iter().any(|answer| answer.matches);
    let nobody = nobody
        .then(|| view! { <p class="hint">"No rule asks about it, so one lead has to approve it all the same."</p> });
    let rows: Vec<_> = answers
        .into_iter()
        .map(|answer| {
            let asks = if answer.matches { "✓ yes" } else { "no" };
            view! {
                <tr>
                    <th scope="row">{answer.rule}</th>
                    <td>{asks}</td>
                    <td>{answer.because}</td>
                </tr>
            }
        })
        .collect();
    view! {
        <Table of columns=&["Rule", "Asks", "Because"]>{rows}</Table>
        {nobody}
    }
}

#[component]
fn Versions(versions: Vec<PolicyVersion>, catalogue: StoredValue<Catalogue>) -> impl IntoView {
    let none =
        versions.is_empty().then(|| view! { <p class="empty">"Version 1 is built in; nobody has changed it."</p> });
    let items: Vec<_> = versions
        .into_iter()
        .map(|version| {
            let approved_by: Vec<_> = version.approved_by.into_iter().map(|person| person.name).collect();
            view! {
                <li>
                    <p><strong>{format!("Version {}", version.version)}</strong> " " <Moment at=version.at /></p>
                    <p class="hint">{format!("Proposed by {}, approved by {}.", version.proposed_by.name, approved_by.join(", "))}</p>
                    <p>{version.reason}</p>
                    <details class="more">
                        <summary>{format!("Its rules ({})", version.rules.len())}</summary>
                        {catalogue.with_value(|catalogue| rule_list(&version.rules, catalogue))}
                    </details>
                </li>
            }
        })
        .collect();
    view! {
        <section class="panel" aria-labelledby="versions-heading">
            <h2 id="versions-heading">"Versions"</h2>
            {none}
            <ul class="plain-list">{items}</ul>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::held;

    #[test]
    fn how_long_an_approval_holds() {
        assert_eq!(held(168), "7 days");
        assert_eq!((held(1), held(24)), ("1 hour".to_owned(), "1 day".to_owned()));
        assert_eq!(held(36), "36 hours");
    }
}
