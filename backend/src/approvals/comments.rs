//! What people say about a change.

use sqlx::postgres::PgConnection;
use strata_domain::act::{Act, ChangeAct};
use strata_domain::authz::Permission;
use strata_domain::discussion::Comment;
use strata_domain::text;

use crate::ctx::{self, Actor, Backend, Scope};
use crate::error::Error;

/// Longest key of a comment, in characters.
const KEY_MAX: usize = 64;
/// Longest id of a step, in characters: kinds, hostnames and roles are shorter together.
const STEP_MAX: usize = 1_000;

/// Says something about a change, or about the step of its plan with that id. The same text of the same
/// person with the same `key` is one comment, sent twice.
///
/// # Errors
/// [`Error::Invalid`] for a `text` that is not taken, and for a `key` of none or more than 64 characters;
/// [`Error::NotFound`] where the actor may not view the change.
#[tracing::instrument(skip_all, fields(%id, ?step))]
pub async fn comment_add(
    backend: &Backend,
    actor: &Actor,
    id: i64,
    step: Option<&str>,
    text: &str,
    key: &str,
) -> Result<(), Error> {
    let mut write = backend.authorise_write(actor, Permission::Comment, Scope::Change(id)).await?;
    if text.trim().is_empty() {
        return Err(Error::invalid("text", "A comment needs a text."));
    }
    let text = text::long("text", text).map_err(|fault| Error::text("text", &fault))?;
    if !(1..=KEY_MAX).contains(&key.chars().count()) || text::check_line("key", key).is_err() {
        return Err(Error::invalid("key", "The key of a comment has 1 to 64 printable characters."));
    }
    if let Some(step) = step {
        // A plan of before the rule for names can have steps that are called otherwise; nobody comments those now.
        text::check_line("step", step).map_err(|fault| Error::text("step", &fault))?;
        if step.chars().count() > STEP_MAX {
            return Err(Error::invalid("step", "No step has an id of that length."));
        }
    }
    let (author, name, at) = (write.account_id()?, write.person().name.clone(), write.at());
    let written = sqlx::query_scalar!(
        "INSERT INTO change_comments (change_id, step_id, author_id, author_name, at, text, key)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (change_id, author_id, key, coalesce(step_id, ''), md5(text)) DO NOTHING
         RETURNING id",
        id,
        step,
        author,
        name,
        at,
        text,
        key,
    )
    .fetch_optional(write.connection())
    .await?;
    let Some(comment) = written else { return Ok(()) };
    let did = ChangeAct::Commented { comment, step: step.map(str::to_owned), text };
    write.commit(Act::Change { change: id, did }).await
}

/// The comments on a change, first come first.
pub(crate) async fn comments_of(connection: &mut PgConnection, change: i64) -> Result<Vec<Comment>, Error> {
    let rows = sqlx::query!(
        "SELECT id, step_id, author_id, author_name, at, text FROM change_comments WHERE change_id = $1 ORDER BY id",
        change,
    )
    .fetch_all(connection)
    .await?;
    let comments = rows.into_iter().map(|row| Comment {
        id: row.id,
        step: row.step_id,
        author: ctx::person(row.author_id, row.author_name),
        at: row.at,
        text: row.text,
    });
    Ok(comments.collect())
}
