//! The database that a command works on: the one that `DATABASE_URL` names, or the private one of the data folder.
//!
//! The owner's connection lives only as long as it takes to bring the database to this version; what serves and works
//! does so as the application's role, wherever there is one.

mod address;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, PgPool};
use strata_backend::Backend;
use strata_backend::ctx::{Limits, pool_options};
use strata_backend::roles::{self, Check, Standing, VersionError};

use crate::embedded::{self, DataFolder, Embedded, EmbeddedError};
use crate::serve::Part;

pub use address::AddressError;

/// A database that starts, or has no connection left, is given this long.
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);
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
    /// Memory for revisions and drafts that were looked at lately, in MiB
    #[arg(long, env = "STRATA_KEPT_MIB", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..), value_name = "MIB")]
    pub kept_mib: u32,
    /// The role that the application works as; whoever owns the tables gives it its rights [default: strata_app, where there is one]
    #[arg(long, env = "STRATA_APP_ROLE", value_name = "ROLE")]
    pub app_role: Option<String>,
}

impl DatabaseArgs {
    fn kept_bytes(&self) -> u64 {
        u64::from(self.kept_mib) * 1024 * 1024
    }
}

/// Why there is no database to work on.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The private one did not start.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The address is none, or not one to go without TLS to.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// It does not answer or refuses us.
    #[error("The database cannot be reached: {0}")]
    Unreachable(sqlx::Error),
    /// It takes no more connections.
    #[error(
        "The database takes no more connections ({0}). Raise its max_connections, or give each process of Strata fewer with STRATA_DATABASE_CONNECTIONS."
    )]
    Exhausted(sqlx::Error),
    /// It has no TLS, and was asked for it.
    #[error(
        "The database offers no TLS, which is asked for: by DATABASE_URL, or because it is on another machine. Switch TLS on there (ssl = on), or, where nobody can listen in, say sslmode=disable in DATABASE_URL. ({0})"
    )]
    NoTls(sqlx::Error),
    /// A migration failed.
    #[error("The database cannot be brought to this version of Strata: {0}")]
    Migrate(#[from] MigrateError),
    /// It is at another version, and we are not who could change that.
    #[error(transparent)]
    Version(#[from] VersionError),
    /// Rights cannot be given.
    #[error("The application's role cannot be given its rights: {0}")]
    Rights(sqlx::Error),
    /// The role that was named is not there.
    #[error(
        "There is no role “{0}” in the database. Make it first: CREATE ROLE {0} LOGIN PASSWORD '…' (see docs/database.md)."
    )]
    NoRole(String),
    /// `strata migrate` as somebody who cannot.
    #[error(
        "The role of this DATABASE_URL does not own the tables. Run `strata migrate` with the owner's; the application's own is for serve and worker."
    )]
    NotTheOwner,
    /// The thread that starts PostgreSQL died.
    #[error("Starting PostgreSQL was interrupted: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
}

impl DatabaseError {
    /// Says what was in the way of a connection.
    fn reaching(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Tls(why) if why.to_string().contains("does not support TLS") => Self::NoTls(error),
            sqlx::Error::Database(refusal) if refusal.code().as_deref() == Some("53300") => Self::Exhausted(error),
            _ => Self::Unreachable(error),
        }
    }
}

/// An open database; close it, so that a private server stops cleanly.
#[derive(Debug)]
pub struct Database {
    pool: PgPool,
    backend: Backend,
    place: Place,
    standing: Standing,
}

impl Database {
    /// Opens it at this version: the owner of the tables brings it there, the application's role looks whether it is. A
    /// private one is started; with `join`, one that another process runs is used instead.
    ///
    /// # Errors
    /// What is in the way, in words for whoever started us.
    pub async fn open(args: &DatabaseArgs, join: bool) -> Result<Self, DatabaseError> {
        let place = Place::find(args, join).await?;
        match place.make_ready(args, false).await {
            Ok(standing) => match place.pool(args.database_connections).await {
                Ok(pool) => {
                    Ok(Self { backend: Backend::new(pool.clone()).keeping(args.kept_bytes()), pool, place, standing })
                }
                Err(error) => place.leave(error).await,
            },
            Err(error) => place.leave(error).await,
        }
    }

    /// Brings the database to this version, and gives the application's role its rights; says to which role.
    ///
    /// # Errors
    /// As [`Self::open`]; [`DatabaseError::NotTheOwner`] for who cannot.
    pub async fn migrate(args: &DatabaseArgs) -> Result<Option<String>, DatabaseError> {
        let place = Place::find(args, true).await?;
        let migrated = place.make_ready(args, true).await;
        let role = match &migrated {
            Ok(_) => place.role_given(args).await,
            Err(_) => Ok(None),
        };
        place.stop().await;
        migrated?;
        role
    }

    /// Looks at the database as the application has it, and changes nothing.
    ///
    /// # Errors
    /// As [`Self::open`], where it cannot be looked at.
    pub async fn examine(args: &DatabaseArgs) -> Result<Vec<Check>, DatabaseError> {
        let place = Place::find(args, true).await?;
        let examined = async {
            let mut connection = connect(&place.application).await?;
            let checks = roles::examine(&mut connection).await.map_err(DatabaseError::reaching)?;
            let _nothing_is_lost = connection.close().await;
            Ok(checks)
        }
        .await;
        place.stop().await;
        examined
    }

    /// Says in the log when the application has more rights than it needs.
    pub fn warn_of_owner(&self) {
        if self.standing == Standing::Owner {
            tracing::warn!(
                "the application's role owns the tables: whoever gets at its connections can rewrite votes and the audit log. Give it a role of its own (docs/database.md; `strata doctor` says more)"
            );
        }
    }

