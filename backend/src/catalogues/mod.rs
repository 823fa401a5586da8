//! The catalogue of an environment: its own roles beside the built-in ones, version by version, and how much each
//! rule matters to it.

mod edit;
mod open_changes;
mod rows;

use chrono::{DateTime, Utc};
use strata_domain::account::{Person, Standing};
use strata_domain::authz::Permission;
use strata_domain::catalogue::Own;

use crate::ctx::{self, Actor, Backend, Scope};
use crate::error::Error;
use crate::stored;

pub(crate) use edit::{level_store, role_loosen};
pub use edit::{role_remove, role_save, rule_level_set};
pub(crate) use rows::{catalogue_at, levels_now, own_at, own_now, own_of_change, version_now};

/// Everything that the page of the catalogue shows, as of one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct CatalogueView {
    /// The environment's slug.
    pub environment: String,
    /// What it adds to the built-in catalogue.
    pub own: Own,
    /// The versions after the first, newest first.
    pub versions: Vec<CatalogueVersion>,
    /// What the actor is there.
    pub standing: Standing,
}

/// One version of a catalogue and how it came to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueVersion {
    /// Its number.
    pub version: u32,
    /// What it changed, in a sentence.
    pub what: String,
    /// Who made it.
    pub made_by: Person,
    /// When.
    pub made_at: DateTime<Utc>,
}

/// The catalogue of an environment (of the first that the actor may view, where none is named) as it is now.
///
/// # Errors
/// [`Error::NotFound`] where the actor may not view the environment.
#[tracing::instrument(skip_all, fields(?environment))]
pub async fn catalogue_load(
    backend: &Backend,
    actor: &Actor,
    environment: Option<&str>,
) -> Result<CatalogueView, Error> {
    let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::asked(environment)).await?;
    let (id, slug, standing) = {
        let place = read.place();
        (place.id, place.slug.clone(), place.standing.clone())
    };
    let own = own_now(read.connection(), id).await?;
    let versions = sqlx::query!(
        "SELECT version, what, made_by, made_by_name, made_at FROM catalogues
         WHERE environment_id = $1 ORDER BY version DESC LIMIT 100",
        id,
    )
    .fetch_all(read.connection())
    .await?
    .into_iter()
    .map(|row| {
        Ok(CatalogueVersion {
            version: stored::version(row.version)?,
            what: row.what,
            made_by: ctx::person(row.made_by, row.made_by_name),
            made_at: row.made_at,
        })
    })
    .collect::<Result<_, Error>>()?;
    Ok(CatalogueView { environment: slug, own, versions, standing })
}

/// What an environment adds to the built-in catalogue, as of one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnView {
    /// The environment's slug.
    pub environment: String,
    /// The number of its live revision; none until a topology is imported.
    pub live: Option<i64>,
    /// What it adds.
    pub own: Own,
    /// What the actor is there.
    pub standing: Standing,
}

/// What an environment, or that of a change or a run, adds to the built-in catalogue now; the severities for a change are
/// those by which it is judged.
///
/// # Errors
/// [`Error::NotFound`] where the actor may not view the environment.
#[tracing::instrument(skip_all, fields(?scope))]
pub async fn own_load(backend: &Backend, actor: &Actor, scope: Scope<'_>) -> Result<OwnView, Error> {
    let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, scope).await?;
    let id = read.place().id;
    let version = version_now(read.connection(), id).await?;
    let own = match scope {
        Scope::Change(change) => own_of_change(read.connection(), id, version, change).await?,
        Scope::Environment(_) | Scope::First | Scope::Run(_) => own_at(read.connection(), id, version).await?,
    };
    let place = read.place();
    Ok(OwnView { environment: place.slug.clone(), live: place.live, own, standing: place.standing.clone() })
}
