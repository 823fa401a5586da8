//! What was made of what never changes, kept for whoever asks next: topologies of revisions, what was found about them, and what
//! the edits of a change make of them.
//!
//! A key says all that its value was made of, so nothing that is kept is ever out of date; whoever may not see something has
//! been refused before anything is looked up. It is bounded by memory, and what was not asked for lately goes first.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

/// The memory that is kept at most, in bytes, unless somebody says otherwise.
const MEMORY: u64 = 32 * 1024 * 1024;
/// A guess at how much one value takes, for the cache to begin with.
const ONE: u64 = 256 * 1024;

/// What one process keeps. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Kept(Arc<Cache<Key, Value, ByBytes>>);

/// What a value is, and what it was made of.
type Key = (TypeId, String);

#[derive(Clone)]
struct Value {
    value: Arc<dyn Any + Send + Sync>,
    bytes: u64,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Key, Value> for ByBytes {
    fn weight(&self, (_, key): &Key, value: &Value) -> u64 {
        value.bytes + key.len() as u64
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self::of(MEMORY)
    }
}

impl Kept {
    /// Keeps no more than so many bytes, as far as they are told.
    pub(crate) fn of(bytes: u64) -> Self {
        let values = usize::try_from(bytes / ONE).unwrap_or(usize::MAX).max(16);
        // In one piece: a share of the whole would be too small for what is large.
        let options = OptionsBuilder::new().estimated_items_capacity(values).weight_capacity(bytes).shards(1).build();
        let options = options.expect("all that is asked for is there");
        Self(Arc::new(Cache::with_options(
            options,
            ByBytes,
            DefaultHashBuilder::default(),
            DefaultLifecycle::default(),
        )))
    }

    /// What was made of that, if it is still there.
    pub(crate) fn get<T: Any + Send + Sync>(&self, made_of: &str) -> Option<Arc<T>> {
        let kept = self.0.get(&(TypeId::of::<T>(), made_of.to_owned()))?;
        kept.value.downcast().ok()
    }

    /// Keeps what was made of that, which takes some `bytes` of memory.
    pub(crate) fn keep<T: Any + Send + Sync>(&self, made_of: String, value: Arc<T>, bytes: usize) -> Arc<T> {
        let of_any: Arc<dyn Any + Send + Sync> = value.clone();
        self.0.insert((TypeId::of::<T>(), made_of), Value { value: of_any, bytes: bytes as u64 });
        value
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("values", &self.0.len()).field("bytes", &self.0.weight()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_by_what_it_was_made_of() {
        let kept = Kept::of(1_000);
        kept.keep("a".to_owned(), Arc::new(1_u8), 10);
        kept.keep("a".to_owned(), Arc::new("one"), 10);
        assert_eq!(kept.get::<u8>("a").as_deref(), Some(&1));
        assert_eq!(kept.get::<&str>("a").as_deref(), Some(&"one"));
        assert_eq!(kept.get::<u8>("b"), None);
    }

    #[test]
    fn it_takes_no_more_memory_than_it_may() {
        let kept = Kept::of(1_000);
        for number in 0..1_000_u32 {
            kept.keep(number.to_string(), Arc::new(number), 100);
        }
        let left = (0..1_000_u32).filter(|number| kept.get::<u32>(&number.to_string()).is_some()).count();
        assert!((1..=10).contains(&left), "{left}");
        assert!(kept.0.weight() <= 1_000);
        assert_eq!(
            *kept.keep("large".to_owned(), Arc::new(7_u64), 5_000),
            7,
            "what is too large is given, and not kept"
        );
        assert_eq!(kept.get::<u64>("large"), None);
    }
}
