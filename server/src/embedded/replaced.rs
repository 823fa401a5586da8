//! Notices that the program of a running server was replaced on disk, as an upgrade of the distribution does.
//!
//! The old program goes on in memory, but what it would load from now on belongs to the new one and does not fit. So
//! the server is started again from the new one, at a moment when nothing is under way.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sqlx::{ConnectOptions, Connection};

use super::binaries::Binaries;

/// How often we look.
const LOOKED_EVERY: Duration = Duration::from_secs(5);
/// A server that does not answer this fast is at work.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// Connections with something under way, ours aside.
const AT_WORK: &str = "SELECT count(*) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND state <> 'idle'";

/// The program that a server was started from.
#[derive(Debug)]
pub(super) struct Program {
    path: PathBuf,
    major: u32,
    /// None where it could not be looked at.
    started: Option<File>,
    seen: Option<File>,
    looked: Instant,
    is_told: bool,
}

/// What tells one file from another of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct File {
    place: (u64, u64),
    bytes: u64,
    modified: (i64, i64),
}

impl File {
    fn at(path: &Path) -> Option<Self> {
        let file = fs::metadata(path).ok()?;
        Some(Self { place: (file.dev(), file.ino()), bytes: file.len(), modified: (file.mtime(), file.mtime_nsec()) })
    }
}

impl Program {
    /// As it is now, while the server is being started from it.
    pub(super) fn of(path: &Path, major: u32) -> Self {
        let started = File::at(path);
        Self { path: path.to_owned(), major, started, seen: started, looked: Instant::now(), is_told: false }
    }

    /// Whether another program that can take over lies there, and nothing is under way. Looks once in a while.
    pub(super) fn may_be_replaced(&mut self, socket: &Path) -> bool {
        if self.looked.elapsed() < LOOKED_EVERY {
            return false;
        }
        self.looked = Instant::now();
        let now = File::at(&self.path);
        // Twice the same: an upgrade that is still writing is let finish.
        let is_settled = now.is_some() && now == self.seen;
        self.seen = now;
        if !is_settled || now == self.started || self.started.is_none() {
            return false;
        }
        if Binaries::major_of(&self.path) != Some(self.major) {
            self.tell_once(
                "another PostgreSQL is installed, which cannot read the data; the private one goes on as it is",
            );
            return false;
        }
        if is_at_work(socket) {
            self.tell_once(
                "another PostgreSQL is installed; the private one is started again when nothing is under way",
            );
            return false;
        }
        true
    }

    fn tell_once(&mut self, what: &str) {
        if !self.is_told {
            tracing::warn!("{what}");
            self.is_told = true;
        }
    }
}

/// Asks the server; one that does not say is at work.
fn is_at_work(socket: &Path) -> bool {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return true };
    let asked = async {
        let mut connection = super::options(socket).connect().await?;
        let at_work: i64 = sqlx::query_scalar(AT_WORK).fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok::<_, sqlx::Error>(at_work)
    };
    // The deadline needs the runtime around it when it is made.
    let answer = runtime.block_on(async { tokio::time::timeout(ANSWERS_WITHIN, asked).await });
    !matches!(answer, Ok(Ok(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_put_in_its_place_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let (path, new) = (folder.path().join("postgres"), folder.path().join("postgres.new"));
        fs::write(&path, "one").unwrap();
        let before = File::at(&path);
        assert_eq!(before, File::at(&path));
        fs::write(&new, "two").unwrap();
        fs::rename(&new, &path).unwrap();
        assert_ne!(before, File::at(&path));
        assert_eq!(File::at(&new), None);
    }
}
