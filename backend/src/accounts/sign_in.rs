//! Signing in with e-mail address and password.

use std::fmt;
use std::net::IpAddr;

use serde_json::json;
use strata_domain::account::{AccountId, Person};
use strata_domain::audit::AuditAction;
use strata_domain::sign_in::normalise_email;
use strata_domain::text;

use super::{failed, password, throttle};
use crate::ctx::{self, AuditRow, Backend};
use crate::error::Error;

/// No hash is made of more than this; longer passwords cannot be set either.
const LONGEST_PASSWORD_BYTES: usize = 1024;

/// Somebody who gave the right password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Their account.
    pub account: AccountId,
    /// Name for people.
    pub name: String,
    /// To keep in the session beside the account: [`super::actor_load`] compares it.
    pub epoch: i64,
}

/// Why somebody was not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInError {
    /// Wrong password, unknown account or disabled account: the answer is the same.
    WrongCredentials,
    /// Too many failures for this account or from this address.
    Wait {
        /// Seconds until the next attempt is looked at.
        seconds: u32,
    },
    /// The backend could not tell.
    Backend(Error),
}

impl fmt::Display for SignInError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongCredentials => f.write_str("The e-mail address or the password is wrong."),
            Self::Wait { seconds: 1 } => f.write_str("Too many attempts; try again in 1 second."),
            Self::Wait { seconds } => write!(f, "Too many attempts; try again in {seconds} seconds."),
            Self::Backend(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SignInError {}

impl From<Error> for SignInError {
    fn from(error: Error) -> Self {
        Self::Backend(error)
    }
}

impl From<sqlx::Error> for SignInError {
    fn from(error: sqlx::Error) -> Self {
        Self::Backend(error.into())
    }
}

/// Lets somebody in, or counts the failure. The caller gives the session a new id and keeps the account and epoch in it.
///
/// # Errors
/// [`SignInError`]; wrong password and unknown account answer alike and take alike.
#[tracing::instrument(skip_all)]
pub async fn sign_in(backend: &Backend, email: &str, password: &str, address: IpAddr) -> Result<SignedIn, SignInError> {
    // What is no address belongs to no account, and is counted like any other.
    let known = normalise_email(email).ok();
    let typed = known.clone().unwrap_or_else(|| text::excerpt(&email.trim().to_lowercase(), 254));
    let keys = throttle::Keys::of(&typed, address);
    if let Some(seconds) = throttle::count(backend, &keys, ctx::now()).await? {
        tracing::info!(%address, seconds, "sign-in slowed down");
        return Err(SignInError::Wait { seconds });
    }
    let account = sqlx::query!(
        "SELECT id, name, password_hash, session_epoch FROM accounts WHERE email = $1 AND disabled_at IS NULL",
        known,
    )
    .fetch_optional(backend.machinery())
    .await?;
    let password = if password.len() > LONGEST_PASSWORD_BYTES { String::new() } else { password.to_owned() };
    let stored = account.as_ref().map(|account| account.password_hash.clone());
    let checked = password::check(backend, password, stored).await?;
    let Some(account) = account.filter(|_| checked.right) else {
        tracing::info!(%address, "sign-in refused");
        failed::record(backend, &email, address).await?;
        return Err(SignInError::WrongCredentials);
    };

    let person = Person { id: Some(account.id.to_string()), name: account.name.clone() };
    let mut write = backend.write_own(person).await?;
    let at = write.at();
    throttle::forget(write.connection(), &keys, at).await?;
    if let Some(better) = checked.better {
        // Guarded by the old hash: a password changed meanwhile stays changed.
        sqlx::query!(
            "UPDATE accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2",
            account.id,
            account.password_hash,
            better,
        )
        .execute(write.connection())
        .await?;
    }
    let row = AuditRow::new(AuditAction::SignedIn, "account", &account.id)
        .after(json!({ "address": address.to_canonical().to_string() }));
    write.commit(row, Vec::new()).await?;
    Ok(SignedIn { account: account.id.to_string(), name: account.name, epoch: account.session_epoch })
}
