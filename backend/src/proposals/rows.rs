//! Stored proposals as what the domain calls them.

use std::collections::BTreeMap;

use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use strata_domain::policy::Rule;
use strata_domain::proposal::{Approval, Demand, Kind, Present, Proposal, Proposed, demanded};

use crate::catalogues::{levels_now, own_now};
use crate::ctx;
use crate::error::Error;
use crate::policies::{policies_since, policy_now};
use crate::schedule::windows_of;
use crate::stored;

/// The proposals that wait in an environment, oldest first.
pub(crate) async fn open_of(connection: &mut PgConnection, environment_id: i64) -> Result<Vec<Proposal>, Error> {
    let mut open = Vec::new();
    let ids = sqlx::query_scalar!(
        "SELECT id FROM policy_proposals WHERE environment_id = $1 AND state = 'open' ORDER BY id",
        environment_id,
    )
    .fetch_all(&mut *connection)
    .await?;
    for id in ids {
        open.extend(one_of(connection, environment_id, id).await?.map(|stored| stored.proposal));
    }
    Ok(open)
}

/// A proposal with what became of it.
pub(super) struct Stored {
    pub(super) proposal: Proposal,
    pub(super) state: String,
    pub(super) decider: Option<uuid::Uuid>,
}

/// The proposal of that id, if it is one of the environment.
pub(super) async fn one_of(
    connection: &mut PgConnection,
    environment_id: i64,
    id: i64,
) -> Result<Option<Stored>, Error> {
    let row = sqlx::query!(
        r#"SELECT based_on, kind, rules AS "rules: Json<Vec<Rule>>", proposed AS "proposed: Json<Proposed>", reason,
                  proposer_id, proposer_name, proposed_at, state, decider_id
           FROM policy_proposals WHERE id = $1 AND environment_id = $2"#,
        id,
        environment_id,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let proposed = match (stored::word::<Kind>(&row.kind)?, row.rules, row.proposed) {
        (Kind::Policy, Some(Json(rules)), None) => Proposed::Policy { rules },
        (kind, None, Some(Json(proposed))) if proposed.kind() == kind => proposed,
        (kind, ..) => return Err(Error::unexpected(format!("proposal {id} is no {kind}"))),
    };
    let proposal = Proposal {
        id,
        proposed,
        based_on: stored::version(row.based_on)?,
        reason: row.reason,
        proposed_by: ctx::person(Some(row.proposer_id), row.proposer_name),
        proposed_at: row.proposed_at,
        approvals: approvals_of(connection, id).await?,
    };
    Ok(Some(Stored { proposal, state: row.state, decider: row.decider_id }))
}

async fn approvals_of(connection: &mut PgConnection, proposal: i64) -> Result<Vec<Approval>, Error> {
    let rows = sqlx::query!(
        "SELECT approver_id, approver_name, groups, at FROM policy_proposal_approvals
         WHERE proposal_id = $1 ORDER BY at, approver_id",
        proposal,
    )
    .fetch_all(connection)
    .await?;
    let approvals = rows.into_iter().map(|row| Approval {
        by: ctx::person(Some(row.approver_id), row.approver_name),
        groups: row.groups.into_iter().collect(),
        at: row.at,
    });
    Ok(approvals.collect())
}

/// What is in force now, for proposals to be held against.
pub(crate) async fn present_of(connection: &mut PgConnection, environment_id: i64) -> Result<Present, Error> {
    let policy = policy_now(connection, environment_id).await?.version;
    let levels = levels_now(connection, environment_id).await?;
    let windows: BTreeMap<i64, i64> = windows_of(connection, environment_id).await?;
    let roles = own_now(connection, environment_id).await?.roles;
    Ok(Present { policy, levels, windows, roles })
}

/// How many of whom have to approve a proposal: as the strictest policy since it was made asks.
pub(crate) async fn demands_of(
    connection: &mut PgConnection,
    environment_id: i64,
    proposal: &Proposal,
) -> Result<Vec<Demand>, Error> {
    let policies = policies_since(connection, environment_id, proposal.based_on, None).await?;
    Ok(demanded(&policies))
}
