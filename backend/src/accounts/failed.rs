//! Attempts to sign in that failed, in the audit log of accounts.

use std::net::IpAddr;

use serde_json::json;
use strata_domain::account::Person;
use strata_domain::audit::AuditAction;

use crate::ctx::{AuditRow, Backend};
use crate::error::Error;

/// What stands in place of the account where there is none of that address. What was typed is not kept: it may be a
/// password in the wrong field, or somebody's address at another house.
const UNKNOWN: &str = "unknown";

/// Records an attempt that was refused: for which account, if there is one, and from where. Attempts that were made to wait
/// are not recorded, since nothing was looked at; so nobody fills the log by guessing fast.
pub(super) async fn record(backend: &Backend, email: &str, address: IpAddr) -> Result<(), Error> {
    let somebody = Person { id: None, name: "Somebody".to_owned() };
    let mut write = backend.write_own(somebody).await?;
    let account = sqlx::query!("SELECT id, disabled_at FROM accounts WHERE email = $1", email)
        .fetch_optional(write.connection())
        .await?;
    let subject = account.as_ref().map_or_else(|| UNKNOWN.to_owned(), |account| account.id.to_string());
    let is_disabled = account.is_some_and(|account| account.disabled_at.is_some());
    let row = AuditRow::new(AuditAction::SignInFailed, "account", &subject)
        .after(json!({ "address": address.to_canonical().to_string(), "disabled": is_disabled }));
    write.commit(row, Vec::new()).await
}
