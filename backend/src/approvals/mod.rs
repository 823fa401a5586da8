//! Votes on changes.

mod rows;
mod vote;

pub(crate) use rows::{authors_of, quorum_met, votes_of};
pub use vote::change_vote;
