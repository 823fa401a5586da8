//! Puts the instances of the roles on nodes: names, sites, addresses, groups, machines and settings.

use std::net::IpAddr;

use super::FigureError;
use super::check::{Files, GIB, Inputs, size};
use super::figures::Figures;
use super::ids;
use super::shares::Share;
use super::subnet::Subnet;
use crate::catalogue::{FileStore, Network, PlaceKind, Role, SettingKind};
use crate::topology::{Assignment, Container, DiskKind, Hardware, Node, Service, SettingValue, Settings, Topology};
use crate::words::counted;

/// The topology of these shares; an error where a network has too few addresses.
pub(super) fn place(
    figures: &Figures,
    inputs: &Inputs<'_>,
    shares: &[Share<'_>],
) -> Result<Topology, Vec<FigureError>> {
    enough_addresses(inputs, shares)?;
    let mut private = inputs.private.addresses();
    let mut public = inputs.public.addresses();
    let mut topology = Topology::empty(&figures.environment);
    let groups = shares.iter().filter_map(|share| share.groups).max().unwrap_or(0);
    topology.availability_groups = (0..groups).map(group_name).collect();
    for share in shares {
        for index in 0..share.count {
            let seat = Seat::of(share, index);
            let settings = settings(figures, inputs, share, &seat);
            let role = share.role.id.clone();
            if is_service(share.role, inputs) {
                let mut name = service_name(share, index);
                // A role of the admin's can be called like the second service of another.
                while topology.service(&name).is_some() {
                    name.push_str("-x");
                }
                topology.services.push(Service { name, role, settings });
                continue;
            }
            topology.nodes.push(Node {
                id: None,
                hostname: format!("{}-{}.{}", share.prefix, index + 1, figures.domain),
                private_ip: private.next().expect("the addresses were counted"),
                public_ip: if is_public(share.role) { public.next() } else { None },
                site: site(figures, seat.site),
                container: share
                    .role
                    .replication
                    .as_ref()
                    .map(|_| Container { platform: figures.sql_platform, ha: true }),
                hardware: hardware(figures, share.role),
                roles: vec![Assignment { role, settings }],
            });
        }
    }
    Ok(topology)
}

/// Where an instance belongs among the others of its role.
struct Seat {
    index: u64,
    /// Its group, from 0.
    group: Option<u64>,
    /// Its turn among the sites.
    site: u64,
}

impl Seat {
    /// Groups are filled one after the other, so that neighbours in name are in one group. Each group starts at the
    /// next site, and its nodes go on from there: one lost site takes as few of a group as can be.
    fn of(share: &Share<'_>, index: u64) -> Self {
        let Some(groups) = share.groups else { return Self { index, group: None, site: index } };
        let each = (share.count / groups.max(1)).max(1);
        let (group, turn) = (index / each, index % each);
        Self { index, group: Some(group), site: group + turn }
    }
}

fn group_name(index: u64) -> String {
    format!("ag-{}", index + 1)
}

/// One by itself has the prefix for a name.
fn service_name(share: &Share<'_>, index: u64) -> String {
    if share.count == 1 { share.prefix.clone() } else { format!("{}-{}", share.prefix, index + 1) }
}

fn site(figures: &Figures, turn: u64) -> Option<String> {
    let turn = turn % size(figures.sites.len()).max(1);
    figures.sites.get(usize::try_from(turn).ok()?).cloned()
}

/// Whether nodes of the role get a public address: only where it is needed.
pub(super) fn is_public(role: &Role) -> bool {
    match role.network {
        Network::PublicRequired { .. } => true,
        Network::PublicOptional | Network::PrivateOnly => false,
    }
}

/// Whether instances of the role are services: where they keep files on what is no node.
pub(super) fn is_service(role: &Role, inputs: &Inputs<'_>) -> bool {
    let Some(store) = role.file_store.as_ref().filter(|_| role.on_service) else { return false };
    let only = role.setting(&store.setting).and_then(|spec| spec.only_on.get(backend(store, inputs)));
    only != Some(&PlaceKind::Node)
}

fn backend<'s>(store: &'s FileStore, inputs: &Inputs<'_>) -> &'s str {
    match inputs.files {
        Files::Object { .. } => &store.object,
        Files::Network { .. } => &store.network,
    }
}

fn enough_addresses(inputs: &Inputs<'_>, shares: &[Share<'_>]) -> Result<(), Vec<FigureError>> {
    let on_nodes = || shares.iter().filter(|share| !is_service(share.role, inputs));
    let nodes: u64 = on_nodes().map(|share| share.count).sum();
    let public: u64 = on_nodes().filter(|share| is_public(share.role)).map(|share| share.count).sum();
    let short = |field, subnet: &Subnet, needed: u64, what: &str| {
        (subnet.room() < u128::from(needed)).then(|| {
            let room = subnet.room();
            FigureError::of(
                field,
                format!("{subnet} has room for {}; {needed} need a {what} address.", counted(room, "node")),
            )
        })
    };
    let errors: Vec<FigureError> = short("private_network", &inputs.private, nodes, "private")
        .into_iter()
        .chain(short("public_network", &inputs.public, public, "public"))
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// The figures of a node's machine that are known; the rest is for the admin to say.
fn hardware(figures: &Figures, role: &Role) -> Hardware {
    match role.id.as_str() {
        ids::SQL => Hardware {
            memory_mib: Some(figures.sql_memory_mib),
            disk: Some(DiskKind::Nvme),
            disk_gib: Some(figures.sql_disk_gib),
            iops: Some(figures.sql_iops),
            vcpus: None,
        },
        ids::DATABASE => Hardware { memory_mib: Some(figures.database_memory_mib), ..Hardware::default() },
        ids::SEARCH => Hardware { memory_mib: Some(figures.search_memory_mib), ..Hardware::default() },
        _ => Hardware { memory_mib: role.memory_floor_mib, ..Hardware::default() },
    }
}

/// The settings of one instance; a required one that nothing is known about stays away, and is found by the rules.
fn settings(figures: &Figures, inputs: &Inputs<'_>, share: &Share<'_>, seat: &Seat) -> Settings {
    let role = share.role;
    let mut settings = Settings::new();
    let mut set = |name: &str, value: &str| settings.insert(name.to_owned(), SettingValue::Text(value.to_owned()));
    if let Some(replication) = &role.replication {
        let part = if seat.index == 0 { &replication.master } else { &replication.slave };
        set(&replication.setting, part);
    }
    if let (Some(rule), Some(group)) = (&role.group, seat.group) {
        set(&rule.setting, &group_name(group));
    }
    if let Some(store) = &role.file_store {
        set(&store.setting, backend(store, inputs));
        match inputs.files {
            Files::Object { endpoint, bucket, region } => {
                set(&store.endpoint, endpoint);
                set(&store.bucket, bucket);
                if let Some(region) = region.filter(|_| role.setting("region").is_some()) {
                    set("region", region);
                }
            }
            Files::Network { path } => {
                if let Some(spec) = role.settings.iter().find(|spec| spec.kind == SettingKind::Path) {
                    set(&spec.name, path);
                }
            }
        }
        // The figure is for all files; a further role that keeps some has no figure of its own.
        let gib = i64::try_from(figures.storage_tib.saturating_mul(GIB) / share.count.max(1)).ok();
        if let Some(gib) = gib.filter(|_| role.id.as_str() == ids::FILES && role.setting(&store.capacity).is_some()) {
            settings.insert(store.capacity.clone(), SettingValue::Integer(gib));
        }
    }
    // The catalogue can name settings in its rules that the role does not have.
    settings.retain(|name, _| role.setting(name).is_some());
    settings
}

/// The first and last address that nodes of these shares got, for people.
pub(super) fn range(mut addresses: impl Iterator<Item = IpAddr>) -> String {
    match (addresses.next(), addresses.last()) {
        (None, _) => "none".to_owned(),
        (Some(only), None) => only.to_string(),
        (Some(first), Some(last)) => format!("{first} to {last}"),
    }
}
