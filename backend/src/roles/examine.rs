//! What `strata doctor` asks the database.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sqlx::postgres::PgConnection;
use strata_domain::catalogue::Role;
use strata_domain::policy::Rule;
use strata_domain::schedule::Recurrence;
use strata_domain::topology::Topology;
use strata_domain::words::counted;

use super::{Grant, at_this_version, granted, rights_of, tables_of};

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
    let is_at_this_version = version.is_none();
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
    // Who owns the tables lacks nothing, whatever anybody was given.
    let Compared { beyond, lacking } = if owned.is_empty() { compared(connection).await? } else { Compared::default() };
    checks.push(Check {
        what: "what happened can be added to, not rewritten",
        wrong: told(&beyond).map(|told| {
            format!("“{role}” may do more than it was given ({told}): run `strata migrate` as the owner of the tables")
        }),
    });
    checks.push(Check {
        what: "the application may do all that it has to",
        wrong: told(&lacking)
            .map(|told| format!("“{role}” lacks rights ({told}): run `strata migrate` as the owner of the tables")),
    });
    checks.push(Check { what: "the triggers that guard the tables are on", wrong: triggers_off(connection).await? });
    let guards: Vec<String> = sqlx::query_scalar(
        "SELECT p.proname::text FROM pg_proc p
         WHERE p.pronamespace = current_schema()::regnamespace AND pg_has_role(p.proowner, 'MEMBER') ORDER BY 1",
    )
    .fetch_all(&mut *connection)
    .await?;
    checks.push(Check {
        what: "the application does not own what guards the tables",
        wrong: told(&guards)
            .map(|told| format!("“{role}” owns functions, and can say otherwise in them ({told}): {two_roles}")),
    });
    checks.push(Check {
        what: "the application can put no table in the place of another",
        wrong: sqlx::query_scalar::<_, bool>(
            "SELECT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)
                 OR has_database_privilege(current_database(), 'TEMP')
                 OR has_database_privilege(current_database(), 'CREATE')",
        )
        .fetch_one(&mut *connection)
        .await?
        .then(|| format!("“{role}” may make tables or schemas: run `strata migrate` as the owner of the database")),
    });
    let settings: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT setting FROM pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) setting
         WHERE s.setrole = (SELECT oid FROM pg_roles WHERE rolname = current_user)
           AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
           AND split_part(setting, '=', 1) IN ('search_path', 'role', 'default_transaction_read_only') ORDER BY 1",
    )
    .fetch_all(&mut *connection)
    .await?;
    checks.push(Check {
        what: "the application's connections begin as the database has them begin",
        wrong: told(&settings).map(|told| {
            format!("“{role}” carries settings of its own ({told}), which any role can give itself: find out who did, and `ALTER ROLE … RESET ALL`")
        }),
    });
    let objects: i64 =
        sqlx::query_scalar("SELECT count(*) FROM pg_largeobject_metadata WHERE pg_has_role(lomowner, 'MEMBER')")
            .fetch_one(&mut *connection)
            .await?;
    checks.push(Check {
        what: "the application keeps nothing outside of the tables",
        wrong: (objects > 0 && !is_superuser).then(|| {
            format!(
                "“{role}” has {}, of which Strata makes none: find out who did that",
                counted(objects, "large object")
            )
        }),
    });
    // Another version may have no such tables.
    let unread = if is_at_this_version { unreadable(connection).await? } else { Vec::new() };
    checks.push(Check {
        what: "what holds in each environment can be read",
        wrong: told(&unread).map(|told| {
            format!("{told}: no page that needs it can be shown, and only the owner of the tables can put it right")
        }),
    });
    Ok(checks)
}

