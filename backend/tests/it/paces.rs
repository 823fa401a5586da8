//! People who are told too much, as somebody would have them told.

use futures::future::join_all;
use strata_backend::approvals::comment_add;
use strata_backend::changes::{change_edit, change_submit};
use strata_backend::proposals::{proposal_withdraw, rule_level_propose};
use strata_backend::runs::change_break_glass;
use strata_backend::webhooks::{webhook_add, webhook_test};
use strata_backend::{Actor, Error};
use strata_domain::catalogue::Level;
use strata_domain::findings::RuleId;
use strata_domain::notice::Topic;
use strata_domain::pace::Paced;

use crate::support::{ENVIRONMENT, World, add_node, digest_of};

async fn say(world: &World, actor: &Actor, change: i64, number: u32) -> Result<(), Error> {
    comment_add(&world.backend, actor, change, None, &format!("Number {number}"), &format!("k-{number}")).await
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_hundred_comments_at_once_are_ten(pool: sqlx::PgPool) {
    let world = World::new(pool.clone()).await;
    let id = world.in_review("worker-2.example.net").await;
    let said = join_all((0..100).map(|number| say(&world, &world.vera, id, number))).await;
    let at_once = usize::try_from(Paced::Talk.pace().at_once).unwrap();
    assert_eq!(said.iter().filter(|said| said.is_ok()).count(), at_once, "{said:?}");
    for refused in said.into_iter().filter_map(Result::err) {
        assert!(matches!(&refused, Error::TooMuch { what, seconds: 1.. } if what.contains("Wait")), "{refused:?}");
    }
    assert_eq!(world.view(id).await.comments.len(), at_once);
    // Another person is not held up, nor is the same one by what they said already.
    say(&world, &world.lena, id, 0).await.unwrap();
    let first: i64 =
        sqlx::query_scalar("SELECT count(*) FROM change_comments WHERE key = 'k-0'").fetch_one(&pool).await.unwrap();
    if first == 2 {
        say(&world, &world.vera, id, 0).await.unwrap();
    }
    // After a rest it goes on.
    sqlx::query("UPDATE paces SET due = due - interval '6 seconds'").execute(&pool).await.unwrap();
    say(&world, &world.vera, id, 200).await.unwrap();
    assert!(matches!(say(&world, &world.vera, id, 201).await, Err(Error::TooMuch { .. })));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_webhook_is_no_gun(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, .. } = &world;
    let url = "https://victim.example.net/";
    let webhook = webhook_add(backend, ada, ENVIRONMENT, url, &[Topic::ToApprove].into()).await.unwrap();
    let tries = join_all((0..60).map(|_| webhook_test(backend, ada, ENVIRONMENT, webhook.id))).await;
    let tried = tries.iter().filter(|tried| tried.is_ok()).count();
    assert_eq!(tried, usize::try_from(Paced::Sending.pace().at_once).unwrap());
    assert_eq!(world.count("deliveries").await, i64::try_from(tried).unwrap());
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn proposals_that_are_made_and_given_up_again_have_a_pace(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, .. } = &world;
    let at_once = Paced::Telling.pace().at_once;
    let mut done = 0;
    let refused = loop {
        let proposed =
            rule_level_propose(backend, ada, ENVIRONMENT, RuleId::SqlNoMaster, Level::Off, "Only to try it").await;
        let id = match proposed {
            Ok(id) => id,
            Err(error) => break error,
        };
        if let Err(error) = proposal_withdraw(backend, ada, ENVIRONMENT, id).await {
            break error;
        }
        done += 2;
        assert!(done <= at_once + 20, "there is no end of it");
    };
    assert!(matches!(refused, Error::TooMuch { .. }), "{refused:?}");
    let told = world.count("outbox").await;
    assert!(told <= i64::from(at_once) + 20, "{told}");
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn an_edit_that_ends_an_approval_has_a_pace_and_typing_has_none(pool: sqlx::PgPool) {
    let world = World::new(pool.clone()).await;
    let World { backend, ada, .. } = &world;
    let (approved, draft) = (world.approved("worker-2.example.net").await, world.draft("worker-3.example.net").await);
    // As after as many acts as there may be at once.
    let held = sqlx::query("UPDATE paces SET due = now() + interval '300 seconds' WHERE paced = 'telling'")
        .execute(&pool)
        .await;
    assert!(held.unwrap().rows_affected() > 0);
    let edit = |id: i64, hostname: &'static str| {
        let world = &world;
        async move { change_edit(backend, ada, id, world.version(id).await, add_node(hostname, "worker")).await }
    };
    let refused = edit(approved, "worker-4.example.net").await;
    assert!(matches!(refused, Err(Error::TooMuch { .. })), "{refused:?}");
    edit(draft, "worker-4.example.net").await.unwrap();
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn glass_is_broken_at_any_pace(pool: sqlx::PgPool) {
    let world = World::new(pool.clone()).await;
    let World { backend, ada, .. } = &world;
    let (urgent, other) = (world.in_review("worker-2.example.net").await, world.draft("worker-3.example.net").await);
    // As after as many acts as there may be at once; what is due later than that is of another clock.
    sqlx::query("UPDATE paces SET due = now() + interval '300 seconds'").execute(&pool).await.unwrap();
    let submitted = change_submit(backend, ada, other, world.version(other).await).await;
    assert!(matches!(submitted, Err(Error::TooMuch { .. })), "{submitted:?}");
    let seen = digest_of(&world.view(urgent).await);
    change_break_glass(backend, ada, urgent, seen, "All calls fail at once.").await.unwrap();
}
