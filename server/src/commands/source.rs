//! Files that commands read: a path, or `-` for standard input.

use std::fs::File;
use std::io::{self, IsTerminal, Read};

use strata_domain::catalogue::Catalogue;
use strata_domain::file::{self, LIMIT_BYTES};
use strata_domain::topology::Topology;

use super::Failure;

/// Reads all of it, and one byte more than is allowed at most, so that the size is refused with the right words.
pub(super) fn bytes(name: &str) -> Result<Vec<u8>, Failure> {
    let unreadable = |source| Failure::Unreadable { file: name.to_owned(), source };
    let limit = u64::try_from(LIMIT_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    match name {
        // Nobody types a topology: on a terminal there is nothing to wait for.
        "-" if io::stdin().is_terminal() => Ok(0),
        "-" => io::stdin().take(limit).read_to_end(&mut bytes),
        _ => File::open(name).and_then(|file| file.take(limit).read_to_end(&mut bytes)),
    }
    .map_err(unreadable)?;
    Ok(bytes)
}

/// Reads a topology.
pub(super) fn topology(name: &str) -> Result<Topology, Failure> {
    parse(name, &bytes(name)?)
}

/// Reads a topology; an empty file (`/dev/null`, an empty standard input) is none at all.
pub(super) fn topology_or_none(name: &str) -> Result<Option<Topology>, Failure> {
    let bytes = bytes(name)?;
    if bytes.is_empty() { Ok(None) } else { parse(name, &bytes).map(Some) }
}

/// The topology in those bytes.
pub(super) fn parse(name: &str, bytes: &[u8]) -> Result<Topology, Failure> {
    let file = if name == "-" { "standard input" } else { name };
    file::read(bytes, Catalogue::built_in()).map_err(|source| Failure::Wrong { file: file.to_owned(), source })
}
