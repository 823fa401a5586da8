//! The two nodes whose loss together is the worst.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::stock::{Held, PoolKind, Stock};
use super::whole::Judge;
use super::{Extent, Loss, lose};
use crate::catalogue::Catalogue;
use crate::topology::Topology;

/// Two nodes and what is lost without both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorstPair {
    /// Their hostnames, in order.
    pub nodes: [String; 2],
    /// What is lost without one of them alone, in the same order.
    pub alone: [Extent; 2],
    /// What is lost without both.
    pub loss: Loss,
}

/// The two nodes whose loss together is the worst; none where there are fewer than two nodes.
///
/// Many pairs are often equally bad, because any node beside one that everything hangs on makes such a pair. Of those
/// it is the pair whose nodes do least harm alone, which nobody would see coming; then the first by hostname.
///
/// Compares kinds of nodes, not nodes: nodes of one kind hold the same roles in groups of the same size. Pairs in one
/// group are looked at group by group. The time grows with the nodes, and with the square of the number of kinds.
pub fn worst_pair(topology: &Topology, catalogue: &Catalogue) -> Option<WorstPair> {
    let stock = Stock::of(topology, catalogue);
    let mut search = Search { judge: Judge::new(&stock), stock: &stock, best: None, buffer: Vec::new() };
    let exact = exact_kinds(&stock);
    search.apart(&sized_kinds(&stock, &exact));
    search.in_one_group(&exact);
    let Candidate { nodes, .. } = search.best?;
    Some(WorstPair {
        nodes: nodes.map(|node| topology.nodes[node].hostname.clone()),
        alone: nodes.map(|node| search.judge.extent(stock.held_by(node))),
        loss: lose::lose(&stock, &nodes),
    })
}

/// Nodes that are as good as each other here: the two that come first by hostname stand for all.
#[derive(Clone, Copy)]
struct Kind {
    first: usize,
    second: Option<usize>,
}

impl Kind {
    fn of(node: usize) -> Self {
        Self { first: node, second: None }
    }

    fn add(&mut self, stock: &Stock<'_>, node: usize) {
        let comes_before = |other: usize| hostname(stock, node) < hostname(stock, other);
        if comes_before(self.first) {
            self.second = Some(std::mem::replace(&mut self.first, node));
        } else if self.second.is_none_or(comes_before) {
            self.second = Some(node);
        }
    }

    /// The first two by hostname, one of each kind.
    fn with(self, other: Self) -> Option<[usize; 2]> {
        let second = if self.first == other.first { self.second? } else { other.first };
        Some([self.first, second])
    }
}

fn hostname<'s>(stock: &Stock<'s>, node: usize) -> &'s str {
    &stock.topology.nodes[node].hostname
}

/// Nodes that hold exactly the same: the same roles, in the same groups.
fn exact_kinds(stock: &Stock<'_>) -> Vec<Kind> {
    let mut places: HashMap<&[Held], usize> = HashMap::new();
    let mut kinds: Vec<Kind> = Vec::new();
    for node in 0..stock.topology.nodes.len() {
        let place = *places.entry(stock.held_by(node)).or_insert(kinds.len());
        match kinds.get_mut(place) {
            Some(kind) => kind.add(stock, node),
            None => kinds.push(Kind::of(node)),
        }
    }
    kinds
}

/// Nodes that hold the same but for the names of their groups, which are of the same size.
fn sized_kinds(stock: &Stock<'_>, exact: &[Kind]) -> Vec<Kind> {
    // A group is told by its role's number, which is also that of the pool of all instances, and its size; any other
    // pool by its own number and no size.
    let shape = |held: &Held| {
        let pool = &stock.pools[held.pool];
        match pool.kind {
            PoolKind::Group(_) => (pool.role, pool.of, held.count),
            _ => (held.pool, 0, held.count),
        }
    };
    let mut places: HashMap<Vec<(usize, usize, usize)>, usize> = HashMap::new();
    let mut kinds: Vec<Kind> = Vec::new();
    for kind in exact {
        let mut shapes: Vec<_> = stock.held_by(kind.first).iter().map(shape).collect();
        shapes.sort_unstable();
        let place = *places.entry(shapes).or_insert(kinds.len());
        match kinds.get_mut(place) {
            Some(same) => {
                same.add(stock, kind.first);
                if let Some(second) = kind.second {
                    same.add(stock, second);
                }
            }
            None => kinds.push(*kind),
        }
    }
    kinds
}

#[derive(Clone, Copy)]
struct Candidate {
    extent: Extent,
    /// The worse of the two alone.
    alone: Extent,
    nodes: [usize; 2],
}

struct Search<'s, 'a> {
    stock: &'s Stock<'a>,
    judge: Judge<'s, 'a>,
    best: Option<Candidate>,
    buffer: Vec<Held>,
}

impl Search<'_, '_> {
    /// Every two kinds, as if the two nodes were in different groups.
    ///
    /// Two nodes of one group lose at least that, so what is found is never more than what the pair loses, and what
    /// more it may lose is found by `in_one_group`.
    fn apart(&mut self, kinds: &[Kind]) {
        let alone: Vec<Extent> = kinds.iter().map(|kind| self.judge.extent(self.stock.held_by(kind.first))).collect();
        for (index, kind) in kinds.iter().enumerate() {
            for (other, &other_alone) in kinds[index..].iter().zip(&alone[index..]) {
                let Some(nodes) = kind.with(*other) else { continue };
                let alone = alone[index].max(other_alone);
                self.fill(nodes);
                let extent = self.judge.extent(&self.buffer);
                self.offer(Candidate { extent, alone, nodes });
            }
        }
    }

    /// Every two kinds that have a group in common, as they are.
    fn in_one_group(&mut self, kinds: &[Kind]) {
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); self.stock.pools.len()];
        for (index, kind) in kinds.iter().enumerate() {
            for held in self.stock.held_by(kind.first) {
                if let PoolKind::Group(_) = self.stock.pools[held.pool].kind {
                    members[held.pool].push(index);
                }
            }
        }
        for members in members {
            for (index, &kind) in members.iter().enumerate() {
                for &other in &members[index..] {
                    let Some(nodes) = kinds[kind].with(kinds[other]) else { continue };
                    let [alone, other_alone] = nodes.map(|node| self.judge.extent(self.stock.held_by(node)));
                    self.fill(nodes);
                    self.join();
                    let extent = self.judge.extent(&self.buffer);
                    self.offer(Candidate { extent, alone: alone.max(other_alone), nodes });
                }
            }
        }
    }

    /// What both hold, role by role; a pool that both hold is there twice.
    fn fill(&mut self, nodes: [usize; 2]) {
        let stock = self.stock;
        self.buffer.clear();
        self.buffer.extend(nodes.iter().flat_map(|&node| stock.held_by(node)));
        self.buffer.sort_unstable_by_key(|held| (stock.pools[held.pool].role, held.pool));
    }

    /// A pool that both hold is there once, with the sum.
    fn join(&mut self) {
        self.buffer.dedup_by(|next, kept| {
            let is_same = next.pool == kept.pool;
            if is_same {
                kept.count += next.count;
            }
            is_same
        });
    }

    fn offer(&mut self, mut candidate: Candidate) {
        let stock = self.stock;
        candidate.nodes.sort_by_key(|&node| hostname(stock, node));
        let rank = |candidate: &Candidate| {
            (Reverse(candidate.extent), candidate.alone, candidate.nodes.map(|node| hostname(stock, node)))
        };
        if self.best.as_ref().is_none_or(|best| rank(&candidate) < rank(best)) {
            self.best = Some(candidate);
        }
    }
}
