//! What an attacker tried who got at the application's connections: rows that nobody can read, of times that were not, and
//! runs that nobody began.

use sqlx::{AssertSqlSafe, PgPool};
use strata_backend::approvals::inbox_load;
use strata_backend::audit::audit_list;
use strata_backend::catalogues::rule_level_set;
use strata_backend::changes::{change_start, change_submit};
use strata_backend::schedule::{entry_add, entry_remove};
use strata_domain::catalogue::{Catalogue, Level};
use strata_domain::change::ChangeState;
use strata_domain::digest::Digest;
use strata_domain::edit::Edit;
use strata_domain::findings::{Severity, check};
use strata_domain::review::Verdict;
use strata_domain::run::RunState;
use strata_domain::schedule::Kind;
use strata_domain::topology::SettingValue;

use crate::schedule::once;
use crate::support::{ENVIRONMENT, World, add_node, as_application, digest_of};

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
         SELECT {junk}, 2, author_id, author_name, now(), '{{\"kind\": \"add-node\"}}' FROM change_edits WHERE change_id = {junk}"
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
    let desired = serde_json::to_string(&*view.desired.topology).unwrap();
    let run = format!(
        "INSERT INTO runs (environment_id, change_id, executor, digest, catalogue_version, base_revision, desired,
                           requested_by_name, requested_at, policy_version, approval_hours, rule_level_id)
         VALUES (1, {id}, 'dry-run', decode('{digest}', 'hex'), 1, 1, $desired${desired}$desired$, 'x', now(), 1, 168, 0)"
    );
    let other = "INSERT INTO run_steps (run_id, step_id, position, depends_on, plan_step)
                 SELECT max(id), 'x', 1, '{}', '{}' FROM runs";
    let steps = "INSERT INTO run_steps (run_id, step_id, position, depends_on, plan_step)
                 SELECT (SELECT max(id) FROM runs), s.step ->> 'id', s.place,
                        ARRAY(SELECT jsonb_array_elements_text(s.step -> 'depends_on')), s.step
                 FROM decided_plans p, jsonb_array_elements(p.plan -> 'steps') WITH ORDINALITY AS s (step, place)";
    let counter = "INSERT INTO run_log_counters (run_id) SELECT max(id) FROM runs";
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
    let (one, three) = (decided(r#"[{"quorum": 1}]"#), decided(r#"[{"quorum": 3}]"#));
    for parts in [
        vec![run.as_str()],
        vec![&run, steps],
        vec![&run, steps, &moved],
        vec![&run, steps, counter, told, &moved],
        vec![&one, &run, steps, counter, told],
        vec![&one, &run, steps, counter, &moved],
        vec![&one, &run, counter, told, &moved],
        vec![&one, &run, other, counter, told, &moved],
        vec![&one, &run, steps, told, &moved],
    ] {
        let is_loose = parts.contains(&one.as_str()) && !parts.contains(&moved.as_str());
        let by = if is_loose { "decisions_come_with_acts" } else { "runs_begin_whole" };
        assert_eq!(world.as_attacker(&begun(&parts)).await.as_deref(), Some(by), "{parts:?}");
    }
    // Asked before the end of the transaction, a run that is whole gets no more steps.
    let (early, late) = ("SET CONSTRAINTS ALL IMMEDIATE", other.replace("'x', 1,", "'x', 99,"));
    let refused = world.as_attacker(&begun(&[&one, &run, steps, counter, told, &moved, early, &late])).await;
    assert_eq!(refused.as_deref(), Some("run_steps_come_with_it"));
    let refused = world.as_attacker(&begun(&[&three, &run, steps, counter, told, &moved])).await;
    assert_eq!(refused.as_deref(), Some("runs_approved_by_enough"));
    let experts = decided(r#"[{"quorum": 1, "group": "infrastructure experts"}]"#);
    let refused = world.as_attacker(&begun(&[&experts, &run, steps, counter, told, &moved])).await;
    assert_eq!(refused.as_deref(), Some("runs_approved_by_enough"), "who voted is none of them");
    for (was, is, by) in [
        ("'hex'), 1, 1, $", "'hex'), 999, 1, $", "runs_begin_whole"),
        ("'hex'), 1, 1, $", "'hex'), 1, 0, $", "runs_under_what_is_in_force"),
        // What the run says of what was in force is no word to go by.
        ("now(), 1, 168, 0)", "now(), 99, 168, 0)", "runs_under_what_is_in_force"),
        ("now(), 1, 168, 0)", "now(), NULL, 168, 0)", "23502"),
        ("now(), 1, 168, 0)", "now(), 1, 2160, 0)", "runs_under_what_is_in_force"),
        ("now(), 1, 168, 0)", "now(), 1, 168, 7)", "runs_under_what_is_in_force"),
    ] {
        assert!(run.contains(was), "{was}");
        let refused = world.as_attacker(&begun(&[&one, &run.replacen(was, is, 1), steps, counter, told, &moved])).await;
        assert_eq!(refused.as_deref(), Some(by), "{was} {is}");
    }
    // Nothing has happened of what begins.
    let dated = run.replacen("requested_at,", "requested_at, started_at,", 1).replacen(
        "now(), 1,",
        "now(), '2900-01-01', 1,",
        1,
    );
    assert_eq!(world.as_attacker(&dated).await.as_deref(), Some("runs_begin_queued"));
    let tried = steps.replacen("plan_step)", "plan_step, attempts, started_at)", 1).replacen(
        ", s.step\n",
        ", s.step, 7, now()\n",
        1,
    );
    assert_eq!(world.as_attacker(&begun(&[&one, &run, &tried])).await.as_deref(), Some("run_steps_come_with_it"));
    // All of it is an apply, which the worker holds against what was approved; so it does not end before a worker saw it.
    let whole = [one.as_str(), &run, steps, counter, told, &moved];
    assert_eq!(world.as_attacker(&begun(&whole)).await, None);
    let checked = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED";
    let live = "INSERT INTO revisions (environment_id, number, topology, content_hash, catalogue_version, node_count, change_id,
                                       run_id, title, made_by_name, made_at)
                SELECT r.environment_id, 2, r.desired, v.content_hash, 1, 0, r.change_id, r.id, 'x', 'x', now()
                FROM runs r JOIN revisions v ON v.environment_id = r.environment_id";
    let failed = "UPDATE runs SET state = 'failed', finished_at = now()";
    // Nor does it look as though a worker had been at it.
    let taken_up = "UPDATE runs SET state = 'running', started_at = now()";
    let carried_out = "UPDATE run_steps SET state = 'succeeded', attempts = 1, started_at = now(), finished_at = now()";
    let held = "UPDATE run_steps SET state = 'running', attempts = 1, started_at = now(), lease_owner = 'x', lease_until = now()";
    for (end, by) in [
        (live, "revisions_by_runs"),
        (failed, "runs_take_their_time"),
        (taken_up, "runs_take_their_time"),
        (carried_out, "run_steps_go_on"),
        (held, "run_steps_go_on"),
    ] {
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
    let long_ago = run.replace("'x', now(),", "'x', '2020-01-01Z',");
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

/// What two leads have to approve is not begun with the vote of one, whatever is written beside that; and past what guards it,
/// the worker asks the policy, before it carries anything out and before anything becomes live.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn the_vote_of_one_is_not_that_of_two(pool: PgPool) {
    let world = World::new(pool).await;
    for (number, is_done) in [(2, false), (3, true)] {
        let id = high_risk(&world, &format!("sql-{number}.example.net")).await;
        world.vote(&world.lena, id, Verdict::Approve, None).await.unwrap();
        let view = world.view(id).await;
        assert_eq!(view.change.state, ChangeState::InReview, "two are asked for");
        let desired = serde_json::to_string(&*view.desired.topology).unwrap();
        let statements = begun_with_less(id, &digest_of(&view), &desired);
        assert_eq!(world.as_attacker(&statements).await.as_deref(), Some("runs_approved_by_enough"));
        let past = format!("ALTER TABLE runs DISABLE TRIGGER USER; {statements}; ALTER TABLE runs ENABLE TRIGGER USER");
        let done = "ALTER TABLE run_steps DISABLE TRIGGER run_steps_go_on;
                    UPDATE runs SET state = 'running', started_at = now() WHERE state = 'queued';
                    UPDATE run_steps SET state = 'succeeded', attempts = 1, started_at = now(), finished_at = now()
                    WHERE state = 'pending';
                    ALTER TABLE run_steps ENABLE TRIGGER run_steps_go_on";
        let past = if is_done { format!("{past}; COMMIT; {done}") } else { past };
        sqlx::raw_sql(AssertSqlSafe(past)).execute(&world.pool).await.unwrap();
        let run: i64 = sqlx::query_scalar("SELECT max(id) FROM runs").fetch_one(&world.pool).await.unwrap();
        let ended = world.run_to_the_end(run).await;
        assert_eq!(ended.state, RunState::Failed);
        let told: String = sqlx::query_scalar(
            "SELECT concat((SELECT string_agg(outcome, ' ') FROM run_steps WHERE run_id = $1),
                           (SELECT reason FROM changes WHERE id = $2),
                           (SELECT string_agg(reason, ' ') FROM audit_log WHERE subject = $1::text))",
        )
        .bind(run)
        .bind(id)
        .fetch_one(&world.pool)
        .await
        .unwrap();
        assert!(told.contains("It was begun with 1 of 2"), "{told}");
        assert_eq!(world.count("revisions").await, 1, "nothing became live");
    }
}

/// A change in review that two leads have to approve.
async fn high_risk(world: &World, host: &str) -> i64 {
    let id = change_start(&world.backend, &world.ada, ENVIRONMENT, "A slave").await.unwrap();
    let mut edit = add_node(host, "sql");
    if let Edit::AddNode { node } = &mut edit {
        node.roles[0].settings.insert("replication".to_owned(), SettingValue::Text("slave".to_owned()));
    }
    world.edit(&world.ada, id, edit).await;
    change_submit(&world.backend, &world.ada, id, world.version(id).await).await.unwrap();
    id
}

/// A run of a change in review, whole, by decisions that ask for the vote of one.
fn begun_with_less(id: i64, digest: &Digest, desired: &str) -> String {
    let digest: String = digest.0.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "UPDATE changes SET state = 'approved', version = version + 1, approved_at = now(),
                            approved_until = now() + interval '1 day' WHERE id = {id};
         INSERT INTO decisions SELECT id, version + 1, round, decode('{digest}', 'hex'), 0, '[{{\"quorum\": 1}}]'
         FROM changes WHERE id = {id};
         INSERT INTO runs (environment_id, change_id, executor, digest, catalogue_version, base_revision, desired,
                           requested_by_name, requested_at, policy_version, approval_hours, rule_level_id)
         VALUES (1, {id}, 'dry-run', decode('{digest}', 'hex'), 1, 1, $desired${desired}$desired$, 'x', now(), 1, 168, 0);
         INSERT INTO run_steps (run_id, step_id, position, depends_on, plan_step)
         SELECT (SELECT max(id) FROM runs), s.step ->> 'id', s.place,
                ARRAY(SELECT jsonb_array_elements_text(s.step -> 'depends_on')), s.step
         FROM decided_plans p, jsonb_array_elements(p.plan -> 'steps') WITH ORDINALITY AS s (step, place)
         WHERE p.change_id = {id};
         INSERT INTO run_log_counters (run_id) SELECT max(id) FROM runs;
         INSERT INTO audit_log (at, actor_name, action, subject_kind, subject, environment_id)
         SELECT now(), 'x', 'run-started', 'run', max(id)::text, 1 FROM runs;
         UPDATE changes SET state = 'provisioning', version = version + 1 WHERE id = {id}"
    )
}

