//! What `strata doctor` asks the database.

use sqlx::postgres::PgConnection;

use super::{altered, at_this_version, rights_of, tables_of};

/// One question, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What is asked, as what should be so.
    pub what: &'static str,
    /// What is wrong, and what to do; none where all is well.
    pub wrong: Option<String>,
}

/// Asks everything of a connection as the application has it.
///
/// # Errors
/// What the database says; what is merely wrong is no error.
pub async fn examine(connection: &mut PgConnection) -> Result<Vec<Check>, sqlx::Error> {
    let (role, is_superuser, owned): (String, bool, Vec<String>) = sqlx::query_as(
        "SELECT current_user::text, coalesce((SELECT rolsuper FROM pg_roles WHERE rolname = current_user), false),
                ARRAY(SELECT c.relname::text FROM pg_class c
                      WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
                        AND pg_has_role(c.relowner, 'MEMBER') ORDER BY c.relname)",
    )
    .fetch_one(&mut *connection)
    .await?;
    let two_roles = "give the application a role of its own, as docs/database.md says";
    let version = at_this_version(connection).await.err().map(|error| error.to_string());
    let mut checks = vec![
        Check { what: "the database is at this version of Strata", wrong: version },
        Check {
            what: "the application is no superuser",
            wrong: is_superuser.then(|| format!("“{role}” is a superuser and can rewrite everything: {two_roles}")),
        },
        Check {
            what: "the application does not own the tables",
            wrong: (!owned.is_empty()).then(|| {
                format!("“{role}” owns {} tables, and can switch off what guards them: {two_roles}", owned.len())
            }),
        },
    ];
    checks.push(Check { what: "what happened can be added to, not rewritten", wrong: rewritable(connection).await? });
    checks.push(Check { what: "the triggers that guard the tables are on", wrong: triggers_off(connection).await? });
    checks.push(Check {
        what: "the application can put no table in the place of another",
        wrong: sqlx::query_scalar::<_, bool>(
            "SELECT has_schema_privilege(current_schema(), 'CREATE') OR has_database_privilege(current_database(), 'TEMP')",
        )
        .fetch_one(&mut *connection)
        .await?
        .then(|| format!("“{role}” may make tables: run `strata migrate` as the owner of the database")),
    });
    Ok(checks)
}

/// What the role may do beyond the list.
async fn rewritable(connection: &mut PgConnection) -> Result<Option<String>, sqlx::Error> {
    let mut beyond = Vec::new();
    for table in tables_of(connection).await? {
        let rights = rights_of(&table.name);
        let may_alter = rights.map(|rights| altered(rights, &table.columns)).unwrap_or_default();
        let kept: Vec<String> =
            table.columns.iter().filter(|column| !may_alter.contains(&column.as_str())).cloned().collect();
        let (updates, deletes, truncates): (bool, bool, bool) = sqlx::query_as(
            "SELECT coalesce((SELECT bool_or(has_column_privilege(t, c, 'UPDATE')) FROM unnest($2::text[]) c), false),
                    has_table_privilege(t, 'DELETE'), has_table_privilege(t, 'TRUNCATE')
             FROM (SELECT format('%I.%I', current_schema(), $1::text)::regclass::oid AS t) one",
        )
        .bind(&table.name)
        .bind(&kept)
        .fetch_one(&mut *connection)
        .await?;
        if updates || truncates || deletes && !rights.is_some_and(|rights| rights.removes) {
            beyond.push(table.name);
        }
    }
    let some: Vec<&str> = beyond.iter().take(4).map(String::as_str).collect();
    let rest = if beyond.len() > some.len() { ", …" } else { "" };
    Ok((!beyond.is_empty()).then(|| {
        format!(
            "rows of {} tables can be altered or removed ({}{rest}): run `strata migrate` as the owner of the tables",
            beyond.len(),
            some.join(", "),
        )
    }))
}

/// Triggers that somebody switched off.
async fn triggers_off(connection: &mut PgConnection) -> Result<Option<String>, sqlx::Error> {
    let off: Vec<String> = sqlx::query_scalar(
        "SELECT format('%s on %s', t.tgname, c.relname) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
         WHERE c.relnamespace = current_schema()::regnamespace AND t.tgenabled NOT IN ('O', 'A') ORDER BY 1",
    )
    .fetch_all(connection)
    .await?;
    Ok((!off.is_empty()).then(|| {
        format!("{} are off, and what they guard may have been rewritten: find out who did that", off.join(", "))
    }))
}
