//! Mail goes through a real SMTP server: once in the ordinary case, and at least once in the others.

use base64::Engine;
use strata_backend::audit::audit_list;
use strata_backend::deliveries::delivery_resend;
use strata_backend::notices::{choices_load, choices_set};
use strata_backend::webhooks::{webhook_add, webhooks_load};
use strata_domain::audit::AuditAction;
use strata_domain::notice::{Channel, DeliveryState, Means, Topic};
use strata_domain::review::Verdict;

use crate::support::{ENVIRONMENT, World, email, refusal};
use crate::telling::{Mailbox, Receiver, Telling, all_told, refusing, settle_times, states, tell_all, until};

const WORKER: &str = "worker-2.example.net";

/// Luis wants no mail, so that each thing told is one mail to Lena.
async fn lena_alone(pool: sqlx::PgPool) -> World {
    let world = World::new(pool).await;
    let choices = choices_load(&world.backend, &world.luis, None).await.unwrap().choices;
    choices_set(&world.backend, &world.luis, &choices.with(Topic::ToApprove, Channel::Mail, false)).await.unwrap();
    world
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_mail_says_what_the_page_says_and_leads_there(pool: sqlx::PgPool) {
    let world = lena_alone(pool).await;
    let mailbox = Mailbox::new(&[]).await;
    // Two processes: each mail is sent by one of them.
    let (one, two) = (Telling::new(&world, Some(mailbox.settings())), Telling::new(&world, Some(mailbox.settings())));
    let id = world.in_review(WORKER).await;
    // Who would be told later is not asked for a vote that is needed no more.
    until("Lena is asked", async || mailbox.mails().await.len() == 1).await;
    world.vote(&world.lena, id, Verdict::SendBack, Some("Why <b>bold</b> & so?")).await.unwrap();
    until("both mails arrive", async || mailbox.mails().await.len() >= 2).await;
    all_told(&world).await;
    let is_sent = async || choices_load(&world.backend, &world.ada, None).await.unwrap().mail_is_sent;
    until("the page says that mail is sent", is_sent).await;
    one.stop().await;
    two.stop().await;
    let mut mails = mailbox.mails().await;
    assert_eq!(mails.len(), 2, "no mail twice, and none to Luis: {mails:?}");
    mails.sort_by(|a, b| a.to.cmp(&b.to));
    let [to_ada, to_lena] = &mails[..] else { unreachable!() };
    assert_eq!((&to_lena.to[..], to_lena.from.as_str()), (&[email("Lena Lead")][..], "strata@example.net"));
    assert_eq!(to_lena.subject, format!("Strata: production #{id} “Add {WORKER}” waits for your approval (low)"));
    let link = format!("https://strata.example.net/changes/{id}");
    assert!(to_lena.text.contains("Ada Admin sent it to review.") && to_lena.text.contains(&link), "{}", to_lena.text);
    assert!(to_lena.html.contains(&format!("<a href=\"{link}\">Open it in Strata</a>")), "{}", to_lena.html);
    assert_eq!(to_lena.headers["list-unsubscribe"], "<https://strata.example.net/settings/notifications>");
    assert_eq!(to_lena.headers["auto-submitted"], "auto-generated");
    assert_eq!(to_ada.to, [email("Ada Admin")]);
    assert!(to_ada.text.contains("“Why <b>bold</b> & so?”"));
    assert!(to_ada.html.contains("“Why &lt;b&gt;bold&lt;/b&gt; &amp; so?”"), "{}", to_ada.html);
    assert!(to_ada.message_id.ends_with("@example.net>") && to_ada.message_id != to_lena.message_id);
    let thread = format!("<change-{id}.strata@example.net>");
    for mail in [to_ada, to_lena] {
        assert_eq!(mail.in_reply_to.as_ref(), Some(&thread), "one conversation for each change");
        assert_eq!(mail.headers["references"], thread);
    }
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_was_stored_before_the_rule_about_texts_is_written_out_in_a_mail_and_escaped_in_a_call(
    pool: sqlx::PgPool,
) {
    let world = lena_alone(pool).await;
    let (mailbox, receiver) = (Mailbox::new(&[]).await, Receiver::new().await);
    webhook_add(&world.backend, &world.ada, ENVIRONMENT, &receiver.url(), &[Topic::ToApprove].into()).await.unwrap();
    let id = world.in_review(WORKER).await;
    let title = "Old \u{1b}[31m\u{202e}eltit";
    sqlx::query("UPDATE changes SET title = $1").bind(title).execute(&world.pool).await.unwrap();
    let named = "UPDATE accounts SET name = E'Lena\\u202E\\u200BdaeL' WHERE email = $1";
    sqlx::query(named).bind(email("Lena Lead")).execute(&world.pool).await.unwrap();
    tell_all(&world, Some(mailbox.settings())).await;
    let mails = mailbox.mails().await;
    let [mail] = &mails[..] else { panic!("{mails:?}") };
    let is_hidden =
        |letter: char| letter.is_control() && !letter.is_whitespace() || matches!(letter, '\u{202e}' | '\u{200b}');
    for text in [&mail.subject, &mail.text, &mail.html] {
        assert!(!text.contains(is_hidden), "{text:?}");
        assert!(text.contains("&lt;U+202E&gt;eltit") || text.contains("<U+202E>eltit"), "{text:?}");
    }
    let call = receiver.calls().remove(0);
    assert!(!call.body.contains(is_hidden) && call.body.contains("\\u202e"), "{}", call.body);
    assert_eq!((&call.json()["data"]["title"], &call.json()["data"]["change"]), (&title.into(), &id.into()));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_mail_that_is_put_off_is_sent_later_and_once(pool: sqlx::PgPool) {
    let world = lena_alone(pool).await;
    let mailbox = Mailbox::new(&[]).await;
    mailbox.answer(refusing(&email("Lena Lead"), 451)).await;
    let telling = Telling::new(&world, Some(mailbox.settings()));
    world.in_review(WORKER).await;
    until("it has failed once", async || states(&world).await == [("failed".to_owned(), 1)]).await;
    let seconds: i32 = sqlx::query_scalar("SELECT extract(epoch FROM next_at - now())::int FROM deliveries")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert!((50..=67).contains(&seconds), "a minute and at most a tenth: {seconds}");
    settle_times(&world).await;
    until("it has failed twice", async || states(&world).await == [("failed".to_owned(), 2)]).await;
    let seconds: i32 = sqlx::query_scalar("SELECT extract(epoch FROM next_at - now())::int FROM deliveries")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert!((290..=331).contains(&seconds), "five minutes: {seconds}");
    assert_eq!(mailbox.mails().await.len(), 0);
    mailbox.answer(serde_json::json!({})).await;
    settle_times(&world).await;
    until("it arrives", async || states(&world).await == [("delivered".to_owned(), 3)]).await;
    telling.stop().await;
    assert_eq!(mailbox.mails().await.len(), 1);
    let delivery =
        webhooks_load(&world.backend, &world.ada, Some(ENVIRONMENT), None, 10).await.unwrap().deliveries.remove(0);
    assert_eq!((delivery.means, delivery.to.as_str()), (Means::Mail, email("Lena Lead").as_str()));
    assert_eq!((delivery.state, delivery.next_at, delivery.last_error), (DeliveryState::Delivered, None, None));
    let tried: Vec<_> = delivery.attempts.iter().map(|attempt| (attempt.number, attempt.status)).collect();
    assert_eq!(tried, [(1, Some(451)), (2, Some(451)), (3, Some(250))]);
    assert!(delivery.attempts[0].answer.contains("The test answers 451"), "{:?}", delivery.attempts[0]);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_mail_that_is_refused_is_given_up_until_somebody_sends_it_again(pool: sqlx::PgPool) {
    let world = lena_alone(pool).await;
    let World { backend, ada, lena, .. } = &world;
    let mailbox = Mailbox::new(&[]).await;
    mailbox.answer(refusing(&email("Lena Lead"), 550)).await;
    let telling = Telling::new(&world, Some(mailbox.settings()));
    world.in_review(WORKER).await;
    until("it is given up", async || states(&world).await == [("given-up".to_owned(), 1)]).await;
    let delivery = webhooks_load(backend, ada, Some(ENVIRONMENT), None, 10).await.unwrap().deliveries.remove(0);
    assert!(delivery.last_error.unwrap().contains("550"));
    mailbox.answer(serde_json::json!({})).await;

    let told = refusal(delivery_resend(backend, lena, ENVIRONMENT, delivery.id).await);
    assert_eq!(told, "Only admins of this environment see and change its webhooks and reminders.");
    refusal(webhooks_load(backend, lena, Some(ENVIRONMENT), None, 10).await);
    telling.stop().await;
    // A double click, with nobody at work who could be in between.
    let click = || delivery_resend(backend, ada, ENVIRONMENT, delivery.id);
    let (first, second) = tokio::join!(click(), click());
    assert_eq!((first, second), (Ok(()), Ok(())));
    tell_all(&world, Some(mailbox.settings())).await;
    assert_eq!(states(&world).await, [("delivered".to_owned(), 2)]);
    assert_eq!(mailbox.mails().await.len(), 1);
    let audit =
        audit_list(backend, ada, Some(ENVIRONMENT), None, 100, Some(("delivery", &delivery.id.to_string()))).await;
    let actions: Vec<_> = audit.unwrap().rows.into_iter().map(|entry| entry.action).collect();
    assert_eq!(actions, [AuditAction::DeliveryResent]);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_gets_lost_at_the_end_is_given_up_and_says_so(pool: sqlx::PgPool) {
    let world = lena_alone(pool).await;
    let mailbox = Mailbox::new(&[]).await;
    mailbox.answer(refusing(&email("Lena Lead"), 451)).await;
    let telling = Telling::new(&world, Some(mailbox.settings()));
    world.in_review(WORKER).await;
    for attempt in 1..=7 {
        until("it fails", async || states(&world).await == [("failed".to_owned(), attempt)]).await;
        settle_times(&world).await;
    }
    until("it is given up", async || states(&world).await == [("given-up".to_owned(), 8)]).await;
    telling.stop().await;
    assert_eq!(world.count("delivery_attempts").await, 8);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_process_that_dies_before_it_records_sends_again_with_the_same_id(pool: sqlx::PgPool) {
    let world = lena_alone(pool).await;
    let mailbox = Mailbox::new(&[]).await;
    let mail = Some(mailbox.settings());
    world.in_review(WORKER).await;
    tell_all(&world, mail.clone()).await;
    // As the database looks when the process died after sending: claimed, nothing recorded, and the lease still runs.
    sqlx::raw_sql(
        "DELETE FROM delivery_attempts;
         UPDATE deliveries SET state = 'pending', lease_until = now() + interval '1 hour', next_at = now()",
    )
    .execute(&world.pool)
    .await
    .unwrap();
    let telling = Telling::new(&world, mail);
    // What was written later is sent, and this is not: it is another's until the lease ends.
    world.in_review("worker-3.example.net").await;
    let both = [("pending".to_owned(), 0), ("delivered".to_owned(), 1)];
    until("the next one is sent", async || states(&world).await == both).await;
    assert_eq!(mailbox.mails().await.len(), 2);
    sqlx::query("UPDATE deliveries SET lease_until = now() WHERE state = 'pending'")
        .execute(&world.pool)
        .await
        .unwrap();
    until("it is sent again", async || mailbox.mails().await.len() == 3).await;
    all_told(&world).await;
    telling.stop().await;
    let mails = mailbox.mails().await;
    assert_eq!(mails[0].message_id, mails[2].message_id, "mail programs can tell that it is the same");
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_wrong_password_and_an_unknown_certificate_are_mended_by_admins(pool: sqlx::PgPool) {
    let world = lena_alone(pool).await;
    let mailbox = Mailbox::new(&[]).await;
    world.in_review(WORKER).await;
    tell_all(&world, Some(mailbox.settings_of("wrong", ""))).await;
    assert_eq!(states(&world).await, [("failed".to_owned(), 1)], "the mail is not to blame");
    let over_tls = Mailbox::new(&["--starttls"]).await;
    settle_times(&world).await;
    tell_all(&world, Some(over_tls.settings_of("s3cret%2Fwith%40signs", "?tls=required"))).await;
    assert_eq!(states(&world).await, [("failed".to_owned(), 2)]);
    let delivery =
        webhooks_load(&world.backend, &world.ada, Some(ENVIRONMENT), None, 10).await.unwrap().deliveries.remove(0);
    assert_eq!(delivery.attempts[0].status, Some(535));
    assert!(delivery.attempts[1].answer.contains("ertificate"), "{:?}", delivery.attempts[1]);
    assert!(!format!("{delivery:?}").contains("s3cret"));
    assert_eq!((mailbox.mails().await.len(), over_tls.mails().await.len()), (0, 0));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn without_mail_none_is_written_and_without_access_none_is_sent(pool: sqlx::PgPool) {
    let world = lena_alone(pool).await;
    world.in_review(WORKER).await;
    tell_all(&world, None).await;
    assert_eq!((world.count("notices").await, world.count("deliveries").await), (2, 0));
    assert!(!choices_load(&world.backend, &world.lena, None).await.unwrap().mail_is_sent);

    let mailbox = Mailbox::new(&[]).await;
    mailbox.answer(refusing(&email("Lena Lead"), 451)).await;
    world.in_review("worker-3.example.net").await;
    tell_all(&world, Some(mailbox.settings())).await;
    mailbox.answer(serde_json::json!({})).await;
    sqlx::query("DELETE FROM grants WHERE account_id = $1")
        .bind(crate::support::account_id(&world.lena))
        .execute(&world.pool)
        .await
        .unwrap();
    settle_times(&world).await;
    tell_all(&world, Some(mailbox.settings())).await;
    assert_eq!(states(&world).await, [("given-up".to_owned(), 2)]);
    assert_eq!(mailbox.mails().await.len(), 0);
}

/// The library that writes the headers of mails breaks itself over a line break in a name.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_name_of_two_lines_is_one_and_sends_nothing_to_others(pool: sqlx::PgPool) {
    let world = lena_alone(pool).await;
    sqlx::query("UPDATE accounts SET name = $1 WHERE email = $2")
        .bind("Lena\r\nBcc: everybody@example.net\r\n\r\nLead")
        .bind(email("Lena Lead"))
        .execute(&world.pool)
        .await
        .unwrap();
    let mailbox = Mailbox::new(&[]).await;
    world.in_review(WORKER).await;
    tell_all(&world, Some(mailbox.settings())).await;
    let mails = mailbox.mails().await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0].to, [email("Lena Lead")]);
    let to = mails[0].headers["to"].split_whitespace().collect::<Vec<_>>().join(" ");
    let name = base64::engine::general_purpose::STANDARD.encode("Lena Bcc: everybody@example.net Lead");
    assert_eq!(to, format!("=?utf-8?b?{name}?= <{}>", email("Lena Lead")));
    assert!(!mails[0].headers.contains_key("bcc"), "{:?}", mails[0].headers);
}
