//! Topologies in the words of other programs: Ansible, Mermaid, spreadsheets.
//!
//! Names come from people, and what reads these files trusts them more than we do. So each writer escapes for its
//! reader: Ansible must not take a name for a template, Mermaid not for a drawing, a spreadsheet not for a formula.

mod ansible;
mod mermaid;
mod table;

pub use ansible::ansible;
pub(crate) use ansible::group_name;
pub use mermaid::mermaid;
pub use table::csv;
pub(crate) use table::unguarded;
