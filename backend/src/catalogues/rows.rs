//! Stored versions and severities as what the domain calls them.

use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use strata_domain::catalogue::{Catalogue, Level, Levels, Own, Role, strictest_levels};
use strata_domain::findings::RuleId;

use crate::error::Error;
use crate::stored;

/// The version that the environment's catalogue has now.
pub(crate) async fn version_now(connection: &mut PgConnection, environment_id: i64) -> Result<u32, Error> {
    let newest = sqlx::query_scalar!("SELECT max(version) FROM catalogues WHERE environment_id = $1", environment_id)
        .fetch_one(connection)
        .await?;
    newest.map_or(Ok(Own::default().version), stored::version)
}

/// What the environment adds to the built-in catalogue now.
pub(crate) async fn own_now(connection: &mut PgConnection, environment_id: i64) -> Result<Own, Error> {
    let version = version_now(connection, environment_id).await?;
    own_at(connection, environment_id, version).await
}

/// What it added in that version; the severities are today's, because they are no part of any version.
pub(crate) async fn own_at(connection: &mut PgConnection, environment_id: i64, version: u32) -> Result<Own, Error> {
    let roles = if version == Own::default().version {
        Vec::new()
    } else {
        sqlx::query_scalar!(
            r#"SELECT roles AS "roles: Json<Vec<Role>>" FROM catalogues WHERE environment_id = $1 AND version = $2"#,
            environment_id,
            stored::of_version(version)?,
        )
        .fetch_optional(&mut *connection)
        .await?
        .ok_or(Error::NotFound { what: "version of the catalogue" })?
        .0
    };
    let levels = levels_now(connection, environment_id).await?;
    Ok(Own { version, roles, levels })
}

/// The same for a change, with the severities by which it is judged.
pub(crate) async fn own_of_change(
    connection: &mut PgConnection,
    environment_id: i64,
    version: u32,
    change: i64,
) -> Result<Own, Error> {
    let own = own_at(connection, environment_id, version).await?;
    Ok(Own { levels: levels_of_change(connection, environment_id, change).await?, ..own })
}

/// The whole catalogue in that version.
pub(crate) async fn catalogue_at(
    connection: &mut PgConnection,
    environment_id: i64,
    version: u32,
) -> Result<Catalogue, Error> {
    Ok(own_at(connection, environment_id, version).await?.catalogue())
}

/// The severities of now.
pub(crate) async fn levels_now(connection: &mut PgConnection, environment_id: i64) -> Result<Levels, Error> {
    let rows = sqlx::query!("SELECT rule, level FROM rule_levels WHERE environment_id = $1", environment_id)
        .fetch_all(connection)
        .await?;
    rows.into_iter().filter_map(|row| known(&row.rule).map(|rule| Ok((rule, stored::word(&row.level)?)))).collect()
}

/// A rule; none where this version has no such rule, which then matters to nothing that it does.
fn known(rule: &str) -> Option<RuleId> {
    rule.parse().ok()
}

/// The severities by which a change is judged: of a draft those of now; of one that was submitted the strictest of each
/// rule since then, up to when it was applied or given up.
async fn levels_of_change(connection: &mut PgConnection, environment_id: i64, change: i64) -> Result<Levels, Error> {
    let span = sqlx::query!(
        r#"SELECT coalesce(s.rule_level_id,
                           (SELECT max(h.id) FROM rule_level_history h WHERE h.environment_id = $1 AND h.at <= s.at),
                           0) AS "since!",
                  CASE WHEN r.id IS NULL AND c.state NOT IN ('rejected', 'withdrawn') THEN NULL
                       ELSE coalesce(r.rule_level_id,
                                     (SELECT max(h.id) FROM rule_level_history h
                                      WHERE h.environment_id = $1 AND h.at <= coalesce(r.requested_at, c.touched_at)),
                                     0) END AS "until?"
           FROM changes c
           CROSS JOIN LATERAL (SELECT rule_level_id, at FROM change_submissions
                               WHERE change_id = c.id ORDER BY version DESC LIMIT 1) s
           LEFT JOIN runs r ON r.change_id = c.id
           WHERE c.id = $2 AND c.state <> 'draft'"#,
        environment_id,
        change,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(span) = span else { return levels_now(connection, environment_id).await };
    let rows = sqlx::query!(
        r#"SELECT rule, level, id <= $2 AS "is_then!" FROM rule_level_history
           WHERE environment_id = $1 AND id <= coalesce($3, id) ORDER BY id"#,
        environment_id,
        span.since,
        span.until,
    )
    .fetch_all(connection)
    .await?;
    let (mut then, mut since) = (Levels::new(), Vec::new());
    for row in rows {
        let Some(rule) = known(&row.rule) else { continue };
        let level = match row.level {
            Some(word) => stored::word(&word)?,
            None => Level::from(rule.default_severity()),
        };
        if row.is_then {
            then.insert(rule, level);
        } else {
            since.push((rule, level));
        }
    }
    Ok(strictest_levels(&then, since))
}
