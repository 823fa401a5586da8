//! `/changes`, `/changes/:id`, `/changes/:id/edit` and `/changes/:id/record`.

mod editor;
mod list;
mod record;
mod review;

pub use editor::ChangeEditPage;
pub use list::ChangeListPage;
pub use record::RecordPage;
pub use review::ReviewPage;
