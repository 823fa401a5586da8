//! Imports that leave nothing half-done, rows that stay, and what a stranger does not learn.

use strata_backend::audit::audit_list;
use strata_backend::changes::{change_list, change_load, change_start};
use strata_backend::environments::{Imported, environment_create, environment_list, topology_import, topology_load};
use strata_backend::history::{revision_list, revision_load};
use strata_backend::runs::{run_list, run_load};
use strata_backend::{Actor, Backend, Error};
use strata_domain::change::ChangeState;

use crate::support::{ENVIRONMENT, TOPOLOGY, World, change_apply, person};

async fn import(world: &World, text: &str) -> Result<Imported, Error> {
    topology_import(&world.backend, &world.ada, ENVIRONMENT, text.as_bytes(), "An import").await
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_second_import_becomes_a_draft(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    assert_eq!(import(&world, TOPOLOGY).await.unwrap(), Imported::Unchanged);
    let more = TOPOLOGY.replace("concurrency: 4", "concurrency: 8").replace("es-1", "es-9");
    let Imported::Change(id) = import(&world, &more).await.unwrap() else { panic!("a change") };
    let view = world.view(id).await;
    assert_eq!(view.change.state, ChangeState::Draft);
    assert!(view.edits.iter().all(|logged| logged.author.name == "Ada Admin"));
    assert!(view.desired.node("es-9.example.net").unwrap().id.is_some());
    assert!(view.desired.node("es-1.example.net").is_none());
    assert_eq!(world.count("revisions").await, 1);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_bad_file_leaves_nothing(pool: sqlx::PgPool) {
    let backend = Backend::new(pool.clone());
    environment_create(&backend, &Actor::Operator, ENVIRONMENT).await.unwrap();
    let twice = format!("{TOPOLOGY}\n").replace("hostname: ", "id: same\n    hostname: ");
    let files: [&[u8]; 6] = [
        b"version: 1\nenvironment: production\nnodes: 7\n",
        b"version: 1\nenvironment: production\nsurprise: true\n",
        b"\xff\xfe\x00",
        &vec![b' '; 50 * 1024 * 1024],
        b"",
        twice.as_bytes(),
    ];
    for file in files {
        let refused = topology_import(&backend, &Actor::Operator, ENVIRONMENT, file, "Bad").await;
        assert!(matches!(refused, Err(Error::Invalid { field: "file", .. })), "{refused:?}");
    }
    let other = TOPOLOGY.replace("environment: production", "environment: staging");
    let refused = topology_import(&backend, &Actor::Operator, ENVIRONMENT, other.as_bytes(), "Other").await;
    let Err(Error::Invalid { field: "file", message }) = refused else { panic!("{refused:?}") };
    assert!(message.contains("staging"), "{message}");
    let view = topology_load(&backend, &Actor::Operator, Some(ENVIRONMENT), None).await.unwrap();
    assert_eq!((view.live, view.revision, view.checked.nodes.len()), (None, None, 0));
    for table in ["revisions", "changes", "change_edits"] {
        let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&pool).await.unwrap(), 0, "{table}");
    }
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn two_first_imports_at_once_make_one_revision(pool: sqlx::PgPool) {
    let backend = Backend::new(pool);
    environment_create(&backend, &Actor::Operator, ENVIRONMENT).await.unwrap();
    let import = || topology_import(&backend, &Actor::Operator, ENVIRONMENT, TOPOLOGY.as_bytes(), "First");
    let (first, second) = tokio::join!(import(), import());
    let mut outcomes = [first.unwrap(), second.unwrap()];
    outcomes.sort_by_key(|outcome| *outcome == Imported::Unchanged);
    assert_eq!(outcomes, [Imported::Revision(1), Imported::Unchanged]);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_happened_cannot_be_rewritten(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    world.approved("worker-2.example.net").await;
    for (table, column) in [
        ("revisions", "title"),
        ("change_edits", "author_name"),
        ("change_submissions", "submitter_name"),
        ("votes", "voter_name"),
        ("audit_log", "actor_name"),
    ] {
        for statement in [
            format!("UPDATE {table} SET {column} = 'forged'"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table} CASCADE"),
        ] {
            let error = sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&world.pool).await.unwrap_err();
            assert!(error.to_string().contains("is append-only"), "{table}: {error}");
        }
    }
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_stranger_does_not_learn_what_is_there(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, pool, ada, .. } = &world;
    let stranger = person(pool, backend, "Sam Stranger", &[]).await;
    environment_create(backend, &Actor::Operator, "lab").await.unwrap();
    let id = world.approved("worker-2.example.net").await;
    let run = change_apply(backend, ada, id, world.version(id).await).await.unwrap();

    let nothing = |what| Err::<(), _>(Error::NotFound { what });
    let b = backend;
    let s = &stranger;
    assert_eq!(topology_load(b, s, Some(ENVIRONMENT), None).await.map(drop), nothing("environment"));
    assert_eq!(topology_load(b, s, Some(ENVIRONMENT), Some(1)).await.map(drop), nothing("environment"));
    assert_eq!(topology_load(b, s, None, None).await.map(drop), nothing("environment that you may view"));
    assert_eq!(revision_load(b, s, Some(ENVIRONMENT), 1).await.map(drop), nothing("environment"));
    assert_eq!(revision_list(b, s, Some(ENVIRONMENT), None, 1).await.map(drop), nothing("environment"));
    assert_eq!(change_list(b, s, Some(ENVIRONMENT), None, None, 1).await.map(drop), nothing("environment"));
    assert_eq!(run_list(b, s, Some(ENVIRONMENT), None, 1).await.map(drop), nothing("environment"));
    assert_eq!(audit_list(b, s, Some(ENVIRONMENT), None, 1, None).await.map(drop), nothing("environment"));
    assert_eq!(change_start(b, s, ENVIRONMENT, "Mine").await.map(drop), nothing("environment"));
    assert_eq!(change_load(b, s, id).await.map(drop), nothing("change"));
    assert_eq!(change_load(b, s, 999_999).await.map(drop), nothing("change"));
    assert_eq!(change_apply(b, s, id, 1).await.map(drop), nothing("change"));
    assert_eq!(run_load(b, s, run, 0, None).await.map(drop), nothing("run"));
    assert_eq!(environment_list(b, s).await.unwrap(), []);
    assert_eq!(environment_list(b, &Actor::Nobody).await, Err(Error::NotSignedIn));
    let slugs = |actor| async move {
        let found = environment_list(b, actor).await.unwrap();
        found.into_iter().map(|environment| environment.slug).collect::<Vec<_>>()
    };
    assert_eq!(slugs(ada).await, [ENVIRONMENT]);
    assert_eq!(slugs(&Actor::Operator).await, ["lab", ENVIRONMENT]);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn an_environment_needs_a_name_of_its_own_and_a_topology(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, .. } = &world;
    for slug in [ENVIRONMENT, "Upper Case", "", "-x"] {
        let refused = environment_create(backend, &Actor::Operator, slug).await;
        assert!(matches!(refused, Err(Error::Invalid { field: "environment", .. })), "{slug}: {refused:?}");
    }
    assert!(matches!(environment_create(backend, &world.ada, "lab").await, Err(Error::Refused(_))));
    environment_create(backend, &Actor::Operator, "lab").await.unwrap();
    let empty = change_start(backend, &Actor::Operator, "lab", "Too early").await;
    assert!(matches!(empty, Err(Error::Refused(_))), "{empty:?}");
    let unnamed = change_start(backend, &world.ada, ENVIRONMENT, " ").await;
    assert!(matches!(unnamed, Err(Error::Invalid { field: "title", .. })), "{unnamed:?}");
}

/// A file of 60,000 groups held the environment's lock for 19 seconds.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_file_is_compared_without_the_environments_lock(pool: sqlx::PgPool) {
    let world = World::new(pool.clone()).await;
    let mut held = pool.acquire().await.unwrap();
    for statement in ["BEGIN", "SELECT id FROM environments FOR NO KEY UPDATE"] {
        sqlx::query(statement).execute(&mut *held).await.unwrap();
    }
    // What comes to nothing needs no lock; who waited for it would wait for ever.
    let wrong = TOPOLOGY.replace("private_ip: 10.", "private_ip: 999.");
    let asked = async { (import(&world, TOPOLOGY).await, import(&world, &wrong).await) };
    let (same, wrong) = tokio::time::timeout(std::time::Duration::from_secs(60), asked).await.expect("it waits");
    assert_eq!(same, Ok(Imported::Unchanged));
    assert!(matches!(wrong, Err(Error::Invalid { field: "file", .. })), "{wrong:?}");
    sqlx::query("ROLLBACK").execute(&mut *held).await.unwrap();
}
