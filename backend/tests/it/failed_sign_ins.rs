//! Guessing leaves a trail: in the audit log, with where it came from and without what was typed.

use std::net::IpAddr;

use strata_backend::accounts::{NewAccount, Origin, SignInError, account_add, account_others, sign_in};
use strata_backend::{Actor, Backend, Error};

const PASSWORD: &str = "correct horse battery";

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn failed_attempts_are_recorded_without_what_was_typed(pool: sqlx::PgPool) {
    let backend = Backend::new(pool.clone());
    let zoe = NewAccount { email: "zoe@example.net".to_owned(), name: "Zoe".to_owned(), password: PASSWORD.to_owned() };
    let zoe = account_add(&backend, &Actor::Operator, zoe).await.unwrap();
    let address: IpAddr = "::ffff:192.0.2.7".parse().unwrap();
    let origin = Origin { address, device: None };
    // The second typed the password where the address goes; the third has one that we never heard of.
    for email in ["Zoe@example.net", "hunter2 hunter2", "somebody@elsewhere.example"] {
        let refused = sign_in(&backend, email, "a wrong password", origin).await;
        assert_eq!(refused, Err(SignInError::WrongCredentials));
    }
    sqlx::query("UPDATE accounts SET disabled_at = now()").execute(&pool).await.unwrap();
    assert_eq!(sign_in(&backend, "zoe@example.net", PASSWORD, origin).await, Err(SignInError::WrongCredentials));

    let rows: Vec<(String, Option<uuid::Uuid>, serde_json::Value)> = sqlx::query_as(
        "SELECT subject, actor_id, after FROM audit_log WHERE action = 'sign-in-failed' ORDER BY sequence",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let subjects: Vec<&str> = rows.iter().map(|(subject, ..)| subject.as_str()).collect();
    assert_eq!(subjects, [zoe.as_str(), "unknown", "unknown", zoe.as_str()]);
    for (_, actor, after) in &rows {
        assert_eq!(*actor, None);
        assert_eq!(after["address"], "192.0.2.7");
    }
    assert_eq!(rows[3].2["disabled"], true);
    let whole: Vec<String> =
        sqlx::query_scalar("SELECT audit_log::text FROM audit_log").fetch_all(&pool).await.unwrap();
    for typed in ["wrong password", "hunter2", "elsewhere.example", PASSWORD] {
        assert!(whole.iter().all(|row| !row.contains(typed)), "{typed} is in {whole:?}");
    }
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn people_beside_the_known_are_counted_for_the_operator_alone(pool: sqlx::PgPool) {
    let backend = Backend::new(pool);
    for email in ["admin@example.net", "ada@example.org"] {
        let new = NewAccount { email: email.to_owned(), name: "One".to_owned(), password: PASSWORD.to_owned() };
        account_add(&backend, &Actor::Operator, new).await.unwrap();
    }
    assert_eq!(account_others(&backend, &Actor::Operator, &["admin@example.net"]).await, Ok(1));
    assert_eq!(account_others(&backend, &Actor::Operator, &["admin@example.net", "ada@example.org"]).await, Ok(0));
    assert!(matches!(account_others(&backend, &Actor::Nobody, &[]).await, Err(Error::Refused(_))));
}
