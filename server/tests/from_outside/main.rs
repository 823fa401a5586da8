//! The binary and its parts from outside: real processes, real PostgreSQL, real HTTP. One test program, linked once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod command_line;
mod embedded;
mod hostile_files;
#[expect(dead_code, reason = "shared with the attacks, which need other parts of it")]
mod running;
mod serve;
mod tools;
