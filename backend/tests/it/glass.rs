//! Applying without approval, what that blocks, and its review; and that the database lets no run in past all of this.

use strata_backend::Error;
use strata_backend::approvals::inbox_load;
use strata_backend::audit::audit_list;
use strata_backend::changes::{change_copy, change_start, change_submit, change_withdraw};
use strata_backend::runs::{change_break_glass, glass_review};
use strata_backend::schedule::{NewEntry, entry_add};
use strata_domain::account::Capability;
use strata_domain::audit::AuditAction;
use strata_domain::change::ChangeState;
use strata_domain::digest::Digest;
use strata_domain::edit::Edit;
use strata_domain::review::Verdict;
use strata_domain::run::RunState;
use strata_domain::schedule::{Day, Kind, Recurrence};
use strata_domain::topology::SettingValue;

use crate::support::{ENVIRONMENT, World, account_id, add_node, digest_of, refusal};

const WHY: &str = "All calls to the emergency number fail.";

async fn digest(world: &World, id: i64) -> Digest {
    digest_of(&world.view(id).await)
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn an_admin_applies_without_approval_once_until_a_lead_looked_at_it(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, lena, luis, vera, .. } = &world;
    // A freeze all week holds nobody up who breaks the glass.
    let days = Day::ALL.iter().copied().collect();
    let recurrence = Recurrence::Weekly { days, at: chrono::NaiveTime::MIN, minutes: 24 * 60 };
    let always = NewEntry {
        kind: Kind::Freeze,
        name: "Always".to_owned(),
        reason: "Nothing moves.".to_owned(),
        zone: "UTC".to_owned(),
        recurrence,
    };
    entry_add(backend, lena, ENVIRONMENT, always).await.unwrap();
    let id = world.in_review("worker-2.example.net").await;
    let seen = digest(&world, id).await;
    for stranger in [lena, vera] {
        let told = refusal(change_break_glass(backend, stranger, id, seen, WHY).await);
        assert_eq!(told, "Only admins of this environment apply without approval.");
    }
    let told = refusal(change_break_glass(backend, ada, id, seen, "urgent").await);
    assert!(told.starts_with("Say why in at least 10 characters"), "{told}");
    let told = refusal(change_break_glass(backend, ada, id, Digest([7; 32]), WHY).await);
    assert!(told.starts_with("The plan is no longer the one that you saw"), "{told}");
    assert_eq!(world.count("runs").await, 0);

    let apply = || change_break_glass(backend, ada, id, seen, WHY);
    let (run, again) = tokio::join!(apply(), apply());
    let run = run.unwrap();
    assert_eq!(again.unwrap(), run, "a double click");
    let view = world.view(id).await;
    let broken = view.glass.clone().unwrap();
    assert_eq!((view.change.state, broken.by.name.as_str()), (ChangeState::Provisioning, "Ada Admin"));
    assert_eq!((broken.reason.as_str(), broken.reviewed), (WHY, None));
    assert_eq!(world.run_to_the_end(run).await.state, RunState::Succeeded);

    // Nobody does it again before a lead has looked, and who did it is not that lead.
    let next = world.in_review("worker-3.example.net").await;
    let seen = digest(&world, next).await;
    let told = refusal(change_break_glass(backend, adam, next, seen, WHY).await);
    assert!(told.starts_with(&format!("Ada Admin applied change #{id} without approval")), "{told}");
    world.promote("Ada Admin", Capability::Lead).await;
    let told = refusal(glass_review(backend, ada, id, "Fine").await);
    assert!(told.starts_with("You applied it without approval yourself"), "{told}");
    assert!(matches!(glass_review(backend, lena, id, " ").await, Err(Error::Invalid { field: "conclusion", .. })));
    assert_eq!(
        glass_review(backend, lena, next, "Fine").await,
        Err(Error::NotFound { what: "change that was applied without approval" })
    );
    let unsaid =
        "UPDATE broken_glass SET reviewed_by = a.id, reviewed_by_name = a.name, reviewed_at = now(), conclusion = 'x'
                  FROM accounts a WHERE a.name = 'Luis Lead'";
    assert_eq!(world.as_attacker(unsaid).await.as_deref(), Some("broken_glass_reviewed_in_acts"));
    let before = unsaid.replace("now()", "now() - interval '1 hour'");
    assert_eq!(world.as_attacker(&before).await.as_deref(), Some("broken_glass_reviewed_by_leads"));
    glass_review(backend, lena, id, "It was right; the worker was needed.").await.unwrap();
    glass_review(backend, lena, id, "It was right; the worker was needed.").await.unwrap();
    assert_eq!(refusal(glass_review(backend, luis, id, "Me too").await), "Lena Lead has reviewed it already.");
    change_break_glass(backend, adam, next, seen, WHY).await.unwrap();

    let audit =
        audit_list(backend, vera, Some(ENVIRONMENT), None, 50, Some(("change", &id.to_string()))).await.unwrap().rows;
    let told: Vec<_> = audit.iter().map(|entry| (entry.action, entry.reason.as_deref())).take(2).collect();
    assert_eq!(
        told,
        [
            (AuditAction::GlassReviewed, Some("It was right; the worker was needed.")),
            (AuditAction::GlassBroken, Some(WHY)),
        ]
    );
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_draft_is_not_applied_without_approval(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let id = world.draft("worker-2.example.net").await;
    let seen = digest(&world, id).await;
    let told = refusal(change_break_glass(&world.backend, &world.ada, id, seen, WHY).await);
    assert_eq!(told, "It is still a draft; submit it first, so that leads see its plan.");
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn the_database_lets_no_run_in_that_only_its_authors_approved(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let lena = &world.lena;
    let id = world.in_review("worker-2.example.net").await;
    let seen = digest(&world, id).await;
    let insert = async || {
        sqlx::query(
            "INSERT INTO runs (environment_id, change_id, executor, digest, catalogue_version, base_revision, desired,
                               requested_by_name, requested_at)
             SELECT environment_id, id, 'dry-run', $2, 1, 1, '{}', 'x', now() FROM changes WHERE id = $1",
        )
        .bind(id)
        .bind(seen.0)
        .execute(&world.pool)
        .await
        .map(drop)
        .map_err(|error| error.as_database_error().and_then(|error| error.constraint().map(str::to_owned)))
    };
    let refused = Err(Some("runs_approved_by_another".to_owned()));
    assert_eq!(insert().await, refused, "nobody approved it");
    world.vote(lena, id, Verdict::Approve, None).await.unwrap();
    // A lead who approved and then wrote an edit is an author: the vote is worth nothing, here as in the domain.
    world.promote("Lena Lead", Capability::Admin).await;
    sqlx::query(
        "INSERT INTO change_edits (change_id, sequence, author_id, author_name, edit, at)
         SELECT $1, 99, $2, 'x', edit, now() FROM change_edits WHERE change_id = $1",
    )
    .bind(id)
    .bind(account_id(lena))
    .execute(&world.pool)
    .await
    .unwrap();
    assert_eq!(insert().await, refused, "its approver wrote an edit since");
}

/// Ada writes, Lena has a part in it, Adam breaks the glass: Lena does not review that, nor does the database let her.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn who_shaped_it_does_not_review_that_the_glass_was_broken(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, lena, luis, .. } = &world;
    world.promote("Lena Lead", Capability::Admin).await;
    let first = world.draft("worker-2.example.net").await;
    world.edit(lena, first, add_node("worker-3.example.net", "worker")).await;
    change_withdraw(backend, ada, first, world.version(first).await, None).await.unwrap();
    let id = change_copy(backend, ada, first).await.unwrap();
    world.edit(ada, id, Edit::RemoveNode { hostname: "worker-3.example.net".to_owned() }).await;
    change_submit(backend, ada, id, world.version(id).await).await.unwrap();
    let seen = digest(&world, id).await;
    let run = change_break_glass(backend, adam, id, seen, WHY).await.unwrap();
    assert_eq!(world.run_to_the_end(run).await.state, RunState::Succeeded);
    let told = "You had a part in this change; another lead has to review that it was applied.";
    assert_eq!(refusal(glass_review(backend, lena, id, "Fine").await), told);
    assert!(inbox_load(backend, lena).await.unwrap().decisions.is_empty(), "it does not wait for her");
    let error = sqlx::query(
        "UPDATE broken_glass SET reviewed_by = $2, reviewed_by_name = 'x', reviewed_at = now(), conclusion = 'x'
         WHERE change_id = $1",
    )
    .bind(id)
    .bind(account_id(lena))
    .execute(&world.pool)
    .await
    .unwrap_err();
    assert_eq!(error.as_database_error().unwrap().constraint(), Some("broken_glass_not_by_authors"));
    assert_eq!(inbox_load(backend, luis).await.unwrap().decisions.len(), 1);
    glass_review(backend, luis, id, "It was right.").await.unwrap();
}