/// What was asked of a change since it was submitted is not forgotten: no round is begun and nothing is submitted beside the acts
/// that do so.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn rounds_and_submissions_come_with_their_acts(pool: PgPool) {
    let world = World::new(pool).await;
    let id = world.in_review("worker-2.example.net").await;
    let ada = "(SELECT submitted_by FROM changes WHERE id = 1)".replace("= 1", &format!("= {id}"));
    let submitted = |version: &str, policy: &str, levels: &str, lifetime: &str| {
        format!(
            "INSERT INTO change_submissions (change_id, version, submitter_id, submitter_name, at, approval_hours, lifetime_id,
                                             policy_version, rule_level_id)
             SELECT {id}, {version}, {ada}, 'Ada', now(), 24, {lifetime}, {policy}, {levels} FROM changes WHERE id = {id}"
        )
    };
    let raised = format!("UPDATE changes SET version = version + 1 WHERE id = {id}");
    let again = format!(
        "UPDATE changes SET version = version + 1, state = 'draft', round = round + 1 WHERE id = {id};
         UPDATE changes SET version = version + 1, state = 'in-review', submitted_at = now() WHERE id = {id}"
    );
    let submission = "change_submissions_of_changes";
    for (statement, by) in [
        (
            format!("UPDATE changes SET round = round + 1, version = version + 1 WHERE id = {id}"),
            Some("changes_rounds_go_on"),
        ),
        (
            format!("UPDATE changes SET state = 'draft', version = version + 1 WHERE id = {id}"),
            Some("changes_rounds_go_on"),
        ),
        (format!("UPDATE changes SET submitted_at = now() WHERE id = {id}"), Some("changes_rounds_go_on")),
        (format!("{raised}; {}", submitted("version", "1", "0", "0")), Some(submission)),
        (format!("{again}; {}", submitted("version + 1", "1", "0", "0")), Some(submission)),
        (format!("{again}; {}", submitted("version", "99", "0", "0")), Some(submission)),
        (format!("{again}; {}", submitted("version", "0", "0", "0")), Some(submission)),
        (format!("{again}; {}", submitted("version", "NULL", "0", "0")), Some(submission)),
        (format!("{again}; {}", submitted("version", "1", "99999", "0")), Some(submission)),
        (format!("{again}; {}", submitted("version", "1", "0", "99999")), Some(submission)),
        // What the acts themselves write.
        (format!("{again}; {}", submitted("version", "1", "0", "0")), None),
    ] {
        assert_eq!(world.as_attacker(&statement).await.as_deref(), by, "{statement}");
    }
}

