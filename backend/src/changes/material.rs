//! What decisions about a change are made from: base, edits, desired topology, plan.

use strata_domain::catalogue::Catalogue;
use strata_domain::change::{Change, LoggedEdit};
use strata_domain::edit::{self, ReplayError};
use strata_domain::findings::{self, Severity};
use strata_domain::plan::{self, Plan};
use strata_domain::topology::Topology;

use sqlx::postgres::PgConnection;

use super::log::edits_of;
use crate::catalogues::own_of_change;
use crate::environments::topology_of;
use crate::error::Error;
use crate::heavy;

/// The topologies of a change.
pub(crate) struct Material {
    pub(crate) base: Topology,
    pub(crate) desired: Topology,
    /// What the edits are read under, with the severities by which the change is judged.
    pub(crate) catalogue: Catalogue,
    plan: Plan,
    blockers: usize,
}

impl Material {
    /// Works out what follows from the topologies: for a large one, [`heavy::run`] is the place for that.
    pub(crate) fn of(base: Topology, desired: Topology, catalogue: Catalogue) -> Self {
        let plan = plan::plan(&base, &desired, &catalogue);
        let found = findings::check(&desired, &catalogue);
        let blockers = found.iter().filter(|finding| finding.severity == Severity::Blocker).count();
        Self { base, desired, catalogue, plan, blockers }
    }

    /// Loads a change's material over its own base and catalogue, on which every edit is known to fit.
    pub(crate) async fn load(
        connection: &mut PgConnection,
        environment_id: i64,
        change: &Change,
    ) -> Result<Self, Error> {
        Ok(Self::read(connection, environment_id, change).await?.0)
    }

    /// As [`Self::load`], with the edits in force.
    pub(crate) async fn read(
        connection: &mut PgConnection,
        environment_id: i64,
        change: &Change,
    ) -> Result<(Self, Vec<LoggedEdit>), Error> {
        let edits = edits_of(connection, change.id).await?;
        let base = topology_of(connection, environment_id, change.base).await?;
        let own = own_of_change(connection, environment_id, change.catalogue, change.id).await?;
        let catalogue = own.catalogue();
        let worked_out = heavy::in_act(heavy::parts_of(&base) + edits.len(), move || {
            let desired = edit::replay(&base, edits.iter().map(|logged| &logged.edit), &catalogue)?;
            Ok::<_, ReplayError>((Self::of(base, desired, catalogue), edits))
        });
        worked_out.await?.map_err(|error| {
            Error::unexpected(format!("change {} does not replay on its base: {}", change.id, error.error))
        })
    }

    /// The plan from base to desired.
    pub(crate) fn plan(&self) -> Plan {
        self.plan.clone()
    }

    /// How many blockers the desired topology has.
    pub(crate) fn blockers(&self) -> usize {
        self.blockers
    }
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
