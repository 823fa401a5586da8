//! Several people on one draft, over a network that delays, repeats, reorders and loses.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::Server;
use crate::arbitrary::{Wish, wishes, with_some_ids};
use crate::catalogue::Catalogue;
use crate::change::LoggedEdit;
use crate::digest::of_topology;
use crate::draft::{Batch, Draft, Missed};
use crate::edit::{Edit, apply, carry_all};
use crate::topology::Topology;

/// What a person or the network does next.
#[derive(Clone, Debug)]
enum Move {
    /// A person acts.
    Act(usize, Vec<Wish>),
    Undo(usize),
    Redo(usize),
    /// A person insists on what was returned.
    Insist(usize),
    /// The next batch goes on its way; it also waits to be sent again.
    Send(usize),
    /// News of the log as it is now goes on its way.
    Tell(usize),
    /// A request arrives; whether it will arrive again, and whether its answer is lost.
    Arrive {
        which: Index,
        again: bool,
        lost: bool,
    },
    /// An answer or news arrives; whether it will arrive again.
    Hear {
        which: Index,
        again: bool,
    },
}

const PEOPLE: usize = 3;

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let person = || 0..PEOPLE;
    let any_of = || (any::<Index>(), any::<bool>());
    vec(
        prop_oneof![
            5 => (person(), wishes(4)).prop_map(|(person, wishes)| Move::Act(person, wishes)),
            2 => person().prop_map(Move::Undo),
            1 => person().prop_map(Move::Redo),
            1 => person().prop_map(Move::Insist),
            5 => person().prop_map(Move::Send),
            3 => person().prop_map(Move::Tell),
            6 => (any_of(), any::<bool>()).prop_map(|((which, again), lost)| Move::Arrive { which, again, lost }),
            7 => any_of().prop_map(|(which, again)| Move::Hear { which, again }),
        ],
        0..60,
    )
}

/// On its way to a person.
#[derive(Clone, Debug)]
enum Word {
    News(Vec<LoggedEdit>),
    Taken { key: String, log: Vec<LoggedEdit> },
    Refused { key: String, reason: String, can_be_forced: bool },
}

struct World {
    server: Server,
    people: Vec<Draft>,
    requests: Vec<(usize, Batch, i64)>,
    words: Vec<(usize, Word)>,
    keys: usize,
    /// Keys of all acts, and of those that asked for nothing new.
    acts: BTreeSet<String>,
    met: BTreeSet<String>,
}

impl World {
    fn new(base: Topology) -> Self {
        let server = Server::new(base);
        let people = vec![server.open(); PEOPLE];
        let (requests, words, acts, met) = Default::default();
        Self { server, people, requests, words, keys: 0, acts, met }
    }

    fn key(&mut self) -> String {
        self.keys += 1;
        let key = format!("key-{}", self.keys);
        self.acts.insert(key.clone());
        key
    }

    fn make(&mut self, next: Move) -> Result<(), TestCaseError> {
        match next {
            Move::Act(person, wishes) => {
                let draft = &self.people[person];
                let edits = that_fit(draft.desired(), &wishes);
                let before = draft.unsent();
                let key = self.key();
                let done = self.people[person].act(key.clone(), "Act".to_owned(), edits);
                prop_assert_eq!(done, Ok(()));
                self.forget_if_nothing_was_done(person, before, &key);
            }
            Move::Undo(person) => {
                let key = self.key();
                let before = self.people[person].unsent();
                let _ = self.people[person].undo(key.clone());
                self.forget_if_nothing_was_done(person, before, &key);
            }
            Move::Redo(person) => {
                let key = self.key();
                let before = self.people[person].unsent();
                let _ = self.people[person].redo(key.clone());
                self.forget_if_nothing_was_done(person, before, &key);
            }
            Move::Insist(person) => {
                let key = self.key();
                let before = self.people[person].unsent();
                let returned: Vec<String> =
                    self.people[person].returned().iter().map(|returned| returned.batch.key.clone()).collect();
                if let (Some(first), Ok(())) = (returned.first(), self.people[person].insist(0, key.clone())) {
                    // From here on the new batch stands for it.
                    self.acts.remove(first);
                }
                self.forget_if_nothing_was_done(person, before, &key);
            }
            Move::Send(person) => {
                let draft = &self.people[person];
                let request = draft.next_batch().map(|batch| (person, batch.clone(), draft.sequence()));
                self.requests.extend(request);
            }
            Move::Tell(person) => {
                let log = self.server.tail(self.people[person].sequence());
                self.words.push((person, Word::News(log)));
            }
            Move::Arrive { which, again, lost } => {
                if let Some((person, batch, after)) = pick(&mut self.requests, which, again) {
                    let outcome = self.server.take(&batch, after);
                    let key = batch.key;
                    let word = match outcome {
                        Ok(()) => Word::Taken { key, log: self.server.tail(after) },
                        Err(conflict) => {
                            let can_be_forced = conflict.can_be_forced();
                            Word::Refused { key, reason: conflict.to_string(), can_be_forced }
                        }
                    };
                    self.words.extend((!lost).then_some((person, word)));
                }
            }
            Move::Hear { which, again } => {
                if let Some((person, word)) = pick(&mut self.words, which, again) {
                    self.hear(person, word)?;
                }
            }
        }
        Ok(())
    }

