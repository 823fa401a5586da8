//! The database that a command works on: the one that `DATABASE_URL` names, or the private one of the data folder.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use sqlx::PgPool;
use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use strata_backend::Backend;

use crate::embedded::{self, DataFolder, Embedded, EmbeddedError};

/// A request that finds no connection in this time is told that the database does not answer.
const ACQUIRE_WITHIN: Duration = Duration::from_secs(3);
/// Connections that are given back in this time are closed in good order.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// Which database, and how many connections to it.
#[derive(Args, Clone, Debug)]
pub struct DatabaseArgs {
    /// The PostgreSQL to use; without it a private one is started from the data folder
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// The folder of the private PostgreSQL [default: .strata]
    #[arg(long, env = "STRATA_DATA", value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// Connections to the database at most
    #[arg(long, env = "STRATA_DATABASE_CONNECTIONS", default_value_t = 20, value_parser = clap::value_parser!(u32).range(2..))]
    pub database_connections: u32,
}

/// Why there is no database to work on.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The private one did not start.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The address cannot be read; it is not repeated, since it may hold a password.
    #[error("DATABASE_URL is no address of a PostgreSQL database (postgres://user:password@host/name)")]
    Address,
    /// It does not answer or refuses us.
    #[error("The database cannot be reached: {0}")]
    Unreachable(sqlx::Error),
    /// A migration failed.
    #[error("The database cannot be brought to this version of Strata: {0}")]
    Migrate(#[from] MigrateError),
    /// The thread that starts PostgreSQL died.
    #[error("Starting PostgreSQL was interrupted: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
}

/// An open database; close it, so that a private server stops cleanly.
#[derive(Debug)]
pub struct Database {
    pool: PgPool,
    backend: Backend,
    embedded: Option<Embedded>,
}

impl Database {
    /// Opens it. A private one is started; with `join`, one that another process runs is used instead.
    ///
    /// # Errors
    /// What is in the way, in words for whoever started us.
    pub async fn open(args: &DatabaseArgs, join: bool) -> Result<Self, DatabaseError> {
        let (options, embedded) = match args.database_url.as_deref().filter(|url| !url.is_empty()) {
            Some(url) => (PgConnectOptions::from_str(url).map_err(|_| DatabaseError::Address)?, None),
            None => private(args.data.clone(), join).await?,
        };
        let pool = PgPoolOptions::new()
            .max_connections(args.database_connections)
            .acquire_timeout(ACQUIRE_WITHIN)
            .connect_with(options.application_name("strata"))
            .await
            .map_err(DatabaseError::Unreachable)?;
        Ok(Self { backend: Backend::new(pool.clone()), pool, embedded })
    }

    /// Opens it and brings it to this version.
    ///
    /// # Errors
    /// As [`Self::open`], and a migration that fails.
    pub async fn open_migrated(args: &DatabaseArgs, join: bool) -> Result<Self, DatabaseError> {
        let database = Self::open(args, join).await?;
        database.migrate().await?;
        Ok(database)
    }

    /// Brings it to this version. Processes that do so at once wait for each other.
    ///
    /// # Errors
    /// A migration that fails, or a database of a newer version than this program.
    pub async fn migrate(&self) -> Result<(), DatabaseError> {
        Ok(strata_backend::MIGRATOR.run(&self.pool).await?)
    }

    /// The use cases over it.
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// The data folder of the private one.
    pub fn folder(&self) -> Option<&DataFolder> {
        self.embedded.as_ref().map(Embedded::folder)
    }

    /// Closes all connections and stops a private server that we started.
    pub async fn close(self) {
        // Whoever still holds a connection, such as the one that listens for news, has nothing left to say.
        let _some_are_cut_off = tokio::time::timeout(CLOSE_WITHIN, self.pool.close()).await;
        if let Some(embedded) = self.embedded {
            // It waits for the server's checkpoint.
            let _it_panicked = tokio::task::spawn_blocking(move || embedded.stop()).await;
        }
    }
}

async fn private(data: Option<PathBuf>, join: bool) -> Result<(PgConnectOptions, Option<Embedded>), DatabaseError> {
    Ok(tokio::task::spawn_blocking(move || private_blocking(data.as_deref(), join)).await??)
}

fn private_blocking(data: Option<&Path>, join: bool) -> Result<(PgConnectOptions, Option<Embedded>), EmbeddedError> {
    if join && let Some(options) = embedded::running(data)? {
        return Ok((options, None));
    }
    let embedded = Embedded::start(data)?;
    Ok((embedded.options(), Some(embedded)))
}
