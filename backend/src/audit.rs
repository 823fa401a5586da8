//! Reading the audit log.

use serde_json::Value;
use strata_domain::audit::AuditEntry;
use strata_domain::authz::Permission;

use crate::ctx::{self, Actor, Backend, Listed, Read, Scope};
use crate::error::Error;
use crate::stored;

/// Rows of an environment's audit log (of the first that the actor may view, where none is named), newest first: at most
/// `limit`, those with a sequence under `before`, and of one subject (kind and id) alone where one is named.
///
/// # Errors
/// [`Error::NotFound`] where the actor may not view the environment.
#[tracing::instrument(skip_all, fields(?environment))]
pub async fn audit_list(
    backend: &Backend,
    actor: &Actor,
    environment: Option<&str>,
    before: Option<i64>,
    limit: i64,
    subject: Option<(&str, &str)>,
) -> Result<Listed<AuditEntry>, Error> {
    let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::asked(environment)).await?;
    let rows = audit_rows(&mut read, before, limit, subject).await?;
    Ok(Listed::of(&read, rows, limit, |row| row.sequence))
}

/// Rows of one subject that its page shows.
const LATEST: i64 = 50;

/// The latest rows of a subject, newest first, as part of a read.
pub(crate) async fn latest(read: &mut Read, kind: &str, id: i64) -> Result<Vec<AuditEntry>, Error> {
    audit_rows(read, None, LATEST, Some((kind, &id.to_string()))).await
}

/// Every row of a subject, newest first, as part of a read.
pub(crate) async fn audited(read: &mut Read, kind: &str, id: i64) -> Result<Vec<AuditEntry>, Error> {
    audit_rows(read, None, i64::MAX, Some((kind, &id.to_string()))).await
}

/// Rows of the audit log as part of a read.
///
/// # Errors
/// [`Error::Refused`] where the actor may not look at it.
async fn audit_rows(
    read: &mut Read,
    before: Option<i64>,
    limit: i64,
    subject: Option<(&str, &str)>,
) -> Result<Vec<AuditEntry>, Error> {
    read.allow(Permission::ViewAudit)?;
    let (environment_id, slug) = (read.place().id, read.place().slug.clone());
    let rows = sqlx::query!(
        "SELECT sequence, at, actor_id, actor_name, action, subject_kind, subject, reason,
                before::text AS before, after::text AS after
         FROM audit_log
         WHERE environment_id = $1 AND sequence < $2
           AND ($3::text IS NULL OR subject_kind = $3 AND subject = $4)
         ORDER BY sequence DESC LIMIT $5",
        environment_id,
        before.unwrap_or(i64::MAX),
        subject.map(|(kind, _)| kind),
        subject.map(|(_, id)| id),
        limit,
    )
    .fetch_all(read.connection())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(AuditEntry {
                sequence: row.sequence,
                at: row.at,
                actor: ctx::person(row.actor_id, row.actor_name),
                action: stored::word(&row.action)?,
                subject_kind: row.subject_kind,
                subject: row.subject,
                environment: Some(slug.clone()),
                reason: row.reason,
                before: row.before.map(told),
                after: row.after.map(told),
            })
        })
        .collect()
}

/// What a row carries. What is no JSON to us (a number or a depth that PostgreSQL takes and we do not) is told as its text: one
/// row must not hide the others.
fn told(text: String) -> Value {
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}
