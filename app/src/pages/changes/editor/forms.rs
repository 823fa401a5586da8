//! The forms of the editor; each sends one [`crate::api::editing::EditForm`].

use leptos::either::Either;
use leptos::form::{ActionForm, FromFormData};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use strata_domain::catalogue::{Role, SettingKind};
use strata_domain::cells::Column;
use strata_domain::topology::{Assignment, DiskKind, Hardware, Node, Platform, Service, Settings};

use web_sys::HtmlFormElement;

use super::shortcuts::add_another;
use super::{Forms, To, counted};
use crate::api::draft_page::Cut;
use crate::api::editing::ChangeEdit;
use crate::components::{Act, SelectField, TextField, plain_words};

/// Fields that show their error under themselves; [`super::plain`] and the panel of the editor show the rest above the forms.
pub const SHOWN_FIELDS: [&str; 8] =
    ["hostname", "roles", "private_ip", "public_ip", "vcpus", "memory_mib", "disk_gib", "iops"];

/// One form of the editor: what it is about goes along hidden, and its button says what it does.
#[component]
fn EditForm(
    draft: Forms,
    /// Which edit, by its name in the log.
    kind: &'static str,
    /// What the form is called where nothing is seen; the button's words where not given.
    #[prop(optional, into)]
    label: Option<String>,
    /// Fields that the person does not type, by name.
    #[prop(optional)]
    hidden: Vec<(&'static str, String)>,
    /// The button's words.
    #[prop(into)]
    act: String,
    #[prop(default = "plain")] tone: &'static str,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let label = label.unwrap_or_else(|| act.clone());
    let hidden: Vec<_> = hidden
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=format!("form[{name}]") value=value /> })
        .collect();
    let fields = view! {
        <input type="hidden" name="id" value=draft.id />
        <input type="hidden" name="version" value=draft.version />
        <input type="hidden" name="form[kind]" value=kind />
        {hidden}
        {children.map(|children| children())}
        <Act label=act tone refused=draft.refused.get_value() pending=draft.pending() />
    };
    match draft.to {
        To::Server(action) => Either::Left(
            view! { <ActionForm action attr:class="edit-form" attr:aria-label=label>{fields}</ActionForm> },
        ),
        To::Session(session) => {
            let called = label.clone();
            let send = move |event: leptos::ev::SubmitEvent| {
                event.prevent_default();
                if let Ok(ChangeEdit { form, .. }) = ChangeEdit::from_event(&event)
                    && session.submit(form, &called)
                    && let Some(form) = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok())
                {
                    // Ready for the next one, where it is not drawn anew.
                    form.reset();
                }
            };
            Either::Right(view! { <form class="edit-form" aria-label=label on:submit=send>{fields}</form> })
        }
    }
}

/// A node that the draft does not have yet.
#[component]
pub fn AddNodeForm(
    draft: Forms,
    /// What the fields are filled with.
    #[prop(optional_no_strip)]
    like: Option<Node>,
) -> impl IntoView {
    let hostname_error = draft.error_of("hostname");
    let hostname = like.as_ref().map(|node| node.hostname.clone()).unwrap_or_default();
    let roles = like.as_ref().map(|node| Column::Roles.text(node)).unwrap_or_default();
    view! {
        <section class="panel" id="node" tabindex="-1" aria-labelledby="node-heading">
            <h2 id="node-heading">"Add a node"</h2>
            <EditForm draft kind="add-node" act="Add node" tone="primary">
                <TextField
                    id="hostname"
                    name="form[hostname]"
                    label="Hostname"
                    hint="such as worker-3.example.net"
                    value=hostname
                    required=true
                    error=hostname_error
                />
                <TextField
                    id="roles"
                    name="form[roles]"
                    label="Roles"
                    hint="such as queue; sql (replication: slave)"
                    value=roles
                    error=draft.error_of("roles")
                />
                <FactFields draft node=like />
            </EditForm>
        </section>
    }
}

