//! What differs between two topologies, for people.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::edit::NodeFacts;
use crate::pairing::{Pairs, pair_nodes};
use crate::topology::{Assignment, Container, Hardware, Node, RoleId, Service, Settings, Topology};

/// Everything that differs; each list in the order of names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diff {
    /// Nodes added, removed or changed.
    pub nodes: Vec<NodeDiff>,
    /// Availability groups that were not there.
    pub groups_added: Vec<String>,
    /// Availability groups that go.
    pub groups_removed: Vec<String>,
    /// Services added, removed or changed.
    pub services: Vec<ServiceDiff>,
}

impl Diff {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        let Self { nodes, groups_added, groups_removed, services } = self;
        nodes.is_empty() && groups_added.is_empty() && groups_removed.is_empty() && services.is_empty()
    }
}

/// How something differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// Only after.
    Added,
    /// Only before.
    Removed,
    /// Both, but not the same.
    Changed,
}

impl Presence {
    /// The word in data attributes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// A node that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeDiff {
    /// Its hostname after, or before where it goes.
    pub hostname: String,
    /// How it differs.
    pub presence: Presence,
    /// Its hostname before, where that changed.
    pub renamed_from: Option<String>,
    /// Its own figures that differ.
    pub fields: Vec<FieldDiff>,
    /// Its roles that differ.
    pub roles: Vec<RoleDiff>,
}

/// A value before and after, as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldDiff {
    /// Its name for people, or the setting's key.
    pub name: String,
    /// The value before, if there was one.
    pub before: Option<String>,
    /// The value after, if there is one.
    pub after: Option<String>,
}

/// A role instance on a node that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleDiff {
    /// Which role.
    pub role: RoleId,
    /// How it differs.
    pub presence: Presence,
    /// Its settings that differ.
    pub settings: Vec<FieldDiff>,
}

/// A service that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceDiff {
    /// Its name.
    pub name: String,
    /// Its role after, or before where it goes.
    pub role: RoleId,
    /// How it differs.
    pub presence: Presence,
    /// Its settings that differ.
    pub settings: Vec<FieldDiff>,
}

/// What differs from `base` to `desired`; empty when only the order of lists, or whether ids are given, differs.
pub fn between(base: &Topology, desired: &Topology) -> Diff {
    let Topology { environment: _, availability_groups: old_groups, nodes: old_nodes, services: old_services } = base;
    let Topology { environment: _, availability_groups: new_groups, nodes: new_nodes, services: new_services } =
        desired;
    let old_groups: BTreeSet<&String> = old_groups.iter().collect();
    let new_groups: BTreeSet<&String> = new_groups.iter().collect();
    Diff {
        nodes: nodes_between(old_nodes, new_nodes),
        groups_added: new_groups.difference(&old_groups).map(|name| (*name).clone()).collect(),
        groups_removed: old_groups.difference(&new_groups).map(|name| (*name).clone()).collect(),
        services: services_between(old_services, new_services),
    }
}

fn nodes_between(before: &[Node], after: &[Node]) -> Vec<NodeDiff> {
    let Pairs { changed, removed, added } = pair_nodes(before, after);
    let changed = changed.into_iter().filter_map(|(before, after)| {
        let fields = fields_between(Some(before), Some(after));
        let roles = roles_between(&before.roles, &after.roles);
        let renamed_from = (before.hostname != after.hostname).then(|| before.hostname.clone());
        let differs = renamed_from.is_some() || !fields.is_empty() || !roles.is_empty();
        differs.then(|| NodeDiff {
            hostname: after.hostname.clone(),
            presence: Presence::Changed,
            renamed_from,
            fields,
            roles,
        })
    });
    let removed = removed.into_iter().map(|node| NodeDiff {
        hostname: node.hostname.clone(),
        presence: Presence::Removed,
        renamed_from: None,
        fields: fields_between(Some(node), None),
        roles: roles_between(&node.roles, &[]),
    });
    let added = added.into_iter().map(|node| NodeDiff {
        hostname: node.hostname.clone(),
        presence: Presence::Added,
        renamed_from: None,
        fields: fields_between(None, Some(node)),
        roles: roles_between(&[], &node.roles),
    });
    let mut all: Vec<NodeDiff> = changed.chain(removed).chain(added).collect();
    all.sort_by_cached_key(|node| node.hostname.to_ascii_lowercase());
    all
}

