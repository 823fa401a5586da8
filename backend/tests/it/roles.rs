//! What an attacker tried who got at the application's connections: to rewrite what happened.

use std::fmt::Write as _;

use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use strata_backend::roles;
use strata_domain::run::RunState;

use crate::support::{World, account_id, as_application, change_apply};

/// Whether the role may run it; what else is wrong with it comes after that question.
async fn may(connection: &mut PgConnection, statement: &str) -> bool {
    let mut transaction = connection.begin().await.unwrap();
    let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut *transaction).await;
    transaction.rollback().await.unwrap();
    match done {
        Ok(_) => true,
        Err(error) => error.as_database_error().unwrap().code().as_deref() != Some("42501"),
    }
}

/// One line for each table, found by trying.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn every_verb_on_every_table_is_as_reviewed(pool: PgPool) {
    let application = as_application(&pool).await;
    let mut connection = application.acquire().await.unwrap();
    let tables: Vec<(String, Vec<String>)> = sqlx::query_as(
        "SELECT c.relname::text, array_agg(quote_ident(a.attname) ORDER BY a.attnum)
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
         GROUP BY c.relname ORDER BY c.relname",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let (mut found, mut closed) = (String::new(), Vec::new());
    for (table, columns) in &tables {
        let mut verbs = Vec::new();
        if may(&mut connection, &format!("SELECT FROM {table} LIMIT 0")).await {
            verbs.push("select".to_owned());
        }
        let (mut added, mut altered) = (Vec::new(), Vec::new());
        for column in columns {
            let add =
                format!("INSERT INTO {table} ({column}) OVERRIDING SYSTEM VALUE SELECT {column} FROM {table} LIMIT 0");
            if may(&mut connection, &add).await {
                added.push(column.as_str());
            }
            if may(&mut connection, &format!("UPDATE {table} SET {column} = DEFAULT WHERE false")).await {
                altered.push(column.as_str());
            }
        }
        // All but one: the number that the database gives.
        let missing: Vec<&str> = columns.iter().map(String::as_str).filter(|column| !added.contains(column)).collect();
        if !added.is_empty() {
            verbs.push(if missing.is_empty() {
                "insert".to_owned()
            } else {
                format!("insert(not {})", missing.join(", "))
            });
        }
        for (verb, statement) in
            [("delete", format!("DELETE FROM {table} WHERE false")), ("truncate", format!("TRUNCATE {table}"))]
        {
            if may(&mut connection, &statement).await {
                verbs.push(verb.to_owned());
            }
        }
        if altered.len() == columns.len() {
            verbs.push("update".to_owned());
        } else if !altered.is_empty() {
            verbs.push(format!("update({})", altered.join(", ")));
        }
        // Whatever else there is, on the table or on a column of it, in this version of PostgreSQL.
        let more: Vec<String> = sqlx::query_scalar(
            "SELECT DISTINCT lower(x.privilege_type) FROM pg_class c
             LEFT JOIN pg_attribute a ON a.attrelid = c.oid
             CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, '{}') || coalesce(a.attacl, '{}')) x
             WHERE c.oid = $1::regclass AND x.grantee <> c.relowner
               AND x.privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE') ORDER BY 1",
        )
        .bind(table)
        .fetch_all(&pool)
        .await
        .unwrap();
        verbs.extend(more);
        if verbs.is_empty() {
            closed.push(table.as_str());
        }
        writeln!(found, "{table}: {}", verbs.join(" ")).unwrap();
    }
    assert!(
        closed.is_empty(),
        "The application may do nothing with {closed:?}. Say in backend/src/roles/rights.rs what it may, as little as it \
         needs; then renew the snapshot (INSTA_UPDATE=always) and review what moved."
    );
    insta::assert_snapshot!("rights", found);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn nothing_that_guards_the_evidence_can_be_removed(pool: PgPool) {
    let application = as_application(&pool).await;
    let mut connection = application.acquire().await.unwrap();
    for statement in [
        "UPDATE audit_log SET actor_name = 'Somebody else'",
        "DELETE FROM votes",
        "TRUNCATE run_log",
        "UPDATE runs SET desired = '{}'",
        "UPDATE runs SET digest = sha256('x')",
        "UPDATE run_steps SET plan_step = '{}'",
        "UPDATE changes SET copied_from = NULL",
        "UPDATE broken_glass SET broken_by = NULL",
        "ALTER TABLE votes DISABLE TRIGGER ALL",
        "ALTER TABLE votes DROP CONSTRAINT votes_voter",
        "DROP TRIGGER votes_append_only ON votes",
        "DROP TABLE votes",
        "SET session_replication_role = 'replica'",
        "CREATE OR REPLACE FUNCTION refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
        "ALTER FUNCTION refuse_own_vote() RESET search_path",
        "CREATE TABLE votes_of_mine ()",
        "CREATE SCHEMA mine",
        "CREATE TEMPORARY TABLE change_edits (change_id bigint, author_id uuid)",
        "ALTER TABLE votes OWNER TO strata_app",
        "ALTER ROLE strata_app SUPERUSER",
        "INSERT INTO audited_actions VALUES ('of-mine')",
        "COPY votes TO PROGRAM 'true'",
    ] {
        assert!(!may(&mut connection, statement).await, "{statement}");
    }
    let sequences: Vec<String> =
        sqlx::query_scalar("SELECT relname::text FROM pg_class WHERE relkind = 'S' ORDER BY 1")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert!(sequences.len() > 10);
    for sequence in sequences {
        for statement in [
            format!("SELECT setval('{sequence}', 1)"),
            format!("SELECT nextval('{sequence}')"),
            format!("SELECT last_value FROM {sequence}"),
        ] {
            assert!(!may(&mut connection, &statement).await, "{statement}");
        }
    }
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_ended_is_not_altered_by_its_owner_either(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let id = world.approved("worker-2.example.net").await;
    let run = change_apply(&world.backend, &world.ada, id, world.version(id).await).await.unwrap();
    for statement in ["UPDATE runs SET desired = '{}'", "UPDATE run_steps SET plan_step = '{}'"] {
        let error = sqlx::raw_sql(statement).execute(&pool).await.unwrap_err();
        assert!(error.to_string().contains("is append-only"), "{statement}: {error}");
    }
    assert_eq!(world.run_to_the_end(run).await.state, RunState::Succeeded);
    for statement in [
        "UPDATE runs SET state = 'running', finished_at = NULL, revision = NULL",
        "UPDATE runs SET started_at = now()",
        "UPDATE run_steps SET outcome = 'Well done'",
        "UPDATE run_log SET text = ''",
        "DELETE FROM run_log",
        "DELETE FROM run_steps",
        "DELETE FROM runs",
        "TRUNCATE broken_glass",
    ] {
        let error = sqlx::raw_sql(statement).execute(&pool).await.unwrap_err();
        assert!(error.to_string().contains("is append-only"), "{statement}: {error}");
    }
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_table_in_the_place_of_another_blinds_no_trigger(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let id = world.in_review("worker-2.example.net").await;
    let mut connection = pool.acquire().await.unwrap();
    // An owner can make them; the triggers do not look there.
    sqlx::raw_sql(
        "CREATE TEMPORARY TABLE change_edits (LIKE public.change_edits);
         CREATE TEMPORARY TABLE change_submissions (LIKE public.change_submissions);
         CREATE TEMPORARY TABLE changes (LIKE public.changes)",
    )
    .execute(&mut *connection)
    .await
    .unwrap();
    let error = sqlx::query(
        "INSERT INTO votes (change_id, round, voter_id, voter_name, groups, verdict, digest, at)
         VALUES ($1, 1, $2, 'x', '{}', 'approve', sha256('x'), now())",
    )
    .bind(id)
    .bind(account_id(&world.ada))
    .execute(&mut *connection)
    .await
    .unwrap_err();
    assert_eq!(error.as_database_error().unwrap().constraint(), Some("votes_not_by_authors"));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn who_examines_finds_what_is_wrong(pool: PgPool) {
    let wrong = async |connection: &mut PgConnection| -> Vec<&'static str> {
        let checks = roles::examine(connection).await.unwrap();
        checks.into_iter().filter(|check| check.wrong.is_some()).map(|check| check.what).collect()
    };
    let application = as_application(&pool).await;
    let mut connection = application.acquire().await.unwrap();
    assert_eq!(wrong(&mut connection).await, Vec::<&str>::new());
    let database: String = sqlx::query_scalar("SELECT quote_ident(current_database())").fetch_one(&pool).await.unwrap();
    let mut owner = pool.acquire().await.unwrap();
    let of_the_owner = wrong(&mut owner).await;
    assert!(of_the_owner.contains(&"the application does not own the tables"), "{of_the_owner:?}");
    for (statement, what) in [
        ("ALTER TABLE votes DISABLE TRIGGER votes_append_only", "the triggers that guard the tables are on"),
        ("GRANT UPDATE (text) ON run_log TO strata_app", "what happened can be added to, not rewritten"),
        ("GRANT TRUNCATE ON notices TO strata_app", "what happened can be added to, not rewritten"),
        ("DELETE FROM _sqlx_migrations WHERE version = 34", "the database is at this version of Strata"),
        ("GRANT CREATE ON SCHEMA public TO strata_app", "the application can put no table in the place of another"),
    ] {
        sqlx::raw_sql(statement).execute(&pool).await.unwrap();
        assert!(wrong(&mut connection).await.contains(&what), "{statement}");
    }
    // What any role can do to itself.
    for (statement, undone, what) in [
        (
            format!("ALTER ROLE CURRENT_USER IN DATABASE {database} SET search_path = ''"),
            format!("ALTER ROLE CURRENT_USER IN DATABASE {database} RESET ALL"),
            "the application's connections begin as the database has them begin",
        ),
        (
            "SELECT lo_create(4242)".to_owned(),
            "SELECT lo_unlink(4242)".to_owned(),
            "the application keeps nothing outside of the tables",
        ),
    ] {
        sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(&mut *connection).await.unwrap();
        assert!(wrong(&mut connection).await.contains(&what), "{statement}");
        sqlx::raw_sql(AssertSqlSafe(undone)).execute(&mut *connection).await.unwrap();
        assert!(!wrong(&mut connection).await.contains(&what), "{statement}");
    }
    // One at a time, each of which is taken again with all that is beyond the list.
    for (statement, what) in [
        ("GRANT TRIGGER ON votes TO strata_app".to_owned(), "what happened can be added to, not rewritten"),
        ("GRANT REFERENCES (id) ON votes TO strata_app".to_owned(), "what happened can be added to, not rewritten"),
        ("GRANT TRUNCATE ON votes TO PUBLIC".to_owned(), "what happened can be added to, not rewritten"),
        ("GRANT INSERT ON audited_actions TO strata_app".to_owned(), "what happened can be added to, not rewritten"),
        ("GRANT INSERT (id) ON votes TO strata_app".to_owned(), "what happened can be added to, not rewritten"),
        ("GRANT INSERT ON audit_log TO strata_app".to_owned(), "what happened can be added to, not rewritten"),
        (
            "GRANT UPDATE ON SEQUENCE audit_log_sequence_seq TO strata_app".to_owned(),
            "what happened can be added to, not rewritten",
        ),
        (
            format!("GRANT CREATE ON DATABASE {database} TO strata_app"),
            "the application can put no table in the place of another",
        ),
        (
            "REVOKE INSERT ON votes FROM strata_app; REVOKE INSERT (round) ON votes FROM strata_app".to_owned(),
            "the application may do all that it has to",
        ),
    ] {
        roles::give(&mut owner, roles::APPLICATION).await.unwrap();
        let before = wrong(&mut connection).await;
        assert!(!before.contains(&what), "{statement}: {before:?}");
        sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(&pool).await.unwrap();
        assert!(wrong(&mut connection).await.contains(&what), "{statement}");
    }
    // Who owns a function that guards a table says in it what they like.
    let owns = "the application does not own what guards the tables";
    let mut transaction = owner.begin().await.unwrap();
    let give_away = "GRANT CREATE ON SCHEMA public TO strata_app; ALTER FUNCTION refuse_own_vote() OWNER TO strata_app;
                     SET LOCAL ROLE strata_app";
    sqlx::raw_sql(give_away).execute(&mut *transaction).await.unwrap();
    assert!(wrong(&mut transaction).await.contains(&owns));
    transaction.rollback().await.unwrap();
    // What was given beyond the list is taken again.
    roles::give(&mut owner, roles::APPLICATION).await.unwrap();
    assert_eq!(
        wrong(&mut connection).await,
        ["the database is at this version of Strata", "the triggers that guard the tables are on"]
    );
}
