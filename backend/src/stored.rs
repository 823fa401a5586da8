//! What columns hold, as the domain has it, and back.

use strata_domain::digest::Digest;

use crate::error::Error;

/// A digest.
pub(crate) fn digest(bytes: &[u8]) -> Result<Digest, Error> {
    bytes.try_into().map(Digest).map_err(|_| Error::unexpected("a stored digest has not 32 bytes"))
}

/// The version of a catalogue or a policy.
pub(crate) fn version(column: i32) -> Result<u32, Error> {
    u32::try_from(column).map_err(Error::unexpected)
}

/// The column of a version.
pub(crate) fn of_version(version: u32) -> Result<i32, Error> {
    i32::try_from(version).map_err(Error::unexpected)
}

/// A stored word as its enum; the database's checks let no other words in.
pub(crate) fn word<T: std::str::FromStr>(word: &str) -> Result<T, Error> {
    word.parse().map_err(|_| Error::unexpected(format!("the stored word {word:?} is unknown")))
}

/// A write that touches another number of rows than it must is a bug; it is undone and logged.
pub(crate) fn expect_rows(found: u64, wanted: u64) -> Result<(), Error> {
    if found == wanted {
        Ok(())
    } else {
        Err(Error::unexpected(format!("a write touched {found} rows where {wanted} had to be touched")))
    }
}
