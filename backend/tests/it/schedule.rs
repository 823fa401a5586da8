//! Windows and freezes: an apply waits for them, starts by itself, and is called off when it may no longer start.

use std::time::Duration;

use chrono::{DateTime, DurationRound, NaiveDateTime, TimeDelta, Utc};
use sqlx::Connection;
use strata_backend::audit::audit_list;
use strata_backend::changes::{change_list, change_withdraw};
use strata_backend::proposals::{proposal_decide, window_removal_propose};
use strata_backend::runs::{Applied, apply_call_off, change_apply, run_list};
use strata_backend::schedule::{
    NewEntry, approval_lifetime_set, entry_add, entry_change, entry_remove, freeze_end, schedule_load,
};
use strata_backend::{Actor, Error};
use strata_domain::account::Capability;
use strata_domain::audit::AuditAction;
use strata_domain::change::ChangeState;
use strata_domain::proposal::Outcome;
use strata_domain::review::Verdict as Vote;
use strata_domain::schedule::{Kind, Recurrence, Verdict};

use crate::support::{ENVIRONMENT, Working, World, account_id, add_node, conflict, refusal};

thread_local! {
    /// When the test began, which has a thread of its own: a minute that ends in its midst changes nothing.
    #[expect(clippy::disallowed_methods, reason = "what is on now depends on the clock that the backend reads")]
    static BEGAN: DateTime<Utc> = Utc::now();
}

/// A whole minute in UTC, that many from when the test began.
pub fn minutes(from_began: i64) -> NaiveDateTime {
    let at = BEGAN.with(|began| *began + TimeDelta::minutes(from_began));
    at.duration_trunc(TimeDelta::minutes(1)).unwrap().naive_utc()
}

/// An entry that is on once.
pub fn once(kind: Kind, name: &str, from: i64, to: i64) -> NewEntry {
    NewEntry {
        kind,
        name: name.to_owned(),
        reason: "Nobody is there to mend what breaks.".to_owned(),
        zone: "UTC".to_owned(),
        recurrence: Recurrence::Once { from: minutes(from), to: minutes(to) },
    }
}

/// Applied while a freeze is on that ends in an hour.
async fn waiting(world: &World) -> (i64, i64) {
    let freeze = entry_add(&world.backend, &world.lena, ENVIRONMENT, once(Kind::Freeze, "Quarter", -60, 60))
        .await
        .unwrap()
        .in_force()
        .unwrap();
    let id = world.approved("worker-2.example.net").await;
    let applied = change_apply(&world.backend, &world.ada, id, world.version(id).await).await.unwrap();
    assert_eq!(applied, Applied::Waits { until: Some(minutes(60).and_utc()) });
    (freeze, id)
}

/// Moves the approval of a change into the past, so that it is over.
async fn expire(world: &World, id: i64) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "ALTER TABLE votes DISABLE TRIGGER votes_append_only;
         UPDATE votes SET at = at - interval '8 days';
         UPDATE changes SET approved_at = approved_at - interval '8 days',
                            approved_until = approved_until - interval '8 days' WHERE id = {id}"
    )))
    .execute(&world.pool)
    .await
    .unwrap();
}

