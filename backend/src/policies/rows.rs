//! Stored policies as what the domain calls them.

use std::collections::BTreeMap;

use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use strata_domain::policy::{LEADS, Policy, Rule};
use strata_domain::review::Lifetime;

use super::{PolicyVersion, Proposal, TurnedDown, version_read, version_stored};
use crate::ctx;
use crate::error::Error;

/// The policy in force.
pub(crate) async fn policy_now(connection: &mut PgConnection, environment_id: i64) -> Result<Policy, Error> {
    let row = sqlx::query!(
        r#"SELECT version, rules AS "rules: Json<Vec<Rule>>" FROM policies
           WHERE environment_id = $1 ORDER BY version DESC LIMIT 1"#,
        environment_id,
    )
    .fetch_optional(connection)
    .await?;
    match row {
        None => Ok(Policy::built_in().clone()),
        Some(row) => Ok(Policy { version: version_read(row.version)?, rules: row.rules.0 }),
    }
}

/// The policy of that version.
pub(crate) async fn policy_at(
    connection: &mut PgConnection,
    environment_id: i64,
    version: u32,
) -> Result<Policy, Error> {
    if version == Policy::built_in().version {
        return Ok(Policy::built_in().clone());
    }
    let rules = sqlx::query_scalar!(
        r#"SELECT rules AS "rules: Json<Vec<Rule>>" FROM policies WHERE environment_id = $1 AND version = $2"#,
        environment_id,
        version_stored(version)?,
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Error::NotFound { what: "version of the policy" })?;
    Ok(Policy { version, rules: rules.0 })
}

/// A stored number of hours; the database's check lets no others in.
pub(crate) fn lifetime_read(hours: i32) -> Result<Lifetime, Error> {
    let hours = u32::try_from(hours).map_err(Error::unexpected)?;
    Lifetime::hours(hours).map_err(Error::unexpected)
}

/// A number of hours as the database has it.
pub(crate) fn lifetime_stored(lifetime: Lifetime) -> Result<i32, Error> {
    i32::try_from(lifetime.as_hours()).map_err(Error::unexpected)
}

/// How long approvals hold in the environment.
pub(crate) async fn lifetime_of(connection: &mut PgConnection, environment_id: i64) -> Result<Lifetime, Error> {
    let hours = sqlx::query_scalar!("SELECT approval_hours FROM environments WHERE id = $1", environment_id)
        .fetch_one(connection)
        .await?;
    lifetime_read(hours)
}

/// How long approvals of a change hold, since its last submission.
pub(crate) async fn lifetime_since_submission(
    connection: &mut PgConnection,
    environment_id: i64,
    change: i64,
) -> Result<Lifetime, Error> {
    let now = lifetime_of(connection, environment_id).await?;
    let row = sqlx::query!(
        r#"SELECT s.approval_hours,
                  ARRAY(SELECT l.hours FROM approval_lifetimes l
                        WHERE l.environment_id = $1 AND l.id > s.lifetime_id) AS "since!"
           FROM change_submissions s WHERE s.change_id = $2 ORDER BY s.version DESC LIMIT 1"#,
        environment_id,
        change,
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(now) };
    let since = row.since.into_iter().map(lifetime_read).collect::<Result<Vec<_>, _>>()?;
    Ok(Lifetime::strictest(lifetime_read(row.approval_hours)?, since).min(now))
}

/// The versions after the built-in one, newest first; at most 100.
pub(super) async fn versions_of(
    connection: &mut PgConnection,
    environment_id: i64,
) -> Result<Vec<PolicyVersion>, Error> {
    let rows = sqlx::query!(
        r#"SELECT version, rules AS "rules: Json<Vec<Rule>>", reason, proposer_id, proposer_name, approver_id,
                  approver_name, approved_at
           FROM policies WHERE environment_id = $1 ORDER BY version DESC LIMIT 100"#,
        environment_id,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(PolicyVersion {
                policy: Policy { version: version_read(row.version)?, rules: row.rules.0 },
                proposed_by: ctx::person(Some(row.proposer_id), row.proposer_name),
                reason: row.reason,
                approved_by: ctx::person(Some(row.approver_id), row.approver_name),
                approved_at: row.approved_at,
            })
        })
        .collect()
}

/// The proposal that waits, if one does.
pub(super) async fn open_of(connection: &mut PgConnection, environment_id: i64) -> Result<Option<Proposal>, Error> {
    let row = sqlx::query!(
        r#"SELECT id, based_on, rules AS "rules: Json<Vec<Rule>>", reason, proposer_id, proposer_name, proposed_at
           FROM policy_proposals WHERE environment_id = $1 AND state = 'open'"#,
        environment_id,
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(Proposal {
            id: row.id,
            based_on: version_read(row.based_on)?,
            rules: row.rules.0,
            proposed_by: ctx::person(Some(row.proposer_id), row.proposer_name),
            proposed_at: row.proposed_at,
            reason: row.reason,
        })
    })
    .transpose()
}

/// The last proposal, where a lead turned it down.
pub(super) async fn turned_down_of(
    connection: &mut PgConnection,
    environment_id: i64,
) -> Result<Option<TurnedDown>, Error> {
    let row = sqlx::query!(
        r#"SELECT reason, proposer_id, proposer_name, state, decider_id, decider_name, decided_at, decision
           FROM policy_proposals WHERE environment_id = $1 ORDER BY id DESC LIMIT 1"#,
        environment_id,
    )
    .fetch_optional(connection)
    .await?
    .filter(|row| row.state == "rejected");
    // The database's checks say that the decision is whole.
    Ok(row.and_then(|row| {
        Some(TurnedDown {
            proposed_by: ctx::person(Some(row.proposer_id), row.proposer_name),
            reason: row.reason,
            decided_by: ctx::person(row.decider_id, row.decider_name?),
            at: row.decided_at?,
            decision: row.decision?,
        })
    }))
}

/// Of each named group, and of all leads, how many leads are in it.
pub(super) async fn members_of(
    connection: &mut PgConnection,
    environment_id: i64,
) -> Result<BTreeMap<String, usize>, Error> {
    let rows = sqlx::query!(
        r#"WITH leads AS (
               SELECT g.account_id FROM grants g JOIN accounts a ON a.id = g.account_id
               WHERE g.environment_id = $1 AND g.capability = 'lead' AND a.disabled_at IS NULL
           )
           SELECT m.group_name AS "name!", count(l.account_id) AS "leads!"
           FROM group_members m LEFT JOIN leads l ON l.account_id = m.account_id
           WHERE m.environment_id = $1 AND m.group_name <> $2
           GROUP BY m.group_name
           UNION ALL
           SELECT $2, count(*) FROM leads"#,
        environment_id,
        LEADS,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| Ok((row.name, usize::try_from(row.leads).map_err(Error::unexpected)?))).collect()
}
