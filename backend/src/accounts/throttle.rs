//! Counts attempts to sign in before the password is looked at, so that nobody can guess at will, and so that nobody can
//! keep somebody else out by guessing.
//!
//! An attempt from a device that its account signed in from before is counted there alone: what strangers do elsewhere,
//! or from the same network, does not hold it up. Any other is counted by account and network together, by network, and by
//! site, each with a wait of its own ([`strata_domain::sign_in`]). It is counted by account as well; many failures there
//! lengthen the wait of whoever failed from their own network, and nobody else's.
//!
//! An attempt is counted first and taken back when it succeeds: many guesses sent at once cannot slip through
//! between the look and the count. Times are the database's, and no wait is longer than it is meant to be.

use std::net::IpAddr;

use sha2::{Digest, Sha256};
use sqlx::PgPool;
use sqlx::postgres::PgConnection;
use strata_domain::notice::Kind;
use strata_domain::sign_in::{
    GUESSES_TOLD, network_wait_seconds, site_wait_seconds, wait_at_guessed_seconds, wait_seconds,
};

use crate::ctx::Backend;
use crate::error::Error;
use crate::networks::Networks;

/// After so many hours without a failure the count begins anew.
const FORGOTTEN_AFTER_HOURS: i32 = 1;

/// The seconds to wait after so many failures at a counter, of so many at the account.
type Wait = fn(u32, u32) -> u32;

/// One counter.
struct Counter {
    key: String,
    wait: Wait,
    /// Whether success ends the count; else it only takes its own attempt back.
    is_ended_by_success: bool,
}

/// The counters of an attempt.
pub(super) struct Counters {
    /// In the order in which they are locked, the same for everybody, so that two attempts never wait for each other.
    counters: Vec<Counter>,
    /// The counter by which the owner of the account is told: that of the account, or of the device where the attempt is
    /// counted there alone.
    told: String,
}

impl Counters {
    /// The counters for what was typed as the e-mail address and where it came from; `device` is the hash of the device's
    /// word, where this account signed in from it before.
    pub(super) fn of(email: &str, address: IpAddr, device: Option<&[u8]>) -> Self {
        let counter = |kind: &str, words: &[&[u8]], wait: Wait, is_ended_by_success| Counter {
            key: key(kind, words),
            wait,
            is_ended_by_success,
        };
        if let Some(device) = device {
            let own = counter("device", &[email.as_bytes(), device], |failures, _| wait_seconds(failures), true);
            return Self { told: own.key.clone(), counters: vec![own] };
        }
        let Networks { network, site } = Networks::of(address);
        // It holds up nobody by itself: whoever guesses from everywhere would keep the owner out.
        let account = counter("account", &[email.as_bytes()], |_, _| 0, false);
        let told = account.key.clone();
        let own: [&[u8]; 2] = [email.as_bytes(), network.as_bytes()];
        let mut counters = vec![
            account,
            counter("account-network", &own, wait_at_guessed_seconds, true),
            counter("address", &[network.as_bytes()], |failures, _| network_wait_seconds(failures), false),
        ];
        let wait_at_site: Wait = |failures, _| site_wait_seconds(failures);
        counters.extend(site.map(|site| counter("site", &[site.as_bytes()], wait_at_site, false)));
        counters.sort_by(|a, b| a.key.cmp(&b.key));
        Self { counters, told }
    }
}

/// The name of a counter, which holds nothing of what was typed: people type passwords into the wrong field.
fn key(kind: &str, words: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for (place, word) in words.iter().enumerate() {
        // What is typed has no such byte in it, so two words are never taken for others of the same letters.
        if place > 0 {
            hash.update([0xff]);
        }
        hash.update(word);
    }
    format!("{kind}:{}", hex::encode(hash.finalize()))
}

/// What became of an attempt that was to be counted.
pub(super) enum Counted {
    /// It may be made; so many failures the account has with it, or its device.
    Yes { of_account: u32 },
    /// It comes too early by so many seconds.
    TooEarly { seconds: u32 },
}