/// A node's own values, named for people; the hostname and the roles are told apart from them.
fn named_facts(facts: &NodeFacts) -> Vec<(&'static str, Option<String>)> {
    let NodeFacts { private_ip, public_ip, site, container, hardware } = facts;
    let Hardware { vcpus, memory_mib, disk, disk_gib, iops } = hardware;
    vec![
        ("private address", Some(private_ip.to_string())),
        ("public address", public_ip.map(|ip| ip.to_string())),
        ("site", site.clone()),
        ("container", container.as_ref().map(container_text)),
        ("vCPUs", vcpus.map(|n| n.to_string())),
        ("memory", memory_mib.map(|n| format!("{n} MiB"))),
        ("disk", disk.map(|disk| disk.as_str().to_owned())),
        ("disk size", disk_gib.map(|n| format!("{n} GiB"))),
        ("IOPS", iops.map(|n| n.to_string())),
    ]
}

fn fields_between(before: Option<&Node>, after: Option<&Node>) -> Vec<FieldDiff> {
    // Texts are made only where something differs: of thousands of nodes, few do.
    if let (Some(before), Some(after)) = (before, after)
        && NodeFacts::same(before, after)
    {
        return Vec::new();
    }
    facts_between(before.map(NodeFacts::from).as_ref(), after.map(NodeFacts::from).as_ref())
}

/// What differs between the facts of a node before and after.
pub(crate) fn facts_between(before: Option<&NodeFacts>, after: Option<&NodeFacts>) -> Vec<FieldDiff> {
    let (mut old, mut new) = (before.map(named_facts).unwrap_or_default(), after.map(named_facts).unwrap_or_default());
    let names: Vec<&str> = if new.is_empty() { &old } else { &new }.iter().map(|(name, _)| *name).collect();
    old.resize(names.len(), ("", None));
    new.resize(names.len(), ("", None));
    let values = old.into_iter().zip(new);
    names
        .into_iter()
        .zip(values)
        .filter(|(_, ((_, before), (_, after)))| before != after)
        .map(|(name, ((_, before), (_, after)))| FieldDiff { name: name.to_owned(), before, after })
        .collect()
}

fn roles_between(before: &[Assignment], after: &[Assignment]) -> Vec<RoleDiff> {
    let by_role = |roles: &[Assignment]| -> BTreeMap<RoleId, Settings> {
        roles.iter().map(|Assignment { role, settings }| (role.clone(), settings.clone())).collect()
    };
    let (old, new) = (by_role(before), by_role(after));
    let roles: BTreeSet<&RoleId> = old.keys().chain(new.keys()).collect();
    roles
        .into_iter()
        .filter_map(|role| {
            let (presence, settings) = settings_between(old.get(role), new.get(role))?;
            Some(RoleDiff { role: role.clone(), presence, settings })
        })
        .collect()
}

fn services_between(before: &[Service], after: &[Service]) -> Vec<ServiceDiff> {
    let keyed = |services: &[Service]| -> BTreeMap<(String, RoleId), Settings> {
        services
            .iter()
            .map(|Service { name, role, settings }| ((name.clone(), role.clone()), settings.clone()))
            .collect()
    };
    let (old, new) = (keyed(before), keyed(after));
    let keys: BTreeSet<&(String, RoleId)> = old.keys().chain(new.keys()).collect();
    keys.into_iter()
        .filter_map(|key| {
            let (presence, settings) = settings_between(old.get(key), new.get(key))?;
            Some(ServiceDiff { name: key.0.clone(), role: key.1.clone(), presence, settings })
        })
        .collect()
}

