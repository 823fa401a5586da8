//! The role map with a change laid over it: what comes, what differs, and what goes, beside what stays.

use std::collections::BTreeMap;

use strata_domain::catalogue::{Catalogue, Role};
use strata_domain::diff::{Diff, NodeDiff, Presence};
use strata_domain::findings::Finding;
use strata_domain::topology::{Instance, Place, Topology};
use strata_domain::whatif::Extent;

use super::build::{Marks, bands_of, worst_by_place};
use super::{Band, RoleCard, Touched};

/// The bands of the desired topology, with what goes still drawn. What a change touches is drawn before the rest, so that
/// a role of hundreds shows it. `without` is what is lost without each node of the desired topology, by hostname.
pub(in crate::api) fn overlay(
    base: &Topology,
    desired: &Topology,
    diff: &Diff,
    findings: &[Finding],
    without: &BTreeMap<&str, Extent>,
    catalogue: &Catalogue,
) -> Vec<Band> {
    let change = touched(base, desired, diff);
    let marks = Marks { worst: worst_by_place(findings), without: without.clone(), change };
    let goes = |instance: &Instance<'_>| {
        marks.change.get(&(instance.place.name(), instance.role.as_str())) == Some(&Presence::Removed)
    };
    let all: Vec<Instance<'_>> = desired.instances().chain(base.instances().filter(goes)).collect();
    let mark_of = |instance: &Instance<'_>| marks.change.get(&(instance.place.name(), instance.role.as_str())).copied();
    bands_of(catalogue, |role: &Role| {
        let mut of_role: Vec<Instance<'_>> = all.iter().copied().filter(|instance| *instance.role == role.id).collect();
        of_role.sort_by_key(|instance| mark_of(instance).is_none());
        let count = |presence| of_role.iter().filter(|instance| mark_of(instance) == Some(presence)).count();
        let touched = Touched {
            added: count(Presence::Added),
            changed: count(Presence::Changed),
            removed: count(Presence::Removed),
        };
        let card = RoleCard::of(role, &of_role, findings, &marks);
        RoleCard { instances: card.instances - touched.removed, touched, ..card }
    })
}

/// What a change does to each instance that it touches, by place and role. A node that is another changes all its roles.
fn touched<'a>(base: &'a Topology, desired: &'a Topology, diff: &Diff) -> BTreeMap<(&'a str, &'a str), Presence> {
    let nodes: BTreeMap<&str, &NodeDiff> = diff.nodes.iter().map(|node| (node.hostname.as_str(), node)).collect();
    let services: BTreeMap<&str, Presence> =
        diff.services.iter().map(|service| (service.name.as_str(), service.presence)).collect();
    let of = |instance: &Instance<'a>, side: Presence| -> Option<Presence> {
        let presence = match instance.place {
            Place::Service(service) => services.get(service.name.as_str()).copied()?,
            Place::Node(node) => {
                let differs = nodes.get(node.hostname.as_str())?;
                match differs.presence {
                    Presence::Changed => {
                        let role = differs.roles.iter().find(|role| role.role == *instance.role);
                        let facts = !differs.fields.is_empty() || differs.renamed_from.is_some();
                        role.map(|role| role.presence).or(facts.then_some(Presence::Changed))?
                    }
                    whole => whole,
                }
            }
        };
        // What goes is looked for in the base, the rest in what is wanted: a name may go and come again.
        ((presence == Presence::Removed) == (side == Presence::Removed)).then_some(presence)
    };
    let key = |instance: &Instance<'a>| (instance.place.name(), instance.role.as_str());
    let goes = base.instances().filter_map(|instance| Some((key(&instance), of(&instance, Presence::Removed)?)));
    let stays = desired.instances().filter_map(|instance| Some((key(&instance), of(&instance, Presence::Changed)?)));
    goes.chain(stays).collect()
}
