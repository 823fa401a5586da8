//! `/advisor`: a few figures in, a first topology out, with the reason of every choice.

use std::collections::BTreeMap;

use leptos::either::Either;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use strata_domain::advisor::{Field, FieldKind, FigureError, Figures};
use strata_domain::words::counted;

use crate::api::advisor::{AdvisorStart, AdvisorView, ProposalView, Proposed, advisor_load};
use crate::components::{Act, ActError, FindingCounts, FindingList, SelectField, TextField, loaded, plain_words};
use crate::pages::query;
use crate::paths;

/// The name of the environment is the page's, not a field of its form.
fn asked() -> impl Iterator<Item = &'static Field> {
    Figures::fields().iter().filter(|field| field.name != "environment")
}

/// The figures as a form in the address, and what they give.
#[component]
pub fn AdvisorPage() -> impl IntoView {
    let env = query("env");
    let address = use_query_map();
    let given = Memo::new(move |_| {
        let address = address.read();
        asked()
            .filter_map(|field| Some((field.name.to_owned(), address.get(field.name)?)))
            .collect::<BTreeMap<String, String>>()
    });
    let start = ServerAction::<AdvisorStart>::new();
    let view = Resource::new(move || (env.get(), given.get()), |(env, given)| advisor_load(env, Some(given)));
    view! {
        <Title text="Advisor" />
        {loaded(view, move |view| view! { <Advisor view start /> })}
    }
}

#[component]
fn Advisor(view: AdvisorView, start: ServerAction<AdvisorStart>) -> impl IntoView {
    let AdvisorView { environment, figures, proposal, live, start_refused } = view;
    let (errors, proposal) = match proposal {
        Proposed::Nothing => (Vec::new(), None),
        Proposed::Unfit(errors) => (errors, None),
        Proposed::Topology(proposal) => (Vec::new(), Some(*proposal)),
    };
    let elsewhere: Vec<_> = errors
        .iter()
        .filter(|error| asked().all(|field| field.name != error.field))
        .map(|error| view! { <p class="notice" data-tone="danger" role="alert">{error.to_string()}</p> })
        .collect();
    let given = figures.clone();
    let proposal = match proposal {
        Some(proposal) => {
            let given = figures.clone();
            let environment = environment.clone();
            Either::Left(view! { <ProposalPanel proposal given environment live refused=start_refused start /> })
        }
        None => Either::Right(view! {
            <section class="panel">
                <h2>"What comes out"</h2>
                <p>"A topology that follows all advice for this kind of platform: many small database and search nodes from the start, equal availability groups, an SQL master on high availability, files in an object store. For each choice it says why."</p>
                <p class="hint">"What one node carries only you can know: those figures are placeholders until you replace them."</p>
            </section>
        }),
    };
    view! {
        <p class="crumbs"><a href=paths::role_map(&environment)>{environment.clone()}</a></p>
        <h1>"Advisor " <span class="of">"a first topology from a few figures"</span></h1>
        {elsewhere}
        <div class="columns advisor">
            <div class="column-main">{proposal}</div>
            <aside class="column-side" aria-label="Figures"><FigureForm environment given errors /></aside>
        </div>
    }
}

