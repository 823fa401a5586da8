//! What an attacker tried who got at the application's connections: to have in force what nobody proposed, or not enough
//! people approved.

use strata_backend::Actor;
use strata_backend::catalogues::rule_level_set;
use strata_backend::policies::policy_propose;
use strata_backend::proposals::{proposal_decide, rule_level_propose, window_removal_propose};
use strata_backend::schedule::entry_add;
use strata_domain::catalogue::Level;
use strata_domain::findings::RuleId;
use strata_domain::policy::{LEADS, Rule, When};
use strata_domain::schedule::Kind;

use crate::schedule::once;
use crate::support::{ENVIRONMENT, World, account_id};

async fn refused(world: &World, statement: &str, by: &str) {
    assert_eq!(world.as_attacker(statement).await.as_deref(), Some(by), "{statement}");
}

async fn weaker(world: &World, rule: RuleId, level: Level) -> i64 {
    rule_level_propose(&world.backend, &world.ada, ENVIRONMENT, rule, level, "We only test").await.unwrap()
}

/// Another policy that asks for one lead, by a proposal of that id.
fn one_lead(proposal: i64, approver: &Actor) -> String {
    format!(
        "INSERT INTO policies (environment_id, version, rules, proposal_id, reason, proposer_id, proposer_name, approver_id,
                               approver_name, approved_at)
         SELECT environment_id, 2, '[{{\"name\": \"One\", \"when\": {{}}, \"group\": \"leads\", \"quorum\": 1}}]', id, 'x',
                proposer_id, 'x', '{}', 'x', now()
         FROM policy_proposals WHERE id = {proposal}",
        account_id(approver)
    )
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn no_policy_comes_in_by_the_proposal_of_something_else(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, luis, .. } = &world;
    // Of another kind, and in force.
    let level = weaker(&world, RuleId::NodeIdle, Level::Off).await;
    world.put_in_force(level).await;
    refused(&world, &one_lead(level, luis), "policies_as_proposed").await;
    // Other rules than those that were proposed; they were turned down, and are put in force in vain.
    let rules = vec![Rule { name: "3".to_owned(), when: When::default(), group: LEADS.to_owned(), quorum: 3 }];
    let policy = policy_propose(backend, ada, ENVIRONMENT, 1, rules, "More").await.unwrap();
    refused(&world, &one_lead(policy, luis), "policies_by_enough").await;
    proposal_decide(backend, lena, ENVIRONMENT, policy, true, None).await.unwrap();
    let approve = |decider: &Actor| {
        format!(
            "UPDATE policy_proposals SET state = 'approved', decider_id = '{}', decider_name = 'x', decided_at = now()
             WHERE id = {policy}",
            account_id(decider)
        )
    };
    refused(&world, &approve(lena), "policy_proposals_by_enough").await;
    let forged = |approver: &Actor| {
        format!(
            "INSERT INTO policy_proposal_approvals (proposal_id, approver_id, approver_name, groups, at)
             VALUES ({policy}, '{}', 'x', '{{}}', now())",
            account_id(approver)
        )
    };
    refused(&world, &forged(&world.vera), "policy_proposal_approvals_by_leads").await;
    // With the names of enough leads, which nobody can tell from their approvals: what they read, and nothing else.
    let with = |statement: &str| format!("{}; {}; {statement}", forged(luis), approve(luis));
    refused(&world, &with(&one_lead(policy, luis)), "policies_as_proposed").await;
    let as_proposed = one_lead(policy, luis)
        .replace("'[{\"name\": \"One\", \"when\": {}, \"group\": \"leads\", \"quorum\": 1}]'", "rules");
    assert_eq!(world.as_attacker(&with(&as_proposed)).await, None);
    refused(&world, &with(&as_proposed.replace("environment_id, 2", "environment_id, 3")), "policies_as_proposed")
        .await;
    proposal_decide(backend, luis, ENVIRONMENT, policy, false, Some("No".to_owned())).await.unwrap();
    refused(&world, &as_proposed, "policies_by_enough").await;
    // What was decided stays so.
    for set in ["state = 'open'", "state = 'approved'", "decision = 'x'"] {
        refused(
            &world,
            &format!("UPDATE policy_proposals SET {set} WHERE id = {policy}"),
            "policy_proposals_append_only",
        )
        .await;
    }
    let ready = "INSERT INTO policy_proposals (environment_id, based_on, rules, reason, proposer_id, proposer_name, proposed_at,
                                               state, decider_id, decider_name, decided_at)
                 SELECT environment_id, 1, rules, 'x', proposer_id, 'x', now(), 'approved', decider_id, 'x', now()
                 FROM policy_proposals WHERE kind = 'policy'";
    refused(&world, ready, "policy_proposals_begin_open").await;
    let open = weaker(&world, RuleId::SqlUnknownDisk, Level::Off).await;
    let other = format!("UPDATE policy_proposals SET proposed = '{{}}' WHERE id = {open}");
    refused(&world, &other, "42501").await;
    let owner = sqlx::raw_sql(sqlx::AssertSqlSafe(other)).execute(&world.pool).await.unwrap_err();
    assert_eq!(owner.as_database_error().unwrap().constraint(), Some("policy_proposals_append_only"));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn no_rule_matters_less_without_a_proposal(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, .. } = &world;
    let set = |rule: &str, level: &str| {
        format!(
            "INSERT INTO rule_levels (environment_id, rule, level) SELECT id, '{rule}', '{level}' FROM environments
             ON CONFLICT (environment_id, rule) DO UPDATE SET level = excluded.level"
        )
    };
    let by = "rule_levels_as_proposed";
    for level in ["off", "advice", "warning"] {
        refused(&world, &set("sql.no-master", level), by).await;
    }
    refused(&world, &set("node.idle", "off"), by).await;
    refused(&world, &set("something.new", "warning"), by).await;
    for (rule, level) in [("node.idle", "warning"), ("node.idle", "blocker"), ("something.new", "blocker")] {
        assert_eq!(world.as_attacker(&set(rule, level)).await, None, "{rule} {level}");
    }
    // Stricter, and then back: by an update, and by its removal.
    rule_level_set(backend, ada, ENVIRONMENT, RuleId::NodeIdle, Some(Level::Blocker), "Because").await.unwrap();
    refused(&world, "UPDATE rule_levels SET level = 'warning'", by).await;
    refused(&world, "DELETE FROM rule_levels", by).await;
    refused(&world, "TRUNCATE rule_levels", "42501").await;
    // A proposal serves once, in the act that ends it.
    let proposal = weaker(&world, RuleId::NodeIdle, Level::Advice).await;
    world.put_in_force(proposal).await;
    assert_eq!(world.count("rule_levels").await, 0, "advice is the default");
    rule_level_set(backend, ada, ENVIRONMENT, RuleId::NodeIdle, Some(Level::Blocker), "Again").await.unwrap();
    refused(&world, "DELETE FROM rule_levels", by).await;
    refused(&world, "UPDATE rule_levels SET level = 'advice'", by).await;
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn no_window_goes_without_a_proposal(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, .. } = &world;
    let added = entry_add(backend, lena, ENVIRONMENT, once(Kind::Window, "Nights", 600, 660)).await.unwrap();
    let window = added.in_force().unwrap();
    let by = "schedule_entries_as_proposed";
    refused(&world, "UPDATE schedule_entries SET removed_at = now()", by).await;
    refused(&world, "UPDATE schedule_entries SET kind = 'freeze'", by).await;
    refused(&world, "UPDATE schedule_entries SET kind = 'freeze', removed_at = now()", by).await;
    let proposal = window_removal_propose(backend, ada, ENVIRONMENT, window, 1, "Nights are busy").await.unwrap();
    refused(&world, "UPDATE schedule_entries SET removed_at = now()", by).await;
    world.put_in_force(proposal).await;
    // What is gone stays gone, as it was.
    for set in ["removed_at = NULL", "name = 'x'"] {
        refused(&world, &format!("UPDATE schedule_entries SET {set}"), "schedule_entries_append_only").await;
    }
}
