//! PostgreSQL's own folder: made once, whole or not at all.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use super::binaries::Binaries;
use super::owner::Owner;
use super::{DataFolder, EmbeddedError, USER};

/// Beginning of the name of a cluster that is being made.
const UNFINISHED: &str = "postgres.new-";

/// The major version that wrote the cluster; none where there is no cluster yet.
pub(super) fn major_version(cluster: &Path) -> Result<Option<(PathBuf, u32)>, EmbeddedError> {
    if !cluster.exists() {
        return Ok(None);
    }
    let version = fs::read_to_string(cluster.join("PG_VERSION")).ok();
    match version.and_then(|version| version.trim().split('.').next()?.parse().ok()) {
        Some(major) => Ok(Some((cluster.to_owned(), major))),
        None => Err(EmbeddedError::NoCluster(cluster.to_owned())),
    }
}

/// Removes what a start that was killed while it made the cluster has left.
pub(super) fn remove_unfinished(folder: &DataFolder) -> Result<(), EmbeddedError> {
    let entries = fs::read_dir(folder.path()).map_err(EmbeddedError::io("cannot read", folder.path()))?;
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            fs::remove_dir_all(entry.path()).map_err(EmbeddedError::io("cannot remove", entry.path()))?;
        }
    }
    Ok(())
}

/// Makes the cluster beside its place and moves it there when it is whole.
pub(super) fn make_if_missing(folder: &DataFolder, owner: &Owner, binaries: &Binaries) -> Result<(), EmbeddedError> {
    let cluster = folder.cluster();
    if cluster.exists() {
        return Ok(());
    }
    let unfinished = folder.path().join(format!("{UNFINISHED}{}", std::process::id()));
    owner.private_folder(&unfinished)?;
    let output = owner
        .command(binaries.program("initdb"))
        .arg("--pgdata")
        .arg(&unfinished)
        .args(["--username", USER, "--encoding", "UTF8", "--no-locale", "--data-checksums"])
        // Who reaches the socket's folder is the owner or root, so the socket asks nothing; there is no network.
        .args(["--auth-local", "trust", "--auth-host", "reject"])
        .current_dir("/")
        .output()
        .map_err(EmbeddedError::io("cannot run", binaries.program("initdb")))?;
    if !output.status.success() {
        return Err(EmbeddedError::Program { program: "initdb", output: said(&output) });
    }
    fs::rename(&unfinished, &cluster).map_err(EmbeddedError::io("cannot put in place", &cluster))
}

fn said(output: &Output) -> String {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    super::supervisor::last_lines(&String::from_utf8_lossy(&text))
}
