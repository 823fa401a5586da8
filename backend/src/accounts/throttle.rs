//! Counts attempts to sign in, for each account and each address, before the password is looked at.
//!
//! An attempt is counted first and taken back when it succeeds: many guesses sent at once cannot slip through
//! between the look and the count.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use sqlx::postgres::PgConnection;
use strata_domain::sign_in::{address_wait_seconds, wait_seconds};

use crate::ctx::Backend;
use crate::error::Error;

/// After this long without a failure the count begins anew.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::hours(1);

/// The two counters of an attempt.
pub(super) struct Keys {
    account: String,
    address: String,
}

impl Keys {
    /// The counters for what was typed as the e-mail address and where it came from.
    pub(super) fn of(email: &str, address: IpAddr) -> Self {
        Self { account: key("account", email), address: key("address", &network(address)) }
    }
}

/// One subscriber has at least a /64 of IPv6, so single addresses there say nothing.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

fn key(kind: &str, word: &str) -> String {
    format!("{kind}:{:x}", HexBytes(&Sha256::digest(word.as_bytes())))
}

struct HexBytes<'a>(&'a [u8]);

impl std::fmt::LowerHex for HexBytes<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Counts an attempt; gives the seconds to wait where it may not be made yet.
pub(super) async fn count(backend: &Backend, keys: &Keys, now: DateTime<Utc>) -> Result<Option<u32>, Error> {
    let mut transaction = backend.begin().await?;
    // One order for everybody, so that two attempts never wait for each other.
    let account = seen(&mut transaction, &keys.account, now).await?;
    let address = seen(&mut transaction, &keys.address, now).await?;
    let wait = left(&account, wait_seconds, now).max(left(&address, address_wait_seconds, now));
    if wait > 0 {
        return Ok(Some(wait));
    }
    raise(&mut transaction, &keys.account, now).await?;
    raise(&mut transaction, &keys.address, now).await?;
    transaction.commit().await?;
    Ok(None)
}

/// Takes a counted attempt back, because it succeeded: the account's count ends, the address keeps its others.
pub(super) async fn forget(connection: &mut PgConnection, keys: &Keys, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!("UPDATE sign_in_failures SET failures = failures - 1 WHERE key = $1 AND failures > 1", keys.address)
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "DELETE FROM sign_in_failures WHERE key = $1 OR key = $2 AND failures = 1 OR last_at < $3",
        keys.account,
        keys.address,
        now - FORGOTTEN_AFTER,
    )
    .execute(connection)
    .await?;
    Ok(())
}

struct Seen {
    failures: u32,
    last_at: DateTime<Utc>,
}

async fn seen(connection: &mut PgConnection, key: &str, now: DateTime<Utc>) -> Result<Option<Seen>, Error> {
    // An advisory lock, because there may be no row to lock yet.
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", key).fetch_one(&mut *connection).await?;
    let row = sqlx::query!(
        "SELECT failures, last_at FROM sign_in_failures WHERE key = $1 AND last_at >= $2",
        key,
        now - FORGOTTEN_AFTER,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Seen { failures: row.failures.unsigned_abs(), last_at: row.last_at }))
}

fn left(seen: &Option<Seen>, policy: fn(u32) -> u32, now: DateTime<Utc>) -> u32 {
    let wait = seen.as_ref().map_or(0, |seen| policy(seen.failures));
    // An attempt beside this one may have been counted after `now` was asked: that alone is nothing to wait for.
    let Some(seen) = seen.as_ref().filter(|_| wait > 0) else { return 0 };
    let until = seen.last_at + TimeDelta::seconds(wait.into());
    let milliseconds = u64::try_from((until - now).num_milliseconds()).unwrap_or(0);
    u32::try_from(milliseconds.div_ceil(1000)).unwrap_or(u32::MAX)
}

async fn raise(connection: &mut PgConnection, key: &str, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO sign_in_failures (key, failures, last_at) VALUES ($1, 1, $2)
         ON CONFLICT (key) DO UPDATE SET
             failures = CASE WHEN sign_in_failures.last_at < $3 THEN 1
                             ELSE LEAST(sign_in_failures.failures, 1000000) + 1 END,
             last_at = $2",
        key,
        now,
        now - FORGOTTEN_AFTER,
    )
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_hold_nothing_that_was_typed() {
        let keys = Keys::of("hunter2hunter2", "192.0.2.1".parse().unwrap());
        assert!(!keys.account.contains("hunter2"));
        assert_eq!(keys.account.len(), "account:".len() + 64);
    }

    #[test]
    fn an_attempt_at_the_same_moment_is_nothing_to_wait_for() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        let later = |failures| Some(Seen { failures, last_at: now + TimeDelta::milliseconds(5) });
        assert_eq!(left(&later(1), wait_seconds, now), 0);
        assert!(left(&later(5), wait_seconds, now) > 0);
    }

    #[test]
    fn one_network_is_one_address() {
        let of = |address: &str| Keys::of("", address.parse().unwrap()).address;
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
