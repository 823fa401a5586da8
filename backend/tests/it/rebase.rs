//! A change moves to the live revision: nothing that anybody did is undone in silence, and whoever decides has no vote.

use std::collections::BTreeMap;

use strata_backend::audit::audit_list;
use strata_backend::changes::{
    Appended, ChangeView, Rebasing, change_rebase, change_start, change_submit, change_tail, change_withdraw,
};
use strata_backend::{Actor, Error};
use strata_domain::account::Capability;
use strata_domain::audit::AuditAction;
use strata_domain::change::ChangeState;
use strata_domain::edit::Edit;
use strata_domain::rebase::{Choice, RebaseConflict};
use strata_domain::review::Verdict;
use strata_domain::topology::Topology;

use crate::support::{ENVIRONMENT, World, account_id, add_node, change_apply, conflict, person, refusal, update_node};

const SQL: &str = "sql-1.example.net";

/// Ada's draft of one batch.
async fn draft(world: &World, edits: impl FnOnce(&Topology) -> Vec<Edit>) -> i64 {
    let id = change_start(&world.backend, &world.ada, ENVIRONMENT, "A draft").await.unwrap();
    let edits = edits(&world.view(id).await.base);
    world.append(&world.ada, id, 0, "key", edits).await.unwrap();
    id
}

fn site(base: &Topology, site: &str) -> Edit {
    update_node(base, SQL, |facts| facts.site = Some(site.to_owned()))
}

fn memory(base: &Topology, memory_mib: u64) -> Edit {
    update_node(base, SQL, |facts| facts.hardware.memory_mib = Some(memory_mib))
}

/// Adam sets the memory of the SQL node, and that becomes live.
async fn memory_goes_live(world: &World, memory_mib: u64) {
    let id = change_start(&world.backend, &world.ada, ENVIRONMENT, "To look").await.unwrap();
    let base = world.view(id).await.base;
    change_withdraw(&world.backend, &world.ada, id, 1, None).await.unwrap();
    world.meanwhile(&[memory(&base, memory_mib)]).await;
}

async fn rebase(world: &World, actor: &Actor, id: i64, choices: &[(i64, Choice)]) -> Result<Rebasing, Error> {
    let choices = choices.iter().copied().collect();
    change_rebase(&world.backend, actor, id, world.version(id).await, &choices).await
}

