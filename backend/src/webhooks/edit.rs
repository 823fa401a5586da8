//! Adding, removing and trying webhooks.

use std::collections::BTreeSet;

use reqwest::Url;
use strata_domain::act::{Act, WebhookAct};
use strata_domain::authz::Permission;
use strata_domain::notice::{Audience, Happening, Kind, Subject, Topic, words};
use strata_domain::pace::Paced;
use strata_domain::text;

use super::body;
use crate::ctx::{Actor, Backend, Scope};
use crate::deliveries::{self, NewDelivery, To, secret_shown};
use crate::error::Error;
use crate::paces;
use crate::stored;

/// Longest address, in characters.
const URL_MAX: usize = 2_000;

/// A webhook that was just made.
#[derive(Clone, PartialEq, Eq)]
pub struct NewWebhook {
    /// Its id.
    pub id: i64,
    /// `whsec_…`: what the receiver checks signatures with. Shown now, and never again.
    pub secret: String,
}

/// Without the secret, which belongs in no log.
impl std::fmt::Debug for NewWebhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewWebhook").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Adds an address that is told of these topics, with a secret of its own.
///
/// # Errors
/// [`Error::Invalid`] for a `url` that is not http or https, names no host or has a user in it, and for no `topics`;
/// [`Error::Refused`] for all but admins.
#[tracing::instrument(skip_all, fields(?environment))]
pub async fn webhook_add(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    url: &str,
    topics: &BTreeSet<Topic>,
) -> Result<NewWebhook, Error> {
    let mut write =
        backend.authorise_write(actor, Permission::EditNotifications, Scope::Environment(environment)).await?;
    let url = accepted(url)?;
    if let Some(private) = topics.iter().find(|topic| !topic.is_for_webhooks()) {
        return Err(Error::invalid("topics", format!("“{}” is told to one person alone.", private.title())));
    }
    if topics.is_empty() {
        return Err(Error::invalid("topics", "Choose at least one thing that it is told of."));
    }
    let words: Vec<String> = topics.iter().map(|topic| topic.as_str().to_owned()).collect();
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(Error::unexpected)?;
    // The second of a double click waits, and finds the first one's.
    let (environment_id, at) = (write.lock_environment().await?, write.at());
    let known = sqlx::query_scalar!(
        "SELECT id FROM webhooks WHERE environment_id = $1 AND url = $2 AND removed_at IS NULL",
        environment_id,
        url,
    )
    .fetch_optional(write.connection())
    .await?;
    if known.is_some() {
        return Err(Error::invalid("url", "There is a webhook for this address already; remove it first."));
    }
    let (creator, name) = (write.account_id()?, write.person().name.clone());
    let id = sqlx::query_scalar!(
        "INSERT INTO webhooks (environment_id, url, topics, secret, created_by, created_by_name, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
        environment_id,
        url,
        &words,
        &secret[..],
        creator,
        name,
        at,
    )
    .fetch_one(write.connection())
    .await?;
    let did = WebhookAct::Added { to: host(&url), topics: topics.clone() };
    write.commit(Act::Webhook { webhook: id, did }).await?;
    Ok(NewWebhook { id, secret: secret_shown(&secret) })
}

/// Removes a webhook with its secret; what was to be sent to it is given up. Removing it twice changes nothing.
///
/// # Errors
/// [`Error::NotFound`] where the environment has none of that id; [`Error::Refused`] for all but admins.
#[tracing::instrument(skip_all, fields(?environment, %id))]
pub async fn webhook_remove(backend: &Backend, actor: &Actor, environment: &str, id: i64) -> Result<(), Error> {
    let mut write =
        backend.authorise_write(actor, Permission::EditNotifications, Scope::Environment(environment)).await?;
    let (environment_id, at) = (write.place()?.id, write.at());
    let row = sqlx::query!(
        "SELECT url, removed_at FROM webhooks WHERE id = $1 AND environment_id = $2 FOR UPDATE",
        id,
        environment_id,
    )
    .fetch_optional(write.connection())
    .await?
    .ok_or(Error::NotFound { what: "webhook" })?;
    if row.removed_at.is_some() {
        return Ok(());
    }
    let written =
        sqlx::query!("UPDATE webhooks SET active = false, secret = NULL, removed_at = $2 WHERE id = $1", id, at)
            .execute(write.connection())
            .await?;
    stored::expect_rows(written.rows_affected(), 1)?;
    write.commit(Act::Webhook { webhook: id, did: WebhookAct::Removed { to: host(&row.url) } }).await
}

