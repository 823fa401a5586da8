//! One person's session on a draft: what the server has, what is on its way there, and the way back.
//!
//! The server keeps the log, and orders it. Here every act is shown at once, and its edits wait as a batch until the
//! server has taken them. What others did arrives in between; the batches are carried over it ([`crate::edit::carry`]),
//! and what no longer fits goes back to its author with the reason. Nothing is dropped in silence.
//!
//! Keys of batches are made outside, since there is no randomness here; the server takes a batch of one key once.

mod act;
mod known;
mod returned;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::catalogue::Catalogue;
use crate::change::LoggedEdit;
use crate::edit::{
    Conflict, Edit, EditError, Indexed, ReplayError, apply_all, carried, carry_all, carry_on, check_text, force_on,
    named_by, replay,
};
use crate::limits;
use crate::text::{excerpt, visible};
use crate::topology::Topology;
use act::Act;

pub use known::Known;

/// Longest label, in characters.
pub const LABEL_MAX: usize = 200;

/// Edits that are taken together or not at all, on their way to the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Unique to this batch: sent twice, it is taken once.
    pub key: String,
    /// What it does, for people: "Move 3 nodes to ag-2".
    pub label: String,
    /// Its edits, in order.
    pub edits: Vec<Edit>,
}

/// A batch that could not be taken, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// The batch as it was.
    pub batch: Batch,
    /// Why, in a sentence.
    pub reason: String,
    /// Whether [`Draft::insist`] can do it all the same.
    pub can_be_forced: bool,
    /// What it names, as its author saw it.
    seen: Topology,
}

/// The log moved by more than was told: the whole draft has to be read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("some edits were missed")]
pub struct Missed;

/// A draft as one person works on it.
#[derive(Clone, Debug)]
pub struct Draft {
    catalogue: Catalogue,
    base: Topology,
    /// Base with every edit that the server has told of.
    settled: Topology,
    /// The last of those edits.
    sequence: i64,
    /// What the server has not taken yet, first come first.
    pending: Vec<Batch>,
    /// Settled with what is pending: what the person sees.
    desired: Topology,
    undo: Vec<Act>,
    redo: Vec<Act>,
    returned: Vec<Returned>,
    moves: u64,
}

impl Draft {
    /// The draft as the server has it: the edits in force, which follow the sequence number `after`.
    ///
    /// # Errors
    /// Where the log does not fit the base, which no server lets happen.
    pub fn open(base: Topology, after: i64, log: &[LoggedEdit], catalogue: Catalogue) -> Result<Self, ReplayError> {
        let settled = replay(&base, log.iter().map(|logged| &logged.edit), &catalogue)?;
        let sequence = log.last().map_or(after, |logged| logged.sequence);
        let desired = settled.clone();
        Ok(Self {
            catalogue,
            base,
            settled,
            sequence,
            desired,
            pending: Vec::new(),
            undo: Vec::new(),
            redo: Vec::new(),
            returned: Vec::new(),
            moves: 0,
        })
    }

    /// Takes up the draft as the server has it now, after a rebase or after news were missed: what is pending, what was
    /// returned, and the way back go along.
    ///
    /// # Errors
    /// As [`Self::open`]; this draft stays as it was.
    pub fn reopen(
        &mut self,
        base: Topology,
        after: i64,
        log: &[LoggedEdit],
        catalogue: Catalogue,
    ) -> Result<(), ReplayError> {
        let fresh = Self::open(base, after, log, catalogue)?;
        let seen = self.seen_by_pending();
        (self.base, self.settled) = (fresh.base, fresh.settled);
        (self.sequence, self.catalogue) = (fresh.sequence, fresh.catalogue);
        self.take(log, None, seen);
        Ok(())
    }

    /// What the edits build on.
    pub fn base(&self) -> &Topology {
        &self.base
    }

    /// What the person sees.
    pub fn desired(&self) -> &Topology {
        &self.desired
    }

    /// Counts up when what the person sees may have changed; whoever draws it looks here first.
    pub fn moves(&self) -> u64 {
        self.moves
    }

    /// What it is read under.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The last edit of the log that is in it.
    pub fn sequence(&self) -> i64 {
        self.sequence
    }

    /// How many batches the server has not taken yet.
    pub fn unsent(&self) -> usize {
        self.pending.len()
    }

    /// The batch to send next; it was written in view of [`Self::sequence`].
    pub fn next_batch(&self) -> Option<&Batch> {
        self.pending.first()
    }

    /// Batches that were not taken.
    pub fn returned(&self) -> &[Returned] {
        &self.returned
    }

