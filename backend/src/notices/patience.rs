//! How long an environment waits before it tells people again.

use sqlx::postgres::PgConnection;
use strata_domain::act::{Act, EnvironmentAct};
use strata_domain::authz::Permission;
use strata_domain::notice::Patience;

use crate::ctx::{Actor, Backend, Scope};
use crate::error::Error;
use crate::stored;

/// After how long the environment reminds and escalates.
pub(crate) async fn patience_of(connection: &mut PgConnection, environment_id: i64) -> Result<Patience, Error> {
    let row = sqlx::query!("SELECT reminder_hours, escalation_hours FROM environments WHERE id = $1", environment_id)
        .fetch_one(connection)
        .await?;
    let hours = |hours: i32| u32::try_from(hours).map_err(Error::unexpected);
    Patience::hours(hours(row.reminder_hours)?, hours(row.escalation_hours)?).map_err(Error::unexpected)
}

/// Says after how long the environment reminds and escalates; changes that wait already follow it.
///
/// # Errors
/// [`Error::Invalid`] for hours that are out of bounds; [`Error::Refused`] for all but admins.
#[tracing::instrument(skip_all, fields(?environment, ?patience))]
pub async fn patience_set(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    patience: Patience,
) -> Result<(), Error> {
    let mut write =
        backend.authorise_write(actor, Permission::EditNotifications, Scope::Environment(environment)).await?;
    let Patience { reminder_hours, escalation_hours } =
        Patience::hours(patience.reminder_hours, patience.escalation_hours)
            .map_err(|bad| Error::invalid("reminder_hours", bad.to_string()))?;
    let (id, slug) = (write.lock_environment().await?, write.place()?.slug.clone());
    let before = sqlx::query!("SELECT reminder_hours, escalation_hours FROM environments WHERE id = $1", id)
        .fetch_one(write.connection())
        .await?;
    let hours = |hours: u32| i32::try_from(hours).map_err(Error::unexpected);
    if (before.reminder_hours, before.escalation_hours) == (hours(reminder_hours)?, hours(escalation_hours)?) {
        return Ok(());
    }
    let written = sqlx::query!(
        "UPDATE environments SET reminder_hours = $2, escalation_hours = $3 WHERE id = $1",
        id,
        hours(reminder_hours)?,
        hours(escalation_hours)?,
    )
    .execute(write.connection())
    .await?;
    stored::expect_rows(written.rows_affected(), 1)?;
    let stored = |hours: i32| u32::try_from(hours).map_err(Error::unexpected);
    let before =
        Patience { reminder_hours: stored(before.reminder_hours)?, escalation_hours: stored(before.escalation_hours)? };
    let after = Patience { reminder_hours, escalation_hours };
    write.commit(Act::Environment(EnvironmentAct::PatienceSet { environment: slug, before, after })).await
}
