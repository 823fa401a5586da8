//! `/catalogue/role`: a role of the environment's own, new or changed.

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;
use strata_domain::catalogue::{Layer, Own, Role};

use crate::api::catalogue::{CatalogueView, RoleForm, RoleSave, SettingForm, catalogue_load};
use crate::components::{Act, ActError, CheckField, SelectField, TextArea, TextField, loaded};
use crate::pages::query;
use crate::paths;

/// Rows for settings that are not there yet; whoever needs more saves and comes back.
const SPARE_ROWS: usize = 3;
const KINDS: [(&str, &str); 6] = [
    ("text", "text"),
    ("choice", "choice of words"),
    ("integer", "whole number"),
    ("path", "path"),
    ("address", "IP address"),
    ("url", "URL"),
];

/// The form, for a new role or for one of the environment's own.
#[component]
pub fn RoleFormPage() -> impl IntoView {
    let (env, role) = (query("env"), query("role"));
    let save = ServerAction::<RoleSave>::new();
    // Not on news: what is being typed stays.
    let view = Resource::new(move || env.get(), catalogue_load);
    view! {
        <Title text="Role" />
        {loaded(view, move |view| view! { <RoleFormBody view role=role.get() save /> })}
    }
}

#[component]
fn RoleFormBody(view: CatalogueView, role: Option<String>, save: ServerAction<RoleSave>) -> impl IntoView {
    let CatalogueView { environment, own, edit_refused, .. } = view;
    let known = role.as_deref().and_then(|id| own.role(id)).cloned();
    let heading = known.as_ref().map_or_else(|| "Add a role".to_owned(), |role| format!("Change {}", role.name));
    let act = if known.is_some() { "Save the role" } else { "Add the role" };
    let form = known.as_ref().map(RoleForm::of).unwrap_or_else(new_form);
    let depends = dependencies(&own, &form);
    let rows = form.settings.len() + SPARE_ROWS;
    let settings: Vec<_> = (0..rows)
        .map(|row| view! { <SettingRow row setting=form.settings.get(&row).cloned().unwrap_or_default() /> })
        .collect();
    let layers = named(Layer::ALL.map(|layer| (layer.as_str(), layer.title())));
    let networks = named([
        ("private-only", "private address only"),
        ("public-required", "public address required"),
        ("public-optional", "public address optional"),
    ]);
    let growths =
        named([("free", "nothing"), ("rebalance", "a rebalance of its data"), ("reindex", "a reindex of its data")]);
    let error = Signal::derive(move || save.value().get().and_then(Result::err));
    let is_new = known.is_none();
    let id_field = if is_new {
        view! { <TextField id="role-id" name="form[id]" label="Id" hint="such as call-recorder; it stays" value=form.id.clone() required=true /> }.into_any()
    } else {
        view! { <input type="hidden" name="form[id]" value=form.id.clone() /> }.into_any()
    };
    let reason_error =
        Signal::derive(move || error.get().and_then(|error| error.for_field("reason").map(ToOwned::to_owned)));
    let reason = (!is_new).then(|| {
        view! {
            <p class="hint" id="looser-hint">
                "What asks for more than now is so at once. What asks for less becomes a proposal, which leads put in force as a policy: another layer, fewer or more instances, a wider network, group or setting, less memory, growth that costs less, a dependency that goes. What is under review then goes back to its authors."
            </p>
            <TextField id="reason" name="reason" label="Reason" hint="where it asks for less" error=reason_error />
        }
    });
    view! {
        <p class="crumbs"><a href=paths::catalogue(&environment)>{format!("Catalogue of {environment}")}</a></p>
        <h1>{heading}</h1>
        <p class="lead">"The role gets its rules, its plan steps and its place on the map from what is said here. Files of this environment can use it from then on."</p>
        <ActError error />
        <ActionForm action=save attr:class="panel form-wide" attr:aria-label=act>
            <input type="hidden" name="environment" value=environment />
            <input type="hidden" name="version" value=own.version />
            <div class="fields">
                {id_field}
                <TextField id="role-name" name="form[name]" label="Name" value=form.name required=true />
                <SelectField id="layer" name="form[layer]" label="Layer" options=layers value=form.layer />
                <SelectField id="network" name="form[network]" label="Network" options=networks value=form.network />
                <TextField id="min" name="form[min]" label="Fewest instances" kind="number" value=form.min />
                <TextField id="max" name="form[max]" label="Most instances" hint="empty for no limit" kind="number" value=form.max />
                <TextField id="floor" name="form[memory_floor_mib]" label="Least memory of a node" hint="MiB" kind="number" value=form.memory_floor_mib />
                <SelectField id="growth" name="form[growth]" label="Growing while live costs" options=growths value=form.growth />
                <TextField id="start-with" name="form[start_with]" label="Start with" hint="instances, where growing costs" kind="number" value=form.start_with />
                <TextField id="group-min" name="form[group_min]" label="Nodes in a group, at least" kind="number" value=form.group_min />
                <TextField id="group-max" name="form[group_max]" label="Nodes in a group, at most" hint="empty: joins no group" kind="number" value=form.group_max />
                <CheckField id="on-service" name="form[on_service]".to_owned() label="An external service can have it".to_owned() checked=!form.on_service.is_empty() />
            </div>
            <TextArea rows=4 id="note" name="form[note]" label="What it does" value=form.note />
            <TextArea rows=4 id="requirements" name="form[requirements]" label="What it needs, and why: one a line" value=form.requirements />
            <fieldset>
                <legend>"Settings"</legend>
                {settings}
            </fieldset>
            <fieldset>
                <legend>"Depends on"</legend>
                <p class="hint">"Roles of its own layer and of the layers below: what has to work before it."</p>
                <div class="checks">{depends}</div>
            </fieldset>
            {reason}
            <Act label=act tone="primary" refused=edit_refused pending=save.pending() />
        </ActionForm>
    }
}

