//! `strata doctor`: whether the database is as it should be, for whoever operates it.

use std::process::ExitCode;

use clap::Args;

use super::Failure;
use crate::database::{Database, DatabaseArgs};

#[derive(Args, Debug)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Looks, and says what is wrong with what to do; 1 where anything is.
pub(super) async fn doctor(args: DoctorArgs) -> Result<ExitCode, Failure> {
    let checks = Database::examine(&args.database).await?;
    println!("ok     the database answers");
    for check in &checks {
        match &check.wrong {
            None => println!("ok     {}", check.what),
            Some(wrong) => println!("WRONG  {}: {wrong}", check.what),
        }
    }
    let is_well = checks.iter().all(|check| check.wrong.is_none());
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
