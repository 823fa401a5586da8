//! Puts drafts of steps into one canonical order, each after all it depends on.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::Step;

/// A step whose dependencies are still places in the list of drafts.
pub(super) struct Draft {
    pub step: Step,
    pub rank: Rank,
    pub after: Vec<usize>,
}

/// Where a step wants to be among those that could run at the same time; made of content only, never of list order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    /// 0 groups and nodes made ready, 1 roles built up, 2 roles taken down, 3 nodes and groups given up.
    pub stage: u8,
    /// The role's place: storage first when building up, last when taking down.
    pub role: usize,
    /// 0 for single instances, 1 for the role as a whole.
    pub whole: u8,
    /// The place's name in lower case.
    pub place: String,
}

/// The steps, smallest rank first among those whose dependencies are done.
pub(super) fn in_order(mut drafts: Vec<Draft>) -> Vec<Step> {
    for draft in &mut drafts {
        draft.after.sort_unstable();
        draft.after.dedup();
    }
    make_ids_unique(&mut drafts);
    let mut waits_for: Vec<usize> = drafts.iter().map(|draft| draft.after.len()).collect();
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); drafts.len()];
    for (index, draft) in drafts.iter().enumerate() {
        for &before in &draft.after {
            followers[before].push(index);
        }
    }
    let key = |index: usize| {
        let Draft { step, rank, after: _ } = &drafts[index];
        Reverse((rank, step.kind, step.id.as_str(), index))
    };
    let mut free: BinaryHeap<_> = (0..drafts.len()).filter(|&index| waits_for[index] == 0).map(key).collect();
    let mut order = Vec::with_capacity(drafts.len());
    while let Some(Reverse((_, _, _, index))) = free.pop() {
        order.push(index);
        for &follower in &followers[index] {
            waits_for[follower] -= 1;
            if waits_for[follower] == 0 {
                free.push(key(follower));
            }
        }
    }
    // Dependencies never go round in a circle (a property test holds it); if they did, no step would be lost.
    if order.len() < drafts.len() {
        let mut left: Vec<usize> = (0..drafts.len()).filter(|&index| waits_for[index] > 0).collect();
        left.sort_by(|&a, &b| key(b).cmp(&key(a)));
        order.extend(left);
    }

    let mut position = vec![0; drafts.len()];
    for (place, &index) in order.iter().enumerate() {
        position[index] = place;
    }
    let ids: Vec<String> = drafts.iter().map(|draft| draft.step.id.clone()).collect();
    let mut steps: Vec<Option<Draft>> = drafts.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(|index| steps[index].take())
        .map(|Draft { mut step, mut after, rank: _ }| {
            after.sort_unstable_by_key(|&before| position[before]);
            step.depends_on = after.into_iter().map(|before| ids[before].clone()).collect();
            step
        })
        .collect()
}

/// Hostnames that occur twice (a blocker, but a plan is still shown) would give two steps one id.
fn make_ids_unique(drafts: &mut [Draft]) {
    let mut seen: HashMap<String, usize> = HashMap::with_capacity(drafts.len());
    for draft in drafts {
        let count = seen.entry(draft.step.id.clone()).or_insert(0);
        *count += 1;
        if *count > 1 {
            draft.step.id = format!("{}#{count}", draft.step.id);
        }
    }
}
