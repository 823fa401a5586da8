//! Where log lines go, how many and in which form.

use std::env;
use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

/// What is logged when `RUST_LOG` says nothing.
const DEFAULT: &str = "info,sqlx=warn,hyper=warn,tower_sessions=error,tower_sessions_core=error";

/// Starts logging to standard error: lines for people, or JSON with `STRATA_LOG_FORMAT=json`.
///
/// `RUST_LOG` takes directives such as `debug` or `info,strata_backend=debug`. Commands that answer on standard
/// output ask for warnings only.
pub fn start(quiet: bool) {
    let default = if quiet { "warn" } else { DEFAULT };
    let filter = EnvFilter::try_from_env("RUST_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        // Whoever read our log may have gone; complaining about it on the same closed pipe would be a panic.
        .log_internal_errors(false);
    // A second start, as in tests, changes nothing.
    let _already_started = if env::var("STRATA_LOG_FORMAT").is_ok_and(|format| format == "json") {
        lines.json().try_init()
    } else {
        lines.with_ansi(io::stderr().is_terminal()).with_target(false).try_init()
    };
}
