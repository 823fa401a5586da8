//! Environments, their live topology, and the import of topology files.

mod import;
mod revisions;

use sqlx::PgExecutor;
use strata_domain::act::{Act, EnvironmentAct};
use strata_domain::environment::Environment;
use strata_domain::text;
use uuid::Uuid;

use crate::ctx::{Actor, Backend};
use crate::error::Error;
use crate::stored;

pub(crate) use import::give_id;
pub use import::{Imported, topology_import};
pub(crate) use revisions::{Base, Content, NewRevision, checked_of, revision_add, revision_of, topology_of};
pub use revisions::{TopologyView, topology_load};

/// The environments that the actor may view, by name.
///
/// # Errors
/// [`Error::NotSignedIn`] for nobody.
#[tracing::instrument(skip_all)]
pub async fn environment_list(backend: &Backend, actor: &Actor) -> Result<Vec<Environment>, Error> {
    environments_of(backend.machinery(), actor.account_id()?).await
}

/// The environments that an account may view, by name; all where none is named, which is the operator.
pub(crate) async fn environments_of(
    database: impl PgExecutor<'_>,
    account: Option<Uuid>,
) -> Result<Vec<Environment>, Error> {
    // Every capability includes viewing; only the operator has no account and sees all.
    let rows = sqlx::query!(
        "SELECT slug, live_revision FROM environments e
         WHERE $1::uuid IS NULL OR EXISTS (SELECT FROM grants g WHERE g.environment_id = e.id AND g.account_id = $1)
         ORDER BY slug",
        account,
    )
    .fetch_all(database)
    .await?;
    Ok(rows.into_iter().map(|row| Environment { slug: row.slug, live: row.live_revision }).collect())
}

/// Makes an environment without a topology.
///
/// # Errors
/// [`Error::Invalid`] for `environment`; [`Error::Refused`] for all but the operator.
#[tracing::instrument(skip_all, fields(?slug))]
pub async fn environment_create(backend: &Backend, actor: &Actor, slug: &str) -> Result<(), Error> {
    text::check_name("environment", slug).map_err(|fault| Error::text("environment", &fault))?;
    let mut write = backend.authorise_operator(actor).await?;
    let at = write.at();
    let written = sqlx::query!("INSERT INTO environments (slug, created_at) VALUES ($1, $2)", slug, at)
        .execute(write.connection())
        .await?;
    stored::expect_rows(written.rows_affected(), 1)?;
    write.enter(slug).await?;
    write.commit(Act::Environment(EnvironmentAct::Created { environment: slug.to_owned() })).await
}
