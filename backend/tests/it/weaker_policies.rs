//! What an attacker tried: a weaker policy through the back door. A change in review is judged by the strictest policy since
//! it was submitted, and a policy is put in force by as many as the strictest rule asks for.

use std::collections::BTreeMap;

use strata_backend::audit::audit_list;
use strata_backend::changes::{change_rebase, change_record, change_submit};
use strata_backend::policies::{policy_load, policy_propose};
use strata_backend::proposals::proposal_decide;
use strata_backend::{Actor, Error};
use strata_domain::account::Capability;
use strata_domain::audit::AuditAction;
use strata_domain::change::ChangeState;
use strata_domain::edit::Edit;
use strata_domain::policy::{LEADS, Rule, When};
use strata_domain::review::{Verdict, missing_text};
use strata_domain::run::RunState;

use crate::support::{ENVIRONMENT, World, account_id, add_node, change_apply, conflict, person, refusal};

fn leads(quorum: usize) -> Vec<Rule> {
    vec![Rule { name: format!("{quorum} see it"), when: When::default(), group: LEADS.to_owned(), quorum }]
}

async fn propose(world: &World, actor: &Actor, based_on: u32, quorum: usize) -> i64 {
    policy_propose(&world.backend, actor, ENVIRONMENT, based_on, leads(quorum), "It takes too long").await.unwrap()
}

async fn approve(world: &World, lead: &Actor, proposal: i64) -> Result<(), Error> {
    proposal_decide(&world.backend, lead, ENVIRONMENT, proposal, true, None).await
}

async fn version(world: &World) -> u32 {
    policy_load(&world.backend, &world.vera, Some(ENVIRONMENT)).await.unwrap().present.version
}

/// What a change still waits for.
async fn missing(world: &World, id: i64) -> String {
    let view = world.view(id).await;
    missing_text(&view.review.missing(view.now))
}

