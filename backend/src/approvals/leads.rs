//! Who may vote in an environment.

use sqlx::postgres::PgConnection;
use strata_domain::account::{Capability, Lead};

use crate::ctx;
use crate::error::Error;

/// The leads of an environment with their named groups, by name; those whose account is disabled left out.
pub(crate) async fn leads_of(connection: &mut PgConnection, environment_id: i64) -> Result<Vec<Lead>, Error> {
    let rows = sqlx::query!(
        r#"SELECT a.id, a.name,
                  ARRAY(SELECT m.group_name FROM group_members m
                        WHERE m.environment_id = $1 AND m.account_id = a.id ORDER BY m.group_name) AS "groups!"
           FROM accounts a JOIN grants g ON g.account_id = a.id
           WHERE g.environment_id = $1 AND g.capability = $2 AND a.disabled_at IS NULL
           ORDER BY a.name, a.id"#,
        environment_id,
        Capability::Lead.as_str(),
    )
    .fetch_all(connection)
    .await?;
    let leads = rows
        .into_iter()
        .map(|row| Lead { person: ctx::person(Some(row.id), row.name), groups: row.groups.into_iter().collect() });
    Ok(leads.collect())
}
