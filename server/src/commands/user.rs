//! `strata user`: accounts, made by whoever can run commands on the server.

use clap::{Args, Subcommand};
use strata_backend::accounts::{self, NewAccount};
use strata_backend::{Actor, Backend, Error};
use strata_domain::account::Capability;
use strata_domain::text::visible;

use super::{Failure, password};
use crate::database::{Database, DatabaseArgs};

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Make an account, or give an existing one more capabilities and groups
    Add(AddArgs),
}

#[derive(Args, Debug)]
pub(super) struct AddArgs {
    /// The e-mail address to sign in with
    #[arg(long)]
    email: String,
    /// The name that others see
    #[arg(long)]
    name: String,
    /// Take the password from the first line of standard input instead of asking for it
    #[arg(long)]
    password_stdin: bool,
    /// The environment for the capabilities and groups
    #[arg(long)]
    environment: Option<String>,
    /// viewer, admin or lead; can be given more than once
    #[arg(long, value_parser = capability, requires = "environment")]
    capability: Vec<Capability>,
    /// A group such as "infrastructure experts"; can be given more than once
    #[arg(long, requires = "environment")]
    group: Vec<String>,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Does what was asked about accounts.
pub(super) async fn user(command: UserCommand) -> Result<(), Failure> {
    let UserCommand::Add(args) = command;
    let secret = password::ask(args.password_stdin)?;
    let database = Database::open_migrated(&args.database, true).await?;
    let added = add(database.backend(), &args, secret).await;
    database.close().await;
    added
}

async fn add(backend: &Backend, args: &AddArgs, secret: String) -> Result<(), Failure> {
    let operator = Actor::Operator;
    let account = NewAccount { email: args.email.clone(), name: args.name.clone(), password: secret };
    match accounts::account_add(backend, &operator, account).await {
        Ok(_) => println!("{} can sign in as {}.", visible(&args.name), visible(&args.email)),
        // An account that is there keeps its password; that is said, and the grants go on.
        Err(Error::Invalid { field: "email", message }) if !args.capability.is_empty() || !args.group.is_empty() => {
            eprintln!("{} Its name and password stay as they are.", visible(&message));
        }
        Err(error) => return Err(error.into()),
    }
    if let Some(environment) = &args.environment {
        for capability in &args.capability {
            accounts::account_grant(backend, &operator, &args.email, environment, *capability).await?;
            println!("{} is {} in {}.", visible(&args.email), capability.as_str(), visible(environment));
        }
        for group in &args.group {
            accounts::account_group_add(backend, &operator, &args.email, environment, group).await?;
            println!("{} is in the group “{}” of {}.", visible(&args.email), visible(group), visible(environment));
        }
    }
    Ok(())
}

fn capability(word: &str) -> Result<Capability, String> {
    word.parse().map_err(|_| format!("“{word}” is none of viewer, admin, lead"))
}
