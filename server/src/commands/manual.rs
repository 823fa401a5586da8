//! `strata completions` and `strata man`: made of the same definitions that the command line is read by.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Failure};

#[derive(Args, Debug)]
pub(super) struct CompletionArgs {
    /// Which shell; such as: strata completions bash >/etc/bash_completion.d/strata
    shell: Shell,
}

/// Prints the completions of a shell.
pub(super) fn completions(args: &CompletionArgs) -> Result<ExitCode, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "strata", &mut text);
    io::stdout().lock().write_all(&text).map_err(Failure::io("cannot print the completions"))?;
    Ok(ExitCode::SUCCESS)
}

#[derive(Args, Debug)]
pub(super) struct ManArgs {
    /// Write a page for each command into this folder; without it, the first page is printed
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// Prints the manual page, or writes all of them.
pub(super) fn man(args: &ManArgs) -> Result<ExitCode, Failure> {
    let command = Cli::command();
    match &args.out {
        Some(folder) => std::fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(command, folder))
            .map_err(|source| Failure::Unwritable { file: folder.display().to_string(), source })?,
        None => {
            let mut text = Vec::new();
            clap_mangen::Man::new(command)
                .render(&mut text)
                .and_then(|()| io::stdout().lock().write_all(&text))
                .map_err(Failure::io("cannot print the manual page"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
