//! The plain-form editor: one draft, and the form that turns into an edit.

use std::collections::BTreeMap;
use std::net::IpAddr;

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};
use strata_domain::catalogue::{Catalogue, Own, SettingKind};
use strata_domain::cells::roles_of;
use strata_domain::change::{Change, LoggedEdit};
use strata_domain::edit::{Edit, NodeFacts};
use strata_domain::topology::{
    Container, DiskKind, Hardware, Node, Platform, RoleId, Service, SettingValue, Settings, Topology,
};

use super::typed::{invalid, typed};
use crate::error::AppError;

/// One draft as its base and its log, so that what they make, findings and plan are computed where they are shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DraftView {
    /// The change.
    pub change: Change,
    /// Number of the live revision.
    pub live: i64,
    /// What the edits build on.
    pub base: Topology,
    /// The edits with their authors.
    pub edits: Vec<LoggedEdit>,
    /// Why it cannot be edited, if it cannot.
    pub refused: Option<String>,
    /// What the environment adds to the built-in catalogue.
    pub own: Own,
    /// The account of the one who looks.
    pub me: Option<String>,
}

/// What the forms of the editor send: `kind` says which edit, the rest are its fields as typed.
///
/// One flat form for all kinds keeps it a plain HTML form; [`EditForm::into_edit`] gives each field its type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EditForm {
    /// Which edit, by its name in the log: `add-node`, `assign-role` …
    pub kind: String,
    /// The node.
    pub hostname: String,
    /// The new name of a node or a group.
    pub to: String,
    /// A group or a service.
    pub name: String,
    /// The role.
    pub role: String,
    /// Private address.
    pub private_ip: String,
    /// Public address; empty for none.
    pub public_ip: String,
    /// Site; empty for none.
    pub site: String,
    /// Platform of the container; empty where not known.
    pub platform: String,
    /// `on` where the platform has HA.
    pub ha: String,
    /// Virtual CPUs; empty where not known, as the figures below.
    pub vcpus: String,
    /// Memory in MiB.
    pub memory_mib: String,
    /// Kind of disk.
    pub disk: String,
    /// Disk size in GiB.
    pub disk_gib: String,
    /// Input and output operations a second.
    pub iops: String,
    /// Roles of a new node, as a cell of the table says them; empty for none.
    pub roles: String,
    /// Settings of the role, as typed; empty ones are left out.
    pub settings: BTreeMap<String, String>,
}

/// One draft to edit.
#[server(prefix = "/api", endpoint = "draft_load", input = GetUrl)]
pub async fn draft_load(id: i64) -> Result<DraftView, AppError> {
    use crate::server_context::{actor, answer, backend};

    let actor = actor();
    let view = answer(strata_backend::changes::change_load(&backend(), &actor, id).await)?;
    Ok(DraftView::of(view, &actor))
}

#[cfg(feature = "ssr")]
impl DraftView {
    /// What the editor needs of a change, for the one who looks.
    pub(super) fn of(view: strata_backend::changes::ChangeView, actor: &strata_backend::Actor) -> Self {
        let me = match actor {
            strata_backend::Actor::Account(account) => Some(account.id.clone()),
            strata_backend::Actor::Nobody | strata_backend::Actor::Operator => None,
        };
        Self {
            refused: super::drafting::edit_refused(&view.standing, view.change.state),
            change: view.change,
            live: view.live,
            base: Topology::clone(&view.base.topology),
            edits: view.edits,
            own: view.own,
            me,
        }
    }
}

