//! What people say about a change, and what waits for whom.

use strata_backend::approvals::{AwaitedAct, comment_add, inbox_load};
use strata_backend::audit::audit_list;
use strata_backend::changes::change_withdraw;
use strata_backend::{Actor, Error};
use strata_domain::audit::AuditAction;
use strata_domain::review::{Verdict, missing_text};

use crate::support::{ENVIRONMENT, World, person};

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_comment_is_kept_as_it_was_said_and_once(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, vera, .. } = &world;
    let id = world.in_review("worker-2.example.net").await;
    comment_add(backend, lena, id, Some("install-role:x:worker"), "  Why <b>here</b>?\n", "k-1").await.unwrap();
    comment_add(backend, lena, id, Some("install-role:x:worker"), "Why <b>here</b>?", "k-1").await.unwrap();
    // Another text with that key is another comment: from a second tab, say.
    comment_add(backend, lena, id, None, "And why now?", "k-1").await.unwrap();
    // The key is each person's own.
    comment_add(backend, ada, id, None, "Because of its disk.", "k-1").await.unwrap();
    comment_add(backend, vera, id, None, "I see.", "k-2").await.unwrap();
    let view = world.view(id).await;
    let said: Vec<(&str, Option<&str>, &str)> = view
        .comments
        .iter()
        .map(|comment| (comment.author.name.as_str(), comment.step.as_deref(), comment.text.as_str()))
        .collect();
    assert_eq!(said[0], ("Lena Lead", Some("install-role:x:worker"), "Why <b>here</b>?"));
    assert_eq!((said[1].2, said[2].2), ("And why now?", "Because of its disk."));
    assert_eq!(said.len(), 4);
    let audit =
        audit_list(backend, vera, Some(ENVIRONMENT), None, 10, Some(("change", &id.to_string()))).await.unwrap().rows;
    assert_eq!(audit.iter().filter(|entry| entry.action == AuditAction::CommentAdded).count(), 4);
    assert!(sqlx::query("UPDATE change_comments SET text = 'x'").execute(&world.pool).await.is_err());
    assert!(sqlx::query("DELETE FROM change_comments").execute(&world.pool).await.is_err());
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn who_may_not_look_may_not_talk(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, vera, .. } = &world;
    let id = world.draft("worker-2.example.net").await;
    let stranger = person(&world.pool, backend, "Sten Stranger", &[]).await;
    let say = async |actor: &Actor, text: &str, key: &str| comment_add(backend, actor, id, None, text, key).await;
    assert_eq!(say(&Actor::Nobody, "Hello", "k").await, Err(Error::NotSignedIn));
    assert_eq!(say(&stranger, "Hello", "k").await, Err(Error::NotFound { what: "change" }));
    let empty = Error::Invalid { field: "text", message: "A comment needs a text.".to_owned() };
    assert_eq!(say(vera, " \n ", "k").await, Err(empty));
    assert!(matches!(say(vera, "Hello", "").await, Err(Error::Invalid { .. })));
    assert_eq!(world.count("change_comments").await, 0);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn the_inbox_has_what_one_can_bring_further(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, vera, .. } = &world;
    let waiting = world.in_review("worker-2.example.net").await;
    world.draft("worker-3.example.net").await;
    let ids = |list: &[strata_backend::approvals::Awaited]| list.iter().map(|one| one.change.id).collect::<Vec<_>>();

    let of_lena = inbox_load(backend, lena).await.unwrap();
    assert_eq!((ids(&of_lena.waits), ids(&of_lena.asked)), (vec![waiting], vec![]));
    assert_eq!(of_lena.waits[0].act, Some(AwaitedAct::Vote));
    assert_eq!(missing_text(&of_lena.waits[0].missing), "0 of 1 lead");
    let of_ada = inbox_load(backend, ada).await.unwrap();
    assert_eq!((ids(&of_ada.waits), ids(&of_ada.asked)), (vec![], vec![waiting]));
    assert_eq!(inbox_load(backend, vera).await.unwrap().waits, []);

    world.vote(lena, waiting, Verdict::Approve, None).await.unwrap();
    let of_ada = inbox_load(backend, ada).await.unwrap();
    assert_eq!(ids(&of_ada.waits), [waiting]);
    assert_eq!(of_ada.waits[0].act, Some(AwaitedAct::Apply));
    assert!(of_ada.waits[0].expires_at.is_some());
    assert_eq!(inbox_load(backend, &Actor::Nobody).await, Err(Error::NotSignedIn));

    change_withdraw(backend, ada, waiting, world.version(waiting).await, Some("No more".to_owned())).await.unwrap();
    assert_eq!(inbox_load(backend, ada).await.unwrap().asked, []);
}
