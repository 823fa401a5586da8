//! The revisions of an environment.

use strata_domain::authz::Permission;
use strata_domain::digest::Digest;
use strata_domain::environment::Revision;

use crate::catalogues::version_read;
use crate::ctx::{self, Actor, Backend, Scope};
use crate::error::Error;

/// Revisions of an environment, newest first: at most `limit`, those with a number under `before`.
///
/// # Errors
/// [`Error::NotFound`] where the actor may not view the environment.
#[tracing::instrument(skip_all, fields(environment))]
pub async fn revision_list(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Revision>, Error> {
    let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::Environment(environment)).await?;
    let (environment_id, slug) = (read.place().id, read.place().slug.clone());
    let rows = sqlx::query!(
        "SELECT number, content_hash, made_at, made_by, made_by_name, change_id, run_id, title, node_count,
                catalogue_version
         FROM revisions WHERE environment_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3",
        environment_id,
        before.unwrap_or(i64::MAX),
        limit,
    )
    .fetch_all(read.connection())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Revision {
                environment: slug.clone(),
                number: row.number,
                content_hash: digest(&row.content_hash)?.to_string(),
                made_at: row.made_at,
                made_by: ctx::person(row.made_by, row.made_by_name),
                change: row.change_id,
                run: row.run_id,
                title: row.title,
                node_count: row.node_count,
                catalogue: version_read(row.catalogue_version)?,
            })
        })
        .collect()
}

/// A digest as it is stored.
pub(crate) fn digest(bytes: &[u8]) -> Result<Digest, Error> {
    bytes.try_into().map(Digest).map_err(|_| Error::unexpected("a stored digest has not 32 bytes"))
}
