//! Random edits of a topology: most of them fit, all kinds come, and two of them clash often.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{node, role, role_with_settings, settings};
use crate::catalogue::Catalogue;
use crate::edit::{Edit, NodeFacts, apply};
use crate::topology::{Node, Service, Settings, Topology};

/// An edit that is told what to be about once there is a topology.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    kind: u8,
    which: Index,
    node: Node,
    groups: (&'static str, &'static str),
    service: Service,
    field: u8,
}

/// Texts that no hostname, and few groups and services, should be.
pub(crate) const HOSTILE: [&str; 5] = ["", " ", "<img src=x onerror=alert(1)>", "\u{202e}gnp.example.net", "a..b"];

pub(crate) fn wish() -> impl Strategy<Value = Wish> {
    let group = || select(vec!["ag-1", "ag-2", "ag-3", "left", "right"]);
    let service = (select(vec!["media", "files", "more"]), role_with_settings());
    let service = service.prop_map(|(name, (role, settings))| Service {
        name: name.to_owned(),
        role: role.as_str().into(),
        settings,
    });
    let named = (0usize..34).prop_flat_map(|number| node(format!("n{number}.example.net")));
    (0u8..17, any::<Index>(), named, (group(), group()), service, 0u8..10)
        .prop_map(|(kind, which, node, groups, service, field)| Wish { kind, which, node, groups, service, field })
}

/// Several, that follow each other.
pub(crate) fn wishes(at_most: usize) -> impl Strategy<Value = Vec<Wish>> {
    vec(wish(), 0..=at_most)
}

/// A topology in which some nodes have an id.
pub(crate) fn with_some_ids() -> impl Strategy<Value = Topology> {
    (super::topology(), vec(option::weighted(0.7, Just(())), 14)).prop_map(|(mut topology, which)| {
        for (number, (node, has_id)) in topology.nodes.iter_mut().zip(which).enumerate() {
            node.id = has_id.map(|()| format!("id-{number}"));
        }
        topology
    })
}

impl Wish {
    /// The edit over a topology; it may not fit.
    pub(crate) fn of(&self, topology: &Topology) -> Edit {
        let Self { kind, which, node: wanted, groups: (from, to), service, .. } = self;
        let there = (!topology.nodes.is_empty()).then(|| &topology.nodes[which.index(topology.nodes.len())]);
        let node = there.unwrap_or(wanted);
        let hostname = node.hostname.clone();
        let has = (!node.roles.is_empty()).then(|| &node.roles[which.index(node.roles.len())]);
        let new_role = wanted.roles.first().map(|assignment| (assignment.role.clone(), assignment.settings.clone()));
        match (kind, has, new_role) {
            (0, ..) => Edit::AddNode { node: wanted.clone() },
            (1, ..) => Edit::RemoveNode { hostname },
            (2 | 3, ..) => Edit::RenameNode { from: hostname, to: wanted.hostname.clone() },
            (4, ..) => Edit::AddGroup { name: (*to).to_owned() },
            (5 | 6, ..) => Edit::RenameGroup { from: (*from).to_owned(), to: (*to).to_owned() },
            (7, ..) => Edit::RemoveGroup { name: (*from).to_owned() },
            (8, ..) => Edit::AddService { service: service.clone() },
            (9, ..) => Edit::UpdateService { name: service.name.clone(), settings: service.settings.clone() },
            (10, ..) => Edit::RemoveService { name: service.name.clone() },
            (11, Some(has), _) => Edit::UnassignRole { hostname, role: has.role.clone() },
            (12 | 13, Some(has), _) => {
                let same = wanted.roles.iter().find(|assignment| assignment.role == has.role);
                let settings = same.map(|assignment| assignment.settings.clone()).unwrap_or_default();
                Edit::UpdateSettings { hostname, role: has.role.clone(), settings }
            }
            (14, _, Some((role, settings))) => Edit::AssignRole { hostname, role, settings },
            _ => Edit::UpdateNode { hostname, facts: self.facts(node) },
        }
    }

    /// The first of the edits that fits, if one does: with other kinds tried in turn, nearly always one.
    pub(crate) fn fitting(&self, topology: &Topology) -> Edit {
        let fits = |edit: &Edit| apply(&mut topology.clone(), edit, Catalogue::built_in()).is_ok();
        (0..17)
            .map(|turn| Self { kind: (self.kind + turn) % 17, ..self.clone() }.of(topology))
            .find(fits)
            .unwrap_or_else(|| Edit::AddNode { node: self.node.clone() })
    }

    /// The same about a node that is there.
    pub(crate) fn about_a_node(&self) -> Self {
        Self { kind: [1, 11, 12, 14, 15][usize::from(self.kind) % 5], ..self.clone() }
    }

    /// True for half of them.
    pub(crate) fn is_even(&self) -> bool {
        self.field.is_multiple_of(2)
    }

    /// One fact changed.
    fn facts(&self, node: &Node) -> NodeFacts {
        let (mut facts, wanted) = (NodeFacts::from(node), NodeFacts::from(&self.node));
        match self.field {
            0 => facts.private_ip = wanted.private_ip,
            1 => facts.public_ip = wanted.public_ip,
            2 | 3 => facts.site = wanted.site,
            4 => facts.container = wanted.container,
            5 => facts.hardware.vcpus = wanted.hardware.vcpus,
            6 => facts.hardware.memory_mib = wanted.hardware.memory_mib,
            7 => facts.hardware.disk = wanted.hardware.disk,
            8 => facts.hardware.iops = wanted.hardware.iops,
            _ => facts = wanted,
        }
        facts
    }
}

/// One role with two settings of it, for edits that clash or do not.
pub(crate) fn role_with_two_settings() -> impl Strategy<Value = (String, Settings, Settings)> {
    role().prop_flat_map(|role| (Just(role.clone()), settings(&role), settings(&role)))
}
