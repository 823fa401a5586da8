//! The operating system's user as whom PostgreSQL runs: ourselves, or, where we are root, somebody else.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::EmbeddedError;

/// Who runs PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The user who runs strata.
    Ourselves,
    /// Somebody with fewer rights than root, which we are.
    Other { user: u32, group: u32 },
}

impl Owner {
    /// Ourselves, or the user `postgres` for root.
    pub(super) fn find() -> Result<Self, EmbeddedError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Ourselves);
        }
        let users = fs::read_to_string("/etc/passwd").map_err(EmbeddedError::io("cannot read", "/etc/passwd"))?;
        postgres_in(&users).ok_or(EmbeddedError::NoPostgresUser)
    }

    /// The owner for a path that may exist: root runs it as whoever made it, an ordinary user only what is their own.
    pub(super) fn of_existing(self, path: &Path) -> Result<Self, EmbeddedError> {
        let Ok(there) = fs::metadata(path) else { return Ok(self) };
        match self {
            Self::Other { .. } if there.uid() != 0 => Ok(Self::Other { user: there.uid(), group: there.gid() }),
            Self::Ourselves if there.uid() != rustix::process::geteuid().as_raw() => {
                Err(EmbeddedError::BelongsToOther { folder: path.to_owned(), owner: there.uid() })
            }
            Self::Ourselves | Self::Other { .. } => Ok(self),
        }
    }

    /// A command that will run as the owner, away from the terminal, so that Ctrl-C is ours to handle.
    pub(super) fn command(self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.stdin(Stdio::null()).process_group(0).env("LC_ALL", "C.UTF-8").env("HOME", "/");
        if let Self::Other { user, group } = self {
            command.uid(user).gid(group);
        }
        command
    }

    /// Makes a folder that is the owner's alone.
    pub(super) fn private_folder(self, path: &Path) -> Result<(), EmbeddedError> {
        fs::create_dir_all(path).map_err(EmbeddedError::io("cannot make", path))?;
        self.own(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(EmbeddedError::io("cannot close", path))
    }

    /// Gives a path to the owner; a file that root made in a user's folder must not lock that user out.
    pub(super) fn own(self, path: &Path) -> Result<(), EmbeddedError> {
        match self {
            Self::Ourselves => Ok(()),
            Self::Other { user, group } => {
                chown(path, Some(user), Some(group)).map_err(EmbeddedError::io("cannot hand over", path))
            }
        }
    }

    /// Whether the owner can get into a folder of ours.
    pub(super) fn reaches(self, folder: &Path) -> bool {
        match self {
            Self::Ourselves => true,
            // The kernel knows best: it asks as that user.
            Self::Other { .. } => self
                .command("test")
                .arg("-x")
                .arg(folder)
                .current_dir("/")
                .status()
                .is_ok_and(|status| status.success()),
        }
    }

    /// The user's id, for messages.
    pub(super) fn user(self) -> u32 {
        match self {
            Self::Ourselves => rustix::process::geteuid().as_raw(),
            Self::Other { user, .. } => user,
        }
    }
}

/// The user `postgres` in the text of `/etc/passwd`.
fn postgres_in(users: &str) -> Option<Owner> {
    let mut fields = users.lines().find_map(|line| line.strip_prefix("postgres:"))?.split(':').skip(1);
    Some(Owner::Other { user: fields.next()?.parse().ok()?, group: fields.next()?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_postgres_is_found() {
        let users = "root:x:0:0:root:/root:/bin/bash\nmypostgres:x:7:7::/:/bin/sh\npostgres:x:105:113:PostgreSQL:/var/lib/postgresql:/bin/bash\n";
        assert_eq!(postgres_in(users), Some(Owner::Other { user: 105, group: 113 }));
        assert_eq!(postgres_in("root:x:0:0:root:/root:/bin/bash\n"), None);
    }
}
