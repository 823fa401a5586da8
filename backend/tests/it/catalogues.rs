//! The catalogue of an environment moves on: version by version, audited, and nobody's work becomes unreadable.

use strata_backend::Error;
use strata_backend::audit::audit_list;
use strata_backend::catalogues::{catalogue_load, role_remove, role_save, rule_level_set};
use strata_backend::changes::{change_edit, change_start, change_submit, change_withdraw};
use strata_backend::environments::{TopologyView, topology_load};
use strata_backend::proposals::{proposal_decide, rule_level_propose};
use strata_backend::runs::run_load;
use strata_domain::audit::AuditAction;
use strata_domain::catalogue::{Catalogue, Layer, Level, Role};
use strata_domain::change::ChangeState;
use strata_domain::edit::Edit;
use strata_domain::findings::{RuleId, check};
use strata_domain::plan::plan;
use strata_domain::proposal::Outcome;
use strata_domain::review::Verdict;
use strata_domain::topology::RoleId;

use crate::support::{ENVIRONMENT, World, add_node, change_apply, conflict, refusal};

/// A storage role with a hardware floor, made of the queue's entry.
pub fn recorder() -> Role {
    let queue = Catalogue::built_in().role("queue").unwrap().clone();
    Role {
        id: RoleId::from("recorder"),
        name: "Call recorder".to_owned(),
        layer: Layer::Storage,
        depends_on: Vec::new(),
        min: 2,
        memory_floor_mib: Some(4_096),
        ..queue
    }
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn an_own_role_gets_rules_plan_steps_and_a_run(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, .. } = &world;
    assert_eq!(role_save(backend, ada, ENVIRONMENT, 1, recorder(), "").await.unwrap(), Outcome::InForce(2));

    let id = change_start(backend, ada, ENVIRONMENT, "Record calls").await.unwrap();
    world.edit(ada, id, add_node("recorder-1.example.net", "recorder")).await;
    let view = world.view(id).await;
    let catalogue = view.own.catalogue();
    let found = check(&view.desired, &catalogue);
    assert!(
        found.iter().any(|finding| finding.rule == RuleId::RoleTooFew && finding.message.contains("Call recorder"))
    );
    world.edit(ada, id, add_node("recorder-2.example.net", "recorder")).await;
    let view = world.view(id).await;
    assert!(check(&view.desired, &catalogue).iter().all(|finding| finding.rule != RuleId::RoleTooFew));
    let plan = plan(&view.base, &view.desired, &catalogue);
    let described: Vec<String> = plan.steps.iter().map(|step| step.describe(&catalogue)).collect();
    assert!(described.contains(&"Install Call recorder on recorder-1.example.net".to_owned()), "{described:?}");

    change_submit(backend, ada, id, world.version(id).await).await.unwrap();
    strata_backend::approvals::change_vote(
        backend,
        &world.lena,
        id,
        world.version(id).await,
        Verdict::Approve,
        None,
        plan.digest,
    )
    .await
    .unwrap();
    let run = change_apply(backend, ada, id, world.version(id).await).await.unwrap();
    let run = world.run_to_the_end(run).await;
    assert_eq!(run.revision, Some(2));
    let steps = run_load(backend, ada, run.id, 0, None).await.unwrap().steps;
    assert!(steps.iter().any(|step| step.description.contains("Call recorder")));

    // The first revision was made with the built-in catalogue, the second with the own one.
    let of = async |number| topology_load(backend, ada, Some(ENVIRONMENT), number).await;
    for (number, version, roles) in [(Some(1), 1, vec![]), (Some(2), 2, vec![recorder()]), (None, 2, vec![recorder()])]
    {
        let TopologyView { revision, own, .. } = of(number).await.unwrap();
        assert_eq!((revision.unwrap().catalogue, own.version, own.roles), (version, version, roles));
    }
    assert_eq!(of(Some(3)).await.unwrap_err(), Error::NotFound { what: "revision" });
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn each_version_is_kept_and_audited(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, .. } = &world;
    let save = |version, role| role_save(backend, ada, ENVIRONMENT, version, role, "Fewer calls");
    let (first, second) = tokio::join!(save(1, recorder()), save(1, recorder()));
    assert_eq!(
        (first.unwrap(), second.unwrap()),
        (Outcome::InForce(2), Outcome::InForce(2)),
        "a double click makes one version"
    );
    let told = conflict(role_save(backend, adam, ENVIRONMENT, 1, Role { min: 3, ..recorder() }, "").await);
    assert!(told.contains("version 2"), "{told}");
    let Err(Error::Invalid { field: "role", message }) = save(2, Role { max: Some(1), ..recorder() }).await else {
        panic!("at most 1 of at least 2 is taken");
    };
    assert!(message.starts_with("max: "), "{message}");
    assert_eq!(save(2, Role { min: 3, ..recorder() }).await.unwrap(), Outcome::InForce(3), "it asks for more");
    let gone = role_remove(backend, ada, ENVIRONMENT, 3, "recorder", "Nobody records").await.unwrap();
    world.put_in_force(gone.proposed().unwrap()).await;
    let again = role_remove(backend, ada, ENVIRONMENT, 3, "recorder", "").await.unwrap();
    assert_eq!(again, Outcome::InForce(4), "it is gone already");

    let view = catalogue_load(backend, &world.vera, Some(ENVIRONMENT)).await.unwrap();
    let what: Vec<_> = view.versions.iter().map(|row| (row.version, row.what.as_str())).collect();
    assert_eq!(
        what,
        [
            (4, "Removed the role Call recorder."),
            (3, "Changed the role Call recorder."),
            (2, "Added the role Call recorder.")
        ]
    );
    let audit =
        audit_list(backend, &world.vera, Some(ENVIRONMENT), None, 9, Some(("role", "recorder"))).await.unwrap().rows;
    let actions: Vec<_> = audit.iter().map(|entry| (entry.action, entry.before.is_some())).collect();
    assert_eq!(
        actions,
        [
            (AuditAction::ProposalInForce, false),
            (AuditAction::RoleRemoved, true),
            (AuditAction::ProposalBacked, false),
            (AuditAction::ProposalMade, true),
            (AuditAction::RoleSaved, true),
            (AuditAction::RoleSaved, false)
        ]
    );
    let error = sqlx::query("UPDATE catalogues SET what = 'x'").execute(&world.pool).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().constraint(), Some("catalogues_append_only"));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn only_admins_change_it(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    for actor in [&world.vera, &world.lena] {
        let told = refusal(role_save(&world.backend, actor, ENVIRONMENT, 1, recorder(), "").await);
        assert_eq!(told, "Only admins of this environment change its catalogue.");
        let off = rule_level_set(&world.backend, actor, ENVIRONMENT, RuleId::NodeIdle, Some(Level::Off), "No").await;
        refusal(off);
    }
    assert_eq!(world.count("catalogues").await + world.count("rule_levels").await, 0);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn open_changes_follow_and_votes_for_the_old_plan_no_longer_count(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, .. } = &world;
    let draft = world.draft("worker-2.example.net").await;
    let approved = world.approved("worker-3.example.net").await;
    role_save(backend, ada, ENVIRONMENT, 1, recorder(), "").await.unwrap();
    assert_eq!(world.view(draft).await.change.catalogue, 2);
    assert_eq!(world.view(approved).await.change.catalogue, 2);
    let change = world.view(approved).await.change;
    assert_eq!(change.state, ChangeState::InReview);
    let told = change.reason.unwrap();
    assert!(told.starts_with("The catalogue is at version 2 since, and the plan is no longer the one"), "{told}");
    refusal(change_apply(backend, ada, approved, change.version).await);
    assert_eq!(world.count("runs").await, 0);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_role_in_use_stays(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, .. } = &world;
    role_save(backend, ada, ENVIRONMENT, 1, recorder(), "").await.unwrap();
    let id = change_start(backend, ada, ENVIRONMENT, "Record calls").await.unwrap();
    world.edit(ada, id, add_node("recorder-1.example.net", "recorder")).await;
    let remove = || role_remove(backend, ada, ENVIRONMENT, 2, "recorder", "Nobody records");
    let told = refusal(remove().await);
    assert!(told.starts_with(&format!("Change {id} (“Record calls”) could not be read any more: ")), "{told}");
    assert!(told.ends_with("Have it applied or withdrawn first."), "{told}");
    assert_eq!(world.view(id).await.change.catalogue, 2, "nothing of the refused version is left");
    change_withdraw(backend, ada, id, world.version(id).await, None).await.unwrap();
    let gone = remove().await.unwrap().proposed().unwrap();
    // Somebody begins to use it before the last lead has decided.
    let id = change_start(backend, ada, ENVIRONMENT, "Record more").await.unwrap();
    world.edit(ada, id, add_node("recorder-1.example.net", "recorder")).await;
    let decide = |lead| proposal_decide(backend, lead, ENVIRONMENT, gone, true, None);
    decide(&world.lena).await.unwrap();
    assert!(refusal(decide(&world.luis).await).starts_with(&format!("Change {id} (“Record more”) could not be read")));
    change_withdraw(backend, ada, id, world.version(id).await, None).await.unwrap();
    decide(&world.luis).await.unwrap();
    assert_eq!(catalogue_load(backend, ada, Some(ENVIRONMENT)).await.unwrap().own.version, 3);
    // The withdrawn change is still read under the version that it was made with.
    assert_eq!(world.view(id).await.change.catalogue, 2);

    let other = Role { id: RoleId::from("mixer"), name: "Mixer".to_owned(), ..recorder() };
    role_save(backend, ada, ENVIRONMENT, 3, recorder(), "").await.unwrap();
    let depends = Role { depends_on: vec![RoleId::from("recorder")], ..other };
    role_save(backend, ada, ENVIRONMENT, 4, depends, "").await.unwrap();
    let told = refusal(role_remove(backend, ada, ENVIRONMENT, 5, "recorder", "Nobody records").await);
    assert_eq!(told, "Mixer depends on Call recorder.");
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn the_severity_of_a_rule_is_the_environments(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, .. } = &world;
    let set = |rule, level, reason| rule_level_set(backend, ada, ENVIRONMENT, rule, level, reason);
    let Err(Error::Invalid { field: "reason", .. }) = set(RuleId::NodeIdle, Some(Level::Blocker), " ").await else {
        panic!("no reason is taken");
    };
    set(RuleId::NodeIdle, Some(Level::Blocker), "Idle nodes cost money").await.unwrap();
    set(RuleId::NodeIdle, Some(Level::Blocker), "").await.unwrap();

    // A node without a role now stops the submission…
    let id = change_start(backend, ada, ENVIRONMENT, "One more").await.unwrap();
    let Edit::AddNode { mut node } = add_node("idle-1.example.net", "worker") else { panic!("adds a node") };
    node.roles.clear();
    change_edit(backend, ada, id, 1, Edit::AddNode { node }).await.unwrap();
    let told = refusal(change_submit(backend, ada, id, world.version(id).await).await);
    assert!(told.contains("blocker"), "{told}");
    // …until the rule matters less, which one admin does not decide.
    let told = refusal(set(RuleId::NodeIdle, None, "As others have it").await);
    assert!(told.starts_with("The rule is blocker now, and advice is weaker"), "{told}");
    let off = rule_level_propose(backend, ada, ENVIRONMENT, RuleId::NodeIdle, Level::Off, "They are spares");
    world.put_in_force(off.await.unwrap()).await;
    change_submit(backend, ada, id, world.version(id).await).await.unwrap();
    set(RuleId::NodeIdle, None, "As others have it").await.unwrap();
    assert!(catalogue_load(backend, ada, Some(ENVIRONMENT)).await.unwrap().own.levels.is_empty());

    let audit = audit_list(backend, ada, Some(ENVIRONMENT), None, 50, Some(("rule", "node.idle"))).await.unwrap().rows;
    let sets = audit.iter().filter(|entry| entry.action == AuditAction::RuleLevelSet);
    let told: Vec<_> = sets.map(|entry| (entry.before.clone(), entry.after.clone())).collect();
    let level = |word: &str| Some(serde_json::json!({ "level": word }));
    assert_eq!(
        told,
        [(level("off"), level("advice")), (level("blocker"), level("off")), (level("advice"), level("blocker"))]
    );
    assert_eq!(audit.last().unwrap().reason.as_deref(), Some("Idle nodes cost money"));
}
