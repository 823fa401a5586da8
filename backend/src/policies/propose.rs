//! Proposing another policy.

use serde_json::json;
use sqlx::types::Json;
use strata_domain::audit::AuditAction;
use strata_domain::authz::Permission;
use strata_domain::news::News;
use strata_domain::policy::{self, Policy, PolicyFault, Rule};

use super::{rows, version_stored};
use crate::catalogues::{catalogue_at, version_now};
use crate::changes::accepted_reason;
use crate::ctx::{Actor, AuditRow, Backend, Scope};
use crate::error::Error;

/// Proposes other rules for the environment; gives the proposal's id. They are in force once a lead who is not the
/// proposer approves them. `based_on` is the version that they were written against.
///
/// # Errors
/// [`Error::Invalid`] for `rules` with all that is wrong, one line each, or for `reason` where none is given;
/// [`Error::Conflict`] where another version is in force; [`Error::Refused`] where another proposal waits.
/// Repeated by the same person, it is met already.
#[tracing::instrument(skip_all, fields(environment, based_on, rules = rules.len()))]
pub async fn policy_propose(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    based_on: u32,
    rules: Vec<Rule>,
    reason: &str,
) -> Result<i64, Error> {
    let mut write = backend.authorise_write(actor, Permission::ProposePolicy, Scope::Environment(environment)).await?;
    let proposer =
        actor.account_id()?.ok_or_else(|| Error::refused("A policy is proposed by a person who signed in."))?;
    let reason = accepted_reason(Some(reason.to_owned()))?
        .ok_or_else(|| Error::invalid("reason", "Say why: whoever approves it has to know."))?;
    let environment_id = write.lock_environment().await?;
    if let Some(open) = rows::open_of(write.connection(), environment_id).await? {
        if open.proposed_by == *write.person() && open.rules == rules && open.based_on == based_on {
            return Ok(open.id);
        }
        return Err(Error::refused(format!(
            "{} has proposed a policy that waits for a lead; it has to be approved, turned down or withdrawn first.",
            open.proposed_by.name
        )));
    }
    let present = rows::policy_now(write.connection(), environment_id).await?;
    if present.version != based_on {
        return Err(Error::Conflict {
            what: format!("Version {} of the policy is in force by now. Look again before you go on.", present.version),
        });
    }
    if present.rules == rules {
        return Err(Error::invalid("rules", "These rules are in force already."));
    }
    let version = version_now(write.connection(), environment_id).await?;
    let catalogue = catalogue_at(write.connection(), environment_id, version).await?;
    let members = rows::members_of(write.connection(), environment_id).await?;
    let proposed = Policy { version: based_on + 1, rules };
    policy::accept(&proposed, &catalogue, &members).map_err(|faults| Error::invalid("rules", told(&faults)))?;
    let (name, at) = (write.person().name.clone(), write.at());
    let id = sqlx::query_scalar!(
        "INSERT INTO policy_proposals (environment_id, based_on, rules, reason, proposer_id, proposer_name, proposed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
        environment_id,
        version_stored(based_on)?,
        Json(&proposed.rules) as _,
        reason,
        proposer,
        name,
        at,
    )
    .fetch_one(write.connection())
    .await?;
    let environment = write.place()?.slug.clone();
    let row = AuditRow::new(AuditAction::PolicyProposed, "policy", &id)
        .reason(Some(&reason))
        .before(json!({ "version": based_on, "rules": present.rules }))
        .after(json!({ "version": proposed.version, "rules": proposed.rules }));
    write.commit(row, vec![News::Environment { environment }]).await?;
    Ok(id)
}

/// One line for each fault, which names its rule as people count.
fn told(faults: &[PolicyFault]) -> String {
    let lines = faults.iter().map(|PolicyFault { rule, field, message }| match rule {
        Some(place) => format!("Rule {}, {field}: {message}", place + 1),
        None => message.clone(),
    });
    lines.collect::<Vec<_>>().join("\n")
}
