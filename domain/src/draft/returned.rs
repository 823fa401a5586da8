//! What goes back to its author: kept with what it was written over, so that it can be done all the same.

use std::collections::BTreeSet;

use super::{Batch, Draft, Returned};
use crate::catalogue::Catalogue;
use crate::change::LoggedEdit;
use crate::edit::{Indexed, ReplayError};
use crate::topology::Topology;

impl Draft {
    /// What was returned, and what waits, as if it had been returned for that reason: to be kept where this draft is not.
    pub fn to_keep(&self, reason: &str) -> Vec<Returned> {
        self.returned.iter().cloned().chain(self.waiting(reason)).collect()
    }

    /// Takes up what was kept of an earlier session; what the log has is done.
    pub fn hold(&mut self, kept: Vec<Returned>, log: &[LoggedEdit]) {
        let there = keys(log);
        let is_new = |returned: &Returned| !there.contains(returned.batch.key.as_str());
        self.returned.extend(kept.into_iter().filter(is_new));
    }

    /// Takes up a draft whose log is another than the one that this session knew: the server was set back. Nothing that
    /// was done here goes there by itself. What waited, and what the log that is `known` had from this person and the
    /// other has not, is returned for that reason. The ways back are gone with the acts that they led over.
    ///
    /// # Errors
    /// As [`Self::open`]; this draft stays as it was.
    #[expect(clippy::too_many_arguments, reason = "a draft as the server has it, and what this session knew instead")]
    pub fn reopen_other(
        &mut self,
        base: Topology,
        after: i64,
        log: &[LoggedEdit],
        catalogue: Catalogue,
        known: &[LoggedEdit],
        is_mine: impl Fn(&LoggedEdit) -> bool,
        reason: &str,
    ) -> Result<(), ReplayError> {
        let fresh = Self::open(base, after, log, catalogue)?;
        let there = keys(log);
        let is_there = |logged: &LoggedEdit| match &logged.batch {
            Some(key) => there.contains(key.as_str()),
            None => log.iter().any(|other| other.sequence == logged.sequence && other.at == logged.at),
        };
        let lost = self.lost(known, |logged| is_mine(logged) && !is_there(logged), reason);
        let waiting = self.waiting(reason).into_iter().filter(|one| !there.contains(one.batch.key.as_str()));
        let returned = std::mem::take(&mut self.returned).into_iter().chain(lost).chain(waiting).collect();
        *self = Self { returned, moves: self.moves + 1, ..fresh };
        Ok(())
    }

    /// What waits, each batch with what it is about as it is before it.
    fn waiting(&self, reason: &str) -> Vec<Returned> {
        let mut seen = Indexed::new(self.seen_by_pending(), self.pending.iter().map(|batch| batch.edits.len()).sum());
        let returned = |batch: &Batch| {
            let seen_before = seen.named(&batch.edits);
            for edit in &batch.edits {
                // It fitted when it was written.
                let _ = seen.apply(edit, &self.catalogue);
            }
            Returned { batch: batch.clone(), reason: reason.to_owned(), can_be_forced: true, seen: seen_before }
        };
        self.pending.iter().map(returned).collect()
    }

    /// Those edits of a log over this base, by the batches in which they came.
    fn lost(&self, log: &[LoggedEdit], is_lost: impl Fn(&LoggedEdit) -> bool, reason: &str) -> Vec<Returned> {
        let mut seen = Indexed::new(self.base.clone(), log.len());
        let mut lost = Vec::new();
        let same = |one: &LoggedEdit, other: &LoggedEdit| one.batch.is_some() && one.batch == other.batch;
        for group in log.chunk_by(same) {
            let Some(first) = group.first().filter(|first| is_lost(first)) else {
                for logged in group {
                    let _ = seen.apply(&logged.edit, &self.catalogue);
                }
                continue;
            };
            let edits: Vec<_> = group.iter().map(|logged| logged.edit.clone()).collect();
            let seen_before = seen.named(&edits);
            for edit in &edits {
                let _ = seen.apply(edit, &self.catalogue);
            }
            let more = if group.len() > 1 { format!(" and {} more", group.len() - 1) } else { String::new() };
            let label = format!("{}{more}", first.edit.describe());
            let key = first.batch.clone().unwrap_or_else(|| format!("edit {}", first.sequence));
            let batch = Batch { key, label, edits };
            lost.push(Returned { batch, reason: reason.to_owned(), can_be_forced: true, seen: seen_before });
        }
        lost
    }
}

fn keys(log: &[LoggedEdit]) -> BTreeSet<&str> {
    log.iter().filter_map(|logged| logged.batch.as_deref()).collect()
}
