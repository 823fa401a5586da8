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
pub(crate) use read::catalogue_of;
pub use read::{run_list, run_load, run_log};
pub(crate) use rows::runs_of_change;
