//! What Strata decides, and nothing else: topologies, edits, rules, plans, approvals, runs, permissions.
//!
//! Pure: no I/O, no clock, no randomness. The browser runs the same functions as the server, so what a
//! person sees in the editor is what the server enforces. Words and ids follow the requirements document;
//! "S" in a source means the vendor's page, "W" the vendor's wider documentation, "P" a decision of ours.

pub mod account;
pub mod act;
pub mod advisor;
pub mod age;
#[cfg(test)]
mod arbitrary;
pub mod audit;
pub mod authz;
pub mod catalogue;
pub mod cells;
pub mod change;
pub mod checked;
pub mod diff;
pub mod digest;
pub mod discussion;
pub mod draft;
pub mod edit;
pub mod environment;
pub mod export;
pub mod file;
pub mod findings;
pub mod inventory;
pub mod limits;
pub mod news;
pub mod notice;
pub mod pace;
mod pairing;
pub mod plan;
pub mod policy;
pub mod proposal;
pub mod rebase;
pub mod record;
pub mod reference;
pub mod refused;
pub mod review;
pub mod run;
#[cfg(test)]
mod sample;
pub mod schedule;
pub mod sign_in;
pub mod text;
pub mod topology;
pub mod whatif;
pub mod words;

pub use refused::{Refusal, Refused};