    /// What [`Self::undo`] would undo.
    pub fn undo_label(&self) -> Option<&str> {
        self.undo.last().map(|act| act.label.as_str())
    }

    /// What [`Self::redo`] would do again.
    pub fn redo_label(&self) -> Option<&str> {
        self.redo.last().map(|act| act.label.as_str())
    }

    /// Does edits that belong together; those that change nothing are left out.
    ///
    /// # Errors
    /// The first that does not fit; the draft is then as before.
    #[expect(clippy::needless_pass_by_value, reason = "a label is written for one act")]
    pub fn act(&mut self, key: String, label: String, edits: Vec<Edit>) -> Result<(), EditError> {
        let Some(act) = self.perform(key, &label, edits)? else { return Ok(()) };
        self.undo.push(act);
        self.redo.clear();
        Ok(())
    }

    /// Takes the last act of this session back, and tells what it was.
    ///
    /// # Errors
    /// Where others changed the same meanwhile: the act can then no longer be undone.
    pub fn undo(&mut self, key: String) -> Option<Result<String, Conflict>> {
        let act = self.undo.pop()?;
        Some(self.turn_back(&act, key, &format!("Undo: {}", act.label)).map(|again| {
            self.redo.extend(again);
            act.label
        }))
    }

    /// Does what was last undone again, and tells what it was.
    ///
    /// # Errors
    /// Where others changed the same meanwhile: the act can then no longer be done again.
    pub fn redo(&mut self, key: String) -> Option<Result<String, Conflict>> {
        let act = self.redo.pop()?;
        Some(self.turn_back(&act, key, &format!("Redo: {}", act.label)).map(|back| {
            self.undo.extend(back);
            act.label
        }))
    }

    /// Edits from the log of the server, others' or one's own, each batch whole; those that are known already are
    /// passed over. A batch that waits here and whose key is in the log was taken, whether or not the answer to it
    /// arrived. With `taken`, the batch of that key is in the log, here or before, or asked for nothing new.
    ///
    /// The log has to be the one that this draft was opened with: a rebase makes another, for [`Self::reopen`].
    ///
    /// # Errors
    /// [`Missed`] where the edits do not follow those that are known, or do not fit: read the draft again. This draft
    /// stays as it was.
    pub fn settle(&mut self, log: &[LoggedEdit], taken: Option<&str>) -> Result<(), Missed> {
        let fresh: Vec<&LoggedEdit> = log.iter().filter(|logged| logged.sequence > self.sequence).collect();
        let mut numbered = fresh.iter().zip(1i64..);
        if !numbered.all(|(logged, place)| logged.sequence.checked_sub(self.sequence) == Some(place)) {
            return Err(Missed);
        }
        let seen = self.seen_by_pending();
        let edits = fresh.iter().map(|logged| &logged.edit);
        apply_all(&mut self.settled, edits, &self.catalogue).map_err(|_| Missed)?;
        self.sequence = fresh.last().map_or(self.sequence, |logged| logged.sequence);
        if self.is_first_as_sent(&fresh) {
            // Nothing but one's own, taken as it was: what the person sees is so already.
            self.pending.remove(0);
        } else {
            self.take(log, taken, seen);
        }
        Ok(())
    }

    /// The server did not take a batch, and says why; what waits behind it goes on without it where it can.
    pub fn give_back(&mut self, key: &str, reason: &str, can_be_forced: bool) {
        if self.pending.iter().all(|batch| batch.key != key) {
            return;
        }
        let seen = self.seen_by_pending();
        self.carry_over(seen, |batch| match batch.key == key {
            true => Fate::Refused { reason: reason.to_owned(), can_be_forced },
            false => Fate::Waits,
        });
    }

    /// Forgets a returned batch, by its place.
    pub fn drop_returned(&mut self, place: usize) {
        if place < self.returned.len() {
            self.returned.remove(place);
        }
    }

    /// Does a returned batch all the same, over whatever others did; it is an act like any other.
    ///
    /// # Errors
    /// Where it does not fit even so; it then stays among the returned.
    pub fn insist(&mut self, place: usize, key: String) -> Result<(), EditError> {
        let Some(returned) = self.returned.get(place) else { return Ok(()) };
        let wanted = &returned.batch.edits;
        let mut seen = Indexed::new(returned.seen.clone(), wanted.len());
        let mut now = Indexed::new(self.desired.clone(), wanted.len());
        let mut edits = Vec::new();
        for edit in wanted {
            match carry_on(edit, &seen, &mut now, &self.catalogue) {
                Ok(carried) => edits.extend(carried),
                Err(Conflict::Misfit(error)) => return Err(error),
                Err(_) => edits.extend(force_on(edit, &seen, &mut now, &self.catalogue)?),
            }
            seen.apply(edit, &self.catalogue)?;
        }
        let label = returned.batch.label.clone();
        self.act(key, label, edits)?;
        self.returned.remove(place);
        Ok(())
    }

