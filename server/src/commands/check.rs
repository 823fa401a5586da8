//! `strata check`: the findings of a file, with no database.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use strata_domain::findings::{self, Finding, Severity};
use strata_domain::text::{json_for_showing, visible};
use strata_domain::words::counted;

use super::paint::{self, FAINT, STRONG};
use super::source::{SourceArgs, Sources};
use super::{DEFAULT_ENVIRONMENT, Failure, Format};

#[derive(Args, Debug)]
pub(super) struct CheckArgs {
    /// The topology file, or - for standard input
    file: String,
    /// How to print the findings
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    #[command(flatten)]
    source: SourceArgs,
}

/// Prints the findings; success means that none of them is a blocker.
pub(super) fn check(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let sources = Sources::of(&args.source)?;
    let topology = sources.topology(&args.file, DEFAULT_ENVIRONMENT)?;
    let found = findings::check(&topology, &sources.catalogue);
    let mut out = paint::out();
    match args.format {
        Format::Json => writeln!(out, "{}", json_for_showing(&format!("{:#}", findings::to_json(&found)))),
        Format::Text => print(&mut out, &topology.environment, &found),
    }
    .map_err(Failure::io("cannot print the findings"))?;
    Ok(ExitCode::from(u8::from(findings::summary(&found).blocker > 0)))
}

fn print(out: &mut impl Write, environment: &str, found: &[Finding]) -> io::Result<()> {
    for finding in found {
        let subject = &finding.subject;
        let severity = paint::padded(paint::severity(finding.severity), finding.severity.as_str(), 8);
        let rule = finding.rule.as_str();
        writeln!(out, "{severity} {rule:<24} {} {STRONG}{}{STRONG:#}", subject.kind(), visible(subject.name()))?;
        writeln!(out, "         {}", visible(&finding.message))?;
        writeln!(out, "         {FAINT}Why: {}{FAINT:#}", visible(&finding.why))?;
        for fix in &finding.fixes {
            writeln!(out, "         Fix: {}", visible(&fix.label))?;
        }
        writeln!(out)?;
    }
    let counts = findings::summary(found);
    let count = |severity, count: usize, word: &str| {
        let style = if count > 0 { paint::severity(severity) } else { FAINT };
        format!("{style}{}{style:#}", counted(count, word))
    };
    writeln!(
        out,
        "{}: {}, {}, {} of advice",
        visible(environment),
        count(Severity::Blocker, counts.blocker, "blocker"),
        count(Severity::Warning, counts.warning, "warning"),
        count(Severity::Advice, counts.advice, "piece")
    )
}
