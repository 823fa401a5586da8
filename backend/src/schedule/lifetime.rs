//! How long approvals hold.

use strata_domain::act::{Act, EnvironmentAct};
use strata_domain::audit::AuditAction;
use strata_domain::authz::Permission;
use strata_domain::review::Lifetime;

use crate::changes::ask_anew;
use crate::ctx::{Actor, Backend, Scope};
use crate::error::Error;
use crate::policies::{lifetime_of, lifetime_stored};
use crate::stored;

/// Says how long approvals of the environment hold from now on. A shorter time serves at once and can end some approvals; a
/// longer one serves changes that are submitted from now on, and brings none back; a trigger keeps what it was. Repeated, it is met already.
///
/// # Errors
/// [`Error::Invalid`] for `hours` that are too few or too many; [`Error::Refused`] for all but leads.
#[tracing::instrument(skip_all, fields(?environment, %hours))]
pub async fn approval_lifetime_set(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    hours: u32,
) -> Result<(), Error> {
    let mut write = backend.authorise_write(actor, Permission::EditSchedule, Scope::Environment(environment)).await?;
    let wanted = Lifetime::hours(hours).map_err(|error| Error::invalid("hours", error.to_string()))?;
    let environment_id = write.lock_environment().await?;
    let before = lifetime_of(write.connection(), environment_id).await?;
    if before == wanted {
        return Ok(());
    }
    let stored = lifetime_stored(wanted)?;
    let written = sqlx::query!("UPDATE environments SET approval_hours = $2 WHERE id = $1", environment_id, stored)
        .execute(write.connection())
        .await?;
    stored::expect_rows(written.rows_affected(), 1)?;
    let cause = format!("Approvals hold for {wanted} from now on");
    let anew = ask_anew(&mut write, AuditAction::ApprovalLifetimeSet, &cause).await?;
    let environment = write.place()?.slug.clone();
    write.commit(Act::Environment(EnvironmentAct::LifetimeSet { environment, before, after: wanted, anew })).await
}
