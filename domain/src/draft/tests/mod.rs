//! One session, and what others do meanwhile.

mod model;
mod session;
mod speed;

use chrono::DateTime;

use super::{Batch, Draft};
use crate::account::Person;
use crate::catalogue::Catalogue;
use crate::change::LoggedEdit;
use crate::edit::{Conflict, Edit, carry_all, replay};
use crate::topology::Topology;

/// A server as drafts expect one: it orders batches, carries each over what its author had not seen, takes each once,
/// and gives an id to a node that is added.
pub(super) struct Server {
    pub(super) base: Topology,
    pub(super) log: Vec<LoggedEdit>,
    /// Keys of batches that were taken.
    pub(super) taken: Vec<String>,
}

impl Server {
    pub(super) fn new(base: Topology) -> Self {
        Self { base, log: Vec::new(), taken: Vec::new() }
    }

    /// Base with the log up to that edit.
    pub(super) fn at(&self, sequence: i64) -> Topology {
        let edits = self.log.iter().take_while(|logged| logged.sequence <= sequence).map(|logged| &logged.edit);
        replay(&self.base, edits, Catalogue::built_in()).expect("the log fits")
    }

    pub(super) fn now(&self) -> Topology {
        self.at(i64::MAX)
    }

    /// The edits that follow one.
    pub(super) fn tail(&self, after: i64) -> Vec<LoggedEdit> {
        self.log.iter().filter(|logged| logged.sequence > after).cloned().collect()
    }

    /// A batch arrives that was written over the edits up to `after`.
    pub(super) fn take(&mut self, batch: &Batch, after: i64) -> Result<(), Conflict> {
        if self.taken.contains(&batch.key) {
            return Ok(());
        }
        let mut now = self.now();
        let edits = carry_all(&batch.edits, self.at(after), &mut now, Catalogue::built_in())
            .map_err(|(_, conflict)| conflict)?;
        self.taken.push(batch.key.clone());
        for mut edit in edits {
            let sequence = self.log.last().map_or(0, |logged| logged.sequence) + 1;
            if let Edit::AddNode { node } = &mut edit {
                node.id.get_or_insert_with(|| format!("given-{sequence}"));
            }
            self.log.push(logged(sequence, edit, Some(&batch.key)));
        }
        Ok(())
    }

    /// Opens the draft.
    pub(super) fn open(&self) -> Draft {
        Draft::open(self.base.clone(), 0, &self.log, Catalogue::built_in().clone()).expect("the log fits")
    }

    /// Sends everything that waits in a draft, and tells it everything.
    pub(super) fn sync(&mut self, draft: &mut Draft) {
        draft.settle(&self.tail(draft.sequence()), None).expect("nothing was missed");
        while let Some(batch) = draft.next_batch().cloned() {
            match self.take(&batch, draft.sequence()) {
                Ok(()) => draft.settle(&self.tail(draft.sequence()), Some(&batch.key)).expect("nothing was missed"),
                Err(conflict) => draft.give_back(&batch.key, &conflict.to_string(), conflict.can_be_forced()),
            }
        }
    }
}

pub(crate) fn logged(sequence: i64, edit: Edit, batch: Option<&str>) -> LoggedEdit {
    LoggedEdit {
        sequence,
        author: Person { id: None, name: "Ada".to_owned() },
        at: DateTime::UNIX_EPOCH,
        edit,
        batch: batch.map(str::to_owned),
    }
}
