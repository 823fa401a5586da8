//! What each person wants to be told, and where.

use sqlx::postgres::PgConnection;
use sqlx::{PgExecutor, PgPool};
use strata_domain::authz::Permission;
use strata_domain::notice::{Choices, Member};

use super::fan_out::{ChoicesOf, ids};
use crate::ctx::{Actor, Backend, Scope};
use crate::error::Error;
use crate::stored;

/// How many minutes after its last sign of life a process counts as one that sends mail; it gives one each minute.
const MAIL_SEEN_FOR_MINUTES: i32 = 5;

/// What the form of choices shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoicesView {
    /// The environment whose settings the form stands beside.
    pub environment: String,
    /// What the person chose.
    pub choices: Choices,
    /// Whether any process sends mail at present; without one, no mail is written whatever was chosen.
    pub mail_is_sent: bool,
}

/// What the actor chose, for the settings of an environment (of the first that they may view, where none is named).
///
/// # Errors
/// [`Error::NotSignedIn`] for all but accounts; [`Error::NotFound`] where they may not view the environment.
#[tracing::instrument(skip_all, fields(?environment))]
pub async fn choices_load(backend: &Backend, actor: &Actor, environment: Option<&str>) -> Result<ChoicesView, Error> {
    let account = actor.account_id()?.ok_or(Error::NotSignedIn)?;
    let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::asked(environment)).await?;
    let rows = sqlx::query!("SELECT topic, channel, wanted FROM notice_choices WHERE account_id = $1", account)
        .fetch_all(read.connection())
        .await?;
    let choices = rows
        .into_iter()
        .map(|row| Ok((stored::word(&row.topic)?, stored::word(&row.channel)?, row.wanted)))
        .collect::<Result<Choices, Error>>()?;
    let mail_is_sent = is_mail_sent(read.connection()).await?;
    Ok(ChoicesView { environment: read.place().slug.clone(), choices, mail_is_sent })
}

/// Whether any process sends mail at present.
pub(super) async fn is_mail_sent(database: impl PgExecutor<'_>) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM mail_heartbeat WHERE at > now() - make_interval(mins => $1)) AS "is_sent!""#,
        MAIL_SEEN_FOR_MINUTES,
    )
    .fetch_one(database)
    .await?)
}

/// Stores what the actor chooses; what is told from now on follows it.
///
/// # Errors
/// [`Error::NotSignedIn`] for all but accounts.
#[tracing::instrument(skip_all)]
pub async fn choices_set(backend: &Backend, actor: &Actor, choices: &Choices) -> Result<(), Error> {
    let account = actor.account_id()?.ok_or(Error::NotSignedIn)?;
    let (mut topics, mut channels, mut wanted) = (Vec::new(), Vec::new(), Vec::new());
    for (topic, channel, is_wanted) in choices.all() {
        topics.push(topic.as_str().to_owned());
        channels.push(channel.as_str().to_owned());
        wanted.push(is_wanted);
    }
    sqlx::query!(
        "INSERT INTO notice_choices (account_id, topic, channel, wanted)
         SELECT $1, chosen.* FROM unnest($2::text[], $3::text[], $4::boolean[]) AS chosen
         ON CONFLICT (account_id, topic, channel) DO UPDATE SET wanted = excluded.wanted",
        account,
        &topics,
        &channels,
        &wanted,
    )
    .execute(backend.machinery())
    .await?;
    Ok(())
}

/// What these people chose.
pub(super) async fn of(connection: &mut PgConnection, members: &[Member]) -> Result<ChoicesOf, Error> {
    let rows = sqlx::query!(
        "SELECT account_id, topic, channel, wanted FROM notice_choices WHERE account_id = ANY($1)",
        &ids(members)?,
    )
    .fetch_all(connection)
    .await?;
    let mut choices = ChoicesOf::new();
    for row in rows {
        let known = choices.entry(row.account_id.to_string()).or_default();
        *known = std::mem::take(known).with(stored::word(&row.topic)?, stored::word(&row.channel)?, row.wanted);
    }
    Ok(choices)
}

/// Says that a process sends mail.
pub(super) async fn mail_is_sent(pool: &PgPool) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO mail_heartbeat (at) VALUES (now()) ON CONFLICT (only_row) DO UPDATE SET at = excluded.at"
    )
    .execute(pool)
    .await?;
    Ok(())
}
