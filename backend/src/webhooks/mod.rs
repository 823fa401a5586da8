//! The addresses that are told what happens in an environment, as the Standard Webhooks specification has it.

mod body;
mod edit;

use std::collections::BTreeSet;

use serde_json::Value;
use sqlx::postgres::PgConnection;
use strata_domain::authz::Permission;
use strata_domain::notice::{Kind, Webhook};

use crate::ctx::{self, Actor, Backend, Scope};
use crate::deliveries::{self, NewDelivery, To};
use crate::error::Error;

pub(crate) use body::body;
pub use edit::{NewWebhook, webhook_add, webhook_remove, webhook_test};

/// The webhooks of an environment, first come first; none of them with its secret.
///
/// # Errors
/// [`Error::Refused`] for all but admins; [`Error::NotFound`] where the actor may not view the environment.
#[tracing::instrument(skip_all, fields(environment))]
pub async fn webhook_list(backend: &Backend, actor: &Actor, environment: &str) -> Result<Vec<Webhook>, Error> {
    let mut read = backend.authorise_read(actor, Permission::EditWebhooks, Scope::Environment(environment)).await?;
    let environment_id = read.place().id;
    let rows = sqlx::query!(
        "SELECT id, url, topics, active, created_by, created_by_name, created_at FROM webhooks
         WHERE environment_id = $1 AND removed_at IS NULL ORDER BY id",
        environment_id,
    )
    .fetch_all(read.connection())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Webhook {
                id: row.id,
                url: row.url,
                topics: row.topics.iter().map(|word| ctx::stored(word)).collect::<Result<BTreeSet<_>, Error>>()?,
                is_active: row.active,
                created_by: ctx::person(row.created_by, row.created_by_name),
                created_at: row.created_at,
            })
        })
        .collect()
}

/// Writes a call of every webhook of the environment that chose the topic.
pub(crate) async fn call_all(
    connection: &mut PgConnection,
    environment_id: i64,
    outbox: i64,
    kind: Kind,
    title: &str,
    payload: &Value,
) -> Result<(), Error> {
    let webhooks = sqlx::query_scalar!(
        "SELECT id FROM webhooks WHERE environment_id = $1 AND active AND $2 = ANY(topics) ORDER BY id",
        environment_id,
        kind.topic().as_str(),
    )
    .fetch_all(&mut *connection)
    .await?;
    for webhook in webhooks {
        let to = To::Webhook { webhook, outbox: Some(outbox), payload };
        deliveries::add(&mut *connection, NewDelivery { environment_id, kind, title, to }).await?;
    }
    Ok(())
}
