//! Loading and adding revisions.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;
use strata_domain::account::{Person, Standing};
use strata_domain::authz::Permission;
use strata_domain::catalogue::Own;
use strata_domain::checked::Checked;
use strata_domain::digest::{self, Digest};
use strata_domain::environment::Revision;
use strata_domain::topology::Topology;

use crate::catalogues::{own_at, own_now};
use crate::ctx::{self, Actor, Backend, Read, Scope, Source};
use crate::error::Error;
use crate::heavy;
use crate::kept::Kept;
use crate::stored;

/// One topology of an environment and what it is looked at with, as of one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct TopologyView {
    /// The environment's slug.
    pub environment: String,
    /// What the actor is there.
    pub standing: Standing,
    /// The number of its live revision; none until a topology is imported.
    pub live: Option<i64>,
    /// The revision that is looked at; none where nothing was imported yet.
    pub revision: Option<Revision>,
    /// Its topology, under the catalogue that follows; an empty one where there is none.
    pub checked: Arc<Checked>,
    /// What names `checked`, for [`Backend::once`].
    pub made_of: String,
    /// What the environment adds to the built-in catalogue: now for the live revision, and in the version that it was made
    /// with for one that is asked for by number.
    pub own: Own,
}

/// The live topology of an environment (of the first that the actor may view, where none is named), or that of the revision of
/// that number.
///
/// # Errors
/// [`Error::NotFound`] for an unknown number, or where the actor may not view the environment.
#[tracing::instrument(skip_all, fields(?environment, ?number))]
pub async fn topology_load(
    backend: &Backend,
    actor: &Actor,
    environment: Option<&str>,
    number: Option<i64>,
) -> Result<TopologyView, Error> {
    heavy::act(actor, || async {
        let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::asked(environment)).await?;
        let (id, live) = (read.place().id, read.place().live);
        let found = match number.or(live) {
            Some(number) => Some(revision_of(&mut read, number).await?),
            None => None,
        };
        let own = match (number, &found) {
            (Some(_), Some((revision, _))) => own_at(read.connection(), id, revision.catalogue).await?,
            _ => own_now(read.connection(), id).await?,
        };
        let (environment, standing) = (read.place().slug.clone(), read.place().standing.clone());
        let (revision, topology, at) = match found {
            Some((revision, topology)) => {
                let at = revision_key(id, revision.number, &revision.content_hash);
                (Some(revision), topology, at)
            }
            None => (None, Arc::new(Topology::empty(&environment)), revision_key(id, 0, "")),
        };
        let (checked, made_of) = checked_of(read.source().kept, &at, topology, &own)?;
        Ok(TopologyView { environment, standing, live, revision, checked, made_of, own })
    })
    .await
}

/// A revision and its topology as part of a read, and of a [`heavy::act`].
///
/// # Errors
/// [`Error::NotFound`] for an unknown number.
pub(crate) async fn revision_of(read: &mut Read, number: i64) -> Result<(Revision, Arc<Topology>), Error> {
    let (environment_id, environment) = (read.place().id, read.place().slug.clone());
    let row = sqlx::query!(
        "SELECT number, content_hash, made_at, made_by, made_by_name, change_id, run_id, title, node_count,
                catalogue_version
         FROM revisions WHERE environment_id = $1 AND number = $2",
        environment_id,
        number,
    )
    .fetch_optional(read.connection())
    .await?
    .ok_or(Error::NotFound { what: "revision" })?;
    let revision = Revision {
        environment,
        number: row.number,
        content_hash: stored::digest(&row.content_hash)?.to_string(),
        made_at: row.made_at,
        made_by: ctx::person(row.made_by, row.made_by_name),
        change: row.change_id,
        run: row.run_id,
        title: row.title,
        node_count: row.node_count,
        catalogue: stored::version(row.catalogue_version)?,
    };
    let made_of = revision_key(environment_id, number, &revision.content_hash);
    let topology = topology_kept(&mut read.source(), environment_id, number, &made_of).await?;
    Ok((revision, topology))
}

/// What a revision is known by: its number, and its content, since a backup that was put back may give a number twice.
fn revision_key(environment_id: i64, number: i64, content_hash: &str) -> String {
    format!("{environment_id}/{number}/{content_hash}")
}

/// A base that is known to be there, and what it is known by.
pub(crate) struct Base {
    pub(crate) topology: Arc<Topology>,
    pub(crate) made_of: String,
}

/// The topology of a revision that is known to be there.
pub(crate) async fn topology_of(source: &mut Source<'_>, environment_id: i64, number: i64) -> Result<Base, Error> {
    let hash = sqlx::query_scalar!(
        "SELECT content_hash FROM revisions WHERE environment_id = $1 AND number = $2",
        environment_id,
        number,
    )
    .fetch_one(&mut *source.connection)
    .await?;
    let made_of = revision_key(environment_id, number, &stored::digest(&hash)?.to_string());
    let topology = topology_kept(source, environment_id, number, &made_of).await?;
    Ok(Base { topology, made_of })
}