    fn forget_if_nothing_was_done(&mut self, person: usize, before: usize, key: &str) {
        if self.people[person].unsent() == before {
            self.acts.remove(key);
        }
    }

    fn hear(&mut self, person: usize, word: Word) -> Result<(), TestCaseError> {
        let before = self.people[person].clone();
        let outcome = match word {
            Word::News(log) => self.people[person].settle(&log, None),
            Word::Taken { key, log } => {
                let outcome = self.people[person].settle(&log, Some(&key));
                // Taken with nothing in the log: it asked for nothing new.
                if self.server.log.iter().all(|logged| logged.batch.as_ref() != Some(&key)) {
                    self.met.insert(key);
                }
                outcome
            }
            Word::Refused { key, reason, can_be_forced } => {
                self.people[person].give_back(&key, &reason, can_be_forced);
                Ok(())
            }
        };
        if outcome == Err(Missed) {
            let Server { base, log, .. } = &self.server;
            let reopened = self.people[person].reopen(base.clone(), 0, log, Catalogue::built_in().clone());
            prop_assert_eq!(reopened, Ok(()));
        }
        self.is_whole(person, &before)
    }

    /// What a person sees is what the server has told, with what waits; what waits no longer is accounted for.
    fn is_whole(&mut self, person: usize, before: &Draft) -> Result<(), TestCaseError> {
        let draft = &self.people[person];
        let mut expected = self.server.at(draft.sequence());
        for batch in &draft.pending {
            prop_assert!(!batch.edits.is_empty());
            for edit in &batch.edits {
                prop_assert_eq!(apply(&mut expected, edit, Catalogue::built_in()), Ok(()));
            }
        }
        prop_assert_eq!(of_topology(draft.desired()), of_topology(&expected));
        let told: BTreeSet<&str> = self.server.log.iter().filter_map(|logged| logged.batch.as_deref()).collect();
        for (place, batch) in before.pending.iter().enumerate() {
            let key = &batch.key;
            let waits = draft.pending.iter().any(|waiting| waiting.key == *key);
            let is_returned = draft.returned.iter().any(|returned| returned.batch.key == *key);
            if waits || is_returned || told.contains(key.as_str()) || self.met.contains(key) {
                continue;
            }
            if place == 0 {
                let mut now = self.server.at(draft.sequence());
                let carried = carry_all(&batch.edits, before.settled.clone(), &mut now, Catalogue::built_in());
                prop_assert_eq!(carried, Ok(Vec::new()), "{} vanished", key);
            }
            self.met.insert(key.clone());
        }
        Ok(())
    }

    /// The network is well again, and everything arrives.
    fn settle_down(&mut self) -> Result<(), TestCaseError> {
        for turn in 0..2 {
            for person in 0..PEOPLE {
                while let Some(batch) = self.people[person].next_batch().cloned() {
                    prop_assert_eq!(turn, 0, "still something to send");
                    let after = self.people[person].sequence();
                    let key = batch.key.clone();
                    let word = match self.server.take(&batch, after) {
                        Ok(()) => Word::Taken { key, log: self.server.tail(after) },
                        Err(conflict) => {
                            Word::Refused { key, reason: conflict.to_string(), can_be_forced: conflict.can_be_forced() }
                        }
                    };
                    self.hear(person, word)?;
                }
                let news = self.server.tail(self.people[person].sequence());
                self.hear(person, Word::News(news))?;
            }
        }
        Ok(())
    }

