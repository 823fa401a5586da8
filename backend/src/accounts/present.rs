//! Who a session belongs to, what they are in an environment, and the end of their sessions.

use strata_domain::account::{AccountId, Standing};
use strata_domain::act::{AccountAct, Act};
use strata_domain::authz::{self, Permission};
use uuid::Uuid;

use crate::ctx::{Account, Actor, Backend, Scope, standing};
use crate::error::Error;
use crate::stored;

/// The actor of a session that holds this account and epoch; none where the account is unknown or disabled, or
/// its sessions have been ended since.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Unexpected`].
#[tracing::instrument(skip_all)]
pub async fn actor_load(backend: &Backend, account_id: &str, epoch: i64) -> Result<Option<Actor>, Error> {
    let Ok(id) = Uuid::parse_str(account_id) else { return Ok(None) };
    let row = sqlx::query!(
        "SELECT name, email FROM accounts WHERE id = $1 AND session_epoch = $2 AND disabled_at IS NULL",
        id,
        epoch,
    )
    .fetch_optional(backend.machinery())
    .await?;
    Ok(row.map(|row| Actor::Account(Account { id: id.to_string(), name: row.name, email: row.email })))
}

/// The account for which something is done that it asked for earlier.
///
/// # Errors
/// [`Error::Refused`] where it is disabled by now.
pub(crate) async fn account_of(backend: &Backend, id: &AccountId) -> Result<Account, Error> {
    let uuid = Uuid::parse_str(id).map_err(Error::unexpected)?;
    let row = sqlx::query!("SELECT name, email FROM accounts WHERE id = $1 AND disabled_at IS NULL", uuid)
        .fetch_optional(backend.machinery())
        .await?
        .ok_or_else(|| Error::not_you("The account that asked for it is disabled."))?;
    Ok(Account { id: id.clone(), name: row.name, email: row.email })
}

/// What the actor is in an environment: the input of every question to `domain::authz`.
///
/// # Errors
/// [`Error::NotFound`] where they may not view it.
#[tracing::instrument(skip_all, fields(?environment))]
pub async fn standing_load(backend: &Backend, actor: &Actor, environment: &str) -> Result<Standing, Error> {
    let read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::Environment(environment)).await?;
    Ok(read.place().standing.clone())
}

/// Whether the actor may do that in any environment: asked where it is not known yet which one is meant. What is done there
/// is authorised by itself.
///
/// # Errors
/// [`Error::Refused`] where they may do it in none; [`Error::NotSignedIn`] for nobody.
#[tracing::instrument(skip_all)]
pub async fn allowed_anywhere(backend: &Backend, actor: &Actor, permission: Permission) -> Result<(), Error> {
    let Some(account) = actor.account_id()? else { return Ok(()) };
    let capabilities = sqlx::query_scalar!("SELECT DISTINCT capability FROM grants WHERE account_id = $1", account)
        .fetch_all(backend.machinery())
        .await?;
    Ok(authz::allow(&standing(&capabilities, Vec::new()), permission)?)
}

/// Ends every session of the actor's account, this one too.
///
/// # Errors
/// [`Error::NotSignedIn`] for all but accounts.
#[tracing::instrument(skip_all)]
pub async fn sign_out_everywhere(backend: &Backend, actor: &Actor) -> Result<(), Error> {
    let id = actor.account_id()?.ok_or(Error::NotSignedIn)?;
    let mut write = backend.write_own(actor.signed_in()?).await?;
    let moved = sqlx::query!("UPDATE accounts SET session_epoch = session_epoch + 1 WHERE id = $1", id)
        .execute(write.connection())
        .await?;
    stored::expect_rows(moved.rows_affected(), 1)?;
    sqlx::query!("DELETE FROM sessions WHERE account_id = $1", id).execute(write.connection()).await?;
    write.commit(Act::Account { account: Some(id.to_string()), did: AccountAct::SignedOutEverywhere }).await
}

/// Writes down that the actor signed out here; the session itself is the session layer's to end.
///
/// # Errors
/// [`Error::NotSignedIn`] for all but accounts.
#[tracing::instrument(skip_all)]
pub async fn signed_out(backend: &Backend, actor: &Actor) -> Result<(), Error> {
    let id = actor.account_id()?.ok_or(Error::NotSignedIn)?;
    let write = backend.write_own(actor.signed_in()?).await?;
    write.commit(Act::Account { account: Some(id.to_string()), did: AccountAct::SignedOut }).await
}
