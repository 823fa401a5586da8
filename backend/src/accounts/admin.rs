//! What the operator does with accounts, by the command line on the server.

use std::fmt;

use strata_domain::account::{AccountId, Capability};
use strata_domain::act::{AccountAct, Act, Anew, Given};
use strata_domain::audit::AuditAction;
use strata_domain::sign_in;
use strata_domain::text;
use uuid::Uuid;

use super::leaving::has_open_votes;
use super::password;
use crate::changes::ask_anew;
use crate::ctx::{Actor, Backend, Write};
use crate::error::Error;
use crate::ids;
use crate::stored;

/// An account to make.
#[derive(Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// What they sign in with; stored in lower case.
    pub email: String,
    /// Name for people.
    pub name: String,
    /// Their password, 12 to 200 characters.
    pub password: String,
}

impl fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { email, name, password: _ } = self;
        f.debug_struct("NewAccount").field("email", email).field("name", name).finish_non_exhaustive()
    }
}

/// Makes an account that may do nothing yet; gives its id.
///
/// # Errors
/// [`Error::Invalid`] for `email`, `name` or `password`; [`Error::Refused`] for all but the operator.
#[tracing::instrument(skip_all)]
pub async fn account_add(backend: &Backend, actor: &Actor, account: NewAccount) -> Result<AccountId, Error> {
    let email = normal_email(&account.email)?;
    let name = text::name("name", &account.name).map_err(|fault| Error::text("name", &fault))?;
    sign_in::check_password(&account.password).map_err(|refused| Error::invalid("password", refused.reason))?;
    let mut write = backend.authorise_operator(actor).await?;
    let hash = password::hash(backend, account.password).await?;
    let id = ids::new_id();
    let at = write.at();
    let written = sqlx::query!(
        "INSERT INTO accounts (id, email, name, password_hash, created_at) VALUES ($1, $2, $3, $4, $5)",
        id,
        email,
        name,
        hash,
        at,
    )
    .execute(write.connection())
    .await?;
    stored::expect_rows(written.rows_affected(), 1)?;
    let did = AccountAct::Added { email, name };
    write.commit(Act::Account { account: Some(id.to_string()), did }).await?;
    Ok(id.to_string())
}

/// Gives an account a capability in an environment; giving it twice changes nothing.
///
/// # Errors
/// [`Error::NotFound`] for an unknown account or environment; [`Error::Refused`] for all but the operator.
#[tracing::instrument(skip_all, fields(?environment, capability = capability.as_str()))]
pub async fn account_grant(
    backend: &Backend,
    actor: &Actor,
    email: &str,
    environment: &str,
    capability: Capability,
) -> Result<(), Error> {
    let (mut write, account, environment_id) = account_in(backend, actor, email, environment).await?;
    let written = sqlx::query!(
        "INSERT INTO grants (account_id, environment_id, capability) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        account,
        environment_id,
        capability.as_str(),
    )
    .execute(write.connection())
    .await?;
    if written.rows_affected() == 0 {
        return Ok(());
    }
    granted(write, account, environment_id, Given::Capability(capability)).await
}

/// Puts an account into a group of an environment, such as "infrastructure experts"; twice changes nothing.
///
/// # Errors
/// As [`account_grant`]; [`Error::Invalid`] for a `group` whose text is not taken.
#[tracing::instrument(skip_all, fields(?environment, ?group))]
pub async fn account_group_add(
    backend: &Backend,
    actor: &Actor,
    email: &str,
    environment: &str,
    group: &str,
) -> Result<(), Error> {
    let (mut write, account, environment_id) = account_in(backend, actor, email, environment).await?;
    let group = text::name("group", group).map_err(|fault| Error::text("group", &fault))?;
    let written = sqlx::query!(
        "INSERT INTO group_members (environment_id, group_name, account_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        environment_id,
        group,
        account,
    )
    .execute(write.connection())
    .await?;
    if written.rows_affected() == 0 {
        return Ok(());
    }
    granted(write, account, environment_id, Given::Group(group)).await
}

/// Ends the write that gave somebody something. Who had lost it and voted before has their votes back.
async fn granted(mut write: Write, account: Uuid, environment_id: i64, given: Given) -> Result<(), Error> {
    let anew = if has_open_votes(&mut write, account, environment_id).await? {
        write.lock_environment().await?;
        ask_anew(&mut write, AuditAction::AccountGranted, "Somebody who voted was given access").await?
    } else {
        Anew::default()
    };
    write.commit(Act::Account { account: Some(account.to_string()), did: AccountAct::Granted { given, anew } }).await
}

pub(super) async fn account_in(
    backend: &Backend,
    actor: &Actor,
    email: &str,
    environment: &str,
) -> Result<(Write, Uuid, i64), Error> {
    let email = normal_email(email)?;
    let mut write = backend.authorise_operator(actor).await?;
    let environment_id = write.enter(environment).await?;
    let account = sqlx::query_scalar!("SELECT id FROM accounts WHERE email = $1", email)
        .fetch_optional(write.connection())
        .await?
        .ok_or(Error::NotFound { what: "account" })?;
    Ok((write, account, environment_id))
}

pub(super) fn normal_email(email: &str) -> Result<String, Error> {
    sign_in::normalise_email(email).map_err(|refused| Error::invalid("email", refused.reason))
}
