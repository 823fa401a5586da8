//! `/`: the live revision as three bands of roles.

pub mod band;
mod list;
mod panel;

use leptos::either::{Either, EitherOf3};
use leptos::prelude::*;
use leptos_meta::Title;
use strata_domain::whatif::Extent;

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
    let revision = query("revision");
    let at = Memo::new(move |_| revision.get().and_then(|number| number.parse::<i64>().ok()));
    let news = Live::version(move || Topic::Environment(env.get()));
    let view = Resource::new(
        move || (env.get(), role.get(), at.get(), news.get()),
        |(env, role, at, _)| role_map_load(env, role, at),
    );
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
    let at = view.live.map(|_| revision.number);
    let older = view.live.map(|live| {
        view! {
            <p class="notice" data-tone="info">
                {format!("This is revision {}, which is not live any more; revision {live} is. ", revision.number)}
                <a href=paths::role_map(&environment)>"Show what is live"</a>
            </p>
        }
    });
    let live_word = if at.is_some() { " made " } else { " live since " };
    let node_word = if revision.node_count == 1 { "node" } else { "nodes" };
    let head = view! {
        <div class="page-head">
            <div>
                <h1>"Role map " <span class="of">{environment.clone()}</span></h1>
                <p class="facts">
                    <a href=paths::revision(&environment, revision.number)>{format!("Revision {}", revision.number)}</a>
                    {live_word} <Moment at=revision.made_at /> ", "
                    {format!("{} {node_word}, {} availability groups", revision.node_count, view.groups)}
                </p>
            </div>
            <div class="page-acts">
                <FindingCounts summary=view.summary />
                <span class="switch" role="group" aria-label="Show as">
                    <a class="button" href=paths::role_map_at(&environment, at) aria-current=(!as_list).then_some("true")>"Map"</a>
                    <a class="button" href=paths::role_list(&environment, at) aria-current=as_list.then_some("true")>"List"</a>
                </span>
                <a class="button" href=paths::what_if(&environment)>"What if"</a>
                <a class="button" href=paths::import(&environment)>"Import"</a>
                <a class="button" data-tone="primary" href=paths::changes(&environment)>"Change it"</a>
            </div>
        </div>
    };
    let opened_id = view.opened.as_ref().map(|panel| panel.role.id.to_string());
    let body = if as_list {
        EitherOf3::A(view! { <RoleList bands=view.bands environment=environment.clone() at /> })
    } else {
        let bands: Vec<_> = view
            .bands
            .into_iter()
            .map(|band| view! { <BandView band environment=environment.clone() at opened=opened_id.clone() /> })
            .collect();
        match view.opened {
            None => EitherOf3::B(view! { <div class="bands">{bands}</div> }),
            Some(panel) => EitherOf3::C(view! {
                <div class="bands-and-panel">
                    <div class="bands">{bands}</div>
                    <RolePanelView panel environment=environment.clone() at />
                </div>
            }),
        }
    };
    let legend = (!as_list).then(|| {
        let samples: Vec<_> = Extent::ALL
            .iter()
            .map(|extent| view! { <span><span class="pip" data-without=extent.as_str()></span> {extent.title().to_lowercase()}</span> })
            .collect();
        view! { <p class="hint legend" aria-hidden="true">"Each square is an instance. Without its node:" {samples}</p> }
    });
    let total = view.summary.blocker + view.summary.warning + view.summary.advice;
    let cut = (total > view.findings.len())
        .then(|| view! { <p class="hint">{format!("The first {} of {total}.", view.findings.len())}</p> });
    let findings = view.findings.into_iter().map(|finding| (finding, false)).collect::<Vec<_>>();
    Either::Right(view! {
        {head}
        {older}
        {body}
        {legend}
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
            <p>{act} " " <a class="button" href=paths::advisor(&environment)>"Let the advisor propose one"</a></p>
            <p class="hint">"At the command line: " <code>{format!("strata import FILE --environment {environment}")}</code></p>
        </section>
    }
}
