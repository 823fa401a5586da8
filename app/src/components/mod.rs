//! Pieces that several pages share.

mod act;
mod audit_list;
mod badge;
mod fields;
mod finding_list;
mod kept;
mod loaded;
mod moment;
mod next_link;
mod page_title;
mod plan_table;
mod settings_tabs;
mod table;
mod tally;

pub use act::{Act, ActError};
pub use audit_list::AuditList;
pub use badge::{Badge, FindingCounts, Stateful, severity_mark};
pub use fields::{CheckField, SelectField, TextArea, TextField, plain_words};
pub use finding_list::FindingList;
pub use kept::{kept, kept_list};
pub use loaded::loaded;
pub use moment::{Moment, duration_in_words};
pub use next_link::NextLink;
pub use page_title::PageTitle;
pub use plan_table::PlanTable;
pub use settings_tabs::SettingsTabs;
pub use table::Table;
pub use tally::tally_item;