/// A run with every vote it needs, begun past the use case: the worker asks what an apply asks.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_worker_asks_again_what_an_apply_asks(pool: PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, .. } = &world;
    let application = as_application(&world.pool).await;
    let (closed, blocked) =
        (world.approved("worker-2.example.net").await, world.approved("worker-3.example.net").await);
    let freeze = entry_add(backend, lena, ENVIRONMENT, once(Kind::Freeze, "Quarter", -60, 60))
        .await
        .unwrap()
        .in_force()
        .unwrap();
    let run = begun(&world, &application, closed).await;
    assert_eq!(told_of(&world, run).await, "It was begun while its environment was closed.");
    entry_remove(backend, lena, ENVIRONMENT, freeze, 1, Some("It was a test of what a worker asks")).await.unwrap();
    let view = world.view(blocked).await;
    let found = check(&view.desired.topology, Catalogue::built_in());
    let rule = found.iter().find(|finding| finding.severity != Severity::Blocker).unwrap().rule;
    rule_level_set(backend, ada, ENVIRONMENT, rule, Some(Level::Blocker), "It broke calls").await.unwrap();
    let run = begun(&world, &application, blocked).await;
    let told = told_of(&world, run).await;
    assert!(told.starts_with("It was begun with ") && told.contains(" blocker"), "{told}");
    assert_eq!(world.count("revisions").await, 1, "nothing became live");
}

