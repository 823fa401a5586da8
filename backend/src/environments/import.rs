//! A topology file becomes the first revision, or a change.

use std::collections::BTreeSet;

use serde_json::json;
use strata_domain::audit::AuditAction;
use strata_domain::authz::Permission;
use strata_domain::catalogue::Catalogue;
use strata_domain::edit::{self, Edit};
use strata_domain::file;
use strata_domain::limits::{Things, TooMany};
use strata_domain::news::News;
use strata_domain::topology::Topology;

use super::{NewRevision, revision_add, topology_of};
use crate::catalogues::{catalogue_at, version_now};
use crate::changes;
use crate::ctx::{self, Actor, AuditRow, Backend, Scope, Write};
use crate::error::Error;

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

/// Imports a topology file, YAML or JSON. The title names the revision or the change.
///
/// # Errors
/// [`Error::Invalid`] for `file`, with the line and column, or for `title`; nothing is imported then.
#[tracing::instrument(skip_all, fields(environment, bytes = bytes.len()))]
pub async fn topology_import(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    bytes: &[u8],
    title: &str,
) -> Result<Imported, Error> {
    let title = changes::accepted_title(title)?;
    let mut write = backend.authorise_write(actor, Permission::ImportTopology, Scope::Environment(environment)).await?;
    let environment_id = write.place()?.id;
    let version = version_now(write.connection(), environment_id).await?;
    let catalogue = catalogue_at(write.connection(), environment_id, version).await?;
    let topology = read_file(bytes.to_vec(), environment.to_owned(), catalogue.clone()).await?;
    // Two first imports at once: the second waits here, and then finds a live revision.
    let live =
        sqlx::query_scalar!("SELECT live_revision FROM environments WHERE id = $1 FOR NO KEY UPDATE", environment_id,)
            .fetch_one(write.connection())
            .await?;
    match live {
        None => first_revision(write, topology, &title, version).await,
        Some(live) => as_change(write, live, topology, &title, &catalogue).await,
    }
}

/// Parsing 16 MiB of YAML takes long enough to be kept off the threads that serve requests.
async fn read_file(bytes: Vec<u8>, environment: String, catalogue: Catalogue) -> Result<Topology, Error> {
    tokio::task::spawn_blocking(move || {
        let topology = file::read(&bytes, &catalogue).map_err(|error| Error::invalid("file", error.to_string()))?;
        if topology.environment != environment {
            return Err(Error::invalid(
                "file",
                format!(
                    "The file describes the environment {:?}; it cannot be imported into {environment:?}.",
                    topology.environment
                ),
            ));
        }
        let mut ids = BTreeSet::new();
        match topology.nodes.iter().find(|node| node.id.as_ref().is_some_and(|id| !ids.insert(id.as_str()))) {
            Some(node) => Err(Error::invalid(
                "file",
                format!("The node {} has an id that another node of the file has already.", node.hostname),
            )),
            None => Ok(topology),
        }
    })
    .await
    .map_err(Error::unexpected)?
}

async fn first_revision(
    mut write: Write,
    mut topology: Topology,
    title: &str,
    catalogue: u32,
) -> Result<Imported, Error> {
    for node in &mut topology.nodes {
        node.id.get_or_insert_with(|| ctx::new_id().to_string());
    }
    let (environment_id, environment) = (write.place()?.id, write.place()?.slug.clone());
    let (made_by, made_at) = (write.person().clone(), write.at());
    let new = NewRevision {
        environment_id,
        after: None,
        topology: &topology,
        catalogue,
        change: None,
        run: None,
        title,
        made_by: &made_by,
        made_at,
    };
    let number = revision_add(write.connection(), new).await?;
    let row = AuditRow::new(AuditAction::TopologyImported, "revision", &number)
        .after(json!({ "revision": number, "title": title, "nodes": topology.nodes.len() }));
    write.commit(row, vec![News::Environment { environment }]).await?;
    Ok(Imported::Revision(number))
}

async fn as_change(
    mut write: Write,
    live: i64,
    topology: Topology,
    title: &str,
    catalogue: &Catalogue,
) -> Result<Imported, Error> {
    let (environment_id, environment) = (write.place()?.id, write.place()?.slug.clone());
    let base = topology_of(write.connection(), environment_id, live).await?;
    let catalogue = catalogue.clone();
    // Two large topologies take long enough to be kept off the threads that serve requests.
    let edits = tokio::task::spawn_blocking(move || edits_between(live, &base, &topology, &catalogue))
        .await
        .map_err(Error::unexpected)??;
    if edits.is_empty() {
        return Ok(Imported::Unchanged);
    }
    let id = changes::change_add(&mut write, live, title).await?;
    changes::edits_add(&mut write, id, 0, None, &edits).await?;
    let row = AuditRow::new(AuditAction::ChangeStarted, "change", &id)
        .after(json!({ "title": title, "base": live, "edits": edits.len(), "from": "import" }));
    write.commit(row, vec![News::Change { environment, id }]).await?;
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
    edit::replay(base, &edits, catalogue).map_err(|error| {
        Error::invalid("file", format!("The file cannot be reached from revision {live}: {error}."))
    })?;
    Ok(edits)
}

/// A node gets its id with the edit that adds it, and keeps it for life.
pub(crate) fn give_id(edit: &mut Edit) {
    if let Edit::AddNode { node } = edit {
        node.id.get_or_insert_with(|| ctx::new_id().to_string());
    }
}
