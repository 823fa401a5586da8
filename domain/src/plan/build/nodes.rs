//! Nodes that are made ready and given up, each once its hostname and address are free.

use super::Builder;
use crate::edit::NodeFacts;
use crate::pairing::lower_case;
use crate::plan::changes::NodeChange;
use crate::plan::order::{About, Draft, Rank};
use crate::plan::{Effect, Impact, StepKind, impact};

impl Builder<'_, '_> {
    /// Makes nodes ready: those that are new, and those that change in themselves.
    pub(super) fn nodes_prepared(&mut self) {
        let changes = self.changes;
        for (index, change) in changes.nodes.iter().enumerate() {
            let Some(after) = change.after else { continue };
            let (impact, effect) = match change.before {
                None => (Impact::None, Effect::NodeAdded { facts: Box::new(NodeFacts::from(after)) }),
                Some(before) => (
                    impact::of_node_change(before, after, self.catalogue),
                    Effect::NodeChanged {
                        hostname_before: before.hostname.clone(),
                        before: Box::new(NodeFacts::from(before)),
                        after: Box::new(NodeFacts::from(after)),
                    },
                ),
            };
            let rank = Rank { stage: 0, role: 1, whole: 0, place: lower_case(&after.hostname) };
            let about = About::Node(&after.hostname);
            let kind = StepKind::PrepareNode;
            self.node_steps[index] = Some(self.add(Draft { kind, about, impact, effect, rank, after: Vec::new() }));
        }
    }

    /// Gives nodes up once their roles are gone.
    pub(super) fn nodes_retired(&mut self) {
        let changes = self.changes;
        for (index, change) in changes.nodes.iter().enumerate() {
            let (Some(before), None) = (change.before, change.after) else { continue };
            let rank = Rank { stage: 3, role: 0, whole: 0, place: lower_case(&before.hostname) };
            let effect = Effect::NodeRemoved { facts: Box::new(NodeFacts::from(before)) };
            let after = self.removals_of_node[index].clone();
            let about = About::Node(&before.hostname);
            let (kind, impact) = (StepKind::RetireNode, Impact::None);
            self.node_steps[index] = Some(self.add(Draft { kind, about, impact, effect, rank, after }));
        }
    }

    /// Lets whoever takes a hostname or an address wait for the node that gives it away.
    pub(super) fn nodes_take_turns(&mut self) {
        for (taker, giver) in turns(&self.changes.nodes) {
            if let (Some(step), Some(before)) = (self.node_steps[taker], self.node_steps[giver]) {
                self.drafts[step].after.push(before);
            }
        }
    }
}

/// Who waits for whom, as places in the list: every taker for its givers, but for one of each circle.
fn turns(nodes: &[NodeChange<'_>]) -> Vec<(usize, usize)> {
    #[derive(Clone, Copy, PartialEq)]
    enum Visit {
        Ahead,
        UnderWay,
        Done,
    }
    let mut visits = vec![Visit::Ahead; nodes.len()];
    let mut turns = Vec::new();
    for start in 0..nodes.len() {
        if visits[start] != Visit::Ahead {
            continue;
        }
        visits[start] = Visit::UnderWay;
        // Addresses can move on over thousands of nodes: a list instead of recursion. With each node its next giver.
        let mut path = vec![(start, 0)];
        while let Some((taker, next)) = path.last_mut() {
            let taker = *taker;
            let Some(&giver) = nodes[taker].takes_from.get(*next) else {
                visits[taker] = Visit::Done;
                path.pop();
                continue;
            };
            *next += 1;
            match visits[giver] {
                // They go round in a circle, so one of them has to be first.
                Visit::UnderWay => {}
                Visit::Done => turns.push((taker, giver)),
                Visit::Ahead => {
                    turns.push((taker, giver));
                    visits[giver] = Visit::UnderWay;
                    path.push((giver, 0));
                }
            }
        }
    }
    turns
}
