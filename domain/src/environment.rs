//! Environments and their immutable revisions.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::account::Person;

/// One infrastructure with its own topology and history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Unique, lower case, used in addresses: `production`.
    pub slug: String,
    /// The number of the live revision; none until a topology is imported.
    pub live: Option<i64>,
}

/// An immutable, numbered, content-hashed topology; what it holds is loaded apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// The environment's slug.
    pub environment: String,
    /// 1 for the first of the environment, without gaps.
    pub number: i64,
    /// SHA-256 over the canonical topology, in hexadecimal.
    pub content_hash: String,
    /// When it became live.
    pub made_at: DateTime<Utc>,
    /// Who imported it, or who applied the change.
    pub made_by: Person,
    /// The change it came from; none for an import.
    pub change: Option<i64>,
    /// The run that made it; none for an import.
    pub run: Option<i64>,
    /// Title of that change, or what was imported.
    pub title: String,
    /// Number of nodes in it.
    pub node_count: i64,
    /// Version of the environment's catalogue that it was made with.
    pub catalogue: u32,
}