/// Appends one edit to a draft; `version` is the one that the person saw.
#[server(prefix = "/api", endpoint = "change_edit")]
pub async fn change_edit(id: i64, version: i64, form: EditForm) -> Result<(), AppError> {
    use strata_backend::ctx::Scope;

    use crate::paths;
    use crate::server_context::{actor, answer, backend, fail};

    let (backend, actor) = (backend(), actor());
    let own = answer(strata_backend::catalogues::own_load(&backend, &actor, Scope::Change(id)).await)?.own;
    let edit = form.into_edit(&own.catalogue()).map_err(fail)?;
    let node = match &edit {
        Edit::AddNode { node } => Some(node.hostname.clone()),
        Edit::RenameNode { to, .. } => Some(to.clone()),
        _ => None,
    };
    let leaves_node = matches!(edit, Edit::RemoveNode { .. });
    answer(strata_backend::changes::change_edit(&backend, &actor, id, version, edit).await)?;
    // The rest come back to where the form was.
    match node {
        Some(hostname) => leptos_axum::redirect(&paths::change_edit_node(id, &hostname)),
        None if leaves_node => leptos_axum::redirect(&paths::change_edit(id)),
        None => {}
    }
    Ok(())
}

impl EditForm {
    /// The edit that the form says.
    ///
    /// # Errors
    /// `Invalid` with the field that cannot be read, or `kind` for an unknown kind.
    pub fn into_edit(self, catalogue: &Catalogue) -> Result<Edit, AppError> {
        let hostname = self.hostname.trim().to_owned();
        let name = self.name.trim().to_owned();
        let to = self.to.trim().to_owned();
        let role = RoleId(self.role.clone());
        Ok(match self.kind.as_str() {
            "add-node" => {
                let NodeFacts { private_ip, public_ip, site, container, hardware } = self.facts()?;
                let roles = roles_of(&self.roles, catalogue).map_err(|error| invalid("roles", error.message))?;
                Edit::AddNode {
                    node: Node { id: None, hostname, private_ip, public_ip, site, container, hardware, roles },
                }
            }
            "update-node" => Edit::UpdateNode { facts: self.facts()?, hostname },
            "rename-node" => Edit::RenameNode { from: hostname, to },
            "remove-node" => Edit::RemoveNode { hostname },
            "add-group" => Edit::AddGroup { name },
            "rename-group" => Edit::RenameGroup { from: name, to },
            "remove-group" => Edit::RemoveGroup { name },
            "assign-role" => Edit::AssignRole { settings: self.settings(catalogue)?, hostname, role },
            "update-settings" => Edit::UpdateSettings { settings: self.settings(catalogue)?, hostname, role },
            "unassign-role" => Edit::UnassignRole { hostname, role },
            "add-service" => Edit::AddService { service: Service { settings: self.settings(catalogue)?, name, role } },
            "update-service" => Edit::UpdateService { settings: self.settings(catalogue)?, name },
            "remove-service" => Edit::RemoveService { name },
            other => return Err(invalid("kind", format!("There is no edit of the kind {other:?}."))),
        })
    }

    fn facts(&self) -> Result<NodeFacts, AppError> {
        let platform = choice(&self.platform, "platform", &Platform::ALL, Platform::as_str)?;
        let disk = choice(&self.disk, "disk", &DiskKind::ALL, DiskKind::as_str)?;
        Ok(NodeFacts {
            private_ip: typed::<IpAddr>(&self.private_ip, "private_ip", "an IPv4 or IPv6 address such as 10.0.0.11")?
                .ok_or_else(|| invalid("private_ip", "Every node needs a private address.".to_owned()))?,
            public_ip: typed(&self.public_ip, "public_ip", "an IPv4 or IPv6 address such as 203.0.113.5")?,
            site: Some(self.site.trim().to_owned()).filter(|site| !site.is_empty()),
            container: platform.map(|platform| Container { platform, ha: !self.ha.is_empty() }),
            hardware: Hardware {
                vcpus: typed(&self.vcpus, "vcpus", "a whole number")?,
                memory_mib: typed(&self.memory_mib, "memory_mib", "a whole number of MiB")?,
                disk,
                disk_gib: typed(&self.disk_gib, "disk_gib", "a whole number of GiB")?,
                iops: typed(&self.iops, "iops", "a whole number")?,
            },
        })
    }

