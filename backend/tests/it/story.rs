//! The first whole way, as the issue tells it.

use strata_backend::approvals::change_vote;
use strata_backend::audit::audit_list;
use strata_backend::changes::{change_edit, change_list, change_start, change_submit};
use strata_backend::environments::topology_load;
use strata_backend::history::revision_list;
use strata_backend::runs::{run_confirm_step, run_list, run_load};
use strata_backend::{Actor, Error};
use strata_domain::audit::AuditAction;
use strata_domain::change::ChangeState;
use strata_domain::edit::Edit;
use strata_domain::review::Verdict;
use strata_domain::run::{RunState, StepState};
use strata_domain::topology::SettingValue;

use crate::support::{ENVIRONMENT, Working, World, add_node, change_apply, digest_of, live_of, refusal};

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_change_becomes_the_live_revision(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, vera, .. } = &world;
    let (first, before) = live_of(backend, vera).await;
    assert_eq!(first.number, 1);
    assert!(before.nodes.iter().all(|node| node.id.is_some()), "every node has its id for life");

    let id = change_start(backend, ada, ENVIRONMENT, "  A second worker ").await.unwrap();
    let version = change_edit(backend, ada, id, 1, add_node("worker-2.example.net", "worker")).await.unwrap();
    assert_eq!(version, 2);
    change_submit(backend, ada, id, version).await.unwrap();
    let view = world.view(id).await;
    assert_eq!(view.change.state, ChangeState::InReview);
    assert_eq!(view.change.title, "A second worker");
    change_vote(backend, lena, id, view.change.version, Verdict::Approve, None, digest_of(&view)).await.unwrap();
    let view = world.view(id).await;
    assert_eq!(view.change.state, ChangeState::Approved);
    assert_eq!(view.review.votes.len(), 1);

    let run = change_apply(backend, ada, id, view.change.version).await.unwrap();
    let ended = world.run_to_the_end(run).await;
    assert_eq!((ended.state, ended.revision), (RunState::Succeeded, Some(2)));
    assert_eq!(ended.steps_done, ended.steps_total);

    let (live, topology) = live_of(backend, vera).await;
    assert_eq!((live.number, live.change, live.run), (2, Some(id), Some(run)));
    assert_eq!(live.made_by.name, "Ada Admin");
    assert!(topology.node("worker-2.example.net").unwrap().id.is_some());
    assert_eq!(topology_load(backend, vera, None, Some(1)).await.unwrap().checked.topology.as_ref(), &before);
    assert_eq!(world.view(id).await.change.state, ChangeState::Applied);

    let numbers: Vec<i64> = revision_list(backend, vera, Some(ENVIRONMENT), None, 10)
        .await
        .unwrap()
        .rows
        .iter()
        .map(|r| r.number)
        .collect();
    assert_eq!(numbers, [2, 1]);
    assert_eq!(revision_list(backend, vera, Some(ENVIRONMENT), Some(2), 10).await.unwrap().rows[0].number, 1);
    assert_eq!(run_list(backend, vera, Some(ENVIRONMENT), None, 10).await.unwrap().rows.len(), 1);
    assert_eq!(
        change_list(backend, vera, Some(ENVIRONMENT), Some(ChangeState::Applied), None, 10).await.unwrap().rows.len(),
        1
    );
    assert_eq!(
        change_list(backend, vera, Some(ENVIRONMENT), Some(ChangeState::Draft), None, 10).await.unwrap().rows,
        []
    );

    let lines = run_load(backend, vera, run, 0, None).await.unwrap().log;
    let sequences: Vec<i64> = lines.iter().map(|line| line.sequence).collect();
    assert_eq!(sequences, (1..=i64::try_from(lines.len()).unwrap()).collect::<Vec<_>>(), "no gap, no line twice");
    assert_eq!(run_load(backend, vera, run, 2, None).await.unwrap().log[0].sequence, 3);

    let rows = audit_list(backend, vera, Some(ENVIRONMENT), None, 100, None).await.unwrap().rows;
    let acts: Vec<(AuditAction, &str)> = rows
        .iter()
        .map(|row| (row.action, row.actor.name.as_str()))
        .rev()
        .filter(|(action, _)| *action != AuditAction::AccountGranted)
        .collect();
    assert_eq!(
        acts,
        [
            (AuditAction::EnvironmentCreated, "Operator"),
            (AuditAction::TopologyImported, "Operator"),
            (AuditAction::ChangeStarted, "Ada Admin"),
            (AuditAction::ChangeEdited, "Ada Admin"),
            (AuditAction::ChangeSubmitted, "Ada Admin"),
            (AuditAction::ChangeApproved, "Lena Lead"),
            (AuditAction::RunStarted, "Ada Admin"),
            (AuditAction::RunSucceeded, "Ada Admin"),
        ]
    );
    let id = id.to_string();
    let of_change = audit_list(backend, vera, Some(ENVIRONMENT), None, 100, Some(("change", &id))).await.unwrap().rows;
    assert_eq!(of_change.len(), 4);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_manual_step_waits_for_a_person(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, lena, luis, vera, .. } = &world;
    let id = change_start(backend, ada, ENVIRONMENT, "A slave").await.unwrap();
    let mut edit = add_node("sql-2.example.net", "sql");
    if let Edit::AddNode { node } = &mut edit {
        node.roles[0].settings.insert("replication".to_owned(), SettingValue::Text("slave".to_owned()));
    }
    world.edit(ada, id, edit).await;
    change_submit(backend, ada, id, 2).await.unwrap();
    world.vote(lena, id, Verdict::Approve, None).await.unwrap();
    assert_eq!(world.view(id).await.change.state, ChangeState::InReview, "high risk needs two leads");
    world.vote(luis, id, Verdict::Approve, None).await.unwrap();
    let run = change_apply(backend, ada, id, world.version(id).await).await.unwrap();

    let steps = run_load(backend, vera, run, 0, None).await.unwrap().steps;
    let manual = steps.iter().find(|step| !step.checklist.is_empty()).unwrap().id.clone();
    assert_eq!(refusal(run_confirm_step(backend, adam, run, &manual).await), "The steps before it have not ended yet.");

    let working = Working::quick(&world);
    let waits = async {
        loop {
            let steps = run_load(backend, vera, run, 0, None).await.unwrap().steps;
            if steps.iter().any(|step| step.id == manual && step.state == StepState::Waiting) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), waits).await.unwrap();
    assert!(refusal(run_confirm_step(backend, lena, run, &manual).await).contains("admins"));
    assert_eq!(run_confirm_step(backend, adam, run, "no-such").await, Err(Error::NotFound { what: "step" }));
    run_confirm_step(backend, adam, run, &manual).await.unwrap();
    run_confirm_step(backend, adam, run, &manual).await.unwrap();
    let ended = world.wait_for(run, |run| run.finished_at.is_some()).await;
    working.stop().await;
    assert_eq!(ended.state, RunState::Succeeded);
    let steps = run_load(backend, vera, run, 0, None).await.unwrap().steps;
    let manual = steps.iter().find(|step| step.id == manual).unwrap();
    assert_eq!(manual.outcome.as_deref(), Some("Confirmed by Adam Admin"));
    let confirmations =
        audit_list(backend, &Actor::Operator, Some(ENVIRONMENT), None, 100, Some(("run", &run.to_string())))
            .await
            .unwrap()
            .rows;
    assert_eq!(confirmations.iter().filter(|row| row.action == AuditAction::StepConfirmed).count(), 1);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_double_click_starts_one_change(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let start = || change_start(&world.backend, &world.ada, ENVIRONMENT, "Once");
    let (first, second) = tokio::join!(start(), start());
    assert_eq!(first, second);
    world.edit(&world.ada, first.clone().unwrap(), add_node("worker-9.example.net", "worker")).await;
    assert_ne!(start().await, first, "what was edited since is another draft");
    assert_eq!(world.count("changes").await, 2);
}
