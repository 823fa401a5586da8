//! The session store.

use strata_backend::sessions::{ACCOUNT_KEY, LONGEST_HOURS};
use strata_backend::{Backend, accounts};
use tower_sessions::cookie::time::{Duration, OffsetDateTime};
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{ExpiredDeletion, SessionStore};

use crate::support::{World, account_id};

fn record() -> Record {
    Record {
        id: Id::default(),
        data: [("seen".to_owned(), serde_json::json!({ "pages": 3 }))].into(),
        expiry_date: in_hours(1),
    }
}

#[expect(clippy::disallowed_methods, reason = "the store compares with the real time")]
fn in_hours(hours: i64) -> OffsetDateTime {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    OffsetDateTime::from_unix_timestamp(i64::try_from(now).unwrap()).unwrap() + Duration::hours(hours)
}

/// The end is kept as a distance from now, by the database's clock.
fn is_same(loaded: &Record, kept: &Record) -> bool {
    let moved = (loaded.expiry_date - kept.expiry_date).abs();
    loaded.id == kept.id && loaded.data == kept.data && moved < Duration::minutes(1)
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_session_comes_back_until_it_is_deleted(pool: sqlx::PgPool) {
    let store = Backend::new(pool.clone()).sessions();
    let mut kept = record();
    store.create(&mut kept).await.unwrap();
    assert!(is_same(&store.load(&kept.id).await.unwrap().unwrap(), &kept));
    kept.data.insert("more".to_owned(), serde_json::json!(true));
    store.save(&kept).await.unwrap();
    assert!(is_same(&store.load(&kept.id).await.unwrap().unwrap(), &kept));
    // What a dump of the database holds is no cookie.
    let ids: Vec<Vec<u8>> = sqlx::query_scalar("SELECT id_hash FROM sessions").fetch_all(&pool).await.unwrap();
    assert!(
        ids.iter()
            .all(|id| !id.windows(16).any(|part| part == kept.id.0.to_be_bytes() || part == kept.id.0.to_le_bytes()))
    );

    store.delete(&kept.id).await.unwrap();
    assert_eq!(store.load(&kept.id).await.unwrap(), None);
    // A request that was under way does not bring it back.
    store.save(&kept).await.unwrap();
    assert_eq!(store.load(&kept.id).await.unwrap(), None);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_taken_id_is_made_anew(pool: sqlx::PgPool) {
    let store = Backend::new(pool).sessions();
    let mut first = record();
    store.create(&mut first).await.unwrap();
    let mut second = Record { id: first.id, ..record() };
    store.create(&mut second).await.unwrap();
    assert_ne!(first.id, second.id);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn sessions_end(pool: sqlx::PgPool) {
    let store = Backend::new(pool.clone()).sessions();
    let mut old = Record { expiry_date: in_hours(-1), ..record() };
    store.create(&mut old).await.unwrap();
    assert_eq!(store.load(&old.id).await.unwrap(), None);
    let mut long = Record { expiry_date: in_hours(1000), ..record() };
    store.create(&mut long).await.unwrap();
    store.save(&long).await.unwrap();
    let loaded = store.load(&long.id).await.unwrap().unwrap();
    assert!(loaded.expiry_date <= in_hours(LONGEST_HOURS.into()) + Duration::minutes(1), "there is an absolute end");
    store.delete_expired().await.unwrap();
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM sessions").fetch_one(&pool).await.unwrap();
    assert_eq!(left, 1);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn signing_out_everywhere_deletes_the_accounts_sessions(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let store = world.backend.sessions();
    let of = |actor| {
        let mut record = record();
        record.data.insert(ACCOUNT_KEY.to_owned(), serde_json::json!(account_id(actor).to_string()));
        record
    };
    let (mut adas, mut lenas) = (of(&world.ada), of(&world.lena));
    store.create(&mut adas).await.unwrap();
    store.create(&mut lenas).await.unwrap();
    accounts::sign_out_everywhere(&world.backend, &world.ada).await.unwrap();
    assert_eq!(store.load(&adas.id).await.unwrap(), None);
    assert!(store.load(&lenas.id).await.unwrap().is_some());
}