    /// Settings with the types that the catalogue gives them; what has no such type stays text, and the rule
    /// `role.settings` says so.
    fn settings(&self, catalogue: &Catalogue) -> Result<Settings, AppError> {
        let role = match catalogue.role(&self.role) {
            Some(role) => role,
            None => return Err(invalid("role", "Choose a role.".to_owned())),
        };
        let typed = self.settings.iter().map(|(name, text)| (name, text.trim())).filter(|(_, text)| !text.is_empty());
        Ok(typed
            .map(|(name, text)| {
                let is_integer = role
                    .settings
                    .iter()
                    .any(|spec| &spec.name == name && matches!(spec.kind, SettingKind::Integer { .. }));
                let value = match text.parse() {
                    Ok(number) if is_integer => SettingValue::Integer(number),
                    _ => SettingValue::Text(text.to_owned()),
                };
                (name.clone(), value)
            })
            .collect())
    }
}

fn choice<T: Copy>(
    text: &str,
    field: &str,
    all: &[T],
    word: impl Fn(T) -> &'static str,
) -> Result<Option<T>, AppError> {
    match text {
        "" => Ok(None),
        text => all
            .iter()
            .copied()
            .find(|value| word(*value) == text)
            .map(Some)
            .ok_or_else(|| invalid(field, format!("{text:?} is not one of the choices."))),
    }
}

#[cfg(test)]
mod tests {
    use strata_domain::cells::Column;

    use super::*;

    fn form(kind: &str) -> EditForm {
        EditForm { kind: kind.to_owned(), hostname: " worker-9.example.net ".to_owned(), ..EditForm::default() }
    }

    #[test]
    fn a_node_is_read_with_its_facts() {
        let form = EditForm {
            private_ip: "10.0.0.9".to_owned(),
            platform: "kvm".to_owned(),
            ha: "on".to_owned(),
            memory_mib: "2048".to_owned(),
            roles: "worker (concurrency: 8); queue".to_owned(),
            ..form("add-node")
        };
        let Ok(Edit::AddNode { node }) = form.into_edit(Catalogue::built_in()) else { panic!("an add-node edit") };
        assert_eq!(node.hostname, "worker-9.example.net");
        assert_eq!(node.container, Some(Container { platform: Platform::Kvm, ha: true }));
        assert_eq!(node.hardware.memory_mib, Some(2048));
        assert_eq!(Column::Roles.text(&node), "worker (concurrency: 8); queue");
    }

    #[test]
    fn a_bad_figure_comes_back_to_its_field() {
        let typed = EditForm { private_ip: "10.0.0.9".to_owned(), memory_mib: "2 GB".to_owned(), ..form("add-node") };
        let error = typed.into_edit(Catalogue::built_in()).expect_err("2 GB is no number of MiB");
        assert!(error.for_field("memory_mib").is_some_and(|message| message.contains("2 GB")), "{error:?}");
        let typed = EditForm { private_ip: "10.0.0.9".to_owned(), roles: "workers".to_owned(), ..form("add-node") };
        let error = typed.into_edit(Catalogue::built_in()).expect_err("there is no such role");
        assert!(error.for_field("roles").is_some_and(|message| message.contains("worker")), "{error:?}");
        let error = form("add-node").into_edit(Catalogue::built_in()).expect_err("no address");
        assert!(error.for_field("private_ip").is_some());
    }

    #[test]
    fn settings_get_the_type_that_the_catalogue_gives() {
        let settings =
            BTreeMap::from([("concurrency".to_owned(), "8".to_owned()), ("empty".to_owned(), " ".to_owned())]);
        let form = EditForm { role: "worker".to_owned(), settings, ..form("assign-role") };
        let Ok(Edit::AssignRole { settings, .. }) = form.into_edit(Catalogue::built_in()) else {
            panic!("an assign-role edit")
        };
        assert_eq!(settings, Settings::from([("concurrency".to_owned(), SettingValue::Integer(8))]));
    }

    #[test]
    fn an_unknown_kind_is_refused() {
        assert!(form("explode").into_edit(Catalogue::built_in()).is_err());
    }
}
