//! `strata plan new`: a first topology from a few figures. Its options are made of the domain's own list of figures.

use std::fs::File;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use strata_domain::advisor::{Figures, Proposal, propose};
use strata_domain::file;
use strata_domain::text::visible;

use super::super::paint::{FAINT, STRONG};
use super::super::source::{SourceArgs, Sources};
use super::super::{Failure, FileFormat};

#[derive(Args, Debug)]
pub(super) struct NewArgs {
    #[command(flatten)]
    figures: FigureArgs,
    /// Where to write the topology file; standard output where not given
    #[arg(long, short, value_name = "FILE")]
    output: Option<String>,
    /// The file's format
    #[arg(long, value_enum, default_value = "yaml")]
    format: FileFormat,
    #[command(flatten)]
    source: SourceArgs,
}

/// The figures that were given, as name and text.
#[derive(Debug, Default)]
struct FigureArgs(Vec<(&'static str, String)>);

impl FromArgMatches for FigureArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |name: &'static str| Some((name, matches.get_one::<String>(name)?.clone()));
        Ok(Self(Figures::fields().iter().filter_map(|field| given(field.name)).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for FigureArgs {
    fn augment_args(command: Command) -> Command {
        let defaults = Figures::default();
        command.args(Figures::fields().iter().map(|field| {
            let default = defaults.get(field.name).filter(|text| !text.is_empty());
            let default = default.map(|text| format!(" [default: {text}]")).unwrap_or_default();
            let unit = if field.unit.is_empty() { "TEXT".to_owned() } else { field.unit.to_uppercase() };
            Arg::new(field.name)
                .long(field.name.replace('_', "-"))
                .value_name(unit)
                .help(format!("{}{default}", field.help))
                .help_heading(field.section)
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// Writes the file, and on standard error what was chosen and why.
pub(super) fn new(args: &NewArgs) -> Result<ExitCode, Failure> {
    let sources = Sources::of(&args.source)?;
    let given = args.figures.0.iter().map(|(name, text)| (*name, text.as_str()));
    let proposal =
        Figures::read(given).and_then(|figures| propose(&figures, &sources.catalogue)).map_err(|errors| {
            let told: Vec<String> =
                errors.iter().map(|error| format!("--{}: {}", error.field.replace('_', "-"), error.message)).collect();
            Failure::Usage(told.join("\n        "))
        })?;
    let text = match args.format {
        FileFormat::Yaml => file::write_yaml(&proposal.topology),
        FileFormat::Json => file::write_json(&proposal.topology),
    };
    // The reasons come first, so that a file on a terminal ends with itself.
    tell(&mut anstream::AutoStream::auto(io::stderr().lock()), &proposal)
        .map_err(Failure::io("cannot print the reasons"))?;
    match &args.output {
        Some(name) => File::create(name)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|source| Failure::Unwritable { file: name.clone(), source })?,
        None => io::stdout().lock().write_all(text.as_bytes()).map_err(Failure::io("cannot print the file"))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(out: &mut impl Write, proposal: &Proposal) -> io::Result<()> {
    for choice in &proposal.choices {
        writeln!(out, "{STRONG}{}{STRONG:#}: {}", visible(&choice.about), visible(&choice.what))?;
        writeln!(out, "    {FAINT}{}{FAINT:#}", visible(&choice.why))?;
    }
    for left in &proposal.left_out {
        writeln!(out, "{STRONG}{}{STRONG:#} is left out. {}", visible(left.role.as_str()), visible(&left.why))?;
    }
    Ok(())
}
