//! `strata migrate`: the database to this version, with nothing served.

use clap::Args;

use super::Failure;
use crate::database::{Database, DatabaseArgs};

#[derive(Args, Debug)]
pub(super) struct MigrateArgs {
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Migrates.
pub(super) async fn migrate(args: MigrateArgs) -> Result<(), Failure> {
    let database = Database::open(&args.database, true).await?;
    let migrated = database.migrate().await;
    database.close().await;
    migrated?;
    println!("The database is at this version of Strata ({}).", env!("CARGO_PKG_VERSION"));
    Ok(())
}
