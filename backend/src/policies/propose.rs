//! Proposing another policy.

use strata_domain::act::Stands;
use strata_domain::authz::Permission;
use strata_domain::policy::{self, Policy, PolicyFault, Rule};
use strata_domain::proposal::{Proposal, Proposed};

use super::rows;
use crate::catalogues::{catalogue_at, version_now};
use crate::ctx::{Actor, Backend, Scope};
use crate::error::Error;
use crate::proposals::{self, Making};

/// Proposes other rules for the environment; gives the proposal's id. They are in force once as many leads as the strictest
/// rule asks for, none of them the proposer, approve them. `based_on` is the version that they were written against.
///
/// # Errors
/// [`Error::Invalid`] for `rules` with all that is wrong, one line each, or for `reason` where none is given;
/// [`Error::Conflict`] where another version is in force; [`Error::Refused`] where another proposal waits.
/// Repeated by the same person, it is met already.
#[tracing::instrument(skip_all, fields(?environment, %based_on, rules = rules.len()))]
pub async fn policy_propose(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    based_on: u32,
    rules: Vec<Rule>,
    reason: &str,
) -> Result<i64, Error> {
    let mut write = backend.authorise_write(actor, Permission::ProposePolicy, Scope::Environment(environment)).await?;
    let environment_id = write.lock_environment().await?;
    // A double click finds its own proposal, whatever it is held against.
    let proposed = Proposed::Policy { rules: rules.clone() };
    let proposer = write.person().clone();
    let same =
        |open: &&Proposal| open.proposed == proposed && open.based_on == based_on && open.proposed_by == proposer;
    let known = proposals::open_of(write.connection(), environment_id).await?;
    if let Some(open) = known.iter().find(same) {
        return Ok(open.id);
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
    let next = Policy { version: based_on + 1, rules };
    policy::accept(&next, &catalogue, &members).map_err(|faults| Error::invalid("rules", told(&faults)))?;
    proposals::propose(write, Making { proposed, reason, instead_of: Stands::Policy(present) }).await
}

/// One line for each fault, which names its rule as people count.
fn told(faults: &[PolicyFault]) -> String {
    let lines = faults.iter().map(|PolicyFault { rule, field, message }| match rule {
        Some(place) => format!("Rule {}, {field}: {message}", place + 1),
        None => message.clone(),
    });
    lines.collect::<Vec<_>>().join("\n")
}
