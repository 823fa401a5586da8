//! A topology counted once: what each role has, and what each node holds of it.

use std::collections::HashMap;

use crate::catalogue::{Catalogue, ReplicationPart, Role};
use crate::topology::{RoleId, Settings, Topology};

/// Everything that the questions of this module need, built in one pass over the topology.
pub(super) struct Stock<'a> {
    pub topology: &'a Topology,
    pub catalogue: &'a Catalogue,
    /// In the order of the catalogue.
    pub roles: Vec<RoleStock<'a>>,
    pub pools: Vec<Pool<'a>>,
    /// What all nodes hold, node after node.
    holdings: Vec<Held>,
    /// Where each node's part of `holdings` ends.
    ends: Vec<usize>,
}

/// One role and how many instances it has.
pub(super) struct RoleStock<'a> {
    pub role: &'a Role,
    /// All instances, services counted.
    pub of: usize,
    /// Those that are the master of a replicated role.
    pub masters: usize,
    /// With fewer instances the role does not work.
    pub needs: usize,
    /// Availability groups that have an instance.
    pub groups: usize,
}

/// Instances of one role that share a fate; an instance is in one or several.
pub(super) struct Pool<'a> {
    /// The role's place in the catalogue.
    pub role: usize,
    pub kind: PoolKind<'a>,
    /// How many instances it has, services counted.
    pub of: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum PoolKind<'a> {
    /// All instances of the role.
    All,
    /// The masters of a replicated role.
    Masters,
    /// Instances whose files are on their own machine.
    LocalFiles,
    /// The members of one availability group.
    Group(&'a str),
    /// Instances that should be in an availability group, but are in none.
    Ungrouped,
}

/// How many instances of a pool somebody holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Held {
    pub pool: usize,
    pub count: usize,
}

impl<'a> Stock<'a> {
    pub fn of(topology: &'a Topology, catalogue: &'a Catalogue) -> Self {
        let mut counting = Counting::new(catalogue);
        let mut holdings = Vec::with_capacity(topology.nodes.len() * 2);
        let mut ends = Vec::with_capacity(topology.nodes.len());
        for node in &topology.nodes {
            let start = holdings.len();
            for assignment in &node.roles {
                counting.add(&assignment.role, &assignment.settings, &mut holdings);
            }
            let merged = start + counting.merge(&mut holdings[start..]);
            holdings.truncate(merged);
            ends.push(merged);
        }
        // A service is outside of what can be taken away: it counts, but nobody holds it.
        let mut outside = Vec::new();
        for service in &topology.services {
            counting.add(&service.role, &service.settings, &mut outside);
        }
        let Counting { roles, pools, .. } = counting;
        Self { topology, catalogue, roles, pools, holdings, ends }
    }

    /// What one node holds, role by role.
    pub fn held_by(&self, node: usize) -> &[Held] {
        let start = if node == 0 { 0 } else { self.ends[node - 1] };
        &self.holdings[start..self.ends[node]]
    }

    /// What these nodes hold together, role by role.
    pub fn held_by_all(&self, nodes: &[usize]) -> Vec<Held> {
        let mut counts = vec![0; self.pools.len()];
        for held in nodes.iter().flat_map(|&node| self.held_by(node)) {
            counts[held.pool] += held.count;
        }
        let all = counts.into_iter().enumerate().filter(|(_, count)| *count > 0);
        let mut all: Vec<Held> = all.map(|(pool, count)| Held { pool, count }).collect();
        all.sort_unstable_by_key(|held| self.key(held.pool));
        all
    }

    /// By role, then by kind and group name, so that nothing depends on the order of nodes.
    pub fn key(&self, pool: usize) -> (usize, PoolKind<'a>) {
        (self.pools[pool].role, self.pools[pool].kind)
    }

    /// How many instances of that kind are held; of one role, where the slice is of one role.
    pub fn count(&self, held: &[Held], kind: PoolKind<'_>) -> usize {
        held.iter().filter(|held| self.pools[held.pool].kind == kind).map(|held| held.count).sum()
    }

