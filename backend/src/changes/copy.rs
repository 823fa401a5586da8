//! A change that came to nothing, as a new draft.

use strata_domain::act::{Act, ChangeAct, Origin};
use strata_domain::audit::AuditAction;
use strata_domain::authz::Permission;
use strata_domain::change;
use strata_domain::edit;

use super::draft::change_add_of;
use super::{Locked, edits_of, misfit};
use crate::catalogues::{catalogue_at, version_now};
use crate::ctx::{Actor, Backend, Scope};
use crate::environments::topology_of;
use crate::error::Error;
use crate::heavy;
use crate::stored;

/// Copies a change that was rejected, withdrawn or failed into a new draft over the same base; gives the draft's id.
///
/// The edits stay those of their authors, who have no vote on the draft either. Where another revision is live by now, the
/// draft is stale and offers a rebase, edit by edit, as any other: nothing is lost in the copy. Repeated while
/// nothing was done to the draft, it gives the same one.
///
/// # Errors
/// [`Error::Refused`] for changes that are not over, or were applied, and where an edit no longer fits the catalogue.
#[tracing::instrument(skip_all, fields(%id))]
pub async fn change_copy(backend: &Backend, actor: &Actor, id: i64) -> Result<i64, Error> {
    heavy::act(actor, || copy(backend, actor, id)).await
}

async fn copy(backend: &Backend, actor: &Actor, id: i64) -> Result<i64, Error> {
    let mut write = backend.authorise_write(actor, Permission::StartChange, Scope::Change(id)).await?;
    // The lock makes the second of a double click wait for the first.
    let Locked { change, .. } = Locked::take(&mut write, id).await?;
    change::may_copy(change.state)?;
    let author = write.account_id()?;
    let copied = sqlx::query_scalar!(
        "SELECT id FROM changes
         WHERE copied_from = $1 AND created_by IS NOT DISTINCT FROM $2 AND state = 'draft' AND touched_action = $3",
        id,
        author,
        AuditAction::ChangeStarted.as_str(),
    )
    .fetch_optional(write.connection())
    .await?;
    if let Some(copied) = copied {
        return Ok(copied);
    }
    let environment_id = write.place()?.id;
    let edits = edits_of(write.connection(), id).await?;
    let version = version_now(write.connection(), environment_id).await?;
    let catalogue = catalogue_at(write.connection(), environment_id, version).await?;
    let base = topology_of(&mut write.source(), environment_id, change.base).await?.topology;
    let (count, revision) = (edits.len(), change.base);
    heavy::in_act(heavy::parts_of(&base) + count, move || {
        edit::replay(&base, edits.iter().map(|logged| &logged.edit), &catalogue)
            .map_err(|error| misfit(&edits, &error, revision))
    })
    .await?
    .map_err(|told| {
        Error::not_now(format!("The catalogue is another one by now, and the change cannot be copied as it is. {told}"))
    })?;
    let copy = change_add_of(&mut write, change.base, &change.title, Some(id)).await?;
    let written = sqlx::query!(
        "INSERT INTO change_edits (change_id, sequence, author_id, author_name, edit, at)
         SELECT $2, row_number() OVER (ORDER BY sequence), author_id, author_name, edit, at
         FROM change_edits WHERE change_id = $1 AND sequence >= $3",
        id,
        copy,
        change.log_start,
    )
    .execute(write.connection())
    .await?;
    stored::expect_rows(written.rows_affected(), u64::try_from(count).map_err(Error::unexpected)?)?;
    let origin = Origin::Copy { of: id, edits: count };
    let did = ChangeAct::Started { title: change.title, base: change.base, origin };
    write.commit(Act::Change { change: copy, did }).await?;
    Ok(copy)
}
