//! `strata export`: a topology file, or the live topology of an environment, in another format.

use std::io::Write;
use std::sync::Arc;

use clap::{ArgGroup, Args, ValueEnum};
use strata_backend::Actor;
use strata_backend::environments::topology_load;
use strata_domain::catalogue::{self, Catalogue, Own};
use strata_domain::text::json_for_showing;
use strata_domain::topology::Topology;
use strata_domain::{export, file};

use super::source::{SourceArgs, Sources};
use super::{DEFAULT_ENVIRONMENT, Failure};
use crate::database::{Database, DatabaseArgs};

#[derive(Args, Debug)]
#[command(group = ArgGroup::new("what").required(true).args(["file", "environment"]))]
pub(super) struct ExportArgs {
    /// A topology file, or - for standard input; needs no database
    file: Option<String>,
    /// The environment whose live topology it is
    #[arg(long)]
    environment: Option<String>,
    /// The format to write
    #[arg(long, value_enum, default_value = "yaml")]
    format: ExportFormat,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    /// The topology file as YAML
    Yaml,
    /// The topology file as JSON
    Json,
    /// An Ansible inventory, YAML
    Ansible,
    /// A Mermaid drawing
    Mermaid,
    /// The nodes as a table
    Csv,
    /// The environment's own roles and severities, for --catalogue
    Catalogue,
}

/// Prints it.
pub(super) async fn export(args: ExportArgs) -> Result<(), Failure> {
    let text = match (&args.file, &args.environment) {
        (Some(file), _) => {
            let sources = Sources::of(&args.source)?;
            let topology = sources.topology(file, DEFAULT_ENVIRONMENT)?;
            written(args.format, &topology, &sources.catalogue)
                .ok_or_else(|| Failure::Usage("a file has no catalogue; name an environment".to_owned()))?
        }
        (None, environment) => of_environment(&args, environment.as_deref().unwrap_or_default()).await?,
    };
    std::io::stdout().lock().write_all(text.as_bytes()).map_err(Failure::io("cannot print the file"))
}

async fn of_environment(args: &ExportArgs, environment: &str) -> Result<String, Failure> {
    let database = Database::open(&args.database, true).await?;
    let read = read(&database, environment).await;
    database.close().await;
    let (own, live) = read?;
    if args.format == ExportFormat::Catalogue {
        return Ok(catalogue::write_yaml(&own));
    }
    let topology =
        live.ok_or_else(|| Failure::Usage(format!("the environment “{environment}” has no revision yet")))?;
    Ok(written(args.format, &topology, &own.catalogue()).unwrap_or_default())
}

async fn read(database: &Database, environment: &str) -> Result<(Own, Option<Arc<Topology>>), Failure> {
    let (backend, operator) = (database.backend(), Actor::Operator);
    let view = topology_load(backend, &operator, Some(environment), None).await?;
    Ok((view.own, view.revision.map(|_| Arc::clone(&view.checked.topology))))
}

/// The topology in that format; none for the format that is not one of a topology.
fn written(format: ExportFormat, topology: &Topology, catalogue: &Catalogue) -> Option<String> {
    Some(match format {
        ExportFormat::Yaml => file::write_yaml(topology),
        ExportFormat::Json => json_for_showing(&file::write_json(topology)).into_owned(),
        ExportFormat::Ansible => export::ansible(topology, catalogue),
        ExportFormat::Mermaid => export::mermaid(topology, catalogue),
        ExportFormat::Csv => export::csv(topology),
        ExportFormat::Catalogue => return None,
    })
}
