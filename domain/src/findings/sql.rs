//! Rules about roles that replicate from a master, such as SQL.

use std::collections::HashMap;

use super::roles::is_ha;
use super::text::{HaLack, Problem};
use super::view::{RoleView, View, set, update};
use super::{Fix, Report, Subject};
use crate::catalogue::{Replication, ReplicationPart, Role};
use crate::topology::{Container, DiskKind, Hardware, Instance, Node, Place, Platform};

/// More offers of the same kind than this only crowd the page.
const OFFERS: usize = 3;

pub(super) fn check(view: &View<'_>, report: &mut Report<'_>) {
    for role_view in &view.roles {
        let Some(replication) = &role_view.role.replication else { continue };
        let parts = Parts::of(view, role_view, replication);
        no_master(&parts, report);
        many_masters(&parts, report);
        master_not_ha(&parts, report);
        too_many_slaves(&parts, report);
        master_weaker(&parts, report);
        disks(&parts, report);
    }
}

/// The instances of one role by the part they have.
struct Parts<'a> {
    view: &'a View<'a>,
    role: &'a Role,
    replication: &'a Replication,
    all: &'a RoleView<'a>,
    masters: Vec<Instance<'a>>,
    slaves: Vec<Instance<'a>>,
}

impl<'a> Parts<'a> {
    fn of(view: &'a View<'a>, all: &'a RoleView<'a>, replication: &'a Replication) -> Self {
        let (mut masters, mut slaves) = (Vec::new(), Vec::new());
        for &instance in &all.instances {
            match replication.part(instance.settings) {
                Some(ReplicationPart::Master) => masters.push(instance),
                Some(ReplicationPart::Slave) => slaves.push(instance),
                None => {}
            }
        }
        // Edits and names follow no order but this one.
        masters.sort_by_key(|master| master.place.name());
        Self { view, role: all.role, replication, all, masters, slaves }
    }

