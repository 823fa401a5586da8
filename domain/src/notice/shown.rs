//! Notices, webhooks and deliveries as pages show them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Kind, Topic};
use crate::account::Person;
use crate::words::words;

/// What one person was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Counts up.
    pub id: i64,
    /// The environment's slug.
    pub environment: String,
    /// What it tells.
    pub kind: Kind,
    /// Under what the person chose it.
    pub topic: Topic,
    /// One line.
    pub title: String,
    /// A sentence or two.
    pub text: String,
    /// The page that says more, from the root of the site.
    pub path: String,
    /// When they were told.
    pub at: DateTime<Utc>,
    /// When they read it.
    pub read_at: Option<DateTime<Utc>>,
}

/// An address that is told what happens in an environment. Its secret is shown once, when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Its id.
    pub id: i64,
    /// What is called.
    pub url: String,
    /// What it is told of.
    pub topics: BTreeSet<Topic>,
    /// False once the address has answered 410: it wants no more.
    pub is_active: bool,
    /// Who added it.
    pub created_by: Person,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Where a mail or a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryState {
    /// To be sent.
    Pending,
    /// Could not be sent, and will be tried again.
    Failed,
    /// Arrived.
    Delivered,
    /// Could not be sent, and is tried no more unless somebody has it sent again.
    GivenUp,
}

words!(DeliveryState, "state of a delivery" {
    Pending => "pending",
    Failed => "failed",
    Delivered => "delivered",
    GivenUp => "given-up",
});

impl DeliveryState {
    /// The words for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Failed => "Will be tried again",
            Self::Delivered => "Delivered",
            Self::GivenUp => "Given up",
        }
    }
}

/// How something is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Means {
    /// A mail to one person.
    Mail,
    /// A call of a webhook.
    Webhook,
}

words!(Means, "means of delivery" {
    Mail => "mail",
    Webhook => "webhook",
});

/// One mail or one call, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its id.
    pub id: i64,
    /// Mail or webhook.
    pub means: Means,
    /// The mail address or the URL.
    pub to: String,
    /// What it tells.
    pub kind: Kind,
    /// The subject of the mail; what a webhook is told in a line.
    pub title: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it is tried next, where it will be.
    pub next_at: Option<DateTime<Utc>>,
    /// Why the last attempt failed, if it did.
    pub last_error: Option<String>,
    /// What was tried, first attempt first.
    pub attempts: Vec<Attempt>,
}

/// One attempt to deliver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// From 1; a number that is left out was under way when its process ended.
    pub number: i32,
    /// When it ended.
    pub at: DateTime<Utc>,
    /// Whether it arrived.
    pub arrived: bool,
    /// The status of the answer: of HTTP or of SMTP; none where there was no answer.
    pub status: Option<i32>,
    /// The first 500 characters of the answer, or what went wrong.
    pub answer: String,
}
