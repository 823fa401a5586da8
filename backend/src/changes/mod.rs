//! Changes: drafts over a base revision, sent to review, voted on, applied.

mod draft;
mod load;
mod locked;
mod material;
mod rebase;
mod review;
mod rows;

pub(crate) use draft::{accepted_title, change_add, edits_add};
pub use draft::{change_edit, change_start};
pub use load::{ChangeView, change_list, change_load};
pub(crate) use locked::Locked;
pub(crate) use material::{Material, misfit};
pub use rebase::change_rebase;
pub(crate) use review::accepted_reason;
pub use review::{change_submit, change_withdraw};
pub(crate) use rows::edits_of;
