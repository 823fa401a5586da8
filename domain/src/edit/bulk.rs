//! One edit for each of many nodes: what forms, drops and shortcuts of the editor ask for.

use std::collections::{BTreeSet, HashMap};

use super::{Edit, NodeFacts};
use crate::catalogue::{Catalogue, PlaceKind, Requirement, Role, SettingKind, SettingSpec};
use crate::topology::{Node, RoleId, SettingValue, Settings, Topology};

/// Hostnames, compared without case.
pub struct Nodes(BTreeSet<String>);

impl<'a> FromIterator<&'a str> for Nodes {
    fn from_iter<I: IntoIterator<Item = &'a str>>(hostnames: I) -> Self {
        Self(hostnames.into_iter().map(str::to_ascii_lowercase).collect())
    }
}

impl Nodes {
    fn of<'t>(&self, topology: &'t Topology) -> impl Iterator<Item = &'t Node> {
        topology.nodes.iter().filter(|node| self.0.contains(&node.hostname.to_ascii_lowercase()))
    }
}

/// Each node on that site, or on none; nodes that are there already are left out.
pub fn set_site(topology: &Topology, nodes: &Nodes, site: Option<&str>) -> Vec<Edit> {
    nodes
        .of(topology)
        .filter(|node| node.site.as_deref() != site)
        .map(|node| Edit::UpdateNode {
            hostname: node.hostname.clone(),
            facts: NodeFacts { site: site.map(str::to_owned), ..NodeFacts::from(node) },
        })
        .collect()
}

/// Each node in that availability group, with all of its roles that join groups; nodes that are there already, and nodes
/// with no such role, are left out.
pub fn move_to_group(topology: &Topology, catalogue: &Catalogue, nodes: &Nodes, group: &str) -> Vec<Edit> {
    let mut edits = Vec::new();
    for node in nodes.of(topology) {
        for assignment in &node.roles {
            let Some(role) = catalogue.role(assignment.role.as_str()) else { continue };
            let mut settings = assignment.settings.clone();
            for spec in role.settings.iter().filter(|spec| spec.kind == SettingKind::Group) {
                settings.insert(spec.name.clone(), SettingValue::Text(group.to_owned()));
            }
            if settings != assignment.settings {
                let (hostname, role) = (node.hostname.clone(), assignment.role.clone());
                edits.push(Edit::UpdateSettings { hostname, role, settings });
            }
        }
    }
    edits
}

/// The role on each node that has it not yet, with the settings that it usually has; of groups, those with the fewest
/// members first.
pub fn assign(topology: &Topology, nodes: &Nodes, role: &Role) -> Vec<Edit> {
    let mut usual = Usual::of(topology, role);
    nodes
        .of(topology)
        .filter(|node| node.assignment(role.id.as_str()).is_none())
        .map(|node| Edit::AssignRole {
            hostname: node.hostname.clone(),
            role: role.id.clone(),
            settings: usual.settings(),
        })
        .collect()
}

/// The role taken from each node that has it.
pub fn unassign(topology: &Topology, nodes: &Nodes, role: &RoleId) -> Vec<Edit> {
    nodes
        .of(topology)
        .filter(|node| node.assignment(role.as_str()).is_some())
        .map(|node| Edit::UnassignRole { hostname: node.hostname.clone(), role: role.clone() })
        .collect()
}

/// Each node taken away.
pub fn remove(topology: &Topology, nodes: &Nodes) -> Vec<Edit> {
    nodes.of(topology).map(|node| Edit::RemoveNode { hostname: node.hostname.clone() }).collect()
}

/// The settings that one more instance of a role on a node usually has: defaults, the smallest group, and a slave where
/// there is a master already (S: one master and multiple slaves).
struct Usual<'a> {
    role: &'a Role,
    /// In the order of the topology.
    groups: &'a [String],
    /// Their members, with their places: the fewest first.
    by_size: BTreeSet<(usize, usize)>,
    has_master: bool,
}

impl<'a> Usual<'a> {
    fn of(topology: &'a Topology, role: &'a Role) -> Self {
        let mut members: HashMap<&str, usize> = HashMap::new();
        let group_setting = role.settings.iter().find(|spec| spec.kind == SettingKind::Group);
        let replication = role.replication.as_ref();
        let mut has_master = false;
        for instance in topology.instances_of(role.id.as_str()) {
            let named = group_setting.and_then(|spec| instance.settings.get(&spec.name));
            if let Some(group) = named.and_then(SettingValue::as_text) {
                *members.entry(group).or_default() += 1;
            }
            has_master |= replication.is_some_and(|replication| {
                instance.settings.get(&replication.setting).and_then(SettingValue::as_text)
                    == Some(replication.master.as_str())
            });
        }
        let groups = &topology.availability_groups;
        let by_size = groups.iter().enumerate();
        let by_size =
            by_size.map(|(place, group)| (members.get(group.as_str()).copied().unwrap_or(0), place)).collect();
        Self { role, groups, by_size, has_master }
    }

