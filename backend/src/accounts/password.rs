//! Password hashes: argon2id, with its parameters stored in the hash.

use std::sync::OnceLock;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::ctx::Backend;
use crate::error::Error;
use crate::hashing::Place;
use crate::ids;

/// What a check of a password found.
pub(super) struct Checked {
    /// Whether it is the right one.
    pub(super) right: bool,
    /// The hash under today's parameters, where it was right and the stored one is of other parameters.
    pub(super) better: Option<String>,
}

/// Hashes a password that was accepted.
pub(super) async fn hash(backend: &Backend, password: String) -> Result<String, Error> {
    off_thread(backend.hashing().place().await?, move || make(&password)).await?
}

/// Compares a password with a stored hash; with none, does the same work and finds it wrong, so that the time
/// tells nobody whether the account exists.
pub(super) async fn check(place: Place, password: String, stored: Option<String>) -> Result<Checked, Error> {
    off_thread(place, move || {
        // Asked for in both cases: the first call of the process takes longer.
        let nobody = nobody()?;
        match stored {
            Some(stored) => verify(&password, &stored),
            None => verify(&password, nobody).map(|_| Checked { right: false, better: None }),
        }
    })
    .await?
}

/// Runs the work where it blocks no request, and holds its place until it is done.
async fn off_thread<T: Send + 'static>(place: Place, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(move || {
        let done = work();
        drop(place);
        done
    })
    .await
    .map_err(Error::unexpected)
}

fn current() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

fn make(password: &str) -> Result<String, Error> {
    let hash: PasswordHash = current().hash_password(password.as_bytes()).map_err(Error::unexpected)?;
    Ok(hash.to_string())
}

/// The hash that unknown accounts are checked against; nobody knows its password.
fn nobody() -> Result<&'static str, Error> {
    static HASH: OnceLock<String> = OnceLock::new();
    if let Some(hash) = HASH.get() {
        return Ok(hash);
    }
    let made = make(&ids::new_id().to_string())?;
    Ok(HASH.get_or_init(|| made))
}

fn verify(password: &str, stored: &str) -> Result<Checked, Error> {
    let parsed = PasswordHash::new(stored).map_err(|_| Error::unexpected("a stored password hash cannot be read"))?;
    // The parameters of the stored hash are used, not the current ones.
    let right = current().verify_password(password.as_bytes(), &parsed).is_ok();
    let better = if right && is_outdated(&parsed) { Some(make(password)?) } else { None };
    Ok(Checked { right, better })
}

fn is_outdated(hash: &PasswordHash) -> bool {
    let today = Params::DEFAULT;
    let same = Params::try_from(&hash.params).is_ok_and(|stored| {
        (stored.m_cost(), stored.t_cost(), stored.p_cost()) == (today.m_cost(), today.t_cost(), today.p_cost())
    });
    !same || hash.algorithm != Algorithm::Argon2id.ident() || hash.version != Some(Version::V0x13.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_of_today_is_verified_and_kept() {
        let stored = make("correct horse battery").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$"));
        let checked = verify("correct horse battery", &stored).unwrap();
        assert!(checked.right && checked.better.is_none());
        assert!(!verify("wrong horse battery", &stored).unwrap().right);
    }

    #[test]
    fn a_weaker_hash_is_made_again() {
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).unwrap());
        let hash: PasswordHash = weak.hash_password(b"correct horse battery").unwrap();
        let checked = verify("correct horse battery", &hash.to_string()).unwrap();
        let better = checked.better.unwrap();
        assert!(verify("correct horse battery", &better).unwrap().better.is_none());
    }
}