/// Everything that can be done to one node.
#[component]
pub fn NodeForms(node: Node, draft: Forms) -> impl IntoView {
    let hostname = node.hostname.clone();
    let about = || vec![("hostname", hostname.clone())];
    let roles: Vec<_> = node
        .roles
        .iter()
        .cloned()
        .map(|assignment| view! { <RoleForms hostname=hostname.clone() assignment draft /> })
        .collect();
    let none = roles.is_empty().then(|| view! { <p class="empty">"No role yet."</p> });
    let (rename_about, remove_about, facts_about) = (about(), about(), about());
    let remove = remove_label(node.roles.len());
    let new_name = hostname.clone();
    let facts_node = Some(node.clone());
    let another = match draft.to {
        To::Server(_) => None,
        To::Session(session) => Some(view! {
            <button type="button" class="button" aria-keyshortcuts="d" on:click=move |_| _ = add_another(session)>"Add another like it"</button>
        }),
    };
    view! {
        <section class="panel" id="node" tabindex="-1" aria-labelledby="node-heading">
            <h2 id="node-heading">{hostname.clone()}</h2>
            {another}
            <h3>"Roles"</h3>
            {none}
            {roles}
            <AssignForms node draft />
        </section>
        <section class="panel" aria-labelledby="facts-heading">
            <h2 id="facts-heading">"Addresses and hardware"</h2>
            <EditForm draft kind="update-node" hidden=facts_about act="Update node">
                <FactFields draft node=facts_node />
            </EditForm>
        </section>
        <section class="panel" aria-labelledby="other-heading">
            <h2 id="other-heading">"Rename or remove"</h2>
            <EditForm draft kind="rename-node" hidden=rename_about act="Rename node">
                <TextField id="rename-to" name="form[to]" label="New hostname" value=new_name required=true />
            </EditForm>
            <EditForm draft kind="remove-node" hidden=remove_about act=remove tone="danger" />
        </section>
    }
}

fn remove_label(roles: usize) -> String {
    match roles {
        0 => "Remove node".to_owned(),
        1 => "Remove node and its 1 role".to_owned(),
        many => format!("Remove node and its {many} roles"),
    }
}

/// Addresses, site, container and hardware.
#[component]
fn FactFields(draft: Forms, node: Option<Node>) -> impl IntoView {
    let hardware = node.as_ref().map(|node| node.hardware).unwrap_or_default();
    let Hardware { vcpus, memory_mib, disk, disk_gib, iops } = hardware;
    let figure = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    let container = node.as_ref().and_then(|node| node.container);
    let private_ip = node.as_ref().map(|node| node.private_ip.to_string()).unwrap_or_default();
    let public_ip = node.as_ref().and_then(|node| node.public_ip).map(|ip| ip.to_string()).unwrap_or_default();
    let site = node.as_ref().and_then(|node| node.site.clone()).unwrap_or_default();
    let platforms = plain_words(Platform::ALL.map(Platform::as_str));
    let disks = plain_words(DiskKind::ALL.map(DiskKind::as_str));
    let error = |field| draft.error_of(field);
    view! {
        <div class="fields">
            <TextField id="private-ip" name="form[private_ip]" label="Private address" value=private_ip required=true error=error("private_ip") />
            <TextField id="public-ip" name="form[public_ip]" label="Public address" hint="if it has one" value=public_ip error=error("public_ip") />
            <TextField id="site" name="form[site]" label="Site" value=site />
            <SelectField id="platform" name="form[platform]" label="Platform" none="not known" options=platforms value=container.map(|container| container.platform.as_str()).unwrap_or_default() />
            <p class="field check">
                <input id="ha" type="checkbox" name="form[ha]" value="on" checked=container.is_some_and(|container| container.ha) />
                <label for="ha">"High availability"</label>
            </p>
            <TextField id="vcpus" name="form[vcpus]" label="vCPUs" value=figure(vcpus.map(u64::from)) error=error("vcpus") />
            <TextField id="memory" name="form[memory_mib]" label="Memory" hint="MiB" value=figure(memory_mib) error=error("memory_mib") />
            <SelectField id="disk" name="form[disk]" label="Disk" none="not known" options=disks value=disk.map(DiskKind::as_str).unwrap_or_default() />
            <TextField id="disk-gib" name="form[disk_gib]" label="Disk size" hint="GiB" value=figure(disk_gib) error=error("disk_gib") />
            <TextField id="iops" name="form[iops]" label="IOPS" value=figure(iops) error=error("iops") />
        </div>
    }
}

