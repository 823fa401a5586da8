//! Places to hash passwords: each hash takes a core and some 19 MiB for as long as it lasts.
//!
//! Strangers have a line of their own, which has an end, and of which one network has few places: a flood of sign-ins from many
//! addresses keeps nobody out who signed in from their device before, and tells everybody else at once that they have to wait.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::Error;
use crate::shares::Shares;

/// How many are hashed at once; strangers have one place less, so that whoever is known never waits for all of them.
const AT_ONCE: usize = 2;
/// How many strangers are in the line, and how many of one network: what is worked off before anybody gives up waiting.
const STRANGERS: usize = 60;
const STRANGERS_EACH: usize = 20;
/// Seconds after which somebody comes again who found the line full.
const COME_AGAIN_SECONDS: u32 = 5;

/// The places of one process. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Hashing {
    working: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    line: Shares<String>,
}

/// A place, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _of_strangers: Option<OwnedSemaphorePermit>,
    _working: OwnedSemaphorePermit,
}

/// The line of strangers is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full {
    /// When there may be room again.
    pub(crate) seconds: u32,
}

impl Default for Hashing {
    fn default() -> Self {
        Self {
            working: Arc::new(Semaphore::new(AT_ONCE)),
            strangers: Arc::new(Semaphore::new(AT_ONCE - 1)),
            line: Shares::new(STRANGERS, STRANGERS_EACH),
        }
    }
}

impl Hashing {
    /// Waits for a place, for the operator and for whoever is known.
    pub(crate) async fn place(&self) -> Result<Place, Error> {
        let working = Arc::clone(&self.working).acquire_owned().await.map_err(Error::unexpected)?;
        Ok(Place { _of_strangers: None, _working: working })
    }

    /// Waits for a place in the line of strangers, for somebody of that network.
    ///
    /// # Errors
    /// [`Full`] at once where the line is.
    pub(crate) async fn place_in_line(&self, network: String) -> Result<Result<Place, Full>, Error> {
        let Ok(_in_line) = self.line.take(Some(network)) else {
            return Ok(Err(Full { seconds: COME_AGAIN_SECONDS }));
        };
        let stranger = Arc::clone(&self.strangers).acquire_owned().await.map_err(Error::unexpected)?;
        let place = self.place().await?;
        Ok(Ok(Place { _of_strangers: Some(stranger), ..place }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn strangers_of_many_networks_hold_up_nobody_who_is_known() {
        let hashing = Hashing::default();
        let mut strangers = tokio::task::JoinSet::new();
        let first = hashing.place_in_line("n0".to_owned()).await.unwrap().unwrap();
        for number in 0..STRANGERS {
            let hashing = hashing.clone();
            strangers.spawn(async move { hashing.place_in_line(format!("n{number}")).await });
        }
        while hashing.line.take(Some("new".to_owned())).is_ok() {
            tokio::task::yield_now().await;
        }
        assert!(hashing.place_in_line("new".to_owned()).await.unwrap().is_err(), "they are told at once");
        let known = hashing.place().await.unwrap();
        drop((known, first));
        while let Some(done) = strangers.join_next().await {
            assert!(done.unwrap().unwrap().is_ok());
        }
        assert!(hashing.place_in_line("new".to_owned()).await.unwrap().is_ok(), "there is room again");
    }

    #[tokio::test]
    async fn one_network_does_not_fill_the_line() {
        let hashing = Hashing::default();
        let _at_work = hashing.place_in_line("other".to_owned()).await.unwrap().unwrap();
        let mut many = tokio::task::JoinSet::new();
        for _ in 0..STRANGERS_EACH {
            let hashing = hashing.clone();
            many.spawn(async move { hashing.place_in_line("one".to_owned()).await });
        }
        while hashing.line.of(&"one".to_owned()) < STRANGERS_EACH {
            tokio::task::yield_now().await;
        }
        assert!(hashing.place_in_line("one".to_owned()).await.unwrap().is_err());
        assert!(hashing.line.take(Some("another".to_owned())).is_ok());
    }
}
