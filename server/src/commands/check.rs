//! `strata check`: the findings of a file, with no database.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use strata_domain::catalogue::Catalogue;
use strata_domain::findings::{self, Finding};

use super::{Failure, Format, source};

#[derive(Args, Debug)]
pub(super) struct CheckArgs {
    /// The topology file, or - for standard input
    file: String,
    /// How to print the findings
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Prints the findings; success means that none of them is a blocker.
pub(super) fn check(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let topology = source::topology(&args.file)?;
    let found = findings::check(&topology, Catalogue::built_in());
    let mut out = io::stdout().lock();
    match args.format {
        Format::Json => writeln!(out, "{:#}", findings::to_json(&found)),
        Format::Text => print(&mut out, &topology.environment, &found),
    }
    .map_err(Failure::io("cannot print the findings"))?;
    Ok(ExitCode::from(u8::from(findings::summary(&found).blocker > 0)))
}

fn print(out: &mut impl Write, environment: &str, found: &[Finding]) -> io::Result<()> {
    for finding in found {
        let subject = &finding.subject;
        writeln!(
            out,
            "{:<8} {:<24} {} {}",
            finding.severity.as_str(),
            finding.rule.as_str(),
            subject.kind(),
            subject.name()
        )?;
        writeln!(out, "         {}", finding.message)?;
        writeln!(out, "         Why: {}", finding.why)?;
        for fix in &finding.fixes {
            writeln!(out, "         Fix: {}", fix.label)?;
        }
        writeln!(out)?;
    }
    let counts = findings::summary(found);
    writeln!(
        out,
        "{environment}: {}, {}, {} of advice",
        counted(counts.blocker, "blocker"),
        counted(counts.warning, "warning"),
        counted(counts.advice, "piece")
    )
}

fn counted(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}
