//! What an attacker tried against the server, and what now comes of it: a module for each thing that was attacked.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod database;
mod guessing;
mod heard;
mod pool;
mod served;
mod streams;
