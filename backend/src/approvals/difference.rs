//! What became of a change since somebody voted on it.

use strata_domain::authz::Permission;
use strata_domain::change::LoggedEdit;
use strata_domain::edit;
use strata_domain::plan::{self, Plan};

use crate::catalogues::{catalogue_at, version_read};
use crate::changes::{edits_between, edits_unknown_at};
use crate::ctx::{Actor, Backend, Scope};
use crate::environments::topology_of;
use crate::error::Error;
use crate::heavy;
use crate::history;

/// What was voted on, and what came after.
#[derive(Clone, Debug, PartialEq)]
pub struct VoteDifference {
    /// The plan that the vote was given for.
    pub then: Plan,
    /// Number of the revision that it built on; other than the change's base now, the change was rebased since.
    pub base: i64,
    /// Edits in force now that the voter did not see, first edit first; an edit that a rebase only carried over is none.
    pub edits_since: Vec<LoggedEdit>,
}

/// What became of a change since that vote, by its id. The plan of then is made anew from the base and the edits of
/// then, which are kept.
///
/// # Errors
/// [`Error::NotFound`] where there is no such vote on the change, or the actor may not view its environment;
/// [`Error::Refused`] for votes from before Strata kept what they were given on, and where it plans otherwise today.
#[tracing::instrument(skip_all, fields(id, vote))]
pub async fn vote_difference(backend: &Backend, actor: &Actor, id: i64, vote: i64) -> Result<VoteDifference, Error> {
    heavy::act(actor, || difference(backend, actor, id, vote)).await
}

async fn difference(backend: &Backend, actor: &Actor, id: i64, vote: i64) -> Result<VoteDifference, Error> {
    let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::Change(id)).await?;
    let environment_id = read.place().id;
    let row = sqlx::query!(
        "SELECT digest, base_revision, catalogue_version, log_from, log_to FROM votes WHERE id = $1 AND change_id = $2",
        vote,
        id,
    )
    .fetch_optional(read.connection())
    .await?
    .ok_or(Error::NotFound { what: "vote" })?;
    let (Some(base), Some(catalogue), Some(from), Some(to)) =
        (row.base_revision, row.catalogue_version, row.log_from, row.log_to)
    else {
        return Err(Error::refused("What this vote was given on was not kept at that time."));
    };
    let digest = history::digest(&row.digest)?;
    let known = edits_between(read.connection(), id, from, to).await?;
    let topology = topology_of(read.connection(), environment_id, base).await?;
    let catalogue = catalogue_at(read.connection(), environment_id, version_read(catalogue)?).await?;
    let planned = heavy::in_act(heavy::parts_of(&topology) + known.len(), move || {
        edit::replay(&topology, &known, &catalogue).map(|desired| plan::plan(&topology, &desired, &catalogue))
    });
    let then = planned.await?.map_err(|error| {
        Error::unexpected(format!("change {id} as of vote {vote} does not replay on its base: {}", error.error))
    })?;
    if then.digest != digest {
        return Err(Error::refused(
            "Strata was changed since that vote, and plans otherwise; the plan of then is gone.",
        ));
    }
    let edits_since = edits_unknown_at(read.connection(), id, to).await?;
    Ok(VoteDifference { then, base, edits_since })
}
