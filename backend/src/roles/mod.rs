//! Two roles of the database: one owns the tables and brings them to a version, the other works and cannot rewrite
//! what happened. Whoever gets at the application's connections can then add to the evidence, and not alter it, switch
//! a trigger off, or put a table of their own in the place of one.

mod examine;
mod rights;

use std::borrow::Cow;

use sqlx::migrate::MigrateError;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};

pub use examine::{Check, examine};
use rights::{Alters, Rights, TABLES};

/// The application's role, where nobody says another.
pub const APPLICATION: &str = "strata_app";

/// Taken by whoever gives rights, until the end of its transaction: "strata" in letters.
const LOCK: i64 = 0x73_74_72_61_74_61;

/// What a connection's role is to the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It owns them, is a member of who does, or is a superuser; or there are none yet, and it may make them.
    Owner,
    /// It works with what it was given.
    Application,
}

/// Why a database cannot be worked on as it is.
#[derive(Debug, thiserror::Error)]
pub enum VersionError {
    /// It lacks migrations, and this role cannot make up for it.
    #[error(
        "The database is not at this version of Strata ({missing} migrations are missing), and its role “{role}” does not own the tables. \
         Run `strata migrate` with the owner's DATABASE_URL first."
    )]
    Behind {
        /// Who we are.
        role: String,
        /// How many.
        missing: usize,
    },
    /// It was never migrated, or this role was given nothing.
    #[error(
        "The role “{role}” may not read the database's tables. Run `strata migrate --app-role {role}` with the owner's DATABASE_URL first."
    )]
    NothingGiven {
        /// Who we are.
        role: String,
    },
    /// A newer Strata has been here.
    #[error(
        "The database is at a newer version of Strata than this program (it has migration {0}). Start that version."
    )]
    Ahead(i64),
    /// The database says something else.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// What the connection's role is to the tables.
///
/// # Errors
/// What the database says.
pub async fn standing(connection: &mut PgConnection) -> Result<Standing, sqlx::Error> {
    let owns: bool = sqlx::query_scalar(
        "SELECT coalesce(
             (SELECT bool_or(pg_has_role(c.relowner, 'MEMBER')) FROM pg_class c
              WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')),
             has_schema_privilege(current_schema(), 'CREATE'), false)",
    )
    .fetch_one(connection)
    .await?;
    Ok(if owns { Standing::Owner } else { Standing::Application })
}

/// Whether there is a role of that name.
///
/// # Errors
/// What the database says.
pub async fn exists(connection: &mut PgConnection, role: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)").bind(role).fetch_one(connection).await
}

/// Makes the application's role where it is not there: for a private server, and for tests.
///
/// # Errors
/// What the database says.
pub async fn make(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let statement = format!(
        "DO $$ BEGIN
             CREATE ROLE {APPLICATION} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
         EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
         END $$"
    );
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await.map(drop)
}

/// Brings the database to this version. Processes that do so at once wait for each other.
///
/// # Errors
/// A migration that fails, or a database of a newer version than this program.
pub async fn migrate(connection: &mut PgConnection) -> Result<(), MigrateError> {
    crate::MIGRATOR.run(connection).await
}

