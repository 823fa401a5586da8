//! `/`: the live revision as three bands of roles.

mod band;
mod list;
mod panel;

use leptos::either::{Either, EitherOf3};
use leptos::prelude::*;
use leptos_meta::Title;

use self::band::BandView;
use self::list::RoleList;
use self::panel::RolePanelView;
use crate::api::role_map::{RoleMapView, role_map_load};
use crate::components::{FindingCounts, FindingList, Moment, loaded};
use crate::live::{Live, Topic};
use crate::pages::query;
use crate::paths;

/// Bands or list, one role opened, and the findings.
#[component]
pub fn RoleMapPage() -> impl IntoView {
    let (env, role, view_as) = (query("env"), query("role"), query("view"));
    let news = Live::version(move || Topic::Environment(env.get()));
    let view = Resource::new(move || (env.get(), role.get(), news.get()), |(env, role, _)| role_map_load(env, role));
    let as_list = Memo::new(move |_| view_as.get().as_deref() == Some("list"));
    view! {
        <Title text="Role map" />
        {loaded(view, move |view| view! { <RoleMap view as_list=as_list.get() /> })}
    }
}

#[component]
fn RoleMap(view: RoleMapView, as_list: bool) -> impl IntoView {
    let environment = view.environment.clone();
    let Some(revision) = view.revision.clone() else {
        return Either::Left(view! { <EmptyEnvironment environment refused=view.import_refused /> });
    };
    let node_word = if revision.node_count == 1 { "node" } else { "nodes" };
    let head = view! {
        <div class="page-head">
            <div>
                <h1>"Role map " <span class="of">{environment.clone()}</span></h1>
                <p class="facts">
                    <a href=paths::revision(&environment, revision.number)>{format!("Revision {}", revision.number)}</a>
                    " live since " <Moment at=revision.made_at /> ", "
                    {format!("{} {node_word}, {} availability groups", revision.node_count, view.groups)}
                </p>
            </div>
            <div class="page-acts">
                <FindingCounts summary=view.summary />
                <span class="switch" role="group" aria-label="Show as">
                    <a class="button" href=paths::role_map(&environment) aria-current=(!as_list).then_some("true")>"Map"</a>
                    <a class="button" href=paths::role_list(&environment) aria-current=as_list.then_some("true")>"List"</a>
                </span>
                <a class="button" href=paths::import(&environment)>"Import"</a>
                <a class="button" data-tone="primary" href=paths::changes(&environment)>"Change it"</a>
            </div>
        </div>
    };
    let opened_id = view.opened.as_ref().map(|panel| panel.role.id.to_string());
    let body = if as_list {
        EitherOf3::A(view! { <RoleList bands=view.bands environment=environment.clone() /> })
    } else {
        let bands: Vec<_> = view
            .bands
            .into_iter()
            .map(|band| view! { <BandView band environment=environment.clone() opened=opened_id.clone() /> })
            .collect();
        match view.opened {
            None => EitherOf3::B(view! { <div class="bands">{bands}</div> }),
            Some(panel) => EitherOf3::C(view! {
                <div class="bands-and-panel">
                    <div class="bands">{bands}</div>
                    <RolePanelView panel environment=environment.clone() />
                </div>
            }),
        }
    };
    let total = view.summary.blocker + view.summary.warning + view.summary.advice;
    let cut = (total > view.findings.len())
        .then(|| view! { <p class="hint">{format!("The first {} of {total}.", view.findings.len())}</p> });
    let findings = view.findings.into_iter().map(|finding| (finding, false)).collect::<Vec<_>>();
    Either::Right(view! {
        {head}
        {body}
        <section class="panel" aria-labelledby="findings-heading">
            <h2 id="findings-heading">"Findings"</h2>
            <FindingList findings />
            {cut}
        </section>
    })
}

#[component]
fn EmptyEnvironment(environment: String, refused: Option<String>) -> impl IntoView {
    let act = match refused {
        None => Either::Left(
            view! { <a class="button" data-tone="primary" href=paths::import(&environment)>"Import a topology file"</a> },
        ),
        Some(reason) => Either::Right(view! { <span class="why-not">{reason}</span> }),
    };
    view! {
        <h1>"Role map " <span class="of">{environment.clone()}</span></h1>
        <section class="panel empty-state">
            <h2>"Nothing here yet"</h2>
            <p>"This environment has no topology. Import a topology file, and it becomes revision 1 and the role map."</p>
            <p>{act}</p>
            <p class="hint">"At the command line: " <code>{format!("strata import FILE --environment {environment}")}</code></p>
        </section>
    }
}
