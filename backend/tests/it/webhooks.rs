//! Webhooks, as the Standard Webhooks specification has them, against a receiver that checks signatures.

use std::collections::BTreeSet;

use strata_backend::approvals::comment_add;
use strata_backend::audit::audit_list;
use strata_backend::deliveries::delivery_resend;
use strata_backend::notices::Settings;
use strata_backend::webhooks::{NewWebhook, webhook_add, webhook_remove, webhook_test, webhooks_load};
use strata_backend::{Actor, Error};
use strata_domain::audit::AuditAction;
use strata_domain::notice::{DeliveryState, Kind, Topic};
use strata_domain::review::Verdict;

use crate::support::{ENVIRONMENT, World, person, refusal};
use crate::telling::{PUBLIC_URL, Receiver, Reply, Telling, all_told, settle_times, states, tell_all, until};

const WORKER: &str = "worker-2.example.net";

async fn add(world: &World, receiver: &Receiver, topics: &[Topic]) -> NewWebhook {
    let topics: BTreeSet<Topic> = topics.iter().copied().collect();
    webhook_add(&world.backend, &world.ada, ENVIRONMENT, &receiver.url(), &topics).await.unwrap()
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_happens_is_signed_and_sent_to_who_asked_for_it(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let (receiver, other) = (Receiver::new().await, Receiver::new().await);
    let webhook = add(&world, &receiver, &[Topic::ToApprove, Topic::MyChange]).await;
    let others = add(&world, &other, &[Topic::Discussion]).await;
    assert_ne!(webhook.secret, others.secret);
    // Two processes: each call is made by one of them.
    let (one, two) = (Telling::new(&world, None), Telling::new(&world, None));
    let id = world.in_review(WORKER).await;
    world.vote(&world.lena, id, Verdict::Reject, Some("Too dear")).await.unwrap();
    comment_add(&world.backend, &world.vera, id, None, "A pity", "k").await.unwrap();
    until("all calls are made", async || (receiver.calls().len(), other.calls().len()) == (2, 1)).await;
    all_told(&world).await;
    one.stop().await;
    two.stop().await;
    let mut calls = receiver.calls();
    assert_eq!((calls.len(), other.calls().len()), (2, 1), "each once");
    assert!(calls.iter().all(|call| call.is_signed_with(&webhook.secret)), "{calls:?}");
    assert!(!calls[0].is_signed_with(&others.secret));
    assert!(calls.iter().all(|call| call.id.starts_with("msg_")));
    calls.sort_by_key(|call| call.json()["timestamp"].as_str().unwrap().to_owned());
    let (submitted, rejected) = (calls[0].json(), calls[1].json());
    assert_eq!(submitted["type"], "change.submitted");
    assert_eq!(submitted["data"]["change"], id);
    assert_eq!(submitted["data"]["environment"], ENVIRONMENT);
    assert_eq!(submitted["data"]["title"], format!("Add {WORKER}"));
    assert_eq!(submitted["data"]["risk"], "low");
    assert_eq!(submitted["data"]["actor"], "Ada Admin");
    assert_eq!(submitted["data"]["url"], format!("{PUBLIC_URL}/changes/{id}"));
    assert!(submitted["data"].get("reason").is_none() && submitted["data"].get("run").is_none());
    assert_eq!((&rejected["type"], &rejected["data"]["reason"]), (&"change.rejected".into(), &"Too dear".into()));
    assert_eq!(rejected["data"]["state"], "rejected");
    let talk = other.calls()[0].json();
    assert_eq!((&talk["type"], &talk["data"]["comment"]), (&"change.commented".into(), &"A pity".into()));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_receiver_that_stumbles_is_called_again_with_the_same_id(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let receiver = Receiver::new().await;
    let webhook = add(&world, &receiver, &[Topic::ToApprove]).await;
    receiver.reply([Reply::Status(500), Reply::Silence, Reply::Redirect]);
    let telling = Telling::new(&world, None);
    world.in_review(WORKER).await;
    for attempt in 1..=3 {
        until("it fails", async || states(&world).await == [("failed".to_owned(), attempt)]).await;
        settle_times(&world).await;
    }
    until("it arrives", async || states(&world).await == [("delivered".to_owned(), 4)]).await;
    telling.stop().await;
    let calls = receiver.calls();
    assert_eq!(calls.len(), 4, "no redirect was followed");
    assert!(calls.iter().all(|call| call.id == calls[0].id && call.body == calls[0].body));
    assert!(calls.iter().all(|call| call.is_signed_with(&webhook.secret)));
    let delivery =
        webhooks_load(&world.backend, &world.ada, Some(ENVIRONMENT), None, 10).await.unwrap().deliveries.remove(0);
    let tried: Vec<_> = delivery.attempts.iter().map(|attempt| (attempt.status, attempt.arrived)).collect();
    assert_eq!(tried, [(Some(500), false), (None, false), (Some(302), false), (Some(204), true)]);
    assert_eq!(delivery.attempts[0].answer, "Of type text/plain; charset=utf-8", "its body is for the receiver alone");
    assert_eq!(delivery.attempts[1].answer, "There was no answer in time.");
    assert_eq!((delivery.to, delivery.kind), (receiver.url(), Kind::Submitted));
    // Nobody listens there: that is no answer either.
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://{closed}/secret-path");
    webhook_add(&world.backend, &world.ada, ENVIRONMENT, &url, &[Topic::ToApprove].into()).await.unwrap();
    world.in_review("worker-3.example.net").await;
    tell_all(&world, None).await;
    let delivery =
        webhooks_load(&world.backend, &world.ada, Some(ENVIRONMENT), None, 10).await.unwrap().deliveries.remove(0);
    assert_eq!((delivery.state, delivery.attempts[0].status), (DeliveryState::Failed, None));
    assert!(delivery.next_at.is_some() && !delivery.last_error.unwrap().contains("secret-path"));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn an_address_that_is_gone_is_called_no_more(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, .. } = &world;
    let receiver = Receiver::new().await;
    let webhook = add(&world, &receiver, &[Topic::ToApprove]).await;
    receiver.reply([Reply::Status(410)]);
    world.in_review(WORKER).await;
    tell_all(&world, None).await;
    assert_eq!(states(&world).await, [("given-up".to_owned(), 1)]);
    assert!(!webhooks_load(backend, ada, Some(ENVIRONMENT), None, 10).await.unwrap().webhooks[0].is_active);
    world.in_review("worker-3.example.net").await;
    tell_all(&world, None).await;
    assert_eq!(receiver.calls().len(), 1);
    assert!(refusal(webhook_test(backend, ada, ENVIRONMENT, webhook.id).await).contains("switched off"));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_webhook_is_tried_and_a_call_is_sent_again(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, .. } = &world;
    let receiver = Receiver::new().await;
    let webhook = add(&world, &receiver, &[Topic::ToApprove]).await;
    webhook_test(backend, ada, ENVIRONMENT, webhook.id).await.unwrap();
    tell_all(&world, None).await;
    let tried = receiver.calls().remove(0);
    assert!(tried.is_signed_with(&webhook.secret));
    assert_eq!((&tried.json()["type"], &tried.json()["data"]["actor"]), (&"strata.test".into(), &"Ada Admin".into()));
    let delivery = webhooks_load(backend, ada, Some(ENVIRONMENT), None, 10).await.unwrap().deliveries.remove(0);
    assert_eq!((delivery.state, delivery.kind), (DeliveryState::Delivered, Kind::Test));
    let click = || delivery_resend(backend, ada, ENVIRONMENT, delivery.id);
    let (first, second) = tokio::join!(click(), click());
    assert_eq!((first, second), (Ok(()), Ok(())));
    tell_all(&world, None).await;
    let calls = receiver.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[1].id, tried.id, "the receiver can tell that it has it");
    assert_eq!(delivery_resend(backend, ada, ENVIRONMENT, 999).await, Err(Error::NotFound { what: "delivery" }));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn webhooks_are_for_admins_and_their_secrets_shown_once(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, vera, .. } = &world;
    let stranger = person(&world.pool, backend, "Sam Stranger", &[]).await;
    let receiver = Receiver::new().await;
    let topics = BTreeSet::from([Topic::ToApprove]);
    let url = receiver.url();
    for other in [lena, vera] {
        refusal(webhook_add(backend, other, ENVIRONMENT, &url, &topics).await);
        refusal(webhooks_load(backend, other, Some(ENVIRONMENT), None, 10).await);
    }
    let nothing = Err(Error::NotFound { what: "environment" });
    assert_eq!(webhooks_load(backend, &stranger, Some(ENVIRONMENT), None, 10).await, nothing);
    assert_eq!(webhooks_load(backend, &Actor::Nobody, Some(ENVIRONMENT), None, 10).await, Err(Error::NotSignedIn));
    for (url, topics) in
        [("https://ada:x@example.net", &topics), ("ftp://example.net", &topics), (&*url, &BTreeSet::new())]
    {
        let refused = webhook_add(backend, ada, ENVIRONMENT, url, topics).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
    }
    let webhook = add(&world, &receiver, &[Topic::ToApprove]).await;
    let key = webhook.secret.strip_prefix("whsec_").unwrap().to_owned();
    let listed = webhooks_load(backend, ada, Some(ENVIRONMENT), None, 10).await.unwrap().webhooks;
    assert_eq!((listed.len(), listed[0].url.as_str(), listed[0].is_active), (1, url.as_str(), true));
    let audit =
        audit_list(backend, vera, Some(ENVIRONMENT), None, 10, Some(("webhook", &webhook.id.to_string()))).await;
    let shown = format!("{listed:?} {:?} {webhook:?}", audit.unwrap());
    assert!(!shown.contains(&key) && shown.contains("webhook-added") | shown.contains("WebhookAdded"));

    // What is on its way when it is removed is given up; its secret is gone.
    world.in_review(WORKER).await;
    receiver.reply([Reply::Status(503)]);
    tell_all(&world, None).await;
    for _ in 0..2 {
        webhook_remove(backend, ada, ENVIRONMENT, webhook.id).await.unwrap();
    }
    assert_eq!(webhooks_load(backend, ada, Some(ENVIRONMENT), None, 10).await.unwrap().webhooks, []);
    let secret: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT secret FROM webhooks").fetch_one(&world.pool).await.unwrap();
    assert_eq!(secret, None);
    settle_times(&world).await;
    tell_all(&world, None).await;
    assert_eq!(states(&world).await, [("given-up".to_owned(), 2)]);
    assert_eq!(receiver.calls().len(), 1);
    let audit =
        audit_list(backend, ada, Some(ENVIRONMENT), None, 100, Some(("webhook", &webhook.id.to_string()))).await;
    let actions: Vec<_> = audit.unwrap().rows.into_iter().map(|entry| entry.action).collect();
    assert_eq!(actions, [AuditAction::WebhookRemoved, AuditAction::WebhookAdded]);
    assert_eq!(webhook_remove(backend, ada, ENVIRONMENT, 999).await, Err(Error::NotFound { what: "webhook" }));
}

/// The settings of a process whose operator allows these networks.
fn allowing(networks: &str) -> Settings {
    let settings = Settings::new(None, Some(PUBLIC_URL.to_owned()));
    Settings { poll: std::time::Duration::from_millis(50), networks: networks.parse().unwrap(), ..settings }
}

/// The port of a receiver, by the name of this machine instead of its number.
fn by_name(receiver: &Receiver) -> String {
    receiver.url().replace("127.0.0.1", "localhost")
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_is_private_is_not_called_unless_the_operator_lists_it(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let receiver = Receiver::new().await;
    for url in [receiver.url(), by_name(&receiver), "http://[::ffff:127.0.0.1]:1/".to_owned()] {
        webhook_add(&world.backend, &world.ada, ENVIRONMENT, &url, &[Topic::ToApprove].into()).await.unwrap();
    }
    world.in_review(WORKER).await;
    let telling = Telling::with(&world, allowing("10.0.0.0/8"));
    all_told(&world).await;
    telling.stop().await;
    assert_eq!(receiver.calls().len(), 0);
    for delivery in webhooks_load(&world.backend, &world.ada, Some(ENVIRONMENT), None, 10).await.unwrap().deliveries {
        let why = &delivery.attempts[0].answer;
        assert!(why.contains("a network that the operator of Strata allows"), "{}: {why}", delivery.to);
    }
    let telling = Telling::with(&world, allowing("127.0.0.0/8"));
    world.in_review("worker-3.example.net").await;
    until("the receiver is called, by number and by name", async || receiver.calls().len() == 2).await;
    telling.stop().await;
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn the_clouds_store_of_secrets_is_not_called_whatever_is_listed(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    for url in ["http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://[::ffff:a9fe:a9fe]/"] {
        webhook_add(&world.backend, &world.ada, ENVIRONMENT, url, &[Topic::ToApprove].into()).await.unwrap();
    }
    world.in_review(WORKER).await;
    let telling = Telling::with(&world, allowing("0.0.0.0/0,::/0"));
    all_told(&world).await;
    telling.stop().await;
    assert_eq!(states(&world).await, vec![("given-up".to_owned(), 1); 3]);
}
