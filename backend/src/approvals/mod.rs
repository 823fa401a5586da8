//! The review of changes: votes, and what is asked for. [`strata_domain::review::Review`] decides; here it is loaded,
//! and what it gives back is stored.

mod comments;
mod difference;
mod inbox;
mod leads;
mod rows;
mod take_back;
mod under_review;
mod vote;

pub use comments::comment_add;
pub(crate) use comments::comments_of;
pub use difference::{VoteDifference, vote_difference};
pub use inbox::{Awaited, AwaitedAct, AwaitedDecision, DecisionAbout, Inbox, inbox_load};
pub(crate) use leads::leads_of;
pub(crate) use rows::authors_of;
pub use take_back::vote_take_back;
pub(crate) use under_review::{Terms, UnderReview, missing_of_run};
pub use vote::change_vote;
