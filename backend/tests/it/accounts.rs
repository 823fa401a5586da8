//! Signing in, being slowed down, and signing out everywhere.

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};
use strata_backend::accounts::{
    NewAccount, Origin, SignInError, account_add, actor_load, sign_in, sign_out_everywhere, signed_out, standing_load,
};
use strata_backend::{Actor, Backend, Error};
use strata_domain::sign_in::wait_seconds;

use crate::support::{ENVIRONMENT, World};

const PASSWORD: &str = "correct horse battery";

/// A device that nobody signed in from, at that address.
fn address(last: u8) -> Origin<'static> {
    Origin { address: [192, 0, 2, last].into(), device: None }
}

fn zoe() -> NewAccount {
    NewAccount { email: " Zoe@Example.NET".to_owned(), name: "Zoe".to_owned(), password: PASSWORD.to_owned() }
}

async fn with_zoe(pool: &sqlx::PgPool) -> Backend {
    let backend = Backend::new(pool.clone());
    account_add(&backend, &Actor::Operator, zoe()).await.unwrap();
    backend
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn the_right_password_lets_in(pool: sqlx::PgPool) {
    let backend = with_zoe(&pool).await;
    let signed_in = sign_in(&backend, "zoe@example.net", PASSWORD, address(1)).await.unwrap();
    assert_eq!(signed_in.name, "Zoe");
    let actor = actor_load(&backend, &signed_in.account, signed_in.epoch).await.unwrap().unwrap();
    assert_eq!(actor.person().unwrap().name, "Zoe");
    signed_out(&backend, &actor).await.unwrap();
    let acts: Vec<String> =
        sqlx::query_scalar("SELECT action FROM audit_log WHERE actor_name = 'Zoe' ORDER BY sequence")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(acts, ["signed-in", "signed-out"]);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn wrong_password_unknown_and_disabled_answer_alike(pool: sqlx::PgPool) {
    let backend = with_zoe(&pool).await;
    let wrong = sign_in(&backend, "zoe@example.net", "wrong horse battery", address(1)).await;
    let unknown = sign_in(&backend, "nobody@example.net", "wrong horse battery", address(1)).await;
    let no_address = sign_in(&backend, "not an address", "wrong horse battery", address(1)).await;
    let too_long = sign_in(&backend, "zoe@example.net", &"x".repeat(100_000), address(1)).await;
    sqlx::query("UPDATE accounts SET disabled_at = now()").execute(&pool).await.unwrap();
    let disabled = sign_in(&backend, "zoe@example.net", PASSWORD, address(1)).await;
    for answer in [wrong, unknown, no_address, too_long, disabled] {
        assert_eq!(answer, Err(SignInError::WrongCredentials));
    }
    let keys: Vec<String> = sqlx::query_scalar("SELECT key FROM sign_in_failures").fetch_all(&pool).await.unwrap();
    assert!(keys.iter().all(|key| !key.contains("example")), "{keys:?}");
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn repeated_failures_are_slowed_down_for_the_account_from_there(pool: sqlx::PgPool) {
    let backend = with_zoe(&pool).await;
    let free = (0..).take_while(|failures| wait_seconds(*failures) == 0).count();
    for _ in 0..free {
        for email in ["zoe@example.net", "nobody@example.net"] {
            assert_eq!(sign_in(&backend, email, "wrong", address(200)).await, Err(SignInError::WrongCredentials));
        }
    }
    // Known or not, right or wrong: the answer is to wait.
    for email in ["zoe@example.net", "nobody@example.net"] {
        let slowed = sign_in(&backend, email, PASSWORD, address(200)).await;
        assert!(matches!(slowed, Err(SignInError::Wait { seconds: 1.. })), "{slowed:?}");
    }
    sqlx::query("UPDATE sign_in_failures SET last_at = last_at - interval '10 minutes'").execute(&pool).await.unwrap();
    sign_in(&backend, "zoe@example.net", PASSWORD, address(200)).await.unwrap();
    // Success ends the count.
    assert_eq!(sign_in(&backend, "zoe@example.net", "wrong", address(200)).await, Err(SignInError::WrongCredentials));
    sign_in(&backend, "zoe@example.net", PASSWORD, address(200)).await.unwrap();
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn many_accounts_from_one_address_are_slowed_down(pool: sqlx::PgPool) {
    let backend = with_zoe(&pool).await;
    for attempt in 0..20 {
        let email = format!("guess-{attempt}@example.net");
        assert_eq!(sign_in(&backend, &email, "wrong", address(1)).await, Err(SignInError::WrongCredentials));
    }
    let slowed = sign_in(&backend, "zoe@example.net", PASSWORD, address(1)).await;
    assert!(matches!(slowed, Err(SignInError::Wait { .. })), "{slowed:?}");
    sign_in(&backend, "zoe@example.net", PASSWORD, address(2)).await.unwrap();
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn guesses_at_once_are_counted_before_they_are_looked_at(pool: sqlx::PgPool) {
    let backend = with_zoe(&pool).await;
    let guess = || sign_in(&backend, "zoe@example.net", "wrong", address(1));
    let answers = tokio::join!(guess(), guess(), guess(), guess(), guess(), guess(), guess(), guess());
    let answers = [answers.0, answers.1, answers.2, answers.3, answers.4, answers.5, answers.6, answers.7];
    let looked_at = answers.iter().filter(|answer| **answer == Err(SignInError::WrongCredentials)).count();
    assert!(looked_at <= 6, "{answers:?}");
    assert!(answers.iter().any(|answer| matches!(answer, Err(SignInError::Wait { .. }))));
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn an_old_hash_is_made_again_at_sign_in(pool: sqlx::PgPool) {
    let backend = with_zoe(&pool).await;
    let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).unwrap());
    let hash: PasswordHash = weak.hash_password(PASSWORD.as_bytes()).unwrap();
    let stored = || sqlx::query_scalar::<_, String>("SELECT password_hash FROM accounts");
    sqlx::query("UPDATE accounts SET password_hash = $1").bind(hash.to_string()).execute(&pool).await.unwrap();
    sign_in(&backend, "zoe@example.net", "wrong", address(1)).await.unwrap_err();
    assert!(stored().fetch_one(&pool).await.unwrap().contains("m=64,"));
    sign_in(&backend, "zoe@example.net", PASSWORD, address(1)).await.unwrap();
    let renewed = stored().fetch_one(&pool).await.unwrap();
    assert!(renewed.contains(&format!("m={},", Params::DEFAULT_M_COST)), "{renewed}");
    sign_in(&backend, "zoe@example.net", PASSWORD, address(1)).await.unwrap();
    assert_eq!(stored().fetch_one(&pool).await.unwrap(), renewed);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn signing_out_everywhere_ends_older_epochs(pool: sqlx::PgPool) {
    let backend = with_zoe(&pool).await;
    let signed_in = sign_in(&backend, "zoe@example.net", PASSWORD, address(1)).await.unwrap();
    let actor = actor_load(&backend, &signed_in.account, signed_in.epoch).await.unwrap().unwrap();
    sign_out_everywhere(&backend, &actor).await.unwrap();
    assert_eq!(actor_load(&backend, &signed_in.account, signed_in.epoch).await.unwrap(), None);
    let again = sign_in(&backend, "zoe@example.net", PASSWORD, address(1)).await.unwrap();
    assert!(actor_load(&backend, &again.account, again.epoch).await.unwrap().is_some());
    sqlx::query("UPDATE accounts SET disabled_at = now()").execute(&pool).await.unwrap();
    assert_eq!(actor_load(&backend, &again.account, again.epoch).await.unwrap(), None);
    assert_eq!(actor_load(&backend, "no uuid", 1).await.unwrap(), None);
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn accounts_are_the_operators_to_make(pool: sqlx::PgPool) {
    let world = World::new(pool).await;
    let refused = account_add(&world.backend, &world.ada, zoe()).await;
    assert!(matches!(refused, Err(Error::Refused(_))));
    assert_eq!(account_add(&world.backend, &Actor::Nobody, zoe()).await, Err(Error::NotSignedIn));
    let add = |account| account_add(&world.backend, &Actor::Operator, account);
    assert!(matches!(
        add(NewAccount { password: "short".to_owned(), ..zoe() }).await,
        Err(Error::Invalid { field: "password", .. })
    ));
    assert!(matches!(
        add(NewAccount { email: "no address".to_owned(), ..zoe() }).await,
        Err(Error::Invalid { field: "email", .. })
    ));
    assert!(matches!(
        add(NewAccount { name: " ".to_owned(), ..zoe() }).await,
        Err(Error::Invalid { field: "name", .. })
    ));
    add(zoe()).await.unwrap();
    assert!(matches!(add(zoe()).await, Err(Error::Invalid { field: "email", .. })), "there is one already");
    assert!(!format!("{:?}", zoe()).contains(PASSWORD));
    let standing = standing_load(&world.backend, &world.luis, ENVIRONMENT).await.unwrap();
    assert!(standing.groups.contains("infrastructure experts"));
}
