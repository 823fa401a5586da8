//! Requests that are dropped: closing many tabs at once made 8 of 10 later sign-ins fail, and it did not heal.

use std::net::Shutdown;

use sqlx::PgPool;
use strata_backend::Actor;
use strata_backend::changes::change_start;
use strata_backend::news::STREAMS_MAX;

use crate::served::{ENVIRONMENT, Served};

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn hundreds_of_streams_and_requests_are_closed_at_once_and_people_sign_in(pool: PgPool) {
    let server = Served::on(&pool).await;
    let cookie = server.sign_in().await.cookie.unwrap();
    for round in 0..3 {
        // An account has no more at once; those of the last round may still be ending.
        let streams = server.open(STREAMS_MAX / 3, "/events", &cookie, true).await;
        // Each stream is told of these.
        for number in 0..5 {
            let title = format!("News {round}.{number}");
            change_start(&server.backend, &Actor::Operator, ENVIRONMENT, &title).await.unwrap();
        }
        let path = format!("/api/change_list?environment={ENVIRONMENT}");
        let requests = server.open(200, &path, &cookie, false).await;
        for one in streams.iter().chain(&requests) {
            let _gone_already = one.shutdown(Shutdown::Both);
        }
    }
    let mut refused = Vec::new();
    for number in 0..10 {
        let answer = server.sign_in().await;
        if answer.status != 200 {
            refused.push((number, answer.status, answer.body));
        }
    }
    assert!(refused.is_empty(), "{} of 10 sign-ins failed: {refused:?}", refused.len());
}
