//! What was sent, for admins.

use std::collections::BTreeMap;

use sqlx::postgres::PgConnection;
use strata_domain::act::{Act, DeliveryAct};
use strata_domain::authz::Permission;
use strata_domain::notice::{Attempt, Delivery, DeliveryState};

use crate::ctx::{Actor, Backend, Scope};
use crate::error::Error;
use crate::stored;

/// Mails and calls of an environment with every attempt, newest first: at most `limit`, those with an id under `before`.
pub(crate) async fn deliveries_of(
    connection: &mut PgConnection,
    environment_id: i64,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Delivery>, Error> {
    let rows = sqlx::query!(
        r#"SELECT d.id, d.means, d.kind, d.title, d.state, d.created_at, d.next_at, d.last_error,
                  coalesce(w.url, a.email) AS "to!"
           FROM deliveries d
           LEFT JOIN webhooks w ON w.id = d.webhook_id
           LEFT JOIN notices n ON n.id = d.notice_id
           LEFT JOIN accounts a ON a.id = n.account_id
           WHERE d.environment_id = $1 AND d.id < $2 ORDER BY d.id DESC LIMIT $3"#,
        environment_id,
        before.unwrap_or(i64::MAX),
        limit,
    )
    .fetch_all(&mut *connection)
    .await?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let attempts = sqlx::query!(
        "SELECT delivery_id, number, at, arrived, status, answer FROM delivery_attempts
         WHERE delivery_id = ANY($1) ORDER BY delivery_id, number",
        &ids,
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut attempts_of: BTreeMap<i64, Vec<Attempt>> = BTreeMap::new();
    for row in attempts {
        let attempt =
            Attempt { number: row.number, at: row.at, arrived: row.arrived, status: row.status, answer: row.answer };
        attempts_of.entry(row.delivery_id).or_default().push(attempt);
    }
    rows.into_iter()
        .map(|row| {
            let state: DeliveryState = stored::word(&row.state)?;
            let is_open = matches!(state, DeliveryState::Pending | DeliveryState::Failed);
            Ok(Delivery {
                id: row.id,
                means: stored::word(&row.means)?,
                to: row.to,
                kind: stored::word(&row.kind)?,
                title: row.title,
                state,
                created_at: row.created_at,
                next_at: is_open.then_some(row.next_at),
                last_error: row.last_error,
                attempts: attempts_of.remove(&row.id).unwrap_or_default(),
            })
        })
        .collect()
}

/// Has a delivery sent again, now, and with all attempts before it. One that is about to be sent for the first time, or
/// anew already, is met: a second click sends nothing twice.
///
/// # Errors
/// [`Error::NotFound`] where the environment has no such delivery; [`Error::Refused`] for all but admins.
#[tracing::instrument(skip_all, fields(?environment, %id))]
pub async fn delivery_resend(backend: &Backend, actor: &Actor, environment: &str, id: i64) -> Result<(), Error> {
    let mut write =
        backend.authorise_write(actor, Permission::EditNotifications, Scope::Environment(environment)).await?;
    let (environment_id, at) = (write.place()?.id, write.at());
    let state = sqlx::query_scalar!(
        "SELECT state FROM deliveries WHERE id = $1 AND environment_id = $2 FOR UPDATE",
        id,
        environment_id,
    )
    .fetch_optional(write.connection())
    .await?
    .ok_or(Error::NotFound { what: "delivery" })?;
    if state == DeliveryState::Pending.as_str() {
        return Ok(());
    }
    let written =
        sqlx::query!("UPDATE deliveries SET state = 'pending', next_at = $2, tries = 0 WHERE id = $1", id, at)
            .execute(write.connection())
            .await?;
    stored::expect_rows(written.rows_affected(), 1)?;
    let did = DeliveryAct::Resent { before: stored::word(&state)? };
    write.commit(Act::Delivery { delivery: id, did }).await
}
