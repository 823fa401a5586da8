//! Calls of webhooks.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{CONTENT_TYPE, USER_AGENT};
use reqwest::{Client, redirect};
use serde_json::Value;
use strata_domain::notice::Means;
use strata_domain::text::json_for_showing;

use super::networks::{Networks, REFUSED, Resolver, is_refused};
use super::signature::sign;
use super::{Claim, Outcome, Sender, Verdict};
use crate::ctx::{self, Backend};
use crate::error::Error;

/// Most characters that are kept of what an answer says its type is.
const TYPE_MAX: usize = 100;
/// The answer of an address that wants no more.
const GONE: u16 = 410;

/// Calls webhooks.
#[derive(Debug)]
pub(crate) struct Poster {
    client: Client,
    networks: Networks,
    /// The root of the site, for links.
    public_url: Arc<str>,
}

/// A call, as stored.
struct Call {
    webhook: i64,
    url: String,
    secret: Option<Vec<u8>>,
    active: bool,
    payload: Value,
}

impl Poster {
    /// A client that follows no redirect, as the body is for the address that an admin gave and for no other, and that
    /// takes no proxy from the environment; a call has that long.
    ///
    /// It reaches public addresses and those of `networks`, and no others.
    pub(crate) fn new(timeout: Duration, networks: Networks, public_url: Arc<str>) -> Result<Self, Error> {
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(Error::unexpected)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(Resolver { networks: networks.clone() }))
            .timeout(timeout)
            .build()
            .map_err(Error::unexpected)?;
        Ok(Self { client, networks, public_url })
    }

    async fn call(&self, claim: &Claim, call: &Call, secret: &[u8]) -> Result<(u16, String), reqwest::Error> {
        let (id, at, body) = (format!("msg_{}", claim.key.simple()), claim.at, self.body(&call.payload));
        let answer = self
            .client
            .post(&call.url)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, "Strata")
            .header("webhook-id", &id)
            .header("webhook-timestamp", at.timestamp())
            .header("webhook-signature", sign(secret, &id, at, &body))
            .body(body)
            .send()
            .await?;
        // The body is not even read: whoever adds a webhook must not see through Strata what is answered elsewhere.
        let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        Ok((answer.status().as_u16(), kind.chars().take(TYPE_MAX).collect()))
    }

    /// What is sent: as it was stored, with the address of the site before the path. What is hidden is escaped; a receiver
    /// may well print it as it comes.
    fn body(&self, payload: &Value) -> String {
        let mut payload = payload.clone();
        if let Some(Value::String(url)) = payload.pointer_mut("/data/url")
            && url.starts_with('/')
        {
            url.insert_str(0, &self.public_url);
        }
        json_for_showing(&payload.to_string()).into_owned()
    }
}

#[async_trait]
impl Sender for Poster {
    fn means(&self) -> Means {
        Means::Webhook
    }

    async fn send(&self, backend: &Backend, claim: &Claim) -> Result<Outcome, Error> {
        let call = ctx::statement(async {
            Ok(sqlx::query_as!(
                Call,
                r#"SELECT w.id AS webhook, w.url, w.secret, w.active, d.payload AS "payload!"
               FROM deliveries d JOIN webhooks w ON w.id = d.webhook_id WHERE d.id = $1"#,
                claim.id,
            )
            .fetch_one(backend.machinery())
            .await?)
        })
        .await?;
        let Some(secret) = call.secret.as_deref().filter(|_| call.active) else {
            return Ok(Outcome::never("The webhook is switched off or removed."));
        };
        if is_refused(&call.url, &self.networks) {
            return Ok(Outcome::never(REFUSED));
        }
        Ok(match self.call(claim, &call, secret).await {
            Ok((status, kind)) => {
                let verdict = match status {
                    200..=299 => Verdict::Arrived,
                    GONE => {
                        ctx::statement(switch_off(backend, call.webhook)).await?;
                        Verdict::Never
                    }
                    _ => Verdict::Again,
                };
                let answer = if kind.is_empty() { "Nothing of a type".to_owned() } else { format!("Of type {kind}") };
                Outcome { verdict, status: Some(i32::from(status)), answer }
            }
            Err(error) if error.is_timeout() => Outcome::again("There was no answer in time."),
            // Without the address: it may have a secret in it, and is beside it in the log anyway.
            Err(error) => Outcome::again(chain(&error.without_url())),
        })
    }
}

/// The address has said that it wants no more.
async fn switch_off(backend: &Backend, webhook: i64) -> Result<(), Error> {
    sqlx::query!("UPDATE webhooks SET active = false WHERE id = $1", webhook).execute(backend.machinery()).await?;
    tracing::warn!(webhook, "the address of a webhook is gone; it is switched off");
    Ok(())
}

/// An error with its causes: the outermost says no more than that the request failed.
fn chain(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told = format!("{told}: {error}");
        cause = error.source();
    }
    told
}
