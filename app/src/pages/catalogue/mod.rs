//! `/catalogue`: what each role needs and why, own roles, and how much each rule matters.

mod form;
mod rules;

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;
use strata_domain::catalogue::{Catalogue, Layer, Requirement, Role, SettingSpec};
use strata_domain::words::counted;

use self::rules::Rules;
use crate::api::catalogue::{CatalogueView, RoleRemove, RuleLevelSet, VersionRow, catalogue_load};
use crate::api::proposals::RuleLevelPropose;
use crate::components::{Act, ActError, Moment, TextField, loaded};
use crate::live::{Live, Topic};
use crate::pages::query;
use crate::paths;

pub use form::RoleFormPage;

/// Roles by layer, then rules, then how the catalogue came to be.
#[component]
pub fn CataloguePage() -> impl IntoView {
    let env = query("env");
    let (remove, level) = (ServerAction::<RoleRemove>::new(), ServerAction::<RuleLevelSet>::new());
    let propose = ServerAction::<RuleLevelPropose>::new();
    let news = Live::version(move || Topic::Environment(env.get()));
    let view = Resource::new(
        move || (env.get(), news.get(), remove.version().get(), level.version().get()),
        |(env, ..)| catalogue_load(env),
    );
    view! {
        <Title text="Catalogue" />
        {loaded(view, move |view| view! { <CatalogueBody view remove level propose /> })}
    }
}

#[component]
fn CatalogueBody(
    view: CatalogueView,
    remove: ServerAction<RoleRemove>,
    level: ServerAction<RuleLevelSet>,
    propose: ServerAction<RuleLevelPropose>,
) -> impl IntoView {
    let CatalogueView { environment, own, versions, edit_refused, propose_refused } = view;
    let catalogue = own.catalogue();
    let bands: Vec<_> = Layer::ALL
        .into_iter()
        .map(|layer| {
            let roles: Vec<_> = catalogue
                .roles_in(layer)
                .map(|role| {
                    let is_own = own.role(role.id.as_str()).is_some();
                    let removal = is_own.then(|| Removal {
                        environment: environment.clone(),
                        version: own.version,
                        refused: edit_refused.clone(),
                        action: remove,
                    });
                    view! { <RoleItem role=role.clone() names=names_of(role, &catalogue) removal /> }
                })
                .collect();
            view! {
                <section class="panel" aria-label=layer.title()>
                    <h2>{layer.title()}</h2>
                    <ul class="plain-list">{roles}</ul>
                </section>
            }
        })
        .collect();
    let add = match edit_refused.clone() {
        None => {
            view! { <a class="button" data-tone="primary" href=paths::role_form(&environment, None)>"Add a role"</a> }
                .into_any()
        }
        Some(reason) => view! { <span class="why-not">{reason}</span> }.into_any(),
    };
    let error = Signal::derive(move || {
        let of_levels = level.value().get().and_then(Result::err);
        let of_proposals = propose.value().get().and_then(Result::err);
        remove.value().get().and_then(Result::err).or(of_levels).or(of_proposals)
    });
    let version = own.version;
    view! {
        <div class="page-head">
            <div>
                <h1>"Catalogue " <span class="of">{environment.clone()}</span></h1>
                <p class="facts">{format!("Version {version}, {}, {} of them its own", counted(catalogue.roles.len(), "role"), own.roles.len())}</p>
            </div>
            <div class="page-acts">{add}</div>
        </div>
        <ActError error />
        <div class="columns">
            <div class="column-main">{bands}</div>
            <aside class="column-side" aria-label="Rules and versions">
                <Rules environment levels=own.levels refused=edit_refused action=level propose_refused propose />
                <Versions versions />
            </aside>
        </div>
    }
}

/// The names of the roles that a role depends on.
fn names_of(role: &Role, catalogue: &Catalogue) -> Vec<String> {
    role.depends_on.iter().map(|id| catalogue.role_name(id).to_owned()).collect()
}