fn conflicts(rebasing: Result<Rebasing, Error>) -> Vec<RebaseConflict> {
    match rebasing {
        Ok(Rebasing::Conflicts(conflicts)) => conflicts,
        other => panic!("no conflicts but {other:?}"),
    }
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_two_changes_did_to_one_node_is_there_after(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { ada, .. } = &world;
    let id = draft(&world, |base| vec![site(base, "dc1")]).await;
    let before = world.view(id).await;
    memory_goes_live(&world, 32_768).await;
    assert_eq!(rebase(&world, ada, id, &[]).await.unwrap(), Rebasing::Done);

    let view = world.view(id).await;
    let sql = view.desired.node(SQL).unwrap();
    assert_eq!((sql.site.as_deref(), sql.hardware.memory_mib), (Some("dc1"), Some(32_768)));
    assert_eq!((view.change.base, view.change.log_start, view.edits.len()), (2, 3, 1));
    // Author, time and key are those of the edit that it was.
    let (was, is) = (&before.edits[0], &view.edits[0]);
    assert_eq!((is.sequence, &is.author, is.at, is.batch.as_deref()), (3, &was.author, was.at, was.batch.as_deref()));
    let from: Option<i64> = sqlx::query_scalar("SELECT carried_from FROM change_edits WHERE sequence = 3")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(from, Some(1));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn who_knows_the_log_of_before_reads_again(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, vera, .. } = &world;
    let empty = change_start(backend, adam, ENVIRONMENT, "Nothing yet").await.unwrap();
    let id = draft(&world, |base| vec![site(base, "dc1")]).await;
    let base = world.view(id).await.base;
    memory_goes_live(&world, 32_768).await;
    for change in [id, empty] {
        assert_eq!(rebase(&world, ada, change, &[]).await.unwrap(), Rebasing::Done);
    }
    // Each of these was written in view of the old base, where the memory was another.
    for (change, after) in [(id, 0), (id, 1), (empty, 0)] {
        assert_eq!(change_tail(backend, vera, change, after).await.unwrap(), None);
        let appended = world.append(adam, change, after, "late", vec![site(&base, "dc2")]).await.unwrap();
        assert_eq!(appended, Appended::Moved, "{after}");
    }
    // Ada never heard that her batch was taken; it is not taken again.
    let again = async |after| world.append(ada, id, after, "key", vec![site(&base, "dc1")]).await.unwrap();
    assert_eq!(again(0).await, Appended::Moved);
    assert!(matches!(again(2).await, Appended::Taken(tail) if tail.edits.len() == 1));
    let tail = change_tail(backend, vera, id, 2).await.unwrap().unwrap();
    assert_eq!((tail.edits, tail.change.base), (world.view(id).await.edits, 2));
    let appended = world.append(adam, empty, 1, "now", vec![add_node("worker-2.example.net", "worker")]).await.unwrap();
    assert!(matches!(appended, Appended::Taken(tail) if tail.edits[0].sequence == 2));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_conflict_waits_for_a_choice(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, vera, .. } = &world;
    let edits =
        |base: &Topology| vec![memory(base, 65_536), add_node("worker-2.example.net", "worker"), site(base, "dc1")];
    // The third edit was written in view of the first.
    let edits = |base: &Topology| {
        let mut edits = edits(base);
        let Edit::UpdateNode { facts, .. } = &mut edits[2] else { panic!("updates a node") };
        facts.hardware.memory_mib = Some(65_536);
        edits
    };
    let (dropped, insisted) = (draft(&world, edits).await, draft(&world, edits).await);
    memory_goes_live(&world, 32_768).await;

    let before = world.view(dropped).await;
    let found = conflicts(rebase(&world, ada, dropped, &[]).await);
    assert_eq!(found.iter().map(|found| found.logged.sequence).collect::<Vec<_>>(), [1]);
    assert_eq!(found[0].reason, format!("The memory of {SQL} was set to 32768 meanwhile."));
    assert!(found[0].can_be_forced);
    let after = world.view(dropped).await;
    assert_eq!(after, ChangeView { now: after.now, ..before }, "nothing was written");
    assert_eq!(world.count("change_rebases").await, 0);

    let memory_of = async |id| world.view(id).await.desired.node(SQL).unwrap().hardware.memory_mib;
    assert_eq!(rebase(&world, adam, dropped, &[(1, Choice::Drop)]).await.unwrap(), Rebasing::Done);
    let view = world.view(dropped).await;
    assert_eq!((view.edits.len(), memory_of(dropped).await), (2, Some(32_768)));
    assert!(view.edits.iter().all(|logged| logged.author.name == "Ada Admin"));

    assert_eq!(
        rebase(&world, adam, insisted, &[(1, Choice::Insist), (77, Choice::Drop)]).await.unwrap(),
        Rebasing::Done
    );
    let view = world.view(insisted).await;
    let authors: Vec<&str> = view.edits.iter().map(|logged| logged.author.name.as_str()).collect();
    assert_eq!((authors, memory_of(insisted).await), (vec!["Adam Admin", "Ada Admin", "Ada Admin"], Some(65_536)));
    assert_eq!(view.edits.iter().map(|logged| logged.sequence).collect::<Vec<_>>(), [5, 6, 7]);
    let row = audit_list(backend, vera, Some(ENVIRONMENT), None, 1, Some(("change", &insisted.to_string())))
        .await
        .unwrap()
        .rows;
    assert_eq!(row[0].action, AuditAction::ChangeRebased);
    let after = serde_json::json!({ "base": 2, "state": "draft", "edits": 3, "choices": { "1": "insist" } });
    assert_eq!(row[0].after.as_ref(), Some(&after));
    assert_eq!(row[0].before, Some(serde_json::json!({ "base": 1, "state": "draft" })));

    for statement in
        ["UPDATE change_rebases SET choices = '{}'", "DELETE FROM change_rebases", "TRUNCATE change_rebases"]
    {
        let error = sqlx::query(statement).execute(&world.pool).await.unwrap_err();
        assert!(error.to_string().contains("is append-only"), "{error}");
    }
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_was_edited_after_its_removal_is_made_again_or_left(pool: sqlx::PgPool) {
    const WORKER: &str = "worker-2.example.net";
    let world = World::new(pool).await;
    let World { ada, adam, .. } = &world;
    world.meanwhile(&[add_node(WORKER, "worker")]).await;
    let edits = |base: &Topology| vec![update_node(base, WORKER, |facts| facts.hardware.memory_mib = Some(8_192))];
    let (again, left) = (draft(&world, edits).await, draft(&world, edits).await);
    let was = world.view(again).await.base.node(WORKER).cloned().unwrap();
    world.meanwhile(&[Edit::RemoveNode { hostname: WORKER.to_owned() }]).await;

    let found = conflicts(rebase(&world, ada, again, &[]).await);
    assert_eq!(found[0].reason, format!("{WORKER} was removed meanwhile."));
    assert_eq!(rebase(&world, adam, again, &[(1, Choice::Insist)]).await.unwrap(), Rebasing::Done);
    let view = world.view(again).await;
    let node = view.desired.node(WORKER).unwrap();
    assert_eq!((&node.id, node.hardware.memory_mib, &node.roles), (&was.id, Some(8_192), &was.roles));
    assert!(view.edits.len() == 2 && view.edits.iter().all(|logged| logged.author.name == "Adam Admin"));

    assert_eq!(rebase(&world, ada, left, &[(1, Choice::Drop)]).await.unwrap(), Rebasing::Done);
    let view = world.view(left).await;
    assert_eq!((view.edits.len(), view.desired == view.base), (0, true));
    assert_eq!(world.count("change_edits").await, 2 + 2 + 2, "the log keeps what was written");
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn votes_stay_with_the_plan(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, .. } = &world;
    let same = world.approved("worker-3.example.net").await;
    let moved = draft(&world, |base| vec![memory(base, 65_536)]).await;
    change_submit(backend, ada, moved, world.version(moved).await).await.unwrap();
    world.approve(moved).await;
    memory_goes_live(&world, 32_768).await;

    let version = world.version(same).await;
    let click = async || change_rebase(backend, ada, same, version, &BTreeMap::new()).await.unwrap();
    let (first, second) = tokio::join!(click(), click());
    assert_eq!((first, second, click().await), (Rebasing::Done, Rebasing::Done, Rebasing::Done));
    assert_eq!(world.count("change_rebases").await, 1);
    let view = world.view(same).await;
    assert_eq!((view.change.base, view.change.state), (2, ChangeState::Approved), "the plan is the same");
    assert_eq!(view.change.version, version + 1);
    let told = conflict(change_rebase(backend, adam, same, version, &BTreeMap::new()).await);
    assert!(told.starts_with("Ada Admin "), "{told}");

    assert_eq!(rebase(&world, ada, moved, &[(1, Choice::Insist)]).await.unwrap(), Rebasing::Done);
    let view = world.view(moved).await;
    assert_eq!(view.change.state, ChangeState::InReview, "from another memory it is another plan");
    assert!(view.change.reason.unwrap().contains("no longer the one that was approved"));
    world.approve(moved).await;
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn who_decides_about_an_edit_has_no_vote(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, adam, luis, .. } = &world;
    world.promote("Adam Admin", Capability::Lead).await;
    world.promote("Luis Lead", Capability::Admin).await;
    let edits = |base: &Topology| vec![memory(base, 65_536), add_node("worker-2.example.net", "worker")];
    let decided = draft(&world, edits).await;
    let carried = world.in_review("worker-3.example.net").await;
    memory_goes_live(&world, 32_768).await;

    // Adam writes nothing: he leaves Ada's edit out.
    assert_eq!(rebase(&world, adam, decided, &[(1, Choice::Drop)]).await.unwrap(), Rebasing::Done);
    change_submit(backend, ada, decided, world.version(decided).await).await.unwrap();
    refusal(world.vote(adam, decided, Verdict::Approve, None).await);
    let error = world.insert_vote(decided, adam).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().constraint(), Some("votes_not_by_authors"));
    assert!(world.view(decided).await.review.authors.contains(&account_id(adam).to_string()));
    // Ada stays an author of the edit that is no longer in force.
    assert!(world.view(decided).await.review.authors.contains(&account_id(ada).to_string()));

    // Luis moves a change on which nothing was to be decided, and votes.
    assert_eq!(rebase(&world, luis, carried, &[]).await.unwrap(), Rebasing::Done);
    world.vote(luis, carried, Verdict::Approve, None).await.unwrap();
    assert_eq!(world.view(carried).await.change.state, ChangeState::Approved);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn applying_carries_too(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, .. } = &world;
    let merges = draft(&world, |base| vec![site(base, "dc1")]).await;
    let clashes = draft(&world, |base| vec![memory(base, 65_536)]).await;
    let apart = draft(&world, |_| vec![add_node("worker-2.example.net", "worker")]).await;
    for id in [merges, clashes, apart] {
        change_submit(backend, ada, id, world.version(id).await).await.unwrap();
        world.approve(id).await;
    }
    memory_goes_live(&world, 32_768).await;
    let apply = async |id| change_apply(backend, ada, id, world.version(id).await).await;

    assert!(refusal(apply(merges).await).contains("it is in review again"));
    let view = world.view(merges).await;
    let sql = view.desired.node(SQL).unwrap();
    assert_eq!((view.change.base, view.change.state), (2, ChangeState::InReview));
    assert_eq!((sql.site.as_deref(), sql.hardware.memory_mib), (Some("dc1"), Some(32_768)));

    let told = refusal(apply(clashes).await);
    assert!(told.contains(&format!("The memory of {SQL} was set to 32768 meanwhile. Nothing was started.")), "{told}");
    assert_eq!(world.view(clashes).await.change.base, 1);

    let run = apply(apart).await.unwrap();
    let view = world.view(apart).await;
    assert_eq!((view.change.base, view.edits[0].sequence, view.desired.nodes.len()), (2, 3, view.base.nodes.len() + 1));
    assert_eq!(world.run_to_the_end(run).await.revision, Some(3));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn the_same_addition_twice_is_one(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { ada, .. } = &world;
    let id = draft(&world, |_| vec![add_node("worker-2.example.net", "worker")]).await;
    world.meanwhile(&[add_node("worker-2.example.net", "worker")]).await;
    assert_eq!(rebase(&world, ada, id, &[]).await.unwrap(), Rebasing::Done);
    let view = world.view(id).await;
    assert_eq!((view.edits.len(), view.desired == view.base), (0, true));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn rights_and_states(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, vera, .. } = &world;
    let id = draft(&world, |base| vec![memory(base, 65_536)]).await;
    memory_goes_live(&world, 32_768).await;
    let stranger = person(&world.pool, backend, "Sten Stranger", &[]).await;
    let drop = [(1, Choice::Drop)];
    assert_eq!(rebase(&world, &Actor::Nobody, id, &drop).await, Err(Error::NotSignedIn));
    assert_eq!(rebase(&world, &stranger, id, &drop).await, Err(Error::NotFound { what: "change" }));
    refusal(rebase(&world, vera, id, &drop).await);
    refusal(rebase(&world, lena, id, &drop).await);
    change_withdraw(backend, ada, id, world.version(id).await, None).await.unwrap();
    assert!(refusal(rebase(&world, ada, id, &drop).await).starts_with("Only a draft"));
    assert_eq!(world.count("change_rebases").await, 0);
}
