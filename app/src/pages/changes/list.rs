//! The changes of an environment, and the form that starts one.

use leptos::either::Either;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;
use strata_domain::change::ChangeState;

use crate::api::changes::{ChangeListView, ChangeRow, ChangeStart, change_list};
use crate::components::{Act, ActError, Badge, Moment, NextLink, Stateful, Table, TextField, loaded};
use crate::error::AppError;
use crate::live::{Live, Topic};
use crate::pages::{before, query};
use crate::paths;

/// States that the filter offers.
const FILTERS: [ChangeState; 5] =
    [ChangeState::Draft, ChangeState::InReview, ChangeState::Approved, ChangeState::Provisioning, ChangeState::Applied];

/// Changes by state, newest first.
#[component]
pub fn ChangeListPage() -> impl IntoView {
    let (env, state, before) = (query("env"), query("state"), before());
    let start = ServerAction::<ChangeStart>::new();
    let news = Live::version(move || Topic::Environment(env.get()));
    let state = Memo::new(move |_| state.get().and_then(|word| word.parse::<ChangeState>().ok()));
    let view = Resource::new(
        move || (env.get(), state.get(), before.get(), news.get()),
        |(env, state, before, _)| change_list(env, state, before),
    );
    view! {
        <Title text="Changes" />
        {loaded(view, move |view| view! { <ChangeList view state=state.get() start /> })}
    }
}

#[component]
fn ChangeList(view: ChangeListView, state: Option<ChangeState>, start: ServerAction<ChangeStart>) -> impl IntoView {
    let environment = view.environment.clone();
    let all = paths::changes(&environment);
    let import = paths::import(&environment);
    let filters: Vec<_> = FILTERS
        .into_iter()
        .map(|filter| {
            let href = format!("{all}&state={}", filter.as_str());
            view! { <li><a href=href aria-current=(state == Some(filter)).then_some("true")>{filter.title()}</a></li> }
        })
        .collect();
    let rows: Vec<_> = view
        .changes
        .into_iter()
        .map(|ChangeRow { change, risk }| {
            let waits = change.apply_asked.is_some().then_some(" waits to be started");
            view! {
                <tr>
                    <th scope="row"><a href=paths::change(change.id)>{format!("#{} {}", change.id, change.title)}</a></th>
                    <td><Badge of=Stateful::Change(change.state) /> <span class="hint">{waits}</span></td>
                    <td>{risk.map(|risk| view! { <Badge of=Stateful::Risk(risk) /> })}</td>
                    <td>{change.created_by.name}</td>
                    <td>{change.touched_by.name} ", " <Moment at=change.touched_at /></td>
                </tr>
            }
        })
        .collect();
    let body = if rows.is_empty() {
        Either::Left(view! { <p class="empty">"No change here."</p> })
    } else {
        Either::Right(view! {
            <Table of="changes" columns=&["Change", "State", "Risk", "Started by", "Last act"]>{rows}</Table>
        })
    };
    let answer = move || start.value().get().and_then(Result::err);
    let title_error =
        Signal::derive(move || answer().and_then(|error| error.for_field("title").map(ToOwned::to_owned)));
    let other_error = Signal::derive(move || answer().filter(|error| !matches!(error, AppError::Invalid { .. })));
    view! {
        <h1>"Changes " <span class="of">{environment.clone()}</span></h1>
        <section class="panel" aria-labelledby="start-heading">
            <h2 id="start-heading">"Start a change"</h2>
            <ActError error=other_error />
            <ActionForm action=start attr:class="inline-form">
                <input type="hidden" name="environment" value=environment.clone() />
                <TextField id="title" name="title" label="What for" hint="in a line" required=true error=title_error />
                <Act label="Start from live" tone="primary" refused=view.start_refused pending=start.pending() />
            </ActionForm>
            <p class="hint">"Or " <a href=import>"import a topology file"</a> " as a change."</p>
        </section>
        <nav aria-label="Changes by state">
            <ul class="tabs">
                <li><a href=all aria-current=state.is_none().then_some("true")>"All"</a></li>
                {filters}
            </ul>
        </nav>
        {body}
        <NextLink next=view.next />
    }
}
