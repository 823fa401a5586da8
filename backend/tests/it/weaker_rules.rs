//! What an attacker tried: a rule switched off by one admin, for as long as it takes to apply what it forbids.

use strata_backend::audit::audit_list;
use strata_backend::catalogues::{catalogue_load, rule_level_set};
use strata_backend::changes::{change_record, change_start, change_submit};
use strata_backend::policies::policy_load;
use strata_backend::proposals::{proposal_decide, proposal_withdraw, rule_level_propose};
use strata_backend::runs::change_break_glass;
use strata_backend::{Actor, Error};
use strata_domain::account::Capability;
use strata_domain::audit::AuditAction;
use strata_domain::catalogue::{Level, Weakened, weakened};
use strata_domain::change::ChangeState;
use strata_domain::edit::Edit;
use strata_domain::findings::{RuleId, Severity, check};
use strata_domain::notice::Kind;
use strata_domain::review::Verdict;
use strata_domain::topology::SettingValue;

use crate::support::{ENVIRONMENT, World, change_apply, conflict, digest_of, refusal};
use crate::telling::{notices_of, tell_all};

const RULE: RuleId = RuleId::SqlNoMaster;
const WHY: &str = "All calls to the emergency number fail.";

async fn set(world: &World, actor: &Actor, level: Option<Level>) -> Result<(), Error> {
    rule_level_set(&world.backend, actor, ENVIRONMENT, RULE, level, "Because").await
}

async fn propose(world: &World, actor: &Actor, level: Level) -> Result<i64, Error> {
    rule_level_propose(&world.backend, actor, ENVIRONMENT, RULE, level, "We only test").await
}

/// Makes the master a slave: there is none then, which `sql.no-master` forbids.
async fn without_master(world: &World, id: i64) {
    let settings = [("replication".to_owned(), SettingValue::Text("slave".to_owned()))].into();
    let edit = Edit::UpdateSettings { hostname: "sql-1.example.net".to_owned(), role: "sql".into(), settings };
    world.edit(&world.ada, id, edit).await;
}

async fn draft_without_master(world: &World) -> i64 {
    let id = change_start(&world.backend, &world.ada, ENVIRONMENT, "No master").await.unwrap();
    without_master(world, id).await;
    id
}

async fn submit(world: &World, id: i64) -> Result<(), Error> {
    change_submit(&world.backend, &world.ada, id, world.version(id).await).await
}

