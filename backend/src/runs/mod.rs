//! Runs: applying an approved change, and watching it being carried out.

mod apply;
mod confirm;
mod read;
mod rows;

pub use apply::change_apply;
pub use confirm::run_confirm_step;
pub(crate) use read::catalogue_of;
pub use read::{run_list, run_load, run_log};
pub(crate) use rows::runs_of_change;
