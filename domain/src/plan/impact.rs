//! What a step costs, by the table of requirements, section 4.

use super::census::{Counts, group_of};
use super::{Effect, Impact, Risk, Step, StepKind};
use crate::catalogue::{Catalogue, ReplicationPart, Role};
use crate::topology::{Container, Hardware, Node, Platform, Settings};

/// The highest risk that a step brings.
pub(super) fn risk(steps: &[Step]) -> Risk {
    steps.iter().map(risk_of).max().unwrap_or(Risk::Low)
}

fn risk_of(step: &Step) -> Risk {
    let by_impact = match step.impact {
        Impact::Outage => Risk::Critical,
        Impact::Rebalance | Impact::Reindex | Impact::RedundancyLost | Impact::Manual => Risk::High,
        Impact::Degraded => Risk::Medium,
        Impact::LiveUpgrade | Impact::None => Risk::Low,
    };
    let removal = matches!(step.kind, StepKind::DrainRole | StepKind::RemoveRole | StepKind::RetireNode)
        || matches!(step.effect, Effect::GroupRemoved { .. });
    if removal { by_impact.max(Risk::Medium) } else { by_impact }
}

/// What it costs to give an instance other settings.
pub(super) fn of_configure(role: Option<&Role>, before: &Settings, after: &Settings, counts: &Counts<'_>) -> Impact {
    let Some(role) = role else { return Impact::None };
    if let Some(replication) = &role.replication {
        return match replication.part(before) {
            Some(ReplicationPart::Master) => Impact::Outage,
            Some(ReplicationPart::Slave) => Impact::Degraded,
            None => Impact::None,
        };
    }
    if let Some(left) = group_of(role, before)
        && Some(left) != group_of(role, after)
        && counts.loses_redundancy(role, left)
    {
        return Impact::RedundancyLost;
    }
    Impact::None
}

/// What it costs to take an instance away.
pub(super) fn of_removal(role: Option<&Role>, before: &Settings, counts: &Counts<'_>) -> Impact {
    let Some(role) = role else { return Impact::None };
    if let Some(replication) = &role.replication {
        return match replication.part(before) {
            Some(ReplicationPart::Master) => Impact::Outage,
            Some(ReplicationPart::Slave) => Impact::Degraded,
            None => Impact::None,
        };
    }
    if group_of(role, before).is_some_and(|left| counts.loses_redundancy(role, left)) {
        return Impact::RedundancyLost;
    }
    Impact::None
}

/// How much a node is touched by a change of its own facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Touch {
    /// A fact becomes known, or is no longer told; nothing happens to the node.
    Recorded,
    /// More hardware for a virtual container, or high availability for it: no interruption.
    Upgraded,
    /// Anything else: moved, renamed, readdressed, made smaller.
    Handled,
}

/// How much this node is touched.
pub(super) fn touch(before: &Node, after: &Node) -> Touch {
    if before.hostname != after.hostname || before.private_ip != after.private_ip || before.public_ip != after.public_ip
    {
        return Touch::Handled;
    }
    if let (Some(old), Some(new)) = (&before.site, &after.site)
        && old != new
    {
        return Touch::Handled;
    }
    let container = match (before.container, after.container) {
        (Some(old), Some(new)) if old == new => Touch::Recorded,
        (Some(old), Some(new)) if old.platform == new.platform && new.ha => Touch::Upgraded,
        (Some(_), Some(_)) => Touch::Handled,
        (None, _) | (_, None) => Touch::Recorded,
    };
    let hardware = hardware_touch(&before.hardware, &after.hardware);
    let is_virtual = before.container.is_some_and(|Container { platform, ha: _ }| platform != Platform::BareMetal);
    match container.max(hardware) {
        Touch::Upgraded if !is_virtual => Touch::Handled,
        touch => touch,
    }
}

fn hardware_touch(before: &Hardware, after: &Hardware) -> Touch {
    fn one<T: PartialOrd>(old: Option<T>, new: Option<T>) -> Touch {
        match (old, new) {
            (Some(old), Some(new)) if new > old => Touch::Upgraded,
            (Some(old), Some(new)) if new < old => Touch::Handled,
            _ => Touch::Recorded,
        }
    }
    let Hardware { vcpus, memory_mib, disk, disk_gib, iops } = *before;
    one(vcpus, after.vcpus)
        .max(one(memory_mib, after.memory_mib))
        .max(one(disk, after.disk))
        .max(one(disk_gib, after.disk_gib))
        .max(one(iops, after.iops))
}

/// What it costs to change a node that stays, by the roles that it has had.
pub(super) fn of_node_change(before: &Node, after: &Node, catalogue: &Catalogue) -> Impact {
    let touch = touch(before, after);
    let parts = before.roles.iter().filter_map(|assignment| {
        let replication = catalogue.role(assignment.role.as_str())?.replication.as_ref()?;
        replication.part(&assignment.settings)
    });
    parts
        .map(|part| match (touch, part) {
            (Touch::Recorded, _) => Impact::None,
            (Touch::Upgraded, ReplicationPart::Master) => Impact::LiveUpgrade,
            (Touch::Handled, ReplicationPart::Master) => Impact::Outage,
            (Touch::Upgraded | Touch::Handled, ReplicationPart::Slave) => Impact::Degraded,
        })
        .max()
        .unwrap_or(Impact::None)
}
