//! What an attacker tried, from outside, over real sockets. One test program, linked once; a module for each target.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod edge;
mod heavy;
mod near;
mod private_postgres;
#[expect(dead_code, reason = "shared with the tests from outside, which need other parts of it")]
#[path = "../from_outside/running.rs"]
mod running;
mod slow;