    /// Whether those edits are the first batch that waits, word for word: the server gives ids to new nodes, and carries
    /// edits over what others did.
    fn is_first_as_sent(&self, fresh: &[&LoggedEdit]) -> bool {
        let Some(first) = self.pending.first() else { return false };
        fresh.len() == first.edits.len()
            && fresh
                .iter()
                .zip(&first.edits)
                .all(|(logged, sent)| logged.batch.as_deref() == Some(first.key.as_str()) && logged.edit == *sent)
    }

    /// None where nothing changed.
    fn perform(&mut self, key: String, label: &str, mut edits: Vec<Edit>) -> Result<Option<Act>, EditError> {
        edits.iter().try_for_each(|edit| check_text(edit, &self.catalogue))?;
        limits::check_edits(&self.desired, &edits)?;
        // It can name what is older than the rule for names.
        let label = excerpt(&visible(label), LABEL_MAX - 1);
        let act = Act::perform(&mut self.desired, key.clone(), label.clone(), &mut edits, &self.catalogue)?;
        if act.is_some() {
            self.pending.push(Batch { key, label, edits });
            self.moves += 1;
        }
        Ok(act)
    }

    fn turn_back(&mut self, act: &Act, key: String, label: &str) -> Result<Option<Act>, Conflict> {
        let carried = carried(&act.back, act.left.clone(), &self.desired, &self.catalogue);
        let (edits, _) = carried.map_err(|(_, conflict)| conflict)?;
        let done = self.perform(key, label, edits)?;
        Ok(done.map(|done| Act { label: act.label.clone(), ..done }))
    }

    /// What the batches that wait are about, as it is before the first of them.
    fn seen_by_pending(&self) -> Topology {
        named_by(&self.settled, self.pending.iter().flat_map(|batch| &batch.edits))
    }

    /// Goes on after a log was taken in: what is in it no longer waits. `seen` is what the batches were written over.
    fn take(&mut self, log: &[LoggedEdit], taken: Option<&str>, seen: Topology) {
        let keys: BTreeSet<&str> = log.iter().filter_map(|logged| logged.batch.as_deref()).chain(taken).collect();
        for act in self.undo.iter_mut().chain(&mut self.redo) {
            if keys.contains(act.key.as_str()) {
                act.learn_ids(log);
            }
        }
        self.carry_over(seen, |batch| if keys.contains(batch.key.as_str()) { Fate::Taken } else { Fate::Waits });
        // Here it no longer fitted, there it did: edits between them had taken each other back.
        self.returned.retain(|returned| !keys.contains(returned.batch.key.as_str()));
    }

    /// Puts what is pending on the settled topology, after it was written in view of `seen`.
    fn carry_over(&mut self, seen: Topology, fate: impl Fn(&Batch) -> Fate) {
        let pending = std::mem::take(&mut self.pending);
        let mut seen = Indexed::new(seen, pending.iter().map(|batch| batch.edits.len()).sum());
        self.desired = self.settled.clone();
        self.moves += 1;
        for batch in pending {
            let seen_before = seen.named(&batch.edits);
            for edit in &batch.edits {
                // It fitted when it was written; where it does not, what follows is judged without it.
                let _ = seen.apply(edit, &self.catalogue);
            }
            let (reason, can_be_forced) = match fate(&batch) {
                Fate::Taken => continue,
                Fate::Refused { reason, can_be_forced } => (reason, can_be_forced),
                Fate::Waits => {
                    match carry_all(&batch.edits, seen_before.clone(), &mut self.desired, &self.catalogue) {
                        // What it asks for is so already.
                        Ok(edits) if edits.is_empty() => continue,
                        Ok(edits) => {
                            self.pending.push(Batch { edits, ..batch });
                            continue;
                        }
                        Err((_, conflict)) => (conflict.to_string(), conflict.can_be_forced()),
                    }
                }
            };
            // It is no longer done, so there is no way back from it.
            self.undo.retain(|act| act.key != batch.key);
            self.redo.retain(|act| act.key != batch.key);
            self.returned.push(Returned { batch, reason, can_be_forced, seen: seen_before });
        }
    }
}

/// What becomes of a batch that waits.
enum Fate {
    /// The server has it.
    Taken,
    /// The server did not take it.
    Refused { reason: String, can_be_forced: bool },
    /// It goes on waiting, over what others did.
    Waits,
}