    /// Those that could be the master at once, the strongest first.
    fn candidates(&self, among: &[Instance<'a>]) -> Vec<(&'a Node, Instance<'a>)> {
        let on_nodes = among.iter().filter_map(|&instance| match instance.place {
            Place::Node(node) if is_ha(instance.place) && self.view.addressable(node) => Some((node, instance)),
            Place::Node(_) | Place::Service(_) => None,
        });
        let mut candidates: Vec<(&Node, Instance<'_>)> = on_nodes.collect();
        candidates.sort_by(|(a, _), (b, _)| {
            let strength = |node: &Node| (node.hardware.memory_mib, node.hardware.disk, node.hardware.iops);
            strength(b).cmp(&strength(a)).then_with(|| a.hostname.cmp(&b.hostname))
        });
        candidates.truncate(OFFERS);
        candidates
    }

    fn make(&self, instance: Instance<'_>, part: &str) -> crate::edit::Edit {
        set(instance, self.role, &self.replication.setting, part)
    }

    /// Swaps the only master with a slave that can take over.
    fn promotions(&self, master: Instance<'_>) -> Vec<Fix> {
        if self.masters.len() != 1 || !self.view.reachable(master) {
            return Vec::new();
        }
        let swap = |(node, slave): (&Node, Instance<'_>)| {
            let edits = vec![self.make(master, &self.replication.slave), self.make(slave, &self.replication.master)];
            Fix::new(format!("Make {} the master instead", node.hostname), edits)
        };
        self.candidates(&self.slaves).into_iter().map(swap).collect()
    }

    fn subject(&self) -> Subject {
        Subject::Role(self.role.id.clone())
    }
}

/// `sql.no-master`.
fn no_master(parts: &Parts<'_>, report: &mut Report<'_>) {
    if parts.all.instances.is_empty() || !parts.masters.is_empty() {
        return;
    }
    let fixes = parts
        .candidates(&parts.all.instances)
        .into_iter()
        .map(|(node, instance)| {
            Fix::new(
                format!("Make {} the master", node.hostname),
                vec![parts.make(instance, &parts.replication.master)],
            )
        })
        .collect();
    let problem = Problem::NoMaster { role: &parts.role.name, count: parts.all.instances.len() };
    report.add(&problem, parts.subject(), Some(&parts.role.id), fixes);
}

/// `sql.many-masters`.
fn many_masters(parts: &Parts<'_>, report: &mut Report<'_>) {
    if parts.masters.len() < 2 {
        return;
    }
    let names = parts.masters.iter().map(|master| master.place.name()).collect();
    let fixes = if parts.masters.iter().all(|&master| parts.view.reachable(master)) {
        let keep = |(node, kept): (&Node, Instance<'_>)| {
            let others = parts.masters.iter().filter(|other| !std::ptr::eq(other.settings, kept.settings));
            let edits = others.map(|&other| parts.make(other, &parts.replication.slave)).collect();
            Fix::new(format!("Keep {} as the only master", node.hostname), edits)
        };
        parts.candidates(&parts.masters).into_iter().map(keep).collect()
    } else {
        Vec::new()
    };
    let problem = Problem::ManyMasters { role: &parts.role.name, masters: names };
    report.add(&problem, parts.subject(), Some(&parts.role.id), fixes);
}

/// `sql.master-not-ha`.
fn master_not_ha(parts: &Parts<'_>, report: &mut Report<'_>) {
    for &master in &parts.masters {
        let Place::Node(node) = master.place else { continue };
        let lack = match node.container {
            None => HaLack::Unknown,
            Some(Container { platform: Platform::BareMetal, .. }) => HaLack::BareMetal,
            Some(Container { ha: false, .. }) => HaLack::NoHa,
            Some(Container { ha: true, .. }) => continue,
        };
        let mut fixes = Vec::new();
        if let (HaLack::NoHa, Some(container)) = (lack, node.container)
            && parts.view.addressable(node)
        {
            let label = format!("Turn on high availability for the container of {}", node.hostname);
            let edit = update(node, |facts| facts.container = Some(Container { ha: true, ..container }));
            fixes.push(Fix::new(label, vec![edit]));
        }
        fixes.extend(parts.promotions(master));
        let problem = Problem::MasterNotHa { role: &parts.role.name, lack };
        report.add(&problem, Subject::node(node), Some(&parts.role.id), fixes);
    }
}

/// `sql.too-many-slaves`. Which of them is least needed only people know, so there is no fix.
fn too_many_slaves(parts: &Parts<'_>, report: &mut Report<'_>) {
    let (slaves, useful) = (parts.slaves.len(), parts.replication.useful_slaves);
    if slaves > useful {
        let problem = Problem::TooManySlaves { role: &parts.role.name, slaves, useful };
        report.add(&problem, parts.subject(), Some(&parts.role.id), Vec::new());
    }
}

/// The best figures over all slaves, each where known.
struct Best {
    memory_mib: Option<u64>,
    disk: Option<DiskKind>,
    iops: HashMap<DiskKind, u64>,
}

impl Best {
    fn of(slaves: &[Instance<'_>]) -> Self {
        let mut best = Self { memory_mib: None, disk: None, iops: HashMap::new() };
        for slave in slaves {
            let Place::Node(Node { hardware: Hardware { memory_mib, disk, iops, vcpus: _, disk_gib: _ }, .. }) =
                slave.place
            else {
                continue;
            };
            best.memory_mib = best.memory_mib.max(*memory_mib);
            best.disk = best.disk.max(*disk);
            if let (Some(disk), Some(iops)) = (*disk, *iops) {
                let known = best.iops.entry(disk).or_insert(iops);
                *known = iops.max(*known);
            }
        }
        best
    }

    /// What the master has less of, where both sides are known.
    fn lacks(&self, master: &Hardware) -> Vec<String> {
        let mut lacks = Vec::new();
        if let (Some(have), Some(other)) = (master.memory_mib, self.memory_mib)
            && have < other
        {
            lacks.push(format!("less memory ({have} MiB against {other} MiB)"));
        }
        if let Some(have) = master.disk {
            if let Some(other) = self.disk.filter(|other| have < *other) {
                lacks.push(format!("a slower disk ({} against {})", have.as_str(), other.as_str()));
            } else if let (Some(iops), Some(&other)) = (master.iops, self.iops.get(&have))
                && iops < other
            {
                lacks.push(format!("a slower disk ({iops} IOPS against {other} IOPS)"));
            }
        }
        lacks
    }

    /// The master's hardware, raised to the best slave's.
    fn raise(&self, hardware: &mut Hardware) {
        hardware.memory_mib = hardware.memory_mib.map(|have| self.memory_mib.map_or(have, |other| have.max(other)));
        hardware.disk = hardware.disk.map(|have| self.disk.map_or(have, |other| have.max(other)));
        if let Some(&other) = hardware.disk.and_then(|disk| self.iops.get(&disk)) {
            hardware.iops = hardware.iops.map(|have| have.max(other));
        }
    }
}

/// `sql.master-weaker`.
fn master_weaker(parts: &Parts<'_>, report: &mut Report<'_>) {
    let best = Best::of(&parts.slaves);
    for &master in &parts.masters {
        let Place::Node(node) = master.place else { continue };
        let lacks = best.lacks(&node.hardware);
        if lacks.is_empty() {
            continue;
        }
        let mut fixes = Vec::new();
        if parts.view.addressable(node) {
            let label = format!("Give {} hardware as strong as the strongest slave's", node.hostname);
            fixes.push(Fix::new(label, vec![update(node, |facts| best.raise(&mut facts.hardware))]));
        }
        fixes.extend(parts.promotions(master));
        report.add(
            &Problem::MasterWeaker { role: &parts.role.name, lacks },
            Subject::node(node),
            Some(&parts.role.id),
            fixes,
        );
    }
}

/// `sql.slow-disk`, `sql.unknown-disk`. Whether a faster disk is to be had, and how fast it is, only people know.
fn disks(parts: &Parts<'_>, report: &mut Report<'_>) {
    let role = &parts.role.name;
    for (node, _) in parts.all.on_nodes() {
        let Hardware { disk, iops, .. } = node.hardware;
        if disk == Some(DiskKind::Hdd) {
            report.add(&Problem::SlowDisk { role }, Subject::node(node), Some(&parts.role.id), Vec::new());
        }
        if disk.is_none() || iops.is_none() {
            let problem = Problem::UnknownDisk { role, kind_known: disk.is_some() };
            report.add(&problem, Subject::node(node), Some(&parts.role.id), Vec::new());
        }
    }
}
