//! Two roles of the database: one owns the tables and brings them to a version, the other works and cannot rewrite
//! what happened. Whoever gets at the application's connections can then add to the evidence, and not alter it, switch
//! a trigger off, or put a table of their own in the place of one.

mod examine;
mod rights;

use std::collections::BTreeSet;

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
        format!("REVOKE TEMPORARY, CREATE ON DATABASE {database} FROM PUBLIC, {role}"),
    ];
    for table in tables.iter().filter(|table| table.is_ours) {
        let name = format!("{schema}.{}", quoted(&table.name));
        statements.push(format!("REVOKE ALL ON TABLE {name} FROM PUBLIC, {role}"));
        if let Some(rights) = rights_of(&table.name) {
            let given: Vec<String> = granted(rights, table).iter().map(Grant::clause).collect();
            statements.push(format!("GRANT {} ON TABLE {name} TO {role}", given.join(", ")));
        }
    }
    for sequence in sequences_of(&mut transaction).await? {
        let sequence = format!("{schema}.{}", quoted(&sequence));
        // A row gets its number without: nobody takes one, or sets it back.
        statements.push(format!("REVOKE ALL ON SEQUENCE {sequence} FROM PUBLIC, {role}"));
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
    /// Columns that the database numbers.
    numbered: Vec<String>,
    /// Whether we own it; others may have tables beside ours.
    is_ours: bool,
}

async fn tables_of(connection: &mut PgConnection) -> Result<Vec<Table>, sqlx::Error> {
    let rows: Vec<(String, Vec<String>, Vec<String>, bool)> = sqlx::query_as(
        "SELECT c.relname::text, array_agg(a.attname::text ORDER BY a.attnum),
                coalesce(array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attidentity <> ''), '{}'),
                pg_has_role(c.relowner, 'MEMBER')
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
         GROUP BY c.relname, c.relowner ORDER BY c.relname",
    )
    .fetch_all(connection)
    .await?;
    let table = |(name, columns, numbered, is_ours)| Table { name, columns, numbered, is_ours };
    Ok(rows.into_iter().map(table).collect())
}

/// The sequences that number rows of tables of ours.
async fn sequences_of(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT s.relname::text FROM pg_class s
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

/// One right on a table, as PostgreSQL keeps it: on all of it, or on one column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Grant {
    verb: String,
    column: Option<String>,
}

impl Grant {
    /// As GRANT has it.
    fn clause(&self) -> String {
        match &self.column {
            None => self.verb.clone(),
            Some(column) => format!("{} ({})", self.verb, quoted(column)),
        }
    }
}

/// What the list gives on a table.
fn granted(rights: Rights, table: &Table) -> BTreeSet<Grant> {
    let whole = |verb: &str| Grant { verb: verb.to_owned(), column: None };
    let of = |verb: &str, column: &str| Grant { verb: verb.to_owned(), column: Some(column.to_owned()) };
    let mut given = BTreeSet::from([whole("SELECT")]);
    if rights.adds && table.numbered.is_empty() {
        given.insert(whole("INSERT"));
    } else if rights.adds {
        // The database numbers the rows: none is put between two others.
        let columns = table.columns.iter().filter(|column| !table.numbered.contains(column));
        given.extend(columns.map(|column| of("INSERT", column)));
    }
    given.extend(altered(rights, &table.columns).into_iter().map(|column| of("UPDATE", column)));
    if rights.removes {
        given.insert(whole("DELETE"));
    }
    given
}

/// A name as SQL has it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
