//! `strata user`: accounts, made by whoever can run commands on the server.

use clap::{Args, Subcommand};
use strata_backend::accounts::{self, NewAccount};
use strata_backend::{Actor, Backend, Error};
use strata_domain::account::Capability;
use strata_domain::sign_in;
use strata_domain::text::visible;

use super::{Failure, password};
use crate::database::{Database, DatabaseArgs};

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Make an account, or give an existing one more capabilities and groups
    Add(AddArgs),
    /// Take capabilities and groups of an environment from an account; its votes count there no longer
    Revoke(RevokeArgs),
    /// Disable an account: its sessions end, and its votes count no longer
    Disable(OneArgs),
    /// Let a disabled account sign in again
    Enable(OneArgs),
}

#[derive(Args, Debug)]
pub(super) struct OneArgs {
    /// The e-mail address of the account
    #[arg(long)]
    email: String,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args, Debug)]
pub(super) struct RevokeArgs {
    /// The e-mail address of the account
    #[arg(long)]
    email: String,
    /// The environment of the capabilities and groups
    #[arg(long)]
    environment: String,
    /// viewer, admin or lead; can be given more than once
    #[arg(long, value_parser = capability, required_unless_present = "group")]
    capability: Vec<Capability>,
    /// A group such as "infrastructure experts"; can be given more than once
    #[arg(long)]
    group: Vec<String>,
    #[command(flatten)]
    database: DatabaseArgs,
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
    let operator = Actor::Operator;
    match command {
        UserCommand::Add(args) => {
            let secret = password::ask(args.password_stdin)?;
            let database = Database::open(&args.database, true).await?;
            let added = add(database.backend(), &args, secret).await;
            database.close().await;
            added
        }
        UserCommand::Revoke(args) => {
            let database = Database::open(&args.database, true).await?;
            let revoked = revoke(database.backend(), &args).await;
            database.close().await;
            revoked
        }
        UserCommand::Disable(OneArgs { email, database }) => {
            let database = Database::open(&database, true).await?;
            let disabled = accounts::account_disable(database.backend(), &operator, &email).await;
            database.close().await;
            disabled?;
            println!("{} is disabled: signed out everywhere, and without a vote.", visible(&email));
            Ok(())
        }
        UserCommand::Enable(OneArgs { email, database }) => {
            let database = Database::open(&database, true).await?;
            let enabled = accounts::account_enable(database.backend(), &operator, &email).await;
            database.close().await;
            enabled?;
            println!("{} can sign in again.", visible(&email));
            Ok(())
        }
    }
}

async fn revoke(backend: &Backend, args: &RevokeArgs) -> Result<(), Failure> {
    let RevokeArgs { email, environment, capability, group, database: _ } = args;
    for capability in capability {
        accounts::account_revoke(backend, &Actor::Operator, email, environment, *capability).await?;
        println!("{} is not {} in {}.", visible(email), capability.as_str(), visible(environment));
    }
    for group in group {
        accounts::account_group_remove(backend, &Actor::Operator, email, environment, group).await?;
        println!("{} is not in the group “{}” of {}.", visible(email), visible(group), visible(environment));
    }
    Ok(())
}

async fn add(backend: &Backend, args: &AddArgs, secret: String) -> Result<(), Failure> {
    let operator = Actor::Operator;
    // Asked first: an account without the access that it is made for is half of what was asked for.
    if let Some(environment) = &args.environment {
        accounts::standing_load(backend, &operator, environment).await?;
    }
    let is_address = sign_in::normalise_email(&args.email).is_ok();
    let account = NewAccount { email: args.email.clone(), name: args.name.clone(), password: secret };
    match accounts::account_add(backend, &operator, account).await {
        Ok(_) => println!("{} can sign in as {}.", visible(&args.name), visible(&args.email)),
        // An account that is there keeps its password; that is said, and the grants go on.
        Err(Error::Invalid { field: "email", message })
            if is_address && !args.capability.is_empty() || !args.group.is_empty() =>
        {
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
