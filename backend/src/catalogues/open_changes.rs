//! Changes that are under way while the catalogue moves on.

use std::sync::Arc;

use strata_domain::catalogue::Own;
use strata_domain::edit;

use crate::changes;
use crate::ctx::Source;
use crate::environments::topology_of;
use crate::error::Error;
use crate::heavy;
use crate::stored;

/// Moves every open change of the environment to another version of the catalogue, and refuses it as [`fitting`]. Their plans
/// are other plans from here on, since the version is part of the digest; votes that were given for the old one no longer
/// count.
///
/// The caller holds the lock on the environment.
pub(super) async fn carry_over(source: &mut Source<'_>, environment_id: i64, own: &Own) -> Result<(), Error> {
    let open = fitting(source, environment_id, own).await?;
    sqlx::query!(
        // A run that is under way goes on under the version that its plan was made with.
        "UPDATE changes SET catalogue_version = $2 WHERE id = ANY($1) AND state <> 'provisioning'",
        &open,
        stored::of_version(own.version)?,
    )
    .execute(&mut *source.connection)
    .await?;
    Ok(())
}

/// The open changes of the environment; refuses a catalogue under which an edit of one would no longer fit: nobody's work may
/// become unreadable.
///
/// The caller holds the lock on the environment.
pub(super) async fn fitting(source: &mut Source<'_>, environment_id: i64, own: &Own) -> Result<Vec<i64>, Error> {
    let catalogue = Arc::new(own.catalogue());
    // Locked before it is read: an edit that is being written is waited for.
    let open = sqlx::query!(
        "SELECT id, title, base_revision FROM changes
         WHERE environment_id = $1 AND state IN ('draft', 'in-review', 'approved', 'provisioning')
         ORDER BY id FOR NO KEY UPDATE",
        environment_id,
    )
    .fetch_all(&mut *source.connection)
    .await?;
    for change in &open {
        let base = topology_of(source, environment_id, change.base_revision).await?.topology;
        let edits = changes::edits_of(source.connection, change.id).await?;
        let (catalogue, revision) = (Arc::clone(&catalogue), change.base_revision);
        let replayed = heavy::in_act(heavy::parts_of(&base) + edits.len(), move || {
            edit::replay(&base, edits.iter().map(|logged| &logged.edit), &catalogue)
                .map(drop)
                .map_err(|error| changes::misfit(&edits, &error, revision))
        });
        if let Err(told) = replayed.await? {
            return Err(Error::not_now(format!(
                "Change {} (“{}”) could not be read any more: {}. Have it applied or withdrawn first.",
                change.id,
                change.title,
                told.trim_end_matches('.'),
            )));
        }
    }
    Ok(open.into_iter().map(|change| change.id).collect())
}