async fn topology_kept(
    source: &mut Source<'_>,
    environment_id: i64,
    number: i64,
    made_of: &str,
) -> Result<Arc<Topology>, Error> {
    if let Some(topology) = source.kept.get(made_of) {
        return Ok(topology);
    }
    let json = sqlx::query_scalar!(
        r#"SELECT topology::text AS "topology!" FROM revisions WHERE environment_id = $1 AND number = $2"#,
        environment_id,
        number,
    )
    .fetch_one(&mut *source.connection)
    .await?;
    let bytes = json.len();
    // A large one takes long to read.
    let read = heavy::in_act(heavy::parts_in(bytes), move || serde_json::from_str::<Topology>(&json));
    let topology = read.await?.map_err(Error::unexpected)?;
    Ok(source.kept.keep(made_of.to_owned(), Arc::new(topology), bytes * MEMORY_OF_A_BYTE))
}

/// Bytes of memory that a byte of a stored topology takes, about.
const MEMORY_OF_A_BYTE: usize = 2;

/// A topology that is known by that, under a catalogue; and what the two are known by.
pub(crate) fn checked_of(
    kept: &Kept,
    made_of: &str,
    topology: Arc<Topology>,
    own: &Own,
) -> Result<(Arc<Checked>, String), Error> {
    let made_of = format!("{made_of}/{}", serde_json::to_string(own).map_err(Error::unexpected)?);
    if let Some(checked) = kept.get(&made_of) {
        return Ok((checked, made_of));
    }
    let bytes = heavy::parts_of(&topology) * heavy::MEMORY_OF_A_PART;
    let checked = Arc::new(Checked::new(topology, Arc::new(own.catalogue())));
    Ok((kept.keep(made_of.clone(), checked, bytes), made_of))
}

/// What a revision says, worked out before anything is locked: for a large topology, [`heavy::run`] is the place for that.
pub(crate) struct Content {
    /// The topology as it is stored; none where the row of a run has it.
    json: Option<String>,
    hash: Digest,
    nodes: usize,
}

impl Content {
    /// Of a topology that nothing has stored yet.
    ///
    /// # Errors
    /// Where it cannot be written, which nothing lets happen.
    pub(crate) fn of(topology: &Topology) -> Result<Self, Error> {
        let json = serde_json::to_string(topology).map_err(Error::unexpected)?;
        Ok(Self { json: Some(json), ..Self::of_run(topology) })
    }

    /// Of what a run leads to. The row of the run has it, and the revision says what that row says: a version of Strata that
    /// writes topologies otherwise by now retells nothing.
    pub(crate) fn of_run(topology: &Topology) -> Self {
        Self { json: None, hash: digest::of_topology(topology), nodes: topology.nodes.len() }
    }

    /// How many nodes it has.
    pub(crate) fn nodes(&self) -> usize {
        self.nodes
    }
}

/// A revision to add.
pub(crate) struct NewRevision<'a> {
    pub(crate) environment_id: i64,
    /// The live number that it follows; none for the first.
    pub(crate) after: Option<i64>,
    pub(crate) content: &'a Content,
    /// Version of the catalogue that it was made with.
    pub(crate) catalogue: u32,
    pub(crate) change: Option<i64>,
    pub(crate) run: Option<i64>,
    pub(crate) title: &'a str,
    pub(crate) made_by: &'a Person,
    pub(crate) made_at: DateTime<Utc>,
}

/// Adds a revision and makes it live; gives its number.
///
/// # Errors
/// [`Error::Conflict`] where another revision became live meanwhile.
pub(crate) async fn revision_add(connection: &mut PgConnection, new: NewRevision<'_>) -> Result<i64, Error> {
    let number = new.after.unwrap_or(0) + 1;
    let nodes = i64::try_from(new.content.nodes).map_err(Error::unexpected)?;
    let written = sqlx::query!(
        "INSERT INTO revisions (environment_id, number, topology, content_hash, catalogue_version, node_count,
                                change_id, run_id, title, made_by, made_by_name, made_at)
         VALUES ($1, $2, coalesce($3::text::jsonb, (SELECT desired FROM runs WHERE id = $8)), $4, $5, $6, $7, $8, $9, $10, $11,
                 $12)",
        new.environment_id,
        number,
        new.content.json.as_deref() as _,
        &new.content.hash.0,
        stored::of_version(new.catalogue)?,
        nodes,
        new.change,
        new.run,
        new.title,
        ctx::account_uuid(new.made_by)?,
        new.made_by.name,
        new.made_at,
    )
    .execute(&mut *connection)
    .await?;
    stored::expect_rows(written.rows_affected(), 1)?;
    let moved = sqlx::query!(
        "UPDATE environments SET live_revision = $2 WHERE id = $1 AND live_revision IS NOT DISTINCT FROM $3",
        new.environment_id,
        number,
        new.after,
    )
    .execute(connection)
    .await?;
    stored::expect_rows(moved.rows_affected(), 1)?;
    Ok(number)
}