fn settings_between(before: Option<&Settings>, after: Option<&Settings>) -> Option<(Presence, Vec<FieldDiff>)> {
    let presence = match (before, after) {
        (None, None) => return None,
        (Some(before), Some(after)) if before == after => return None,
        (Some(_), Some(_)) => Presence::Changed,
        (None, Some(_)) => Presence::Added,
        (Some(_), None) => Presence::Removed,
    };
    let names: BTreeSet<&String> = before.into_iter().chain(after).flat_map(Settings::keys).collect();
    let value = |settings: Option<&Settings>, name: &String| settings?.get(name).map(ToString::to_string);
    let fields = names
        .into_iter()
        .map(|name| FieldDiff { name: name.clone(), before: value(before, name), after: value(after, name) })
        .filter(|field| field.before != field.after)
        .collect();
    Some((presence, fields))
}

/// `vmware, HA`.
pub(crate) fn container_text(container: &Container) -> String {
    let Container { platform, ha } = container;
    format!("{}, {}", platform.as_str(), if *ha { "HA" } else { "no HA" })
}

/// `8 vCPUs, 65536 MiB, nvme, 1024 GiB, 50000 IOPS`: what is known of it.
pub(crate) fn hardware_text(hardware: &Hardware) -> String {
    let Hardware { vcpus, memory_mib, disk, disk_gib, iops } = hardware;
    let parts = [
        vcpus.map(|n| format!("{n} vCPUs")),
        memory_mib.map(|n| format!("{n} MiB")),
        disk.map(|disk| disk.as_str().to_owned()),
        disk_gib.map(|n| format!("{n} GiB")),
        iops.map(|n| format!("{n} IOPS")),
    ];
    let known: Vec<String> = parts.into_iter().flatten().collect();
    known.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn order_is_no_difference() {
        let base = sample::healthy();
        let mut desired = base.clone();
        desired.nodes.reverse();
        desired.availability_groups.reverse();
        assert!(between(&base, &desired).is_empty());
    }

    #[test]
    fn tells_each_difference() {
        let base = sample::healthy();
        let mut desired = base.clone();
        desired.availability_groups.push("ag-9".to_owned());
        desired.services[0].settings.insert("bucket".to_owned(), crate::topology::SettingValue::Text("new".to_owned()));
        let sql = desired.nodes.iter_mut().find(|n| n.hostname == "sql-1.example.net").expect("sample has it");
        sql.hardware.memory_mib = Some(131_072);
        sql.roles[0].settings.clear();
        desired.nodes.retain(|node| node.hostname != "web-1.example.net");
        desired.nodes.push(sample::node("a-new.example.net", "10.0.9.1"));
        let diff = between(&base, &desired);
        assert_eq!(diff.groups_added, ["ag-9"]);
        let nodes: Vec<(&str, Presence)> = diff.nodes.iter().map(|n| (n.hostname.as_str(), n.presence)).collect();
        assert_eq!(
            nodes,
            [
                ("a-new.example.net", Presence::Added),
                ("sql-1.example.net", Presence::Changed),
                ("web-1.example.net", Presence::Removed)
            ]
        );
        assert_eq!(
            diff.nodes[1].fields,
            [FieldDiff {
                name: "memory".to_owned(),
                before: Some("65536 MiB".to_owned()),
                after: Some("131072 MiB".to_owned())
            }]
        );
        assert_eq!(diff.nodes[1].roles[0].settings[0].after, None);
        assert_eq!(diff.services[0].settings[0].name, "bucket");
    }

    #[test]
    fn a_rename_is_seen_by_id() {
        let mut base = Topology::empty("lab");
        base.nodes.push(Node { id: Some("1".to_owned()), ..sample::node("a", "10.0.0.1") });
        let mut desired = base.clone();
        desired.nodes[0].hostname = "b".to_owned();
        let diff = between(&base, &desired);
        assert_eq!(diff.nodes[0].renamed_from.as_deref(), Some("a"));
        assert_eq!(diff.nodes.len(), 1);
    }
}