    fn settings(&mut self) -> Settings {
        let mut settings = Settings::new();
        for spec in &self.role.settings {
            let value = match &spec.kind {
                SettingKind::Group => self.smallest_group().map(SettingValue::Text),
                _ if spec.required != Requirement::Always => None,
                _ => spec.default.clone().or_else(|| first_word(spec)),
            };
            settings.extend(value.map(|value| (spec.name.clone(), value)));
        }
        if let Some(replication) = &self.role.replication {
            let part =
                if std::mem::replace(&mut self.has_master, true) { &replication.slave } else { &replication.master };
            settings.insert(replication.setting.clone(), SettingValue::Text(part.clone()));
        }
        settings
    }

    /// The group with the fewest members, which has one more from now on.
    fn smallest_group(&mut self) -> Option<String> {
        let (members, place) = self.by_size.pop_first()?;
        self.by_size.insert((members + 1, place));
        self.groups.get(place).cloned()
    }
}

/// The first word of a choice that fits a node.
fn first_word(spec: &SettingSpec) -> Option<SettingValue> {
    let SettingKind::Choice(words) = &spec.kind else { return None };
    let word = words.iter().find(|word| spec.only_on.get(*word).is_none_or(|place| *place == PlaceKind::Node))?;
    Some(SettingValue::Text(word.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::replay;
    use crate::sample;

    fn nodes(names: &[&str]) -> Nodes {
        names.iter().copied().collect()
    }

    fn done(topology: &Topology, edits: &[Edit]) -> Topology {
        replay(topology, edits, Catalogue::built_in()).expect("bulk edits fit")
    }

    #[test]
    fn only_what_differs_is_touched() {
        let topology = sample::healthy();
        let all: Nodes = topology.nodes.iter().map(|node| node.hostname.as_str()).collect();
        let edits = set_site(&topology, &all, Some("dc9"));
        assert_eq!(edits.len(), topology.nodes.len());
        let moved = done(&topology, &edits);
        assert!(moved.nodes.iter().all(|node| node.site.as_deref() == Some("dc9")));
        assert_eq!(set_site(&moved, &all, Some("dc9")), Vec::new());
        assert_eq!(set_site(&topology, &nodes(&["nobody"]), None), Vec::new());
        assert_eq!(done(&topology, &remove(&topology, &all)).nodes, Vec::new());
    }

    #[test]
    fn a_node_moves_with_the_roles_that_join_groups() {
        let topology = sample::healthy();
        let member = topology.instances_of("distributed-database").next().expect("has some").place.name().to_owned();
        let group = topology.availability_groups.last().expect("has groups").clone();
        let edits = move_to_group(
            &topology,
            Catalogue::built_in(),
            &nodes(&[&member.to_uppercase(), "sql-1.example.net"]),
            &group,
        );
        assert!(
            edits.iter().all(
                |edit| matches!(edit, Edit::UpdateSettings { role, .. } if role.as_str() == "distributed-database")
            )
        );
        let moved = done(&topology, &edits);
        let assignment = moved.node(&member).and_then(|node| node.assignment("distributed-database")).expect("stays");
        assert_eq!(assignment.settings["availability_group"].as_text(), Some(group.as_str()));
    }

    #[test]
    fn one_master_then_slaves_and_groups_filled_evenly() {
        let mut topology = Topology::empty("lab");
        topology.availability_groups = vec!["ag-1".to_owned(), "ag-2".to_owned()];
        topology.nodes = (1..=4).map(|n| sample::node(&format!("n{n}"), &format!("10.0.0.{n}"))).collect();
        let four = nodes(&["n1", "n2", "n3", "n4"]);
        let role = |id: &str| Catalogue::built_in().role(id).expect("built in");
        let setting = |topology: &Topology, role: &str, name: &str| -> Vec<String> {
            topology.instances_of(role).map(|instance| instance.settings[name].to_string()).collect()
        };
        let sql = done(&topology, &assign(&topology, &four, role("sql")));
        assert_eq!(setting(&sql, "sql", "replication"), ["master", "slave", "slave", "slave"]);
        let ddb = done(&topology, &assign(&topology, &four, role("distributed-database")));
        assert_eq!(setting(&ddb, "distributed-database", "availability_group"), ["ag-1", "ag-2", "ag-1", "ag-2"]);
        assert_eq!(assign(&ddb, &four, role("distributed-database")), Vec::new());
        assert_eq!(done(&ddb, &unassign(&ddb, &four, &"distributed-database".into())), topology);
    }
}
