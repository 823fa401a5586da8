//! `strata plan`: what it takes to get from one file to another, with no database.

mod new;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use strata_domain::catalogue::Catalogue;
use strata_domain::plan::{self, Plan};
use strata_domain::text::{json_for_showing, visible};
use strata_domain::topology::Topology;
use strata_domain::words::counted;

use super::paint::{self, STRONG};
use super::source::{SourceArgs, Sources};
use super::{DEFAULT_ENVIRONMENT, Failure, Format};

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct PlanArgs {
    #[command(subcommand)]
    command: Option<PlanCommand>,
    /// The topology file to begin from; - is standard input, and an empty one (or /dev/null) an empty topology
    #[arg(long, value_name = "FILE", required = true)]
    from: Option<String>,
    /// The topology file to end at
    #[arg(long, value_name = "FILE", required = true)]
    to: Option<String>,
    /// How to print the plan
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    #[command(flatten)]
    source: SourceArgs,
}

#[derive(Debug, Subcommand)]
enum PlanCommand {
    /// Propose a first topology from a few figures, and say why it is as it is
    New(new::NewArgs),
}

/// Prints the plan.
pub(super) fn plan(args: &PlanArgs) -> Result<ExitCode, Failure> {
    if let Some(PlanCommand::New(args)) = &args.command {
        return new::new(args);
    }
    let (from, to) = (args.from.as_deref().unwrap_or_default(), args.to.as_deref().unwrap_or_default());
    if from == "-" && to == "-" {
        return Err(Failure::Usage("standard input can be one of the two files, not both".to_owned()));
    }
    let sources = Sources::of(&args.source)?;
    let from = sources.topology_or_none(from, DEFAULT_ENVIRONMENT)?;
    let to = sources.topology_or_none(to, DEFAULT_ENVIRONMENT)?;
    let environment = to.as_ref().or(from.as_ref()).map_or("", |topology| topology.environment.as_str()).to_owned();
    let [from, to] = [from, to].map(|topology| topology.unwrap_or_else(|| Topology::empty(&environment)));
    let plan = plan::plan(&from, &to, &sources.catalogue);
    let mut out = paint::out();
    match args.format {
        Format::Json => writeln!(out, "{}", json_for_showing(&format!("{:#}", plan.to_json()))),
        Format::Text => print(&mut out, &plan, &sources.catalogue),
    }
    .map_err(Failure::io("cannot print the plan"))?;
    Ok(ExitCode::SUCCESS)
}

fn print(out: &mut impl Write, plan: &Plan, catalogue: &Catalogue) -> io::Result<()> {
    if plan.steps.is_empty() {
        return writeln!(out, "Nothing to do: the two topologies are equal.");
    }
    for (number, step) in plan.steps.iter().enumerate() {
        let impact = paint::padded(paint::impact(step.impact), step.impact.as_str(), 15);
        writeln!(out, "{:>4}. {impact} {}", number + 1, visible(&step.describe(catalogue)))?;
        for line in step.checklist() {
            writeln!(out, "{:>22}[ ] {}", "", visible(&line))?;
        }
    }
    for alternative in &plan.alternatives {
        writeln!(out, "\nInstead of {STRONG}{}{STRONG:#}: {}", visible(&alternative.step), visible(&alternative.text))?;
    }
    let risk = paint::risk(plan.risk);
    writeln!(
        out,
        "\n{}, risk {risk}{}{risk:#}, digest {}",
        counted(plan.steps.len(), "step"),
        plan.risk.as_str(),
        plan.digest
    )
}
