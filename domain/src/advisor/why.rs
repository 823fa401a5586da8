//! What was chosen and why, for people: the advice of the vendor's page in our words.

use super::Choice;
use super::check::{Files, Inputs, size};
use super::figures::Figures;
use super::place::{is_public, is_service, range};
use super::shares::{Basis, DATABASE_NODES, Load, Share};
use crate::policy::LARGE_ENVIRONMENT;
use crate::topology::Topology;
use crate::words::counted;

/// The choices for the roles in their order, then for all nodes together.
pub(super) fn choices(
    figures: &Figures,
    inputs: &Inputs<'_>,
    shares: &[Share<'_>],
    topology: &Topology,
) -> Vec<Choice> {
    let mut choices: Vec<Choice> = shares.iter().map(|share| of_role(figures, inputs, share)).collect();
    choices.push(nodes(figures, topology));
    choices.extend(sites(figures, shares));
    choices.push(addresses(figures, inputs, shares, topology));
    if topology.nodes.len() >= LARGE_ENVIRONMENT {
        choices.push(choice(
            "Review",
            "An expert review of this plan before it is provisioned".to_owned(),
            format!(
                "From {LARGE_ENVIRONMENT} nodes on a set-up is large: planning with experts saves much time and effort afterwards."
            ),
        ));
    }
    choices
}

fn choice(about: &str, what: String, why: String) -> Choice {
    Choice { about: about.to_owned(), what, why }
}

/// `5 nodes, sip-1 to sip-5`.
fn span(share: &Share<'_>) -> String {
    let Share { prefix, count, .. } = share;
    match count {
        1 => format!("1 node, {prefix}-1"),
        2 => format!("2 nodes, {prefix}-1 and {prefix}-2"),
        count => format!("{count} nodes, {prefix}-1 to {prefix}-{count}"),
    }
}

fn of_role(figures: &Figures, inputs: &Inputs<'_>, share: &Share<'_>) -> Choice {
    let (what, why) = match &share.basis {
        Basis::Load { needed, loads } => (span(share), load_why(figures, share.count, *needed, loads)),
        Basis::Sql => sql(figures, share),
        Basis::Database => database(figures, share),
        Basis::Search => (
            format!("{}, of {} MiB each", span(share), figures.search_memory_mib),
            format!(
                "A new layout of the search cluster reindexes or rebalances its data; so start with more small nodes \
                 and give them more hardware when it gets tight.{}",
                placeholders(figures, &["search_nodes", "search_memory_mib"])
            ),
        ),
        Basis::Files => files(figures, inputs),
        Basis::Worker => (
            span(share),
            "Workers get through background tasks side by side, and with several one can fail.".to_owned(),
        ),
        Basis::Queue => {
            (span(share), "All components talk through the queue; with several nodes one can fail.".to_owned())
        }
        Basis::Fewest if share.role.max == Some(1) => {
            (span(share), "One instance steers the whole infrastructure; a second would steer against it.".to_owned())
        }
        Basis::Fewest => (span(share), "It is as many as the catalogue asks for.".to_owned()),
        Basis::Own => own(inputs, share),
    };
    choice(&share.role.name, what, why)
}

fn load_why(figures: &Figures, count: u64, needed: u64, loads: &[Load]) -> String {
    let reckoned: Vec<String> =
        loads.iter().map(|load| format!("{} {} at {} a node", load.total, load.thing, load.each)).collect();
    let spare = match count.saturating_sub(needed) {
        0 => String::new(),
        1 => "; one more lets one fail while the rest still carries the load".to_owned(),
        spare => format!("; {spare} more let so many fail while the rest still carries the load"),
    };
    let fields: Vec<&str> = loads.iter().flat_map(|load| [load.total_field, load.field]).collect();
    format!("{} need {}{spare}.{}", reckoned.join(" and "), counted(needed, "node"), placeholders(figures, &fields))
}

/// Names those of these figures that are as the defaults have them, where those are only there for a first try.
fn placeholders(figures: &Figures, names: &[&str]) -> String {
    let defaults = Figures::default();
    let left = Figures::fields().iter().filter(|field| {
        field.placeholder && names.contains(&field.name) && figures.get(field.name) == defaults.get(field.name)
    });
    let left: Vec<String> = left
        .map(|field| {
            let value = figures.get(field.name).unwrap_or_default();
            let space = if field.unit.is_empty() { "" } else { " " };
            format!("{} ({value}{space}{})", field.label, field.unit)
        })
        .collect();
    match left.as_slice() {
        [] => String::new(),
        [one] => format!(" Still a placeholder: {one}; put in your own figure."),
        many => format!(" Still placeholders: {}; put in your own figures.", many.join(", ")),
    }
}

fn sql(figures: &Figures, share: &Share<'_>) -> (String, String) {
    let slaves = share.count - 1;
    let platform = figures.sql_platform.as_str();
    let slave_part = match slaves {
        0 => "no slave".to_owned(),
        1 => format!("one slave, {}-2", share.prefix),
        2 => format!("2 slaves, {prefix}-2 and {prefix}-3", prefix = share.prefix),
        slaves => format!("{slaves} slaves, {prefix}-2 to {prefix}-{}", share.count, prefix = share.prefix),
    };
    let what = format!(
        "Master {}-1 on {platform} with high availability, {slave_part}; each with {} MiB of memory and an NVMe disk of {} GiB and {} IOPS",
        share.prefix, figures.sql_memory_mib, figures.sql_disk_gib, figures.sql_iops
    );
    let why = format!(
        "While the master is down everything is down, so it has to be on virtualisation with high availability, where \
         its hardware also grows without an interruption. SQL is bound by its disk and memory: scale by a stronger \
         master, which is never weaker than a slave here. Slaves may fail; more than {} seldom make it faster. They \
         stand on the same platform, so that one can become the master. Replication is set up by hand.{}",
        share.role.replication.as_ref().map_or(4, |replication| replication.useful_slaves),
        placeholders(figures, &["sql_memory_mib", "sql_disk_gib", "sql_iops"]),
    );
    (what, why)
}

fn database(figures: &Figures, share: &Share<'_>) -> (String, String) {
    let groups = share.groups.unwrap_or(1).max(1);
    let each = share.count / groups;
    let what = format!(
        "{}, of {} MiB each, in {groups} availability groups of {each}",
        span(share),
        figures.database_memory_mib
    );
    let chosen = if figures.availability_groups.is_some() {
        String::new()
    } else {
        format!(" The number of groups is what {DATABASE_NODES} nodes or a few more fill, a sensible beginning.")
    };
    let why = format!(
        "Every node has to join a group, and a group needs two nodes to fail over; past four, replication slows it \
         down. Several equal groups share load and loss evenly. Adding nodes later rebalances the data, which is \
         expensive; so start with many small nodes. Memory is what binds them, and it can simply grow.{chosen}"
    );
    (what, why)
}

fn files(figures: &Figures, inputs: &Inputs<'_>) -> (String, String) {
    let tib = figures.storage_tib;
    let left = placeholders(figures, &["storage_tib", "s3_endpoint", "s3_bucket"]);
    match inputs.files {
        Files::Object { endpoint, bucket, region } => {
            let region = region.map(|region| format!(", region {region}")).unwrap_or_default();
            (
                format!("{tib} TiB in the object store {endpoint}, bucket {bucket}{region}"),
                format!(
                    "Object storage scales further, costs less and leaves much less to manage than a file system, and \
                     tens of terabytes of files are not uncommon. Any store with the S3 interface will do.{left}"
                ),
            )
        }
        Files::Network { path } => (
            format!("{tib} TiB on the network file system {path}"),
            format!(
                "It was asked for, and for this size it works. Object storage is much better: it scales further, \
                 costs less and leaves less to manage.{left}"
            ),
        ),
    }
}

fn own(inputs: &Inputs<'_>, share: &Share<'_>) -> (String, String) {
    if is_service(share.role, inputs) {
        let what = counted(share.count, "service");
        return (what, "It is as many as the catalogue asks for, in the store of all other files.".to_owned());
    }
    match share.groups {
        Some(groups) => (
            format!("{}, in {groups} availability groups of {}", span(share), share.count / groups.max(1)),
            "It is the least that the catalogue asks for, in equal groups of a size that fails over.".to_owned(),
        ),
        None => (span(share), "It is the least that the catalogue asks for.".to_owned()),
    }
}

fn nodes(figures: &Figures, topology: &Topology) -> Choice {
    choice(
        "Nodes",
        format!("{}, each with one role", counted(size(topology.nodes.len()), "node")),
        format!(
            "A node with one role fails, grows and is replaced without touching another role.{}",
            placeholders(figures, &["domain"])
        ),
    )
}

/// What the loss of a site takes, for the sites and for each role with groups.
fn sites(figures: &Figures, shares: &[Share<'_>]) -> Vec<Choice> {
    let sites = figures.sites.len();
    let first = figures.sites.first().map(String::as_str).unwrap_or_default();
    if sites < 2 {
        let why = "The loss of the site is the loss of everything; name a second one to spread over.".to_owned();
        return vec![choice("Sites", format!("All in {first}"), why)];
    }
    let mut choices = vec![choice(
        "Sites",
        format!(
            "Nodes of each role in turn over {}; the first ones, with the SQL master, in {first}",
            figures.sites.join(", ")
        ),
        format!(
            "A role with nodes in several sites goes on when one is lost. What is there only once cannot: the SQL \
             master and the controller have to be started again elsewhere{}.",
            if figures.sql_slaves > 0 { ", or an SQL slave in another site made the master" } else { "" }
        ),
    )];
    for share in shares {
        let (Some(groups), Some(rule)) = (share.groups, &share.role.group) else { continue };
        let each = share.count / groups.max(1);
        let left = each - each.div_ceil(size(sites));
        let rest = if left >= size(rule.min) {
            "and the rest still fails over"
        } else {
            "which goes on, without failover until the site is back"
        };
        choices.push(choice(
            &format!("{}: sites", share.role.name),
            "Nodes of a group in different sites".to_owned(),
            format!("When a site is lost, each group keeps {left} or more of its {}, {rest}.", counted(each, "node")),
        ));
    }
    choices
}

fn addresses(figures: &Figures, inputs: &Inputs<'_>, shares: &[Share<'_>], topology: &Topology) -> Choice {
    let private = range(topology.nodes.iter().map(|node| node.private_ip));
    let public = range(topology.nodes.iter().filter_map(|node| node.public_ip));
    let outside = shares.iter().filter(|share| is_public(share.role) && !is_service(share.role, inputs));
    let outside: Vec<&str> = outside.map(|share| share.role.name.as_str()).collect();
    choice(
        "Addresses",
        format!("Private: {private}. Public: {public}, for {}", outside.join(", ")),
        format!(
            "Every node needs a private address. Only roles that phones, browsers or programs outside reach get a \
             public one; on any other node it would only open a way in. The first address of {} and {} is left to \
             the router.{}",
            inputs.private,
            inputs.public,
            placeholders(figures, &["private_network", "public_network"])
        ),
    )
}
