//! One strata at a time on one data folder.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::MetadataExt;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::owner::Owner;
use super::{DataFolder, EmbeddedError};

/// Holds the folder for this process; the kernel lets go of it however we end.
#[derive(Debug)]
pub(super) struct DataLock {
    _file: File,
}

impl DataLock {
    pub(super) fn take(folder: &DataFolder, owner: &Owner) -> Result<Self, EmbeddedError> {
        let (mut file, taken) = try_lock(folder, owner)?;
        if !taken {
            return Err(EmbeddedError::InUse { folder: folder.path().to_owned(), process: holder(folder) });
        }
        file.set_len(0)
            .and_then(|()| write!(file, "{}", std::process::id()))
            .map_err(EmbeddedError::io("cannot write", folder.lock()))?;
        Ok(Self { _file: file })
    }

    /// Whether another process holds the folder now.
    pub(super) fn is_taken(folder: &DataFolder, owner: &Owner) -> Result<bool, EmbeddedError> {
        try_lock(folder, owner).map(|(_, taken)| !taken)
    }
}

/// The process that said it holds the folder.
pub(super) fn holder(folder: &DataFolder) -> Option<i32> {
    fs::read_to_string(folder.lock()).ok()?.trim().parse().ok()
}

fn try_lock(folder: &DataFolder, owner: &Owner) -> Result<(File, bool), EmbeddedError> {
    let path = folder.lock();
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(EmbeddedError::io("cannot open", &path))?;
    // Root's own folder is root's; in a user's folder the file is the user's.
    if fs::metadata(folder.path()).is_ok_and(|there| there.uid() != 0) {
        owner.own(&path)?;
    }
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok((file, true)),
        Err(Errno::WOULDBLOCK) => Ok((file, false)),
        Err(error) => Err(EmbeddedError::io("cannot lock", &path)(error.into())),
    }
}
