//! Who has to approve is itself approved by another person, versioned, and takes hold of what is under review.

use strata_backend::audit::audit_list;
use strata_backend::policies::{policy_load, policy_propose};
use strata_backend::proposals::{proposal_decide, proposal_withdraw};
use strata_backend::{Actor, Error};
use strata_domain::account::Capability;
use strata_domain::audit::AuditAction;
use strata_domain::change::ChangeState;
use strata_domain::policy::{EXPERTS, LEADS, Policy, Rule, When};
use strata_domain::proposal::Proposed;
use strata_domain::review::Verdict;

use crate::support::{ENVIRONMENT, World, change_apply, conflict, person, refusal};

fn rules(quorum: usize) -> Vec<Rule> {
    vec![Rule { name: "Every change".to_owned(), when: When::default(), group: LEADS.to_owned(), quorum }]
}

async fn propose(world: &World, actor: &Actor, based_on: u32, rules: Vec<Rule>) -> Result<i64, Error> {
    policy_propose(&world.backend, actor, ENVIRONMENT, based_on, rules, "We grew").await
}

async fn decide(world: &World, actor: &Actor, proposal: i64, approve: bool) -> Result<(), Error> {
    proposal_decide(&world.backend, actor, ENVIRONMENT, proposal, approve, Some("As agreed".to_owned())).await
}

