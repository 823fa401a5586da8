//! From a topology to what the role map shows of it.

use std::collections::{BTreeMap, BTreeSet};

use strata_domain::catalogue::{Catalogue, Layer, ReplicationPart, Role};
use strata_domain::checked::Checked;
use strata_domain::diff::Presence;
use strata_domain::environment::Revision;
use strata_domain::findings::{self, Finding, Severity, Subject};
use strata_domain::topology::{Instance, Place};
use strata_domain::whatif::Extent;
use strata_domain::words::counted;

use super::machine;
use super::{Band, Cluster, InstanceRow, Pip, RoleCard, RoleMapView, RolePanel, Touched};

/// Instances of a role that a card draws; the rest are a count, so that a role of thousands stays one card.
const DRAWN_INSTANCES: usize = 60;
/// Instances that an opened role lists.
const LISTED_INSTANCES: usize = 200;
/// Findings that the map lists; the counts cover all.
const LISTED_FINDINGS: usize = 100;

impl RoleMapView {
    /// Bands, cards and findings of a topology; linear in its size.
    pub(super) fn of(revision: Option<Revision>, checked: &Checked, opened: Option<&str>) -> Self {
        let (topology, catalogue) = (&*checked.topology, &*checked.catalogue);
        let findings = if revision.is_some() { checked.findings() } else { &[] };
        let marks = Marks { worst: worst_by_place(findings), without: loss_by_node(checked), ..Marks::default() };
        let mut instances: BTreeMap<&str, Vec<Instance<'_>>> = BTreeMap::new();
        for instance in topology.instances() {
            instances.entry(instance.role.as_str()).or_default().push(instance);
        }
        let of_role = |role: &Role| instances.get(role.id.as_str()).map_or(&[][..], Vec::as_slice);
        let bands = bands_of(catalogue, |role| RoleCard::of(role, of_role(role), findings, &marks));
        let opened =
            opened.and_then(|id| catalogue.role(id)).map(|role| RolePanel::of(role, of_role(role), findings, &marks));
        let summary = findings::summary(findings);
        let findings = findings.iter().take(LISTED_FINDINGS).cloned().collect();
        Self {
            environment: topology.environment.clone(),
            revision,
            live: None,
            groups: topology.availability_groups.len(),
            bands,
            summary,
            findings,
            opened,
            start_refused: None,
            import_refused: None,
        }
    }
}

/// What sets a place apart on the map, by its name.
#[derive(Default)]
pub(super) struct Marks<'a> {
    pub(super) worst: BTreeMap<&'a str, Severity>,
    pub(super) without: BTreeMap<&'a str, Extent>,
    /// What a change does, by place and role.
    pub(super) change: BTreeMap<(&'a str, &'a str), Presence>,
}

impl Marks<'_> {
    fn without(&self, place: Place<'_>) -> Extent {
        match place {
            Place::Node(node) => self.without.get(node.hostname.as_str()).copied().unwrap_or(Extent::Nothing),
            Place::Service(_) => Extent::Nothing,
        }
    }
}

/// The bands of a catalogue with a card for each role.
pub(super) fn bands_of(catalogue: &Catalogue, card: impl Fn(&Role) -> RoleCard) -> Vec<Band> {
    let of_layer = |layer| catalogue.roles.iter().filter(move |role| role.layer == layer);
    Layer::ALL.into_iter().map(|layer| Band { layer, roles: of_layer(layer).map(&card).collect() }).collect()
}

/// What is lost without each node, by its hostname.
pub(in crate::api) fn loss_by_node(checked: &Checked) -> BTreeMap<&str, Extent> {
    let hostnames = checked.topology.nodes.iter().map(|node| node.hostname.as_str());
    hostnames.zip(checked.losses().iter().copied()).collect()
}

/// The worst finding at each node, service or instance, by the place's name.
pub(super) fn worst_by_place(findings: &[Finding]) -> BTreeMap<&str, Severity> {
    let mut worst = BTreeMap::new();
    for finding in findings {
        let place = match &finding.subject {
            Subject::Node(hostname) => hostname.as_str(),
            Subject::Instance(instance) => instance.rsplit_once('/').map_or(instance.as_str(), |(place, _)| place),
            Subject::Role(_) | Subject::Group(_) | Subject::Topology(_) => continue,
        };
        let entry = worst.entry(place).or_insert(finding.severity);
        *entry = (*entry).min(finding.severity);
    }
    worst
}

