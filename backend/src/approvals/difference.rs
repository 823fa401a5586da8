//! What became of a change since somebody voted on it.

use strata_domain::authz::Permission;
use strata_domain::change::LoggedEdit;
use strata_domain::plan::Plan;

use crate::changes::{ChangeView, change_in, edits_unknown_at, plan_decided};
use crate::ctx::{Actor, Backend, Scope};
use crate::error::Error;
use crate::heavy;
use crate::stored;

/// What was voted on, and what came after.
#[derive(Clone, Debug, PartialEq)]
pub struct VoteDifference {
    /// The plan that the vote was given for.
    pub then: Plan,
    /// Number of the revision that it built on; other than the change's base now, the change was rebased since.
    pub base: i64,
    /// Edits in force now that the voter did not see, first edit first; an edit that a rebase only carried over is none.
    pub edits_since: Vec<LoggedEdit>,
    /// The change as it is now.
    pub now: ChangeView,
}

/// What became of a change since that vote, by its id.
///
/// # Errors
/// [`Error::NotFound`] where there is no such vote on the change, or the actor may not view its environment;
/// [`Error::Refused`] for votes from before Strata kept what they were given on.
#[tracing::instrument(skip_all, fields(%id, %vote))]
pub async fn vote_difference(backend: &Backend, actor: &Actor, id: i64, vote: i64) -> Result<VoteDifference, Error> {
    heavy::act(actor, || difference(backend, actor, id, vote)).await
}

async fn difference(backend: &Backend, actor: &Actor, id: i64, vote: i64) -> Result<VoteDifference, Error> {
    let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::Change(id)).await?;
    let row =
        sqlx::query!("SELECT digest, base_revision, log_to FROM votes WHERE id = $1 AND change_id = $2", vote, id)
            .fetch_optional(read.connection())
            .await?
            .ok_or(Error::NotFound { what: "vote" })?;
    let environment = read.place().slug.clone();
    let then = plan_decided(read.connection(), (id, &environment), stored::digest(&row.digest)?).await?;
    let (Some(then), Some(base), Some(to)) = (then, row.base_revision, row.log_to) else {
        return Err(Error::not_now("What this vote was given on was not kept at that time."));
    };
    let edits_since = edits_unknown_at(read.connection(), id, to).await?;
    let now = change_in(&mut read, id).await?;
    Ok(VoteDifference { then, base, edits_since, now })
}
