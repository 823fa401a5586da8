//! What an attacker tried: a freeze undone without a word, by whoever's change waits for it, under whatever name; and a
//! window that goes.

use strata_backend::audit::audit_list;
use strata_backend::changes::change_withdraw;
use strata_backend::proposals::{proposal_decide, proposal_withdraw, window_removal_propose};
use strata_backend::runs::{Applied, apply_call_off, change_apply};
use strata_backend::schedule::{NewEntry, entry_add, entry_change, entry_remove, freeze_end, schedule_load};
use strata_backend::{Actor, Error};
use strata_domain::account::Capability;
use strata_domain::audit::AuditAction;
use strata_domain::change::ChangeState;
use strata_domain::edit::Edit;
use strata_domain::notice::Kind as Told;
use strata_domain::schedule::{Day, Kind, Recurrence, Verdict};

use crate::schedule::{minutes, once};
use crate::support::{ENVIRONMENT, World, add_node, conflict, refusal};
use crate::telling::{notices_of, tell_all};

/// In minutes.
const DAY: i64 = 24 * 60;

/// A freeze that is on for two hours more, and a change of Ada's, who is a lead as well, that waits for it.
async fn waiting(world: &World) -> (i64, i64) {
    world.promote("Ada Admin", Capability::Lead).await;
    let freeze = once(Kind::Freeze, "Quarter", -60, 120);
    let freeze = entry_add(&world.backend, &world.lena, ENVIRONMENT, freeze).await.unwrap().in_force().unwrap();
    let id = world.approved("worker-2.example.net").await;
    let applied = change_apply(&world.backend, &world.ada, id, world.version(id).await).await.unwrap();
    assert!(matches!(applied, Applied::Waits { .. }));
    (freeze, id)
}

fn field<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
    match result {
        Err(Error::Invalid { field, .. }) => field,
        other => panic!("{other:?}"),
    }
}

async fn is_closed(world: &World) -> bool {
    schedule_load(&world.backend, &world.vera, Some(ENVIRONMENT)).await.unwrap().verdict != Verdict::Open
}

/// What who shaped that change is told.
fn told_of(id: i64) -> String {
    format!(
        "You shaped change #{id}, which is under review or approved and would have to wait for the freeze; somebody else has \
         to let it end sooner."
    )
}

