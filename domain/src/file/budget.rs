//! How much a file may say when its aliases are followed.

use std::cell::Cell;

use serde::de::Error;

use super::LIMIT_BYTES;

/// What may still be read: a byte for each value and each byte of its text.
pub(crate) struct Budget(Cell<usize>);

/// What every file may say, however short it is.
const LEAST: usize = 1024 * 1024;

impl Budget {
    /// For a file of that many bytes: much more than it can say without aliases, so that only those that explode are
    /// refused; and for no file more than twice the largest.
    pub fn of_file(length: usize) -> Self {
        Self(Cell::new(LEAST.saturating_add(length.saturating_mul(16)).min(2 * LIMIT_BYTES)))
    }

    /// Takes the cost of a value with a text of that length.
    pub fn charge<E: Error>(&self, length: usize) -> Result<(), E> {
        match self.0.get().checked_sub(length.saturating_add(1)) {
            Some(left) => {
                self.0.set(left);
                Ok(())
            }
            None => Err(E::custom("the aliases stand for too much")),
        }
    }
}
