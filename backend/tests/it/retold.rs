//! What an attacker tried who got at the application's connections: to retell what is over, by adding to it.

use strata_backend::Actor;
use strata_backend::accounts::account_disable;
use strata_backend::approvals::vote_take_back;
use strata_backend::changes::{change_copy, change_record, change_submit, change_withdraw};
use strata_backend::runs::{change_break_glass, glass_review};
use strata_domain::change::ChangeState;
use strata_domain::review::{Verdict, VoteStanding};
use strata_domain::run::RunState;

use crate::support::{World, account_id, change_apply, digest_of, email};

const WORKER: &str = "worker-2.example.net";

async fn refused(world: &World, statement: &str, by: &str) {
    let refused = Box::pin(world.as_attacker(statement)).await;
    assert_eq!(refused.as_deref(), Some(by), "{statement}");
}

/// Applied, approved by Lena; the change, its run and the vote.
async fn applied(world: &World) -> (i64, i64, i64) {
    let id = world.approved(WORKER).await;
    let run = change_apply(&world.backend, &world.ada, id, world.version(id).await).await.unwrap();
    assert_eq!(world.run_to_the_end(run).await.state, RunState::Succeeded);
    (id, run, world.view(id).await.review.votes[0].id)
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_change_that_ended_stays_what_it_was(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { lena, .. } = &world;
    let (id, ..) = Box::pin(applied(&world)).await;
    let rejected = Box::pin(world.in_review("worker-3.example.net")).await;
    world.vote(lena, rejected, Verdict::Reject, Some("No")).await.unwrap();
    let over = "changes_append_only";
    for set in [
        "state = 'withdrawn', reason = 'Nothing came of it'",
        "state = 'in-review'",
        "reason = 'x'",
        "approved_at = NULL",
        "round = round + 1",
    ] {
        for id in [id, rejected] {
            refused(&world, &format!("UPDATE changes SET {set} WHERE id = {id}"), over).await;
        }
    }
    // Votes of before a change was sent back do not count again.
    let open = Box::pin(world.in_review("worker-4.example.net")).await;
    world.vote(lena, open, Verdict::Approve, None).await.unwrap();
    world.vote(lena, open, Verdict::SendBack, Some("Look again")).await.unwrap();
    for set in ["round = 1", "log_start = 0", "version = 1"] {
        refused(&world, &format!("UPDATE changes SET {set} WHERE id = {open}"), over).await;
    }
    for state in ["applied", "failed", "provisioning", "rejected"] {
        refused(&world, &format!("UPDATE changes SET state = '{state}' WHERE id = {open}"), "changes_go_on").await;
    }
    refused(&world, &format!("DELETE FROM changes WHERE id = {open}"), "42501").await;
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn nothing_is_put_beside_what_is_over(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let (id, run, vote) = Box::pin(applied(&world)).await;
    let (lena, luis) = (account_id(&world.lena), account_id(&world.luis));
    let record = async || change_record(&world.backend, &world.vera, id).await.unwrap();
    let before = record().await;
    for (statement, by) in [
        (
            format!("INSERT INTO vote_take_backs (vote_id, account_id, at) VALUES ({vote}, '{lena}', now())"),
            "vote_take_backs_while_open",
        ),
        (
            format!(
                "INSERT INTO change_edits (change_id, sequence, author_id, author_name, edit, at)
                 SELECT {id}, 99, '{lena}', 'x', edit, at FROM change_edits WHERE change_id = {id}"
            ),
            "change_edits_while_open",
        ),
        (
            format!(
                "INSERT INTO change_rebases (change_id, sequence, rebaser_id, rebaser_name, at, from_revision, to_revision,
                                             choices)
                 VALUES ({id}, 90, '{lena}', 'x', now(), 1, 1, '{{\"1\": \"drop\"}}')"
            ),
            "change_rebases_while_open",
        ),
        (
            format!(
                "INSERT INTO change_submissions (change_id, version, submitter_id, submitter_name, at)
                 VALUES ({id}, 99, '{lena}', 'x', now())"
            ),
            "change_submissions_of_changes",
        ),
        (
            format!(
                "INSERT INTO broken_glass (change_id, environment_id, digest, broken_by_name, reason, at)
                 SELECT id, environment_id, sha256('x'), 'x', 'There was no time', now() FROM changes WHERE id = {id}"
            ),
            "broken_glass_while_open",
        ),
        (
            format!(
                "INSERT INTO votes (change_id, round, voter_id, voter_name, groups, verdict, digest, at)
                 VALUES ({id}, 1, '{luis}', 'x', '{{}}', 'approve', sha256('x'), now())"
            ),
            "votes_while_open",
        ),
    ] {
        refused(&world, &statement, by).await;
    }
    for sequence in ["0", "-5", "1", "99999"] {
        let line = format!(
            "INSERT INTO run_log (run_id, sequence, step_id, at, text)
             SELECT run_id, {sequence}, step_id, now() - interval '1 day', 'x' FROM run_steps WHERE run_id = {run} LIMIT 1"
        );
        refused(&world, &line, "run_log_at_the_end").await;
    }
    assert_eq!(record().await.votes, before.votes);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn nothing_is_put_between_what_was_said(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let id = world.in_review(WORKER).await;
    // A number that is free, and older than what is there.
    let earlier = "INSERT INTO audit_log (sequence, at, actor_name, action, subject_kind, subject)
                   OVERRIDING SYSTEM VALUE VALUES (0, now(), 'x', 'signed-in', 'account', 'x')";
    refused(&world, earlier, "42501").await;
    for (table, columns) in
        [("votes", "id"), ("changes", "id"), ("change_comments", "id"), ("rule_level_history", "id")]
    {
        let chosen = format!("INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT 1 WHERE false");
        refused(&world, &chosen, "42501").await;
    }
    refused(&world, "SELECT nextval('audit_log_sequence_seq')", "42501").await;
    world
        .past_the_guard(
            "change_edits",
            "change_edits_at_the_end",
            &format!(
                "INSERT INTO change_edits (change_id, sequence, author_name, edit, at)
             SELECT change_id, 7, author_name, edit, at FROM change_edits WHERE change_id = {id}"
            ),
        )
        .await;
    let between = format!(
        "INSERT INTO change_edits (change_id, sequence, author_name, edit, at)
         SELECT change_id, 3, author_name, edit, at FROM change_edits WHERE change_id = {id} AND sequence = 7"
    );
    refused(&world, &between, "change_edits_at_the_end").await;
}

/// What the database can hold of it: a vote bears the name of an enabled lead who did not shape the change.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_vote_bears_the_name_of_a_lead(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, lena, luis, .. } = &world;
    let id = world.in_review(WORKER).await;
    let vote = |voter: &Actor, round: i64| {
        format!(
            "INSERT INTO votes (change_id, round, voter_id, voter_name, groups, verdict, digest, at)
             VALUES ({id}, {round}, '{}', 'x', '{{}}', 'approve', sha256('x'), now())",
            account_id(voter)
        )
    };
    for (voter, by) in
        [(&world.vera, "votes_by_leads"), (&world.adam, "votes_by_leads"), (&world.ada, "votes_not_by_authors")]
    {
        refused(&world, &vote(voter, 1), by).await;
    }
    refused(&world, &vote(luis, 2), "votes_while_open").await;
    account_disable(backend, &Actor::Operator, &email("Luis Lead")).await.unwrap();
    refused(&world, &vote(luis, 1), "votes_by_leads").await;
    assert_eq!(world.as_attacker(&vote(lena, 1)).await, None, "nobody can tell that it was not her");
    let draft = world.draft("worker-3.example.net").await;
    refused(&world, &vote(lena, 1).replace(&format!("({id},"), &format!("({draft},")), "votes_while_open").await;
    // Nor does anybody take back what another gave.
    world.vote(lena, id, Verdict::Approve, None).await.unwrap();
    let given = world.view(id).await.review.votes[0].id;
    for (by_whom, at) in [(luis, "now()"), (lena, "now() - interval '1 day'")] {
        let taken = format!(
            "INSERT INTO vote_take_backs (vote_id, account_id, at) VALUES ({given}, '{}', {at})",
            account_id(by_whom)
        );
        refused(&world, &taken, "vote_take_backs_while_open").await;
    }
    vote_take_back(backend, lena, id, given).await.unwrap();
    let who: uuid::Uuid =
        sqlx::query_scalar("SELECT account_id FROM vote_take_backs").fetch_one(&world.pool).await.unwrap();
    assert_eq!(who, account_id(lena));
}

/// The record of before, with a row beside a vote that no trigger stopped: it was not so when the change was applied.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_vote_that_was_taken_back_afterwards_carried_the_change(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let (id, _, vote) = Box::pin(applied(&world)).await;
    let later = format!(
        "INSERT INTO vote_take_backs (vote_id, account_id, at) SELECT id, voter_id, now() FROM votes WHERE id = {vote}"
    );
    world.past_the_guard("vote_take_backs", "vote_take_backs_while_open", &later).await;
    let record = change_record(&world.backend, &world.vera, id).await.unwrap();
    assert_eq!((record.votes[0].standing, record.asked[0].met_by.len()), (VoteStanding::Counts, 1));
}

