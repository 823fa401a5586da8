//! Calls of webhooks.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{CONTENT_TYPE, USER_AGENT};
use reqwest::{Client, redirect};
use serde_json::Value;
use strata_domain::notice::Means;

use super::elsewhere::{Elsewhere, HERE, is_here};
use super::signature::sign;
use super::{Claim, Outcome, Sender, Verdict};
use crate::ctx::{self, Backend};
use crate::error::Error;

/// Bytes of an answer that are read; more than is kept, as characters have up to four.
const READ_MAX: usize = 2_000;
/// The answer of an address that wants no more.
const GONE: u16 = 410;

/// Calls webhooks.
#[derive(Debug)]
pub(crate) struct Poster {
    client: Client,
    /// Whether it may reach this machine.
    local: bool,
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
    /// Unless `local` says so, it reaches neither this machine itself nor its own link, where services answer that trust
    /// whoever reaches them; addresses of private networks are where receivers usually live.
    pub(crate) fn new(timeout: Duration, local: bool) -> Result<Self, Error> {
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
            .dns_resolver(Arc::new(Elsewhere { local }))
            .timeout(timeout)
            .build()
            .map_err(Error::unexpected)?;
        Ok(Self { client, local })
    }

    async fn call(&self, claim: &Claim, call: &Call, secret: &[u8]) -> Result<(u16, String), reqwest::Error> {
        let (id, at, body) = (format!("msg_{}", claim.key.simple()), ctx::now(), call.payload.to_string());
        let mut answer = self
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
        let status = answer.status().as_u16();
        let mut read = Vec::new();
        while read.len() < READ_MAX {
            // The status has said what counts; an answer that breaks off after it changes nothing.
            let Ok(Some(chunk)) = answer.chunk().await else { break };
            read.extend_from_slice(&chunk[..chunk.len().min(READ_MAX - read.len())]);
        }
        Ok((status, String::from_utf8_lossy(&read).into_owned()))
    }
}

#[async_trait]
impl Sender for Poster {
    fn means(&self) -> Means {
        Means::Webhook
    }

    async fn send(&self, backend: &Backend, claim: &Claim) -> Result<Outcome, Error> {
        let call = sqlx::query_as!(
            Call,
            r#"SELECT w.id AS webhook, w.url, w.secret, w.active, d.payload AS "payload!"
               FROM deliveries d JOIN webhooks w ON w.id = d.webhook_id WHERE d.id = $1"#,
            claim.id,
        )
        .fetch_one(backend.machinery())
        .await?;
        let Some(secret) = call.secret.as_deref().filter(|_| call.active) else {
            return Ok(Outcome::never("The webhook is switched off or removed."));
        };
        // A host that is a number asks no resolver.
        if !self.local && is_here(&call.url) {
            return Ok(Outcome::never(HERE));
        }
        Ok(match self.call(claim, &call, secret).await {
            Ok((status, answer)) => {
                let verdict = match status {
                    200..=299 => Verdict::Arrived,
                    GONE => {
                        switch_off(backend, call.webhook).await?;
                        Verdict::Never
                    }
                    _ => Verdict::Again,
                };
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