/// What removing an own role needs.
#[derive(Clone)]
struct Removal {
    environment: String,
    version: u32,
    refused: Option<String>,
    action: ServerAction<RoleRemove>,
}

#[component]
fn RoleItem(role: Role, names: Vec<String>, removal: Option<Removal>) -> impl IntoView {
    let requirements: Vec<_> = role.requirements.iter().map(|text| view! { <li>{text.clone()}</li> }).collect();
    let settings: Vec<_> = role.settings.iter().map(|spec| view! { <li>{setting_in_words(spec)}</li> }).collect();
    let has_settings = !settings.is_empty();
    let instances = match (role.min, role.max) {
        (min, Some(max)) if min == max => format!("exactly {min}"),
        (min, Some(max)) => format!("{min} to {max}"),
        (min, None) => format!("{min} or more"),
    };
    let group = role.group.as_ref().map(|group| format!(", in availability groups of {} to {}", group.min, group.max));
    let floor = role.memory_floor_mib.map(|mib| format!(", nodes of at least {mib} MiB"));
    let own = removal.is_some().then(|| view! { <span class="badge" data-tone="info">"own"</span> });
    let acts = removal.map(|removal| {
        let (id, called) = (role.id.to_string(), format!("Proposal to remove {}", role.name));
        view! {
            <p><a class="button" href=paths::role_form(&removal.environment, Some(&id))>"Change"</a></p>
            <details class="more">
                <summary>"Propose that it goes"</summary>
                <p class="hint">"Leads put it in force, as a policy. What is under review then goes back to its authors."</p>
                <ActionForm action=removal.action attr:class="edit-form" attr:aria-label=called>
                    <input type="hidden" name="environment" value=removal.environment />
                    <input type="hidden" name="version" value=removal.version />
                    <input type="hidden" name="role" value=id.clone() />
                    <TextField id=format!("remove-{id}") name="reason" label="Reason" hint="for whoever decides" required=true />
                    <Act label="Propose it" tone="danger" refused=removal.refused pending=removal.action.pending() />
                </ActionForm>
            </details>
        }
    });
    let depends = match names.as_slice() {
        [] => "Depends on no other role.".to_owned(),
        names => format!("Depends on {}.", names.join(", ")),
    };
    view! {
        <li id=format!("role-{}", role.id)>
            <details>
                <summary><strong>{role.name.clone()}</strong> " " <code>{role.id.to_string()}</code> " " {own} " " <span class="hint">{instances} {group}</span></summary>
                <p>{role.note.clone()}</p>
                <p>{format!("Network: {}{}.", role.network.describe(), floor.unwrap_or_default())}</p>
                <h3>"Needs, and why"</h3>
                <ul class="prose-list">{requirements}</ul>
                {has_settings.then(|| view! { <h3>"Settings"</h3> <ul class="prose-list">{settings}</ul> })}
                <p class="hint">{depends}</p>
                {acts}
            </details>
        </li>
    }
}

fn setting_in_words(spec: &SettingSpec) -> String {
    let kind = spec.kind.describe();
    let required = match &spec.required {
        Requirement::Always => ", required".to_owned(),
        Requirement::When { setting, is } => format!(", required where {setting} is {}", is.join(" or ")),
        Requirement::Never => String::new(),
    };
    let default = spec.default.as_ref().map(|value| format!(", {value} where not given")).unwrap_or_default();
    format!("{}: {kind}{required}{default}", spec.name)
}

#[component]
fn Versions(versions: Vec<VersionRow>) -> impl IntoView {
    let items: Vec<_> = versions
        .into_iter()
        .map(|row| {
            view! { <li>{format!("{}: {} {}, ", row.version, row.what, row.by)} <Moment at=row.at /></li> }
        })
        .collect();
    view! {
        <section class="panel" aria-labelledby="versions-heading">
            <h2 id="versions-heading">"Versions"</h2>
            <ul class="prose-list">{items} <li>"1: The built-in catalogue."</li></ul>
        </section>
    }
}