/// How much the rule matters to a change, by which it is judged.
async fn judged(world: &World, id: i64) -> Level {
    strata_domain::catalogue::level_of(&world.view(id).await.own.levels, RULE)
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn one_admin_switches_nothing_off(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, luis, vera, .. } = &world;
    // The admin is a lead as well, and tries all that they may.
    world.promote("Ada Admin", Capability::Lead).await;
    for level in [Level::Off, Level::Advice, Level::Warning] {
        let told = refusal(set(&world, ada, Some(level)).await);
        assert!(told.ends_with("is weaker: that is proposed, and put in force by leads as a policy is."), "{told}");
    }
    let proposal = propose(&world, ada, Level::Off).await.unwrap();
    assert_eq!(propose(&world, ada, Level::Off).await.unwrap(), proposal, "a double click");
    let decide = |lead| proposal_decide(backend, lead, ENVIRONMENT, proposal, true, None);
    assert_eq!(refusal(decide(ada).await), "You proposed it; other leads have to approve it.");
    decide(lena).await.unwrap();
    let id = draft_without_master(&world).await;
    let told = refusal(submit(&world, id).await);
    assert!(told.contains("blocker"), "with one approval of two it holds: {told}");

    // Two leads, one of them an expert, have it so: everybody who answers for the environment is told.
    decide(luis).await.unwrap();
    decide(luis).await.unwrap();
    tell_all(&world, None).await;
    let told = notices_of(&world, lena).await.remove(0);
    assert_eq!(told.kind, Kind::ProposalInForce);
    assert!(
        told.text.starts_with("The rule sql.no-master: off instead of blocker. Luis Lead gave the last"),
        "{}",
        told.text
    );
    let audit =
        audit_list(backend, vera, Some(ENVIRONMENT), None, 9, Some(("rule", RULE.as_str()))).await.unwrap().rows;
    let acts: Vec<_> = audit.iter().map(|row| row.action).collect();
    assert_eq!(
        acts,
        [
            AuditAction::ProposalInForce,
            AuditAction::RuleLevelSet,
            AuditAction::ProposalBacked,
            AuditAction::ProposalMade
        ]
    );

    // What is submitted from now on goes through, and its review names the rule.
    submit(&world, id).await.unwrap();
    let off = Weakened { rule: RULE, by_default: Level::Blocker, level: Level::Off };
    assert_eq!(weakened(&world.view(id).await.own.levels), [off]);
    assert_eq!(change_record(backend, vera, id).await.unwrap().weakened, [off]);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_weaker_rule_serves_only_what_is_submitted_after_it(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, luis, vera, .. } = &world;
    let id = world.in_review("worker-2.example.net").await;
    let off = propose(&world, ada, Level::Off).await.unwrap();
    world.put_in_force(off).await;
    // Edited in review, where no submission asks for blockers any more.
    without_master(&world, id).await;
    let view = world.view(id).await;
    assert_eq!((judged(&world, id).await, view.review.plan.blockers), (Level::Blocker, 1));
    let found = check(&view.desired, &view.own.catalogue());
    assert!(found.iter().any(|finding| finding.rule == RULE && finding.severity == Severity::Blocker));
    assert!(weakened(&view.own.levels).is_empty());
    for lead in [lena, luis] {
        let told = refusal(world.vote(lead, id, Verdict::Approve, None).await);
        assert!(told.contains("blocker"), "{told}");
    }
    let seen = digest_of(&world.view(id).await);
    let told = refusal(change_break_glass(backend, ada, id, seen, WHY).await);
    assert!(told.contains("blocker"), "{told}");

    // Set back, which is stricter and at once: what was submitted meanwhile cannot be applied either.
    let meanwhile = draft_without_master(&world).await;
    submit(&world, meanwhile).await.unwrap();
    assert_eq!(judged(&world, meanwhile).await, Level::Off);
    world.approve(meanwhile).await;
    set(&world, ada, None).await.unwrap();
    assert_eq!(judged(&world, meanwhile).await, Level::Blocker);
    let told = refusal(change_apply(backend, ada, meanwhile, world.version(meanwhile).await).await);
    assert!(told.contains("blocker"), "{told}");

    // Off once more: it was on since the change was submitted.
    let again = propose(&world, ada, Level::Off).await.unwrap();
    world.put_in_force(again).await;
    assert_eq!((judged(&world, meanwhile).await, judged(&world, id).await), (Level::Blocker, Level::Blocker));
    assert_eq!(catalogue_load(backend, vera, Some(ENVIRONMENT)).await.unwrap().own.levels, [(RULE, Level::Off)].into());
    assert_eq!(world.count("runs").await, 0);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_was_applied_keeps_the_rules_of_then(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, vera, .. } = &world;
    let off = propose(&world, ada, Level::Off).await.unwrap();
    world.put_in_force(off).await;
    let id = draft_without_master(&world).await;
    submit(&world, id).await.unwrap();
    world.approve(id).await;
    let run = change_apply(backend, ada, id, world.version(id).await).await.unwrap();
    world.run_with_hands(run).await;
    set(&world, ada, None).await.unwrap();
    assert_eq!(world.view(id).await.change.state, ChangeState::Applied);
    assert_eq!(judged(&world, id).await, Level::Off, "the record of it tells what let it through");
    assert_eq!(change_record(backend, vera, id).await.unwrap().weakened.len(), 1);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_proposal_about_a_rule_that_moved_is_made_again(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, lena, vera, .. } = &world;
    refusal(propose(&world, vera, Level::Off).await);
    refusal(propose(&world, &Actor::Operator, Level::Off).await);
    let told = refusal(propose(&world, ada, Level::Blocker).await);
    assert!(told.contains("is not weaker"), "{told}");
    let warning = propose(&world, lena, Level::Warning).await.unwrap();
    let told = refusal(propose(&world, ada, Level::Off).await);
    assert!(told.starts_with("Lena Lead has proposed something about it that waits"), "{told}");
    proposal_withdraw(backend, lena, ENVIRONMENT, warning).await.unwrap();
    let off = propose(&world, adam, Level::Off).await.unwrap();
    // Another rule has a proposal of its own beside it.
    let other = rule_level_propose(backend, ada, ENVIRONMENT, RuleId::NodeIdle, Level::Off, "Spares").await.unwrap();
    assert_eq!(policy_load(backend, vera, Some(ENVIRONMENT)).await.unwrap().open.len(), 2);
    proposal_decide(backend, lena, ENVIRONMENT, other, false, Some("No".to_owned())).await.unwrap();
    assert!(
        conflict(proposal_decide(backend, lena, ENVIRONMENT, other, true, None).await).contains("rejected already")
    );

    // Somebody gets past the use case: what was proposed against “blocker” does not undo it unseen.
    let past = format!("INSERT INTO rule_levels SELECT id, '{}', 'warning' FROM environments", RULE.as_str());
    world.past_the_guard("rule_levels", "rule_levels_as_proposed", &past).await;
    let told = refusal(proposal_decide(backend, lena, ENVIRONMENT, off, true, None).await);
    assert!(told.starts_with("The rule was blocker when this was proposed, and is warning by now"), "{told}");
    // The history keeps it all the same, and is not rewritten.
    assert_eq!(world.count("rule_level_history").await, 1);
    for statement in ["UPDATE rule_level_history SET level = 'off'", "DELETE FROM rule_level_history"] {
        let error = sqlx::query(statement).execute(&world.pool).await.unwrap_err();
        assert!(error.to_string().contains("is append-only"), "{error}");
    }
}
