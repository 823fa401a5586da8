//! Steps in words.

use super::{Effect, Impact, ReplicationTask, Step, StepKind};
use crate::catalogue::Catalogue;
use crate::diff::{FieldDiff, facts_between};
use crate::edit::settings_text;
use crate::topology::Settings;
use crate::words::counted;

impl Impact {
    /// What it means, in a sentence.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::None => "Nobody notices.",
            Self::LiveUpgrade => "The container gets stronger by live migration, without an interruption.",
            Self::Degraded => "The platform works on, perhaps slower.",
            Self::Manual => "A person has to set up replication by hand; the run waits for it.",
            Self::Reindex => "Indexes are built again, which takes long and loads the cluster.",
            Self::Rebalance => "Data moves between the nodes, which takes long and loads them.",
            Self::RedundancyLost => "An availability group is left with one node: its loss would lose data.",
            Self::Outage => "Everything depends on the SQL master: the whole platform is down meanwhile.",
        }
    }
}

impl Step {
    /// What it does: one imperative sentence without its full stop.
    pub fn describe(&self, catalogue: &Catalogue) -> String {
        let place = self.node.as_deref().or(self.service.as_deref()).unwrap_or_default();
        let role = self.role.as_ref().map_or("", |role| catalogue.role_name(role));
        match &self.effect {
            Effect::NodeAdded { facts } => format!("Prepare node {place} ({})", facts.private_ip),
            Effect::NodeChanged { hostname_before, before, after } => {
                let mut parts = Vec::new();
                if hostname_before != place {
                    parts.push(format!("hostname {hostname_before} to {place}"));
                }
                parts.extend(facts_between(Some(before), Some(after)).iter().map(field_text));
                format!("Change node {place}: {}", parts.join(", "))
            }
            Effect::NodeRemoved { facts } => format!("Retire node {place} ({})", facts.private_ip),
            Effect::InstanceAdded { settings, .. } => format!("Install {role} on {place}{}", in_brackets(settings)),
            Effect::InstanceChanged { before, after, .. } => {
                format!("Configure {role} on {place}: {}", settings_between(before, after))
            }
            Effect::InstanceChecked { .. } => format!("Verify {role} on {place}"),
            Effect::InstanceDrained { .. } => format!("Take {role} on {place} out of service"),
            Effect::InstanceRemoved { .. } => format!("Remove {role} from {place}"),
            Effect::RoleChecked { instances } => {
                format!("Verify {role} as a whole ({})", counted(*instances, "instance"))
            }
            Effect::LayoutChanged { joined, moved, left } => {
                let verb = if self.kind == StepKind::Reindex { "Reindex" } else { "Rebalance" };
                let parts: Vec<String> = [("joined", joined), ("moved", moved), ("leaving", left)]
                    .into_iter()
                    .filter(|(_, names)| !names.is_empty())
                    .map(|(word, names)| format!("{} {word}", names.len()))
                    .collect();
                format!("{verb} {role} ({})", parts.join(", "))
            }
            Effect::ReplicationSet { task, master, .. } => {
                let master = master.as_deref().unwrap_or("the master");
                match task {
                    ReplicationTask::StartMaster => format!("Set up {role} on {place} as the master by hand"),
                    ReplicationTask::TakeOver => format!("Let {role} on {place} take over from {master} by hand"),
                    ReplicationTask::JoinAsSlave => {
                        format!("Set up replication of {role} from {master} to {place} by hand")
                    }
                    ReplicationTask::Promote => format!("Promote {role} on {place} to master by hand"),
                    ReplicationTask::Demote => format!("Turn {role} on {place} into a slave of {master} by hand"),
                }
            }
            Effect::GroupAdded { group } => format!("Add availability group {group}"),
            Effect::GroupRenamed { from, to } => format!("Rename availability group {from} to {to}"),
            Effect::GroupRemoved { group } => format!("Remove availability group {group}"),
        }
    }

    /// What a person has to do and confirm; empty for all but manual steps.
    pub fn checklist(&self) -> Vec<String> {
        let Effect::ReplicationSet { address, task, master } = &self.effect else { return Vec::new() };
        let place = self.node.as_deref().or(self.service.as_deref()).unwrap_or_default();
        let here = address.map_or_else(|| place.to_owned(), |address| format!("{place} ({address})"));
        let master = master.as_deref().unwrap_or("the master");
        match task {
            ReplicationTask::StartMaster => vec![
                format!("On {here}, give the server an id of its own and turn the binary log on."),
                "Make an account for replication that may connect from the slaves' private addresses only.".to_owned(),
                format!("Check that the platform starts {place} elsewhere when its host fails."),
                format!("Check that {place} takes writes."),
            ],
            ReplicationTask::TakeOver => vec![
                format!("Take a consistent copy of the data on {master} and note its position in the binary log."),
                format!("Restore the copy on {here} and start replication from {master} at the noted position."),
                "Stop writes: the platform is down from here on.".to_owned(),
                format!("Wait until {place} has caught up, stop replication and let it take writes."),
                format!("Let the slaves replicate from {place}."),
                format!("Check that the platform writes to {place}."),
            ],
            ReplicationTask::JoinAsSlave => vec![
                format!("Take a consistent copy of the data on {master} and note its position in the binary log."),
                format!("Restore the copy on {here}."),
                format!("On {place}, give the server an id of its own and make it read-only."),
                format!("Start replication on {place} from {master} at the noted position."),
                format!("Check that replication runs without errors and that {place} has caught up."),
            ],
            ReplicationTask::Promote => vec![
                "Stop writes: the platform is down from here on.".to_owned(),
                format!("Wait until {here} has caught up with {master}."),
                format!("Stop replication on {place} and let it take writes."),
                format!("Let the other slaves replicate from {place}."),
                format!("Check that the platform writes to {place}."),
            ],
            ReplicationTask::Demote => vec![
                format!("Make {here} read-only."),
                format!("Start replication on {place} from {master}, from where it took over."),
                format!("Check that replication runs without errors and that {place} has caught up."),
            ],
        }
    }
}

fn in_brackets(settings: &Settings) -> String {
    if settings.is_empty() { String::new() } else { format!(" ({})", settings_text(settings)) }
}

/// `memory 65536 MiB to 131072 MiB`.
fn field_text(field: &FieldDiff) -> String {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
    format!("{} {} to {}", field.name, value(&field.before), value(&field.after))
}

fn settings_between(before: &Settings, after: &Settings) -> String {
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed: Vec<String> = names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| {
            field_text(&FieldDiff {
                name: name.clone(),
                before: before.get(name).map(ToString::to_string),
                after: after.get(name).map(ToString::to_string),
            })
        })
        .collect();
    changed.join(", ")
}
