//! The role map: one revision as three bands of roles.

#[cfg(feature = "ssr")]
mod build;
#[cfg(feature = "ssr")]
mod machine;
#[cfg(feature = "ssr")]
mod overlay;

#[cfg(feature = "ssr")]
pub(super) use build::loss_by_node;
#[cfg(feature = "ssr")]
pub(super) use overlay::overlay;

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};
use strata_domain::catalogue::{Layer, Role};
use strata_domain::diff::Presence;
use strata_domain::environment::Revision;
use strata_domain::findings::{Finding, Severity, Summary};
use strata_domain::whatif::Extent;

use crate::error::AppError;

/// Everything that the page `/` shows of one environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoleMapView {
    /// The environment's slug.
    pub environment: String,
    /// The revision on show; none where nothing was imported yet.
    pub revision: Option<Revision>,
    /// The number of the live revision, where an older one is on show.
    pub live: Option<i64>,
    /// Number of availability groups.
    pub groups: usize,
    /// Layers from top to bottom.
    pub bands: Vec<Band>,
    /// All findings, counted.
    pub summary: Summary,
    /// The first findings, worst first.
    pub findings: Vec<Finding>,
    /// The opened role.
    pub opened: Option<RolePanel>,
    /// Why no change can be started, if it cannot.
    pub start_refused: Option<String>,
    /// Why no topology can be imported, if it cannot.
    pub import_refused: Option<String>,
}

/// One layer with its roles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// Which layer.
    pub layer: Layer,
    /// Its roles in catalogue order.
    pub roles: Vec<RoleCard>,
}

/// One role on the map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoleCard {
    /// Id in the catalogue.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Instances, those on services included.
    pub instances: usize,
    /// What the instances are, in words: "1 master, 3 slaves".
    pub shape: String,
    /// Instances by availability group, or all in one cluster with an empty name.
    pub clusters: Vec<Cluster>,
    /// Instances that are not drawn.
    pub not_drawn: usize,
    /// How many instances a change adds, changes and removes, where the map is that of a change.
    #[serde(default, skip_serializing_if = "Touched::is_nothing")]
    pub touched: Touched,
    /// Findings of this role, counted.
    pub summary: Summary,
}

/// Instances that a change touches, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// That come.
    pub added: usize,
    /// That differ, or whose node does.
    pub changed: usize,
    /// That go.
    pub removed: usize,
}

impl Touched {
    /// Whether it touches none.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Instances drawn together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// The group's name; empty where the role knows no groups.
    pub name: String,
    /// Its instances.
    pub pips: Vec<Pip>,
}

/// One instance on the map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pip {
    /// Hostname or service name.
    pub place: String,
    /// What sets it apart: `master`, `service`, or nothing.
    pub mark: String,
    /// Worst finding at this instance or its node.
    pub worst: Option<Severity>,
    /// What is lost without its node; nothing for a service.
    pub without: Extent,
    /// What a change does to it, where the map is that of a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Presence>,
}

/// One role, opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RolePanel {
    /// Its entry in the catalogue.
    pub role: Role,
    /// All its instances, counted.
    pub total: usize,
    /// The first of them.
    pub instances: Vec<InstanceRow>,
    /// Its findings.
    pub findings: Vec<Finding>,
}

/// One instance in the opened role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceRow {
    /// Hostname or service name.
    pub place: String,
    /// Whether it is a service rather than a node.
    pub service: bool,
    /// Private address, then public address where there is one.
    pub addresses: Vec<String>,
    /// Site, where given.
    pub site: Option<String>,
    /// Settings as "name: value".
    pub settings: Vec<String>,
    /// Machine in a few words: "vmware HA, 8 vCPU, 64 GiB, nvme".
    pub machine: String,
    /// What is lost without its node; nothing for a service.
    pub without: Extent,
}

/// The live revision of an environment under its catalogue as it is now, or the revision of that number under the
/// catalogue that it was made with, as bands, with one role opened if asked.
#[server(prefix = "/api", endpoint = "role_map_load", input = GetUrl)]
pub async fn role_map_load(
    environment: Option<String>,
    role: Option<String>,
    revision: Option<i64>,
) -> Result<RoleMapView, AppError> {
    use strata_backend::environments::{TopologyView, topology_load};
    use strata_backend::heavy;
    use strata_domain::authz::{Permission, allow};

    use crate::server_context::{actor, answer, backend};

    let (backend, actor) = (backend(), actor());
    let view = answer(topology_load(&backend, &actor, environment.as_deref(), revision).await)?;
    let TopologyView { environment: _, standing, live, revision, checked, made_of, own: _ } = view;
    let refused = |permission| allow(&standing, permission).err().map(|refused| refused.reason);
    let number = revision.as_ref().map(|revision| revision.number);
    // A role that nobody knows is none: what is kept is named by no word of a stranger.
    let role = role.filter(|role| checked.catalogue.role(role).is_some());
    let made_of = format!("{made_of}/{role:?}");
    let parts = heavy::parts_left(&checked);
    let shown = backend.once(&actor, made_of, parts, move || RoleMapView::of(revision, &checked, role.as_deref()));
    Ok(RoleMapView {
        live: live.filter(|live| Some(*live) != number),
        start_refused: refused(Permission::StartChange),
        import_refused: refused(Permission::ImportTopology),
        ..answer(shown.await)?
    })
}