/// Every way through its life that the use cases know is let through, and what is over can be copied.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_use_cases_do_is_let_through(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, luis, .. } = &world;
    let id = world.approved(WORKER).await;
    world.vote(luis, id, Verdict::SendBack, Some("Look again")).await.unwrap();
    assert_eq!(world.view(id).await.change.state, ChangeState::Draft);
    change_submit(backend, ada, id, world.version(id).await).await.unwrap();
    world.vote(lena, id, Verdict::Approve, None).await.unwrap();
    let vote = world.view(id).await.review.votes.last().unwrap().id;
    vote_take_back(backend, lena, id, vote).await.unwrap();
    world.vote(lena, id, Verdict::Approve, None).await.unwrap();
    change_withdraw(backend, ada, id, world.version(id).await, Some("Another time".to_owned())).await.unwrap();
    let copy = change_copy(backend, ada, id).await.unwrap();
    change_submit(backend, ada, copy, world.version(copy).await).await.unwrap();
    let seen = digest_of(&world.view(copy).await);
    let run = change_break_glass(backend, ada, copy, seen, "There is no time for votes").await.unwrap();
    assert_eq!(world.run_to_the_end(run).await.state, RunState::Succeeded);
    assert_eq!(world.view(copy).await.change.state, ChangeState::Applied);
    glass_review(backend, luis, copy, "It was right.").await.unwrap();
    // What was reviewed stays so, and what was broken stays told as it was.
    for set in ["conclusion = 'It was wrong.'", "reviewed_by_name = 'x'", "reviewed_at = NULL, reviewed_by = NULL"] {
        let statement = format!("UPDATE broken_glass SET {set}");
        refused(&world, &statement, "broken_glass_append_only").await;
        assert!(sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&world.pool).await.is_err());
    }
    let owner = sqlx::raw_sql("UPDATE broken_glass SET reason = 'There was plenty of time'").execute(&world.pool).await;
    assert_eq!(owner.unwrap_err().as_database_error().unwrap().constraint(), Some("broken_glass_append_only"));
}

/// A vote counts for a run once while it waits for others, and once as a part of the approval: never when it is older.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn no_run_begins_on_a_vote_older_than_twice_its_time(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let id = world.approved(WORKER).await;
    let seen = digest_of(&world.view(id).await);
    let begin = format!(
        "INSERT INTO runs (environment_id, change_id, executor, digest, catalogue_version, base_revision, desired,
                           requested_by_name, requested_at)
         SELECT environment_id, id, 'dry-run', '\\x{seen}', 1, 1, '{{\"nodes\": []}}', 'x', now() FROM changes WHERE id = {id}"
    );
    // With that vote, what is missing is all the rest of a run.
    let whole = Some("runs_begin_whole");
    for (hours, by) in [(0, whole), (335, whole), (2, Some("runs_approved_by_another"))] {
        let pass = format!("UPDATE votes SET at = at - interval '{hours} hours'");
        world.past_the_guard("votes", "votes_append_only", &pass).await;
        assert_eq!(world.as_attacker(&begin).await.as_deref(), by, "{hours}");
    }
}
