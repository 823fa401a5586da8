//! The pages of Strata: components, pages and the server functions they call.
//!
//! Built twice: with `ssr` into the server, where server functions reach the backend, and with `hydrate`
//! into the browser, which sees `strata_domain` alone.

#![recursion_limit = "512"]
#![expect(clippy::needless_pass_by_value, reason = "a component owns its props")]
#![expect(missing_docs, reason = "the component and server macros make public items that no doc comment reaches")]

pub mod api;
mod app;
mod components;
pub mod error;
mod live;
mod pages;
pub mod paths;
#[cfg(feature = "ssr")]
pub mod server_context;

/// Whether this build renders pages. Built together with the browser's part, cargo gives each the features of both, and effects
/// run where there is no browser.
pub const RENDERS: bool = cfg!(all(feature = "ssr", not(feature = "hydrate")));

pub use app::{App, shell};