/// Words with what people call them, for a field.
fn named<const N: usize>(words: [(&str, &str); N]) -> Vec<(String, String)> {
    words.map(|(word, called)| (word.to_owned(), called.to_owned())).to_vec()
}

/// What a new role begins with.
fn new_form() -> RoleForm {
    RoleForm {
        layer: "management".to_owned(),
        network: "private-only".to_owned(),
        min: "1".to_owned(),
        ..RoleForm::default()
    }
}

/// A box for each role that it could depend on; which of them lie in a layer above, saving tells.
fn dependencies(own: &Own, form: &RoleForm) -> Vec<AnyView> {
    let roles: Vec<Role> = own.catalogue().roles;
    roles
        .into_iter()
        .filter(|role| role.id.as_str() != form.id)
        .map(|role| {
            let checked = form.depends_on.contains_key(role.id.as_str());
            let (id, name) = (format!("depends-{}", role.id), format!("form[depends_on][{}]", role.id));
            view! { <CheckField id name label=role.name checked /> }.into_any()
        })
        .collect()
}

#[component]
fn SettingRow(row: usize, setting: SettingForm) -> impl IntoView {
    let name = |field: &str| format!("form[settings][{row}][{field}]");
    let id = |field: &str| format!("setting-{row}-{field}");
    let kinds = named(KINDS);
    view! {
        <div class="fields setting-row" role="group" aria-label=format!("Setting {}", row + 1)>
            <TextField id=id("name") name=name("name") label="Key" value=setting.name />
            <TextField id=id("label") name=name("label") label="Label" value=setting.label />
            <SelectField id=id("kind") name=name("kind") label="Kind" options=kinds value=setting.kind />
            <TextField id=id("of") name=name("of") label="Values" hint="opus, g722 or 1 to 64" value=setting.of />
            <TextField id=id("default") name=name("default") label="Where not given" value=setting.default />
            <CheckField id=id("required") name=name("required") label="Required".to_owned() checked=!setting.required.is_empty() />
        </div>
    }
}
