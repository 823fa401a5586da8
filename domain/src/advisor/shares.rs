//! How many instances each role gets, and on what ground.

use std::collections::HashSet;

use super::check::{Inputs, size};
use super::figures::Figures;
use super::ids;
use super::place::is_service;
use super::{FigureError, LeftOut, MAX_NODES};
use crate::catalogue::{Catalogue, Growth, Role};
use crate::words::counted;

/// Nodes of the distributed database where no number of groups is given: the example of the vendor's page (S).
pub(super) const DATABASE_NODES: u64 = 18;

/// The instances of one role.
pub(super) struct Share<'c> {
    pub role: &'c Role,
    /// How many.
    pub count: u64,
    /// Over how many availability groups, evenly; none for roles that join none.
    pub groups: Option<u64>,
    /// What their hostnames begin with.
    pub prefix: String,
    pub basis: Basis,
}

/// Why a role has as many instances as it has.
pub(super) enum Basis {
    /// The load needs so many; the rest are spare.
    Load {
        needed: u64,
        loads: Vec<Load>,
    },
    /// Figures say so, and the advice of the vendor's page.
    Sql,
    Database,
    Search,
    Files,
    Worker,
    Queue,
    /// The catalogue's least number, and no more.
    Fewest,
    /// A role that an admin added, with the least that its data ask.
    Own,
}

/// One sort of load that a role carries.
pub(super) struct Load {
    /// What is counted.
    pub thing: &'static str,
    pub total: u64,
    /// The figure that says so.
    pub total_field: &'static str,
    /// How much of it one node carries.
    pub each: u64,
    /// The figure that says how much.
    pub field: &'static str,
}

/// A role's count before its limits are looked at, with the figure that decides it.
struct Wanted {
    /// Without these, the role does not do its work.
    needed: u64,
    /// With these, it does it as advised.
    advised: u64,
    groups: Option<u64>,
    field: &'static str,
    basis: Basis,
}

/// The share of every role that has one, in the catalogue's order; roles that are left out already have none.
pub(super) fn shares<'c>(
    figures: &Figures,
    inputs: &Inputs<'_>,
    catalogue: &'c Catalogue,
    left_out: &mut Vec<LeftOut>,
) -> Result<Vec<Share<'c>>, Vec<FigureError>> {
    let mut errors = Vec::new();
    let (mut known, mut own) = (Vec::new(), Vec::new());
    for role in catalogue.roles.iter().filter(|role| left_out.iter().all(|left| left.role != role.id)) {
        match wanted(role, figures) {
            Some(wanted) => known.push((role, wanted)),
            None if role.min > 0 => own.push(role),
            None => {}
        }
    }
    let mut shares = Vec::new();
    let mut heaviest = ("subscribers", 0);
    for (role, wanted) in known {
        let field = wanted.field;
        match limited(role, wanted) {
            Ok(share) => {
                if share.count > heaviest.1 {
                    heaviest = (field, share.count);
                }
                shares.push(share);
            }
            Err(error) => errors.push(error),
        }
    }
    let mut total: u64 = shares.iter().map(|share| weight(share, inputs)).fold(0, u64::saturating_add);
    if total > MAX_NODES {
        let (field, most) = heaviest;
        errors.push(FigureError::of(
            field,
            format!(
                "These figures ask for {total} nodes, {most} of them because of this one; at most {MAX_NODES} are proposed."
            ),
        ));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    for role in own {
        let share = own_share(role);
        let weight = weight(&share, inputs);
        if total.saturating_add(weight) > MAX_NODES {
            let why = format!("Its {} instances would make more than {MAX_NODES} nodes.", share.count);
            left_out.push(LeftOut { role: role.id.clone(), why });
        } else {
            total += weight;
            shares.push(share);
        }
    }
    let position = |share: &Share<'_>| catalogue.roles.iter().position(|role| role.id == share.role.id);
    shares.sort_by_key(position);
    name(&mut shares);
    Ok(shares)
}

/// What a share takes of the nodes there can be. Services are no nodes, but their number has to end somewhere too.
fn weight(share: &Share<'_>, inputs: &Inputs<'_>) -> u64 {
    if is_service(share.role, inputs) && share.count <= MAX_NODES { 0 } else { share.count }
}

/// What the figures ask of a role that they speak of.
fn wanted(role: &Role, figures: &Figures) -> Option<Wanted> {
    let plain = |advised: u64, field, basis| Wanted { needed: 0, advised, groups: None, field, basis };
    let wanted = match role.id.as_str() {
        ids::SIP => load(figures, ("sip_subscribers", figures.sip_subscribers), ("sip_calls", figures.sip_calls)),
        ids::PBX => load(figures, ("pbx_subscribers", figures.pbx_subscribers), ("pbx_calls", figures.pbx_calls)),
        ids::WEB => load(figures, ("web_subscribers", figures.web_subscribers), ("web_calls", figures.web_calls)),
        ids::CONTROLLER => plain(1, "subscribers", Basis::Fewest),
        ids::WORKER => plain(figures.worker_nodes, "worker_nodes", Basis::Worker),
        ids::QUEUE => plain(figures.queue_nodes, "queue_nodes", Basis::Queue),
        ids::SQL if role.replication.is_some() => {
            let count = figures.sql_slaves + 1;
            Wanted { needed: count, ..plain(count, "sql_slaves", Basis::Sql) }
        }
        ids::DATABASE if role.group.is_some() => database(role, figures),
        ids::SEARCH => {
            plain(figures.search_nodes.max(size(role.start_with.unwrap_or(0))), "search_nodes", Basis::Search)
        }
        ids::FILES if role.file_store.is_some() => plain(1, "storage_tib", Basis::Files),
        _ => return None,
    };
    Some(wanted)
}

