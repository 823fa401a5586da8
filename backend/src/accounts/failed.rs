//! Attempts to sign in that failed, in the audit log of accounts.

use std::net::IpAddr;

use strata_domain::account::Person;
use strata_domain::act::{AccountAct, Act};

use crate::ctx::Backend;
use crate::error::Error;

/// Records an attempt that was refused: for which account, if there is one, and from where. Attempts that were made to wait
/// are not recorded, since nothing was looked at; so nobody fills the log by guessing fast.
pub(super) async fn record(backend: &Backend, email: &str, address: IpAddr) -> Result<(), Error> {
    let somebody = Person { id: None, name: "Somebody".to_owned() };
    let mut write = backend.write_own(somebody).await?;
    let account = sqlx::query!("SELECT id, disabled_at FROM accounts WHERE email = $1", email)
        .fetch_optional(write.connection())
        .await?;
    let is_disabled = account.as_ref().is_some_and(|account| account.disabled_at.is_some());
    let did = AccountAct::SignInFailed { address: address.to_canonical().to_string(), is_disabled };
    write.commit(Act::Account { account: account.map(|account| account.id.to_string()), did }).await
}
