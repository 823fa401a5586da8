//! What an attacker tried against the server, and what now comes of it: a module for each thing that was attacked.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod database;
mod edge;
mod guessing;
mod heard;
mod heavy;
mod near;
#[path = "../support/panics.rs"]
mod panics;
mod pool;
mod private_postgres;
#[expect(dead_code, reason = "shared with the tests from outside, which need other parts of it")]
#[path = "../from_outside/running.rs"]
mod running;
mod served;
mod slow;
mod streams;
