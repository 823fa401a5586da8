//! What an attacker tried who got at the application's connections: rows that nobody can read, of times that were not, and
//! runs that nobody began.

use sqlx::{AssertSqlSafe, PgPool};
use strata_backend::approvals::inbox_load;
use strata_backend::audit::audit_list;

use crate::support::{ENVIRONMENT, World, as_application, digest_of};

fn audit_row(at: &str, after: &str) -> String {
    format!(
        "INSERT INTO audit_log (at, actor_name, action, subject_kind, subject, environment_id, after)
         VALUES ({at}, 'x', 'change-approved', 'change', '1', 1, {after})"
    )
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn no_row_is_of_a_time_that_cannot_be(pool: PgPool) {
    let world = World::new(pool).await;
    let id = world.in_review("worker-2.example.net").await;
    let vote = |at: &str| {
        format!(
            "INSERT INTO votes (change_id, round, voter_id, voter_name, groups, verdict, digest, at)
             SELECT {id}, 1, a.id, a.name, '{{}}', 'approve', decode(repeat('07', 32), 'hex'), {at}
             FROM accounts a JOIN grants g ON g.account_id = a.id AND g.capability = 'lead' LIMIT 1"
        )
    };
    let touched = |at: &str| format!("UPDATE changes SET touched_at = {at} WHERE id = {id}");
    for time in
        ["'infinity'", "'-infinity'", "'290000-01-01Z'", "'2001-01-01Z'", "'2090-01-01Z'", "now() + interval '2 days'"]
    {
        for statement in [audit_row(time, "NULL"), vote(time), touched(time)] {
            let refused = world.as_attacker(&statement).await.unwrap_or_default();
            assert!(refused.ends_with("_of_now") || refused.ends_with("_in_calendar"), "{statement}: {refused}");
        }
    }
    for statement in [audit_row("now()", "NULL"), vote("now()"), touched("touched_at")] {
        assert_eq!(world.as_attacker(&statement).await, None, "{statement}");
    }
    // Nor by the owner, who may say that something was long ago.
    let by_owner = async |at: &str| sqlx::raw_sql(AssertSqlSafe(audit_row(at, "NULL"))).execute(&world.pool).await;
    assert!(by_owner("'infinity'").await.is_err());
    by_owner("'2020-01-01Z'").await.unwrap();
    let rows: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.atttypid = 'timestamptz'::regtype
           AND NOT a.attisdropped AND c.relname <> '_sqlx_migrations'
           AND (c.relname, a.attname) NOT IN (('paces', 'due'), ('rule_level_history', 'at'))
           AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid
                           AND k.conname = left(c.relname || '_' || a.attname || '_in_calendar', 63))",
    )
    .fetch_one(&world.pool)
    .await
    .unwrap();
    assert_eq!(rows, 0, "a new table's times are within the calendar as well: see migration 0055");
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_row_that_cannot_be_read_hides_no_other(pool: PgPool) {
    let world = World::new(pool).await;
    let id = world.in_review("worker-2.example.net").await;
    let application = as_application(&world.pool).await;
    let deep = format!("'{}1{}'", "[".repeat(400), "]".repeat(400));
    for after in ["'{\"n\": 1e400}'", deep.as_str()] {
        sqlx::raw_sql(AssertSqlSafe(audit_row("now()", after))).execute(&application).await.unwrap();
    }
    let rows = audit_list(&world.backend, &world.vera, Some(ENVIRONMENT), None, 50, None).await.unwrap().rows;
    assert!(
        rows.len() > 3
            && rows[0].after.as_ref().is_some_and(|after| after.as_str().is_some_and(|text| text.len() > 800))
    );
    assert_eq!(world.view(id).await.change.id, id);
    // An edit that is none takes its change with it, and nothing else.
    let junk = world.draft("worker-3.example.net").await;
    let edit = format!(
        "INSERT INTO change_edits (change_id, sequence, author_id, author_name, at, edit)
         SELECT {junk}, 2, author_id, author_name, now(), '{{\"kind\": \"zz\"}}' FROM change_edits WHERE change_id = {junk}"
    );
    sqlx::raw_sql(AssertSqlSafe(edit)).execute(&application).await.unwrap();
    let waits = inbox_load(&world.backend, &world.lena).await.unwrap().waits;
    assert_eq!(waits.iter().map(|awaited| awaited.change.id).collect::<Vec<_>>(), [id]);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_run_begins_whole_or_not_at_all(pool: PgPool) {
    let world = World::new(pool).await;
    let id = world.approved("worker-2.example.net").await;
    let view = world.view(id).await;
    let digest: String = digest_of(&view).0.iter().map(|byte| format!("{byte:02x}")).collect();
    let run = format!(
        "INSERT INTO runs (environment_id, change_id, executor, digest, catalogue_version, base_revision, desired,
                           requested_by_name, requested_at)
         VALUES (1, {id}, 'dry-run', decode('{digest}', 'hex'), 1, 1, '{{}}', 'x', now())"
    );
    let other = "INSERT INTO run_steps (run_id, step_id, position, depends_on, plan_step)
                 SELECT max(id), 'x', 1, '{}', '{}' FROM runs";
    let steps = "INSERT INTO run_steps (run_id, step_id, position, depends_on, plan_step)
                 SELECT (SELECT max(id) FROM runs), s.step ->> 'id', s.place,
                        ARRAY(SELECT jsonb_array_elements_text(s.step -> 'depends_on')), s.step
                 FROM decided_plans p, jsonb_array_elements(p.plan -> 'steps') WITH ORDINALITY AS s (step, place)";
    let told = "INSERT INTO audit_log (at, actor_name, action, subject_kind, subject, environment_id)
                SELECT now(), 'x', 'run-started', 'run', max(id)::text, 1 FROM runs";
    let decided = |asked: &str| {
        format!(
            "INSERT INTO decisions SELECT DISTINCT c.id, c.version + 1, c.round, d.digest, 0, '{asked}'::jsonb
             FROM changes c JOIN decisions d ON d.change_id = c.id WHERE c.id = {id}"
        )
    };
    let moved = format!("UPDATE changes SET state = 'provisioning', version = version + 1 WHERE id = {id}");
    let begun = |parts: &[&str]| parts.join("; ");
    let (none, three) = (decided("[]"), decided(r#"[{"quorum": 3}]"#));
    for parts in [
        vec![run.as_str()],
        vec![&run, steps],
        vec![&run, steps, &moved],
        vec![&run, steps, told, &moved],
        vec![&none, &run, steps, told],
        vec![&none, &run, steps, &moved],
        vec![&none, &run, told, &moved],
        vec![&none, &run, other, told, &moved],
    ] {
        let refused = world.as_attacker(&begun(&parts)).await;
        assert_eq!(refused.as_deref(), Some("runs_begin_whole"), "{parts:?}");
    }
    let refused = world.as_attacker(&begun(&[&three, &run, steps, told, &moved])).await;
    assert_eq!(refused.as_deref(), Some("runs_approved_by_enough"));
    // All of it is an apply, which the worker holds against what was approved; so it does not end before a worker saw it.
    let whole = [none.as_str(), &run, steps, told, &moved];
    assert_eq!(world.as_attacker(&begun(&whole)).await, None);
    let checked = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED;
                   UPDATE runs SET state = 'running', started_at = now(); UPDATE run_steps SET state = 'succeeded', attempts = 1, started_at = now(), finished_at = now()";
    let live = "INSERT INTO revisions (environment_id, number, topology, content_hash, catalogue_version, node_count, change_id,
                                       run_id, title, made_by_name, made_at)
                SELECT r.environment_id, 2, r.desired, v.content_hash, 1, 0, r.change_id, r.id, 'x', 'x', now()
                FROM runs r JOIN revisions v ON v.environment_id = r.environment_id";
    let failed = "UPDATE runs SET state = 'failed', finished_at = now()";
    for (end, by) in [(live, "revisions_take_their_time"), (failed, "runs_take_their_time")] {
        let refused = world.as_attacker(&begun(&[&begun(&whole), checked, end])).await;
        assert_eq!(refused.as_deref(), Some(by));
    }
    // Nor is it of another environment, or of long ago.
    sqlx::raw_sql("INSERT INTO environments (slug, created_at) VALUES ('lab', now())")
        .execute(&world.pool)
        .await
        .unwrap();
    let elsewhere = run.replace("VALUES (1,", "VALUES ((SELECT id FROM environments WHERE slug = 'lab'),");
    assert_eq!(world.as_attacker(&elsewhere).await.as_deref(), Some("runs_of_environment"));
    let long_ago = run.replace("'x', now())", "'x', '2020-01-01Z')");
    assert_eq!(world.as_attacker(&long_ago).await.as_deref(), Some("runs_of_now"));
    let word = "UPDATE changes SET touched_action = 'apply'";
    assert_eq!(world.as_attacker(word).await.as_deref(), Some("changes_touched_action"));
}

/// One vote of two: the row that says how many were asked for is the submission's, and there to stay.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_was_asked_for_when_it_was_submitted_is_asked_of_the_run(pool: PgPool) {
    let world = World::new(pool).await;
    let id = world.approved("worker-2.example.net").await;
    let more = format!("UPDATE decisions SET asked = jsonb_set(asked, '{{0,quorum}}', '2') WHERE change_id = {id}");
    world.past_the_guard("decisions", "decisions_append_only", &more).await;
    let error = crate::support::change_apply(&world.backend, &world.ada, id, world.version(id).await).await;
    assert!(matches!(error, Err(strata_backend::Error::Unexpected { .. })), "{error:?}");
    assert_eq!(world.count("runs").await, 0);
}
