//! `strata import`: the same import that the page has, by the operator.

use clap::Args;
use strata_backend::environments::{self, Imported};
use strata_backend::{Actor, Backend};

use super::{Failure, source};
use crate::database::{Database, DatabaseArgs};

#[derive(Args, Debug)]
pub(super) struct ImportArgs {
    /// The topology file, or - for standard input
    file: String,
    /// The environment; made where there is none of that name
    #[arg(long)]
    environment: String,
    /// What the revision or the change is called
    #[arg(long, default_value = "Imported from a file")]
    title: String,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Imports, and says what it made.
pub(super) async fn import(args: ImportArgs) -> Result<(), Failure> {
    let bytes = source::bytes(&args.file)?;
    let database = Database::open_migrated(&args.database, true).await?;
    let imported = import_into(database.backend(), &args.environment, &bytes, &args.title).await;
    database.close().await;
    let environment = &args.environment;
    match imported? {
        Imported::Revision(number) => println!("Revision {number} of {environment} is live."),
        Imported::Change(id) => println!("Change {id} of {environment} is a draft: /changes/{id}"),
        Imported::Unchanged => println!("{environment} is like this already; nothing was made."),
    }
    Ok(())
}

async fn import_into(backend: &Backend, environment: &str, bytes: &[u8], title: &str) -> Result<Imported, Failure> {
    let there = environments::environment_list(backend, &Actor::Operator).await?;
    if !there.iter().any(|one| one.slug == environment) {
        // Before it is made: a file that is refused must not leave an environment behind.
        let topology = source::parse("the file", bytes)?;
        if topology.environment != environment {
            return Err(Failure::Usage(format!(
                "the file is of the environment “{}”, not “{environment}”",
                topology.environment
            )));
        }
        environments::environment_create(backend, &Actor::Operator, environment).await?;
    }
    Ok(environments::topology_import(backend, &Actor::Operator, environment, bytes, title).await?)
}
