//! Server functions and what they carry. Each calls one use case of the backend, which authorises.

pub mod advisor;
pub mod apply;
#[cfg(feature = "ssr")]
pub mod arguments;
pub mod catalogue;
pub mod changes;
pub mod draft_page;
pub mod drafting;
pub mod editing;
pub mod history;
pub mod import;
pub mod inbox;
pub mod notices;
pub mod policy;
pub mod proposals;
pub mod record;
pub mod review;
pub mod role_map;
pub mod runs;
pub mod schedule;
pub mod session;
mod typed;
pub mod webhooks;
pub mod what_if;

/// Rows that one page of a list shows.
#[cfg(feature = "ssr")]
const PAGE: i64 = 50;
