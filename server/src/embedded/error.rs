//! What can be in the way of the private PostgreSQL, each with what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Why the private PostgreSQL did not start.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// No `initdb` and `postgres` anywhere.
    #[error(
        "PostgreSQL is not installed (looked in STRATA_POSTGRES_BIN, PATH and /usr/lib/postgresql). Install it with \
         `apt-get install postgresql`, or set DATABASE_URL to a server of yours."
    )]
    NotInstalled,
    /// The setting names a folder without them.
    #[error("STRATA_POSTGRES_BIN={0} has no `initdb` and `postgres` in it.")]
    NotInSetting(PathBuf),
    /// The data was written by another major version than all that are installed.
    #[error(
        "The data in {folder} was written by PostgreSQL {data}, but installed is {installed}. Install it with \
         `apt-get install postgresql-{data}`, or move the data with pg_dump and pg_upgrade, or choose another folder with STRATA_DATA."
    )]
    OtherVersion {
        /// The cluster.
        folder: PathBuf,
        /// What its `PG_VERSION` says.
        data: u32,
        /// What is there, for people.
        installed: String,
    },
    /// Another process has the folder.
    #[error("Another strata{} uses the data folder {folder}. Stop it first, or choose another folder with STRATA_DATA.", in_words(*process))]
    InUse {
        /// The data folder.
        folder: PathBuf,
        /// Its process id, if it said so.
        process: Option<i32>,
    },
    /// We are root, and there is nobody to run PostgreSQL as.
    #[error(
        "PostgreSQL refuses to run as root, and there is no user `postgres` to run it as. Install the distribution's postgresql, or start strata as another user."
    )]
    NoPostgresUser,
    /// We are root, and that user cannot get to the folder that was asked for.
    #[error(
        "The user {user}, as which PostgreSQL runs, cannot reach the data folder {folder}: a folder above it is closed to \
         others. Choose one that can be reached with STRATA_DATA, for example STRATA_DATA=/var/lib/strata."
    )]
    Unreachable {
        /// The data folder.
        folder: PathBuf,
        /// Who cannot reach it.
        user: u32,
    },
    /// The data belongs to somebody else.
    #[error("The data in {folder} belongs to the user with id {owner}. Start strata as that user or as root.")]
    BelongsToOther {
        /// The data folder or what is in it.
        folder: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// Something that is no cluster lies where the cluster belongs.
    #[error("{0} is there but is no PostgreSQL data folder (it has no PG_VERSION). Move it away.")]
    NoCluster(PathBuf),
    /// A program of PostgreSQL failed.
    #[error("{program} failed: {output}")]
    Program {
        /// Which one.
        program: &'static str,
        /// The end of what it said.
        output: String,
    },
    /// A server that was left behind does not stop.
    #[error(
        "A PostgreSQL that was left running on {folder} (process {process}) does not stop. Stop it with `kill -QUIT {process}`."
    )]
    LeftBehind {
        /// The cluster.
        folder: PathBuf,
        /// The server's process id.
        process: i32,
    },
    /// The operating system said no.
    #[error("{doing} {path}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl EmbeddedError {
    /// Adds what was tried on what to the operating system's answer.
    pub(super) fn io(doing: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Io { doing, path, source }
    }
}

fn in_words(process: Option<i32>) -> String {
    process.map(|process| format!(" (process {process})")).unwrap_or_default()
}
