//! The binary and its parts from outside: real processes, real PostgreSQL, real HTTP. One test program, linked once.

mod command_line;
mod embedded;
mod running;
mod serve;
