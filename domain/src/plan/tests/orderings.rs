//! What has to come before what, told from topologies and catalogue alone.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::catalogue::Layer;

/// For each step, all steps that end before it begins.
fn all_before(plan: &Plan) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut before: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for step in &plan.steps {
        let mut all: BTreeSet<&str> = BTreeSet::new();
        for id in &step.depends_on {
            all.insert(id);
            all.extend(&before[id.as_str()]);
        }
        before.insert(&step.id, all);
    }
    before
}

/// Whether the step is on a node that goes and whose hostname or address another node gets: it has to go first.
fn makes_room(step: &Step, base: &Topology, desired: &Topology) -> bool {
    let Some(node) = step.node.as_deref().and_then(|hostname| base.node(hostname)) else { return false };
    desired
        .nodes
        .iter()
        .any(|other| other.private_ip == node.private_ip || other.hostname.eq_ignore_ascii_case(&node.hostname))
}

fn layer(step: &Step, catalogue: &Catalogue) -> Option<Layer> {
    Some(catalogue.role(step.role.as_ref()?.as_str())?.layer)
}

/// Removals come after the verification of what replaces them; roles are built from storage up and taken down from
/// functionality.
pub(super) fn holds(plan: &Plan, base: &Topology, desired: &Topology, catalogue: &Catalogue) -> Result<(), String> {
    let before = all_before(plan);
    let follows = |later: &Step, earlier: &Step| {
        let holds = before[later.id.as_str()].contains(earlier.id.as_str());
        if holds { Ok(()) } else { Err(format!("{} does not wait for {}", later.id, earlier.id)) }
    };
    let verified = || plan.steps.iter().filter(|step| matches!(step.effect, Effect::InstanceChecked { .. }));
    let removed = || plan.steps.iter().filter(|step| step.kind == StepKind::RemoveRole);
    for step in &plan.steps {
        let own = layer(step, catalogue);
        match step.kind {
            StepKind::DrainRole | StepKind::RemoveRole if !makes_room(step, base, desired) => {
                for other in verified().filter(|other| other.role == step.role) {
                    follows(step, other)?;
                }
                for other in removed().filter(|other| layer(other, catalogue) < own) {
                    follows(step, other)?;
                }
            }
            StepKind::InstallRole => {
                for other in verified().filter(|other| layer(other, catalogue) > own) {
                    follows(step, other)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The risk by the words of the requirements, section 4.
pub(super) fn risk(plan: &Plan) -> Risk {
    let has = |impacts: &[Impact]| plan.steps.iter().any(|step| impacts.contains(&step.impact));
    let removes = plan.steps.iter().any(|step| {
        matches!(
            step.effect,
            Effect::NodeRemoved { .. }
                | Effect::InstanceDrained { .. }
                | Effect::InstanceRemoved { .. }
                | Effect::GroupRemoved { .. }
        )
    });
    if has(&[Impact::Outage]) {
        Risk::Critical
    } else if has(&[Impact::Rebalance, Impact::Reindex, Impact::RedundancyLost, Impact::Manual]) {
        Risk::High
    } else if removes || has(&[Impact::Degraded]) {
        Risk::Medium
    } else {
        Risk::Low
    }
}
