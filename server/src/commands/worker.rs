//! `strata worker`: provisioning, mails and webhooks without pages.

use std::time::Duration;

use clap::Args;
use strata_backend::notices;
use strata_backend::worker::executors::DryRun;
use strata_backend::worker::{self, Settings};

use super::Failure;
use super::telling::Telling;
use crate::database::{Database, DatabaseArgs};
use crate::serve::{PublicUrl, Shutdown};

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
    /// How people reach the pages: links in mails and webhooks begin with it
    #[arg(long, env = "STRATA_PUBLIC_URL", value_name = "URL")]
    public_url: Option<PublicUrl>,
    #[command(flatten)]
    execution: Execution,
    #[command(flatten)]
    telling: Telling,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Runs steps, and tells people of what happens, until it is told to stop; what is under way then ends in good order.
pub(super) async fn worker(args: WorkerArgs) -> Result<(), Failure> {
    let telling = args.telling.settings(args.public_url.as_ref().map(ToString::to_string))?;
    if args.public_url.is_none() {
        // Links would lead nowhere.
        tracing::info!("people are told in the page alone from here; for mails and webhooks, set STRATA_PUBLIC_URL");
    }
    let database = Database::open(&args.database, true).await?;
    database.warn_of_owner();
    let (shutdown, backend) = (Shutdown::on_signals()?, database.backend());
    let tell = notices::work(backend.clone(), telling, shutdown.receiver());
    tokio::join!(worker::run(backend.clone(), args.execution.settings(), shutdown.receiver()), tell);
    database.close().await;
    Ok(())
}
