//! Who is told what in the page, when, and once.

use std::time::Duration;

use strata_backend::approvals::comment_add;
use strata_backend::changes::{change_submit, change_withdraw};
use strata_backend::notices::{
    WhichNotices, choices_load, choices_set, notice_list, notice_read, notice_unread, patience_set,
};
use strata_backend::policies::policy_propose;
use strata_backend::webhooks::webhooks_load;
use strata_backend::{Actor, Backend, Error};
use strata_domain::news::News;
use strata_domain::notice::{Channel, Choices, Kind, Patience, Topic};
use strata_domain::policy::{LEADS, Rule, When};
use strata_domain::review::Verdict;
use strata_domain::run::RunState;

use crate::support::{ENVIRONMENT, World, account_id, add_node, change_apply, conflict, person, refusal};
use crate::telling::{Telling, all_told, notices_of, tell_all, titles_of, until};

const WORKER: &str = "worker-2.example.net";

/// From now on two leads have to approve; nobody is told of that.
async fn two_leads(world: &World) {
    let two = Rule { name: "Two".to_owned(), when: When::default(), group: LEADS.to_owned(), quorum: 2 };
    let id = policy_propose(&world.backend, &world.ada, ENVIRONMENT, 1, vec![two], "Two see more").await.unwrap();
    world.put_in_force(id).await;
    sqlx::query("UPDATE outbox SET done_at = now()").execute(&world.pool).await.unwrap();
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn each_is_told_what_concerns_them(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, lena, luis, vera, .. } = &world;
    let telling = Telling::new(&world, None);
    let id = world.in_review(WORKER).await;
    all_told(&world).await;
    for lead in [lena, luis] {
        assert_eq!(titles_of(&world, lead).await, ["waits for your approval (low)"]);
    }
    let asked = notices_of(&world, lena).await.remove(0);
    assert_eq!(asked.title, format!("production #{id} “Add {WORKER}” waits for your approval (low)"));
    assert_eq!(asked.text, "Ada Admin sent it to review. It has 0 of 1 lead.");
    assert_eq!((asked.kind, asked.topic, asked.path), (Kind::Submitted, Topic::ToApprove, format!("/changes/{id}")));
    world.vote(lena, id, Verdict::Approve, None).await.unwrap();
    comment_add(backend, vera, id, None, "What is it for?", "k").await.unwrap();
    let run = change_apply(backend, adam, id, world.version(id).await).await.unwrap();
    assert_eq!(world.run_to_the_end(run).await.state, RunState::Succeeded);
    all_told(&world).await;
    assert_eq!(titles_of(&world, ada).await, ["is applied", "has a new comment", "is approved"]);
    let told = notices_of(&world, ada).await;
    assert_eq!(told[0].path, format!("/runs/{run}"));
    assert_eq!(told[1].text, "Vera Viewer commented: “What is it for?”.");
    assert_eq!(titles_of(&world, lena).await, ["has a new comment", "waits for your approval (low)"]);
    assert_eq!(titles_of(&world, luis).await.len(), 1, "Luis did not take part");
    assert_eq!(titles_of(&world, adam).await, ["is applied"], "he applied it");
    assert_eq!(titles_of(&world, vera).await, [""; 0], "she wrote nothing of it");
    telling.stop().await;
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn refusals_and_what_is_sent_back_reach_the_authors(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let id = world.in_review(WORKER).await;
    world.edit(&world.adam, id, add_node("worker-3.example.net", "worker")).await;
    world.vote(&world.lena, id, Verdict::SendBack, Some("The disk is too small")).await.unwrap();
    tell_all(&world, None).await;
    for author in [&world.ada, &world.adam] {
        let told = notices_of(&world, author).await.remove(0);
        assert_eq!(told.text, "Lena Lead asks for changes: “The disk is too small”.");
        assert_eq!((told.kind, told.topic), (Kind::SentBack, Topic::MyChange));
    }
    assert_eq!(titles_of(&world, &world.luis).await, [""; 0], "by the time anybody was told, no vote was waited for");
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn who_voted_is_told_that_the_plan_moved_and_once(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { ada, lena, luis, .. } = &world;
    two_leads(&world).await;
    let telling = Telling::new(&world, None);
    let id = world.in_review(WORKER).await;
    world.vote(lena, id, Verdict::Approve, None).await.unwrap();
    all_told(&world).await;
    for host in ["worker-3.example.net", "worker-4.example.net"] {
        world.edit(ada, id, add_node(host, "worker")).await;
        all_told(&world).await;
    }
    let moved = "moved after your vote (low)";
    assert_eq!(titles_of(&world, lena).await[0], moved);
    assert_eq!(titles_of(&world, lena).await.iter().filter(|title| *title == moved).count(), 1);
    assert!(!titles_of(&world, luis).await.contains(&moved.to_owned()), "Luis had not voted");
    // Who votes again is told again.
    world.vote(lena, id, Verdict::Approve, None).await.unwrap();
    world.edit(ada, id, add_node("worker-5.example.net", "worker")).await;
    all_told(&world).await;
    assert_eq!(titles_of(&world, lena).await.iter().filter(|title| *title == moved).count(), 2);
    telling.stop().await;
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_policy_that_asks_for_more_tells_of_itself_and_of_what_it_moved(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, luis, .. } = &world;
    let id = world.approved(WORKER).await;
    sqlx::query("UPDATE outbox SET done_at = now()").execute(&world.pool).await.unwrap();
    let two = Rule { name: "Two".to_owned(), when: When::default(), group: LEADS.to_owned(), quorum: 2 };
    let proposal = policy_propose(backend, ada, ENVIRONMENT, 1, vec![two], "Two see more").await.unwrap();
    world.put_in_force(proposal).await;
    tell_all(&world, None).await;
    assert_eq!(
        titles_of(&world, ada).await,
        ["is in review again", "production: another approval policy is in force"]
            .map(str::to_owned)
            .into_iter()
            .collect::<Vec<_>>()
    );
    let lapsed = notices_of(&world, ada).await.remove(0);
    assert!(
        lapsed.text.contains("which asks for more") && lapsed.text.ends_with("with 1 of 2 leads."),
        "{}",
        lapsed.text
    );
    // The act was Luis' own, and so he is not told; that Lena has voted on it already, the missing votes say.
    assert_eq!(titles_of(&world, luis).await, ["production: another approval policy is proposed"]);
    assert_eq!(titles_of(&world, lena).await.len(), 2, "proposed, and in force");
    assert_eq!(world.view(id).await.review.missing(world.view(id).await.now).len(), 1);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_is_unread_is_counted_live(pool: sqlx::PgPool) {
    let world = World::new(pool.clone()).await;
    let World { backend, lena, luis, .. } = &world;
    let watching = Backend::new(pool);
    let mut news = watching.news().subscribe();
    let telling = Telling::new(&world, None);
    let lenas = News::Notice { environment: ENVIRONMENT.to_owned(), account: account_id(lena).to_string() };
    let mut hears = async || {
        tokio::time::timeout(Duration::from_secs(30), async { while news.recv().await.unwrap().news != lenas {} })
            .await
            .unwrap();
    };
    assert_eq!(notice_unread(backend, lena).await, Ok(0));
    // The listener of this test may begin to stand with the first one.
    world.in_review("worker-2.example.net").await;
    until("Lena is told", async || notice_unread(backend, lena).await == Ok(1)).await;
    world.in_review("worker-3.example.net").await;
    hears().await;
    until("Lena is told again", async || notice_unread(backend, lena).await == Ok(2)).await;

    let newest = notices_of(&world, lena).await.remove(0);
    notice_read(backend, luis, WhichNotices::One(newest.id)).await.unwrap();
    assert_eq!(notice_unread(backend, lena).await, Ok(2), "another person's notice is not Luis' to read");
    while news.try_recv().is_ok() {}
    notice_read(backend, lena, WhichNotices::One(newest.id)).await.unwrap();
    let heard = async { while news.recv().await.unwrap().news != lenas {} };
    tokio::time::timeout(Duration::from_secs(30), heard).await.expect("her other pages hear of it");
    assert_eq!(notice_unread(backend, lena).await, Ok(1));
    assert!(notices_of(&world, lena).await[0].read_at.is_some());
    notice_read(backend, lena, WhichNotices::All).await.unwrap();
    assert_eq!(notice_unread(backend, lena).await, Ok(0));
    assert_eq!(notice_unread(backend, luis).await, Ok(2));
    let page = notice_list(backend, luis, Some(notices_of(&world, luis).await[0].id), 1).await.unwrap().notices;
    assert!(page[0].title.contains("worker-2"), "older ones follow");
    assert_eq!(notice_unread(backend, &Actor::Nobody).await, Err(Error::NotSignedIn));

    // Who has no access any more sees nothing of what they were told.
    sqlx::query("DELETE FROM grants WHERE account_id = $1").bind(account_id(luis)).execute(&world.pool).await.unwrap();
    assert_eq!((notice_unread(backend, luis).await, notices_of(&world, luis).await.len()), (Ok(0), 0));
    telling.stop().await;
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_is_undone_is_told_to_nobody(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let id = world.draft(WORKER).await;
    let version = world.version(id).await;
    conflict(change_submit(&world.backend, &world.ada, id, version - 1).await);
    // Undone at the last moment, with the outbox written.
    sqlx::raw_sql(
        "CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'undone by the test'; END $$;
         CREATE CONSTRAINT TRIGGER undo AFTER INSERT ON outbox DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION undo();",
    )
    .execute(&world.pool)
    .await
    .unwrap();
    let undone = change_submit(&world.backend, &world.ada, id, version).await;
    assert!(matches!(undone, Err(Error::Unexpected { .. })), "{undone:?}");
    assert_eq!(world.count("outbox").await, 0);
    sqlx::raw_sql("DROP TRIGGER undo ON outbox").execute(&world.pool).await.unwrap();
    tell_all(&world, None).await;
    assert_eq!(world.count("notices").await, 0);
    change_submit(&world.backend, &world.ada, id, version).await.unwrap();
    tell_all(&world, None).await;
    assert_eq!(world.count("notices").await, 2);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn drafts_and_votes_that_decide_nothing_tell_nobody(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    two_leads(&world).await;
    let before = world.count("outbox").await;
    let id = world.draft(WORKER).await;
    world.edit(&world.adam, id, add_node("worker-3.example.net", "worker")).await;
    assert_eq!(world.count("outbox").await, before);
    change_submit(&world.backend, &world.ada, id, world.version(id).await).await.unwrap();
    assert_eq!(world.count("outbox").await, before + 1);
    world.vote(&world.lena, id, Verdict::Approve, None).await.unwrap();
    assert_eq!(world.count("outbox").await, before + 1, "one of two");
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn choices_are_honoured(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, lena, luis, .. } = &world;
    let view = choices_load(backend, lena, None).await.unwrap();
    assert_eq!((view.choices.clone(), view.mail_is_sent), (Choices::default(), false));
    let fewer = view.choices.with(Topic::ToApprove, Channel::Page, false).with(Topic::BreakGlass, Channel::Page, false);
    choices_set(backend, lena, &fewer).await.unwrap();
    let stored = choices_load(backend, lena, None).await.unwrap().choices;
    assert!(!stored.wants(Topic::ToApprove, Channel::Page) && stored.wants(Topic::ToApprove, Channel::Mail));
    assert!(stored.wants(Topic::BreakGlass, Channel::Page), "that is no choice");
    assert_eq!(choices_load(backend, &Actor::Operator, None).await, Err(Error::NotSignedIn));

    let id = world.in_review(WORKER).await;
    tell_all(&world, None).await;
    assert_eq!((titles_of(&world, lena).await.len(), titles_of(&world, luis).await.len()), (0, 1));
    assert_eq!(notice_unread(backend, lena).await, Ok(0));
    // What is told of another topic is still told, and a choice can be taken back.
    choices_set(backend, lena, &stored.with(Topic::ToApprove, Channel::Page, true)).await.unwrap();
    world.vote(lena, id, Verdict::Approve, None).await.unwrap();
    comment_add(backend, luis, id, None, "Good", "k").await.unwrap();
    world.in_review("worker-3.example.net").await;
    tell_all(&world, None).await;
    assert_eq!(titles_of(&world, lena).await, ["waits for your approval (low)", "has a new comment"]);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_reminder_and_then_the_next_group_each_once(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { ada, adam, lena, luis, .. } = &world;
    assert_eq!(patience_of(&world).await, Patience::default());
    let id = world.in_review(WORKER).await;
    tell_all(&world, None).await;
    let wait = async |hours: i32| {
        let since = "UPDATE changes SET waiting_since = waiting_since - make_interval(hours => $1)";
        sqlx::query(since).bind(hours).execute(&world.pool).await.unwrap();
    };
    wait(23).await;
    tell_all(&world, None).await;
    assert_eq!(titles_of(&world, lena).await.len(), 1, "not yet");
    wait(2).await;
    // Two processes find it at the same time.
    let (one, two) = (Telling::new(&world, None), Telling::new(&world, None));
    until("Luis is reminded", async || titles_of(&world, luis).await.len() == 2).await;
    all_told(&world).await;
    one.stop().await;
    two.stop().await;
    tell_all(&world, None).await;
    let reminded = ["still waits for your approval (low)", "waits for your approval (low)"];
    for lead in [lena, luis] {
        assert_eq!(titles_of(&world, lead).await, reminded);
    }
    assert_eq!(titles_of(&world, adam).await, [""; 0]);

    // The environment is less patient from now on: the same wait is long enough for the next group.
    let less = Patience { reminder_hours: 24, escalation_hours: 25 };
    refusal(patience_set(&world.backend, lena, ENVIRONMENT, less).await);
    let backwards = Patience { reminder_hours: 25, escalation_hours: 24 };
    let refused = patience_set(&world.backend, ada, ENVIRONMENT, backwards).await;
    assert!(matches!(refused, Err(Error::Invalid { field: "reminder_hours", .. })), "{refused:?}");
    patience_set(&world.backend, ada, ENVIRONMENT, less).await.unwrap();
    assert_eq!(patience_of(&world).await, less);
    let (one, two) = (Telling::new(&world, None), Telling::new(&world, None));
    until("Adam is told", async || titles_of(&world, adam).await.len() == 1).await;
    all_told(&world).await;
    one.stop().await;
    two.stop().await;
    tell_all(&world, None).await;
    for admin in [ada, adam] {
        assert_eq!(titles_of(&world, admin).await, ["has waited long for votes (low)"]);
    }
    assert_eq!(titles_of(&world, lena).await, reminded, "every lead was asked before");

    // Another waiting period begins, and with it another reminder.
    world.vote(lena, id, Verdict::SendBack, Some("Not like this")).await.unwrap();
    change_submit(&world.backend, ada, id, world.version(id).await).await.unwrap();
    wait(24).await;
    tell_all(&world, None).await;
    assert_eq!(titles_of(&world, luis).await.iter().filter(|title| title.starts_with("still")).count(), 2);
    change_withdraw(&world.backend, ada, id, world.version(id).await, None).await.unwrap();
    let waiting: Option<String> =
        sqlx::query_scalar("SELECT waiting_since::text FROM changes").fetch_one(&world.pool).await.unwrap();
    assert_eq!(waiting, None);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn an_approval_that_expired_is_told_once(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    world.approved(WORKER).await;
    sqlx::raw_sql(
        "ALTER TABLE votes DISABLE TRIGGER votes_append_only;
         UPDATE votes SET at = at - interval '169 hours';
         ALTER TABLE votes ENABLE TRIGGER votes_append_only;
         UPDATE changes SET approved_at = approved_at - interval '169 hours',
                            approved_until = approved_until - interval '169 hours';
         UPDATE outbox SET done_at = now()",
    )
    .execute(&world.pool)
    .await
    .unwrap();
    tell_all(&world, None).await;
    tell_all(&world, None).await;
    assert_eq!(titles_of(&world, &world.ada).await, ["is in review again"]);
    let asked = notices_of(&world, &world.luis).await.remove(0);
    assert!(asked.title.ends_with("waits for your approval again (low)"));
    assert_eq!(asked.text, "Its approval does not hold any more. It has 0 of 1 lead.");
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_was_read_long_ago_is_removed(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    world.in_review("worker-2.example.net").await;
    tell_all(&world, None).await;
    notice_read(&world.backend, &world.lena, WhichNotices::All).await.unwrap();
    sqlx::raw_sql(
        "UPDATE notices SET at = at - interval '91 days', read_at = read_at - interval '91 days';
         UPDATE outbox SET done_at = done_at - interval '91 days'",
    )
    .execute(&world.pool)
    .await
    .unwrap();
    let telling = Telling::new(&world, None);
    until("Lena's is removed", async || notices_of(&world, &world.lena).await.is_empty()).await;
    until("the outbox is swept", async || world.count("outbox").await == 0).await;
    telling.stop().await;
    assert_eq!(titles_of(&world, &world.luis).await.len(), 1, "what was not read stays");
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn strangers_and_those_without_an_account_any_more_are_not_told(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let stranger = person(&world.pool, &world.backend, "Sam Stranger", &[]).await;
    let gone = "UPDATE accounts SET disabled_at = now() WHERE id = $1";
    sqlx::query(gone).bind(account_id(&world.luis)).execute(&world.pool).await.unwrap();
    world.in_review(WORKER).await;
    tell_all(&world, None).await;
    assert_eq!(titles_of(&world, &stranger).await, [""; 0]);
    assert_eq!(world.count("notices").await, 1, "Lena's alone");
}

async fn patience_of(world: &World) -> Patience {
    webhooks_load(&world.backend, &world.ada, Some(ENVIRONMENT), None, 1).await.unwrap().patience
}
