//! `strata worker`: provisioning without pages.

use std::time::Duration;

use clap::Args;
use strata_backend::worker::executors::DryRun;
use strata_backend::worker::{self, Settings};

use super::Failure;
use crate::database::{Database, DatabaseArgs};
use crate::serve::Shutdown;

/// How steps are carried out, by a worker of its own or by the one inside `strata serve`.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Execution {
    /// How long the dry run waits at each line of its log, so that a person can follow; in milliseconds
    #[arg(long, env = "STRATA_DRY_RUN_PAUSE_MS", default_value_t = 150, value_name = "MS")]
    dry_run_pause_ms: u64,
}

impl Execution {
    /// For the worker of this process.
    pub(super) fn settings(self) -> Settings {
        Settings::new(crate::serve::worker_name(), DryRun::new(Duration::from_millis(self.dry_run_pause_ms)))
    }
}

#[derive(Args, Debug)]
pub(super) struct WorkerArgs {
    #[command(flatten)]
    execution: Execution,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Runs steps until it is told to stop; the step under way is given up in good order.
pub(super) async fn worker(args: WorkerArgs) -> Result<(), Failure> {
    let database = Database::open_migrated(&args.database, true).await?;
    let shutdown = Shutdown::on_signals()?;
    worker::run(database.backend().clone(), args.execution.settings(), shutdown.receiver()).await;
    database.close().await;
    Ok(())
}
