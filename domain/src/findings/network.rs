//! Rules about which addresses a role's nodes have.

use super::nodes::needs_public;
use super::text::Problem;
use super::view::{RoleView, View, take_away, update};
use super::{Fix, Report, Subject};
use crate::catalogue::{Network, Role};
use crate::topology::{Instance, Node, SettingValue};

pub(super) fn check(view: &View<'_>, report: &mut Report<'_>) {
    for role_view in &view.roles {
        match &role_view.role.network {
            Network::PublicRequired { unless_setting } => {
                public_required(view, role_view, unless_setting.as_deref(), report);
            }
            Network::PublicOptional => {}
            Network::PrivateOnly => public_exposed(view, role_view, report),
        }
    }
}

/// `net.public-required`.
fn public_required(view: &View<'_>, role_view: &RoleView<'_>, unless: Option<&str>, report: &mut Report<'_>) {
    let role = role_view.role;
    for (node, instance) in role_view.on_nodes() {
        if node.public_ip.is_some() || unless.is_some_and(|setting| is_given(role, instance, setting)) {
            continue;
        }
        // Which address it could have is not known; but where others do the same work, it can go.
        let spare = role_view.instances.len() > role.min && role.replication.is_none() && view.addressable(node);
        let label = format!("Remove {} from {}", role.name, node.hostname);
        let fixes = spare.then(|| Fix::new(label, vec![take_away(instance)])).into_iter().collect();
        let problem = Problem::PublicRequired { role: &role.name, unless };
        report.add(&problem, Subject::instance(instance), Some(&role.id), fixes);
    }
}

fn is_given(role: &Role, instance: Instance<'_>, setting: &str) -> bool {
    role.value(instance.settings, setting).and_then(SettingValue::as_text).is_some_and(|text| !text.trim().is_empty())
}

/// `net.public-exposed`.
fn public_exposed(view: &View<'_>, role_view: &RoleView<'_>, report: &mut Report<'_>) {
    let role = role_view.role;
    for (node, instance) in role_view.on_nodes() {
        let Some(address) = node.public_ip else { continue };
        let problem = Problem::PublicExposed { role: &role.name, address };
        report.add(&problem, Subject::instance(instance), Some(&role.id), close(view, node));
    }
}

fn close(view: &View<'_>, node: &Node) -> Vec<Fix> {
    if !view.addressable(node) || needs_public(view, node) {
        return Vec::new();
    }
    let label = format!("Remove the public address of {}", node.hostname);
    vec![Fix::new(label, vec![update(node, |facts| facts.public_ip = None)])]
}
