//! `strata export`: the live topology of an environment as a file that import and check read.

use std::io::{self, Write};

use clap::{Args, ValueEnum};
use strata_backend::Actor;
use strata_backend::environments;
use strata_domain::file;

use super::Failure;
use crate::database::{Database, DatabaseArgs};

#[derive(Args, Debug)]
pub(super) struct ExportArgs {
    /// The environment
    #[arg(long)]
    environment: String,
    /// The file's format
    #[arg(long, value_enum, default_value = "yaml")]
    format: FileFormat,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FileFormat {
    Yaml,
    Json,
}

/// Prints the file.
pub(super) async fn export(args: ExportArgs) -> Result<(), Failure> {
    let database = Database::open_migrated(&args.database, true).await?;
    let live = environments::topology_live(database.backend(), &Actor::Operator, &args.environment).await;
    database.close().await;
    let Some((_, topology)) = live? else {
        return Err(Failure::Usage(format!("the environment “{}” has no revision yet", args.environment)));
    };
    let text = match args.format {
        FileFormat::Yaml => file::write_yaml(&topology),
        FileFormat::Json => file::write_json(&topology),
    };
    io::stdout().lock().write_all(text.as_bytes()).map_err(Failure::io("cannot print the file"))
}
