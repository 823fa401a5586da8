//! Signing in with e-mail address and password.

use std::fmt;
use std::net::IpAddr;

use strata_domain::account::{AccountId, Person};
use strata_domain::act::{AccountAct, Act};
use strata_domain::sign_in::normalise_email;
use strata_domain::text;

use super::device::{self, Word};
use super::throttle::{self, Counted, Counters};
use super::{failed, password};
use crate::ctx::Backend;
use crate::error::Error;
use crate::hashing::Full;
use crate::networks::Networks;

/// No hash is made of more than this; longer passwords cannot be set either.
const LONGEST_PASSWORD_BYTES: usize = 1024;

/// Somebody who gave the right password.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Their account.
    pub account: AccountId,
    /// Name for people.
    pub name: String,
    /// To keep in the session beside the account: [`super::actor_load`] compares it.
    pub epoch: i64,
    /// The word by which this device is known from now on, for the browser to keep.
    pub device: String,
}

/// Without the device's word, which belongs in no log.
impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { account, name, epoch, device: _ } = self;
        let mut shown = f.debug_struct("SignedIn");
        shown.field("account", account).field("name", name).field("epoch", epoch).finish_non_exhaustive()
    }
}

/// Where an attempt comes from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The address, after trusted proxies.
    pub address: IpAddr,
    /// The word that the browser kept from when somebody signed in with it, if it has one.
    pub device: Option<&'a str>,
}

/// Why somebody was not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInError {
    /// Wrong password, unknown account or disabled account: the answer is the same.
    WrongCredentials,
    /// Too many failures, by this device or at this account from here, or from this network.
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
pub async fn sign_in(
    backend: &Backend,
    email: &str,
    password: &str,
    origin: Origin<'_>,
) -> Result<SignedIn, SignInError> {
    let Origin { address, device } = origin;
    // What is no address belongs to no account, and is counted like any other.
    let normal = normalise_email(email).ok();
    let email = normal.clone().unwrap_or_else(|| text::excerpt(&email.trim().to_lowercase(), 254));
    let account = sqlx::query!(
        "SELECT id, name, password_hash, session_epoch FROM accounts WHERE email = $1 AND disabled_at IS NULL",
        normal,
    )
    .fetch_optional(backend.machinery())
    .await?;
    let word = device.and_then(Word::sent);
    let known = match &word {
        Some(word) => device::is_known(backend.machinery(), &email, word).await?,
        None => false,
    };
    let hash = word.as_ref().filter(|_| known).map(Word::hash);
    let place = if known {
        backend.hashing().place().await?
    } else {
        // Before it is counted: whoever is sent away made no attempt.
        match backend.hashing().place_in_line(Networks::of(address).network).await? {
            Ok(place) => place,
            Err(Full { seconds }) => {
                tracing::warn!(%address, "too many sign-ins at once; strangers wait");
                return Err(SignInError::Wait { seconds });
            }
        }
    };
    let counters = Counters::of(&email, address, hash.as_ref().map(|hash| &hash[..]));
    let of_account = match throttle::count(backend, &counters).await? {
        Counted::Yes { of_account } => of_account,
        Counted::TooEarly { seconds } => {
            tracing::info!(%address, seconds, "sign-in slowed down");
            return Err(SignInError::Wait { seconds });
        }
    };
    let password = if password.len() > LONGEST_PASSWORD_BYTES { String::new() } else { password.to_owned() };
    let stored = account.as_ref().map(|account| account.password_hash.clone());
    let checked = password::check(place, password, stored).await?;
    let Some(account) = account.filter(|_| checked.right) else {
        tracing::info!(%address, "sign-in refused");
        failed::record(backend, &email, address).await?;
        throttle::tell_owner(backend.machinery(), &email, of_account).await?;
        return Err(SignInError::WrongCredentials);
    };

    let person = Person { id: Some(account.id.to_string()), name: account.name.clone() };
    let mut write = backend.write_own(person).await?;
    throttle::forget(write.connection(), &counters).await?;
    let word = match word {
        Some(word) => word,
        None => Word::new()?,
    };
    device::remember(write.connection(), account.id, &word).await?;
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
    let did = AccountAct::SignedIn { address: address.to_canonical().to_string() };
    write.commit(Act::Account { account: Some(account.id.to_string()), did }).await?;
    Ok(SignedIn {
        account: account.id.to_string(),
        name: account.name,
        epoch: account.session_epoch,
        device: word.into_inner(),
    })
}
