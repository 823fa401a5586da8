//! What `postmaster.pid` says of a running server, and clearing away one that was left behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::EmbeddedError;

/// A server that was left behind is given this long: it has to undo what was under way.
const STOPS_WITHIN: Duration = Duration::from_secs(30);

/// The running server of a cluster, as it wrote it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Postmaster {
    pub(super) process: i32,
    /// The folder of its socket.
    pub(super) socket: PathBuf,
    status: String,
}

impl Postmaster {
    /// Reads the file; none where there is none, or where it is only half written.
    pub(super) fn read(cluster: &Path) -> Option<Self> {
        let text = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
        let mut lines = text.lines().map(str::trim);
        let process = lines.next()?.parse().ok()?;
        let socket = lines.nth(3)?.into();
        let status = lines.nth(2).unwrap_or_default().to_owned();
        Some(Self { process, socket, status })
    }

    /// Whether it takes connections.
    pub(super) fn is_ready(&self) -> bool {
        self.status == "ready"
    }

    /// Whether that process runs and is a PostgreSQL on this cluster, not another that got its number.
    fn runs_on(&self, cluster: &Path) -> bool {
        let Ok(command) = fs::read(format!("/proc/{}/cmdline", self.process)) else { return false };
        let wanted = cluster.as_os_str().as_encoded_bytes();
        command.split(|byte| *byte == 0).any(|argument| argument == wanted)
    }
}

/// Stops a server that a killed strata left on the cluster, and removes a file that no server stands behind.
/// Called with the data folder's lock held, so nobody else can be starting one.
pub(super) fn clear(cluster: &Path) -> Result<(), EmbeddedError> {
    let Some(server) = Postmaster::read(cluster) else { return Ok(()) };
    let left_behind = || EmbeddedError::LeftBehind { folder: cluster.to_owned(), process: server.process };
    if server.runs_on(cluster) {
        tracing::info!(process = server.process, "stopping the PostgreSQL that was left running");
        signal(server.process, Signal::INT);
        let began = Instant::now();
        while server.runs_on(cluster) {
            if began.elapsed() > STOPS_WITHIN {
                return Err(left_behind());
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
    // A server that ended well took the file along; PostgreSQL would take the number's new bearer for a server.
    let file = cluster.join("postmaster.pid");
    match fs::remove_file(&file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(EmbeddedError::io("cannot remove", &file)(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Sends a signal; a process that is gone needs none.
pub(super) fn signal(process: i32, signal: Signal) {
    if let Some(process) = Pid::from_raw(process) {
        let _may_be_gone = kill_process(process, signal);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_read() {
        let folder = std::env::temp_dir().join(format!("strata-postmaster-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("postmaster.pid");
        fs::write(&file, "4711\n/srv/data\n1700000000\n5432\n/srv/socket\n\n  1234 5\nready   \n").unwrap();
        let server = Postmaster::read(&folder).unwrap();
        assert_eq!((server.process, server.socket.as_path()), (4711, Path::new("/srv/socket")));
        assert!(server.is_ready());
        assert!(!server.runs_on(&folder), "no such process runs on it");
        fs::write(&file, "47").unwrap();
        assert_eq!(Postmaster::read(&folder), None);
        fs::remove_dir_all(&folder).unwrap();
    }
}
