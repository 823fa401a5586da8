//! What forms send as text, read with an error that comes back to its field.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use crate::error::AppError;

/// The value in that field; none where it is empty. `wanted` says what it should be: "a whole number".
///
/// # Errors
/// `Invalid` with the field and what was typed.
pub(super) fn typed<T: FromStr>(text: &str, field: &str, wanted: &str) -> Result<Option<T>, AppError> {
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| invalid(field, format!("{text:?} is not {wanted}."))),
    }
}

/// What is `on` of all that there is, by its words. A word that is none is wrong, and not absent.
///
/// # Errors
/// `Invalid` with the field and the word.
pub(super) fn chosen<T: Copy + Ord>(
    on: &BTreeMap<String, String>,
    all: &[T],
    word_of: impl Fn(T) -> &'static str,
    field: &str,
) -> Result<BTreeSet<T>, AppError> {
    on.keys().map(|word| one_of(word, all, &word_of, field)).collect()
}

/// Which of all that there are a word means.
///
/// # Errors
/// `Invalid` with the field and the word.
pub(super) fn one_of<T: Copy>(
    word: &str,
    all: &[T],
    word_of: impl Fn(T) -> &'static str,
    field: &str,
) -> Result<T, AppError> {
    all.iter().copied().find(|&one| word_of(one) == word).ok_or_else(|| {
        let words: Vec<_> = all.iter().map(|&one| word_of(one)).collect();
        invalid(field, format!("{word:?} is none of {}.", words.join(", ")))
    })
}

/// What cannot be taken from that field, and why.
pub(super) fn invalid(field: &str, message: String) -> AppError {
    AppError::Invalid { field: field.to_owned(), message }
}
