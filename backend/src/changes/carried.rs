//! The edits of a change, carried from its base to another revision.

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlx::types::Json;
use strata_domain::change::{Change, LoggedEdit};
use strata_domain::rebase::{Choice, RebaseConflict, Rebased, rebase};

use super::log::{CarriedEdit, edits_carry, edits_of, last_of, room_for};
use super::{Locked, Material};
use crate::catalogues::own_of_change;
use crate::ctx::{Source, Write};
use crate::environments::{Base, checked_of, topology_of};
use crate::error::Error;
use crate::heavy;
use crate::stored;

/// What a change becomes on another revision; nothing of it is stored until [`Self::store`].
pub(crate) struct Carried {
    /// The other revision, and what the edits make of it. Where conflicts are left, edits are missing.
    pub(crate) material: Arc<Material>,
    /// The edits about which somebody has to decide first.
    pub(crate) conflicts: Vec<RebaseConflict>,
    edits: Vec<CarriedEdit>,
    /// What was decided about edits that are in the log.
    pub(crate) choices: BTreeMap<i64, Choice>,
    revision: i64,
    /// The last number of the log so far.
    last: i64,
}

impl Carried {
    /// Carries the edits in force to a revision, read under the change's catalogue. `choices` say, by sequence, what to do
    /// with edits that conflict. To the change's own base this is the plain replay.
    pub(crate) async fn to(
        source: &mut Source<'_>,
        environment_id: i64,
        change: &Change,
        revision: i64,
        choices: &BTreeMap<i64, Choice>,
    ) -> Result<Self, Error> {
        if change.base == revision {
            return Self::at_home(source, environment_id, change, choices).await;
        }
        let log = edits_of(source.connection, change.id).await?;
        let last = last_of(change, &log);
        let own = own_of_change(source.connection, environment_id, change.catalogue, change.id).await?;
        let old_base = topology_of(source, environment_id, change.base).await?.topology;
        let Base { topology, made_of } = topology_of(source, environment_id, revision).await?;
        let (base, _) = checked_of(source.kept, &made_of, topology, &own)?;
        let choices: BTreeMap<i64, Choice> =
            log.iter().filter_map(|logged| Some((logged.sequence, *choices.get(&logged.sequence)?))).collect();
        heavy::in_act(heavy::parts_of(&base.topology) + log.len(), move || {
            let rebased = rebase(&old_base, &log, &base.topology, &base.catalogue, &choices);
            let Rebased { edits, conflicts, desired } = rebased;
            let edits = edits.into_iter().filter_map(|(place, edit)| {
                let LoggedEdit { sequence, .. } = *log.get(place)?;
                let is_forced = choices.get(&sequence) == Some(&Choice::Insist);
                Some(CarriedEdit { from: sequence, is_forced, edit })
            });
            let edits = edits.collect();
            Self {
                material: Arc::new(Material::of(base, Arc::new(desired), String::new())),
                conflicts,
                edits,
                choices,
                revision,
                last,
            }
        })
        .await
    }

    /// On the change's own base it is the plain replay.
    async fn at_home(
        source: &mut Source<'_>,
        environment_id: i64,
        change: &Change,
        choices: &BTreeMap<i64, Choice>,
    ) -> Result<Self, Error> {
        let (material, log) = Material::read(source, environment_id, change).await?;
        let last = last_of(change, &log);
        let choices =
            log.iter().filter_map(|logged| Some((logged.sequence, *choices.get(&logged.sequence)?))).collect();
        let edits =
            log.into_iter().map(|LoggedEdit { sequence: from, edit, .. }| CarriedEdit { from, is_forced: false, edit });
        Ok(Self { material, conflicts: Vec::new(), edits: edits.collect(), choices, revision: change.base, last })
    }

    /// How many edits it has.
    pub(crate) fn count(&self) -> usize {
        self.edits.len()
    }

    /// Appends the edits to the log, makes them those in force, and the revision the base; who saves the change saves
    /// that with it. On the change's own base there is nothing to do.
    ///
    /// The rebase takes a number of the log for itself. Else the log in force would seem to begin where readers of the
    /// old one stopped, and what they write in view of the old base would pass for written in view of the new one.
    pub(crate) async fn store(&self, write: &mut Write, locked: &mut Locked) -> Result<(), Error> {
        let (id, from) = (locked.change.id, locked.change.base);
        if from == self.revision {
            return Ok(());
        }
        room_for(self.edits.len(), 0)?;
        let sequence = self.last + 1;
        let (rebaser, name, at) = (write.account_id()?, write.person().name.clone(), write.at());
        let written = sqlx::query!(
            "INSERT INTO change_rebases (change_id, sequence, rebaser_id, rebaser_name, at, from_revision, to_revision,
                                         choices)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            id,
            sequence,
            rebaser,
            name,
            at,
            from,
            self.revision,
            Json(&self.choices) as _,
        )
        .execute(write.connection())
        .await?;
        stored::expect_rows(written.rows_affected(), 1)?;
        edits_carry(write, id, sequence, &self.edits).await?;
        locked.change.base = self.revision;
        locked.change.log_start = sequence + 1;
        Ok(())
    }
}

/// Says which edit needs a decision, and why.
pub fn conflict_text(conflict: &RebaseConflict) -> String {
    let RebaseConflict { logged, reason, can_be_forced: _ } = conflict;
    format!("Edit {} (“{}”): {reason}", logged.sequence, logged.edit.describe())
}