/// A rule is off, or a warning, in the environment, and the master of SQL becomes a slave: no glass is broken over that.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn breaking_the_glass_passes_over_no_blocker_by_default(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, .. } = &world;
    let set = async |level: &str| {
        let set = format!(
            "INSERT INTO rule_levels (environment_id, rule, level) SELECT id, 'sql.no-master', '{level}' FROM environments
             ON CONFLICT (environment_id, rule) DO UPDATE SET level = excluded.level"
        );
        world.past_the_guard("rule_levels", "rule_levels_as_proposed", &set).await;
    };
    set("off").await;
    let id = change_start(backend, ada, ENVIRONMENT, "Nobody is master").await.unwrap();
    let settings = [("replication".to_owned(), SettingValue::Text("slave".to_owned()))];
    let slave = Edit::UpdateSettings {
        hostname: "sql-1.example.net".to_owned(),
        role: "sql".into(),
        settings: settings.into(),
    };
    world.edit(ada, id, slave).await;
    change_submit(backend, ada, id, world.version(id).await).await.expect("the environment thinks nothing of the rule");
    for level in ["off", "advice", "warning"] {
        set(level).await;
        let told = refusal(change_break_glass(backend, ada, id, digest(&world, id).await, WHY).await);
        assert!(told.starts_with("It breaks sql.no-master"), "{level}: {told}");
    }
    set("blocker").await;
    let told = refusal(change_break_glass(backend, ada, id, digest(&world, id).await, WHY).await);
    assert_eq!(told, "1 blocker has to be mended first.");
    assert_eq!((world.count("runs").await, world.count("broken_glass").await), (0, 0));
}
