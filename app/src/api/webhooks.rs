//! Who else is told what happens in an environment, what was sent, and when people are reminded.

use std::collections::BTreeMap;

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};
use strata_domain::notice::{Delivery, Patience, Webhook};

use crate::error::AppError;

/// Everything that the page `/settings/webhooks` shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhooksView {
    /// The environment's slug.
    pub environment: String,
    /// The webhooks, first come first.
    pub webhooks: Vec<Webhook>,
    /// Mails and calls with their attempts, newest first.
    pub deliveries: Vec<Delivery>,
    /// The key of the next page of them, if there is one.
    pub next: Option<i64>,
    /// When people are reminded.
    pub patience: Patience,
}

/// The webhooks and the delivery log of an environment; deliveries with an id under `before`.
#[server(prefix = "/api", endpoint = "webhooks_load", input = GetUrl)]
pub async fn webhooks_load(environment: Option<String>, before: Option<i64>) -> Result<WebhooksView, AppError> {
    use strata_backend::webhooks;

    use crate::server_context::{actor, answer, backend};

    let environment = environment.as_deref();
    let view = webhooks::webhooks_load(&backend(), &actor(), environment, before, super::PAGE).await;
    let webhooks::WebhooksView { environment, webhooks, deliveries, next, patience } = answer(view)?;
    Ok(WebhooksView { environment, webhooks, deliveries, next, patience })
}

/// Adds a webhook that is told of the topics that are `on`; gives its secret, which is never shown again.
#[server(prefix = "/api", endpoint = "webhook_add")]
pub async fn webhook_add(
    environment: String,
    url: String,
    #[server(default)] topics: BTreeMap<String, String>,
) -> Result<String, AppError> {
    use strata_domain::notice::Topic;

    use crate::server_context::{actor, answer, backend, fail};

    let topics = super::typed::chosen(&topics, Topic::ALL, Topic::as_str, "topics").map_err(fail)?;
    let (backend, actor) = (backend(), actor());
    let added = answer(strata_backend::webhooks::webhook_add(&backend, &actor, &environment, &url, &topics).await)?;
    Ok(added.secret)
}

/// Removes a webhook with its secret.
#[server(prefix = "/api", endpoint = "webhook_remove")]
pub async fn webhook_remove(environment: String, id: i64) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend};

    answer(strata_backend::webhooks::webhook_remove(&backend(), &actor(), &environment, id).await)?;
    leptos_axum::redirect(&crate::paths::webhooks(&environment));
    Ok(())
}

/// Sends a webhook a test.
#[server(prefix = "/api", endpoint = "webhook_test")]
pub async fn webhook_test(environment: String, id: i64) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend};

    answer(strata_backend::webhooks::webhook_test(&backend(), &actor(), &environment, id).await)?;
    leptos_axum::redirect(&crate::paths::webhooks(&environment));
    Ok(())
}

/// Has a mail or a call sent once more.
#[server(prefix = "/api", endpoint = "delivery_resend")]
pub async fn delivery_resend(environment: String, id: i64) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend};

    answer(strata_backend::deliveries::delivery_resend(&backend(), &actor(), &environment, id).await)?;
    leptos_axum::redirect(&crate::paths::webhooks(&environment));
    Ok(())
}

/// Says after how many hours people are reminded, and the next group is told.
#[server(prefix = "/api", endpoint = "patience_set")]
pub async fn patience_set(
    environment: String,
    reminder_hours: String,
    escalation_hours: String,
) -> Result<(), AppError> {
    use crate::api::typed::{invalid, typed};
    use crate::server_context::{actor, answer, backend, fail};

    let hours = |text: &str, field: &str| {
        let hours = typed::<u32>(text, field, "a whole number of hours")?;
        hours.ok_or_else(|| invalid(field, "Say how many hours.".to_owned()))
    };
    let patience = Patience {
        reminder_hours: hours(&reminder_hours, "reminder_hours").map_err(fail)?,
        escalation_hours: hours(&escalation_hours, "escalation_hours").map_err(fail)?,
    };
    answer(strata_backend::notices::patience_set(&backend(), &actor(), &environment, patience).await)?;
    leptos_axum::redirect(&crate::paths::webhooks(&environment));
    Ok(())
}
