//! What the dry-run executor walks for a step: each check in a line. It touches no machine.

use std::net::IpAddr;

use super::{Effect, Step};
use crate::catalogue::{Catalogue, Role};
use crate::edit::NodeFacts;
use crate::topology::Settings;

/// The checks of a step, one line each, naming addresses, settings and dependencies.
pub fn dry_run_log(step: &Step, catalogue: &Catalogue) -> Vec<String> {
    let role = step.role.as_ref().and_then(|role| catalogue.role(role.as_str()));
    let place = step.node.as_deref().or(step.service.as_deref()).unwrap_or_default();
    let mut lines = vec![format!("dry run: {}; no machine is touched", step.describe(catalogue))];
    lines.push(match step.depends_on.as_slice() {
        [] => "depends on no other step".to_owned(),
        [one] => format!("depends on {one}, which succeeded"),
        [first, others @ ..] => format!("depends on {first} and {} more, which all succeeded", others.len()),
    });
    match &step.effect {
        Effect::NodeAdded { facts } => {
            lines.push(format!("would expect no other machine at {}", facts.private_ip));
            lines.extend(node_checks(place, facts));
        }
        Effect::NodeChanged { hostname_before, before, after } => {
            if hostname_before != place {
                lines.push(format!("would rename {hostname_before} to {place}"));
            }
            for field in crate::diff::facts_between(Some(before), Some(after)) {
                let value = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
                lines.push(format!(
                    "would change {} from {} to {}",
                    field.name,
                    value(field.before),
                    value(field.after)
                ));
            }
            lines.extend(node_checks(place, after));
        }
        Effect::NodeRemoved { facts } => {
            lines.push(format!("would expect no role left on {place}"));
            lines.push(format!("would free the address {}", facts.private_ip));
            lines.extend(facts.public_ip.map(|address| format!("would free the public address {address}")));
        }
        Effect::InstanceAdded { address, settings } => {
            lines.extend(reach(place, *address));
            lines.extend(settings_checks("would set", settings));
            lines.extend(role.map(network_check));
            lines.extend(role.map(dependencies_check));
        }
        Effect::InstanceChanged { address, before, after } => {
            lines.extend(reach(place, *address));
            let gone = before.keys().filter(|name| !after.contains_key(*name));
            lines.extend(gone.map(|name| format!("would unset {name}")));
            let changed = after.iter().filter(|(name, value)| before.get(*name) != Some(*value));
            lines.extend(changed.map(|(name, value)| format!("would set {name} to {value}")));
        }
        Effect::InstanceChecked { address, settings } => {
            lines.extend(reach(place, *address));
            lines.extend(settings_checks("would expect", settings));
            lines.extend(role.map(dependencies_check));
        }
        Effect::InstanceDrained { address, .. } => {
            lines.extend(reach(place, *address));
            lines.push("would send it nothing new and wait until it is idle".to_owned());
        }
        Effect::InstanceRemoved { address, .. } => {
            lines.extend(reach(place, *address));
            lines.push("would expect it to be out of service".to_owned());
            lines.push("would stop it and take it out of the inventory".to_owned());
        }
        Effect::RoleChecked { instances } => {
            lines.push(format!("would expect {instances} working instances"));
            lines.extend(role.map(|role| format!("the catalogue asks for at least {}", role.min)));
        }
        Effect::LayoutChanged { joined, moved, left } => {
            for (word, names) in [("joined", joined), ("moved to another group", moved), ("leaves", left)] {
                lines.extend(names.iter().map(|name| format!("{name} {word}")));
            }
            lines.push("would start it and wait until no data is under way".to_owned());
        }
        Effect::ReplicationSet { address, .. } => {
            lines.extend(reach(place, *address));
            lines.push("a person has to confirm the checklist".to_owned());
            lines.extend(step.checklist().into_iter().map(|item| format!("checklist: {item}")));
        }
        Effect::GroupAdded { group } => lines.push(format!("would add {group} to the availability groups")),
        Effect::GroupRenamed { from, to } => {
            lines.push(format!("would expect no other availability group {to}"));
            lines.push(format!("would rename {from} to {to}, in the settings of its nodes too; no data moves"));
        }
        Effect::GroupRemoved { group } => {
            lines.push(format!("would expect no node in {group}"));
            lines.push(format!("would remove {group} from the availability groups"));
        }
    }
    lines
}

fn node_checks(place: &str, facts: &NodeFacts) -> Vec<String> {
    let NodeFacts { private_ip, public_ip, site, container, hardware } = facts;
    let mut lines = vec![format!("would reach {place} at {private_ip}")];
    lines.extend(public_ip.map(|address| format!("would reach it from outside at {address}")));
    lines.extend(site.as_ref().map(|site| format!("would expect it at the site {site}")));
    lines
        .extend(container.as_ref().map(|it| format!("would expect the container {}", crate::diff::container_text(it))));
    if !hardware.is_unknown() {
        lines.push(format!("would expect at least {}", crate::diff::hardware_text(hardware)));
    }
    lines
}

fn reach(place: &str, address: Option<IpAddr>) -> Option<String> {
    let address = address.map_or_else(|| "as an external service".to_owned(), |address| format!("at {address}"));
    (!place.is_empty()).then(|| format!("would reach {place} {address}"))
}

fn settings_checks(verb: &str, settings: &Settings) -> Vec<String> {
    if settings.is_empty() {
        return vec![format!("{verb} nothing but the defaults")];
    }
    let word = if verb == "would set" { "to" } else { "to be" };
    settings.iter().map(|(name, value)| format!("{verb} {name} {word} {value}")).collect()
}

fn network_check(role: &Role) -> String {
    format!("network: {}", role.network.describe())
}

fn dependencies_check(role: &Role) -> String {
    if role.depends_on.is_empty() {
        return format!("{} depends on no other role", role.name);
    }
    let names: Vec<&str> = role.depends_on.iter().map(crate::topology::RoleId::as_str).collect();
    format!("would expect these roles to answer: {}", names.join(", "))
}
