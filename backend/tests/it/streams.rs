//! Event streams, as somebody would abuse them: to hear on after the end, to hear what is not theirs, to use up the server.

use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use strata_backend::accounts::{account_grant, sign_out_everywhere};
use strata_backend::changes::change_start;
use strata_backend::environments::environment_create;
use strata_backend::news::{Heard, NewsStream, STREAMS_MAX};
use strata_backend::sessions::{ACCOUNT_KEY, EPOCH_KEY};
use strata_backend::{Actor, Backend, Error};
use strata_domain::account::Capability;
use strata_domain::news::News;
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::SessionStore;

use crate::support::{ENVIRONMENT, World, account_id, email, person};

/// A session as sign-in makes one.
async fn session(backend: &Backend, actor: &Actor) -> Id {
    let data = [
        (ACCOUNT_KEY.to_owned(), serde_json::json!(account_id(actor).to_string())),
        (EPOCH_KEY.to_owned(), serde_json::json!(1)),
    ];
    let expiry_date = OffsetDateTime::now_utc() + tower_sessions::cookie::time::Duration::hours(1);
    let mut record = Record { id: Id::default(), data: data.into(), expiry_date };
    backend.sessions().create(&mut record).await.unwrap();
    record.id
}

async fn stream(backend: &Backend, actor: &Actor) -> NewsStream {
    let id = session(backend, actor).await;
    let stream = backend.news().join(actor, &id).await.unwrap();
    crate::telling::until("the database is heard", async || stream.is_live()).await;
    stream
}

/// What comes next; panics when nothing does.
async fn next(stream: &mut NewsStream) -> Option<Heard> {
    tokio::time::timeout(Duration::from_secs(30), stream.next()).await.expect("something comes, or the end")
}

async fn tell(pool: &sqlx::PgPool, environment: &str) {
    let news = serde_json::to_string(&News::Environment { environment: environment.to_owned() }).unwrap();
    sqlx::query("SELECT pg_notify('strata_news', $1)").bind(news).execute(pool).await.unwrap();
}

