//! Finds the PostgreSQL that is installed.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::EmbeddedError;

/// The folder with `initdb` and `postgres` of one major version.
#[derive(Clone, Debug)]
pub(super) struct Binaries {
    folder: PathBuf,
    major: u32,
}

impl Binaries {
    /// The first of setting, `PATH` and the distribution's folders; where there is data already, the one that wrote it.
    pub(super) fn find(of_data: Option<(PathBuf, u32)>) -> Result<Self, EmbeddedError> {
        let found = match env::var_os("STRATA_POSTGRES_BIN").filter(|value| !value.is_empty()) {
            Some(setting) => {
                let folder = PathBuf::from(setting);
                vec![Self::in_folder(&folder).ok_or(EmbeddedError::NotInSetting(folder))?]
            }
            None => folders().iter().filter_map(|folder| Self::in_folder(folder)).collect(),
        };
        let Some(first) = found.first() else { return Err(EmbeddedError::NotInstalled) };
        let Some((folder, data)) = of_data else { return Ok(first.clone()) };
        found.iter().find(|binaries| binaries.major == data).cloned().ok_or_else(|| EmbeddedError::OtherVersion {
            folder,
            data,
            installed: found
                .iter()
                .map(|binaries| binaries.major.to_string())
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect::<Vec<_>>()
                .join(", "),
        })
    }

    /// The major version that the program of that path says it is.
    pub(super) fn major_of(postgres: &Path) -> Option<u32> {
        let version = Command::new(postgres).arg("--version").output().ok()?;
        major_in(&String::from_utf8_lossy(&version.stdout))
    }

    /// One of its programs.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Their major version.
    pub(super) fn major(&self) -> u32 {
        self.major
    }

    fn in_folder(folder: &Path) -> Option<Self> {
        let major = folder.join("initdb").is_file().then(|| Self::major_of(&folder.join("postgres")))??;
        Some(Self { folder: folder.to_owned(), major })
    }
}

fn folders() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    // Through the link, since PostgreSQL looks for its files beside itself.
    let in_path = env::split_paths(&path)
        .filter_map(|folder| fs::canonicalize(folder.join("initdb")).ok())
        .filter_map(|initdb| initdb.parent().map(Path::to_owned));
    let mut installed: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    installed.sort_by(|one, other| other.cmp(one));
    in_path.chain(installed.into_iter().map(|(_, folder)| folder)).collect()
}

/// The major version in `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn major_in(version: &str) -> Option<u32> {
    let number = version.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major_in("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major_in("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_in("sh: not found"), None);
    }
}
