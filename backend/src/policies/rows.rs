//! Stored policies as what the domain calls them.

use std::collections::BTreeMap;

use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use strata_domain::policy::{LEADS, Policy, Rule};
use strata_domain::proposal::Proposed;
use strata_domain::review::Lifetime;

use super::{PolicyVersion, TurnedDown};
use crate::ctx;
use crate::error::Error;
use crate::stored;

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
        Some(row) => Ok(Policy { version: stored::version(row.version)?, rules: row.rules.0 }),
    }
}

/// The policies from that version on, to the one of now or to version `to`; newest first.
pub(crate) async fn policies_since(
    connection: &mut PgConnection,
    environment_id: i64,
    from: u32,
    to: Option<u32>,
) -> Result<Vec<Policy>, Error> {
    let rows = sqlx::query!(
        r#"SELECT version, rules AS "rules: Json<Vec<Rule>>" FROM policies
           WHERE environment_id = $1 AND version >= $2 AND version <= coalesce($3, version) ORDER BY version DESC"#,
        environment_id,
        stored::of_version(from)?,
        to.map(stored::of_version).transpose()?,
    )
    .fetch_all(connection)
    .await?;
    let mut policies = rows
        .into_iter()
        .map(|row| Ok(Policy { version: stored::version(row.version)?, rules: row.rules.0 }))
        .collect::<Result<Vec<_>, Error>>()?;
    if from <= Policy::built_in().version {
        policies.push(Policy::built_in().clone());
    }
    Ok(policies)
}

/// The policies by which a change is judged, newest first: of a draft, and of one that was given up, the one in force; of
/// one in review or approved every one since it was submitted; of one that has its run, those up to the run's.
pub(crate) async fn policies_of_change(
    connection: &mut PgConnection,
    environment_id: i64,
    change: i64,
) -> Result<Vec<Policy>, Error> {
    let row = sqlx::query!(
        r#"SELECT s.policy_version AS "known?", r.policy_version AS "ran_under?",
                  coalesce((SELECT max(p.version) FROM policies p
                            WHERE p.environment_id = c.environment_id AND p.approved_at <= s.at), $2) AS "by_time!"
           FROM changes c
           CROSS JOIN LATERAL (SELECT policy_version, at FROM change_submissions
                               WHERE change_id = c.id ORDER BY version DESC LIMIT 1) s
           LEFT JOIN runs r ON r.change_id = c.id
           WHERE c.id = $1 AND c.state NOT IN ('draft', 'withdrawn', 'rejected')"#,
        change,
        stored::of_version(Policy::built_in().version)?,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(vec![policy_now(connection, environment_id).await?]) };
    // What ran before submissions said their version was held against the run's alone, and stays told so.
    let from = row.known.or(row.ran_under).unwrap_or(row.by_time);
    let to = row.ran_under.map(stored::version).transpose()?;
    policies_since(connection, environment_id, stored::version(from)?, to).await
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
        r#"SELECT p.version, p.rules AS "rules: Json<Vec<Rule>>", p.reason, p.proposer_id, p.proposer_name, p.approved_at,
                  array_agg(a.approver_id ORDER BY a.at, a.approver_id) AS "approvers!",
                  array_agg(a.approver_name ORDER BY a.at, a.approver_id) AS "names!"
           FROM policies p JOIN policy_proposal_approvals a ON a.proposal_id = p.proposal_id
           WHERE p.environment_id = $1 GROUP BY p.environment_id, p.version ORDER BY p.version DESC LIMIT 100"#,
        environment_id,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let approvers = row.approvers.into_iter().zip(row.names);
            Ok(PolicyVersion {
                policy: Policy { version: stored::version(row.version)?, rules: row.rules.0 },
                proposed_by: ctx::person(Some(row.proposer_id), row.proposer_name),
                reason: row.reason,
                approved_by: approvers.map(|(id, name)| ctx::person(Some(id), name)).collect(),
                approved_at: row.approved_at,
            })
        })
        .collect()
}

/// The last proposal, where a lead turned it down.
pub(super) async fn turned_down_of(
    connection: &mut PgConnection,
    environment_id: i64,
) -> Result<Option<TurnedDown>, Error> {
    let row = sqlx::query!(
        r#"SELECT rules AS "rules: Json<Vec<Rule>>", proposed AS "proposed: Json<Proposed>", reason, proposer_id,
                  proposer_name, state, decider_id, decider_name, decided_at, decision
           FROM policy_proposals WHERE environment_id = $1 ORDER BY id DESC LIMIT 1"#,
        environment_id,
    )
    .fetch_optional(connection)
    .await?
    .filter(|row| row.state == "rejected");
    // The database's checks say that the decision is whole, and that the rules are there or something else is.
    Ok(row.and_then(|row| {
        let rules = row.rules.map(|Json(rules)| Proposed::Policy { rules });
        Some(TurnedDown {
            proposed: rules.or(row.proposed.map(|Json(proposed)| proposed))?,
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