/// Every figure, under the heading of its section.
#[component]
fn FigureForm(environment: String, given: BTreeMap<String, String>, errors: Vec<FigureError>) -> impl IntoView {
    let mut sections: Vec<(&'static str, Vec<AnyView>)> = Vec::new();
    for field in asked() {
        let value = given.get(field.name).cloned().unwrap_or_default();
        let error = errors.iter().find(|error| error.field == field.name).map(|error| error.message.clone());
        let input = view! { <FigureField field value error /> }.into_any();
        match sections.last_mut() {
            Some((section, fields)) if *section == field.section => fields.push(input),
            _ => sections.push((field.section, vec![input])),
        }
    }
    let sections: Vec<_> = sections
        .into_iter()
        .map(|(section, fields)| view! { <fieldset><legend>{section}</legend> <div class="fields">{fields}</div></fieldset> })
        .collect();
    view! {
        <form method="get" action="/advisor" class="panel" aria-label="Figures">
            <input type="hidden" name="env" value=environment />
            {sections}
            <p><button class="button" data-tone="primary" type="submit">"Propose a topology"</button></p>
        </form>
    }
}

#[component]
fn FigureField(field: &'static Field, value: String, error: Option<String>) -> impl IntoView {
    let unit = if field.unit.eq_ignore_ascii_case(field.label) { "" } else { field.unit };
    let hint = match (unit, field.placeholder) {
        ("", false) => String::new(),
        ("", true) => "placeholder".to_owned(),
        (unit, false) => unit.to_owned(),
        (unit, true) => format!("{unit}, placeholder"),
    };
    let help = field.help;
    match field.kind {
        FieldKind::Choice { words } => {
            let options = plain_words(words.iter().copied());
            Either::Left(view! {
                <div title=help>
                    <SelectField id=field.name name=field.name label=field.label options value />
                </div>
            })
        }
        FieldKind::Number { .. } | FieldKind::Text { .. } | FieldKind::Names { .. } => {
            let error = Signal::stored(error);
            Either::Right(view! {
                <div title=help>
                    <TextField id=field.name name=field.name label=field.label hint value error />
                </div>
            })
        }
    }
}

#[component]
fn ProposalPanel(
    proposal: ProposalView,
    given: BTreeMap<String, String>,
    environment: String,
    live: Option<i64>,
    refused: Option<String>,
    start: ServerAction<AdvisorStart>,
) -> impl IntoView {
    let ProposalView { nodes, choices, left_out, findings, summary } = proposal;
    let choices: Vec<_> = choices
        .into_iter()
        .map(|choice| view! { <div><dt>{choice.about}</dt> <dd><strong>{choice.what}</strong> " " {choice.why}</dd></div> })
        .collect();
    let left_out: Vec<_> = left_out
        .into_iter()
        .map(|left| view! { <p class="notice" data-tone="attention">{format!("{} is left out. {}", left.role, left.why)}</p> })
        .collect();
    let hidden: Vec<_> = given
        .iter()
        .filter(|(name, _)| *name != "environment")
        .map(|(name, value)| view! { <input type="hidden" name=format!("figures[{name}]") value=value.clone() /> })
        .collect();
    let download: Vec<_> = given
        .iter()
        .map(|(name, value)| view! { <input type="hidden" name=name.clone() value=value.clone() /> })
        .collect();
    let (act, what) = match live {
        None => (
            "Make it the first revision",
            "The environment is empty: it becomes revision 1 and is live at once.".to_owned(),
        ),
        Some(live) => (
            "Start a change with it",
            format!(
                "The change leads from revision {live} to exactly this, and takes away what is not in it; it is reviewed as any other."
            ),
        ),
    };
    let findings: Vec<_> = findings.into_iter().map(|finding| (finding, false)).collect();
    let error = Signal::derive(move || start.value().get().and_then(Result::err));
    let file_of = environment.clone();
    view! {
        <section class="panel" aria-labelledby="proposal-heading">
            <h2 id="proposal-heading">{format!("A topology of {} ", counted(nodes, "node"))} <FindingCounts summary /></h2>
            <ActError error />
            <p class="hint">{what}</p>
            <div class="row-acts">
                <ActionForm action=start>
                    <input type="hidden" name="environment" value=environment />
                    {hidden}
                    <Act label=act tone="primary" refused pending=start.pending() />
                </ActionForm>
                <form method="get" action="/advisor/topology.yaml">
                    <input type="hidden" name="env" value=file_of />
                    {download}
                    <button class="button" type="submit">"Download the file"</button>
                </form>
            </div>
            {left_out}
        </section>
        <section class="panel" aria-labelledby="choices-heading">
            <h2 id="choices-heading">"What was chosen, and why"</h2>
            <dl class="choices">{choices}</dl>
        </section>
        <section class="panel" aria-labelledby="proposal-findings">
            <h2 id="proposal-findings">"Findings"</h2>
            <FindingList findings />
        </section>
    }
}