/// What is live or in force, is proposed or planned, and says nothing to this version.
async fn unreadable(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    let rows: Vec<(String, Option<Value>, Option<Value>)> = sqlx::query_as(
        "SELECT e.slug,
                (SELECT p.rules FROM policies p WHERE p.environment_id = e.id ORDER BY p.version DESC LIMIT 1),
                (SELECT c.roles FROM catalogues c WHERE c.environment_id = e.id ORDER BY c.version DESC LIMIT 1)
         FROM environments e ORDER BY e.slug",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut unreadable = Vec::new();
    // One at a time: each can be large.
    for (slug, ..) in &rows {
        let live: Option<Value> = sqlx::query_scalar(
            "SELECT r.topology FROM environments e JOIN revisions r ON r.environment_id = e.id AND r.number = e.live_revision
             WHERE e.slug = $1",
        )
        .bind(slug)
        .fetch_optional(&mut *connection)
        .await?;
        if live.is_some_and(|live| serde_json::from_value::<Topology>(live).is_err()) {
            unreadable.push(format!("the live revision of {slug} cannot be read"));
        }
    }
    for (slug, rules, roles) in rows {
        if rules.is_some_and(|rules| serde_json::from_value::<Vec<Rule>>(rules).is_err()) {
            unreadable.push(format!("the policy of {slug} cannot be read"));
        }
        if roles.is_some_and(|roles| serde_json::from_value::<Vec<Role>>(roles).is_err()) {
            unreadable.push(format!("the catalogue of {slug} cannot be read"));
        }
    }
    let rows: Vec<(String, String, Value)> = sqlx::query_as(
        "SELECT e.slug, 'proposal ' || p.id, p.rules FROM policy_proposals p JOIN environments e ON e.id = p.environment_id
         WHERE p.state = 'open' AND p.rules IS NOT NULL
         UNION ALL
         SELECT e.slug, s.kind || ' “' || s.name || '”', s.recurrence FROM schedule_entries s
         JOIN environments e ON e.id = s.environment_id WHERE s.removed_at IS NULL
         ORDER BY 1, 2",
    )
    .fetch_all(connection)
    .await?;
    for (slug, what, said) in rows {
        let is_read = serde_json::from_value::<Vec<Rule>>(said.clone()).is_ok()
            || serde_json::from_value::<Recurrence>(said).is_ok();
        if !is_read {
            unreadable.push(format!("the {what} of {slug} cannot be read"));
        }
    }
    Ok(unreadable)
}

/// The rights of the role held against the list, each way.
#[derive(Default)]
struct Compared {
    beyond: Vec<String>,
    lacking: Vec<String>,
}

/// Reads what PostgreSQL keeps of rights on tables, columns and sequences of whoever owns our tables, as far as it is given
/// to the role, to everybody, or to a role that it is a member of.
async fn compared(connection: &mut PgConnection) -> Result<Compared, sqlx::Error> {
    let rows: Vec<(String, bool, String, Option<String>)> = sqlx::query_as(
        "WITH ours AS (
             SELECT c.oid, c.relname, c.relkind, c.relacl, c.relowner FROM pg_class c
             WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
               AND c.relowner = (SELECT m.relowner FROM pg_class m WHERE m.oid = to_regclass('_sqlx_migrations'))
         ), given AS (
             SELECT o.relname, o.relkind, o.relowner, x.privilege_type, NULL::name AS attname, x.grantee
             FROM ours o CROSS JOIN LATERAL aclexplode(o.relacl) x
             UNION ALL
             SELECT o.relname, o.relkind, o.relowner, x.privilege_type, a.attname, x.grantee
             FROM ours o JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped
             CROSS JOIN LATERAL aclexplode(a.attacl) x
         )
         SELECT DISTINCT relname::text, relkind = 'S', privilege_type, attname::text FROM given
         WHERE grantee <> relowner AND (grantee = 0 OR pg_has_role(grantee, 'MEMBER')) ORDER BY 1, 3, 4",
    )
    .fetch_all(&mut *connection)
    .await?;
    let (mut found, mut beyond): (BTreeMap<String, BTreeSet<Grant>>, Vec<String>) = Default::default();
    for (name, is_sequence, verb, column) in rows {
        let grant = Grant { verb, column };
        if is_sequence {
            beyond.push(named(&name, &grant));
        } else {
            found.entry(name).or_default().insert(grant);
        }
    }
    let mut lacking = Vec::new();
    for table in tables_of(connection).await? {
        let wanted = rights_of(&table.name).map(|rights| granted(rights, &table)).unwrap_or_default();
        let found = found.remove(&table.name).unwrap_or_default();
        beyond.extend(found.difference(&wanted).map(|grant| named(&table.name, grant)));
        lacking.extend(wanted.difference(&found).map(|grant| named(&table.name, grant)));
    }
    Ok(Compared { beyond, lacking })
}

fn named(table: &str, grant: &Grant) -> String {
    format!("{} on {table}", grant.clause())
}

/// The first few of them; none where there are none.
fn told(all: &[String]) -> Option<String> {
    let some = all.get(..all.len().min(4)).unwrap_or_default().join(", ");
    let rest = all.len().saturating_sub(4);
    match (all.is_empty(), rest) {
        (true, _) => None,
        (false, 0) => Some(some),
        (false, rest) => Some(format!("{some} and {rest} more")),
    }
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
