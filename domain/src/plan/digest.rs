//! The digest of a plan: what votes are bound to.

use std::collections::HashMap;

use super::order::Ordered;
use super::{Effect, ReplicationTask, Step};
use crate::digest::{Digest, Encoding};

/// The encoding that digests are made with today; it is stored with a run. One that is not the newest any more stays
/// readable here: what was approved under it is compared by it.
pub const ENCODING: &str = "strata-plan-2";

/// Of steps as they were stored under [`ENCODING`]: whatever plans today has no say in it.
///
/// None where a step waits for one that does not come before it.
pub(super) fn of_stored(environment: &str, catalogue_version: u32, steps: &[Step]) -> Option<Digest> {
    let mut places: HashMap<&str, usize> = HashMap::with_capacity(steps.len());
    let mut waits_for = Vec::with_capacity(steps.len());
    for (place, step) in steps.iter().enumerate() {
        let before: Option<Vec<usize>> = step.depends_on.iter().map(|id| places.get(id.as_str()).copied()).collect();
        waits_for.push(before?);
        if places.insert(&step.id, place).is_some() {
            return None;
        }
    }
    Some(of_parts(environment, catalogue_version, steps, &waits_for))
}

/// Over the environment, the catalogue's version and the ordered typed steps with their effects; no text, no time.
///
/// A step's id says what its kind, place, role and effect say, so only those are in it; what it depends on is told by
/// place in the list: fewer bytes to hash, which a browser feels.
pub(super) fn of_steps(environment: &str, catalogue_version: u32, ordered: &Ordered) -> Digest {
    let Ordered { steps, waits_for } = ordered;
    of_parts(environment, catalogue_version, steps, waits_for)
}

fn of_parts(environment: &str, catalogue_version: u32, steps: &[Step], waits_for: &[Vec<usize>]) -> Digest {
    let mut encoding = Encoding::short(ENCODING);
    encoding.text(environment);
    encoding.number(u64::from(catalogue_version));
    encoding.count(steps.len());
    for (one, waits_for) in steps.iter().zip(waits_for) {
        step(&mut encoding, one);
        encoding.list(waits_for, |encoding, place| encoding.count(*place));
    }
    encoding.finish()
}

fn step(encoding: &mut Encoding, step: &Step) {
    let Step { id: _, kind, node, service, role, impact, depends_on: _, effect } = step;
    encoding.text(kind.as_str());
    encoding.option(node.as_deref(), Encoding::text);
    encoding.option(service.as_deref(), Encoding::text);
    encoding.option(role.as_ref(), |encoding, role| encoding.text(role.as_str()));
    encoding.text(impact.as_str());
    self::effect(encoding, effect);
}

fn effect(encoding: &mut Encoding, effect: &Effect) {
    match effect {
        Effect::NodeAdded { facts } => {
            encoding.choice(1);
            encoding.facts(facts);
        }
        Effect::NodeChanged { hostname_before, before, after } => {
            encoding.choice(2);
            encoding.text(hostname_before);
            encoding.facts(before);
            encoding.facts(after);
        }
        Effect::NodeRemoved { facts } => {
            encoding.choice(3);
            encoding.facts(facts);
        }
        Effect::InstanceAdded { address, settings } => {
            encoding.choice(4);
            encoding.option(*address, Encoding::address);
            encoding.settings(settings);
        }
        Effect::InstanceChanged { address, before, after } => {
            encoding.choice(5);
            encoding.option(*address, Encoding::address);
            encoding.settings(before);
            encoding.settings(after);
        }
        Effect::InstanceChecked { address, settings } => {
            encoding.choice(6);
            encoding.option(*address, Encoding::address);
            encoding.settings(settings);
        }
        Effect::InstanceDrained { address, settings } => {
            encoding.choice(7);
            encoding.option(*address, Encoding::address);
            encoding.settings(settings);
        }
        Effect::InstanceRemoved { address, settings } => {
            encoding.choice(8);
            encoding.option(*address, Encoding::address);
            encoding.settings(settings);
        }
        Effect::RoleChecked { instances } => {
            encoding.choice(9);
            encoding.count(*instances);
        }
        Effect::LayoutChanged { joined, moved, left } => {
            encoding.choice(10);
            for names in [joined, moved, left] {
                encoding.list(names, |encoding, name| encoding.text(name));
            }
        }
        Effect::ReplicationSet { address, task, master } => {
            encoding.choice(11);
            encoding.option(*address, Encoding::address);
            encoding.choice(match task {
                ReplicationTask::StartMaster => 1,
                ReplicationTask::JoinAsSlave => 2,
                ReplicationTask::Promote => 3,
                ReplicationTask::Demote => 4,
                ReplicationTask::TakeOver => 5,
            });
            encoding.option(master.as_deref(), Encoding::text);
        }
        Effect::GroupAdded { group } => {
            encoding.choice(12);
            encoding.text(group);
        }
        Effect::GroupRemoved { group } => {
            encoding.choice(13);
            encoding.text(group);
        }
        Effect::GroupRenamed { from, to } => {
            encoding.choice(14);
            encoding.text(from);
            encoding.text(to);
        }
    }
}