/// Counts an attempt, unless it comes too early.
pub(super) async fn count(backend: &Backend, counters: &Counters) -> Result<Counted, Error> {
    let mut transaction = backend.begin().await?;
    let mut seen = Vec::new();
    for counter in &counters.counters {
        seen.push((counter, look(&mut transaction, counter).await?));
    }
    let of_account = seen.iter().find(|(counter, _)| counter.key == counters.told).map_or(0, |(_, seen)| seen.failures);
    let left = |(counter, seen): &(&Counter, Seen)| still((counter.wait)(seen.failures, of_account), seen.passed);
    let longest = seen.iter().map(left).max().unwrap_or_default();
    if longest > 0 {
        // What was found of another clock is put right, else it would hold them up anew.
        transaction.commit().await?;
        return Ok(Counted::TooEarly { seconds: longest });
    }
    let mut of_account = 0;
    for counter in &counters.counters {
        let failures = raise(&mut transaction, &counter.key).await?;
        if counter.key == counters.told {
            of_account = failures;
        }
    }
    transaction.commit().await?;
    Ok(Counted::Yes { of_account })
}

/// Takes a counted attempt back, because it succeeded. What others failed at, who share a counter, stays counted.
pub(super) async fn forget(connection: &mut PgConnection, counters: &Counters) -> Result<(), Error> {
    for counter in &counters.counters {
        sqlx::query!(
            "DELETE FROM sign_in_failures WHERE key = $1 AND ($2 OR failures = 1)",
            counter.key,
            counter.is_ended_by_success,
        )
        .execute(&mut *connection)
        .await?;
        sqlx::query!(
            "UPDATE sign_in_failures SET failures = failures - 1 WHERE key = $1 AND failures > 1",
            counter.key
        )
        .execute(&mut *connection)
        .await?;
    }
    sqlx::query!(
        "DELETE FROM sign_in_failures WHERE last_at < now() - make_interval(hours => $1)",
        FORGOTTEN_AFTER_HOURS,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Tells the owner of the account, if there is one, that somebody guesses: once a day, in an environment of theirs.
pub(super) async fn tell_owner(pool: &PgPool, email: &str, of_account: u32) -> Result<(), Error> {
    if of_account < GUESSES_TOLD {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO outbox (kind, environment_id, account_id, since, at, next_at)
         SELECT $2, (SELECT min(g.environment_id) FROM grants g WHERE g.account_id = a.id), a.id,
                date_trunc('day', now(), 'UTC'), now(), now()
         FROM accounts a
         WHERE a.email = $1 AND a.disabled_at IS NULL AND EXISTS (SELECT FROM grants g WHERE g.account_id = a.id)
         ON CONFLICT ON CONSTRAINT outbox_once DO NOTHING",
        email,
        Kind::AccountGuessed.as_str(),
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// What a counter says.
struct Seen {
    failures: u32,
    /// Milliseconds since the last one.
    passed: i64,
}

/// Looks at a counter, which is locked for the rest of the transaction.
async fn look(connection: &mut PgConnection, counter: &Counter) -> Result<Seen, Error> {
    // An advisory lock, because there may be no row to lock yet.
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", counter.key)
        .fetch_one(&mut *connection)
        .await?;
    // What was counted by a clock that was ahead is taken as of now: nobody waits for the time of another clock.
    sqlx::query!(
        "UPDATE sign_in_failures SET last_at = clock_timestamp() WHERE key = $1 AND last_at > clock_timestamp()",
        counter.key,
    )
    .execute(&mut *connection)
    .await?;
    let row = sqlx::query!(
        r#"SELECT failures, (extract(epoch FROM clock_timestamp() - last_at) * 1000)::bigint AS "passed!"
           FROM sign_in_failures WHERE key = $1 AND last_at >= now() - make_interval(hours => $2)"#,
        counter.key,
        FORGOTTEN_AFTER_HOURS,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map_or(Seen { failures: 0, passed: 0 }, |row| Seen {
        failures: row.failures.unsigned_abs(),
        passed: row.passed,
    }))
}

/// The seconds that are left of a wait after that many milliseconds; never more than all of it.
fn still(wait: u32, passed: i64) -> u32 {
    let passed = u64::try_from(passed).unwrap_or(0);
    let left = (u64::from(wait) * 1000).saturating_sub(passed).div_ceil(1000);
    u32::try_from(left).unwrap_or(wait)
}

/// Counts one more; gives how many there are.
async fn raise(connection: &mut PgConnection, key: &str) -> Result<u32, Error> {
    let failures = sqlx::query_scalar!(
        "INSERT INTO sign_in_failures (key, failures, last_at) VALUES ($1, 1, clock_timestamp())
         ON CONFLICT (key) DO UPDATE SET
             failures = CASE WHEN sign_in_failures.last_at < now() - make_interval(hours => $2) THEN 1
                             ELSE LEAST(sign_in_failures.failures, 1000000) + 1 END,
             last_at = clock_timestamp()
         RETURNING failures",
        key,
        FORGOTTEN_AFTER_HOURS,
    )
    .fetch_one(connection)
    .await?;
    Ok(failures.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(email: &str, address: &str, device: Option<&[u8]>) -> Vec<String> {
        let counters = Counters::of(email, address.parse().unwrap(), device).counters;
        counters.into_iter().map(|counter| counter.key).collect()
    }

    fn one(kind: &str, address: &str) -> String {
        let keys = keys("ada@example.net", address, None);
        keys.into_iter().find(|key| key.starts_with(&format!("{kind}:"))).unwrap_or_default()
    }

    #[test]
    fn keys_hold_nothing_that_was_typed() {
        let keys = keys("hunter2hunter2", "192.0.2.1", None);
        assert!(keys.iter().all(|key| !key.contains("hunter2")), "{keys:?}");
        assert!(keys.iter().all(|key| key.split_once(':').unwrap().1.len() == 64), "{keys:?}");
        assert!(keys.is_sorted(), "one order for everybody");
    }

    #[test]
    fn a_known_device_is_counted_apart_from_all_strangers() {
        let known = keys("ada@example.net", "192.0.2.1", Some(&[7; 32]));
        assert_eq!(known.len(), 1);
        assert!(!keys("ada@example.net", "192.0.2.1", None).contains(&known[0]));
        assert_ne!(known, keys("ada@example.net", "192.0.2.1", Some(&[8; 32])));
        assert_ne!(known, keys("bob@example.net", "192.0.2.1", Some(&[7; 32])));
    }

    #[test]
    fn one_network_is_one_address_and_one_site_has_many() {
        assert_eq!(one("address", "2001:db8::1"), one("address", "2001:db8::ffff"));
        assert_ne!(one("address", "2001:db8::1"), one("address", "2001:db8:0:1::1"));
        assert_eq!(one("site", "2001:db8::1"), one("site", "2001:db8:0:1::1"));
        assert_ne!(one("site", "2001:db8::1"), one("site", "2001:db8:1::1"));
        assert_eq!(one("address", "::ffff:192.0.2.1"), one("address", "192.0.2.1"));
        assert_ne!(one("account-network", "192.0.2.1"), one("account-network", "192.0.2.2"));
        assert_eq!(one("account", "192.0.2.1"), one("account", "2001:db8::1"));
    }

    #[test]
    fn no_wait_is_longer_than_it_is_meant_to_be() {
        assert_eq!(still(8, 0), 8);
        assert_eq!(still(8, 7_200), 1);
        assert_eq!(still(8, 8_000), 0);
        assert_eq!(still(8, 100_000), 0);
        assert_eq!(still(300, -7_200_000), 300, "a clock that was two hours ahead");
        assert_eq!(still(0, -7_200_000), 0);
    }
}
