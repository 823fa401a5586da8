//! Order, impact, risk and digest of plans.

use super::*;
use crate::sample::{healthy, node, role, settings, with_node};
use crate::topology::{Container, DiskKind, Node, Platform};

mod alternatives;
mod effects;
mod groups;
mod impacts;
mod order;
mod orderings;
mod properties;
mod shape;

fn plan_to(change: impl FnOnce(&mut Topology)) -> Plan {
    let base = healthy();
    let mut desired = base.clone();
    change(&mut desired);
    plan(&base, &desired, Catalogue::built_in())
}

fn plan_of(hostname: &str, change: impl FnOnce(&mut Node)) -> Plan {
    plan_to(|topology| with_node(topology, hostname, change))
}

/// A further node with that role.
fn add(topology: &mut Topology, hostname: &str, last_byte: u8, assignment: crate::topology::Assignment) {
    let mut node = node(&format!("{hostname}.example.net"), &format!("10.0.9.{last_byte}"));
    node.roles.push(assignment);
    topology.nodes.push(node);
}

fn drop_node(topology: &mut Topology, hostname: &str) {
    topology.nodes.retain(|node| node.hostname != format!("{hostname}.example.net"));
}

/// Steps that cost something, as `id: impact`.
fn costs(plan: &Plan) -> Vec<String> {
    let costly = plan.steps.iter().filter(|step| step.impact != Impact::None);
    costly.map(|step| format!("{}: {}", step.id, step.impact)).collect()
}

fn position(plan: &Plan, id: &str) -> usize {
    plan.steps.iter().position(|step| step.id == id).unwrap_or_else(|| panic!("{id} is in {:#?}", told(plan)))
}

fn told(plan: &Plan) -> String {
    let line = |step: &Step| match step.depends_on.is_empty() {
        true => step.id.clone(),
        false => format!("{} <- {}", step.id, step.depends_on.join(", ")),
    };
    plan.steps.iter().map(line).collect::<Vec<_>>().join("\n")
}