    fn nothing_is_lost_or_done_twice(&self) -> Result<(), TestCaseError> {
        let now = of_topology(&self.server.now());
        for draft in &self.people {
            prop_assert_eq!(of_topology(draft.desired()), now);
            prop_assert_eq!(draft.unsent(), 0);
        }
        let mut runs: Vec<&str> = self.server.log.iter().filter_map(|logged| logged.batch.as_deref()).collect();
        runs.dedup();
        let logged: BTreeSet<&str> = runs.iter().copied().collect();
        prop_assert_eq!(logged.len(), runs.len(), "a batch is in the log once, in one piece");
        let returned: Vec<&str> =
            self.people.iter().flat_map(Draft::returned).map(|returned| returned.batch.key.as_str()).collect();
        for key in &self.acts {
            let key = key.as_str();
            let places =
                usize::from(logged.contains(key)) + returned.iter().filter(|returned| **returned == key).count();
            prop_assert!(places == 1 || places == 0 && self.met.contains(key), "{} is in {} places", key, places);
        }
        Ok(())
    }
}

fn pick<T: Clone>(from: &mut Vec<T>, which: Index, again: bool) -> Option<T> {
    if from.is_empty() {
        return None;
    }
    let place = which.index(from.len());
    Some(if again { from[place].clone() } else { from.remove(place) })
}

fn that_fit(topology: &Topology, wishes: &[Wish]) -> Vec<Edit> {
    let mut topology = topology.clone();
    let edits = wishes.iter().map(|wish| {
        let edit = wish.fitting(&topology);
        apply(&mut topology, &edit, Catalogue::built_in()).ok().map(|()| edit)
    });
    edits.collect::<Vec<_>>().into_iter().flatten().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 3_000, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn all_see_the_same_in_the_end(base in with_some_ids(), moves in moves()) {
        let mut world = World::new(base);
        for next in moves {
            world.make(next)?;
        }
        world.settle_down()?;
        world.nothing_is_lost_or_done_twice()?;
    }

    /// Back to the start and on to the end, as often as one likes, whether or not the server has it by then.
    #[test]
    fn undo_leads_to_the_start_and_redo_to_the_end(
        base in with_some_ids(), acts in vec((wishes(5), any::<bool>()), 0..12), synced in any::<u16>(),
    ) {
        let mut server = Server::new(base.clone());
        let mut draft = server.open();
        let is_synced = |turn: u16| (synced >> (turn % 16)) & 1 == 1;
        let mut key = 0;
        let mut next_key = || { key += 1; format!("key-{key}") };
        for (wishes, sync) in acts {
            let edits = that_fit(draft.desired(), &wishes);
            prop_assert_eq!(draft.act(next_key(), "Act".to_owned(), edits), Ok(()));
            if sync { server.sync(&mut draft); }
        }
        // A node without an id, the draft's or one that comes back, gets one when the server takes it.
        let without_ids = |topology: &Topology| {
            let mut topology = topology.clone();
            topology.nodes.iter_mut().for_each(|node| node.id = None);
            of_topology(&topology)
        };
        let end = without_ids(draft.desired());
        for round in 0..2u16 {
            let mut undone = 0u16;
            while let Some(outcome) = draft.undo(next_key()) {
                prop_assert_eq!(outcome, Ok("Act".to_owned()));
                undone += 1;
                if is_synced(undone + round) { server.sync(&mut draft); }
            }
            prop_assert_eq!(without_ids(draft.desired()), without_ids(&base));
            while let Some(outcome) = draft.redo(next_key()) {
                prop_assert_eq!(outcome, Ok("Act".to_owned()));
                undone -= 1;
                if is_synced(undone + round) { server.sync(&mut draft); }
            }
            prop_assert_eq!(undone, 0);
            prop_assert_eq!(without_ids(draft.desired()), end);
        }
        prop_assert!(draft.returned().is_empty());
        server.sync(&mut draft);
        prop_assert_eq!(of_topology(draft.desired()), of_topology(&server.now()));
    }
}