/// Begins a run of an approved change by what the database lets in; gives its id.
async fn begun(world: &World, application: &PgPool, id: i64) -> i64 {
    let view = world.view(id).await;
    let desired = serde_json::to_string(&*view.desired.topology).unwrap();
    let levels: i64 =
        sqlx::query_scalar("SELECT coalesce(max(id), 0) FROM rule_level_history").fetch_one(&world.pool).await.unwrap();
    let statements = begun_with_less(id, &digest_of(&view), &desired).replacen(
        "now(), 1, 168, 0)",
        &format!("now(), 1, 168, {levels})"),
        1,
    );
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(application).await.unwrap();
    sqlx::query_scalar("SELECT max(id) FROM runs").fetch_one(&world.pool).await.unwrap()
}

/// Why the run failed, as its first step tells.
async fn told_of(world: &World, run: i64) -> String {
    assert_eq!(world.run_to_the_end(run).await.state, RunState::Failed);
    let told: String =
        sqlx::query_scalar("SELECT outcome FROM run_steps WHERE run_id = $1 AND state = 'failed' ORDER BY position")
            .bind(run)
            .fetch_one(&world.pool)
            .await
            .unwrap();
    told.replace(" Nothing of this step was carried out.", "")
}

/// A revision is the end of a run that went well, glass is broken before somebody says what they found, versions follow each
/// other, and what is counted is counted.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_belongs_together_comes_together(pool: PgPool) {
    let world = World::new(pool).await;
    let (open, id) = (world.in_review("worker-2.example.net").await, world.approved("worker-3.example.net").await);
    let run = crate::support::change_apply(&world.backend, &world.ada, id, world.version(id).await).await.unwrap();
    let carried_out = "UPDATE runs SET state = 'running', started_at = now();
         DO $$ DECLARE s record; BEGIN
             FOR s IN SELECT * FROM run_steps ORDER BY position LOOP
                 UPDATE run_steps SET state = 'running', attempts = 1, lease_owner = 'x', lease_until = now() + interval '1 minute',
                                      started_at = now() WHERE run_id = s.run_id AND step_id = s.step_id;
                 UPDATE run_steps SET state = 'succeeded', lease_owner = NULL, lease_until = NULL, finished_at = now()
                 WHERE run_id = s.run_id AND step_id = s.step_id;
             END LOOP;
         END $$;
         INSERT INTO revisions (environment_id, number, topology, content_hash, catalogue_version, node_count, change_id,
                                run_id, title, made_by_name, made_at)
         SELECT r.environment_id, 2, r.desired, v.content_hash, 1, 0, r.change_id, r.id, 'x', 'x', now()
         FROM runs r JOIN revisions v ON v.environment_id = r.environment_id";
    let live = "UPDATE environments SET live_revision = 2";
    let failed = "UPDATE runs SET state = 'failed', finished_at = now()";
    let glass = |more: &str, values: &str| {
        format!(
            "INSERT INTO broken_glass (change_id, environment_id, digest, broken_by_name, reason, at{more})
             VALUES ({open}, 1, sha256('x'), 'x', 'There is no time', now(){values})"
        )
    };
    let review = |who: &str| {
        format!(
            "{}; UPDATE broken_glass SET reviewed_by = a.id, reviewed_by_name = a.name, reviewed_at = now(), conclusion = 'x'
             FROM accounts a WHERE a.name = '{who}'",
            glass("", "")
        )
    };
    let of_review = ", reviewed_by, reviewed_by_name, reviewed_at, conclusion";
    for (statement, by) in [
        (carried_out.to_owned(), Some("revisions_end_runs")),
        (format!("{carried_out}; {live}"), Some("revisions_end_runs")),
        (format!("{carried_out}; {live}; {failed}"), Some("revisions_end_runs")),
        (format!("UPDATE runs SET state = 'running', started_at = now(); {failed}"), Some("runs_end_whole")),
        (
            glass(of_review, ", (SELECT id FROM accounts WHERE name = 'Lena Lead'), 'x', now(), 'x'"),
            Some("broken_glass_reviewed_by_leads"),
        ),
        (
            format!(
                "INSERT INTO environments (slug, created_at) VALUES ('lab', now());
                 INSERT INTO broken_glass (change_id, environment_id, digest, broken_by_name, reason, at)
                 SELECT {open}, id, sha256('x'), 'x', 'There is no time', now() FROM environments WHERE slug = 'lab'"
            ),
            Some("broken_glass_of_environment"),
        ),
        (review("Vera Viewer"), Some("broken_glass_reviewed_by_leads")),
        (review("Ada Admin"), Some("broken_glass_not_by_authors")),
        (review("Lena Lead"), Some("broken_glass_with_runs")),
        (format!("UPDATE changes SET version = version + 2 WHERE id = {open}"), Some("changes_versions_follow")),
        (
            format!("INSERT INTO decisions SELECT change_id, version + 1, round, digest, blockers, asked, risk
                     FROM decisions WHERE change_id = {open}"),
            Some("decisions_come_with_acts"),
        ),
        (format!("UPDATE run_log_counters SET lines = 9223372036854775807 WHERE run_id = {run}"), Some("run_log_counters_count")),
        (
            "UPDATE runs SET state = 'running', started_at = now();
             UPDATE run_steps SET state = 'running', attempts = 1, lease_owner = 'x', lease_until = '2999-01-01', started_at = now()
             WHERE position = 1"
                .to_owned(),
            Some("run_steps_held_for_a_while"),
        ),
        ("INSERT INTO environments (slug, created_at) VALUES ('old', '2001-01-01')".to_owned(), Some("environments_of_now")),
        (
            format!(
                "UPDATE runs SET state = 'running', started_at = now();
                 UPDATE run_steps SET state = 'running', attempts = 1, lease_owner = 'x',
                                      lease_until = now() + interval '1 minute', started_at = now() WHERE position = 1;
                 INSERT INTO run_log SELECT {run}, 9223372036854775807, step_id, now(), 'The end' FROM run_steps WHERE position = 1"
            ),
            Some("run_log_at_the_end"),
        ),
        (format!("UPDATE changes SET log_start = 999 WHERE id = {id}"), Some("changes_end_as_they_were")),
        (format!("UPDATE changes SET base_revision = 0 WHERE id = {id}"), Some("changes_end_as_they_were")),
        (
            format!("UPDATE changes SET state = 'withdrawn', version = version + 1, log_start = 999 WHERE id = {open}"),
            Some("changes_end_as_they_were"),
        ),
    ] {
        assert_eq!(world.as_attacker(&statement).await.as_deref(), by, "{statement}");
    }
}

