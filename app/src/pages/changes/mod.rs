//! `/changes`, `/changes/:id` and `/changes/:id/edit`.

mod edit;
mod edit_forms;
mod list;
mod review;
mod summary;

pub use edit::ChangeEditPage;
pub use list::ChangeListPage;
pub use review::ReviewPage;
