//! Batches of edits: acknowledged in order, taken once, carried over what others did, or returned whole.

use futures::future::join_all;
use strata_backend::audit::audit_list;
use strata_backend::changes::{Appended, LogTail, Seen, change_append, change_start, change_submit, change_tail};
use strata_backend::{Actor, Error};
use strata_domain::audit::AuditAction;
use strata_domain::draft::{Batch, Known};
use strata_domain::edit::Edit;
use strata_domain::topology::Topology;

use crate::support::{ENVIRONMENT, World, account_id, add_node, person, refusal, update_node};

const SQL: &str = "sql-1.example.net";
const APP: &str = "app-1.example.net";

async fn started(world: &World) -> (i64, Topology) {
    let id = change_start(&world.backend, &world.ada, ENVIRONMENT, "By several").await.unwrap();
    (id, Topology::clone(&world.view(id).await.base.topology))
}

fn taken(appended: Result<Appended, Error>) -> LogTail {
    match appended {
        Ok(Appended::Taken(tail)) => tail,
        other => panic!("not taken but {other:?}"),
    }
}

fn sequences(tail: &LogTail) -> Vec<i64> {
    tail.edits.iter().map(|logged| logged.sequence).collect()
}

fn site(base: &Topology, hostname: &str, site: &str) -> Edit {
    update_node(base, hostname, |facts| facts.site = Some(site.to_owned()))
}

