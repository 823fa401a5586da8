//! Turns: of each who asks, so many are served at once, and the rest wait for each other and for nobody else.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The turns of everybody. Whoever has none and waits for none leaves nothing behind.
#[derive(Debug)]
pub struct Turns<K> {
    each: usize,
    of: Mutex<HashMap<K, Weak<Semaphore>>>,
}

/// A turn, over when it is dropped.
#[derive(Debug)]
pub struct Turn {
    _permit: OwnedSemaphorePermit,
}

/// There is no turn now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotNow;

impl<K: Clone + Eq + Hash> Turns<K> {
    /// So many at once for each.
    pub fn new(each: usize) -> Self {
        Self { each, of: Mutex::default() }
    }

    /// Waits for a turn, behind those who came before.
    pub async fn wait(&self, by: &K) -> Turn {
        let turns = self.of(by);
        Turn { _permit: turns.acquire_owned().await.expect("it is never closed") }
    }

    /// A turn, if there is one.
    ///
    /// # Errors
    /// [`NotNow`] where others come first.
    pub fn now(&self, by: &K) -> Result<Turn, NotNow> {
        self.of(by).try_acquire_owned().map(|permit| Turn { _permit: permit }).map_err(|_| NotNow)
    }

    /// How many have a turn or wait for one, or did lately.
    pub fn known(&self) -> usize {
        self.lock().len()
    }

    fn of(&self, by: &K) -> Arc<Semaphore> {
        let mut turns = self.lock();
        if let Some(known) = turns.get(by).and_then(Weak::upgrade) {
            return known;
        }
        turns.retain(|_, turns| turns.strong_count() > 0);
        let new = Arc::new(Semaphore::new(self.each));
        turns.insert(by.clone(), Arc::downgrade(&new));
        new
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<K, Weak<Semaphore>>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
