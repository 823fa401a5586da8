//! What forms send as text, read with an error that comes back to its field.

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

/// What cannot be taken from that field, and why.
pub(super) fn invalid(field: &str, message: String) -> AppError {
    AppError::Invalid { field: field.to_owned(), message }
}
