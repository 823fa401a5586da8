//! `strata worker`: provisioning without pages.

use clap::Args;

use super::Failure;
use crate::database::{Database, DatabaseArgs};
use crate::serve::Shutdown;

#[derive(Args, Debug)]
pub(super) struct WorkerArgs {
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Runs steps until it is told to stop; the step under way is given up in good order.
pub(super) async fn worker(args: WorkerArgs) -> Result<(), Failure> {
    let database = Database::open_migrated(&args.database, true).await?;
    let shutdown = Shutdown::on_signals()?;
    let name = crate::serve::worker_name();
    tracing::info!(worker = name, "waiting for steps");
    strata_backend::worker::run(database.backend().clone(), name, shutdown.receiver()).await;
    database.close().await;
    Ok(())
}
