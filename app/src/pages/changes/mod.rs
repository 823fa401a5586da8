//! `/changes`, `/changes/:id` and `/changes/:id/edit`.

mod editor;
mod list;
mod review;

pub use editor::ChangeEditPage;
pub use list::ChangeListPage;
pub use review::ReviewPage;
