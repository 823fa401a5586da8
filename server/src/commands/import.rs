//! `strata import`: the same import that the page has, by the operator.

use clap::Args;
use strata_backend::catalogues::own_load;
use strata_backend::ctx::Scope;
use strata_backend::environments::{self, Imported};
use strata_backend::{Actor, Backend};
use strata_domain::catalogue::Catalogue;
use strata_domain::file;

use super::source::{InventoryArgs, Sources};
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
    inventory: InventoryArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Imports, and says what it made.
pub(super) async fn import(args: ImportArgs) -> Result<(), Failure> {
    let bytes = source::bytes(&args.file)?;
    let database = Database::open(&args.database, true).await?;
    let imported = import_into(database.backend(), &args, &bytes).await;
    database.close().await;
    let environment = &args.environment;
    match imported? {
        Imported::Revision(number) => println!("Revision {number} of {environment} is live."),
        Imported::Change(id) => println!("Change {id} of {environment} is a draft: /changes/{id}"),
        Imported::Unchanged => println!("{environment} is like this already; nothing was made."),
    }
    Ok(())
}

async fn import_into(backend: &Backend, args: &ImportArgs, bytes: &[u8]) -> Result<Imported, Failure> {
    let (operator, environment) = (Actor::Operator, args.environment.as_str());
    let there = environments::environment_list(backend, &operator).await?;
    let is_new = there.iter().all(|one| one.slug != environment);
    let catalogue = if is_new {
        Catalogue::built_in().clone()
    } else {
        own_load(backend, &operator, Scope::Environment(environment)).await?.own.catalogue()
    };
    // Before anything is made: a file that is refused must not leave an environment behind.
    let topology = Sources::with(catalogue, &args.inventory)?.parse(&args.file, environment, bytes)?;
    if topology.environment != environment {
        return Err(Failure::Usage(format!(
            "the file is of the environment “{}”, not “{environment}”",
            topology.environment
        )));
    }
    if is_new {
        environments::environment_create(backend, &operator, environment).await?;
    }
    let file = file::write_yaml(&topology);
    Ok(environments::topology_import(backend, &operator, environment, file.as_bytes(), &args.title).await?)
}
