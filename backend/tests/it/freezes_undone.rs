//! What an attacker tried: a freeze undone without a word, by whoever's change waits for it, under whatever name; and a
//! window that goes.

use strata_backend::audit::audit_list;
use strata_backend::proposals::{proposal_decide, window_removal_propose};
use strata_backend::runs::{Applied, apply_call_off, change_apply};
use strata_backend::schedule::{NewEntry, entry_add, entry_change, entry_remove, freeze_end, schedule_load};
use strata_backend::{Actor, Error};
use strata_domain::account::Capability;
use strata_domain::audit::AuditAction;
use strata_domain::notice::Kind as Told;
use strata_domain::schedule::{Kind, Recurrence, Verdict};

use crate::schedule::{minutes, once};
use crate::support::{ENVIRONMENT, World, conflict, refusal};
use crate::telling::{notices_of, tell_all};

/// A freeze that is on for two hours more, and a change of Ada's, who is a lead as well, that waits for it.
async fn waiting(world: &World) -> (i64, i64) {
    world.promote("Ada Admin", Capability::Lead).await;
    let freeze = once(Kind::Freeze, "Quarter", -60, 120);
    let freeze = entry_add(&world.backend, &world.lena, ENVIRONMENT, freeze).await.unwrap();
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
    schedule_load(&world.backend, &world.vera, ENVIRONMENT).await.unwrap().verdict != Verdict::Open
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
    let weekly = Recurrence::Weekly {
        days: strata_domain::schedule::Day::ALL.iter().copied().collect(),
        at: minutes(-1).time(),
        minutes: 5,
    };
    for other in [
        of(Kind::Freeze, -60, 30),
        of(Kind::Freeze, 60, 600),
        of(Kind::Freeze, -600, -60),
        of(Kind::Window, -60, 120),
        east,
        NewEntry { recurrence: weekly, ..of(Kind::Freeze, 0, 1) },
    ] {
        outcomes.push(entry_change(backend, actor, ENVIRONMENT, freeze, 1, other, why).await);
    }
    outcomes
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn whoever_shaped_what_waits_does_not_undo_the_freeze(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, vera, .. } = &world;
    let (freeze, id) = waiting(&world).await;
    let told = format!("You shaped change #{id}, which waits for this freeze; somebody else has to let it end sooner.");
    for outcome in attempts(&world, ada, freeze, Some("It is urgent.")).await {
        assert_eq!(refusal(outcome), told);
    }
    assert_eq!(schedule_load(backend, ada, ENVIRONMENT).await.unwrap().shaped, [id]);
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
    assert_eq!(schedule_load(backend, vera, ENVIRONMENT).await.unwrap().shaped, [0_i64; 0]);
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
                "production: the freeze “Quarter” was removed while it was on",
                "production: the freeze “Quarter” ends sooner than it did"
            ]
        );
        assert!(told[0].text.contains("Lena Lead removed it: “The books are closed.”"), "{}", told[0].text);
    }
    let audit = audit_list(backend, vera, ENVIRONMENT, None, 4, Some(("freeze", "Quarter"))).await.unwrap();
    let acts: Vec<_> = audit.iter().map(|row| (row.action, row.reason.as_deref())).collect();
    assert_eq!(acts[0], (AuditAction::FreezeEnded, Some("The books are closed.")));
    assert_eq!(acts[1].0, AuditAction::ScheduleEntryRemoved);
    assert_eq!(acts[2], (AuditAction::FreezeEnded, Some("The books close sooner.")));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_makes_no_freeze_end_sooner_needs_no_word(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, lena, ada, .. } = &world;
    let (freeze, _) = waiting(&world).await;
    // Longer, or by another name, and by whom it holds up.
    entry_change(backend, ada, ENVIRONMENT, freeze, 1, once(Kind::Freeze, "Books", -60, 240), None).await.unwrap();
    let coming = entry_add(backend, lena, ENVIRONMENT, once(Kind::Freeze, "Storm", 60, 120)).await.unwrap();
    entry_change(backend, ada, ENVIRONMENT, coming, 1, once(Kind::Freeze, "Storm", 70, 90), None).await.unwrap();
    entry_remove(backend, ada, ENVIRONMENT, coming, 2, None).await.unwrap();
    tell_all(&world, None).await;
    assert!(notices_of(&world, &world.vera).await.iter().all(|told| told.kind != Told::FreezeEnded));
    assert!(is_closed(&world).await);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_window_goes_as_a_policy_does(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, luis, vera, .. } = &world;
    let window = entry_add(backend, lena, ENVIRONMENT, once(Kind::Window, "Nights", 600, 660)).await.unwrap();
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
    entry_change(backend, luis, ENVIRONMENT, window, 1, once(Kind::Window, "Nights", 600, 720), None).await.unwrap();
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
    let audit = audit_list(backend, vera, ENVIRONMENT, None, 2, Some(("window", "Nights"))).await.unwrap();
    let acts: Vec<_> = audit.iter().map(|row| row.action).collect();
    assert_eq!(acts, [AuditAction::ProposalInForce, AuditAction::ScheduleEntryRemoved]);
}
