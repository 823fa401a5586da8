//! Applying: once, one at a time, and only what was approved.

use strata_backend::Error;
use strata_backend::changes::{change_start, change_submit};
use strata_backend::runs::run_list;
use strata_domain::change::ChangeState;
use strata_domain::edit::Edit;
use strata_domain::review::Verdict;
use strata_domain::run::RunState;

use crate::support::{ENVIRONMENT, World, add_node, change_apply, conflict, digest_of, refusal};

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_double_click_applies_once(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let id = world.approved("worker-2.example.net").await;
    let version = world.version(id).await;
    let apply = || change_apply(&world.backend, &world.ada, id, version);
    let (first, second) = tokio::join!(apply(), apply());
    assert_eq!(first.as_ref().unwrap(), second.as_ref().unwrap());
    assert_eq!(apply().await, first);
    assert_eq!(world.count("runs").await, 1);
    let told = conflict(change_apply(&world.backend, &world.lena, id, version).await);
    assert!(told.starts_with("Ada Admin "), "{told}");
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn of_two_applies_at_once_one_runs(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, .. } = &world;
    let one = world.approved("worker-2.example.net").await;
    let other = world.approved("worker-3.example.net").await;
    let (first, second) = tokio::join!(
        change_apply(backend, ada, one, world.version(one).await),
        change_apply(backend, adam, other, world.version(other).await),
    );
    let (run, told, waiting) =
        if let Ok(run) = first { (run, refusal(second), other) } else { (second.unwrap(), refusal(first), one) };
    assert!(told.starts_with(&format!("Run {run} (“Add worker-")), "{told}");
    assert!(told.ends_with("is provisioning; apply again when it has ended."), "{told}");
    assert_eq!(world.count("runs").await, 1);

    // It ends, and the other can go: on the newer revision the plan is still the approved one.
    assert_eq!(world.run_to_the_end(run).await.state, RunState::Succeeded);
    let run = change_apply(backend, ada, waiting, world.version(waiting).await).await.unwrap();
    assert_eq!(world.run_to_the_end(run).await.revision, Some(3));
    assert_eq!(run_list(backend, ada, Some(ENVIRONMENT), None, 10).await.unwrap().rows.len(), 2);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn the_database_holds_one_run_for_each_environment(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let id = world.approved("worker-2.example.net").await;
    let other = world.approved("worker-3.example.net").await;
    change_apply(&world.backend, &world.ada, id, world.version(id).await).await.unwrap();
    let error = sqlx::query(
        "INSERT INTO runs (environment_id, change_id, executor, digest, catalogue_version, base_revision, desired,
                           requested_by_name, requested_at)
         SELECT environment_id, $1, executor, (SELECT digest FROM votes WHERE change_id = $1), 1, 1, desired, 'x', now()
         FROM runs",
    )
    .bind(other)
    .execute(&world.pool)
    .await
    .unwrap_err();
    assert_eq!(error.as_database_error().unwrap().constraint(), Some("runs_one_active"));
    assert!(matches!(Error::from(error), Error::Refused(_)));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_plan_that_moved_goes_back_to_review(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, lena, .. } = &world;
    let more = change_start(backend, adam, ENVIRONMENT, "More workers").await.unwrap();
    let settings = [("concurrency".to_owned(), strata_domain::topology::SettingValue::Integer(8))];
    world
        .edit(
            adam,
            more,
            Edit::UpdateSettings {
                hostname: "mgmt-1.example.net".to_owned(),
                role: "worker".into(),
                settings: settings.clone().into(),
            },
        )
        .await;
    world.edit(adam, more, add_node("worker-2.example.net", "worker")).await;
    change_submit(backend, adam, more, world.version(more).await).await.unwrap();
    world.vote(lena, more, Verdict::Approve, None).await.unwrap();
    let approved = digest_of(&world.view(more).await);

    // Meanwhile somebody else has set the same: what is left to do is not what was approved.
    let other = change_start(backend, ada, ENVIRONMENT, "Eight").await.unwrap();
    world
        .edit(
            ada,
            other,
            Edit::UpdateSettings {
                hostname: "mgmt-1.example.net".to_owned(),
                role: "worker".into(),
                settings: settings.into(),
            },
        )
        .await;
    change_submit(backend, ada, other, world.version(other).await).await.unwrap();
    world.vote(lena, other, Verdict::Approve, None).await.unwrap();
    let run = change_apply(backend, ada, other, world.version(other).await).await.unwrap();
    world.run_to_the_end(run).await;

    let told = refusal(change_apply(backend, adam, more, world.version(more).await).await);
    assert!(told.contains("no longer the one that was approved") && told.contains("in review again"), "{told}");
    let view = world.view(more).await;
    assert_eq!((view.change.state, view.change.base), (ChangeState::InReview, 2));
    assert_eq!(view.change.reason.as_deref(), Some(told.as_str()));
    assert_ne!(digest_of(&view), approved);
    assert_eq!(world.count("runs").await, 1, "nothing was started");

    // The old vote does not count; a new one does, by the same lead.
    world.vote(lena, more, Verdict::Approve, None).await.unwrap();
    let run = change_apply(backend, adam, more, world.version(more).await).await.unwrap();
    assert_eq!(world.run_to_the_end(run).await.revision, Some(3));
}
