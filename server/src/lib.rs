//! The binary `strata`: serve, worker, migrate, check, plan, import, export, user.
//!
//! A library with a thin `main`, so that its parts can be tested from outside.

pub mod commands;
pub mod database;
pub mod demo;
pub mod embedded;
pub mod logging;
pub mod serve;
