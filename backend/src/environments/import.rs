//! A topology file becomes the first revision, or a change.

use std::sync::Arc;

use strata_domain::act::{Act, ChangeAct, EnvironmentAct, Origin};
use strata_domain::authz::Permission;
use strata_domain::catalogue::Catalogue;
use strata_domain::edit::{self, Edit};
use strata_domain::file;
use strata_domain::limits::{Things, TooMany};
use strata_domain::topology::Topology;

use super::{Content, NewRevision, revision_add, topology_of};
use crate::catalogues::{catalogue_at, version_now};
use crate::changes;
use crate::ctx::{Actor, Backend, Scope, Write};
use crate::error::Error;
use crate::heavy;
use crate::ids;

/// An environment that moves on while a file is read is looked at again so often.
const ATTEMPTS: usize = 5;

/// What an import made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// The environment had no topology: this is its first live revision, by number.
    Revision(i64),
    /// The environment has one: this is a draft, by id, that turns it into the file's.
    Change(i64),
    /// The file says what is live already.
    Unchanged,
}

/// What an import is made in view of. It is loaded without a lock: reading a file and comparing it takes long, and nobody
/// else is to wait for that.
struct Present {
    live: Option<i64>,
    /// The live topology, where there is one.
    base: Option<Arc<Topology>>,
    /// Version of the catalogue.
    version: u32,
    catalogue: Catalogue,
}

/// What a file comes to.
enum Wanted {
    /// The first revision.
    First(Content),
    /// What makes the live topology into the file's.
    Edits(Vec<Edit>),
}

/// Imports a topology file, YAML or JSON. The title names the revision or the change.
///
/// # Errors
/// [`Error::Invalid`] for `file`, with the line and column, or for `title`; nothing is imported then. [`Error::Conflict`]
/// where the environment moved each time that it was tried; [`Error::Busy`] where there is no room for the work now.
#[tracing::instrument(skip_all, fields(?environment, bytes = bytes.len()))]
pub async fn topology_import(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    bytes: &[u8],
    title: &str,
) -> Result<Imported, Error> {
    let title = changes::accepted_title(title)?;
    for _ in 0..ATTEMPTS {
        let present = heavy::act(actor, || Present::load(backend, actor, environment)).await?;
        let (live, version) = (present.live, present.version);
        let (bytes, into) = (bytes.to_vec(), environment.to_owned());
        let parts = heavy::parts_in(bytes.len()) + present.base.as_ref().map_or(0, |base| heavy::parts_of(base));
        let wanted = heavy::run(actor, parts, move || wanted_by(&bytes, &into, present)).await??;
        if matches!(&wanted, Wanted::Edits(edits) if edits.is_empty()) {
            return Ok(Imported::Unchanged);
        }
        let mut write =
            backend.authorise_write(actor, Permission::ImportTopology, Scope::Environment(environment)).await?;
        // Two first imports at once: the second waits here, and then finds a live revision.
        let environment_id = write.lock_environment().await?;
        let now = sqlx::query_scalar!("SELECT live_revision FROM environments WHERE id = $1", environment_id)
            .fetch_one(write.connection())
            .await?;
        if now != live || version_now(write.connection(), environment_id).await? != version {
            continue;
        }
        return match wanted {
            Wanted::First(content) => first_revision(write, &content, &title, version).await,
            Wanted::Edits(edits) => as_change(write, live.unwrap_or_default(), &edits, &title).await,
        };
    }
    Err(Error::Conflict { what: "The environment has moved on while the file was read. Import it again.".to_owned() })
}

impl Present {
    async fn load(backend: &Backend, actor: &Actor, environment: &str) -> Result<Self, Error> {
        let mut read =
            backend.authorise_read(actor, Permission::ImportTopology, Scope::Environment(environment)).await?;
        let (environment_id, live) = (read.place().id, read.place().live);
        let version = version_now(read.connection(), environment_id).await?;
        let catalogue = catalogue_at(read.connection(), environment_id, version).await?;
        let base = match live {
            Some(live) => Some(topology_of(&mut read.source(), environment_id, live).await?.topology),
            None => None,
        };
        Ok(Self { live, base, version, catalogue })
    }
}

/// Reads the file, and says what it comes to in view of what is there.
fn wanted_by(bytes: &[u8], environment: &str, present: Present) -> Result<Wanted, Error> {
    let mut topology = read_file(bytes, environment, &present.catalogue)?;
    match (present.live, present.base) {
        (Some(live), Some(base)) => edits_between(live, &base, &topology, &present.catalogue).map(Wanted::Edits),
        _ => {
            for node in &mut topology.nodes {
                node.id.get_or_insert_with(|| ids::new_id().to_string());
            }
            Content::of(&topology).map(Wanted::First)
        }
    }
}

fn read_file(bytes: &[u8], environment: &str, catalogue: &Catalogue) -> Result<Topology, Error> {
    let topology = file::read(bytes, catalogue).map_err(|error| Error::invalid("file", error.to_string()))?;
    if topology.environment != environment {
        return Err(Error::invalid(
            "file",
            format!(
                "The file describes the environment {:?}; it cannot be imported into {environment:?}.",
                topology.environment
            ),
        ));
    }
    Ok(topology)
}

async fn first_revision(mut write: Write, content: &Content, title: &str, catalogue: u32) -> Result<Imported, Error> {
    let environment_id = write.place()?.id;
    let (made_by, made_at) = (write.person().clone(), write.at());
    let new = NewRevision {
        environment_id,
        after: None,
        content,
        catalogue,
        change: None,
        run: None,
        title,
        made_by: &made_by,
        made_at,
    };
    let number = revision_add(write.connection(), new).await?;
    let did = EnvironmentAct::Imported { revision: number, title: title.to_owned(), nodes: content.nodes() };
    write.commit(Act::Environment(did)).await?;
    Ok(Imported::Revision(number))
}

async fn as_change(mut write: Write, live: i64, edits: &[Edit], title: &str) -> Result<Imported, Error> {
    let id = changes::change_add(&mut write, live, title).await?;
    changes::edits_add(&mut write, id, 0, None, edits).await?;
    let origin = Origin::Import { edits: edits.len() };
    let did = ChangeAct::Started { title: title.to_owned(), base: live, origin };
    write.commit(Act::Change { change: id, did }).await?;
    Ok(Imported::Change(id))
}

/// The edits that make the live revision into the file's topology.
///
/// # Errors
/// [`Error::Invalid`] for `file` where there are too many, and where they do not lead there.
fn edits_between(live: i64, base: &Topology, topology: &Topology, catalogue: &Catalogue) -> Result<Vec<Edit>, Error> {
    let mut edits = edit::between(base, topology);
    Things::Edits.check(edits.len()).map_err(|TooMany { things, count }| {
        let message = format!(
            "From revision {live} to the file it takes {count} edits, and a change has at most {}. Import it in parts.",
            things.most()
        );
        Error::invalid("file", message)
    })?;
    edits.iter_mut().for_each(give_id);
    edit::replay(base, &edits, catalogue)
        .map_err(|error| Error::invalid("file", format!("The file cannot be reached from revision {live}: {error}")))?;
    Ok(edits)
}

/// A node gets its id with the edit that adds it, and keeps it for life.
pub(crate) fn give_id(edit: &mut Edit) {
    if let Edit::AddNode { node } = edit {
        node.id.get_or_insert_with(|| ids::new_id().to_string());
    }
}
