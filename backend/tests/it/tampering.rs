//! Somebody with a hand in the database alters a run: what nobody approved never becomes live.

use strata_backend::audit::audit_list;
use strata_backend::environments::topology_live;
use strata_domain::audit::AuditAction;
use strata_domain::change::ChangeState;
use strata_domain::run::RunState;

use crate::support::{ENVIRONMENT, World, change_apply};

/// What is to become live, altered in the middle of the run by that statement.
async fn altered(world: &World, statement: &str) {
    let World { backend, ada, vera, .. } = world;
    let id = world.approved("worker-2.example.net").await;
    let run = change_apply(backend, ada, id, world.version(id).await).await.unwrap();
    // With the hand of the owner: to the application, a run is as it was made, and the triggers say so to everybody.
    let refused =
        sqlx::query(sqlx::AssertSqlSafe(statement.to_owned())).bind(run).execute(&world.pool).await.unwrap_err();
    assert!(refused.to_string().contains("is append-only"), "{refused}");
    let triggers = async |word: &str| {
        let alter = format!("ALTER TABLE runs {word} TRIGGER USER");
        sqlx::query(sqlx::AssertSqlSafe(alter)).execute(&world.pool).await.unwrap();
    };
    triggers("DISABLE").await;
    let written = sqlx::query(sqlx::AssertSqlSafe(statement.to_owned())).bind(run).execute(&world.pool).await.unwrap();
    assert_eq!(written.rows_affected(), 1);
    triggers("ENABLE").await;
    let ended = world.run_to_the_end(run).await;
    assert_eq!((ended.state, ended.revision), (RunState::Failed, None), "{statement}");
    let (live, topology) = topology_live(backend, vera, ENVIRONMENT).await.unwrap().unwrap();
    assert_eq!(live.number, 1);
    assert!(topology.node("evil.example.net").is_none());
    let change = world.view(id).await.change;
    assert_eq!(change.state, ChangeState::Failed);
    let reason = change.reason.unwrap();
    assert!(reason.starts_with("What was to become live is not what was approved: its plan is "), "{reason}");
    let audit = audit_list(backend, vera, ENVIRONMENT, None, 1, None).await.unwrap();
    assert_eq!((audit[0].action, audit[0].reason.as_deref()), (AuditAction::RunFailed, Some(reason.as_str())));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_node_that_nobody_approved_does_not_become_live(pool: sqlx::PgPool) {
    let add = r#"UPDATE runs SET desired = jsonb_set(desired, '{nodes}', desired -> 'nodes' || jsonb_build_array(
                 (desired -> 'nodes' -> 0) - 'id' || '{"hostname": "evil.example.net", "private_ip": "10.6.6.6"}'))
                 WHERE id = $1"#;
    altered(&World::new(pool).await, add).await;
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn an_address_that_nobody_approved_does_not_become_live(pool: sqlx::PgPool) {
    let moved = r#"UPDATE runs SET desired = jsonb_set(desired, '{nodes,0,private_ip}', '"10.6.6.6"') WHERE id = $1"#;
    altered(&World::new(pool).await, moved).await;
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_was_approved_does_not_stay_away_either(pool: sqlx::PgPool) {
    let unchanged = "UPDATE runs r SET desired = v.topology FROM revisions v
                     WHERE r.id = $1 AND v.environment_id = r.environment_id AND v.number = r.base_revision";
    altered(&World::new(pool).await, unchanged).await;
}
