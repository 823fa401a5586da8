//! The review of changes: votes, and what is asked for. [`strata_domain::review::Review`] decides; here it is loaded,
//! and what it gives back is stored.

mod difference;
mod rows;
mod take_back;
mod under_review;
mod vote;

pub use difference::{VoteDifference, vote_difference};
pub use take_back::vote_take_back;
pub(crate) use under_review::{Terms, UnderReview};
pub use vote::change_vote;
