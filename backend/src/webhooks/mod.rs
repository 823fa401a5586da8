//! The addresses that are told what happens in an environment, as the Standard Webhooks specification has it.

mod body;
mod edit;

use std::collections::BTreeSet;

use serde_json::Value;
use sqlx::postgres::PgConnection;
use strata_domain::authz::Permission;
use strata_domain::notice::{Delivery, Kind, Patience, Webhook};

use crate::ctx::{self, Actor, Backend, Listed, Scope};
use crate::deliveries::{self, NewDelivery, To};
use crate::error::Error;
use crate::notices;
use crate::stored;

pub(crate) use body::body;
pub use edit::{NewWebhook, webhook_add, webhook_remove, webhook_test};

/// Everything that the page of the webhooks shows, as of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhooksView {
    /// The environment's slug.
    pub environment: String,
    /// Its webhooks, first come first; none of them with its secret.
    pub webhooks: Vec<Webhook>,
    /// Mails and calls with every attempt, newest first.
    pub deliveries: Vec<Delivery>,
    /// The id of the delivery to read on behind; none at the end.
    pub next: Option<i64>,
    /// After how long people are told again.
    pub patience: Patience,
}

/// The webhooks of an environment (of the first that the actor may view, where none is named), and what was sent: at most
/// `limit` deliveries, those with an id under `before`.
///
/// # Errors
/// [`Error::Refused`] for all but admins; [`Error::NotFound`] where the actor may not view the environment.
#[tracing::instrument(skip_all, fields(?environment))]
pub async fn webhooks_load(
    backend: &Backend,
    actor: &Actor,
    environment: Option<&str>,
    before: Option<i64>,
    limit: i64,
) -> Result<WebhooksView, Error> {
    let mut read = backend.authorise_read(actor, Permission::EditNotifications, Scope::asked(environment)).await?;
    let id = read.place().id;
    let webhooks = webhooks_of(read.connection(), id).await?;
    let deliveries = deliveries::deliveries_of(read.connection(), id, before, limit).await?;
    let patience = notices::patience_of(read.connection(), id).await?;
    let Listed { environment, rows: deliveries, next, .. } = Listed::of(&read, deliveries, limit, |one| one.id);
    Ok(WebhooksView { environment, webhooks, deliveries, next, patience })
}

async fn webhooks_of(connection: &mut PgConnection, environment_id: i64) -> Result<Vec<Webhook>, Error> {
    let rows = sqlx::query!(
        "SELECT id, url, topics, active, created_by, created_by_name, created_at FROM webhooks
         WHERE environment_id = $1 AND removed_at IS NULL ORDER BY id",
        environment_id,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Webhook {
                id: row.id,
                url: row.url,
                topics: row.topics.iter().map(|word| stored::word(word)).collect::<Result<BTreeSet<_>, Error>>()?,
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
