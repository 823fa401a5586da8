//! Mails and calls of webhooks: written with what they tell, sent from their rows, tried again, given up at last.
//!
//! A delivery is sent at least once: a process that dies between sending and recording leaves its lease to run out, and
//! another sends again, with the same id for the receiver. In the ordinary case it is sent once, however many work.

mod backoff;
mod html;
mod log;
mod mail;
mod networks;
mod post;
mod queue;
mod signature;

use async_trait::async_trait;
use serde_json::Value;
use sqlx::postgres::PgConnection;
use strata_domain::notice::{Kind, Means};

use crate::ctx::Backend;
use crate::error::Error;
use crate::ids;

pub(crate) use log::deliveries_of;
pub use log::delivery_resend;
pub(crate) use mail::Mailer;
pub use mail::{BadMailSettings, MailSettings};
pub use networks::Networks;
pub(crate) use post::Poster;
pub(crate) use queue::{Claim, Turn, deliver_next};
pub(crate) use signature::secret_shown;
pub use signature::sign;

/// To whom something is delivered.
#[derive(Debug)]
pub(crate) enum To<'a> {
    /// Who has this notice, by mail.
    Mail {
        /// The notice.
        notice: i64,
    },
    /// A webhook.
    Webhook {
        /// Its id.
        webhook: i64,
        /// What it tells of; none for a test.
        outbox: Option<i64>,
        /// The body.
        payload: &'a Value,
    },
}

/// Something to be sent.
#[derive(Debug)]
pub(crate) struct NewDelivery<'a> {
    pub(crate) environment_id: i64,
    pub(crate) kind: Kind,
    /// A line for the log; the subject of a mail.
    pub(crate) title: &'a str,
    pub(crate) to: To<'a>,
}

/// Stores it; what is stored already, for the same notice or the same webhook and thing told, is not stored twice.
pub(crate) async fn add(connection: &mut PgConnection, new: NewDelivery<'_>) -> Result<(), Error> {
    let NewDelivery { environment_id, kind, title, to } = new;
    let (means, notice, webhook, outbox, payload) = match to {
        To::Mail { notice } => (Means::Mail, Some(notice), None, None, None),
        To::Webhook { webhook, outbox, payload } => (Means::Webhook, None, Some(webhook), outbox, Some(payload)),
    };
    sqlx::query!(
        "INSERT INTO deliveries (key, environment_id, means, kind, title, notice_id, webhook_id, outbox_id, payload,
                                 urgent, created_at, next_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now(), now()) ON CONFLICT DO NOTHING",
        ids::new_id(),
        environment_id,
        means.as_str(),
        kind.as_str(),
        title,
        notice,
        webhook,
        outbox,
        payload,
        kind.is_urgent(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    /// The status of the answer, if there was one.
    pub(crate) status: Option<i32>,
    /// What was answered, or what went wrong; never a secret.
    pub(crate) answer: String,
}

/// What follows from an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It arrived.
    Arrived,
    /// It may arrive another time.
    Again,
    /// It will never arrive.
    Never,
}

impl Outcome {
    pub(crate) fn never(answer: impl Into<String>) -> Self {
        Self { verdict: Verdict::Never, status: None, answer: answer.into() }
    }

    pub(crate) fn again(answer: impl Into<String>) -> Self {
        Self { verdict: Verdict::Again, status: None, answer: answer.into() }
    }
}

/// Sends by one of the means. An error says that the database did not answer; what the receiver did is an outcome.
#[async_trait]
pub(crate) trait Sender: Send + Sync + std::fmt::Debug {
    /// What it sends.
    fn means(&self) -> Means;

    /// Sends it once.
    async fn send(&self, backend: &Backend, claim: &Claim) -> Result<Outcome, Error>;
}