fn memory(base: &Topology, hostname: &str, memory_mib: u64) -> Edit {
    update_node(base, hostname, |facts| facts.hardware.memory_mib = Some(memory_mib))
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_batch_is_acknowledged_with_its_sequence_numbers(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, vera, .. } = &world;
    let (id, base) = started(&world).await;
    let role = Edit::AssignRole { hostname: SQL.to_owned(), role: "queue".into(), settings: Default::default() };
    let edits = vec![add_node("worker-2.example.net", "worker"), role, site(&base, SQL, "dc1")];
    let tail = taken(world.append(ada, id, 0, "one", edits).await);
    assert_eq!(sequences(&tail), [1, 2, 3]);
    assert!(
        tail.edits.iter().all(|logged| logged.batch.as_deref() == Some("one") && logged.author.name == "Ada Admin")
    );
    assert_eq!((tail.change.version, tail.live), (2, 1));
    let Edit::AddNode { node } = &tail.edits[0].edit else { panic!("{tail:?}") };
    assert!(node.id.is_some());
    assert_eq!(world.view(id).await.edits, tail.edits);

    let tail = taken(world.append(ada, id, 3, "two", vec![site(&base, APP, "dc1")]).await);
    assert_eq!(sequences(&tail), [4]);
    let rows =
        audit_list(backend, vera, Some(ENVIRONMENT), None, 2, Some(("change", &id.to_string()))).await.unwrap().rows;
    let told: Vec<_> = rows.into_iter().map(|row| (row.action, row.after.unwrap())).collect();
    assert_eq!(
        told,
        [
            (AuditAction::ChangeEdited, serde_json::json!({ "edits": [4, 4], "what": "Act two" })),
            (AuditAction::ChangeEdited, serde_json::json!({ "edits": [1, 3], "what": "Act one" })),
        ]
    );

    let tail = change_tail(backend, vera, id, 2).await.unwrap().unwrap();
    assert_eq!((sequences(&tail), tail.change.version), (vec![3, 4], 3));
    assert!(change_tail(backend, vera, id, 4).await.unwrap().unwrap().edits.is_empty());
    for unknown in [-1, 5, i64::MAX] {
        assert_eq!(change_tail(backend, vera, id, unknown).await.unwrap(), None, "{unknown}");
        let appended = world.append(ada, id, unknown, "three", vec![site(&base, APP, "dc2")]).await;
        assert_eq!(appended.unwrap(), Appended::Moved, "{unknown}");
    }
    assert_eq!(world.count("change_edits").await, 4);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_batch_sent_twice_is_taken_once(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, .. } = &world;
    let (id, base) = started(&world).await;
    let edits = || vec![add_node("worker-2.example.net", "worker"), site(&base, SQL, "dc1")];
    let (first, second) =
        tokio::join!(world.append(ada, id, 0, "same", edits()), world.append(ada, id, 0, "same", edits()));
    let first = taken(first);
    assert_eq!(taken(second), first);
    // Others go on, and it is sent once more: the tail has what came since.
    taken(world.append(adam, id, 2, "other", vec![site(&base, APP, "dc1")]).await);
    let again = taken(world.append(ada, id, 0, "same", edits()).await);
    assert_eq!(sequences(&again), [1, 2, 3]);
    assert_eq!(again.edits[..2], first.edits);
    let stolen = world.append(adam, id, 3, "same", edits()).await;
    assert!(matches!(stolen, Err(Error::Invalid { field: "key", .. })), "{stolen:?}");
    assert_eq!((world.count("change_edits").await, world.version(id).await), (3, 3));

    // Even where nothing can be appended any more, what was taken was taken.
    change_submit(backend, ada, id, 3).await.unwrap();
    assert_eq!(sequences(&taken(world.append(ada, id, 0, "same", edits()).await)), [1, 2, 3]);
    // In another change it is another batch.
    let (other, _) = started(&world).await;
    assert_eq!(sequences(&taken(world.append(ada, other, 0, "same", edits()).await)), [1, 2]);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_two_admins_do_at_once_survives_unless_it_is_the_same_thing(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { ada, adam, .. } = &world;
    let (id, base) = started(&world).await;
    // All of these were written in view of the empty log.
    taken(world.append(ada, id, 0, "a1", vec![memory(&base, SQL, 32_768)]).await);
    let tail = taken(world.append(adam, id, 0, "b1", vec![site(&base, APP, "dc2")]).await);
    assert_eq!(sequences(&tail), [1, 2], "another node; the tail has what the other did");
    let tail = taken(world.append(adam, id, 0, "b2", vec![site(&base, SQL, "dc1")]).await);
    assert_eq!(sequences(&tail), [1, 2, 3], "another field of the same node");
    let view = world.view(id).await;
    let sql = view.desired.node(SQL).unwrap();
    assert_eq!((sql.site.as_deref(), sql.hardware.memory_mib), (Some("dc1"), Some(32_768)));

    let edits = vec![site(&base, "es-1.example.net", "dc3"), memory(&base, SQL, 65_536)];
    let returned = world.append(adam, id, 0, "b3", edits).await.unwrap();
    let Appended::Returned { place: 1, reason, can_be_forced: true, tail } = returned else { panic!("{returned:?}") };
    assert_eq!(reason, format!("The memory of {SQL} was set to 32768 meanwhile."));
    assert_eq!(sequences(&tail), [1, 2, 3]);
    let after = world.view(id).await;
    assert_eq!((after.edits, after.change), (view.edits, view.change), "nothing of it was written");

    // The same value is no conflict, and no edit.
    let tail = taken(world.append(adam, id, 0, "b4", vec![memory(&base, SQL, 32_768)]).await);
    assert_eq!((sequences(&tail), world.version(id).await), (vec![1, 2, 3], 4));
    let audited = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM audit_log WHERE action = 'change-edited'");
    assert_eq!(audited.fetch_one(&world.pool).await.unwrap(), 3);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn an_edit_that_does_not_fit_takes_its_batch_along(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let ada = &world.ada;
    let (id, base) = started(&world).await;
    let gone = Edit::RemoveNode { hostname: "no-such.example.net".to_owned() };
    let edits = vec![site(&base, SQL, "dc1"), site(&base, APP, "dc1"), gone];
    let returned = world.append(ada, id, 0, "one", edits).await.unwrap();
    let Appended::Returned { place: 2, reason, can_be_forced: false, tail } = returned else { panic!("{returned:?}") };
    assert_eq!(reason, "There is no node no-such.example.net.");
    assert_eq!((tail.edits.len(), tail.change.version), (0, 1));

    // Nor does a node come under the id of another.
    let Edit::AddNode { mut node } = add_node("worker-2.example.net", "worker") else { panic!("adds a node") };
    node.id.clone_from(&base.node(SQL).unwrap().id);
    let edits = vec![site(&base, APP, "dc1"), Edit::AddNode { node: node.clone() }];
    let returned = world.append(ada, id, 0, "two", edits).await.unwrap();
    let Appended::Returned { place: 1, reason, can_be_forced: false, .. } = returned else { panic!("{returned:?}") };
    assert_eq!(reason, format!("There is a node {SQL} already."));
    assert_eq!(world.count("change_edits").await, 0);
    // Once that other is gone, it is the same node again.
    let edits = vec![Edit::RemoveNode { hostname: SQL.to_owned() }, Edit::AddNode { node }];
    assert_eq!(sequences(&taken(world.append(ada, id, 0, "three", edits).await)), [1, 2]);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_batch_needs_a_key_a_label_and_edits(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let (id, base) = started(&world).await;
    let good = || Batch { key: "k".repeat(64), label: "ü".repeat(200), edits: vec![site(&base, SQL, "dc1")] };
    let many = vec![site(&base, SQL, "dc1"); 10_001];
    let bad = [
        ("key", Batch { key: String::new(), ..good() }),
        ("key", Batch { key: "k".repeat(65), ..good() }),
        ("key", Batch { key: "ü".to_owned(), ..good() }),
        ("key", Batch { key: "a\n".to_owned(), ..good() }),
        ("label", Batch { label: String::new(), ..good() }),
        ("label", Batch { label: "ü".repeat(201), ..good() }),
        ("label", Batch { label: "a\nb".to_owned(), ..good() }),
        ("edits", Batch { edits: Vec::new(), ..good() }),
        ("edits", Batch { edits: many, ..good() }),
    ];
    for (wanted, batch) in bad {
        let refused = change_append(&world.backend, &world.ada, id, 0, batch).await;
        let Err(Error::Invalid { field, .. }) = refused else { panic!("{wanted}: {refused:?}") };
        assert_eq!(field, wanted);
    }
    assert_eq!(world.count("change_edits").await, 0);
    taken(change_append(&world.backend, &world.ada, id, 0, good()).await);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn only_admins_append(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, adam, lena, vera, .. } = &world;
    let id = world.in_review("worker-2.example.net").await;
    let base = world.view(id).await.base;
    let stranger = person(&world.pool, backend, "Sten Stranger", &[]).await;
    let append = async |actor: &Actor| world.append(actor, id, 1, "one", vec![site(&base, SQL, "dc1")]).await;
    assert_eq!(append(&Actor::Nobody).await, Err(Error::NotSignedIn));
    assert_eq!(append(&stranger).await, Err(Error::NotFound { what: "change" }));
    refusal(append(vera).await);
    refusal(append(lena).await);
    assert_eq!(world.count("change_edits").await, 1);
    // In review too: whoever does is an author from then on.
    taken(append(adam).await);
    assert!(world.view(id).await.review.authors.contains(&account_id(adam).to_string()));
    assert_eq!(change_tail(backend, &Actor::Nobody, id, 0).await, Err(Error::NotSignedIn));
    assert_eq!(change_tail(backend, &stranger, id, 0).await, Err(Error::NotFound { what: "change" }));
    assert_eq!(change_tail(backend, vera, id + 1, 0).await, Err(Error::NotFound { what: "change" }));
    assert_eq!(world.count("change_edits").await, 2);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn batches_at_the_same_moment_are_all_in_the_log(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let (id, _) = started(&world).await;
    let append = async |number: i64| {
        let actor = if number % 2 == 0 { &world.ada } else { &world.adam };
        let edits = (0..3).map(|node| add_node(&format!("worker-{number}-{node}.example.net"), "worker")).collect();
        let tail = taken(world.append(actor, id, 0, &format!("key-{number}"), edits).await);
        let own = tail.edits.iter().filter(|logged| logged.batch == Some(format!("key-{number}"))).count();
        assert_eq!(own, 3);
    };
    join_all((0..8).map(append)).await;
    let view = world.view(id).await;
    let found: Vec<i64> = view.edits.iter().map(|logged| logged.sequence).collect();
    assert_eq!(found, (1..=24).collect::<Vec<_>>());
    assert!(view.edits.chunks(3).all(|batch| batch.iter().all(|logged| logged.batch == batch[0].batch)));
    assert_eq!((view.change.version, view.desired.nodes.len()), (9, view.base.nodes.len() + 24));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_batch_of_thousands(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { ada, adam, .. } = &world;
    let (id, _) = started(&world).await;
    let names: Vec<String> = (0..5_000).map(|number| format!("worker-{number}.example.net")).collect();
    let edits = names.iter().map(|name| add_node(name, "worker")).collect();
    let tail = taken(world.append(ada, id, 0, "many", edits).await);
    assert_eq!(sequences(&tail), (1..=5_000).collect::<Vec<_>>());
    let desired = world.view(id).await.desired;
    let edits = names.iter().map(|name| site(&desired, name, "dc1")).collect();
    taken(world.append(adam, id, 5_000, "site", edits).await);
    let edits = names.iter().map(|name| memory(&desired, name, 8_192)).collect();
    let tail = taken(world.append(ada, id, 5_000, "memory", edits).await);
    assert_eq!(tail.edits.len(), 10_000);
    let desired = world.view(id).await.desired;
    let tail = taken(world.append(ada, id, 15_000, "one", vec![memory(&desired, &names[0], 4_096)]).await);
    assert_eq!(sequences(&tail), [15_001]);
    let both = |name: &String| {
        let node = desired.node(name).unwrap();
        node.site.as_deref() == Some("dc1") && node.hardware.memory_mib.is_some()
    };
    assert!(names.iter().all(both));
}

/// A server that was set back to a backup and has gone on since: the numbers are there again, in other edits.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_log_that_was_set_back_is_not_taken_for_the_one_that_is_known(pool: sqlx::PgPool) {
    let world = World::new(pool.clone()).await;
    let World { backend, ada, .. } = &world;
    let (id, base) = started(&world).await;
    let batch = |key: &str, to: &str| Batch {
        key: key.to_owned(),
        label: "Move".to_owned(),
        edits: vec![site(&base, SQL, to)],
    };
    let begun = world.view(id).await.change;
    let empty = Known::of(&begun, &[]);
    let other = begun.created_at - chrono::Duration::microseconds(1);
    let seen = |after, mark| Seen { after, mark: Some(mark) };
    let wrong = change_append(backend, ada, id, seen(0, other), batch("one", "dc1")).await.unwrap();
    assert_eq!(wrong, Appended::Moved, "a change of that number that was begun at another time is another change");
    let tail = taken(change_append(backend, ada, id, seen(0, empty.mark()), batch("one", "dc1")).await);
    let known = Known::of(&tail.change, &tail.edits);
    assert_eq!(known.sequence(), 1);
    assert!(change_tail(backend, ada, id, seen(1, known.mark())).await.unwrap().is_some());

    // What a backup of the moment before would lead to, once somebody has worked on.
    let back = "BEGIN; ALTER TABLE change_edits DISABLE TRIGGER USER;
                UPDATE change_edits SET at = at + interval '1 hour', batch = 'another';
                ALTER TABLE change_edits ENABLE TRIGGER USER; COMMIT";
    sqlx::raw_sql(back).execute(&pool).await.unwrap();
    assert_eq!(change_tail(backend, ada, id, seen(1, known.mark())).await.unwrap(), None);
    let wrong = change_append(backend, ada, id, seen(1, known.mark()), batch("two", "dc2")).await.unwrap();
    assert_eq!(wrong, Appended::Moved);
    assert_eq!(world.count("change_edits").await, 1);
    let view = world.view(id).await;
    assert!(!known.is_of(&view.change, &view.edits));
    assert!(empty.is_of(&view.change, &view.edits), "who knew none of it goes on");
    let found = Known::of(&view.change, &view.edits);
    taken(change_append(backend, ada, id, seen(1, found.mark()), batch("two", "dc2")).await);
}
