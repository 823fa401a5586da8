//! A person's own notices. Of environments that they may view no longer, they see none.

use sqlx::PgExecutor;
use strata_domain::news::News;
use strata_domain::notice::Notice;
use uuid::Uuid;

use crate::ctx::{self, Actor, Backend};
use crate::error::Error;
use crate::news;

/// Which notices are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichNotices {
    /// The one of this id.
    One(i64),
    /// All of them.
    All,
}

/// One page of a person's notices, as of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticesView {
    /// The notices, newest first.
    pub notices: Vec<Notice>,
    /// The id to read on behind; none at the end.
    pub next: Option<i64>,
    /// How many are unread, of all.
    pub unread: i64,
}

/// The actor's notices, newest first: at most `limit`, those with an id under `before`.
///
/// # Errors
/// [`Error::NotSignedIn`] for all but accounts.
#[tracing::instrument(skip_all)]
pub async fn notice_list(
    backend: &Backend,
    actor: &Actor,
    before: Option<i64>,
    limit: i64,
) -> Result<NoticesView, Error> {
    let account = actor.account_id()?.ok_or(Error::NotSignedIn)?;
    let mut read = backend.read_own().await?;
    let rows = sqlx::query!(
        "SELECT n.id, e.slug, n.kind, n.topic, n.title, n.text, n.path, n.at, n.read_at
         FROM notices n JOIN environments e ON e.id = n.environment_id
         WHERE n.account_id = $1 AND n.in_page AND n.id < $2
           AND EXISTS (SELECT FROM grants g WHERE g.environment_id = n.environment_id AND g.account_id = $1)
         ORDER BY n.id DESC LIMIT $3",
        account,
        before.unwrap_or(i64::MAX),
        limit,
    )
    .fetch_all(&mut *read)
    .await?;
    let next = ctx::next_after(&rows, limit, |row| row.id);
    let notices = rows
        .into_iter()
        .filter_map(|row| {
            // A kind of a version that knows more is passed over.
            Some(Notice {
                id: row.id,
                environment: row.slug,
                kind: row.kind.parse().ok()?,
                topic: row.topic.parse().ok()?,
                title: row.title,
                text: row.text,
                path: row.path,
                at: row.at,
                read_at: row.read_at,
            })
        })
        .collect();
    Ok(NoticesView { notices, next, unread: unread_of(&mut *read, account).await? })
}

/// How many notices the actor has not read.
///
/// # Errors
/// [`Error::NotSignedIn`] for all but accounts.
#[tracing::instrument(skip_all)]
pub async fn notice_unread(backend: &Backend, actor: &Actor) -> Result<i64, Error> {
    let account = actor.account_id()?.ok_or(Error::NotSignedIn)?;
    unread_of(backend.machinery(), account).await
}

/// How many notices an account has not read.
pub(crate) async fn unread_of(database: impl PgExecutor<'_>, account: Uuid) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM notices n
           WHERE n.account_id = $1 AND n.in_page AND n.read_at IS NULL
             AND EXISTS (SELECT FROM grants g WHERE g.environment_id = n.environment_id AND g.account_id = $1)"#,
        account,
    )
    .fetch_one(database)
    .await?;
    Ok(count)
}

/// Marks notices of the actor as read; their other pages hear of it. What is read already stays so, and notices of
/// others are not touched.
///
/// # Errors
/// [`Error::NotSignedIn`] for all but accounts.
#[tracing::instrument(skip_all, fields(?which))]
pub async fn notice_read(backend: &Backend, actor: &Actor, which: WhichNotices) -> Result<(), Error> {
    let account = actor.account_id()?.ok_or(Error::NotSignedIn)?;
    let one = match which {
        WhichNotices::One(id) => Some(id),
        WhichNotices::All => None,
    };
    let mut transaction = backend.begin().await?;
    let environments = sqlx::query_scalar!(
        r#"WITH read AS (
               UPDATE notices SET read_at = now()
               WHERE account_id = $1 AND in_page AND read_at IS NULL AND ($2::bigint IS NULL OR id = $2)
               RETURNING environment_id
           )
           SELECT DISTINCT e.slug FROM read JOIN environments e ON e.id = read.environment_id"#,
        account,
        one,
    )
    .fetch_all(&mut *transaction)
    .await?;
    for environment in environments {
        news::tell(&mut transaction, &News::Notice { environment, account: account.to_string() }).await?;
    }
    transaction.commit().await?;
    Ok(())
}