/// Every way there is to have the freeze end sooner, tried by somebody with that reason.
async fn attempts(world: &World, actor: &Actor, freeze: i64, why: Option<&str>) -> Vec<Result<(), Error>> {
    let backend = &world.backend;
    let mut outcomes = vec![
        entry_remove(backend, actor, ENVIRONMENT, freeze, 1, why).await,
        freeze_end(backend, actor, ENVIRONMENT, freeze, why.unwrap_or_default()).await,
    ];
    let of = |kind, from, to| once(kind, "Quarter", from, to);
    let east = NewEntry { zone: "Asia/Tokyo".to_owned(), ..of(Kind::Freeze, -60, 120) };
    let weekly = Recurrence::Weekly { days: Day::ALL.iter().copied().collect(), at: minutes(-1).time(), minutes: 5 };
    for other in [
        of(Kind::Freeze, -60, 30),
        of(Kind::Freeze, 60, 600),
        of(Kind::Freeze, -600, -60),
        of(Kind::Window, -60, 120),
        east,
        NewEntry { recurrence: weekly, ..of(Kind::Freeze, 0, 1) },
    ] {
        outcomes.push(entry_change(backend, actor, ENVIRONMENT, freeze, 1, other, why).await.map(drop));
    }
    outcomes
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn whoever_shaped_what_waits_does_not_undo_the_freeze(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, vera, .. } = &world;
    let (freeze, id) = waiting(&world).await;
    let told = told_of(id);
    for outcome in attempts(&world, ada, freeze, Some("It is urgent.")).await {
        assert_eq!(refusal(outcome), told);
    }
    assert_eq!(schedule_load(backend, ada, Some(ENVIRONMENT)).await.unwrap().shaped, [id]);
    // Called off, the change waits all the same: it is applied again in a moment.
    apply_call_off(backend, ada, id, world.version(id).await).await.unwrap();
    for outcome in attempts(&world, ada, freeze, Some("It is urgent.")).await {
        assert_eq!(refusal(outcome), told);
    }
    // Somebody else does not without a word.
    for outcome in
        attempts(&world, lena, freeze, None).await.into_iter().chain(attempts(&world, lena, freeze, Some(" ")).await)
    {
        match outcome {
            Err(Error::Invalid { field: "why", .. }) => {}
            other => assert!(refusal(other).starts_with("Say why")),
        }
    }
    assert!(is_closed(&world).await);
    assert_eq!(schedule_load(backend, vera, Some(ENVIRONMENT)).await.unwrap().shaped, [0_i64; 0]);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn neither_an_edit_undone_nor_a_vote_too_few_lets_who_shaped_it_undo_the_freeze(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, vera, .. } = &world;
    world.promote("Ada Admin", Capability::Lead).await;
    let freeze = once(Kind::Freeze, "Quarter", -60, 120);
    let freeze = entry_add(backend, lena, ENVIRONMENT, freeze).await.unwrap().in_force().unwrap();
    // Approved, and edited: it is in review until the edit is undone, which nobody but her needs for it.
    let id = world.approved("worker-2.example.net").await;
    world.edit(ada, id, add_node("worker-9.example.net", "worker")).await;
    assert_eq!(world.view(id).await.change.state, ChangeState::InReview);
    for outcome in attempts(&world, ada, freeze, Some("It is urgent.")).await {
        assert_eq!(refusal(outcome), told_of(id));
    }
    world.edit(ada, id, Edit::RemoveNode { hostname: "worker-9.example.net".to_owned() }).await;
    assert_eq!(world.view(id).await.change.state, ChangeState::Approved, "the votes follow the plan");
    let applied = change_apply(backend, ada, id, world.version(id).await).await.unwrap();
    assert!(matches!(applied, Applied::Waits { .. }));
    // One vote before its approval: with it, it would start at once.
    apply_call_off(backend, ada, id, world.version(id).await).await.unwrap();
    change_withdraw(backend, ada, id, world.version(id).await, None).await.unwrap();
    let other = world.in_review("worker-3.example.net").await;
    for outcome in attempts(&world, ada, freeze, Some("It is urgent.")).await {
        assert_eq!(refusal(outcome), told_of(other));
    }
    assert_eq!(schedule_load(backend, ada, Some(ENVIRONMENT)).await.unwrap().shaped, [other]);
    assert_eq!(schedule_load(backend, vera, Some(ENVIRONMENT)).await.unwrap().shaped, [0_i64; 0]);
    // What is only being written waits for nothing.
    change_withdraw(backend, ada, other, world.version(other).await, None).await.unwrap();
    world.draft("worker-4.example.net").await;
    freeze_end(backend, ada, ENVIRONMENT, freeze, "The books are closed.").await.unwrap();
    assert!(!is_closed(&world).await);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn that_it_ends_sooner_is_told_to_everyone(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, lena, vera, ada, .. } = &world;
    let (freeze, _) = waiting(&world).await;
    let shorter = once(Kind::Freeze, "Quarter", -60, 60);
    entry_change(backend, lena, ENVIRONMENT, freeze, 1, shorter, Some("The books close sooner.")).await.unwrap();
    entry_remove(backend, lena, ENVIRONMENT, freeze, 2, Some("The books are closed.")).await.unwrap();
    entry_remove(backend, lena, ENVIRONMENT, freeze, 2, Some("The books are closed.")).await.unwrap();
    assert!(!is_closed(&world).await);
    tell_all(&world, None).await;
    for person in [vera, ada] {
        let told: Vec<_> =
            notices_of(&world, person).await.into_iter().filter(|told| told.kind == Told::FreezeEnded).collect();
        let titles: Vec<_> = told.iter().map(|told| told.title.as_str()).collect();
        assert_eq!(
            titles,
            [
                "production: the freeze “Quarter” was removed",
                "production: the freeze “Quarter” ends sooner than it did"
            ]
        );
        assert!(told[0].text.contains("Lena Lead removed it: “The books are closed.”"), "{}", told[0].text);
    }
    let audit = audit_list(backend, vera, Some(ENVIRONMENT), None, 4, Some(("freeze", "Quarter"))).await.unwrap().rows;
    let acts: Vec<_> = audit.iter().map(|row| (row.action, row.reason.as_deref())).collect();
    assert_eq!(acts[0], (AuditAction::FreezeEnded, Some("The books are closed.")));
    assert_eq!(acts[1].0, AuditAction::ScheduleEntryRemoved);
    assert_eq!(acts[2], (AuditAction::FreezeEnded, Some("The books close sooner.")));
}