/// Sends the webhook a `strata.test`, whatever its topics are; the delivery log shows what became of it.
///
/// # Errors
/// [`Error::NotFound`] where the environment has none of that id; [`Error::Refused`] for all but admins, and where it is
/// switched off; [`Error::TooMuch`] where the actor tries too fast.
#[tracing::instrument(skip_all, fields(?environment, %id))]
pub async fn webhook_test(backend: &Backend, actor: &Actor, environment: &str, id: i64) -> Result<(), Error> {
    let mut read =
        backend.authorise_read(actor, Permission::EditNotifications, Scope::Environment(environment)).await?;
    let (environment_id, at) = (read.place().id, read.at());
    let is_active = sqlx::query_scalar!(
        "SELECT active FROM webhooks WHERE id = $1 AND environment_id = $2 AND removed_at IS NULL",
        id,
        environment_id,
    )
    .fetch_optional(read.connection())
    .await?
    .ok_or(Error::NotFound { what: "webhook" })?;
    if !is_active {
        return Err(Error::not_now(
            "It answered that it wants no more, and is switched off. Remove it and add it anew.",
        ));
    }
    drop(read);
    let happening = Happening {
        kind: Kind::Test,
        environment: environment.to_owned(),
        actor: actor.signed_in()?,
        at,
        reason: None,
        unattended: false,
        subject: Subject::Nothing,
    };
    let payload = body(&happening);
    let title = words(&happening, Audience::Concerned).title;
    let to = To::Webhook { webhook: id, outbox: None, payload: &payload };
    let new = NewDelivery { environment_id, kind: Kind::Test, title: &title, to };
    // Nothing of the environment is altered: the delivery log, and no audit row, says that it was tried.
    let mut transaction = backend.begin().await?;
    if let Some(account) = actor.account_id()? {
        paces::take(&mut transaction, account, Paced::Sending).await?;
    }
    deliveries::add(&mut transaction, new).await?;
    transaction.commit().await?;
    Ok(())
}

/// The address as it is stored.
fn accepted(url: &str) -> Result<String, Error> {
    let wrong = |message: &str| Error::invalid("url", message);
    let url = url.trim();
    text::check_line("url", url).map_err(|fault| Error::text("url", &fault))?;
    if url.chars().count() > URL_MAX {
        return Err(wrong("An address has at most 2000 characters."));
    }
    let parsed = Url::parse(url).map_err(|_| wrong("This is no address. Write it like https://example.net/hook."))?;
    if !matches!(parsed.scheme(), "http" | "https") || !parsed.has_host() {
        return Err(wrong("The address begins with https:// or http:// and names a host."));
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(wrong("The address has no user and no password in it; the signature says who calls."));
    }
    Ok(parsed.into())
}

/// Scheme and host: the rest of an address can be a secret by itself, and everybody may read the audit log.
fn host(url: &str) -> String {
    Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_http_without_a_user() {
        assert_eq!(accepted(" https://example.net/hook?key=1 ").as_deref(), Ok("https://example.net/hook?key=1"));
        assert!(accepted("http://127.0.0.1:8080").is_ok());
        for wrong in [
            "",
            "example.net",
            "ftp://example.net",
            "https://ada:x@example.net",
            "https://ada@example.net",
            "file:///etc",
        ] {
            assert!(accepted(wrong).is_err(), "{wrong}");
        }
        assert_eq!(host("https://example.net/services/T0/s3cret"), "https://example.net");
        let new = NewWebhook { id: 1, secret: "whsec_x".to_owned() };
        assert!(!format!("{new:?}").contains("whsec"));
    }
}