/// One role of a node: its settings, and taking it away.
#[component]
fn RoleForms(hostname: String, assignment: Assignment, draft: Forms) -> impl IntoView {
    let role = assignment.role.to_string();
    let spec = draft.role(&role);
    let name = spec.as_ref().map_or_else(|| role.clone(), |spec| spec.name.clone());
    let about = || vec![("hostname", hostname.clone()), ("role", role.clone())];
    let settings = spec.filter(|spec| !spec.settings.is_empty()).map(|spec| {
        let (prefix, values) = (role.clone(), assignment.settings.clone());
        view! {
            <EditForm draft kind="update-settings" label=format!("Settings of {name}") hidden=about() act="Update settings">
                <SettingFields prefix role=spec values draft />
            </EditForm>
        }
    });
    view! {
        <div class="role-forms">
            <h4>{name.clone()}</h4>
            {settings}
            <EditForm draft kind="unassign-role" hidden=about() act=format!("Unassign {name}") tone="danger" />
        </div>
    }
}

/// A form for each role that the node does not have.
#[component]
fn AssignForms(node: Node, draft: Forms) -> impl IntoView {
    let forms = move || {
        let roles = draft.catalogue.with_value(|catalogue| catalogue.roles.clone());
        let forms: Vec<_> = roles
            .into_iter()
            .filter(|role| node.assignment(role.id.as_str()).is_none())
            .map(|role| {
                let about = vec![("hostname", node.hostname.clone()), ("role", role.id.to_string())];
                let prefix = format!("new-{}", role.id);
                view! {
                    <EditForm draft kind="assign-role" hidden=about act=format!("Assign {}", role.name)>
                        <SettingFields prefix role values=Settings::new() draft />
                    </EditForm>
                }
            })
            .collect();
        view! { <div class="assign-forms">{forms}</div> }.into_any()
    };
    view! { <Fold draft class="more" summary="Assign a role".into_any() content=forms /> }
}

/// A field for each setting of the role, of the kind that the catalogue gives.
#[component]
fn SettingFields(prefix: String, role: Role, values: Settings, draft: Forms) -> impl IntoView {
    let fields: Vec<_> = role
        .settings
        .into_iter()
        .map(|spec| {
            let value = values.get(&spec.name).or(spec.default.as_ref()).map(ToString::to_string).unwrap_or_default();
            let id = format!("{prefix}-{}", spec.name);
            let name = format!("form[settings][{}]", spec.name);
            let words = match spec.kind {
                SettingKind::Choice(words) => Some(words),
                SettingKind::Group => draft.groups.get_value(),
                SettingKind::Integer { .. }
                | SettingKind::Text
                | SettingKind::Path
                | SettingKind::Address
                | SettingKind::Url => None,
            };
            match words {
                Some(words) => {
                    let options = plain_words(words);
                    Either::Left(view! { <SelectField id name label=spec.label none="choose" options value /> })
                }
                None => Either::Right(view! { <TextField id name label=spec.label value /> }),
            }
        })
        .collect();
    view! { <div class="fields">{fields}</div> }
}

/// Availability groups: rename, remove.
#[component]
pub fn GroupList(
    /// Those that are listed, each with how many nodes are in it.
    groups: Cut<(String, usize)>,
    /// Where the forms go.
    draft: Forms,
) -> impl IntoView {
    let cut = groups.told();
    let total = groups.total;
    let items: Vec<_> = groups
        .listed
        .into_iter()
        .map(|(group, members)| {
            let summary = view! { {group.clone()} " " <span class="hint">{counted(members)}</span> }.into_any();
            let forms = move || group_forms(&group, members, draft);
            view! { <li><Fold draft summary content=forms /></li> }
        })
        .collect();
    view! {
        <h2 id="groups-heading">{format!("Availability groups ({total})")}</h2>
        <ul class="plain-list">{items}</ul>
        {cut.map(|cut| view! { <p class="hint">{cut}</p> })}
    }
}

