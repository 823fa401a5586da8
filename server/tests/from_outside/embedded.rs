//! The private PostgreSQL, for real: made, found again, recovered, and refused in words.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::running::{Folder, Server};
use server::embedded::{self, Embedded, EmbeddedError};
use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions, Connection};

fn start(folder: &Folder) -> Result<Embedded, EmbeddedError> {
    Embedded::start(Some(folder.path()))
}

/// Writes a row, and says how many there are then.
fn count(server: &Embedded) -> i64 {
    run(server, "CREATE TABLE IF NOT EXISTS seen (at int)");
    run(server, "INSERT INTO seen VALUES (1)");
    rows(server, "SELECT count(*) FROM seen")
}

fn run(server: &Embedded, statement: &'static str) {
    on(server, async move |connection| {
        sqlx::query(statement).execute(connection).await.unwrap();
    });
}

fn rows(server: &Embedded, query: &'static str) -> i64 {
    on(server, async move |connection| sqlx::query_scalar(query).fetch_one(connection).await.unwrap())
}

fn on<T>(server: &Embedded, work: impl AsyncFnOnce(&mut PgConnection) -> T) -> T {
    let options = server.options();
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async move {
        let mut connection = options.connect().await.unwrap();
        let done = work(&mut connection).await;
        connection.close().await.unwrap();
        done
    })
}

/// A process that has ended and that nobody has asked about yet has no command line any more.
fn is_running(process: i32) -> bool {
    fs::read(format!("/proc/{process}/cmdline")).is_ok_and(|command| !command.is_empty())
}

#[test]
fn a_second_start_finds_the_data() {
    let folder = Folder::new("again");
    let first = start(&folder).unwrap();
    assert_eq!(count(&first), 1);
    let process = first.process().unwrap();
    first.stop();
    assert!(!is_running(process), "it is stopped when stop returns");
    let second = start(&folder).unwrap();
    assert_eq!(count(&second), 2);
}

#[test]
fn it_is_durable_and_private() {
    let folder = Folder::new("private");
    let server = start(&folder).unwrap();
    let settings: Vec<String> = on(&server, async |connection| {
        let query =
            "SELECT current_setting(name) FROM unnest(ARRAY['fsync', 'listen_addresses', 'data_checksums']) AS name";
        sqlx::query_scalar(query).fetch_all(connection).await.unwrap()
    });
    assert_eq!(settings, ["on", "", "on"]);
    for closed in ["socket", "postgres"] {
        assert_eq!(fs::metadata(folder.path().join(closed)).unwrap().permissions().mode() & 0o777, 0o700, "{closed}");
    }
}

#[test]
fn a_second_instance_is_refused_and_a_command_joins() {
    let folder = Folder::new("twice");
    assert!(embedded::running(Some(folder.path())).unwrap().is_none());
    let server = start(&folder).unwrap();
    let error = start(&folder).unwrap_err();
    assert!(matches!(error, EmbeddedError::InUse { process: Some(_), .. }), "{error}");
    assert!(embedded::running(Some(folder.path())).unwrap().is_some());
    server.stop();
    assert!(embedded::running(Some(folder.path())).unwrap().is_none());
}

#[test]
fn a_killed_strata_loses_nothing() {
    let folder = Folder::new("killed");
    let data = folder.path().join("data");
    let server = Server::start(&folder, &[]);
    let orphan: i32 =
        fs::read_to_string(data.join("postgres/postmaster.pid")).unwrap().lines().next().unwrap().parse().unwrap();
    server.kill();
    let again = Embedded::start(Some(&data)).unwrap();
    assert_ne!(again.process(), Some(orphan));
    assert!(!is_running(orphan));
    assert!(rows(&again, "SELECT count(*) FROM environments") == 0, "the tables that it had made are there");
    again.stop();
    Server::start(&folder, &[]);
}

#[test]
fn a_server_that_dies_is_started_again() {
    let folder = Folder::new("dies");
    let server = start(&folder).unwrap();
    let first = server.process().unwrap();
    Command::new("kill").args(["-KILL", &first.to_string()]).status().unwrap();
    let began = std::time::Instant::now();
    while server.process().is_none_or(|process| process == first)
        || embedded::running(Some(folder.path())).unwrap().is_none()
    {
        assert!(began.elapsed().as_secs() < 60, "it is not back after a minute");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(count(&server), 1);
}

#[test]
fn a_stale_pid_file_is_no_obstacle() {
    let folder = Folder::new("stale");
    start(&folder).unwrap().stop();
    // The number of a process that runs, and is no PostgreSQL.
    let stale =
        format!("{}\n{}\n1700000000\n5432\n/nowhere\n\n 1 1\nready\n", std::process::id(), folder.path().display());
    fs::write(folder.path().join("postgres/postmaster.pid"), stale).unwrap();
    assert_eq!(count(&start(&folder).unwrap()), 1);
}

#[test]
fn half_made_data_is_made_anew_and_other_versions_are_named() {
    let folder = Folder::new("version");
    fs::create_dir(folder.path().join("postgres.new-1")).unwrap();
    start(&folder).unwrap().stop();
    assert!(!folder.path().join("postgres.new-1").exists());
    let version = folder.path().join("postgres/PG_VERSION");
    fs::write(&version, "9\n").unwrap();
    let error = start(&folder).unwrap_err();
    assert!(matches!(error, EmbeddedError::OtherVersion { data: 9, .. }), "{error}");
    fs::remove_file(version).unwrap();
    assert!(matches!(start(&folder).unwrap_err(), EmbeddedError::NoCluster(_)));
}

#[test]
fn a_long_path_gets_its_socket_elsewhere() {
    let folder = Folder::new("long");
    let long = folder.path().join("x".repeat(100));
    fs::create_dir(&long).unwrap();
    fs::set_permissions(&long, fs::Permissions::from_mode(0o711)).unwrap();
    let server = Embedded::start(Some(&long)).unwrap();
    assert_eq!(count(&server), 1);
    assert!(embedded::running(Some(&long)).unwrap().is_some());
    let socket = std::env::temp_dir().join(format!("strata-{}", std::process::id()));
    assert!(socket.exists());
    server.stop();
    assert!(!socket.exists(), "it is removed in the end");
}
