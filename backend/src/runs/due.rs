//! Starting what waited for its environment to open.

use strata_domain::account::Person;
use strata_domain::authz::Permission;
use strata_domain::schedule::{self, Verdict};

use super::apply::{Applied, called_off, go_on};
use super::ready::Ready;
use crate::accounts::account_of;
use crate::ctx::{self, Actor, Backend, Scope};
use crate::error::Error;
use crate::schedule::entries_of;

/// Starts the first change that waits and whose environment is open, one in each environment at a time; says whether there
/// was one. Who comes second, of several workers, finds it started.
///
/// # Errors
/// What the database says; whatever else stands against a start is stored with the change, which then waits no longer.
pub(crate) async fn start_due(backend: &Backend) -> Result<bool, Error> {
    let waiting = sqlx::query!(
        "SELECT DISTINCT ON (c.environment_id) c.environment_id, c.id, c.apply_asked_by, c.apply_asked_by_name
         FROM changes c
         WHERE c.apply_asked_at IS NOT NULL
           AND NOT EXISTS (SELECT FROM runs r
                           WHERE r.environment_id = c.environment_id AND r.state IN ('queued', 'running'))
         ORDER BY c.environment_id, c.apply_asked_at, c.id"
    )
    .fetch_all(backend.machinery())
    .await?;
    let mut any = false;
    for row in waiting {
        let mut connection = backend.machinery().acquire().await?;
        let entries = entries_of(&mut connection, row.environment_id).await?;
        drop(connection);
        if schedule::verdict(&entries, ctx::now()) != Verdict::Open {
            continue;
        }
        let person = ctx::person(row.apply_asked_by, row.apply_asked_by_name.unwrap_or_default());
        match start(backend, &person, row.id).await {
            Ok(is_done) => any |= is_done,
            Err(Error::Unavailable) => return Err(Error::Unavailable),
            // One change that cannot be started must not hold up the steps of all others; it is tried again.
            Err(error) => tracing::error!(change = row.id, "a change that waits could not be started: {error}"),
        }
    }
    Ok(any)
}

/// Starts one, in the name of who applied it; says whether anything was done.
#[tracing::instrument(name = "run_start_due", skip_all, fields(change))]
async fn start(backend: &Backend, person: &Person, change: i64) -> Result<bool, Error> {
    let told = match try_start(backend, person, change).await {
        Ok(is_done) => return Ok(is_done),
        Err(Error::Refused(refused)) => refused.reason,
        Err(Error::NotFound { .. }) => format!("{} has no access to this environment any more.", person.name),
        // Its log has what went wrong; who applied can look and apply again.
        Err(error @ Error::Unexpected { .. }) => error.to_string(),
        Err(error) => return Err(error),
    };
    tracing::warn!("a change that waited was not started: {told}");
    let write = backend.write_for(person.clone(), Scope::Change(change)).await?;
    called_off(Ready::take(write, change).await?, Some(&told)).await?;
    Ok(true)
}

async fn try_start(backend: &Backend, person: &Person, change: i64) -> Result<bool, Error> {
    let actor = match &person.id {
        None => Actor::Operator,
        Some(id) => Actor::Account(account_of(backend, id).await?),
    };
    let write = backend.authorise_write(&actor, Permission::ApplyChange, Scope::Change(change)).await?;
    let mut ready = Ready::take(write, change).await?;
    // Called off, started or begun beside us since it was looked for.
    if ready.locked.change.apply_asked.is_none() || ready.under_way().await?.is_some() {
        return Ok(false);
    }
    Ok(matches!(go_on(ready).await?, Applied::Started { .. }))
}
