//! Why a command did not do what it was asked to.

use std::io;
use std::process::ExitCode;

use strata_domain::file::FileError;

use crate::database::DatabaseError;
use crate::serve::ServeError;

/// What is printed after `strata: `, and decides the exit code.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A file that cannot be read or is no topology.
    #[error("{file}: {source}")]
    Unreadable {
        /// Its name as given.
        file: String,
        /// The operating system's answer.
        source: io::Error,
    },
    /// A file with something wrong in it.
    #[error("{file}: {source}")]
    Wrong {
        /// Its name as given.
        file: String,
        /// What and where.
        source: FileError,
    },
    /// There is no database to work on.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A use case said no.
    #[error(transparent)]
    Backend(#[from] strata_backend::Error),
    /// The server did not start or broke.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The operating system said no.
    #[error("{doing}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// A file that cannot be written.
    #[error("{file}: {source}")]
    Unwritable {
        /// Its name as given.
        file: String,
        /// The operating system's answer.
        source: io::Error,
    },
    /// What was asked for cannot be.
    #[error("{0}")]
    Usage(String),
}

impl Failure {
    /// 2 where a file cannot be read, 1 for everything else.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Unreadable { .. } | Self::Wrong { .. } => ExitCode::from(2),
            Self::Database(_)
            | Self::Backend(_)
            | Self::Serve(_)
            | Self::Io { .. }
            | Self::Unwritable { .. }
            | Self::Usage(_) => ExitCode::FAILURE,
        }
    }

    /// Whether it failed only because nobody reads its output any more.
    pub(super) fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Adds what was tried to the operating system's answer.
    pub(crate) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }
}
