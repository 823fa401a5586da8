//! The data folder: where it is, and what lies where in it.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::EmbeddedError;
use super::owner::Owner;
use super::postmaster::Postmaster;

/// Where it is when `STRATA_DATA` says nothing.
const DEFAULT: &str = ".strata";
/// Where root's data goes when the default lies in a closed home.
const SYSTEM: &str = "/var/lib/strata";
/// The longest path of a Unix socket, in bytes.
const SOCKET_PATH_BYTES: usize = 107;

/// The folder that holds everything the embedded default keeps.
#[derive(Clone, Debug)]
pub struct DataFolder {
    path: PathBuf,
}

impl DataFolder {
    /// Finds the folder, and makes it where it is not there; with it comes the owner of what is in it.
    ///
    /// Root's `.strata` may lie in a home that PostgreSQL's user cannot enter; then a folder under `/var/lib/strata`
    /// takes its place. A folder that was asked for is never replaced.
    pub(super) fn open(setting: Option<&Path>) -> Result<(Self, Owner), EmbeddedError> {
        let anybody = Owner::find()?;
        let wanted = absolute(setting.unwrap_or(Path::new(DEFAULT)))?;
        let owner = anybody.of_existing(&wanted)?;
        make(&wanted, &owner)?;
        if owner.reaches(&wanted) {
            return Ok((Self { path: wanted }, owner));
        }
        if setting.is_some() {
            return Err(EmbeddedError::Unreachable { folder: wanted, user: owner.user() });
        }
        let path = Path::new(SYSTEM).join(name_of(&wanted));
        let owner = anybody.of_existing(&path)?;
        make(&path, &owner)?;
        if !owner.reaches(&path) {
            return Err(EmbeddedError::Unreachable { folder: path, user: owner.user() });
        }
        tracing::info!("PostgreSQL's user cannot enter {}; the data is kept in {}", wanted.display(), path.display());
        Ok((Self { path }, owner))
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// PostgreSQL's own folder.
    pub(super) fn cluster(&self) -> PathBuf {
        self.path.join("postgres")
    }

    /// What PostgreSQL says.
    pub(super) fn log(&self) -> PathBuf {
        self.path.join("postgres.log")
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.path.join("lock")
    }

    /// The folder of the socket, made ready: in the data folder, or, where that path is too long for a socket, in a
    /// private temporary folder, whose name stands in `postmaster.pid` for whoever looks for it.
    pub(super) fn socket_for(&self, owner: &Owner) -> Result<PathBuf, EmbeddedError> {
        let inside = self.path.join("socket");
        if fits(&inside) {
            owner.private_folder(&inside)?;
            return Ok(inside);
        }
        if let Some(last) = Postmaster::read(&self.cluster()) {
            let _may_be_gone = fs::remove_dir_all(&last.socket);
        }
        let outside = env::temp_dir().join(format!("strata-{}", std::process::id()));
        // It must be new: a folder that somebody else put there in advance is not private.
        fs::create_dir(&outside).map_err(EmbeddedError::io("cannot make", &outside))?;
        owner.private_folder(&outside)?;
        Ok(outside)
    }

    /// Whether that socket folder is a temporary one, to be removed in the end.
    pub(super) fn is_outside(&self, socket: &Path) -> bool {
        !socket.starts_with(&self.path)
    }
}

fn absolute(path: &Path) -> Result<PathBuf, EmbeddedError> {
    std::path::absolute(path).map_err(EmbeddedError::io("cannot find", path))
}

/// Root's folder is open for passing through (what is in it is closed); an ordinary user's is closed.
fn make(path: &Path, owner: &Owner) -> Result<(), EmbeddedError> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path).map_err(EmbeddedError::io("cannot make", path))?;
    let mode = if matches!(owner, Owner::Ourselves) { 0o700 } else { 0o711 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(EmbeddedError::io("cannot open", path))
}

fn fits(folder: &Path) -> bool {
    folder.join(format!(".s.PGSQL.{}", super::supervisor::PORT)).as_os_str().len() <= SOCKET_PATH_BYTES
}

/// A name for the data of that path; no two paths have the same.
fn name_of(path: &Path) -> String {
    path.to_string_lossy().trim_start_matches('/').replace('_', "__").replace('-', "_-").replace('/', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_paths_share_a_name() {
        let names = ["/a/b", "/a-b", "/a_b", "/a_/b", "/a/_b", "/a_-b"].map(|path| name_of(Path::new(path)));
        let different: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(different.len(), names.len(), "{names:?}");
        assert_eq!(name_of(Path::new("/root/strata/.strata")), "root-strata-.strata");
    }

    #[test]
    fn a_socket_path_has_a_limit() {
        assert!(fits(Path::new("/srv/strata/.strata/socket")));
        assert!(!fits(Path::new(&format!("/{}", "x".repeat(100)))));
    }
}
