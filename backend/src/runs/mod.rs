//! Runs: applying an approved change, and watching it being carried out.

mod apply;
mod confirm;
mod due;
mod glass;
mod read;
mod ready;
mod rows;

pub use apply::{Applied, apply_call_off, change_apply};
pub use confirm::run_confirm_step;
pub(crate) use due::start_due;
pub use glass::{change_break_glass, glass_review};
pub(crate) use glass::{glass_of, unreviewed_of};
pub use read::{RunView, run_list, run_load};
pub(crate) use read::{catalogue_of, run_with_steps};
pub(crate) use rows::runs_of_change;
