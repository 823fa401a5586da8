//! What a person is told, and what they chose about it.

use std::collections::BTreeMap;

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};
use strata_domain::notice::{Choices, Notice};

use crate::error::AppError;

/// A page of notices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticesView {
    /// Newest first.
    pub notices: Vec<Notice>,
    /// How many are unread in all.
    pub unread: i64,
    /// The key of the next page, if there is one.
    pub next: Option<i64>,
}

/// What the form of choices shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChoicesView {
    /// The environment that the other pages of settings are about.
    pub environment: String,
    /// Where mails go to.
    pub email: String,
    /// What was chosen.
    pub choices: Choices,
    /// Whether any process sends mail.
    pub mail_is_sent: bool,
}

/// What the one who asks was told, newest first; those with an id under `before`.
#[server(prefix = "/api", endpoint = "notice_list", input = GetUrl)]
pub async fn notice_list(before: Option<i64>) -> Result<NoticesView, AppError> {
    use crate::server_context::{actor, answer, backend};

    let view = strata_backend::notices::notice_list(&backend(), &actor(), before, super::PAGE).await;
    let strata_backend::notices::NoticesView { notices, next, unread } = answer(view)?;
    Ok(NoticesView { notices, unread, next })
}

/// How much of it they have not read.
#[server(prefix = "/api", endpoint = "notice_unread", input = GetUrl)]
pub async fn notice_unread() -> Result<i64, AppError> {
    use crate::server_context::{actor, answer, backend};

    answer(strata_backend::notices::notice_unread(&backend(), &actor()).await)
}

/// Marks one notice as read, or all of them where none is named.
#[server(prefix = "/api", endpoint = "notice_read")]
pub async fn notice_read(id: Option<i64>) -> Result<(), AppError> {
    use strata_backend::notices::WhichNotices;

    use crate::server_context::{actor, answer, backend};

    let which = id.map_or(WhichNotices::All, WhichNotices::One);
    // No redirect: whoever follows a notice is on the way to another page.
    answer(strata_backend::notices::notice_read(&backend(), &actor(), which).await)
}

/// What the one who asks chose.
#[server(prefix = "/api", endpoint = "choices_load", input = GetUrl)]
pub async fn choices_load(environment: Option<String>) -> Result<ChoicesView, AppError> {
    use strata_backend::ctx::Actor;

    use crate::server_context::{actor, answer, backend};

    let actor = actor();
    let view = strata_backend::notices::choices_load(&backend(), &actor, environment.as_deref()).await;
    let strata_backend::notices::ChoicesView { environment, choices, mail_is_sent } = answer(view)?;
    let email = match actor {
        Actor::Account(account) => account.email,
        Actor::Nobody | Actor::Operator => String::new(),
    };
    Ok(ChoicesView { environment, email, choices, mail_is_sent })
}

/// Stores choices: `wanted` has `on` by topic and channel; what is not in it is not wanted.
#[server(prefix = "/api", endpoint = "choices_save")]
pub async fn choices_save(
    environment: String,
    #[server(default)] wanted: BTreeMap<String, BTreeMap<String, String>>,
) -> Result<(), AppError> {
    use strata_domain::notice::{Channel, Topic};

    use super::typed::{chosen, one_of};
    use crate::server_context::{actor, answer, backend, fail};

    // The page that it leads back to.
    answer(strata_backend::accounts::standing_load(&backend(), &actor(), &environment).await)?;
    let mut is_wanted = BTreeMap::new();
    for (topic, channels) in &wanted {
        let topic = one_of(topic, Topic::ALL, Topic::as_str, "wanted").map_err(fail)?;
        is_wanted.insert(topic, chosen(channels, Channel::ALL, Channel::as_str, "wanted").map_err(fail)?);
    }
    let choices: Choices = Topic::ALL
        .iter()
        .flat_map(|&topic| Channel::ALL.iter().map(move |&channel| (topic, channel)))
        .map(|(topic, channel)| (topic, channel, is_wanted.get(&topic).is_some_and(|on| on.contains(&channel))))
        .collect();
    answer(strata_backend::notices::choices_set(&backend(), &actor(), &choices).await)?;
    leptos_axum::redirect(&crate::paths::notice_choices(&environment));
    Ok(())
}
