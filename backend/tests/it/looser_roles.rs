//! What an attacker tried: one admin weakens policy and rules through a role of the environment's own. Another layer, and a
//! policy's rule no longer matches; free growth, and the plan is cheap; a lower minimum, and a blocker is gone.

use strata_backend::Error;
use strata_backend::approvals::change_vote;
use strata_backend::audit::audit_list;
use strata_backend::catalogues::{catalogue_load, role_remove, role_save};
use strata_backend::changes::change_submit;
use strata_backend::proposals::{proposal_decide, proposal_withdraw};
use strata_domain::account::Capability;
use strata_domain::audit::AuditAction;
use strata_domain::catalogue::{Growth, Layer, Network, Role};
use strata_domain::change::ChangeState;
use strata_domain::notice::Kind;
use strata_domain::proposal::Outcome;
use strata_domain::review::{Verdict, VoteStanding};

use crate::catalogues::recorder;
use crate::support::{ENVIRONMENT, World, change_apply, refusal};
use crate::telling::{notices_of, tell_all};

const WHY: &str = "We record fewer calls";

/// The recorder as it is now, and the catalogue's version.
async fn now(world: &World) -> (u32, Option<Role>) {
    let own = catalogue_load(&world.backend, &world.vera, Some(ENVIRONMENT)).await.unwrap().own;
    (own.version, own.role("recorder").cloned())
}

async fn save(world: &World, version: u32, role: Role) -> Result<Outcome<u32>, Error> {
    role_save(&world.backend, &world.ada, ENVIRONMENT, version, role, WHY).await
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn one_admin_makes_no_role_looser(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, lena, luis, vera, .. } = &world;
    // The admin is a lead as well, and tries all that they may.
    world.promote("Ada Admin", Capability::Lead).await;
    let role = Role { growth: Growth::Rebalance, network: Network::PrivateOnly, ..recorder() };
    save(&world, 1, role.clone()).await.unwrap();
    let looser = [
        Role { layer: Layer::Functionality, ..role.clone() },
        Role { growth: Growth::Free, ..role.clone() },
        Role { min: 0, ..role.clone() },
        Role { network: Network::PublicOptional, ..role.clone() },
        Role { memory_floor_mib: None, ..role.clone() },
    ];
    for one in looser {
        let Err(Error::Invalid { field: "reason", .. }) =
            role_save(backend, ada, ENVIRONMENT, 2, one.clone(), " ").await
        else {
            panic!("without a reason");
        };
        let proposal = save(&world, 2, one).await.unwrap().proposed().expect("it is proposed");
        assert_eq!(now(&world).await, (2, Some(role.clone())), "nothing is so yet");
        proposal_withdraw(backend, ada, ENVIRONMENT, proposal).await.unwrap();
    }
    let gone = role_remove(backend, ada, ENVIRONMENT, 2, "recorder", WHY).await.unwrap().proposed().unwrap();
    assert_eq!(now(&world).await, (2, Some(role.clone())));
    proposal_withdraw(backend, ada, ENVIRONMENT, gone).await.unwrap();

    let none = Role { min: 0, ..role.clone() };
    let proposal = save(&world, 2, none.clone()).await.unwrap();
    assert_eq!(save(&world, 2, none.clone()).await.unwrap(), proposal, "a double click");
    let told = refusal(role_remove(backend, adam, ENVIRONMENT, 2, "recorder", WHY).await);
    assert!(told.starts_with("Ada Admin has proposed something about it that waits"), "{told}");
    let proposal = proposal.proposed().unwrap();
    let decide = |lead| proposal_decide(backend, lead, ENVIRONMENT, proposal, true, None);
    assert_eq!(refusal(decide(ada).await), "You proposed it; other leads have to approve it.");
    tell_all(&world, None).await;
    let told = notices_of(&world, lena).await.remove(0);
    assert_eq!(told.kind, Kind::ProposalMade, "leads are told");
    assert!(told.text.contains("The role Call recorder asks for less: at least 0 instead of 2"), "{}", told.text);
    decide(lena).await.unwrap();
    assert_eq!(now(&world).await.0, 2, "one of two");
    decide(luis).await.unwrap();
    assert_eq!(now(&world).await, (3, Some(none)));
    let audit = audit_list(backend, vera, Some(ENVIRONMENT), None, 4, Some(("role", "recorder"))).await.unwrap().rows;
    let acts: Vec<_> = audit.iter().map(|row| (row.action, row.reason.as_deref())).collect();
    assert_eq!(
        acts,
        [
            (AuditAction::ProposalInForce, None),
            (AuditAction::RoleSaved, Some(WHY)),
            (AuditAction::ProposalBacked, None),
            (AuditAction::ProposalMade, Some(WHY))
        ]
    );
    // Back again is stricter, and at once.
    assert_eq!(save(&world, 3, role.clone()).await.unwrap(), Outcome::InForce(4));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_looser_role_serves_only_what_is_submitted_after_it(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, .. } = &world;
    let draft = world.draft("worker-3.example.net").await;
    let id = world.approved("worker-2.example.net").await;
    // A stricter catalogue serves at once: two recorders are missing.
    save(&world, 1, recorder()).await.unwrap();
    let told = refusal(world.vote(lena, id, Verdict::Approve, None).await);
    assert!(told.contains("blocker"), "{told}");
    let looser = save(&world, 2, Role { min: 0, ..recorder() }).await.unwrap().proposed().unwrap();
    world.put_in_force(looser).await;

    // Nobody votes on it before its authors have submitted it anew.
    let view = world.view(id).await;
    assert_eq!((view.change.state, view.change.catalogue), (ChangeState::Draft, 3));
    let told = view.change.reason.unwrap();
    assert!(told.starts_with("The role Call recorder asks for less since, which serves only what is"), "{told}");
    refusal(world.vote(lena, id, Verdict::Approve, None).await);
    refusal(change_apply(backend, ada, id, world.version(id).await).await);
    assert_eq!(world.view(draft).await.change.reason, None, "it was no further");
    tell_all(&world, None).await;
    assert!(
        notices_of(&world, ada)
            .await
            .iter()
            .any(|told| told.kind == Kind::SentBack && told.text.contains("asks for less"))
    );

    change_submit(backend, ada, id, world.version(id).await).await.unwrap();
    let view = world.view(id).await;
    let votes: Vec<_> = view.review.votes.iter().map(|vote| view.review.standing_of(vote, view.now)).collect();
    assert_eq!((view.change.state, votes), (ChangeState::InReview, vec![VoteStanding::OtherRound]));
    // The plan is the one that was made with the catalogue of now.
    let (version, digest) = (view.change.version, view.review.plan.digest);
    change_vote(backend, lena, id, version, Verdict::Approve, None, digest).await.unwrap();
    let run = change_apply(backend, ada, id, world.version(id).await).await.unwrap();
    world.run_to_the_end(run).await;
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_proposal_about_a_role_that_moved_is_made_again(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, lena, luis, .. } = &world;
    save(&world, 1, recorder()).await.unwrap();
    let looser = save(&world, 2, Role { min: 0, ..recorder() }).await.unwrap().proposed().unwrap();
    let decide = |lead| proposal_decide(backend, lead, ENVIRONMENT, looser, true, None);
    decide(lena).await.unwrap();
    assert_eq!(save(&world, 2, Role { min: 3, ..recorder() }).await.unwrap(), Outcome::InForce(3));
    assert_eq!(refusal(decide(luis).await), "The role was changed or removed since; it has to be proposed again.");
    assert_eq!(now(&world).await.1.unwrap().min, 3);
}
