//! Changes: drafts over a base revision, sent to review, voted on, applied.

mod anew;
mod append;
mod carried;
mod copy;
mod decided;
mod draft;
mod edited;
mod load;
mod locked;
mod log;
mod material;
mod rebase;
mod record;
mod review;
mod rows;
mod states;

pub(crate) use anew::{ask_anew, send_home};
pub use append::{Appended, LogTail, Seen, change_append, change_tail};
pub(crate) use carried::Carried;
pub use carried::conflict_text;
pub use copy::change_copy;
pub(crate) use decided::{last_decided, plan_decided};
pub(crate) use draft::{accepted_title, change_add};
pub use draft::{change_edit, change_start};
pub(crate) use edited::lapsed;
pub(crate) use load::change_in;
pub use load::{ChangeRow, ChangeView, change_list, change_load};
pub(crate) use locked::Locked;
pub(crate) use log::{edits_add, edits_of, edits_unknown_at, last_of};
pub(crate) use material::{Material, misfit};
pub use rebase::{Rebasing, change_rebase};
pub use record::change_record;
pub(crate) use review::accepted_reason;
pub use review::{change_submit, change_withdraw};
pub(crate) use rows::{Approval, Stored, changes_of};
