//! PostgreSQL's own folder: made once, whole or not at all.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::binaries::Binaries;
use super::owner::Owner;
use super::postmaster;
use super::{DataFolder, EmbeddedError, USER};

/// Beginning of the name of a cluster that is being made.
const UNFINISHED: &str = "postgres.new-";
/// Programs that were left behind at work on one are gone by then: nothing of theirs is waited for, they are killed.
const GONE_WITHIN: Duration = Duration::from_secs(15);

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

/// Removes what a start that was killed while it made the cluster has left, and whoever still makes it: `initdb` dies
/// with us, but what it had started may go on for a while.
pub(super) fn remove_unfinished(folder: &DataFolder) -> Result<(), EmbeddedError> {
    let entries = fs::read_dir(folder.path()).map_err(EmbeddedError::io("cannot read", folder.path()))?;
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            remove_left_behind(&entry.path())?;
        }
    }
    Ok(())
}

fn remove_left_behind(unfinished: &Path) -> Result<(), EmbeddedError> {
    let began = Instant::now();
    loop {
        let at_work = at_work_in(unfinished);
        if at_work.is_empty() {
            match fs::remove_dir_all(unfinished) {
                // Somebody whom we did not see yet wrote to it meanwhile.
                Err(_) if unfinished.exists() && began.elapsed() < GONE_WITHIN => {}
                Err(error) if unfinished.exists() => return Err(EmbeddedError::io("cannot remove", unfinished)(error)),
                Err(_) | Ok(()) => return Ok(()),
            }
        } else if began.elapsed() > GONE_WITHIN {
            return Err(EmbeddedError::LeftBehind { folder: unfinished.to_owned(), process: at_work[0] });
        }
        for process in at_work {
            tracing::info!(process, "ending what a start that was killed has left at work");
            postmaster::signal(process, Signal::KILL);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// What makes a cluster: what starts `initdb`, itself, and the server that it starts. Anything else that has to do with the
/// folder is somebody who looks.
const MAKERS: [&str; 3] = ["setpriv", "initdb", "postgres"];

/// The processes that make a cluster, of its folder's owner: those that stand in it, or were told of it by an argument or
/// the environment. What somebody else runs does not work on what is ours.
fn at_work_in(cluster: &Path) -> Vec<i32> {
    let real = fs::canonicalize(cluster).unwrap_or_else(|_| cluster.to_owned());
    let given = cluster.as_os_str().as_encoded_bytes();
    let in_environment = [b"PGDATA=".as_slice(), given].concat();
    let names = |file: PathBuf, wanted: &[u8]| {
        fs::read(file).is_ok_and(|text| text.split(|byte| *byte == 0).any(|word| word == wanted))
    };
    let owner = |path: &Path| fs::metadata(path).map(|metadata| metadata.uid()).ok();
    let owned_by = owner(cluster);
    let is_maker = |process: &Path| {
        fs::read_to_string(process.join("comm")).is_ok_and(|name| MAKERS.contains(&name.trim_end()))
            && owner(process) == owned_by
    };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<i32>().ok()?, entry.path())))
        .filter(|(_, process)| is_maker(process))
        .filter(|(_, process)| {
            fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(&real))
                || names(process.join("cmdline"), given)
                || names(process.join("environ"), &in_environment)
        })
        .map(|(number, _)| number)
        .collect()
}

/// Makes the cluster beside its place and moves it there when it is whole.
pub(super) fn make_if_missing(folder: &DataFolder, owner: &Owner, binaries: &Binaries) -> Result<(), EmbeddedError> {
    let cluster = folder.cluster();
    if cluster.exists() {
        return Ok(());
    }
    let unfinished = folder.path().join(format!("{UNFINISHED}{}", std::process::id()));
    owner.private_folder(&unfinished)?;
    // It dies with us, as the server does. This thread waits for it, so it is here as long.
    let output = owner
        .command("setpriv")
        .args(["--pdeathsig", "KILL", "--"])
        .arg(binaries.program("initdb"))
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::process::{Child, Command};

    use super::*;

    /// A program of that name, at work in a folder.
    fn at_work(name: &str, programs: &Path, in_folder: &Path) -> Child {
        let program = programs.join(name);
        symlink("/bin/sleep", &program).unwrap();
        Command::new(program).arg("60").current_dir(in_folder).spawn().unwrap()
    }

    #[test]
    fn only_what_makes_a_cluster_is_ended_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let (programs, cluster) = (folder.path().join("bin"), folder.path().join("postgres.new-1"));
        fs::create_dir(&programs).unwrap();
        fs::create_dir(&cluster).unwrap();
        let mut maker = at_work("postgres", &programs, &cluster);
        // Whoever looks at what is left: a shell, tar, du.
        let mut others = ["bash", "tar", "du"].map(|name| at_work(name, &programs, &cluster));
        assert_eq!(at_work_in(&cluster), [i32::try_from(maker.id()).unwrap()]);
        remove_left_behind(&cluster).unwrap();
        assert!(!cluster.exists() && maker.wait().is_ok());
        for other in &mut others {
            assert!(other.try_wait().unwrap().is_none(), "it has nothing to do with it");
            other.kill().unwrap();
            other.wait().unwrap();
        }
    }
}
