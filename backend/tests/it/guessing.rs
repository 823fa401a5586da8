//! Passwords, as somebody would guess them, and as somebody would keep others out by guessing.

use std::net::IpAddr;

use strata_backend::accounts::{NewAccount, Origin, SignInError, SignedIn, account_add, account_grant, sign_in};
use strata_backend::webhooks::webhook_add;
use strata_backend::{Actor, Backend, Error};
use strata_domain::account::Capability;
use strata_domain::notice::{Kind, Topic};
use strata_domain::sign_in::GUESSES_TOLD;

use crate::support::{ENVIRONMENT, World};
use crate::telling::{Receiver, tell_all};

const EMAIL: &str = "zoe@example.net";
const PASSWORD: &str = "correct horse battery";

async fn add_zoe(backend: &Backend) {
    let zoe = NewAccount { email: EMAIL.to_owned(), name: "Zoe".to_owned(), password: PASSWORD.to_owned() };
    account_add(backend, &Actor::Operator, zoe).await.unwrap();
}

async fn try_in(
    backend: &Backend,
    password: &str,
    address: impl Into<IpAddr>,
    device: Option<&str>,
) -> Result<SignedIn, SignInError> {
    sign_in(backend, EMAIL, password, Origin { address: address.into(), device }).await
}

/// A stranger guesses from a network until they are slowed down; gives how often they could.
async fn guess(backend: &Backend, address: impl Into<IpAddr>) -> usize {
    let address = address.into();
    for guesses in 0.. {
        match try_in(backend, "a wrong password", address, None).await {
            Err(SignInError::WrongCredentials) => {}
            Err(SignInError::Wait { .. }) => return guesses,
            other => panic!("{other:?}"),
        }
        assert!(guesses < 50, "guessing goes on and on");
    }
    unreachable!()
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_stranger_elsewhere_keeps_nobody_out(pool: sqlx::PgPool) {
    let backend = Backend::new(pool);
    add_zoe(&backend).await;
    assert!(guess(&backend, [203_u8, 0, 113, 66]).await >= 5);
    // A browser that was never seen, from where nobody guessed.
    try_in(&backend, PASSWORD, [192_u8, 0, 2, 1], None).await.unwrap();
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn a_device_that_is_known_waits_for_nobody(pool: sqlx::PgPool) {
    let backend = Backend::new(pool.clone());
    add_zoe(&backend).await;
    let here = [192_u8, 0, 2, 1];
    let device = try_in(&backend, PASSWORD, here, None).await.unwrap().device;
    // From the same network, and from so many others that new devices have to wait.
    guess(&backend, here).await;
    sqlx::query("UPDATE sign_in_failures SET failures = 100000, last_at = now()").execute(&pool).await.unwrap();
    let slowed = try_in(&backend, PASSWORD, here, None).await;
    assert!(matches!(slowed, Err(SignInError::Wait { .. })), "{slowed:?}");
    let again = try_in(&backend, PASSWORD, here, Some(&device)).await.unwrap();
    assert_eq!(again.device, device, "it keeps its word");

    // What was made up, or belongs to another account, is no known device.
    for other in ["", "made up", &device[1..], &"A".repeat(43)] {
        let slowed = try_in(&backend, PASSWORD, here, Some(other)).await;
        assert!(matches!(slowed, Err(SignInError::Wait { .. })), "{other}: {slowed:?}");
    }
    // Its own guesses are counted: who has the device does not have the account.
    let mut looked_at = 0;
    while try_in(&backend, "a wrong password", here, Some(&device)).await == Err(SignInError::WrongCredentials) {
        looked_at += 1;
        assert!(looked_at < 20, "guessing goes on and on");
    }
    assert!(looked_at >= 5);
    let words: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT device_hash FROM known_devices").fetch_all(&pool).await.unwrap();
    assert!(words.iter().all(|hash| hash.len() == 32 && hash.as_slice() != device.as_bytes()));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn many_networks_of_one_site_are_slowed_down_together(pool: sqlx::PgPool) {
    let backend = Backend::new(pool);
    add_zoe(&backend).await;
    let mut guesses = 0_usize;
    for network in 0..100_u16 {
        let address: IpAddr = [0x2001_u16, 0xdb8, 7, network, 0, 0, 0, 1].into();
        match try_in(&backend, "a wrong password", address, None).await {
            Err(SignInError::WrongCredentials) => guesses += 1,
            Err(SignInError::Wait { .. }) => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(guesses < 70, "each guess came from another /64: {guesses}");
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn no_wait_is_longer_than_it_is_meant_to_be_whatever_a_clock_said(pool: sqlx::PgPool) {
    let backend = Backend::new(pool.clone());
    add_zoe(&backend).await;
    let here = [192_u8, 0, 2, 1];
    guess(&backend, here).await;
    // Counted by a process whose clock was two hours ahead.
    sqlx::query("UPDATE sign_in_failures SET last_at = now() + interval '2 hours'").execute(&pool).await.unwrap();
    let slowed = try_in(&backend, PASSWORD, here, None).await;
    let Err(SignInError::Wait { seconds: told @ 1..=300 }) = slowed else { panic!("two hours, before: {slowed:?}") };
    // What was told is what there is to wait: as much later, it lets them in.
    let passes = "UPDATE sign_in_failures SET last_at = last_at - make_interval(secs => $1)";
    sqlx::query(passes).bind(f64::from(told)).execute(&pool).await.unwrap();
    try_in(&backend, PASSWORD, here, None).await.unwrap();
}

/// They took nearly every slot of the account's counter by asking twice a second from many networks.
#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn guesses_from_everywhere_keep_the_owner_out_of_no_new_device(pool: sqlx::PgPool) {
    let backend = Backend::new(pool.clone());
    add_zoe(&backend).await;
    // So many that the account's own counter is at its longest, and one was a moment ago.
    for last in 0..5 {
        try_in(&backend, "a wrong password", [203_u8, 0, 113, last], None).await.unwrap_err();
    }
    sqlx::query("UPDATE sign_in_failures SET failures = 1000 WHERE key LIKE 'account:%'").execute(&pool).await.unwrap();
    try_in(&backend, "a wrong password", [203_u8, 0, 113, 77], None).await.unwrap_err();
    // Whoever failed has to wait; no stranger's guess makes that longer.
    let again = try_in(&backend, "a wrong password", [203_u8, 0, 113, 77], None).await;
    assert!(matches!(again, Err(SignInError::Wait { seconds: 20..=30 })), "{again:?}");
    try_in(&backend, PASSWORD, [198_u8, 51, 100, 7], None).await.unwrap();
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn the_owner_is_told_of_guesses_from_a_device_that_is_known(pool: sqlx::PgPool) {
    let world = World::new(pool.clone()).await;
    let World { backend, .. } = &world;
    add_zoe(backend).await;
    account_grant(backend, &Actor::Operator, EMAIL, ENVIRONMENT, Capability::Viewer).await.unwrap();
    let here = [192_u8, 0, 2, 1];
    let device = try_in(backend, PASSWORD, here, None).await.unwrap().device;
    for _ in 0..GUESSES_TOLD {
        let guessed = try_in(backend, "a wrong password", here, Some(&device)).await;
        assert_eq!(guessed, Err(SignInError::WrongCredentials));
        // As somebody who has the time to wait.
        let passes = "UPDATE sign_in_failures SET last_at = last_at - interval '301 seconds'";
        sqlx::query(passes).execute(&pool).await.unwrap();
    }
    tell_all(&world, None).await;
    let told = "SELECT count(*) FROM notices WHERE kind = $1";
    let told: i64 = sqlx::query_scalar(told).bind(Kind::AccountGuessed.as_str()).fetch_one(&pool).await.unwrap();
    assert_eq!(told, 1);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn the_owner_of_an_account_is_told_of_many_failures_once_and_alone(pool: sqlx::PgPool) {
    let world = World::new(pool.clone()).await;
    let World { backend, ada, .. } = &world;
    add_zoe(backend).await;
    account_grant(backend, &Actor::Operator, EMAIL, ENVIRONMENT, Capability::Viewer).await.unwrap();
    let receiver = Receiver::new().await;
    let every = Topic::ALL.iter().copied().filter(|topic| topic.is_for_webhooks()).collect();
    webhook_add(backend, ada, ENVIRONMENT, &receiver.url(), &every).await.unwrap();
    let private = webhook_add(backend, ada, ENVIRONMENT, "https://example.net", &[Topic::Account].into()).await;
    assert!(matches!(private, Err(Error::Invalid { field: "topics", .. })), "{private:?}");
    let told = "SELECT a.email, n.kind FROM notices n JOIN accounts a ON a.id = n.account_id ORDER BY 1";
    let told = async || sqlx::query_as::<_, (String, String)>(told).fetch_all(&pool).await.unwrap();

    for guess in 0..GUESSES_TOLD - 1 {
        let last = u8::try_from(guess).unwrap();
        try_in(backend, "a wrong password", [203, 0, 113, last], None).await.unwrap_err();
    }
    tell_all(&world, None).await;
    assert!(told().await.is_empty(), "not for a few that somebody mistyped");
    for last in 100..105 {
        try_in(backend, "a wrong password", [203, 0, 113, last], None).await.unwrap_err();
        // For an address that nobody has, nobody is told.
        let nobody = Origin { address: [203, 0, 113, last].into(), device: None };
        sign_in(backend, "nobody@example.net", "a wrong password", nobody).await.unwrap_err();
    }
    tell_all(&world, None).await;
    assert_eq!(told().await, [(EMAIL.to_owned(), Kind::AccountGuessed.as_str().to_owned())]);
    assert_eq!(receiver.calls().len(), 0, "it is Zoe's own affair");
}
