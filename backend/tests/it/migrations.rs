//! A database of before is carried over without a loss.

use std::collections::BTreeMap;

use sqlx::PgPool;
use strata_domain::audit::AuditAction;
use strata_domain::catalogue::Level;
use strata_domain::findings::RuleId;

/// Migrations of the numbers from one to another.
async fn migrate(pool: &PgPool, from: i64, to: i64) {
    for migration in strata_backend::MIGRATOR.iter().filter(|step| (from..=to).contains(&step.version)) {
        sqlx::raw_sql(migration.sql.clone()).execute(pool).await.unwrap();
    }
}

#[sqlx::test(migrations = false)]
async fn votes_of_before_keep_what_they_said(pool: PgPool) {
    // Where all tests are run, the database is a copy of one of this version.
    sqlx::raw_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public").execute(&pool).await.unwrap();
    migrate(&pool, 1, 14).await;
    sqlx::raw_sql(
        "INSERT INTO environments (slug, created_at) VALUES ('production', now());
         INSERT INTO accounts (id, email, name, password_hash, created_at)
         SELECT gen_random_uuid(), name || '@example.net', name, '$argon2id$none', now()
         FROM unnest(ARRAY['lena', 'luis']) AS name;
         INSERT INTO revisions (environment_id, number, topology, content_hash, catalogue_version, node_count, title,
                                made_by_name, made_at)
         SELECT id, 1, '{}', sha256('x'), 1, 0, 'First', 'x', now() FROM environments;
         INSERT INTO changes (environment_id, title, state, base_revision, created_by_name, created_at, submitted_at,
                              touched_by_name, touched_action, touched_at)
         SELECT id, 'One', 'approved', 1, 'x', now(), now(), 'x', 'change-approved', now() FROM environments;
         INSERT INTO votes (change_id, round, voter_id, voter_name, is_expert, verdict, digest, at)
         SELECT c.id, 1, a.id, a.name, a.name = 'luis', 'approve', sha256('x'),
                timestamptz '2026-01-01 00:00Z' + CASE WHEN a.name = 'luis' THEN interval '1 hour' ELSE '0' END
         FROM changes c, accounts a;",
    )
    .execute(&pool)
    .await
    .unwrap();
    migrate(&pool, 15, i64::MAX).await;

    let votes: Vec<(String, Vec<String>)> =
        sqlx::query_as("SELECT voter_name, groups FROM votes ORDER BY voter_name").fetch_all(&pool).await.unwrap();
    assert_eq!(
        votes,
        [("lena".to_owned(), Vec::new()), ("luis".to_owned(), vec!["infrastructure experts".to_owned()])]
    );
    let (since, hours): (String, i32) = sqlx::query_as(
        "SELECT (approved_at AT TIME ZONE 'UTC')::text, extract(hours FROM approved_until - approved_at)::int
                + 24 * extract(days FROM approved_until - approved_at)::int FROM changes",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!((since.as_str(), hours), ("2026-01-01 01:00:00", 168));
    let error = sqlx::query("UPDATE votes SET groups = '{}'").execute(&pool).await.unwrap_err();
    assert!(error.to_string().contains("is append-only"), "the trigger is in force again: {error}");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_audited_in_the_code_is_so_in_the_database(pool: PgPool) {
    let mut stored: Vec<String> =
        sqlx::query_scalar("SELECT action FROM audited_actions").fetch_all(&pool).await.unwrap();
    let mut known: Vec<&str> = AuditAction::ALL.iter().copied().map(AuditAction::as_str).collect();
    stored.sort_unstable();
    known.sort_unstable();
    assert_eq!(stored, known);
}

/// The database tells weaker from stricter by this list: a migration says what a new rule is.
#[sqlx::test(migrations = "../migrations")]
async fn how_much_a_rule_matters_in_the_code_is_so_in_the_database(pool: PgPool) {
    let stored: Vec<(String, String)> =
        sqlx::query_as("SELECT rule, level FROM rule_defaults").fetch_all(&pool).await.unwrap();
    let stored: BTreeMap<String, String> = stored.into_iter().collect();
    let known = RuleId::ALL.iter().map(|rule| (rule.to_string(), Level::from(rule.default_severity()).to_string()));
    assert_eq!(stored, known.collect());
}