impl RoleCard {
    pub(super) fn of(role: &Role, instances: &[Instance<'_>], findings: &[Finding], marks: &Marks<'_>) -> Self {
        let mut clusters: BTreeMap<String, Vec<Pip>> = BTreeMap::new();
        let group_setting = role.group.as_ref().map(|rule| rule.setting.as_str());
        for instance in instances.iter().take(DRAWN_INSTANCES) {
            let name = group_setting.and_then(|name| setting(instance, name)).unwrap_or_default();
            clusters.entry(name).or_default().push(Pip {
                place: instance.place.name().to_owned(),
                mark: match instance.place {
                    Place::Service(_) => "service".to_owned(),
                    Place::Node(_) if part(role, instance) == Some(ReplicationPart::Master) => "master".to_owned(),
                    Place::Node(_) => String::new(),
                },
                worst: marks.worst.get(instance.place.name()).copied(),
                without: marks.without(instance.place),
                change: marks.change.get(&(instance.place.name(), role.id.as_str())).copied(),
            });
        }
        let of_role: Vec<&Finding> =
            findings.iter().filter(|finding| finding.role.as_ref() == Some(&role.id)).collect();
        Self {
            id: role.id.to_string(),
            name: role.name.clone(),
            instances: instances.len(),
            shape: shape(role, instances),
            clusters: clusters.into_iter().map(|(name, pips)| Cluster { name, pips }).collect(),
            not_drawn: instances.len().saturating_sub(DRAWN_INSTANCES),
            touched: Touched::default(),
            summary: findings::summary(of_role),
        }
    }
}

impl RolePanel {
    fn of(role: &Role, instances: &[Instance<'_>], findings: &[Finding], marks: &Marks<'_>) -> Self {
        Self {
            role: role.clone(),
            total: instances.len(),
            instances: instances
                .iter()
                .take(LISTED_INSTANCES)
                .map(|instance| InstanceRow::of(instance, marks))
                .collect(),
            findings: findings.iter().filter(|finding| finding.role.as_ref() == Some(&role.id)).cloned().collect(),
        }
    }
}

impl InstanceRow {
    fn of(instance: &Instance<'_>, marks: &Marks<'_>) -> Self {
        let without = marks.without(instance.place);
        let settings =
            instance.settings.iter().map(|(name, value)| format!("{}: {value}", name.replace('_', " "))).collect();
        match instance.place {
            Place::Service(service) => Self {
                place: service.name.clone(),
                service: true,
                addresses: Vec::new(),
                site: None,
                settings,
                machine: String::new(),
                without,
            },
            Place::Node(node) => Self {
                place: node.hostname.clone(),
                service: false,
                addresses: [Some(node.private_ip), node.public_ip]
                    .into_iter()
                    .flatten()
                    .map(|ip| ip.to_string())
                    .collect(),
                site: node.site.clone(),
                settings,
                machine: machine::in_words(node.container, node.hardware),
                without,
            },
        }
    }
}

fn part(role: &Role, instance: &Instance<'_>) -> Option<ReplicationPart> {
    role.replication.as_ref().and_then(|replication| replication.part(instance.settings))
}

fn setting(instance: &Instance<'_>, name: &str) -> Option<String> {
    instance.settings.get(name).map(ToString::to_string)
}

/// The instances in words, by what sets them apart: the first choice setting, the groups, or node and service.
fn shape(role: &Role, instances: &[Instance<'_>]) -> String {
    if instances.is_empty() {
        return "no instance".to_owned();
    }
    if let Some(name) = role.group.as_ref().map(|rule| rule.setting.as_str()) {
        let groups: BTreeSet<String> = instances.iter().filter_map(|i| setting(i, name)).collect();
        return format!("{} in {}", counted(instances.len(), "node"), counted(groups.len(), "group"));
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for instance in instances {
        let word = match instance.place {
            Place::Service(_) => "service".to_owned(),
            Place::Node(_) => match part(role, instance) {
                Some(ReplicationPart::Master) => "master".to_owned(),
                Some(ReplicationPart::Slave) => "slave".to_owned(),
                None => "node".to_owned(),
            },
        };
        *counts.entry(word).or_default() += 1;
    }
    counts.into_iter().map(|(word, count)| counted(count, &word)).collect::<Vec<_>>().join(", ")
}
