//! One row of the outbox becomes notices, mails and calls of webhooks.

use std::collections::BTreeMap;

use sqlx::postgres::PgConnection;
use strata_domain::news::News;
use strata_domain::notice::{
    self, Audience, Channel, Choices, Happening, Kind, Member, Subject, Told, Words, path, words,
};
use uuid::Uuid;

use super::{choices, facts};
use crate::ctx::Backend;
use crate::deliveries::{self, NewDelivery};
use crate::error::Error;
use crate::news;
use crate::outbox::Row;
use crate::webhooks;

/// Tells one row; `mail` says whether mails are sent at all, by this process or another. False where another process is at
/// it, or did so meanwhile.
#[tracing::instrument(name = "notice_fan_out", skip_all, fields(outbox = row.id, kind = row.kind.as_str()))]
pub(super) async fn tell(backend: &Backend, row: &Row, mail: bool) -> Result<bool, Error> {
    let happening = facts::happening(backend, row).await?;
    let members = facts::members(backend, row.environment_id).await?;
    let told = if happening.is_over() { Vec::new() } else { notice::told(&happening, &members) };
    let mut transaction = backend.begin().await?;
    if !row.take(&mut transaction).await? {
        return Ok(false);
    }
    let choices = choices::of(&mut transaction, &members).await?;
    for told in &told {
        let none = Choices::default();
        let chosen = choices.get(&told.account).unwrap_or(&none);
        tell_one(&mut transaction, row, &happening, told, chosen, mail).await?;
    }
    // That a plan moved is worth a call where somebody has to look again; a session of edits is not one call each.
    // What a process of an earlier version left says nothing of what it is about: the audit log has it, and nobody is told wrongly.
    let is_known = happening.subject != Subject::Nothing;
    let is_for_webhooks = is_known && happening.kind.topic().is_for_webhooks();
    if is_for_webhooks && !happening.is_over() && (happening.kind != Kind::Moved || !told.is_empty()) {
        let body = webhooks::body(&happening);
        let title = words(&happening, Audience::Concerned).title;
        webhooks::call_all(&mut transaction, row.environment_id, row.id, happening.kind, &title, &body).await?;
    }
    row.done(&mut transaction).await?;
    transaction.commit().await?;
    tracing::debug!(people = told.len(), "told");
    Ok(true)
}

async fn tell_one(
    connection: &mut PgConnection,
    row: &Row,
    happening: &Happening,
    told: &Told,
    choices: &Choices,
    mail: bool,
) -> Result<(), Error> {
    let Words { title, text } = words(happening, told.audience);
    let account = Uuid::parse_str(&told.account).map_err(Error::unexpected)?;
    let in_page = choices.wants(told.topic, Channel::Page);
    let by_mail = mail && choices.wants(told.topic, Channel::Mail);
    let added = sqlx::query_scalar!(
        "INSERT INTO notices (outbox_id, account_id, environment_id, change_id, kind, topic, title, text, path, at, in_page)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, now(), $10)
         ON CONFLICT (outbox_id, account_id) DO NOTHING RETURNING id",
        row.id,
        account,
        row.environment_id,
        row.change,
        happening.kind.as_str(),
        told.topic.as_str(),
        title,
        text,
        path(happening),
        in_page,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(notice) = added else { return Ok(()) };
    if by_mail {
        let subject = format!("Strata: {title}");
        let to = deliveries::To::Mail { notice };
        let new = NewDelivery { environment_id: row.environment_id, kind: happening.kind, title: &subject, to };
        deliveries::add(connection, new).await?;
    }
    if in_page {
        let news = News::Notice { environment: row.environment.clone(), account: told.account.clone() };
        news::tell(connection, &news).await?;
    }
    Ok(())
}

/// The choices of these people, by account; who never chose is not in it.
pub(super) type ChoicesOf = BTreeMap<String, Choices>;

/// Their ids as the database has them.
pub(super) fn ids(members: &[Member]) -> Result<Vec<Uuid>, Error> {
    members.iter().map(|member| Uuid::parse_str(&member.id).map_err(Error::unexpected)).collect()
}