fn of(environment: &str) -> Option<Heard> {
    Some(Heard::News(News::Environment { environment: environment.to_owned() }))
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn each_way_to_end_a_session_ends_its_streams_and_no_others(pool: sqlx::PgPool) {
    let world = World::new(pool.clone()).await;
    let World { backend, ada, lena, luis, vera, .. } = &world;
    let (mut elsewhere, mut here) = (stream(backend, ada).await, stream(backend, ada).await);
    let mut disabled = stream(backend, lena).await;
    let signed_out = session(backend, luis).await;
    let mut of_luis = backend.news().join(luis, &signed_out).await.unwrap();
    let mut stays = stream(backend, vera).await;

    sign_out_everywhere(backend, ada).await.unwrap();
    assert_eq!((next(&mut elsewhere).await, next(&mut here).await), (None, None));
    sqlx::query("UPDATE accounts SET disabled_at = now() WHERE id = $1")
        .bind(account_id(lena))
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(next(&mut disabled).await, None);
    backend.sessions().delete(&signed_out).await.unwrap();
    assert_eq!(next(&mut of_luis).await, None);

    tell(&pool, ENVIRONMENT).await;
    assert_eq!(next(&mut stays).await, of(ENVIRONMENT), "Vera did nothing of the kind");
    // Who comes back with what is left of such a session hears nothing.
    assert_eq!(backend.news().join(luis, &signed_out).await.err(), Some(Error::NotSignedIn));
    let old_epoch = session(backend, ada).await;
    assert_eq!(backend.news().join(ada, &old_epoch).await.err(), Some(Error::NotSignedIn));
    assert_eq!(backend.news().join(&Actor::Nobody, &signed_out).await.err(), Some(Error::NotSignedIn));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_session_that_ends_by_time_is_found_when_it_is_looked_at(pool: sqlx::PgPool) {
    let world = World::new(pool.clone()).await;
    let mut stream = stream(&world.backend, &world.ada).await;
    sqlx::query("UPDATE sessions SET expires_at = now()").execute(&pool).await.unwrap();
    // As the look of each minute does.
    sqlx::query("SELECT pg_notify('strata_standing', $1)")
        .bind(account_id(&world.ada).to_string())
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(next(&mut stream).await, None);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn news_of_what_was_taken_away_do_not_arrive(pool: sqlx::PgPool) {
    let world = World::new(pool.clone()).await;
    let World { backend, vera, ada, .. } = &world;
    environment_create(backend, &Actor::Operator, "lab").await.unwrap();
    let stranger = person(&pool, backend, "Sam Stranger", &[]).await;
    let (mut of_vera, mut of_stranger) = (stream(backend, vera).await, stream(backend, &stranger).await);
    tell(&pool, "lab").await;
    tell(&pool, ENVIRONMENT).await;
    assert_eq!(next(&mut of_vera).await, of(ENVIRONMENT), "the lab is not hers");
    account_grant(backend, &Actor::Operator, &email("Vera Viewer"), "lab", Capability::Viewer).await.unwrap();
    tell(&pool, "lab").await;
    assert_eq!(next(&mut of_vera).await, of("lab"));

    // Each time what is told right after it was taken away must not arrive, and what is told last does.
    let vera_id = account_id(vera);
    for _ in 0..20 {
        sqlx::query("DELETE FROM grants WHERE account_id = $1 AND environment_id = (SELECT id FROM environments WHERE slug = $2)")
            .bind(vera_id)
            .bind(ENVIRONMENT)
            .execute(&pool)
            .await
            .unwrap();
        tell(&pool, ENVIRONMENT).await;
        tell(&pool, "lab").await;
        assert_eq!(next(&mut of_vera).await, of("lab"));
        account_grant(backend, &Actor::Operator, &email("Vera Viewer"), ENVIRONMENT, Capability::Viewer).await.unwrap();
        tell(&pool, ENVIRONMENT).await;
        assert_eq!(next(&mut of_vera).await, of(ENVIRONMENT));
    }

    // A notice is for one person, whoever may view the environment.
    let notice =
        |actor: &Actor| News::Notice { environment: ENVIRONMENT.to_owned(), account: account_id(actor).to_string() };
    for news in [notice(ada), notice(vera)] {
        let written = serde_json::to_string(&news).unwrap();
        sqlx::query("SELECT pg_notify('strata_news', $1)").bind(written).execute(&pool).await.unwrap();
    }
    assert_eq!(next(&mut of_vera).await, Some(Heard::News(notice(vera))));
    account_grant(backend, &Actor::Operator, &email("Sam Stranger"), "lab", Capability::Viewer).await.unwrap();
    tell(&pool, "lab").await;
    assert_eq!(next(&mut of_stranger).await, of("lab"), "and nothing of what came before");
}

/// All connections of the pool are in use; the one that listens is none of them: whoever asked the database for each piece of news and stream would
/// hear nothing.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn two_hundred_streams_ask_nothing_of_the_database_for_a_piece_of_news(pool: sqlx::PgPool) {
    let world = World::new(pool.clone()).await;
    let options = pool.connect_options().as_ref().clone();
    let own = PgPoolOptions::new().max_connections(4).acquire_timeout(Duration::from_secs(2)).connect_with(options);
    let own = own.await.unwrap();
    let backend = Backend::new(own.clone());
    let mut streams = Vec::new();
    for actor in [&world.vera, &world.lena] {
        let id = session(&backend, actor).await;
        for _ in 0..STREAMS_MAX {
            streams.push(backend.news().join(actor, &id).await.unwrap());
        }
    }
    crate::telling::until("the database is heard", async || streams[0].is_live()).await;
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(own.acquire().await.unwrap());
    }
    assert!(own.acquire().await.is_err(), "nothing is left to ask with");
    for piece in 0..20 {
        let id = change_start(&world.backend, &world.ada, ENVIRONMENT, &format!("News {piece}")).await.unwrap();
        for stream in &mut streams {
            let news = News::Change { environment: ENVIRONMENT.to_owned(), id };
            assert_eq!(next(stream).await, Some(Heard::News(news)));
        }
    }
    drop(held);
    own.close().await;
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn one_account_has_so_many_streams_and_leaves_the_rest_to_others(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let World { backend, ada, lena, .. } = &world;
    let id = session(backend, ada).await;
    let mut streams = Vec::new();
    for _ in 0..STREAMS_MAX {
        streams.push(backend.news().join(ada, &id).await.unwrap());
    }
    // Another session of the account is no way around it.
    for id in [id, session(backend, ada).await] {
        let refused = backend.news().join(ada, &id).await.err();
        assert!(matches!(&refused, Some(Error::TooMuch { what, .. }) if what.contains("100 pages")), "{refused:?}");
    }
    let _of_another = stream(backend, lena).await;
    streams.pop();
    backend.news().join(ada, &id).await.unwrap();
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_changed_while_the_database_was_away_is_known_when_it_is_back(pool: sqlx::PgPool) {
    let world = World::new(pool.clone()).await;
    let (mut gone, mut stays) = (stream(&world.backend, &world.ada).await, stream(&world.backend, &world.vera).await);
    // Without the triggers nobody is told: as for a process that lost its connection meanwhile.
    sqlx::raw_sql("ALTER TABLE accounts DISABLE TRIGGER accounts_standing").execute(&pool).await.unwrap();
    sqlx::query("UPDATE accounts SET disabled_at = now() WHERE id = $1")
        .bind(account_id(&world.ada))
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .execute(&pool)
    .await
    .unwrap();
    assert_eq!(next(&mut gone).await, None);
    // Whatever can have moved is told once more.
    assert!(matches!(next(&mut stays).await, Some(Heard::News(_))));
}

/// Between the reading of a page and the opening of its stream, and while the way to a browser is broken, news may pass by.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn what_was_told_since_the_page_was_read_is_caught_up_with(pool: sqlx::PgPool) {
    let world = World::new(pool.clone()).await;
    let World { backend, ada, .. } = &world;
    assert_eq!(backend.news().mark(), None, "nothing is heard yet");
    environment_create(backend, &Actor::Operator, "hidden").await.unwrap();
    let mut before = stream(backend, ada).await;
    let mark = backend.news().mark().unwrap();
    tell(&pool, "hidden").await;
    tell(&pool, ENVIRONMENT).await;
    assert_eq!(next(&mut before).await, of(ENVIRONMENT));
    let mut late = stream(backend, ada).await;
    assert!(late.catch_up(&mark));
    assert_eq!(next(&mut late).await, of(ENVIRONMENT), "what is not theirs to hear is passed over");
    assert_eq!(late.mark(), backend.news().mark().unwrap());
    // What comes then comes once.
    tell(&pool, ENVIRONMENT).await;
    assert_eq!(next(&mut late).await, of(ENVIRONMENT));
    let mark = late.mark();
    let mut again = stream(backend, ada).await;
    assert!(again.catch_up(&mark));
    tell(&pool, ENVIRONMENT).await;
    assert_eq!(next(&mut again).await, of(ENVIRONMENT));
    assert_ne!(again.mark(), mark);
    assert!(!again.catch_up("of-another-process-7"), "everything is to be read again");
}