/// Gives the application's role what the list says, and takes everything else from it; as often as one likes. Whoever
/// owns the tables calls it after each migration.
///
/// # Errors
/// What the database says.
pub async fn give(connection: &mut PgConnection, role: &str) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *transaction).await?;
    let tables = tables_of(&mut transaction).await?;
    let (schema, database): (String, String) =
        sqlx::query_as("SELECT current_schema()::text, current_database()::text").fetch_one(&mut *transaction).await?;
    let (schema, database, role) = (quoted(&schema), quoted(&database), quoted(role));
    let mut statements = vec![
        format!("GRANT CONNECT ON DATABASE {database} TO {role}"),
        format!("GRANT USAGE ON SCHEMA {schema} TO {role}"),
        // A table of one's own, found before ours, would blind the triggers.
        format!("REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {role}"),
        format!("REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC, {role}"),
    ];
    for Table { name, columns, .. } in tables.iter().filter(|table| table.is_ours) {
        let table = format!("{schema}.{}", quoted(name));
        statements.push(format!("REVOKE ALL ON TABLE {table} FROM PUBLIC, {role}"));
        if let Some(rights) = rights_of(name) {
            statements.push(format!("GRANT {} ON TABLE {table} TO {role}", verbs(rights, columns)));
        }
    }
    for (sequence, table) in sequences_of(&mut transaction).await? {
        let sequence = format!("{schema}.{}", quoted(&sequence));
        statements.push(format!("REVOKE ALL ON SEQUENCE {sequence} FROM PUBLIC, {role}"));
        if rights_of(&table).is_some_and(|rights| rights.adds) {
            // The next number, and no other.
            statements.push(format!("GRANT USAGE ON SEQUENCE {sequence} TO {role}"));
        }
    }
    let functions: Vec<String> = sqlx::query_scalar(
        "SELECT p.oid::regprocedure::text FROM pg_proc p
         WHERE p.pronamespace = current_schema()::regnamespace AND p.prorettype = 'trigger'::regtype
           AND pg_has_role(p.proowner, 'MEMBER')
           AND NOT coalesce(p.proconfig::text LIKE '%search_path=%pg_temp%', false)",
    )
    .fetch_all(&mut *transaction)
    .await?;
    // The same for what their callers set.
    statements.extend(
        functions.iter().map(|function| format!("ALTER FUNCTION {function} SET search_path = {schema}, pg_temp")),
    );
    for statement in statements {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

/// Whether the database is at this version, for a role that cannot bring it there.
///
/// # Errors
/// [`VersionError`], which says what to run.
pub async fn at_this_version(connection: &mut PgConnection) -> Result<(), VersionError> {
    let (role, readable): (String, bool) = sqlx::query_as(
        "SELECT current_user::text, coalesce(has_table_privilege(to_regclass('_sqlx_migrations'), 'SELECT'), false)",
    )
    .fetch_one(&mut *connection)
    .await?;
    if !readable {
        return Err(VersionError::NothingGiven { role });
    }
    let there: Vec<i64> =
        sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success").fetch_all(connection).await?;
    if let Some(newer) = there.iter().find(|version| !crate::MIGRATOR.version_exists(**version)) {
        return Err(VersionError::Ahead(*newer));
    }
    match crate::MIGRATOR.iter().filter(|migration| !there.contains(&migration.version)).count() {
        0 => Ok(()),
        missing => Err(VersionError::Behind { role, missing }),
    }
}

/// A table of the database.
struct Table {
    name: String,
    columns: Vec<String>,
    /// Whether we own it; others may have tables beside ours.
    is_ours: bool,
}

async fn tables_of(connection: &mut PgConnection) -> Result<Vec<Table>, sqlx::Error> {
    let rows: Vec<(String, Vec<String>, bool)> = sqlx::query_as(
        "SELECT c.relname::text, array_agg(a.attname::text ORDER BY a.attnum), pg_has_role(c.relowner, 'MEMBER')
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
         GROUP BY c.relname, c.relowner ORDER BY c.relname",
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(name, columns, is_ours)| Table { name, columns, is_ours }).collect())
}

/// The sequences that number rows of tables of ours, each with its table.
async fn sequences_of(connection: &mut PgConnection) -> Result<Vec<(String, String)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT s.relname::text, t.relname::text
         FROM pg_class s
         JOIN pg_depend d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
                         AND d.deptype IN ('a', 'i')
         JOIN pg_class t ON t.oid = d.refobjid
         WHERE s.relkind = 'S' AND s.relnamespace = current_schema()::regnamespace AND pg_has_role(s.relowner, 'MEMBER')
         ORDER BY 1",
    )
    .fetch_all(connection)
    .await
}

fn rights_of(table: &str) -> Option<Rights> {
    TABLES.iter().find(|(name, _)| *name == table).map(|(_, rights)| *rights)
}

/// The columns that may be altered, of those that the table has.
fn altered(rights: Rights, columns: &[String]) -> Vec<&str> {
    let may = |column: &&str| match rights.alters {
        Alters::Nothing => false,
        Alters::Only(these) => these.contains(column),
        Alters::AllBut(these) => !these.contains(column),
    };
    columns.iter().map(String::as_str).filter(may).collect()
}

/// The verbs of a GRANT.
fn verbs(rights: Rights, columns: &[String]) -> String {
    let mut verbs: Vec<Cow<'_, str>> = vec!["SELECT".into()];
    if rights.adds {
        verbs.push("INSERT".into());
    }
    let altered: Vec<String> = altered(rights, columns).into_iter().map(quoted).collect();
    if !altered.is_empty() {
        verbs.push(format!("UPDATE ({})", altered.join(", ")).into());
    }
    if rights.removes {
        verbs.push("DELETE".into());
    }
    verbs.join(", ")
}

/// A name as SQL has it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
