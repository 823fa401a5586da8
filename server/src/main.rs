//! The binary `strata`.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::commands::run()
}
