//! The command line. One module for each command; this one says what there is and how a failure ends.

mod check;
mod doctor;
mod export;
mod failure;
mod import;
mod manual;
mod migrate;
mod paint;
mod password;
mod plan;
mod serve;
mod source;
mod telling;
mod user;
mod whatif;
mod worker;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

pub use failure::Failure;

use strata_domain::text::visible_lines;

use crate::logging;

/// Strata: see which role runs where, change it safely, have it approved, watch it being provisioned, prove it later.
#[derive(Debug, Parser)]
#[command(name = "strata", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the pages, and run the worker with them
    Serve(serve::ServeArgs),
    /// Run provisioning steps, and send mails and webhooks, beside any number of other workers
    Worker(worker::WorkerArgs),
    /// Bring the database to this version, and give the application's role its rights
    Migrate(migrate::MigrateArgs),
    /// Say whether the database is as it should be; exit 1 if not
    Doctor(doctor::DoctorArgs),
    /// Print the findings of a topology file; exit 1 if one of them is a blocker, 2 if it cannot be read
    Check(check::CheckArgs),
    /// Print the plan from one topology file to another, or propose a first topology
    Plan(Box<plan::PlanArgs>),
    /// Print what is lost without some nodes, or which nodes are missed most
    Whatif(whatif::WhatIfArgs),
    /// Import a topology file: the first revision of an environment, later a draft of a change
    Import(import::ImportArgs),
    /// Write a topology as a file, an Ansible inventory, a drawing or a table
    Export(export::ExportArgs),
    /// Accounts
    #[command(subcommand)]
    User(user::UserCommand),
    /// Print the completions of a shell
    Completions(manual::CompletionArgs),
    /// Print the manual page, or write one for each command
    Man(manual::ManArgs),
}

/// What a topology is called that comes from a file without a word for it.
const DEFAULT_ENVIRONMENT: &str = "production";

/// Bytes of stack of each thread that answers: rendering a page nests deeply, the more so where it is not optimised.
/// Memory is taken only as far as it is used.
const STACK: usize = 8 * 1024 * 1024;

/// How findings and plans are printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// The formats of a topology file.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum FileFormat {
    Yaml,
    Json,
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let quiet = !matches!(cli.command, Command::Serve(_) | Command::Worker(_));
    logging::start(quiet);
    let outcome = match cli.command {
        Command::Check(args) => check::check(&args),
        Command::Plan(args) => plan::plan(&args),
        Command::Whatif(args) => whatif::whatif(&args),
        Command::Completions(args) => manual::completions(&args),
        Command::Man(args) => manual::man(&args),
        Command::Serve(args) => in_runtime(serve::serve(args)),
        Command::Worker(args) => in_runtime(worker::worker(args)),
        Command::Migrate(args) => in_runtime(migrate::migrate(args)),
        Command::Doctor(args) => in_runtime_with_code(doctor::doctor(args)),
        Command::Import(args) => in_runtime(import::import(args)),
        Command::Export(args) => in_runtime(export::export(args)),
        Command::User(command) => in_runtime(user::user(command)),
    };
    outcome.unwrap_or_else(|failure| {
        // Whoever reads from a pipe may stop early, as `head` does: nothing went wrong.
        if failure.is_closed_pipe() {
            return ExitCode::SUCCESS;
        }
        eprintln!("strata: {}", visible_lines(&failure.to_string()));
        failure.exit_code()
    })
}

fn in_runtime(command: impl Future<Output = Result<(), Failure>>) -> Result<ExitCode, Failure> {
    in_runtime_with_code(async { command.await.map(|()| ExitCode::SUCCESS) })
}

fn in_runtime_with_code(command: impl Future<Output = Result<ExitCode, Failure>>) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK)
        .build()
        .map_err(Failure::io("cannot start"))?;
    runtime.block_on(command)
}