/// Ada proposes it, and both leads approve.
async fn in_force(world: &World, based_on: u32, rules: Vec<Rule>) {
    let id = propose(world, &world.ada, based_on, rules).await.unwrap();
    world.put_in_force(id).await;
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_policy_takes_as_many_people_as_the_strictest_rule(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, lena, luis, vera, .. } = &world;
    let view = policy_load(backend, vera, Some(ENVIRONMENT)).await.unwrap();
    assert_eq!((&view.present, view.versions.len(), view.open.len()), (Policy::built_in(), 0, 0));
    assert_eq!(view.members, [(LEADS.to_owned(), 2), (EXPERTS.to_owned(), 1)].into());
    assert_eq!(view.lifetime_hours, 168);

    let click = || propose(&world, lena, 1, rules(2));
    let (first, second) = tokio::join!(click(), click());
    let id = first.unwrap();
    assert_eq!(second.unwrap(), id, "a double click proposes once");
    let open = policy_load(backend, vera, Some(ENVIRONMENT)).await.unwrap().open.remove(0).proposal;
    assert_eq!(
        (open.based_on, open.proposed, open.reason.as_str()),
        (1, Proposed::Policy { rules: rules(2) }, "We grew")
    );

    let told = refusal(decide(&world, lena, id, true).await);
    assert_eq!(told, "You proposed it; other leads have to approve it.");
    let told = refusal(propose(&world, luis, 1, rules(1)).await);
    assert!(told.starts_with("Lena Lead has proposed a policy that waits"), "{told}");
    refusal(decide(&world, &world.ada, id, true).await);
    refusal(decide(&world, vera, id, true).await);
    refusal(decide(&world, &Actor::Operator, id, true).await);
    assert_eq!(decide(&world, luis, 999, true).await, Err(Error::NotFound { what: "proposal" }));

    let click = || decide(&world, luis, id, true);
    let (first, second) = tokio::join!(click(), click());
    assert_eq!((first, second, click().await), (Ok(()), Ok(()), Ok(())));
    let view = policy_load(backend, vera, Some(ENVIRONMENT)).await.unwrap();
    assert_eq!((&view.present, view.open.len()), (Policy::built_in(), 1), "an expert, but not two leads");
    world.promote("Adam Admin", Capability::Lead).await;
    let click = || decide(&world, &world.adam, id, true);
    let (first, second) = tokio::join!(click(), click());
    assert_eq!((first, second, click().await), (Ok(()), Ok(()), Ok(())));
    let view = policy_load(backend, vera, Some(ENVIRONMENT)).await.unwrap();
    assert_eq!(view.present, Policy { version: 2, rules: rules(2) });
    assert_eq!((view.versions.len(), view.open.len()), (1, 0));
    let version = &view.versions[0];
    let approved: Vec<&str> = version.approved_by.iter().map(|person| person.name.as_str()).collect();
    assert_eq!((version.proposed_by.name.as_str(), approved), ("Lena Lead", vec!["Luis Lead", "Adam Admin"]));

    let audit =
        audit_list(backend, vera, Some(ENVIRONMENT), None, 50, Some(("policy", &id.to_string()))).await.unwrap().rows;
    let acts: Vec<_> = audit.iter().map(|row| (row.action, row.actor.name.as_str())).collect();
    assert_eq!(
        acts,
        [
            (AuditAction::PolicyApproved, "Adam Admin"),
            (AuditAction::ProposalBacked, "Luis Lead"),
            (AuditAction::PolicyProposed, "Lena Lead")
        ]
    );
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn the_database_holds_the_four_eyes_too(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let id = propose(&world, &world.lena, 1, rules(2)).await.unwrap();
    let forged = "UPDATE policy_proposals
                  SET state = 'approved', decider_id = proposer_id, decider_name = 'x', decided_at = now() WHERE id = $1";
    let error = sqlx::query(forged).bind(id).execute(&world.pool).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().constraint(), Some("policy_proposals_by_another"));
    world.promote("Adam Admin", Capability::Lead).await;
    for lead in [&world.luis, &world.adam] {
        decide(&world, lead, id, true).await.unwrap();
    }
    for statement in ["UPDATE policies SET rules = '[]'", "DELETE FROM policies", "TRUNCATE policies"] {
        let error = sqlx::query(statement).execute(&world.pool).await.unwrap_err();
        assert!(error.to_string().contains("is append-only"), "{error}");
    }
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_is_proposed_is_checked(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, vera, .. } = &world;
    let two = vec![rules(0).remove(0), rules(1).remove(0)];
    let Err(Error::Invalid { field: "rules", message }) = propose(&world, ada, 1, two).await else {
        panic!("a quorum of nobody is taken");
    };
    assert_eq!(
        message,
        "Rule 1, quorum: A rule asks for 1 to 10 people.\nRule 2, name: Another rule is called “Every change” already."
    );
    let Err(Error::Invalid { field: "rules", .. }) = propose(&world, ada, 1, Policy::built_in().rules.clone()).await
    else {
        panic!("the same rules are taken");
    };
    let silent = policy_propose(backend, ada, ENVIRONMENT, 1, rules(1), " ").await;
    assert!(matches!(silent, Err(Error::Invalid { field: "reason", .. })), "{silent:?}");
    refusal(propose(&world, vera, 1, rules(1)).await);
    refusal(propose(&world, &Actor::Operator, 1, rules(1)).await);
    assert_eq!(propose(&world, &Actor::Nobody, 1, rules(1)).await, Err(Error::NotSignedIn));
    let stranger = person(&world.pool, backend, "Sten Stranger", &[]).await;
    assert_eq!(propose(&world, &stranger, 1, rules(1)).await, Err(Error::NotFound { what: "environment" }));
    assert_eq!(policy_load(backend, &stranger, Some(ENVIRONMENT)).await, Err(Error::NotFound { what: "environment" }));

    in_force(&world, 1, rules(2)).await;
    let told = conflict(propose(&world, ada, 1, rules(1)).await);
    assert_eq!(told, "Version 2 of the policy is in force by now. Look again before you go on.");
    assert_eq!(world.count("policy_proposals").await, 1);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_proposal_is_turned_down_or_withdrawn(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, lena, .. } = &world;
    let id = propose(&world, ada, 1, rules(2)).await.unwrap();
    let silent = proposal_decide(backend, lena, ENVIRONMENT, id, false, None).await;
    assert!(matches!(silent, Err(Error::Invalid { field: "reason", .. })), "{silent:?}");
    decide(&world, lena, id, false).await.unwrap();
    decide(&world, lena, id, false).await.unwrap();
    assert!(conflict(decide(&world, &world.luis, id, true).await).contains("rejected already"));
    let told = policy_load(backend, ada, Some(ENVIRONMENT)).await.unwrap().turned_down.unwrap();
    assert_eq!((told.proposed_by.name.as_str(), told.decided_by.name.as_str()), ("Ada Admin", "Lena Lead"));
    assert!(!told.decision.is_empty());

    let id = propose(&world, ada, 1, rules(2)).await.unwrap();
    assert_eq!(
        refusal(proposal_withdraw(backend, adam, ENVIRONMENT, id).await),
        "Only Ada Admin can withdraw this proposal."
    );
    proposal_withdraw(backend, ada, ENVIRONMENT, id).await.unwrap();
    proposal_withdraw(backend, ada, ENVIRONMENT, id).await.unwrap();
    assert!(conflict(decide(&world, lena, id, true).await).contains("withdrawn already"));
    let view = policy_load(backend, ada, Some(ENVIRONMENT)).await.unwrap();
    assert_eq!((view.present.version, view.open.len()), (1, 0));
    let audit = audit_list(backend, ada, Some(ENVIRONMENT), None, 4, None).await.unwrap().rows;
    let actions: Vec<_> = audit.iter().map(|row| row.action).collect();
    assert_eq!(
        actions,
        [
            AuditAction::PolicyWithdrawn,
            AuditAction::PolicyProposed,
            AuditAction::PolicyRejected,
            AuditAction::PolicyProposed
        ]
    );
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn another_policy_takes_hold_of_what_is_under_review(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, luis, vera, .. } = &world;
    let applied = world.approved("worker-2.example.net").await;
    let run = change_apply(backend, ada, applied, world.version(applied).await).await.unwrap();
    world.run_to_the_end(run).await;
    let approved = world.approved("worker-3.example.net").await;
    let draft = world.draft("worker-4.example.net").await;

    in_force(&world, 1, rules(2)).await;
    let stored: String = sqlx::query_scalar("SELECT state FROM changes WHERE id = $1")
        .bind(approved)
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(stored, "in-review", "it is stored, and not only shown");
    let view = world.view(approved).await;
    assert_eq!(
        view.change.reason.as_deref(),
        Some(
            "Version 2 of the approval policy is in force, which asks for more. It is in review again, with 1 of 2 leads."
        )
    );
    refusal(change_apply(backend, ada, approved, view.change.version).await);
    assert_eq!(world.view(draft).await.change.version, 2, "a draft is left alone");
    let view = world.view(applied).await;
    assert!(view.review.missing(view.runs[0].requested_at).is_empty(), "what ran is read under the policy of then");

    // The second lead is enough, and the first vote still counts.
    world.vote(luis, approved, Verdict::Approve, None).await.unwrap();
    assert_eq!(world.view(approved).await.change.state, ChangeState::Approved);
    let waits = world.in_review("worker-5.example.net").await;
    world.vote(lena, waits, Verdict::Approve, None).await.unwrap();
    assert_eq!(world.view(waits).await.change.state, ChangeState::InReview);

    // Where less is asked, that serves what is submitted from now on.
    in_force(&world, 2, rules(1)).await;
    assert_eq!(world.view(waits).await.change.state, ChangeState::InReview);
    let audit = audit_list(backend, vera, Some(ENVIRONMENT), None, 1, None).await.unwrap().rows;
    assert!(audit[0].after.as_ref().unwrap().get("changes").is_none(), "no change moved by it");
    let later = world.in_review("worker-6.example.net").await;
    world.vote(lena, later, Verdict::Approve, None).await.unwrap();
    assert_eq!(world.view(later).await.change.state, ChangeState::Approved);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_vote_counts_for_a_group_in_which_its_lead_was_then_and_is_now(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let network = Rule { group: "network".to_owned(), ..rules(1).remove(0) };
    in_force(&world, 1, vec![network]).await;
    let id = world.in_review("worker-2.example.net").await;
    world.vote(&world.lena, id, Verdict::Approve, None).await.unwrap();
    assert_eq!(world.view(id).await.change.state, ChangeState::InReview, "Lena is not in that group");
    let nils = person(&world.pool, &world.backend, "Nils Network", &[Capability::Lead]).await;
    let email = crate::support::email("Nils Network");
    strata_backend::accounts::account_group_add(&world.backend, &Actor::Operator, &email, ENVIRONMENT, "network")
        .await
        .unwrap();
    world.vote(&nils, id, Verdict::Approve, None).await.unwrap();
    assert_eq!(world.view(id).await.change.state, ChangeState::Approved);
    // Lena comes into it later, and Nils leaves: neither is of the group then and now.
    sqlx::query("UPDATE group_members SET account_id = $1")
        .bind(crate::support::account_id(&world.lena))
        .execute(&world.pool)
        .await
        .unwrap();
    assert_eq!(world.view(id).await.change.state, ChangeState::InReview);
}
