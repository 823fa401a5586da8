//! One person's session on a draft: what the server has, what is on its way there, and the way back.
//!
//! The server keeps the log, and orders it. Here every act is shown at once, and its edits wait as a batch until the
//! server has taken them. What others did arrives in between; the batches are carried over it ([`crate::edit::carry`]),
//! and what no longer fits goes back to its author with the reason. Nothing is dropped in silence.
//!
//! Keys of batches are made outside, since there is no randomness here; the server takes a batch of one key once.

mod act;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::catalogue::Catalogue;
use crate::change::LoggedEdit;
use crate::edit::{Conflict, Edit, EditError, ReplayError, apply, carry_all, force, named, replay};
use crate::topology::Topology;
use act::Act;

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
#[derive(Clone, Debug, PartialEq, Eq)]
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
        let seen = std::mem::replace(&mut self.settled, fresh.settled);
        (self.base, self.sequence, self.catalogue) = (fresh.base, fresh.sequence, fresh.catalogue);
        self.carry_pending(seen);
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

    /// Does edits that belong together.
    ///
    /// # Errors
    /// The first that does not fit; the draft is then as before.
    pub fn act(&mut self, key: String, label: String, edits: Vec<Edit>) -> Result<(), EditError> {
        let Some(act) = self.perform(key, label, edits)? else { return Ok(()) };
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
        Some(self.turn_back(&act, key, format!("Undo: {}", act.label)).map(|again| {
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
        Some(self.turn_back(&act, key, format!("Redo: {}", act.label)).map(|back| {
            self.undo.extend(back);
            act.label
        }))
    }

    /// Edits from the log of the server, others' or one's own; those that are known already are passed over. With
    /// `taken`, the batch of that key is among them or asked for nothing new.
    ///
    /// # Errors
    /// [`Missed`] where the edits do not follow those that are known, or do not fit: read the draft again.
    pub fn settle(&mut self, log: &[LoggedEdit], taken: Option<&str>) -> Result<(), Missed> {
        let fresh: Vec<&LoggedEdit> = log.iter().filter(|logged| logged.sequence > self.sequence).collect();
        let mut settled = self.settled.clone();
        let mut sequence = self.sequence;
        for logged in fresh {
            if logged.sequence != sequence + 1 {
                return Err(Missed);
            }
            apply(&mut settled, &logged.edit, &self.catalogue).map_err(|_| Missed)?;
            sequence = logged.sequence;
        }
        let mut seen = std::mem::replace(&mut self.settled, settled);
        self.sequence = sequence;
        if let Some(place) = taken.and_then(|key| self.pending.iter().position(|batch| batch.key == key)) {
            // What waits behind it was written in view of it.
            for edit in self.pending.remove(place).edits {
                apply(&mut seen, &edit, &self.catalogue).map_err(|_| Missed)?;
            }
        }
        self.carry_pending(seen);
        Ok(())
    }

    /// The server did not take a batch, and says why; what waits behind it goes on without it where it can.
    pub fn give_back(&mut self, key: &str, reason: &str, can_be_forced: bool) {
        let Some(place) = self.pending.iter().position(|batch| batch.key == key) else { return };
        let seen = self.settled.clone();
        let mut refused = Some((place, reason.to_owned(), can_be_forced));
        self.carry_over(seen, move |index| match &refused {
            Some((place, ..)) if *place == index => refused.take().map(|(_, reason, forced)| (reason, forced)),
            _ => None,
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
        let (mut seen, mut now) = (returned.seen.clone(), self.desired.clone());
        let mut edits = Vec::new();
        for edit in &returned.batch.edits {
            for forced in force(edit, &seen, &now) {
                apply(&mut now, &forced, &self.catalogue)?;
                edits.push(forced);
            }
            apply(&mut seen, edit, &self.catalogue)?;
        }
        let label = returned.batch.label.clone();
        self.act(key, label, edits)?;
        self.returned.remove(place);
        Ok(())
    }

    fn perform(&mut self, key: String, label: String, edits: Vec<Edit>) -> Result<Option<Act>, EditError> {
        if edits.is_empty() {
            return Ok(None);
        }
        let act = Act::perform(&mut self.desired, label.clone(), &edits, &self.catalogue)?;
        self.pending.push(Batch { key, label, edits });
        Ok(Some(act))
    }

    fn turn_back(&mut self, act: &Act, key: String, label: String) -> Result<Option<Act>, Conflict> {
        let mut now = self.desired.clone();
        let edits = carry_all(&act.back, act.left.clone(), &mut now, &self.catalogue).map_err(|(_, error)| error)?;
        let done = self.perform(key, label, edits)?;
        Ok(done.map(|done| Act { label: act.label.clone(), ..done }))
    }

    fn carry_pending(&mut self, seen: Topology) {
        self.carry_over(seen, |_| None);
    }

    /// Puts what is pending on the settled topology, after it was written in view of `seen`; `refused` says of a batch,
    /// by its place, that it was not taken.
    fn carry_over(&mut self, mut seen: Topology, mut refused: impl FnMut(usize) -> Option<(String, bool)>) {
        let mut desired = self.settled.clone();
        for (index, batch) in std::mem::take(&mut self.pending).into_iter().enumerate() {
            let outcome = match refused(index) {
                Some(refused) => Err(refused),
                None => {
                    let mut now = desired.clone();
                    carry_all(&batch.edits, named(&seen, &batch.edits), &mut now, &self.catalogue)
                        .map(|edits| (edits, now))
                        .map_err(|(_, conflict)| (conflict.to_string(), conflict.can_be_forced()))
                }
            };
            let seen_before = named(&seen, &batch.edits);
            for edit in &batch.edits {
                // It fitted when it was written; where it does not, what follows is judged without it.
                let _ = apply(&mut seen, edit, &self.catalogue);
            }
            match outcome {
                Ok((edits, now)) => {
                    desired = now;
                    self.pending.push(Batch { edits, ..batch });
                }
                Err((reason, can_be_forced)) => {
                    self.returned.push(Returned { batch, reason, can_be_forced, seen: seen_before });
                }
            }
        }
        self.desired = desired;
    }
}