fn load(figures: &Figures, by_subscribers: (&'static str, u64), by_calls: (&'static str, u64)) -> Wanted {
    let sort = |thing, total_field, total: Option<u64>, (field, each)| {
        total.map(|total| Load { thing, total, total_field, each, field })
    };
    let loads: Vec<Load> = sort("subscribers", "subscribers", figures.subscribers, by_subscribers)
        .into_iter()
        .chain(sort("concurrent calls", "concurrent_calls", figures.concurrent_calls, by_calls))
        .collect();
    let heaviest =
        loads.iter().map(|load| (load.total.div_ceil(load.each), load.field)).max_by_key(|(nodes, _)| *nodes);
    let (needed, field) = heaviest.unwrap_or((0, by_subscribers.0));
    // Two at least, whatever the load: one has to be able to fail.
    let advised = (needed + figures.spare_nodes).max(2);
    Wanted { needed, advised, groups: None, field, basis: Basis::Load { needed, loads } }
}

fn database(role: &Role, figures: &Figures) -> Wanted {
    let each = figures.nodes_per_group;
    let most = role.max.map_or(u64::MAX, |max| size(max) / each);
    let groups = figures.availability_groups.unwrap_or_else(|| {
        let nodes = DATABASE_NODES.max(size(role.min)).max(size(role.start_with.unwrap_or(0)));
        nodes.div_ceil(each).min(most).max(2)
    });
    let count = groups.saturating_mul(each);
    Wanted { needed: count, advised: count, groups: Some(groups), field: "availability_groups", basis: Basis::Database }
}

/// Holds what is wanted to the limits of the role.
fn limited(role: &Role, wanted: Wanted) -> Result<Share<'_>, FigureError> {
    let Wanted { needed, advised, groups, field, basis } = wanted;
    let (min, max) = (size(role.min), role.max.map_or(u64::MAX, size));
    let name = &role.name;
    if needed > max {
        let message = format!("It asks for {} of {name}; the catalogue allows {max}.", counted(needed, "instance"));
        return Err(FigureError::of(field, message));
    }
    if groups.is_some() && needed < min {
        let message =
            format!("It gives {} of {name}; the catalogue wants {min} at least.", counted(needed, "instance"));
        return Err(FigureError::of(field, message));
    }
    Ok(Share { role, count: advised.min(max).max(min), groups, prefix: String::new(), basis })
}

/// The least that the data of an own role ask: its minimum, what to start with where growth costs, equal groups.
fn own_share(role: &Role) -> Share<'_> {
    let start = match role.growth {
        Growth::Free => 0,
        Growth::Rebalance | Growth::Reindex => size(role.start_with.unwrap_or(0)),
    };
    let count = size(role.min).max(start.min(role.max.map_or(u64::MAX, size)));
    let Some(rule) = &role.group else {
        return Share { role, count, groups: None, prefix: String::new(), basis: Basis::Own };
    };
    let groups = count.div_ceil(size(rule.max).max(1)).max(2);
    let each = count.div_ceil(groups).max(size(rule.min));
    let count = groups.saturating_mul(each);
    Share { role, count, groups: Some(groups), prefix: String::new(), basis: Basis::Own }
}

/// Gives each share a prefix of its own: a short one for the roles with long ids, else the id as far as it fits.
fn name(shares: &mut [Share<'_>]) {
    let mut taken = HashSet::new();
    for share in shares {
        let id = share.role.id.as_str();
        let wished = match id {
            ids::DATABASE => "ddb".to_owned(),
            ids::SEARCH => "es".to_owned(),
            ids::FILES => "media".to_owned(),
            _ => label(id),
        };
        let further = (2u64..).map(|number| format!("{wished}-x{number}"));
        let free = std::iter::once(wished.clone()).chain(further).find(|name| !taken.contains(name));
        share.prefix = free.expect("the numbers do not end");
        taken.insert(share.prefix.clone());
    }
}

/// An id as the beginning of a hostname: with a number behind it, it is at most 63 characters long.
fn label(id: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let label: String = id.chars().map(letter).collect();
    let label = label.trim_matches('-');
    let label = label[..label.len().min(48)].trim_end_matches('-');
    if label.is_empty() { "role".to_owned() } else { label.to_owned() }
}