    /// The use cases over it.
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// Tells that part of the process from now on whether a private server runs; one that somebody else runs is asked itself.
    pub fn report_to(&self, part: Part) {
        if let Some(embedded) = &self.place.embedded {
            embedded.report_to(part);
        }
    }

    /// The data folder of the private one.
    pub fn folder(&self) -> Option<&DataFolder> {
        self.place.embedded.as_ref().map(Embedded::folder)
    }

    /// Closes all connections and stops a private server that we started.
    pub async fn close(self) {
        // Whoever still holds a connection, such as the one that listens for news, has nothing left to say.
        let _some_are_cut_off = tokio::time::timeout(CLOSE_WITHIN, self.pool.close()).await;
        self.place.stop().await;
    }
}

/// Where the database is, and who goes there as what.
#[derive(Debug)]
struct Place {
    /// Who may own the tables: the address that was given, or a private server's own user.
    owner: PgConnectOptions,
    /// What serves and works.
    application: PgConnectOptions,
    is_private: bool,
    /// A private server that we run.
    embedded: Option<Embedded>,
}

impl Place {
    async fn find(args: &DatabaseArgs, join: bool) -> Result<Self, DatabaseError> {
        match args.database_url.as_deref().filter(|url| !url.is_empty()) {
            Some(url) => {
                let options = address::read(url, std::env::var("PGSSLMODE").is_ok())?.application_name("strata");
                Ok(Self { owner: options.clone(), application: options, is_private: false, embedded: None })
            }
            None => private(args.data.clone(), join).await,
        }
    }

    /// Brings the database to this version, as far as we are who does that; gives what serves and works is to the tables.
    async fn make_ready(&self, args: &DatabaseArgs, as_owner: bool) -> Result<Standing, DatabaseError> {
        let mut connection = connect(&self.owner).await?;
        let standing = roles::standing(&mut connection).await.map_err(DatabaseError::reaching)?;
        match standing {
            Standing::Owner => {
                if self.is_private {
                    roles::make(&mut connection).await.map_err(DatabaseError::Rights)?;
                }
                roles::migrate(&mut connection).await?;
                let role = args.app_role.as_deref().unwrap_or(roles::APPLICATION);
                if roles::exists(&mut connection, role).await.map_err(DatabaseError::reaching)? {
                    roles::give(&mut connection, role).await.map_err(DatabaseError::Rights)?;
                } else if args.app_role.is_some() {
                    return Err(DatabaseError::NoRole(role.to_owned()));
                }
            }
            Standing::Application if as_owner => return Err(DatabaseError::NotTheOwner),
            Standing::Application => roles::at_this_version(&mut connection).await?,
        }
        let _nothing_is_lost = connection.close().await;
        Ok(if self.is_private { Standing::Application } else { standing })
    }

    /// The role that has been given its rights, where it is there.
    async fn role_given(&self, args: &DatabaseArgs) -> Result<Option<String>, DatabaseError> {
        let role = args.app_role.as_deref().unwrap_or(roles::APPLICATION);
        let mut connection = connect(&self.owner).await?;
        let exists = roles::exists(&mut connection, role).await.map_err(DatabaseError::reaching)?;
        let _nothing_is_lost = connection.close().await;
        Ok(exists.then(|| role.to_owned()))
    }

    async fn pool(&self, connections: u32) -> Result<PgPool, DatabaseError> {
        let options = Limits::default().on(self.application.clone());
        pool_options(connections).connect_with(options).await.map_err(|error| match error {
            // It answered a moment ago.
            sqlx::Error::PoolTimedOut => DatabaseError::Exhausted(error),
            _ => DatabaseError::reaching(error),
        })
    }

    /// Stops a private server that we started.
    async fn stop(self) {
        if let Some(embedded) = self.embedded {
            // It waits for the server's checkpoint.
            let _it_panicked = tokio::task::spawn_blocking(move || embedded.stop()).await;
        }
    }

    async fn leave<T>(self, error: DatabaseError) -> Result<T, DatabaseError> {
        self.stop().await;
        Err(error)
    }
}

/// A connection of its own, without the limits of the application: migrations take as long as they take.
async fn connect(options: &PgConnectOptions) -> Result<PgConnection, DatabaseError> {
    let began = Instant::now();
    loop {
        let tried = tokio::time::timeout(ANSWERS_WITHIN, options.connect()).await;
        match tried.unwrap_or_else(|_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))) {
            Ok(connection) => return Ok(connection),
            Err(error) if began.elapsed() < ANSWERS_WITHIN && is_passing(&error) => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(error) => return Err(DatabaseError::reaching(error)),
        }
    }
}

/// Whether it may well be another answer in a moment.
fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(refusal) => matches!(refusal.code().as_deref(), Some("53300" | "57P03")),
        _ => false,
    }
}

async fn private(data: Option<PathBuf>, join: bool) -> Result<Place, DatabaseError> {
    Ok(tokio::task::spawn_blocking(move || private_blocking(data.as_deref(), join)).await??)
}

fn private_blocking(data: Option<&Path>, join: bool) -> Result<Place, EmbeddedError> {
    let place = |owner: PgConnectOptions, embedded| Place {
        application: owner.clone().username(roles::APPLICATION),
        owner,
        is_private: true,
        embedded,
    };
    if join && let Some(options) = embedded::running(data)? {
        return Ok(place(options, None));
    }
    let embedded = Embedded::start(data)?;
    Ok(place(embedded.options(), Some(embedded)))
}
