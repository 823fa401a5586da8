//! `strata whatif`: what is lost without some nodes, with no database.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use strata_domain::catalogue::Catalogue;
use strata_domain::text::{json_for_showing, visible};
use strata_domain::topology::{Platform, Topology};
use strata_domain::whatif::{self, Extent, Loss, Target};

use super::paint::{self, STRONG};
use super::source::{SourceArgs, Sources};
use super::{DEFAULT_ENVIRONMENT, Failure, Format};

/// Nodes that the text lists; JSON has all.
const LISTED: usize = 40;

#[derive(Args, Debug)]
pub(super) struct WhatIfArgs {
    /// The topology file, or - for standard input
    file: String,
    /// Take this node away; may be given several times, as the others
    #[arg(long, value_name = "HOSTNAME")]
    node: Vec<String>,
    /// Take all nodes of this availability group away
    #[arg(long, value_name = "NAME")]
    group: Vec<String>,
    /// Take all nodes of this site away
    #[arg(long, value_name = "NAME")]
    site: Vec<String>,
    /// Take all nodes on this platform away
    #[arg(long, value_name = "PLATFORM", value_parser = platform)]
    platform: Vec<Platform>,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    #[command(flatten)]
    source: SourceArgs,
}

fn platform(word: &str) -> Result<Platform, String> {
    Platform::ALL.into_iter().find(|platform| platform.as_str() == word).ok_or_else(|| {
        let words: Vec<&str> = Platform::ALL.iter().map(|platform| platform.as_str()).collect();
        format!("it is one of {}", words.join(", "))
    })
}

/// Prints what is lost without what is named; with nothing named, without each single node and the worst two.
pub(super) fn whatif(args: &WhatIfArgs) -> Result<ExitCode, Failure> {
    let sources = Sources::of(&args.source)?;
    let topology = sources.topology(&args.file, DEFAULT_ENVIRONMENT)?;
    let targets = targets(args);
    let mut out = paint::out();
    if targets.is_empty() {
        each(&mut out, args.format, &topology, &sources.catalogue)
    } else {
        let loss = whatif::without(&topology, &sources.catalogue, &targets)
            .map_err(|error| Failure::Usage(format!("{}: {error}", args.file)))?;
        match args.format {
            Format::Json => writeln!(out, "{}", json_for_showing(&format!("{:#}", loss.to_json()))),
            Format::Text => print(&mut out, &loss, &sources.catalogue),
        }
    }
    .map_err(Failure::io("cannot print what is lost"))?;
    Ok(ExitCode::SUCCESS)
}

fn targets(args: &WhatIfArgs) -> Vec<Target> {
    let nodes = args.node.iter().cloned().map(Target::Node);
    let groups = args.group.iter().cloned().map(Target::Group);
    let sites = args.site.iter().cloned().map(Target::Site);
    nodes.chain(groups).chain(sites).chain(args.platform.iter().copied().map(Target::Platform)).collect()
}

fn print(out: &mut impl Write, loss: &Loss, catalogue: &Catalogue) -> io::Result<()> {
    let style = paint::extent(loss.extent);
    writeln!(out, "{style}{}{style:#}. {}", loss.extent.title(), loss.extent.meaning())?;
    for lost in &loss.roles {
        let extent = paint::padded(paint::extent(lost.extent), lost.extent.as_str(), 16);
        writeln!(
            out,
            "\n{extent} {STRONG}{}{STRONG:#}, {} of {} left",
            visible(catalogue.role_name(&lost.role)),
            lost.left,
            lost.of
        )?;
        for reason in &lost.reasons {
            writeln!(out, "                 {}", visible(reason))?;
        }
    }
    Ok(())
}

/// Every single node, and the worst two.
fn each(out: &mut impl Write, format: Format, topology: &Topology, catalogue: &Catalogue) -> io::Result<()> {
    let mut nodes: Vec<(Extent, &str)> = whatif::every_node(topology, catalogue)
        .into_iter()
        .zip(topology.nodes.iter().map(|node| node.hostname.as_str()))
        .collect();
    nodes.sort_by(|(a, a_name), (b, b_name)| b.cmp(a).then_with(|| a_name.cmp(b_name)));
    let pair = whatif::worst_pair(topology, catalogue);
    match format {
        Format::Json => {
            let nodes: Vec<_> = nodes.iter().map(|(extent, node)| json!({ "node": node, "extent": extent })).collect();
            let pair = pair.map(|pair| json!({ "nodes": pair.nodes, "loss": pair.loss.to_json() }));
            writeln!(out, "{}", json_for_showing(&format!("{:#}", json!({ "nodes": nodes, "worst_pair": pair }))))
        }
        Format::Text => {
            for extent in Extent::ALL.iter().rev() {
                let count = nodes.iter().filter(|(found, _)| found == extent).count();
                writeln!(out, "{} {count:>6}", paint::padded(paint::extent(*extent), extent.as_str(), 16))?;
            }
            writeln!(out)?;
            let missed = nodes.iter().filter(|(extent, _)| *extent > Extent::Nothing);
            for (extent, node) in missed.clone().take(LISTED) {
                writeln!(out, "{} {}", paint::padded(paint::extent(*extent), extent.as_str(), 16), visible(node))?;
            }
            if let Some(more) = missed.count().checked_sub(LISTED).filter(|more| *more > 0) {
                writeln!(out, "… and {more} more")?;
            }
            if let Some(pair) = pair {
                let [one, other] = pair.nodes.each_ref().map(|node| visible(node));
                writeln!(out, "\nThe worst two are {STRONG}{one}{STRONG:#} and {STRONG}{other}{STRONG:#}.")?;
                print(out, &pair.loss, catalogue)?;
            }
            Ok(())
        }
    }
}