    /// What is held, one slice for each role.
    pub fn by_role<'h>(&self, held: &'h [Held]) -> impl Iterator<Item = (usize, &'h [Held])> {
        held.chunk_by(|a, b| self.pools[a.pool].role == self.pools[b.pool].role)
            .map(|of_role| (self.pools[of_role[0].pool].role, of_role))
    }
}

/// The counts as they grow.
struct Counting<'a> {
    roles: Vec<RoleStock<'a>>,
    pools: Vec<Pool<'a>>,
    by_id: HashMap<&'a str, usize>,
    by_kind: HashMap<(usize, PoolKind<'a>), usize>,
}

impl<'a> Counting<'a> {
    fn new(catalogue: &'a Catalogue) -> Self {
        let stock = |role| RoleStock { role, of: 0, masters: 0, needs: needs(role), groups: 0 };
        let all = |role| Pool { role, kind: PoolKind::All, of: 0 };
        Self {
            roles: catalogue.roles.iter().map(stock).collect(),
            // The pool of all instances has the number of its role.
            pools: (0..catalogue.roles.len()).map(all).collect(),
            by_id: catalogue.roles.iter().enumerate().map(|(index, role)| (role.id.as_str(), index)).collect(),
            by_kind: HashMap::new(),
        }
    }

    /// Counts one instance, and adds the pools that it is in; one of a role that is unknown counts nowhere.
    fn add(&mut self, role: &RoleId, settings: &'a Settings, held: &mut Vec<Held>) {
        let Some(&index) = self.by_id.get(role.as_str()) else { return };
        let role = self.roles[index].role;
        self.roles[index].of += 1;
        self.pools[index].of += 1;
        held.push(Held { pool: index, count: 1 });
        if let Some(replication) = &role.replication
            && replication.part(settings) == Some(ReplicationPart::Master)
        {
            self.roles[index].masters += 1;
            held.push(self.pool(index, PoolKind::Masters));
        }
        if let Some(store) = &role.file_store
            && settings.get(&store.setting).and_then(|value| value.as_text()) == Some(&store.local)
        {
            held.push(self.pool(index, PoolKind::LocalFiles));
        }
        if let Some(rule) = &role.group {
            let name = settings.get(&rule.setting).and_then(|value| value.as_text());
            let kind = match name.filter(|name| !name.trim().is_empty()) {
                Some(name) => PoolKind::Group(name),
                None => PoolKind::Ungrouped,
            };
            held.push(self.pool(index, kind));
        }
    }

    fn pool(&mut self, role: usize, kind: PoolKind<'a>) -> Held {
        let pool = *self.by_kind.entry((role, kind)).or_insert_with(|| {
            if let PoolKind::Group(_) = kind {
                self.roles[role].groups += 1;
            }
            self.pools.push(Pool { role, kind, of: 0 });
            self.pools.len() - 1
        });
        self.pools[pool].of += 1;
        Held { pool, count: 1 }
    }

    /// Sorts by role and joins what is there twice, as in a file where one node has a role two times; how many are left.
    fn merge(&self, held: &mut [Held]) -> usize {
        held.sort_unstable_by_key(|held| (self.pools[held.pool].role, self.pools[held.pool].kind));
        let mut kept = 0;
        for index in 0..held.len() {
            if kept > 0 && held[kept - 1].pool == held[index].pool {
                held[kept - 1].count += held[index].count;
            } else {
                held[kept] = held[index];
                kept += 1;
            }
        }
        kept
    }
}

/// A minimum that no more than fills one availability group is there for failover, which one survivor has lost
/// but still works; any other minimum is what the work takes.
fn needs(role: &Role) -> usize {
    match &role.group {
        Some(rule) if role.min <= rule.min => 1,
        Some(_) | None => role.min.max(1),
    }
}
