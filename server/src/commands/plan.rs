//! `strata plan`: what it takes to get from one file to another, with no database.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use strata_domain::catalogue::Catalogue;
use strata_domain::plan::{self, Plan};
use strata_domain::topology::Topology;

use super::{Failure, Format, source};

#[derive(Args, Debug)]
pub(super) struct PlanArgs {
    /// The topology file to begin from; - is standard input, and an empty one (or /dev/null) an empty topology
    #[arg(long, value_name = "FILE")]
    from: String,
    /// The topology file to end at
    #[arg(long, value_name = "FILE")]
    to: String,
    /// How to print the plan
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Prints the plan.
pub(super) fn plan(args: &PlanArgs) -> Result<ExitCode, Failure> {
    if args.from == "-" && args.to == "-" {
        return Err(Failure::Usage("standard input can be one of the two files, not both".to_owned()));
    }
    let (from, to) = (source::topology_or_none(&args.from)?, source::topology_or_none(&args.to)?);
    let environment = to.as_ref().or(from.as_ref()).map_or("", |topology| topology.environment.as_str()).to_owned();
    let [from, to] = [from, to].map(|topology| topology.unwrap_or_else(|| Topology::empty(&environment)));
    let plan = plan::plan(&from, &to, Catalogue::built_in());
    let mut out = io::stdout().lock();
    match args.format {
        Format::Json => writeln!(out, "{:#}", plan.to_json()),
        Format::Text => print(&mut out, &plan),
    }
    .map_err(Failure::io("cannot print the plan"))?;
    Ok(ExitCode::SUCCESS)
}

fn print(out: &mut impl Write, plan: &Plan) -> io::Result<()> {
    if plan.steps.is_empty() {
        return writeln!(out, "Nothing to do: the two topologies are equal.");
    }
    let catalogue = Catalogue::built_in();
    for (number, step) in plan.steps.iter().enumerate() {
        writeln!(out, "{:>4}. {:<15} {}", number + 1, step.impact.as_str(), step.describe(catalogue))?;
        for line in step.checklist() {
            writeln!(out, "{:>22}[ ] {line}", "")?;
        }
    }
    for alternative in &plan.alternatives {
        writeln!(out, "\nInstead of {}: {}", alternative.step, alternative.text)?;
    }
    writeln!(out, "\n{} steps, risk {}, digest {}", plan.steps.len(), plan.risk.as_str(), plan.digest)
}
