//! People who leave, and come back: accounts disabled and enabled, capabilities and groups taken away. A vote counts only
//! while its giver is an enabled account and a lead, or in the group, so that changes are asked anew (requirements,
//! section 5).

use strata_domain::account::Capability;
use strata_domain::act::{AccountAct, Act, Given, Reach};
use strata_domain::audit::AuditAction;
use uuid::Uuid;

use super::admin::{account_in, normal_email};
use crate::changes::ask_anew;
use crate::ctx::{Actor, Backend, Write};
use crate::error::Error;
use crate::stored;

/// Disables an account: nobody signs in with it, its sessions end, and its votes on open changes count no longer. Twice
/// changes nothing.
///
/// # Errors
/// [`Error::NotFound`] for an unknown account; [`Error::Refused`] for all but the operator.
#[tracing::instrument(skip_all)]
pub async fn account_disable(backend: &Backend, actor: &Actor, email: &str) -> Result<(), Error> {
    let Found { mut write, id, name, is_disabled } = found(backend, actor, email).await?;
    if is_disabled {
        return Ok(());
    }
    let at = write.at();
    let written = sqlx::query!(
        "UPDATE accounts SET disabled_at = $2, session_epoch = session_epoch + 1 WHERE id = $1 AND disabled_at IS NULL",
        id,
        at,
    )
    .execute(write.connection())
    .await?;
    stored::expect_rows(written.rows_affected(), 1)?;
    sqlx::query!("DELETE FROM sessions WHERE account_id = $1", id).execute(write.connection()).await?;
    let cause = format!("The account of {name} was disabled");
    asked_everywhere(write, id, AuditAction::AccountDisabled, AccountAct::Disabled, &cause).await
}

/// Lets a disabled account sign in again, with the access that it had; its votes count again where they would otherwise.
/// Twice changes nothing.
///
/// # Errors
/// As [`account_disable`].
#[tracing::instrument(skip_all)]
pub async fn account_enable(backend: &Backend, actor: &Actor, email: &str) -> Result<(), Error> {
    let Found { mut write, id, name, is_disabled } = found(backend, actor, email).await?;
    if !is_disabled {
        return Ok(());
    }
    let written =
        sqlx::query!("UPDATE accounts SET disabled_at = NULL WHERE id = $1", id).execute(write.connection()).await?;
    stored::expect_rows(written.rows_affected(), 1)?;
    let cause = format!("The account of {name} was enabled");
    asked_everywhere(write, id, AuditAction::AccountEnabled, AccountAct::Enabled, &cause).await
}

/// Takes a capability in an environment from an account; taking it twice changes nothing.
///
/// # Errors
/// [`Error::NotFound`] for an unknown account or environment; [`Error::Refused`] for all but the operator.
#[tracing::instrument(skip_all, fields(?environment, capability = capability.as_str()))]
pub async fn account_revoke(
    backend: &Backend,
    actor: &Actor,
    email: &str,
    environment: &str,
    capability: Capability,
) -> Result<(), Error> {
    let (mut write, account, environment_id) = account_in(backend, actor, email, environment).await?;
    write.lock_environment().await?;
    let written = sqlx::query!(
        "DELETE FROM grants WHERE account_id = $1 AND environment_id = $2 AND capability = $3",
        account,
        environment_id,
        capability.as_str(),
    )
    .execute(write.connection())
    .await?;
    if written.rows_affected() == 0 {
        return Ok(());
    }
    let cause =
        format!("{} is no {} of this environment any more", name_of(&mut write, account).await?, capability.as_str());
    revoked(write, account, Given::Capability(capability), &cause).await
}

/// Takes an account out of a group of an environment; twice changes nothing.
///
/// # Errors
/// As [`account_revoke`].
#[tracing::instrument(skip_all, fields(?environment, ?group))]
pub async fn account_group_remove(
    backend: &Backend,
    actor: &Actor,
    email: &str,
    environment: &str,
    group: &str,
) -> Result<(), Error> {
    let (mut write, account, environment_id) = account_in(backend, actor, email, environment).await?;
    write.lock_environment().await?;
    let group = group.trim();
    let written = sqlx::query!(
        "DELETE FROM group_members WHERE environment_id = $1 AND group_name = $2 AND account_id = $3",
        environment_id,
        group,
        account,
    )
    .execute(write.connection())
    .await?;
    if written.rows_affected() == 0 {
        return Ok(());
    }
    let cause = format!("{} is not in the group “{group}” any more", name_of(&mut write, account).await?);
    revoked(write, account, Given::Group(group.to_owned()), &cause).await
}

/// Ends the write that took something from somebody, of which `cause` tells changes that wait for votes by it.
async fn revoked(mut write: Write, account: Uuid, taken: Given, cause: &str) -> Result<(), Error> {
    let anew = ask_anew(&mut write, AuditAction::AccountRevoked, cause).await?;
    write.commit(Act::Account { account: Some(account.to_string()), did: AccountAct::Revoked { taken, anew } }).await
}

/// Whether the account voted on a change of the environment that is open: what it is given there brings its votes back.
pub(super) async fn has_open_votes(write: &mut Write, account: Uuid, environment_id: i64) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM votes v JOIN changes c ON c.id = v.change_id
                          WHERE v.voter_id = $1 AND c.environment_id = $2
                            AND c.state IN ('in-review', 'approved')) AS "any!""#,
        account,
        environment_id,
    )
    .fetch_one(write.connection())
    .await?)
}

struct Found {
    write: Write,
    id: Uuid,
    name: String,
    is_disabled: bool,
}

async fn found(backend: &Backend, actor: &Actor, email: &str) -> Result<Found, Error> {
    let email = normal_email(email)?;
    let mut write = backend.authorise_operator(actor).await?;
    // Locked: the second of two who disable it finds it disabled.
    let row = sqlx::query!("SELECT id, name, disabled_at FROM accounts WHERE email = $1 FOR NO KEY UPDATE", email)
        .fetch_optional(write.connection())
        .await?
        .ok_or(Error::NotFound { what: "account" })?;
    Ok(Found { write, id: row.id, name: row.name, is_disabled: row.disabled_at.is_some() })
}

async fn name_of(write: &mut Write, account: Uuid) -> Result<String, Error> {
    Ok(sqlx::query_scalar!("SELECT name FROM accounts WHERE id = $1", account).fetch_one(write.connection()).await?)
}

/// Asks the changes anew in every environment in which the account voted on one that is open, and ends the write. Each of
/// these environments has it in its own history, with the changes that it moved.
async fn asked_everywhere(
    mut write: Write,
    account: Uuid,
    action: AuditAction,
    did: impl Fn(Reach) -> AccountAct,
    cause: &str,
) -> Result<(), Error> {
    let environments = sqlx::query_scalar!(
        "SELECT e.slug FROM environments e
         WHERE EXISTS (SELECT FROM votes v JOIN changes c ON c.id = v.change_id
                       WHERE v.voter_id = $1 AND c.environment_id = e.id AND c.state IN ('in-review', 'approved'))
         ORDER BY e.id",
        account,
    )
    .fetch_all(write.connection())
    .await?;
    let act = |reach| Act::Account { account: Some(account.to_string()), did: did(reach) };
    for environment in &environments {
        write.enter(environment).await?;
        write.lock_environment().await?;
        let anew = ask_anew(&mut write, action, cause).await?;
        write.also(&act(Reach::Here(anew))).await?;
    }
    write.leave();
    write.commit(act(Reach::Everywhere { environments })).await
}
