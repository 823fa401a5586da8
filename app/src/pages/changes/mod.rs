//! `/changes`, `/changes/:id` and `/changes/:id/edit`.

mod editor;
mod list;
mod review;

pub use editor::ChangeEditPage;
pub use list::ChangeListPage;
pub use review::ReviewPage;

use strata_domain::change::ChangeState;

/// Whether it can still be moved to the live revision or given up.
const fn is_open(state: ChangeState) -> bool {
    matches!(state, ChangeState::Draft | ChangeState::InReview | ChangeState::Approved)
}
