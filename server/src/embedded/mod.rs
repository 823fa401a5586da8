//! The private PostgreSQL of `strata serve` without a `DATABASE_URL`.
//!
//! It is made of the PostgreSQL that is installed, lives in the data folder, listens on a Unix socket that only its
//! own user and root can reach, and writes durably. Started by root it runs as another user, since PostgreSQL refuses
//! root. It is stopped with us: cleanly when we end, by the kernel's parent-death signal when we are killed, and by
//! the next start should even that have failed.

mod binaries;
mod cluster;
mod error;
mod folder;
mod lock;
mod owner;
mod postmaster;
mod replaced;
mod supervisor;

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::serve::Part;

pub use error::EmbeddedError;
pub use folder::DataFolder;

use binaries::Binaries;
use lock::DataLock;
use postmaster::Postmaster;
use supervisor::Supervisor;

/// The database user that everything belongs to.
const USER: &str = "strata";
/// The database that every new cluster has; a private one needs no second.
const DATABASE: &str = "postgres";
/// How long to wait for the server of another process that is starting on the same folder.
const JOIN_WITHIN: Duration = Duration::from_secs(30);

/// A running private PostgreSQL. Dropping it stops it.
#[derive(Debug)]
pub struct Embedded {
    supervisor: Supervisor,
    socket: std::path::PathBuf,
    folder: DataFolder,
    // After the server: it is let go of when nothing writes to the folder any more.
    _lock: DataLock,
}

impl Embedded {
    /// Starts the server of that data folder (`STRATA_DATA`; none: the default), making it first where it is new.
    /// Blocks for as long as it takes: about a second the first time, a tenth of that later.
    ///
    /// # Errors
    /// [`EmbeddedError::InUse`] where another process has the folder; the others say what is in the way.
    pub fn start(setting: Option<&Path>) -> Result<Self, EmbeddedError> {
        let (folder, owner) = DataFolder::open(setting)?;
        let lock = DataLock::take(&folder, &owner)?;
        let owner = owner.of_existing(&folder.cluster())?;
        cluster::remove_unfinished(&folder)?;
        let binaries = Binaries::find(cluster::major_version(&folder.cluster())?)?;
        postmaster::clear(&folder.cluster())?;
        cluster::make_if_missing(&folder, &owner, &binaries)?;
        let socket = folder.socket_for(&owner)?;
        let supervisor = Supervisor::start(&folder, &owner, &binaries, &socket)?;
        Ok(Self { supervisor, socket, folder, _lock: lock })
    }

    /// How to connect to it.
    pub fn options(&self) -> PgConnectOptions {
        options(&self.socket)
    }

    /// Where its data lies.
    pub fn folder(&self) -> &DataFolder {
        &self.folder
    }

    /// Tells that part of the process from now on whether the server runs.
    pub fn report_to(&self, part: Part) {
        self.supervisor.report_to(part);
    }

    /// The process id of the server, as long as it runs.
    pub fn process(&self) -> Option<i32> {
        self.supervisor.process()
    }

    /// Stops the server: what is under way is undone, what was acknowledged is on disk.
    pub fn stop(self) {
        drop(self);
    }
}

/// How to connect to the server that another process runs on that folder, once it is ready; none where there is none.
///
/// # Errors
/// When the folder cannot be looked at.
pub fn running(setting: Option<&Path>) -> Result<Option<PgConnectOptions>, EmbeddedError> {
    let (folder, owner) = DataFolder::open(setting)?;
    let began = Instant::now();
    while DataLock::is_taken(&folder, &owner)? {
        if let Some(server) = Postmaster::read(&folder.cluster()).filter(Postmaster::is_ready) {
            return Ok(Some(options(&server.socket)));
        }
        if began.elapsed() > JOIN_WITHIN {
            return Err(EmbeddedError::InUse { folder: folder.path().to_owned(), process: lock::holder(&folder) });
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(None)
}

fn options(socket: &Path) -> PgConnectOptions {
    // Each one that the environment (PGPORT and its like) could set is set here.
    PgConnectOptions::new_without_pgpass()
        .socket(socket)
        .port(supervisor::PORT)
        .username(USER)
        .database(DATABASE)
        .ssl_mode(PgSslMode::Disable)
}
