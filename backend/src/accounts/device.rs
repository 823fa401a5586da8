//! The devices that people signed in from: a random word in the browser, and its hash here.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

use crate::error::Error;

/// For how many days a device is known after the last time that somebody signed in from it.
pub const DEVICE_KNOWN_DAYS: i32 = 180;
/// Devices of one account at most; the one that was not used for longest makes room.
const DEVICES_MAX: i64 = 50;
/// Bytes of a word.
const WORD_BYTES: usize = 32;

/// A device's word. It lets nobody in: it only has guesses counted apart.
pub(super) struct Word(String);

impl Word {
    /// The word that a browser sent, if it has the form of one of ours.
    pub(super) fn sent(word: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(word).ok()?;
        (bytes.len() == WORD_BYTES).then(|| Self(word.to_owned()))
    }

    /// A new one.
    pub(super) fn new() -> Result<Self, Error> {
        let mut bytes = [0; WORD_BYTES];
        getrandom::fill(&mut bytes).map_err(Error::unexpected)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    pub(super) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// The word, for the browser to keep.
    pub(super) fn into_inner(self) -> String {
        self.0
    }
}

/// Whether the account of that address signed in from there lately; asked alike where there is no such account.
pub(super) async fn is_known(pool: &PgPool, email: &str, word: &Word) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM known_devices d JOIN accounts a ON a.id = d.account_id
                          WHERE a.email = $1 AND d.device_hash = $2 AND d.last_at > now() - make_interval(days => $3))
               AS "is_known!""#,
        email,
        &word.hash(),
        DEVICE_KNOWN_DAYS,
    )
    .fetch_one(pool)
    .await?)
}

/// Remembers that the account signed in from there.
pub(super) async fn remember(connection: &mut PgConnection, account: Uuid, word: &Word) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO known_devices (account_id, device_hash, first_at, last_at) VALUES ($1, $2, now(), now())
         ON CONFLICT (account_id, device_hash) DO UPDATE SET last_at = excluded.last_at",
        account,
        &word.hash(),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "DELETE FROM known_devices
         WHERE last_at <= now() - make_interval(days => $2)
            OR account_id = $1 AND device_hash IN (SELECT device_hash FROM known_devices WHERE account_id = $1
                                                   ORDER BY last_at DESC, device_hash OFFSET $3)",
        account,
        DEVICE_KNOWN_DAYS,
        DEVICES_MAX,
    )
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_of_ours_are_taken() {
        let word = Word::new().unwrap();
        let hash = word.hash();
        let kept = word.into_inner();
        assert_eq!(Word::sent(&kept).map(|word| word.hash()), Some(hash));
        for other in ["", "x", "' OR 1=1", &kept[1..], &format!("{kept}A"), &"A".repeat(10_000)] {
            assert!(Word::sent(other).is_none(), "{other}");
        }
    }
}
