//! `strata migrate`: the database to this version, with nothing served.

use clap::Args;

use super::Failure;
use crate::database::{Database, DatabaseArgs};

#[derive(Args, Debug)]
pub(super) struct MigrateArgs {
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Migrates, as the owner of the tables.
pub(super) async fn migrate(args: MigrateArgs) -> Result<(), Failure> {
    let role = Database::migrate(&args.database).await?;
    println!("The database is at this version of Strata ({}).", env!("CARGO_PKG_VERSION"));
    match role {
        Some(role) => {
            println!("The role “{role}” may add to what happened, and not rewrite it: serve and worker go as it.");
        }
        None => eprintln!(
            "There is no role for the application, so it would have to own the tables. How to make one: docs/database.md."
        ),
    }
    Ok(())
}
