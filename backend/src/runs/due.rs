//! Starting what waited for its environment to open.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use strata_domain::account::Person;
use strata_domain::authz::Permission;
use strata_domain::schedule::{self, Verdict};

use super::apply::{Applied, called_off, go_on};
use super::ready::Ready;
use crate::accounts::account_of;
use crate::ctx::{self, Actor, Backend, Scope};
use crate::error::Error;
use crate::outage::Outage;
use crate::schedule::entries_of;

/// Starts changes that wait and whose environment is open, one in each environment at a time, who asked first first; says
/// whether there was one. Who comes second, of several workers, finds it started.
///
/// # Errors
/// [`Error::Unavailable`] alone: whatever else stands against a start is stored with the change, which then waits no
/// longer, or holds up nothing but itself.
pub(crate) async fn start_due(backend: &Backend) -> Result<bool, Error> {
    let waiting = ctx::statement(async {
        Ok(sqlx::query!(
            r#"SELECT c.environment_id, c.id, c.apply_asked_by, c.apply_asked_by_name, now() AS "now!"
         FROM changes c
         WHERE c.apply_asked_at IS NOT NULL
           AND NOT EXISTS (SELECT FROM runs r
                           WHERE r.environment_id = c.environment_id AND r.state IN ('queued', 'running'))
         ORDER BY c.apply_asked_at, c.id"#
        )
        .fetch_all(backend.machinery())
        .await?)
    })
    .await?;
    // Environments with which nothing more is to be done in this turn.
    let mut done = BTreeSet::new();
    let mut any = false;
    for row in waiting {
        if done.contains(&row.environment_id) {
            continue;
        }
        let person = ctx::person(row.apply_asked_by, row.apply_asked_by_name.unwrap_or_default());
        match start_if_open(backend, row.environment_id, &person, row.id, row.now).await {
            Ok(is_done) => {
                any |= is_done;
                done.insert(row.environment_id);
            }
            // Somebody is at work on it: the next one.
            Err(Error::Unavailable(Outage::Busy)) => {}
            Err(error @ Error::Unavailable(_)) => return Err(error),
            // It is tried again; others of its environment, and the steps of all runs, do not wait for it.
            Err(error) => tracing::error!(change = row.id, "a change that waits could not be started: {error}"),
        }
    }
    Ok(any)
}

async fn start_if_open(
    backend: &Backend,
    environment_id: i64,
    person: &Person,
    change: i64,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let mut connection = backend.machinery().acquire().await?;
    let entries = entries_of(&mut connection, environment_id).await?;
    drop(connection);
    if schedule::verdict(&entries, now) != Verdict::Open {
        return Ok(false);
    }
    start(backend, person, change).await
}

/// Starts one, in the name of who applied it; says whether anything was done.
#[tracing::instrument(name = "run_start_due", skip_all, fields(%change))]
async fn start(backend: &Backend, person: &Person, change: i64) -> Result<bool, Error> {
    let told = match try_start(backend, person, change).await {
        Ok(is_done) => return Ok(is_done),
        Err(Error::Refused(refused)) => refused.reason,
        Err(Error::NotFound { .. }) => format!("{} has no access to this environment any more.", person.name),
        Err(error) => return Err(error),
    };
    tracing::warn!("a change that waited was not started: {told}");
    // In the name of nobody: who applied did not call it off, and is told.
    let write = backend.write_for(strata(), Scope::Change(change)).await?;
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

/// Strata itself, as it stands beside what it did.
fn strata() -> Person {
    Person { id: None, name: "Strata".to_owned() }
}