/// Seconds before it began it needed no reason, and nobody was told.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_freeze_that_is_about_to_begin_is_held_as_one_that_is_on(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, vera, .. } = &world;
    world.promote("Ada Admin", Capability::Lead).await;
    let id = world.approved("worker-2.example.net").await;
    let freeze = once(Kind::Freeze, "Quarter", 1, 600);
    let freeze = entry_add(backend, lena, ENVIRONMENT, freeze).await.unwrap().in_force().unwrap();
    let later = || once(Kind::Freeze, "Quarter", 30, 600);
    assert_eq!(refusal(entry_remove(backend, ada, ENVIRONMENT, freeze, 1, Some("x")).await), told_of(id));
    assert_eq!(refusal(entry_change(backend, ada, ENVIRONMENT, freeze, 1, later(), Some("x")).await), told_of(id));
    assert_eq!(field(entry_remove(backend, lena, ENVIRONMENT, freeze, 1, None).await), "why");
    assert_eq!(field(entry_change(backend, lena, ENVIRONMENT, freeze, 1, later(), None).await), "why");
    // Longer lives of approvals reach further; what begins within them is held to its end.
    let far = once(Kind::Freeze, "Year end", 20 * DAY, 40 * DAY);
    let far = entry_add(backend, lena, ENVIRONMENT, far).await.unwrap().in_force().unwrap();
    strata_backend::schedule::approval_lifetime_set(backend, lena, ENVIRONMENT, 720).await.unwrap();
    let shorter = once(Kind::Freeze, "Year end", 20 * DAY, 30 * DAY);
    assert_eq!(refusal(entry_change(backend, ada, ENVIRONMENT, far, 1, shorter, Some("x")).await), told_of(id));
    assert_eq!(refusal(entry_remove(backend, ada, ENVIRONMENT, far, 1, Some("x")).await), told_of(id));
    entry_remove(backend, lena, ENVIRONMENT, freeze, 1, Some("The books are closed.")).await.unwrap();
    tell_all(&world, None).await;
    let told = notices_of(&world, vera).await;
    assert!(told.iter().any(|told| told.title == "production: the freeze “Quarter” was removed"), "{told:?}");
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_makes_no_freeze_end_sooner_needs_no_word(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, lena, ada, .. } = &world;
    let (freeze, _) = waiting(&world).await;
    // Longer, or by another name, and by whom it holds up.
    entry_change(backend, ada, ENVIRONMENT, freeze, 1, once(Kind::Freeze, "Books", -60, 240), None).await.unwrap();
    let coming = entry_add(backend, lena, ENVIRONMENT, once(Kind::Freeze, "Storm", 20 * DAY, 20 * DAY + 60))
        .await
        .unwrap()
        .in_force()
        .unwrap();
    entry_change(backend, ada, ENVIRONMENT, coming, 1, once(Kind::Freeze, "Storm", 20 * DAY + 10, 20 * DAY + 20), None)
        .await
        .unwrap();
    entry_remove(backend, ada, ENVIRONMENT, coming, 2, None).await.unwrap();
    tell_all(&world, None).await;
    assert!(notices_of(&world, &world.vera).await.iter().all(|told| told.kind != Told::FreezeEnded));
    assert!(is_closed(&world).await);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_window_goes_as_a_policy_does(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, luis, vera, .. } = &world;
    let window = entry_add(backend, lena, ENVIRONMENT, once(Kind::Window, "Nights", 600, 660))
        .await
        .unwrap()
        .in_force()
        .unwrap();
    assert!(is_closed(&world).await);
    let told = refusal(entry_remove(backend, lena, ENVIRONMENT, window, 1, Some("Now")).await);
    assert!(told.starts_with("That a window goes is proposed"), "{told}");
    let turned =
        entry_change(backend, lena, ENVIRONMENT, window, 1, once(Kind::Freeze, "Nights", 600, 660), Some("x")).await;
    assert!(refusal(turned).starts_with("A window does not become a freeze."));

    let propose = |version, why| window_removal_propose(backend, lena, ENVIRONMENT, window, version, why);
    assert_eq!(field(propose(1, " ").await), "reason");
    refusal(window_removal_propose(backend, vera, ENVIRONMENT, window, 1, "x").await);
    let first = propose(1, "Nights are busy").await.unwrap();
    let decide = |lead, id| proposal_decide(backend, lead, ENVIRONMENT, id, true, None);
    refusal(decide(lena, first).await);
    // Changed since: what was proposed is not what is there.
    entry_change(backend, luis, ENVIRONMENT, window, 1, once(Kind::Window, "Nights", 600, 650), None).await.unwrap();
    let told = refusal(decide(luis, first).await);
    assert_eq!(told, "The window was changed or removed since; it has to be proposed again.");
    conflict(propose(1, "Nights are busy").await);
    proposal_decide(backend, luis, ENVIRONMENT, first, false, Some("See the new times".to_owned())).await.unwrap();
    let second = window_removal_propose(backend, ada, ENVIRONMENT, window, 2, "Nights are busy").await.unwrap();
    decide(lena, second).await.unwrap();
    assert!(is_closed(&world).await, "one of two has approved it");
    decide(luis, second).await.unwrap();
    decide(lena, second).await.unwrap();
    assert!(!is_closed(&world).await);
    let audit = audit_list(backend, vera, Some(ENVIRONMENT), None, 2, Some(("window", "Nights"))).await.unwrap().rows;
    let acts: Vec<_> = audit.iter().map(|row| row.action).collect();
    assert_eq!(acts, [AuditAction::ProposalInForce, AuditAction::ScheduleEntryRemoved]);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_window_that_opens_more_is_put_in_force_as_one_that_goes(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, luis, vera, .. } = &world;
    let nights = |from, to| once(Kind::Window, "Nights", from, to);
    let window = entry_add(backend, lena, ENVIRONMENT, nights(600, 660)).await.unwrap().in_force().unwrap();
    world.promote("Ada Admin", Capability::Lead).await;
    let id = world.approved("worker-2.example.net").await;
    change_apply(backend, ada, id, world.version(id).await).await.unwrap();
    let always =
        Recurrence::Weekly { days: Day::ALL.iter().copied().collect(), at: chrono::NaiveTime::MIN, minutes: 1440 };
    let always = |name: &str| NewEntry { recurrence: always.clone(), ..once(Kind::Window, name, 0, 1) };

    // Whoever's change waits is a lead, and tries all that they may: it is proposed, and they do not approve it.
    for wider in [always("Nights"), nights(-60, 660), nights(599, 660), nights(700, 701)] {
        let changed = entry_change(backend, ada, ENVIRONMENT, window, 1, wider, Some("It is urgent.")).await.unwrap();
        let proposal = changed.proposed().expect("it is proposed");
        refusal(proposal_decide(backend, ada, ENVIRONMENT, proposal, true, None).await);
        proposal_withdraw(backend, ada, ENVIRONMENT, proposal).await.unwrap();
    }
    let added = entry_add(backend, ada, ENVIRONMENT, always("Days")).await.unwrap();
    assert_eq!(entry_add(backend, ada, ENVIRONMENT, always("Days")).await.unwrap(), added, "a double click");
    let freeze = entry_add(backend, lena, ENVIRONMENT, once(Kind::Freeze, "Storm", 800, 900)).await.unwrap();
    let turned = once(Kind::Window, "Storm", 800, 900);
    let turned = entry_change(backend, ada, ENVIRONMENT, freeze.in_force().unwrap(), 1, turned, None).await;
    assert!(refusal(turned).starts_with("As a window it would open the environment at more times than now."));
    assert!(is_closed(&world).await);
    assert_eq!(world.count("runs").await, 0);

    // What opens no more is so at once.
    entry_change(backend, ada, ENVIRONMENT, window, 1, nights(610, 650), None).await.unwrap().in_force().unwrap();
    let within = entry_add(backend, ada, ENVIRONMENT, once(Kind::Window, "Late", 620, 640)).await.unwrap();
    assert!(within.in_force().is_some());

    // What was proposed against another window is proposed again; what leads put in force is.
    let wider = entry_change(backend, lena, ENVIRONMENT, window, 2, nights(600, 700), None).await.unwrap();
    let wider = wider.proposed().unwrap();
    entry_change(backend, luis, ENVIRONMENT, window, 2, nights(610, 645), None).await.unwrap();
    let told = refusal(proposal_decide(backend, luis, ENVIRONMENT, wider, true, None).await);
    assert_eq!(told, "The window was changed or removed since; it has to be proposed again.");
    proposal_withdraw(backend, lena, ENVIRONMENT, wider).await.unwrap();
    let wider =
        entry_change(backend, ada, ENVIRONMENT, window, 3, nights(-10, 700), Some("Sales need it")).await.unwrap();
    world.put_in_force(wider.proposed().unwrap()).await;
    assert!(!is_closed(&world).await);
    let audit = audit_list(backend, vera, Some(ENVIRONMENT), None, 4, Some(("window", "Nights"))).await.unwrap().rows;
    let acts: Vec<_> = audit.iter().map(|row| (row.action, row.reason.as_deref())).collect();
    assert_eq!(acts[0].0, AuditAction::ProposalInForce);
    assert_eq!(acts[1].0, AuditAction::ScheduleEntryChanged);
    assert_eq!(acts[3], (AuditAction::ProposalMade, Some("Sales need it")));
    world.put_in_force(added.proposed().unwrap()).await;
    let names = schedule_load(backend, vera, Some(ENVIRONMENT)).await.unwrap().entries;
    assert!(names.iter().any(|shown| shown.entry.name == "Days"));
}
