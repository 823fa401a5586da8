//! What decisions about a change are made from: base, edits, desired topology, plan.

use std::sync::Arc;

use strata_domain::catalogue::Own;
use strata_domain::change::{Change, LoggedEdit};
use strata_domain::checked::Checked;
use strata_domain::edit::{self, ReplayError};
use strata_domain::plan::{self, Plan};
use strata_domain::topology::Topology;

use super::log::edits_of;
use super::states::Draft;
use crate::catalogues::own_of_change;
use crate::ctx::Source;
use crate::environments::{checked_of, topology_of};
use crate::error::Error;
use crate::heavy;

/// The topologies of a change.
pub(crate) struct Material {
    /// Its base, under the catalogue that the edits are read under, with the severities by which the change is judged.
    pub(crate) base: Arc<Checked>,
    /// What the edits make of it, under the same.
    pub(crate) desired: Arc<Checked>,
    /// What names it all.
    pub(crate) made_of: String,
    plan: Plan,
}

impl Material {
    /// Works out what follows from the topologies: for a large one, [`heavy::run`] is the place for that.
    pub(crate) fn of(base: Arc<Checked>, desired: Arc<Topology>, made_of: String) -> Self {
        let desired = Arc::new(Checked::new(desired, Arc::clone(&base.catalogue)));
        let plan = plan::plan(&base.topology, &desired.topology, &base.catalogue);
        desired.findings();
        Self { base, desired, made_of, plan }
    }

    /// Loads a change's material over its own base and catalogue, on which every edit is known to fit.
    pub(crate) async fn load(
        source: &mut Source<'_>,
        environment_id: i64,
        change: &Change,
    ) -> Result<Arc<Self>, Error> {
        Ok(Self::read(source, environment_id, change).await?.0)
    }

    /// As [`Self::load`], with the edits in force.
    pub(crate) async fn read(
        source: &mut Source<'_>,
        environment_id: i64,
        change: &Change,
    ) -> Result<(Arc<Self>, Vec<LoggedEdit>), Error> {
        let edits = edits_of(source.connection, change.id).await?;
        let own = own_of_change(source.connection, environment_id, change.catalogue, change.id).await?;
        let at = topology_of(source, environment_id, change.base).await?;
        let (base, _) = checked_of(source.kept, &at.made_of, Arc::clone(&at.topology), &own)?;
        let made_of = made_of_edits(&at.made_of, change, &edits, &own)?;
        if let Some(material) = source.kept.get(&made_of) {
            return Ok((material, edits));
        }
        let parts = heavy::parts_of(&base.topology) + edits.len();
        let last = edits.last().map(|last| (last.sequence, last.at));
        let known = Draft::of(change, &at, &own)?.kept(source.kept, last);
        let named = made_of.clone();
        let worked_out = heavy::in_act(parts, move || {
            let replayed = || edit::replay(&base.topology, edits.iter().map(|one| &one.edit), &base.catalogue);
            let desired = known.map_or_else(|| replayed().map(Arc::new), Ok)?;
            Ok::<_, ReplayError>((Self::of(base, desired, named), edits))
        });
        let (material, edits) = worked_out.await?.map_err(|error| {
            Error::unexpected(format!("change {} does not replay on its base: {}", change.id, error.error))
        })?;
        let bytes = (heavy::parts_of(&material.desired.topology) + material.plan.steps.len()) * heavy::MEMORY_OF_A_PART;
        Ok((source.kept.keep(made_of, Arc::new(material), bytes), edits))
    }

    /// The plan from base to desired.
    pub(crate) fn plan(&self) -> Plan {
        self.plan.clone()
    }

    /// How many blockers the desired topology has.
    pub(crate) fn blockers(&self) -> usize {
        self.desired.blockers()
    }
}

/// What a change's material is known by: its base, its catalogue, and its edits in force up to the last. The moment of that
/// one is told as well: a backup that was put back may give its number to another.
fn made_of_edits(base: &str, change: &Change, edits: &[LoggedEdit], own: &Own) -> Result<String, Error> {
    let last = edits.last().map(|last| (last.sequence, last.at.timestamp_micros()));
    let own = serde_json::to_string(own).map_err(Error::unexpected)?;
    Ok(format!("{base}/{}/{}/{}/{last:?}/{own}", change.id, change.log_start, edits.len()))
}

/// Says which edit does not fit a revision, and why.
pub(crate) fn misfit(edits: &[LoggedEdit], error: &ReplayError, revision: i64) -> String {
    let ReplayError { position, error } = error;
    match edits.get(position.saturating_sub(1)) {
        Some(LoggedEdit { sequence, edit, .. }) => {
            format!("Edit {sequence} (“{}”) does not fit revision {revision}: {error}", edit.describe())
        }
        None => format!("Edit {position} does not fit revision {revision}: {error}"),
    }
}