/// A group that the draft does not have yet.
#[component]
pub fn AddGroupForm(draft: Forms) -> impl IntoView {
    view! {
        <EditForm draft kind="add-group" act="Add group">
            <TextField id="group-name" name="form[name]" label="New group" required=true />
        </EditForm>
    }
}

fn group_forms(group: &str, members: usize, draft: Forms) -> AnyView {
    let id = format!("rename-group-{group}");
    let about = || vec![("name", group.to_owned())];
    let (rename_about, remove_about, name) = (about(), about(), group.to_owned());
    let remove = format!("Remove group of {}", counted(members));
    view! {
        <EditForm draft kind="rename-group" label=format!("Rename {group}") hidden=rename_about act="Rename group">
            <TextField id name="form[to]" label="New name" value=name required=true />
        </EditForm>
        <EditForm draft kind="remove-group" label=format!("Remove {group}") hidden=remove_about act=remove tone="danger" />
    }
    .into_any()
}

/// A part that is folded away. In the editor of the browser, what is in it is made when it is opened first: hundreds of
/// forms that nobody looks at would slow every act down.
#[component]
fn Fold(
    draft: Forms,
    #[prop(optional)] class: &'static str,
    summary: AnyView,
    content: impl Fn() -> AnyView + Send + Sync + 'static,
) -> impl IntoView {
    let made = RwSignal::new(matches!(draft.to, To::Server(_)));
    view! {
        <details class=class on:toggle=move |_| made.set(true)>
            <summary>{summary}</summary>
            {move || made.get().then(&content)}
        </details>
    }
}

/// External services: add, update, remove.
#[component]
pub fn ServiceForms(
    /// The services of the draft that are listed.
    services: Cut<Service>,
    /// Where the forms go.
    draft: Forms,
) -> impl IntoView {
    let cut = services.told();
    let total = services.total;
    let items: Vec<_> =
        services.listed.into_iter().map(|service| view! { <li><ServiceForm service draft /></li> }).collect();
    let roles = draft.catalogue.with_value(|catalogue| catalogue.roles.clone());
    let adds: Vec<_> = roles
        .into_iter()
        .filter(|role| role.on_service)
        .map(|role| {
            let id = format!("service-name-{}", role.id);
            let prefix = format!("new-service-{}", role.id);
            let label = format!("Add {} as a service", role.name);
            let summary = label.clone();
            let about = vec![("role", role.id.to_string())];
            view! {
                <details class="more">
                    <summary>{summary}</summary>
                    <EditForm draft kind="add-service" label hidden=about act="Add service">
                        <TextField id name="form[name]" label="Service name" required=true />
                        <SettingFields prefix role values=Settings::new() draft />
                    </EditForm>
                </details>
            }
        })
        .collect();
    view! {
        <section class="panel" id="services" tabindex="-1" aria-labelledby="services-heading">
            <h2 id="services-heading">{format!("Services ({total})")}</h2>
            <ul class="plain-list">{items}</ul>
            {cut.map(|cut| view! { <p class="hint">{cut}</p> })}
            {adds}
        </section>
    }
}

#[component]
fn ServiceForm(service: Service, draft: Forms) -> impl IntoView {
    let Service { name, role, settings } = service;
    let about = || vec![("name", name.clone()), ("role", role.to_string())];
    let fields = draft.role(role.as_str()).map(|role| {
        let prefix = format!("service-{name}");
        view! { <SettingFields prefix role values=settings draft /> }
    });
    view! {
        <details>
            <summary>{name.clone()} " " <span class="hint">{role.to_string()}</span></summary>
            <EditForm draft kind="update-service" label=format!("Settings of {name}") hidden=about() act="Update service">
                {fields}
            </EditForm>
            <EditForm draft kind="remove-service" label=format!("Remove {name}") hidden=about() act="Remove service" tone="danger" />
        </details>
    }
}
