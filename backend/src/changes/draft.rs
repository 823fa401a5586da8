//! Starting a change and writing its edits.

use strata_domain::act::{Act, ChangeAct, Edits, Origin, Shift};
use strata_domain::audit::AuditAction;
use strata_domain::authz::Permission;
use strata_domain::edit::{self, Edit};
use strata_domain::text;
use strata_domain::topology::Topology;

use super::log::{edits_add, last_of, room_for};
use super::{Locked, Material};
use crate::catalogues::version_now;
use crate::ctx::{Actor, Backend, Scope, Write};
use crate::environments::give_id;
use crate::error::Error;
use crate::heavy;
use crate::stored;

/// Starts a draft over the live revision; gives its id.
///
/// # Errors
/// [`Error::Invalid`] for `title`; [`Error::Refused`] where the environment has no topology yet.
#[tracing::instrument(skip_all, fields(?environment))]
pub async fn change_start(backend: &Backend, actor: &Actor, environment: &str, title: &str) -> Result<i64, Error> {
    let mut write = backend.authorise_write(actor, Permission::StartChange, Scope::Environment(environment)).await?;
    let title = accepted_title(title)?;
    let base = write.place()?.live.ok_or_else(|| {
        Error::not_now("This environment has no topology yet; import one, and changes can be made to it.")
    })?;
    if let Some(id) = untouched_draft(&mut write, base, &title).await? {
        return Ok(id);
    }
    let id = change_add(&mut write, base, &title).await?;
    let did = ChangeAct::Started { title, base, origin: Origin::Empty };
    write.commit(Act::Change { change: id, did }).await?;
    Ok(id)
}

/// The draft that this very request made already, if it comes twice: the same title by the same person over the same
/// base, with nothing done to it since. Whoever starts a change holds the lock on their account until they commit, so
/// the second of a double click waits for the first.
async fn untouched_draft(write: &mut Write, base: i64, title: &str) -> Result<Option<i64>, Error> {
    let Some(author) = write.account_id()? else { return Ok(None) };
    let environment_id = write.place()?.id;
    sqlx::query!("SELECT id FROM accounts WHERE id = $1 FOR NO KEY UPDATE", author)
        .fetch_one(write.connection())
        .await?;
    Ok(sqlx::query_scalar!(
        "SELECT id FROM changes
         WHERE environment_id = $1 AND created_by = $2 AND title = $3 AND base_revision = $4
           AND state = 'draft' AND touched_action = $5",
        environment_id,
        author,
        title,
        base,
        AuditAction::ChangeStarted.as_str(),
    )
    .fetch_optional(write.connection())
    .await?)
}

/// Appends an edit to a change; gives the new version. A node that is added gets its id here. Under review, its author is an
/// author of the change from then on, and votes stay only where the plan does.
///
/// # Errors
/// [`Error::Invalid`] for `edit` where it does not fit; [`Error::Conflict`] where somebody else came first;
/// [`Error::Refused`] where the change takes no edits any more.
#[tracing::instrument(skip_all, fields(%id, %version))]
pub async fn change_edit(backend: &Backend, actor: &Actor, id: i64, version: i64, edit: Edit) -> Result<i64, Error> {
    heavy::act(actor, || append_one(backend, actor, id, version, edit.clone())).await
}

async fn append_one(backend: &Backend, actor: &Actor, id: i64, version: i64, edit: Edit) -> Result<i64, Error> {
    let mut write = backend.authorise_write(actor, Permission::EditChange, Scope::Change(id)).await?;
    let environment_id = write.place()?.id;
    let mut locked = Locked::take(&mut write, id).await?;
    let (material, log) = Material::read(&mut write.source(), environment_id, &locked.change).await?;
    let was_done = locked.change.version.checked_sub(1) == Some(version)
        && locked.was_done_by(write.person(), AuditAction::ChangeEdited)
        && log.last().is_some_and(|last| is_same(&last.edit, &edit));
    if was_done {
        return Ok(locked.change.version);
    }
    locked.at_version(version, &write)?;
    let reviewed = locked.before_edit(&mut write).await?;
    room_for(log.len(), 1)?;
    let mut edit = edit;
    give_id(&mut edit);
    // The version says that its author saw what it is applied to, so nothing has to be carried over.
    let mut desired = Topology::clone(&material.desired.topology);
    edit::apply(&mut desired, &edit, &material.desired.catalogue)
        .map_err(|error| Error::invalid("edit", error.to_string()))?;
    let last = last_of(&locked.change, &log);
    let sequence = edits_add(&mut write, id, last, None, std::slice::from_ref(&edit)).await?;
    let before = locked.change.state;
    locked.after_edit(&mut write, reviewed).await?;
    let version = locked.save(&mut write, AuditAction::ChangeEdited).await?;
    let shift = Shift { from: before, to: locked.change.state };
    let did = ChangeAct::Edited { edits: Edits::One(sequence), what: edit.describe(), shift };
    write.commit(Act::Change { change: id, did }).await?;
    Ok(version)
}

/// Whether a request repeats the edit; the id that Strata gave to its node aside.
fn is_same(logged: &Edit, wanted: &Edit) -> bool {
    match (logged, wanted) {
        (Edit::AddNode { node: logged }, Edit::AddNode { node: wanted }) if wanted.id.is_none() => {
            let mut logged = logged.clone();
            logged.id = None;
            logged == *wanted
        }
        _ => logged == wanted,
    }
}

/// Adds the row of a draft.
pub(crate) async fn change_add(write: &mut Write, base: i64, title: &str) -> Result<i64, Error> {
    change_add_of(write, base, title, None).await
}

/// As [`change_add`], of a copy of another change where one is named.
pub(super) async fn change_add_of(
    write: &mut Write,
    base: i64,
    title: &str,
    copied_from: Option<i64>,
) -> Result<i64, Error> {
    let environment_id = write.place()?.id;
    let (author, name, at) = (write.account_id()?, write.person().name.clone(), write.at());
    let catalogue = version_now(write.connection(), environment_id).await?;
    let id = sqlx::query_scalar!(
        "INSERT INTO changes (environment_id, title, base_revision, created_by, created_by_name, created_at,
                              touched_by, touched_by_name, touched_action, touched_at, catalogue_version, copied_from)
         VALUES ($1, $2, $3, $4, $5, $6, $4, $5, $7, $6, $8, $9) RETURNING id",
        environment_id,
        title,
        base,
        author,
        name,
        at,
        AuditAction::ChangeStarted.as_str(),
        stored::of_version(catalogue)?,
        copied_from,
    )
    .fetch_one(write.connection())
    .await?;
    Ok(id)
}

/// A title without spaces around it.
///
/// # Errors
/// [`Error::Invalid`] for `title` where there is none, or its text is not taken.
pub(crate) fn accepted_title(title: &str) -> Result<String, Error> {
    if title.trim().is_empty() {
        return Err(Error::invalid("title", "Say in a line what it is for."));
    }
    text::name("title", title).map_err(|fault| Error::text("title", &fault))
}
