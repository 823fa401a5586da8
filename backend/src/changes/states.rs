//! What the log of a change makes of its base up to an edit, kept for who appends next: a draft of thousands of nodes and edits is
//! not made anew for each batch.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use strata_domain::catalogue::{Catalogue, Own};
use strata_domain::change::Change;
use strata_domain::edit;
use strata_domain::topology::Topology;

use super::log::edits_of;
use crate::ctx::Source;
use crate::environments::Base;
use crate::error::Error;
use crate::heavy;
use crate::kept::Kept;

/// What the states of a change are made of, but for how far its log goes.
pub(super) struct Draft<'a> {
    change: &'a Change,
    base: &'a Base,
    catalogue: Arc<Catalogue>,
    made_of: String,
}

impl<'a> Draft<'a> {
    /// Of a change over its base, whose edits are read under that catalogue; how much rules matter there moves no edit.
    pub(super) fn of(change: &'a Change, base: &'a Base, own: &Own) -> Result<Self, Error> {
        let roles = serde_json::to_string(&(own.version, &own.roles)).map_err(Error::unexpected)?;
        let made_of = format!("{}/{}/{}/{roles}", base.made_of, change.id, change.log_start);
        Ok(Self { change, base, catalogue: Arc::new(own.catalogue()), made_of })
    }

    /// What the edits are read under.
    pub(super) fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// The moment of the edit is told as well: a backup that was put back may give its number to another.
    fn up_to(&self, sequence: i64, at: DateTime<Utc>) -> String {
        format!("{}/{sequence}/{}", self.made_of, at.timestamp_micros())
    }

    /// The state after the edit in force of that number, which was written then; the base itself for none.
    pub(super) async fn state(
        &self,
        source: &mut Source<'_>,
        edit: Option<(i64, DateTime<Utc>)>,
    ) -> Result<Arc<Topology>, Error> {
        if let Some(state) = self.kept(source.kept, edit) {
            return Ok(state);
        }
        let Some((sequence, at)) = edit else { return Ok(Arc::clone(&self.base.topology)) };
        let made_of = self.up_to(sequence, at);
        let mut log = edits_of(source.connection, self.change.id).await?;
        log.retain(|logged| logged.sequence <= sequence);
        let (base, catalogue) = (Arc::clone(&self.base.topology), Arc::clone(&self.catalogue));
        let parts = heavy::parts_of(&base) + log.len();
        let replayed = heavy::in_act(parts, move || edit::replay(&base, log.iter().map(|one| &one.edit), &catalogue));
        let state = replayed.await?.map_err(|error| {
            Error::unexpected(format!("change {} does not replay on its base: {}", self.change.id, error.error))
        })?;
        Ok(keep(source.kept, made_of, Arc::new(state)))
    }

    /// The same, if it is at hand.
    pub(super) fn kept(&self, kept: &Kept, edit: Option<(i64, DateTime<Utc>)>) -> Option<Arc<Topology>> {
        let Some((sequence, at)) = edit else { return Some(Arc::clone(&self.base.topology)) };
        kept.get(&self.up_to(sequence, at))
    }

    /// Keeps the state after an edit that is in the log by now.
    pub(super) fn keep(&self, kept: &Kept, sequence: i64, at: DateTime<Utc>, state: Arc<Topology>) {
        keep(kept, self.up_to(sequence, at), state);
    }
}

fn keep(kept: &Kept, made_of: String, state: Arc<Topology>) -> Arc<Topology> {
    let bytes = heavy::parts_of(&state) * heavy::MEMORY_OF_A_PART;
    kept.keep(made_of, state, bytes)
}