/// A step is held before it ends, by who took it up, after all that it depends on.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn no_step_ends_that_nobody_carried_out(pool: PgPool) {
    let world = World::new(pool).await;
    let id = world.approved("worker-2.example.net").await;
    crate::support::change_apply(&world.backend, &world.ada, id, world.version(id).await).await.unwrap();
    let running = "UPDATE runs SET state = 'running', started_at = now()";
    let held = |which: &str| {
        format!(
            "UPDATE run_steps SET state = 'running', attempts = attempts + 1, started_at = now(), lease_owner = 'x',
                                  lease_until = now() + interval '1 minute' WHERE {which}"
        )
    };
    let ended = |state: &str| {
        format!(
            "UPDATE run_steps SET state = '{state}', started_at = now(), finished_at = now(), lease_owner = NULL,
                                  lease_until = NULL WHERE position = 1"
        )
    };
    let first = held("position = 1");
    for (statement, by) in [
        (first.clone(), Some("run_steps_go_on")),
        (format!("{running}; {}", ended("succeeded")), Some("run_steps_go_on")),
        (format!("{running}; {}", ended("failed")), Some("run_steps_go_on")),
        (format!("{running}; {}", held("cardinality(depends_on) > 0")), Some("run_steps_go_on")),
        (format!("{running}; {}", first.replace("attempts + 1", "attempts")), Some("run_steps_go_on")),
        (format!("{running}; {}", first.replace("attempts + 1", "attempts + 2")), Some("run_steps_go_on")),
        (format!("{running}; {first}; {}", ended("succeeded")), None),
    ] {
        assert_eq!(world.as_attacker(&statement).await.as_deref(), by, "{statement}");
    }
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn no_row_says_what_nobody_could_read(pool: PgPool) {
    let world = World::new(pool).await;
    let draft = world.draft("worker-2.example.net").await;
    let review = world.in_review("worker-3.example.net").await;
    let proposed = |rules: &str| {
        format!(
            "INSERT INTO policy_proposals (environment_id, kind, based_on, rules, reason, proposer_id, proposer_name, proposed_at)
             SELECT 1, 'policy', 1, '{rules}', 'x', id, name, now() FROM accounts LIMIT 1"
        )
    };
    for (statement, by) in [
        (proposed(r#"[{"quorum": "abc"}]"#), "policy_proposals_rules_are_rules"),
        (proposed(r#"[{"quorum": 0}]"#), "policy_proposals_rules_are_rules"),
        (proposed(r#"[{}]"#), "policy_proposals_rules_are_rules"),
        (proposed(r#"{"quorum": 1}"#), "policy_proposals_rules_are_rules"),
        (
            "INSERT INTO catalogues (environment_id, version, roles, what, made_by_name, made_at)
             VALUES (1, 2, '{\"garbage\": true}', 'x', 'x', now())"
                .to_owned(),
            "catalogues_roles_are_roles",
        ),
        (
            format!(
                "INSERT INTO change_edits (change_id, sequence, author_id, author_name, at, edit)
                 SELECT {draft}, 2, author_id, author_name, now(), '{{\"kind\": \"zz\"}}'
                 FROM change_edits WHERE change_id = {draft}"
            ),
            "change_edits_are_edits",
        ),
        (format!("UPDATE changes SET version = 9223372036854775807 WHERE id = {draft}"), "changes_versions_follow"),
        (
            "INSERT INTO changes (environment_id, title, state, base_revision, created_by_name, created_at, touched_by_name,
                                  touched_action, touched_at)
             VALUES (1, 'x', 'applied', 1, 'x', now(), 'x', 'change-started', now())"
                .to_owned(),
            "changes_begin_as_drafts",
        ),
        (
            format!(
                "INSERT INTO votes (change_id, round, voter_id, voter_name, groups, verdict, digest, at, approval_hours)
                 SELECT {review}, 1, a.id, a.name, '{{\"infrastructure experts\"}}', 'approve', sha256('x'), now(), 24
                 FROM accounts a WHERE a.name = 'Lena Lead'"
            ),
            "votes_of_members",
        ),
        (
            format!(
                "INSERT INTO votes (change_id, round, voter_id, voter_name, groups, verdict, digest, at, approval_hours)
                 SELECT {review}, 1, a.id, a.name, ARRAY[NULL]::text[], 'approve', sha256('x'), now(), 24
                 FROM accounts a WHERE a.name = 'Lena Lead'"
            ),
            "votes_groups_are_named",
        ),
        (format!("UPDATE changes SET planned = '[1]' WHERE id = {review}"), "changes_planned_is_planned"),
        (
            "INSERT INTO catalogues (environment_id, version, roles, what, made_by_name, made_at)
             VALUES (1, 2147483647, '[]', 'x', 'x', now())"
                .to_owned(),
            "catalogues_versions_follow",
        ),
    ] {
        assert_eq!(world.as_attacker(&statement).await.as_deref(), Some(by), "{statement}");
    }
    // A rule that this version does not have matters to nothing that it does, and takes no page along.
    let unknown = "INSERT INTO rule_levels (environment_id, rule, level) VALUES (1, 'of.another-version', 'blocker')";
    world.past_the_guard("rule_levels", "rule_levels_as_proposed", unknown).await;
    assert_eq!(world.view(review).await.review.plan.blockers, 0);
    assert_eq!(inbox_load(&world.backend, &world.lena).await.unwrap().waits.len(), 1);
    // What is kept for lists is worked out anew where it cannot be read.
    let garbage = format!("UPDATE changes SET planned = '{{\"digest\": \"00\"}}' WHERE id = {review}");
    sqlx::raw_sql(AssertSqlSafe(garbage)).execute(&as_application(&world.pool).await).await.unwrap();
    assert_eq!(inbox_load(&world.backend, &world.lena).await.unwrap().waits.len(), 1);
    // What triggers keep, nobody else adds to: a level that never held would hide that another one was asked for.
    for statement in [
        "INSERT INTO rule_level_history (environment_id, rule, level, at) VALUES (1, 'role.too-few', 'off', now())",
        "INSERT INTO approval_lifetimes (environment_id, hours, at) VALUES (1, 8760, now())",
    ] {
        let application = as_application(&world.pool).await;
        let error = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&application).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some("42501"), "{statement}");
    }
}

/// Times that say when something happened, and are not held to be of now; each with why.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn every_time_that_tells_of_something_is_of_now(pool: PgPool) {
    let free: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.atttypid = 'timestamptz'::regtype
           AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgfoid = 'refuse_other_time'::regproc
                           AND position(a.attname::bytea || '\\000'::bytea IN t.tgargs) > 0)
         ORDER BY 1",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    insta::assert_snapshot!(free.join("\n"));
}
