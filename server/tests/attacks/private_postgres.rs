//! The private PostgreSQL: killed while it is made, replaced under its feet, and killed again and again.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use server::embedded::Embedded;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor};

use crate::running::{Folder, Server};

/// So long is waited for what takes seconds.
const PATIENCE: Duration = Duration::from_secs(120);

fn command(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strata"));
    command.arg("migrate").arg("--data").arg(data).env_remove("DATABASE_URL").stdin(Stdio::null());
    command.stdout(Stdio::null());
    command
}

/// 8 of 20 starts were refused: "Directory not empty".
#[test]
fn killed_while_the_database_is_made_and_started_again_at_once() {
    let mut killed_at_work = 0;
    for round in 0..6 {
        let folder = Folder::new(&format!("initdb-{round}"));
        let data = folder.path().join("data");
        let mut first = command(&data).stderr(Stdio::null()).spawn().unwrap();
        let began = Instant::now();
        while unfinished(&data).is_none() && !data.join("postgres").exists() {
            assert!(began.elapsed() < PATIENCE, "initdb was not started");
            thread::sleep(Duration::from_millis(1));
        }
        // At another moment each time.
        thread::sleep(Duration::from_millis(round * 60));
        killed_at_work += u32::from(unfinished(&data).is_some());
        first.kill().unwrap();
        first.wait().unwrap();
        let again = command(&data).stderr(Stdio::piped()).output().unwrap();
        assert!(again.status.success(), "round {round}: {}", String::from_utf8_lossy(&again.stderr));
        assert_eq!(unfinished(&data), None, "nothing is left of the first");
    }
    assert!(killed_at_work > 0, "none was killed while initdb was at work: this shows nothing");
}

fn unfinished(data: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(data).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).find(|path| path.to_string_lossy().contains("postgres.new-"))
}

/// It came back in one second, and was given up to thirty.
#[test]
fn killed_again_and_again_it_is_back_soon() {
    let folder = Folder::new("again-and-again");
    let server = Embedded::start(Some(folder.path())).unwrap();
    let began = Instant::now();
    for _ in 0..5 {
        let process = ready(&server, None);
        Command::new("kill").args(["-KILL", &process.to_string()]).status().unwrap();
        ready(&server, Some(process));
    }
    // The pauses alone were 2 + 4 + 8 + 16 + 30 seconds.
    assert!(began.elapsed() < Duration::from_secs(55), "{:?}", began.elapsed());
}

/// The process of a server that takes connections, other than that one.
fn ready(server: &Embedded, other_than: Option<i32>) -> i32 {
    let began = Instant::now();
    loop {
        if let Some(process) = server.process().filter(|process| Some(*process) != other_than)
            && block_on(async { server.options().connect().await.is_ok() })
        {
            return process;
        }
        assert!(began.elapsed() < PATIENCE, "it is not back");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Edits answered 500 (`undefined symbol`), and nobody noticed.
#[test]
fn a_program_that_was_replaced_is_started_again_when_nothing_is_under_way() {
    let folder = Folder::new("upgraded");
    // Not called `bin`: PostgreSQL would look for its libraries beside such a folder, and these are where they were.
    let programs = folder.path().join("programs");
    fs::create_dir(&programs).unwrap();
    fs::set_permissions(&programs, fs::Permissions::from_mode(0o755)).unwrap();
    for name in ["initdb", "postgres"] {
        fs::copy(installed().join(name), programs.join(name)).unwrap();
    }
    let server = Server::start_in(&folder, &[], &[("STRATA_POSTGRES_BIN", programs.to_str().unwrap())]);
    let cluster = folder.path().join("data/postgres");
    let first = postmaster(&cluster).unwrap();
    let options = PgConnectOptions::new_without_pgpass()
        .socket(folder.path().join("data/socket"))
        .port(5432)
        .username("strata")
        .database("postgres");
    let upgraded = programs.join("postgres.dpkg-new");
    block_on(async {
        let mut connection = options.connect().await.unwrap();
        // What is loaded late does not fit after an upgrade, so nothing is.
        let preloaded: String =
            sqlx::query_scalar("SHOW shared_preload_libraries").fetch_one(&mut connection).await.unwrap();
        assert!(preloaded.contains("plpgsql"), "{preloaded}");
        connection.execute("BEGIN; SELECT 1").await.unwrap();
        fs::copy(installed().join("postgres"), &upgraded).unwrap();
        fs::rename(&upgraded, programs.join("postgres")).unwrap();
        // Longer than it takes to notice.
        tokio::time::sleep(Duration::from_secs(13)).await;
        assert_eq!(postmaster(&cluster), Some(first), "somebody is at work");
        connection.execute("COMMIT").await.unwrap();
        connection.close().await.unwrap();
    });
    let began = Instant::now();
    while postmaster(&cluster).is_none_or(|process| process == first) {
        assert!(began.elapsed() < PATIENCE, "it goes on with the old program");
        thread::sleep(Duration::from_millis(100));
    }
    let began = Instant::now();
    while server.get("/healthz").status != 200 {
        assert!(began.elapsed() < PATIENCE, "it is not back");
        thread::sleep(Duration::from_millis(100));
    }
    let program = fs::read_link(format!("/proc/{}/exe", postmaster(&cluster).unwrap())).unwrap();
    assert!(!program.to_string_lossy().contains("(deleted)"), "{}", program.display());
}

fn postmaster(cluster: &Path) -> Option<i32> {
    fs::read_to_string(cluster.join("postmaster.pid")).ok()?.lines().next()?.parse().ok()
}

/// The folder with the newest PostgreSQL of the distribution, or the one in the path.
fn installed() -> PathBuf {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, folder)| folder.join("initdb").is_file())
        .collect();
    versions.sort();
    let in_path = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).find_map(|folder| fs::canonicalize(folder.join("initdb")).ok())
    };
    versions.pop().map(|(_, folder)| folder).or_else(|| in_path()?.parent().map(Path::to_owned)).unwrap()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}
