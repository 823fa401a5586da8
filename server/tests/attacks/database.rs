//! A database in trouble, one that is another's, and roles that must not do what they could.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use server::embedded::Embedded;
use sqlx::{AssertSqlSafe, ConnectOptions, PgPool};

use crate::served::{ENVIRONMENT, Served};

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_full_disk_is_an_outage_with_its_own_words(pool: PgPool) {
    let server = Served::on(&pool).await;
    let cookie = server.sign_in().await.cookie.unwrap();
    assert_eq!(server.ask("/readyz", None, None).await.status, 200);
    let full = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
                CREATE TRIGGER full_disk BEFORE INSERT ON changes FOR EACH ROW EXECUTE FUNCTION full_disk();
                CREATE TRIGGER full_disk BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION full_disk();
                CREATE TRIGGER full_disk BEFORE UPDATE ON write_probe FOR EACH ROW EXECUTE FUNCTION full_disk();";
    sqlx::raw_sql(full).execute(&pool).await.unwrap();

    let form = format!("environment={ENVIRONMENT}&title=Mine");
    let refused = server.ask("/api/change_start", Some(&cookie), Some(&form)).await;
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert!(refused.body.contains("disk of the database is full"), "{}", refused.body);
    let signed_in = server.sign_in().await;
    assert_eq!(signed_in.status, 503, "{}", signed_in.body);
    assert!(signed_in.body.contains("disk of the database is full"), "{}", signed_in.body);
    // Who only reads goes on.
    assert_eq!(server.ask("/api/change_list?environment=production", Some(&cookie), None).await.status, 200);

    assert_eq!(server.ask("/healthz", None, None).await.status, 200, "the process lives");
    // What was found before holds for a moment.
    let mut ready = server.ask("/readyz", None, None).await;
    for _ in 0..100 {
        if ready.status != 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        ready = server.ask("/readyz", None, None).await;
    }
    assert_eq!(ready.status, 503);
    assert!(ready.body.starts_with("database: The disk of the database is full"), "{}", ready.body);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn an_older_database_is_not_ready(pool: PgPool) {
    let server = Served::on(&pool).await;
    sqlx::raw_sql("DELETE FROM _sqlx_migrations WHERE version = 34").execute(&pool).await.unwrap();
    let ready = server.ask("/readyz", None, None).await;
    assert_eq!(ready.status, 503);
    assert!(ready.body.contains("strata migrate"), "{}", ready.body);
}

/// Runs the binary against an address.
fn strata(url: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_strata"))
        .args(arguments)
        .env("DATABASE_URL", url)
        .env_remove("STRATA_APP_ROLE")
        .env_remove("RUST_LOG")
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A PostgreSQL as an operator brings it, and its addresses for the owner and the application.
struct Brought {
    server: Embedded,
    owner: String,
    application: String,
    _folder: tempfile::TempDir,
}

impl Brought {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // PostgreSQL's own user has to reach it.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
        let data = folder.path().join("data");
        let server = Embedded::start(Some(&data)).unwrap();
        let address = |role: &str| format!("postgres://{role}@{}/postgres", encoded(&data.join("socket")));
        Self { server, owner: address("strata"), application: address("strata_app"), _folder: folder }
    }

    fn sql(&self, statement: &str) {
        let (options, statement) = (self.server.options(), AssertSqlSafe(statement.to_owned()));
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async move {
            let mut connection = options.connect().await.unwrap();
            sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
        });
    }
}

fn encoded(path: &Path) -> String {
    path.display().to_string().replace('/', "%2F")
}

#[test]
fn the_owner_migrates_and_the_application_works() {
    let database = Brought::new();
    database.sql("CREATE ROLE strata_app LOGIN");
    let (owner, application) = (database.owner.as_str(), database.application.as_str());
    let import =
        ["import", concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/voip-18.yaml"), "--environment", "production"];

    for (arguments, words) in [
        (&import[..], "Run `strata migrate"),
        (&["migrate"][..], "does not own the tables"),
        (&["doctor"][..], "WRONG  the database is at this version"),
    ] {
        let refused = strata(application, arguments);
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}: {}", said(&refused));
        assert!(said(&refused).contains(words), "{arguments:?}: {}", said(&refused));
    }
    let nobody = strata(owner, &["migrate", "--app-role", "nobody"]);
    assert!(!nobody.status.success() && said(&nobody).contains("CREATE ROLE nobody"), "{}", said(&nobody));

    let migrated = strata(owner, &["migrate"]);
    assert!(migrated.status.success() && said(&migrated).contains("“strata_app”"), "{}", said(&migrated));
    let well = strata(application, &["doctor"]);
    assert_eq!(well.status.code(), Some(0), "{}", said(&well));
    let works = strata(application, &import);
    assert!(works.status.success() && said(&works).contains("Revision 1"), "{}", said(&works));
    // The owner may do all of it, and is told.
    let ill = strata(owner, &["doctor"]);
    assert_eq!(ill.status.code(), Some(1), "{}", said(&ill));
    for wrong in ["WRONG  the application is no superuser", "WRONG  the application does not own the tables"] {
        assert!(said(&ill).contains(wrong), "{}", said(&ill));
    }

    // A database of before or after this program.
    database.sql("DELETE FROM _sqlx_migrations WHERE version = 34");
    let behind = strata(application, &import);
    assert!(said(&behind).contains("1 migrations are missing"), "{}", said(&behind));
    database.sql(
        "INSERT INTO _sqlx_migrations SELECT 9999, description, now(), true, checksum, 0 FROM _sqlx_migrations LIMIT 1",
    );
    let ahead = strata(application, &import);
    assert!(said(&ahead).contains("newer version of Strata"), "{}", said(&ahead));
}

#[test]
fn connections_that_are_used_up_are_said_to_be() {
    let database = Brought::new();
    database.sql("CREATE ROLE strata_app LOGIN CONNECTION LIMIT 0");
    let refused = strata(&database.application, &["doctor"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        said(&refused).contains("takes no more connections (") && said(&refused).contains("max_connections"),
        "{}",
        said(&refused)
    );
}

#[test]
fn to_another_machine_it_is_tls_or_said_otherwise() {
    let refused = strata("postgres://strata@db.example.net/strata?sslmode=prefer", &["doctor"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        said(&refused).contains("sslmode=verify-full") && said(&refused).contains("sslmode=disable"),
        "{}",
        said(&refused)
    );
}

#[test]
fn a_private_database_is_worked_on_as_the_application() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    let data = folder.path().join("data");
    let import = Command::new(env!("CARGO_BIN_EXE_strata"))
        .args([
            "import",
            concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/voip-18.yaml"),
            "--environment",
            "production",
        ])
        .arg("--data")
        .arg(&data)
        .env_remove("DATABASE_URL")
        .output()
        .unwrap();
    assert!(import.status.success(), "{}", said(&import));
    let doctor = Command::new(env!("CARGO_BIN_EXE_strata"))
        .args(["doctor", "--data"])
        .arg(&data)
        .env_remove("DATABASE_URL")
        .output()
        .unwrap();
    assert_eq!(doctor.status.code(), Some(0), "{}", said(&doctor));
}
