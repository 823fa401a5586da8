//! A cap on how much there is of something at once: for all together, and for each who takes of it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What can be taken, and who has taken how much of it.
#[derive(Debug)]
pub struct Shares<K> {
    taken: Arc<Mutex<Taken<K>>>,
    all: usize,
    each: usize,
}

// Not derived: what is shared is cloned, not the keys.
impl<K> Clone for Shares<K> {
    fn clone(&self) -> Self {
        Self { taken: Arc::clone(&self.taken), all: self.all, each: self.each }
    }
}

#[derive(Debug)]
struct Taken<K> {
    all: usize,
    by: HashMap<K, usize>,
}

/// Why none was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// All of it is taken.
    All,
    /// Whoever asks has their share already.
    Own,
}

/// One of it, given back when it is dropped.
#[derive(Debug)]
pub struct Share<K: Eq + Hash> {
    taken: Arc<Mutex<Taken<K>>>,
    by: Option<K>,
}

impl<K: Clone + Eq + Hash> Shares<K> {
    /// So many for all together, and so many of them for each.
    pub fn new(all: usize, each: usize) -> Self {
        Self { taken: Arc::new(Mutex::new(Taken { all: 0, by: HashMap::new() })), all, each }
    }

    /// How many somebody has.
    pub fn of(&self, by: &K) -> usize {
        lock(&self.taken).by.get(by).copied().unwrap_or(0)
    }

    /// Takes one; for nobody in particular, only the cap on all counts.
    ///
    /// # Errors
    /// [`Denied`] with why none is given.
    pub fn take(&self, by: Option<K>) -> Result<Share<K>, Denied> {
        self.take_of(by, self.all, self.each)
    }

    /// Takes one, with other caps than those that hold for most: for all together, and for this one.
    ///
    /// # Errors
    /// [`Denied`] with why none is given.
    pub fn take_of(&self, by: Option<K>, all: usize, each: usize) -> Result<Share<K>, Denied> {
        let mut taken = lock(&self.taken);
        if by.as_ref().is_some_and(|by| taken.by.get(by).is_some_and(|has| *has >= each)) {
            return Err(Denied::Own);
        }
        if taken.all >= all {
            return Err(Denied::All);
        }
        taken.all += 1;
        if let Some(by) = &by {
            *taken.by.entry(by.clone()).or_default() += 1;
        }
        Ok(Share { taken: Arc::clone(&self.taken), by })
    }
}

impl<K: Eq + Hash> Drop for Share<K> {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.all -= 1;
        let Some(by) = &self.by else { return };
        if let Some(has) = taken.by.get_mut(by) {
            *has -= 1;
            // Whoever has none leaves nothing behind: the map is no larger than what is taken.
            if *has == 0 {
                taken.by.remove(by);
            }
        }
    }
}

fn lock<K>(taken: &Mutex<Taken<K>>) -> MutexGuard<'_, Taken<K>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_all_of_it() {
        let shares = Shares::new(3, 2);
        let one = shares.take(Some("ada")).unwrap();
        let _two = shares.take(Some("ada")).unwrap();
        assert_eq!(shares.take(Some("ada")).unwrap_err(), Denied::Own);
        let _three = shares.take(None).unwrap();
        assert_eq!(shares.take(Some("lena")).unwrap_err(), Denied::All);
        drop(one);
        let _four = shares.take(Some("lena")).unwrap();
        assert_eq!(lock(&shares.taken).by.len(), 2);
    }

    #[test]
    fn what_is_given_back_leaves_nothing_behind() {
        let shares = Shares::new(3, 2);
        drop((shares.take(Some(1)), shares.take(Some(2)), shares.take(None)));
        let taken = lock(&shares.taken);
        assert_eq!((taken.all, taken.by.len()), (0, 0));
    }
}