/// Three leads have to approve: Lena, Luis and Lara, who is given back.
async fn three_leads(world: &World) -> Actor {
    let lara = person(&world.pool, &world.backend, "Lara Lead", &[Capability::Lead]).await;
    let proposal = propose(world, &world.ada, 1, 3).await;
    world.put_in_force(proposal).await;
    assert_eq!(version(world).await, 2);
    lara
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn the_author_and_the_lead_who_voted_weaken_nothing(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, luis, vera, .. } = &world;
    let lara = three_leads(&world).await;
    let id = world.in_review("worker-2.example.net").await;
    world.vote(lena, id, Verdict::Approve, None).await.unwrap();
    assert_eq!(missing(&world, id).await, "1 of 3 leads");

    // The author proposes that one is enough, and the lead who voted would have it so.
    let proposal = propose(&world, ada, 2, 1).await;
    approve(&world, lena, proposal).await.unwrap();
    approve(&world, lena, proposal).await.unwrap();
    assert_eq!(version(&world).await, 2, "one of three is not enough, clicked twice or not");
    assert_eq!(world.view(id).await.change.state, ChangeState::InReview);
    let view = policy_load(backend, vera, Some(ENVIRONMENT)).await.unwrap();
    let open = &view.open[0];
    assert_eq!(missing_text(&open.proposal.missing(&open.demands, &view.leads)), "1 of 3 leads");
    let audit = audit_list(backend, vera, Some(ENVIRONMENT), None, 1, None).await.unwrap().rows;
    assert_eq!(audit[0].action, AuditAction::ProposalBacked);

    // All three have it so: it serves what is submitted from now on, and not the change that was.
    approve(&world, luis, proposal).await.unwrap();
    assert_eq!(version(&world).await, 2);
    approve(&world, &lara, proposal).await.unwrap();
    approve(&world, lena, proposal).await.unwrap();
    assert_eq!(version(&world).await, 3);
    let view = world.view(id).await;
    assert_eq!((view.change.state, missing(&world, id).await.as_str()), (ChangeState::InReview, "1 of 3 leads"));
    let asked: Vec<_> = view.review.plan.asked.iter().map(|asked| (asked.rule.as_str(), asked.older)).collect();
    assert_eq!(asked, [("1 see it", None), ("3 see it", Some(2))]);
    refusal(change_apply(backend, ada, id, view.change.version).await);
    let later = world.approved("worker-3.example.net").await;
    assert_eq!(world.view(later).await.review.plan.asked.len(), 1);

    // With the votes that were asked for it runs, and its record says under which policy they were.
    world.vote(luis, id, Verdict::Approve, None).await.unwrap();
    world.vote(&lara, id, Verdict::Approve, None).await.unwrap();
    let run = change_apply(backend, ada, id, world.version(id).await).await.unwrap();
    world.run_to_the_end(run).await;
    let record = change_record(backend, vera, id).await.unwrap();
    let asked: Vec<_> = record.asked.iter().map(|asked| (asked.quorum, asked.older, asked.met_by.len())).collect();
    assert_eq!(asked, [(1, None, 3), (3, Some(2), 3)]);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_stricter_policy_holds_at_once_and_stays_though_it_goes(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { lena, luis, ada, backend, .. } = &world;
    let before = world.in_review("worker-2.example.net").await;
    let lara = three_leads(&world).await;
    assert_eq!(missing(&world, before).await, "0 of 3 leads");
    let weaker = propose(&world, ada, 2, 1).await;
    for lead in [lena, luis, &lara] {
        approve(&world, lead, weaker).await.unwrap();
    }
    assert_eq!((version(&world).await, missing(&world, before).await.as_str()), (3, "0 of 3 leads"));
    // Sent back and submitted anew, it is a submission after the weaker one: with no vote of before.
    world.vote(lena, before, Verdict::Approve, None).await.unwrap();
    world.vote(luis, before, Verdict::SendBack, Some("Another disk")).await.unwrap();
    change_submit(backend, ada, before, world.version(before).await).await.unwrap();
    assert_eq!(missing(&world, before).await, "0 of 1 lead");
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn an_approval_counts_while_its_giver_is_a_lead_that_can_sign_in(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { ada, lena, luis, pool, .. } = &world;
    let lara = three_leads(&world).await;
    let proposal = propose(&world, ada, 2, 1).await;
    approve(&world, lena, proposal).await.unwrap();
    approve(&world, luis, proposal).await.unwrap();
    sqlx::query("UPDATE accounts SET disabled_at = now() WHERE id = $1")
        .bind(account_id(lena))
        .execute(pool)
        .await
        .unwrap();
    sqlx::query("DELETE FROM grants WHERE account_id = $1").bind(account_id(luis)).execute(pool).await.unwrap();
    approve(&world, &lara, proposal).await.unwrap();
    assert_eq!(version(&world).await, 2, "of the three, one is gone and one no lead any more");
    sqlx::query("UPDATE accounts SET disabled_at = NULL").execute(pool).await.unwrap();
    world.promote("Luis Lead", Capability::Lead).await;
    // They are back; whoever of them says so once more puts it in force.
    approve(&world, &lara, proposal).await.unwrap();
    assert_eq!(version(&world).await, 3);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_proposal_of_before_asks_for_as_many_as_then(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, lena, luis, .. } = &world;
    let lara = three_leads(&world).await;
    let rule = strata_domain::findings::RuleId::SqlNoMaster;
    let off = strata_domain::catalogue::Level::Off;
    let level =
        strata_backend::proposals::rule_level_propose(backend, adam, ENVIRONMENT, rule, off, "Tests").await.unwrap();
    let policy = propose(&world, ada, 2, 1).await;
    let stale = propose_refused(&world, luis).await;
    assert!(stale.starts_with("Ada Admin has proposed a policy"), "{stale}");
    for lead in [lena, luis, &lara] {
        approve(&world, lead, policy).await.unwrap();
    }
    // One lead is enough for what is proposed from now on, and not for what waited.
    approve(&world, lena, level).await.unwrap();
    let view = policy_load(backend, lena, Some(ENVIRONMENT)).await.unwrap();
    assert_eq!(view.open.len(), 1);
    assert_eq!(missing_text(&view.open[0].proposal.missing(&view.open[0].demands, &view.leads)), "1 of 3 leads");
    approve(&world, luis, policy).await.unwrap();
    let told = conflict(proposal_decide(backend, luis, ENVIRONMENT, policy, false, Some("No".to_owned())).await);
    assert_eq!(told, "This proposal is approved already. Look again.");
}

async fn propose_refused(world: &World, actor: &Actor) -> String {
    refusal(policy_propose(&world.backend, actor, ENVIRONMENT, 2, leads(2), "Mine").await)
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn past_every_use_case_the_database_counts_too(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { pool, lena, .. } = &world;
    let proposal = propose(&world, lena, 1, 1).await;
    let forge = "INSERT INTO policy_proposal_approvals (proposal_id, approver_id, approver_name, groups, at)
                 VALUES ($1, $2, 'x', '{}', now())";
    let constraint = |error: sqlx::Error| error.as_database_error().unwrap().constraint().unwrap().to_owned();
    let own = sqlx::query(forge).bind(proposal).bind(account_id(lena)).execute(pool).await.unwrap_err();
    assert_eq!(constraint(own), "policy_proposal_approvals_by_another");
    approve(&world, &world.luis, proposal).await.unwrap();
    let twice = sqlx::query(forge).bind(proposal).bind(account_id(&world.luis)).execute(pool).await.unwrap_err();
    assert_eq!(constraint(twice), "policy_proposal_approvals_pkey");
    // As a process of before would have done it: one approval, and the policy is there.
    let policy = sqlx::query(
        "INSERT INTO policies (environment_id, version, rules, proposal_id, reason, proposer_id, proposer_name,
                               approver_id, approver_name, approved_at)
         SELECT environment_id, 2, rules, id, reason, proposer_id, proposer_name, $1, 'x', now() FROM policy_proposals",
    );
    let few = policy.bind(account_id(&world.luis)).execute(pool).await.unwrap_err();
    assert_eq!(constraint(few), "policies_by_enough");
    for statement in [
        "UPDATE policy_proposal_approvals SET approver_name = 'y'",
        "DELETE FROM policy_proposal_approvals",
        "TRUNCATE policy_proposal_approvals",
    ] {
        let error = sqlx::query(statement).execute(pool).await.unwrap_err();
        assert!(error.to_string().contains("is append-only"), "{error}");
    }
}

/// What was asked before a change went home is asked no more once it is submitted under a weaker policy: nothing holds the run up.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_is_submitted_anew_under_a_weaker_policy_is_applied(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, .. } = &world;
    let id = world.in_review("worker-2.example.net").await;
    let two = propose(&world, ada, 1, 2).await;
    world.put_in_force(two).await;
    assert_eq!(missing(&world, id).await, "0 of 2 leads");
    world.vote(lena, id, Verdict::SendBack, Some("Not this week")).await.unwrap();
    let one = propose(&world, ada, 2, 1).await;
    world.put_in_force(one).await;
    change_submit(backend, ada, id, world.version(id).await).await.unwrap();
    world.vote(lena, id, Verdict::Approve, None).await.unwrap();
    let run = change_apply(backend, ada, id, world.version(id).await).await.unwrap();
    assert_eq!(world.run_to_the_end(run).await.state, RunState::Succeeded);
}

/// What is asked of a large environment is asked no more where it became smaller before the change was applied.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_is_asked_of_many_nodes_is_not_asked_of_fewer(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, .. } = &world;
    world.meanwhile(&[add_node("spare-1.example.net", "worker")]).await;
    let id = world.in_review("worker-2.example.net").await;
    let many = When { nodes_from: Some(world.view(id).await.desired.topology.nodes.len()), ..When::default() };
    let rules = [leads(1), leads(2).into_iter().map(|rule| Rule { when: many.clone(), ..rule }).collect()].concat();
    let proposal = policy_propose(backend, ada, ENVIRONMENT, 1, rules, "We grew").await.unwrap();
    world.put_in_force(proposal).await;
    assert_eq!(missing(&world, id).await, "0 of 2 leads");
    world.meanwhile(&[Edit::RemoveNode { hostname: "spare-1.example.net".to_owned() }]).await;
    change_rebase(backend, ada, id, world.version(id).await, &BTreeMap::new()).await.unwrap();
    assert_eq!(missing(&world, id).await, "0 of 1 lead");
    world.vote(lena, id, Verdict::Approve, None).await.unwrap();
    let run = change_apply(backend, ada, id, world.version(id).await).await.unwrap();
    assert_eq!(world.run_to_the_end(run).await.state, RunState::Succeeded);
}
