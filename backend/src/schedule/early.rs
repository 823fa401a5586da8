//! Ending a freeze before its time.

use strata_domain::act::ScheduleAct;
use strata_domain::authz::Permission;
use strata_domain::notice::Sooner;
use strata_domain::schedule::{self, EndedEarly, Entry};

use super::{edit, rows};
use crate::changes::accepted_reason;
use crate::ctx::{Actor, Backend, Scope};
use crate::error::Error;
use crate::stored;

/// Ends what is on of a freeze now; what comes later of it comes as ever. A change that waits for it may start at once.
/// Repeated by the same person with the same reason, it is met already.
///
/// # Errors
/// [`Error::Refused`] for all but leads, for windows, where it is not on, without a reason, and for who shaped a change that
/// waits for it; [`Error::Invalid`] for a `reason` whose text is not taken.
#[tracing::instrument(skip_all, fields(?environment, %id))]
pub async fn freeze_end(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    id: i64,
    reason: &str,
) -> Result<(), Error> {
    let mut write = backend.authorise_write(actor, Permission::EndFreeze, Scope::Environment(environment)).await?;
    let reason = accepted_reason(Some(reason))?.unwrap_or_default();
    write.lock_environment().await?;
    let before = rows::stored_one(&mut write, id).await?.entry;
    let (standing, person) = (write.place()?.standing.clone(), write.person().clone());
    // Never before what they find, even by a clock that was set back.
    let at = before.ended_early.iter().map(|ended| ended.at).fold(write.at(), Ord::max);
    if was_ended(&before, &person, &reason) && schedule::may_end_early(&before, &standing, at).is_err() {
        return Ok(());
    }
    schedule::may_end_early(&before, &standing, at)?;
    edit::refuse_shapers(&mut write).await?;
    let after = schedule::end_early(&before, &standing, &person, &reason, at)?;
    let fresh = after.ended_early.get(before.ended_early.len()..).unwrap_or_default();
    let ended_by = write.account_id()?;
    for EndedEarly { occurrence, by, reason, at } in fresh {
        let written = sqlx::query!(
            "INSERT INTO freeze_endings (entry_id, occurrence, ended_by, ended_by_name, reason, at)
             VALUES ($1, $2, $3, $4, $5, $6)",
            id,
            occurrence,
            ended_by,
            by.name,
            reason,
            at,
        )
        .execute(write.connection())
        .await?;
        stored::expect_rows(written.rows_affected(), 1)?;
    }
    let occurrences = fresh.iter().map(|one| one.occurrence).collect();
    edit::ended(
        write,
        ScheduleAct::FreezeEnded { freeze: id, name: after.name, reason, how: Sooner::Ended, occurrences },
    )
    .await
}

/// Whether the last ending was this one: of a double click the second finds the first.
fn was_ended(entry: &Entry, person: &strata_domain::account::Person, reason: &str) -> bool {
    entry.ended_early.last().is_some_and(|last| last.by == *person && last.reason == reason)
}