/// Waits until the worker has done something about the change.
async fn moved(world: &World, id: i64) -> strata_domain::change::Change {
    let version = world.version(id).await;
    let working = Working::quick(world);
    let change = tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            let change = world.view(id).await.change;
            if change.version != version {
                return change;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let change = change.await.expect("the worker does something about it");
    working.stop().await;
    change
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn an_apply_in_a_freeze_waits_and_starts_when_a_lead_ends_it(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, lena, vera, .. } = &world;
    let (freeze, id) = waiting(&world).await;
    assert_eq!(world.count("runs").await, 0);
    let view = world.view(id).await;
    let asked = view.change.apply_asked.clone().unwrap();
    assert_eq!((view.change.state, asked.by.name.as_str()), (ChangeState::Approved, "Ada Admin"));
    let Verdict::Waits { because, .. } = &view.gate else { panic!("{:?}", view.gate) };
    assert_eq!(because[0].name, "Quarter");
    let listed = change_list(backend, vera, Some(ENVIRONMENT), None, None, 10).await.unwrap().rows;
    assert_eq!(listed[0].change.apply_asked, Some(asked));
    // Twice by the same person is once; another one is told who did.
    let again = change_apply(backend, ada, id, view.change.version).await.unwrap();
    assert_eq!(again, Applied::Waits { until: Some(minutes(60).and_utc()) });
    assert_eq!(world.version(id).await, view.change.version);
    let told = refusal(change_apply(backend, adam, id, view.change.version).await);
    assert_eq!(told, "It waits to be started already; Ada Admin applied it.");

    // The worker looks, and leaves it.
    let working = Working::quick(&world);
    tokio::time::sleep(Duration::from_millis(400)).await;
    working.stop().await;
    assert_eq!(world.count("runs").await, 0);

    assert_eq!(
        refusal(freeze_end(backend, adam, ENVIRONMENT, freeze, "Now").await),
        "Only leads of this environment end a freeze early."
    );
    refusal(freeze_end(backend, lena, ENVIRONMENT, freeze, " ").await);
    freeze_end(backend, lena, ENVIRONMENT, freeze, "The quarter is closed.").await.unwrap();
    freeze_end(backend, lena, ENVIRONMENT, freeze, "The quarter is closed.").await.unwrap();
    assert_eq!(world.count("freeze_endings").await, 1);
    assert_eq!(schedule_load(backend, vera, Some(ENVIRONMENT)).await.unwrap().verdict, Verdict::Open);

    let change = moved(&world, id).await;
    assert_eq!(change.apply_asked, None);
    let runs = run_list(backend, vera, Some(ENVIRONMENT), None, 10).await.unwrap().rows;
    assert_eq!((runs.len(), runs[0].requested_by.name.as_str()), (1, "Ada Admin"));
    let audit = audit_list(backend, vera, Some(ENVIRONMENT), None, 20, None).await.unwrap().rows;
    let started = audit.iter().find(|entry| entry.action == AuditAction::RunStarted).unwrap();
    assert!(started.after.as_ref().unwrap()["waited_since"].is_string(), "{started:?}");
    assert!(
        audit.iter().any(|entry| entry.action == AuditAction::FreezeEnded
            && entry.reason.as_deref() == Some("The quarter is closed."))
    );
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn outside_of_every_window_it_waits_and_a_freeze_wins(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, vera, .. } = &world;
    entry_add(backend, lena, ENVIRONMENT, once(Kind::Window, "Tonight", 120, 180)).await.unwrap();
    let id = world.approved("worker-2.example.net").await;
    let version = world.version(id).await;
    let until = |minute| Applied::Waits { until: Some(minutes(minute).and_utc()) };
    assert_eq!(change_apply(backend, ada, id, version).await.unwrap(), until(120));
    entry_add(backend, lena, ENVIRONMENT, once(Kind::Freeze, "Storm", 100, 150)).await.unwrap();
    assert_eq!(change_apply(backend, ada, id, version).await.unwrap(), until(150));
    let more = entry_add(backend, ada, ENVIRONMENT, once(Kind::Window, "Now", -10, 10)).await;
    assert!(refusal(more).starts_with("Only leads"));
    let more = entry_add(backend, lena, ENVIRONMENT, once(Kind::Window, "Now", -10, 10)).await.unwrap();
    world.promote("Ada Admin", Capability::Lead).await;
    for lead in [&world.luis, ada] {
        let more = more.proposed().expect("it opens more");
        proposal_decide(backend, lead, ENVIRONMENT, more, true, None).await.unwrap();
    }
    let entries = schedule_load(backend, vera, Some(ENVIRONMENT)).await.unwrap().entries;
    let windowed = entries.iter().find(|shown| shown.entry.name == "Now").unwrap().entry.id;
    assert_eq!(schedule_load(backend, vera, Some(ENVIRONMENT)).await.unwrap().verdict, Verdict::Open);
    moved(&world, id).await;
    assert_eq!(world.count("runs").await, 1);
    let gone = window_removal_propose(backend, ada, ENVIRONMENT, windowed, 1, "It was for this once.").await.unwrap();
    world.put_in_force(gone).await;
    assert_ne!(schedule_load(backend, vera, Some(ENVIRONMENT)).await.unwrap().verdict, Verdict::Open);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_waits_can_be_called_off_and_ends_with_the_change(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, vera, .. } = &world;
    let (_, id) = waiting(&world).await;
    refusal(apply_call_off(backend, vera, id, world.version(id).await).await);
    let version = world.version(id).await;
    apply_call_off(backend, adam, id, version).await.unwrap();
    apply_call_off(backend, adam, id, version).await.unwrap();
    let change = world.view(id).await.change;
    assert_eq!((change.state, change.apply_asked), (ChangeState::Approved, None));
    assert_eq!(refusal(apply_call_off(backend, ada, id, change.version).await), "It does not wait to be started.");

    change_apply(backend, ada, id, change.version).await.unwrap();
    change_withdraw(backend, ada, id, world.version(id).await, None).await.unwrap();
    assert_eq!(world.view(id).await.change.apply_asked, None);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_may_no_longer_start_does_not_and_says_why(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, .. } = &world;
    // An edit that changes the plan takes the approval, and with it the wait.
    let (freeze, id) = waiting(&world).await;
    world.edit(ada, id, add_node("worker-7.example.net", "worker")).await;
    let change = world.view(id).await.change;
    assert_eq!((change.state, change.apply_asked), (ChangeState::InReview, None));

    // Who applied may do so no longer.
    let other = world.approved("worker-3.example.net").await;
    change_apply(backend, ada, other, world.version(other).await).await.unwrap();
    sqlx::query("DELETE FROM grants WHERE account_id = $1").bind(account_id(ada)).execute(&world.pool).await.unwrap();
    freeze_end(backend, lena, ENVIRONMENT, freeze, "Done").await.unwrap();
    let change = moved(&world, other).await;
    assert_eq!((change.state, change.apply_asked), (ChangeState::Approved, None));
    assert_eq!(
        change.reason.as_deref(),
        Some("It was to start by itself, and did not. Ada Admin has no access to this environment any more.")
    );
    assert_eq!(world.count("runs").await, 0);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn an_approval_that_expires_while_it_waits_starts_nothing(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, lena, .. } = &world;
    let (freeze, id) = waiting(&world).await;
    expire(&world, id).await;
    freeze_end(backend, lena, ENVIRONMENT, freeze, "Done").await.unwrap();
    let change = moved(&world, id).await;
    assert_eq!((change.state, change.apply_asked), (ChangeState::InReview, None));
    let reason = change.reason.unwrap();
    assert!(reason.starts_with("The approval has expired"), "{reason}");
    assert_eq!(world.count("runs").await, 0);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn an_apply_does_not_outlive_its_approval(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, lena, luis, .. } = &world;
    let (freeze, id) = waiting(&world).await;
    expire(&world, id).await;
    // Approved anew, but nobody has applied it under this approval.
    world.vote(luis, id, Vote::Approve, None).await.unwrap();
    let change = world.view(id).await.change;
    assert_eq!((change.state, change.apply_asked), (ChangeState::Approved, None));
    freeze_end(backend, lena, ENVIRONMENT, freeze, "Done").await.unwrap();
    let working = Working::quick(&world);
    tokio::time::sleep(Duration::from_millis(400)).await;
    working.stop().await;
    assert_eq!(world.count("runs").await, 0);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn two_leads_end_a_freeze_at_once(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, lena, luis, vera, .. } = &world;
    for round in 0..20 {
        let name = format!("Freeze {round}");
        let freeze = entry_add(backend, lena, ENVIRONMENT, once(Kind::Freeze, &name, -60, 60))
            .await
            .unwrap()
            .in_force()
            .unwrap();
        let (one, other) = tokio::join!(
            freeze_end(backend, lena, ENVIRONMENT, freeze, "Lena says so"),
            freeze_end(backend, luis, ENVIRONMENT, freeze, "Luis says so"),
        );
        // One ends it; the other is told that it is not on, and nothing breaks.
        let told = [one, other].into_iter().filter(Result::is_err).map(refusal).collect::<Vec<_>>();
        assert_eq!(told, ["The freeze is not on now; change or remove it instead."]);
    }
    assert_eq!(schedule_load(backend, vera, Some(ENVIRONMENT)).await.unwrap().verdict, Verdict::Open);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_freeze_that_was_ended_is_on_again_once_it_is_given_other_times(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, lena, vera, .. } = &world;
    let is_on = async || schedule_load(backend, vera, Some(ENVIRONMENT)).await.unwrap().entries[0].is_on;
    let id =
        entry_add(backend, lena, ENVIRONMENT, once(Kind::Freeze, "Storm", -60, 60)).await.unwrap().in_force().unwrap();
    freeze_end(backend, lena, ENVIRONMENT, id, "It passed.").await.unwrap();
    entry_change(backend, lena, ENVIRONMENT, id, 1, once(Kind::Freeze, "Big storm", -60, 60), None).await.unwrap();
    assert!(!is_on().await, "another name is no other storm");
    entry_change(backend, lena, ENVIRONMENT, id, 2, once(Kind::Freeze, "Big storm", -60, 120), None).await.unwrap();
    assert!(is_on().await);
    // Set to the times at which it was ended before, it ends early once more.
    let why = Some("It is smaller than they said.");
    entry_change(backend, lena, ENVIRONMENT, id, 3, once(Kind::Freeze, "Big storm", -60, 60), why).await.unwrap();
    assert!(is_on().await);
    freeze_end(backend, lena, ENVIRONMENT, id, "It passed again.").await.unwrap();
    assert!(!is_on().await);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn the_schedule_is_written_by_leads_and_by_one_at_a_time(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, luis, vera, .. } = &world;
    let new = once(Kind::Freeze, "Summer", -60, 60);
    assert!(refusal(entry_add(backend, ada, ENVIRONMENT, new.clone()).await).starts_with("Only leads"));
    let id = entry_add(backend, lena, ENVIRONMENT, new.clone()).await.unwrap().in_force().unwrap();
    assert_eq!(
        entry_add(backend, lena, ENVIRONMENT, new.clone()).await.unwrap(),
        Outcome::InForce(id),
        "a double click"
    );
    let field = |result: Result<Outcome<i64>, Error>| match result {
        Err(Error::Invalid { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    let other = NewEntry { kind: Kind::Window, name: "SUMMER".to_owned(), ..new.clone() };
    assert_eq!(field(entry_add(backend, lena, ENVIRONMENT, other).await), "name");
    let nowhere = NewEntry { name: "x".to_owned(), zone: "Mars/Olympus".to_owned(), ..new.clone() };
    assert_eq!(field(entry_add(backend, lena, ENVIRONMENT, nowhere).await), "zone");

    let longer = once(Kind::Freeze, "Summer", -60, 120);
    entry_change(backend, lena, ENVIRONMENT, id, 1, longer.clone(), None).await.unwrap();
    entry_change(backend, lena, ENVIRONMENT, id, 1, longer.clone(), None).await.unwrap();
    let told = conflict(entry_change(backend, luis, ENVIRONMENT, id, 1, new, None).await);
    assert_eq!(told, "Lena Lead changed “Summer” meanwhile. Look again before you go on.");
    conflict(entry_remove(backend, luis, ENVIRONMENT, id, 1, None).await);
    let view = schedule_load(backend, vera, Some(ENVIRONMENT)).await.unwrap();
    assert_eq!((view.entries.len(), view.entries[0].version), (1, 2));
    assert_eq!(view.entries[0].next.len(), 1);
    let hidden = schedule_load(backend, &Actor::Nobody, Some(ENVIRONMENT)).await;
    assert_eq!(hidden.map(drop), Err(Error::NotSignedIn));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn approvals_hold_as_long_as_leads_say(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, vera, .. } = &world;
    let id = world.approved("worker-2.example.net").await;
    sqlx::raw_sql(
        "ALTER TABLE votes DISABLE TRIGGER votes_append_only;
         UPDATE votes SET at = at - interval '3 hours';
         UPDATE changes SET approved_at = approved_at - interval '3 hours',
                            approved_until = approved_until - interval '3 hours' WHERE state = 'approved'",
    )
    .execute(&world.pool)
    .await
    .unwrap();
    refusal(approval_lifetime_set(backend, ada, ENVIRONMENT, 4).await);
    approval_lifetime_set(backend, lena, ENVIRONMENT, 4).await.unwrap();
    let view = world.view(id).await;
    assert_eq!(view.change.state, ChangeState::Approved);
    assert_eq!((view.review.expires_at(view.now).unwrap() - view.now).num_minutes(), 59);
    approval_lifetime_set(backend, lena, ENVIRONMENT, 2).await.unwrap();
    let change = world.view(id).await.change;
    assert_eq!(change.state, ChangeState::InReview);
    assert!(change.reason.unwrap().starts_with("Approvals hold for 2 hours from now on"));
    assert_eq!(schedule_load(backend, vera, Some(ENVIRONMENT)).await.unwrap().lifetime.as_hours(), 2);
    let wrong = approval_lifetime_set(backend, lena, ENVIRONMENT, 0).await;
    assert!(matches!(wrong, Err(Error::Invalid { field: "hours", .. })), "{wrong:?}");
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn two_workers_start_what_waited_once(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    world.promote("Ada Admin", Capability::Lead).await;
    let (freeze, id) = waiting(&world).await;
    let workers = [Working::quick(&world), Working::quick(&world), Working::quick(&world)];
    freeze_end(&world.backend, &world.lena, ENVIRONMENT, freeze, "Done").await.unwrap();
    tokio::time::timeout(Duration::from_secs(60), async {
        while world.view(id).await.change.state != ChangeState::Applied {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("it is applied");
    for worker in workers {
        worker.stop().await;
    }
    assert_eq!(world.count("runs").await, 1);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_waited_for_a_lock_is_judged_by_the_time_after_it(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let id = world.approved("worker-2.example.net").await;
    let version = world.version(id).await;
    let mut connection = world.pool.acquire().await.unwrap();
    let mut other = connection.begin().await.unwrap();
    sqlx::query("SELECT id FROM environments FOR UPDATE").execute(&mut *other).await.unwrap();
    let applying = change_apply(&world.backend, &world.ada, id, version);
    let freezing = async {
        // The apply has begun, and waits for the environment; the freeze begins after that.
        let waits =
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
        while sqlx::query_scalar::<_, i64>(waits).fetch_one(&world.pool).await.unwrap() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        sqlx::query(
            r#"INSERT INTO schedule_entries (environment_id, kind, name, reason, zone, recurrence, touched_by_name,
                                             touched_at, timed_at)
               SELECT id, 'freeze', 'Quarter', 'Books', 'UTC', jsonb_build_object('every', 'once', 'to', '2199-01-01T00:00:00',
                      'from', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')),
                      'Operator', now(), now()
               FROM environments"#,
        )
        .execute(&mut *other)
        .await
        .unwrap();
        other.commit().await.unwrap();
    };
    let (applied, ()) = tokio::join!(applying, freezing);
    assert!(matches!(applied.unwrap(), Applied::Waits { .. }));
    assert_eq!(world.count("runs").await, 0);
}

/// The first window closes an environment at all other times: a wrong date would lock everybody out.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_window_that_is_over_or_far_off_closes_no_environment(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, lena, .. } = &world;
    const MONTH: i64 = 31 * 24 * 60;
    let add = async |name, from, to| entry_add(backend, lena, ENVIRONMENT, once(Kind::Window, name, from, to)).await;
    for (from, to) in [(-600, -60), (MONTH + 60, MONTH + 120)] {
        let refused = add("Nights", from, to).await;
        assert!(matches!(refused, Err(Error::Invalid { field: "from", .. })), "{refused:?}");
    }
    let near = add("Nights", MONTH - 60, MONTH).await.unwrap().in_force().unwrap();
    // Nor is it made one by another date.
    let far = once(Kind::Window, "Nights", MONTH + 60, MONTH + 120);
    let refused = entry_change(backend, lena, ENVIRONMENT, near, 1, far, None).await;
    assert!(matches!(refused, Err(Error::Invalid { field: "from", .. })), "{refused:?}");
}
