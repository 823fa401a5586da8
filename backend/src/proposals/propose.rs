//! Proposing what one person does not decide alone.

use sqlx::types::Json;
use strata_domain::act::{Act, ProposalAct, Stands};
use strata_domain::authz::Permission;
use strata_domain::catalogue::{Level, level_of};
use strata_domain::findings::RuleId;
use strata_domain::proposal::{Kind, Proposal, Proposed};

use super::rows;
use crate::catalogues::levels_now;
use crate::changes::accepted_reason;
use crate::ctx::{Actor, Backend, Scope, Write};
use crate::error::Error;
use crate::policies::policy_now;
use crate::schedule::window_of;
use crate::stored;

/// A proposal about to be made.
pub(crate) struct Making<'a> {
    pub(crate) proposed: Proposed,
    pub(crate) reason: &'a str,
    /// What it would take the place of, where it does not say so itself.
    pub(crate) instead_of: Stands,
}

/// Proposes that a rule matters less than now; gives the proposal's id. A level that is stricter is set at once, see
/// [`crate::catalogues::rule_level_set`]. Repeated by the same person, it is met already.
///
/// # Errors
/// [`Error::Refused`] for all but admins and leads, where the level is not weaker than now, and where another proposal
/// about the rule waits; [`Error::Invalid`] for `reason` where none is given.
#[tracing::instrument(skip_all, fields(?environment, %rule, %level))]
pub async fn rule_level_propose(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    rule: RuleId,
    level: Level,
    reason: &str,
) -> Result<i64, Error> {
    let mut write = backend.authorise_write(actor, Permission::ProposePolicy, Scope::Environment(environment)).await?;
    let environment_id = write.lock_environment().await?;
    let from = level_of(&levels_now(write.connection(), environment_id).await?, rule);
    if !level.is_weaker_than(from) {
        return Err(Error::not_now(format!(
            "The rule is {from} now; {level} is not weaker, and an admin sets it at once."
        )));
    }
    let proposed = Proposed::RuleLevel { rule, from, to: level };
    propose(write, Making { proposed, reason, instead_of: Stands::AsProposed }).await
}

/// Proposes that a maintenance window goes, which was seen in `version`; gives the proposal's id. Repeated by the same
/// person, it is met already.
///
/// # Errors
/// [`Error::Refused`] for all but admins and leads, for freezes, and where another proposal about the window waits;
/// [`Error::Invalid`] for `reason` where none is given; [`Error::Conflict`] where somebody else changed it meanwhile.
#[tracing::instrument(skip_all, fields(?environment, %id, %version))]
pub async fn window_removal_propose(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    id: i64,
    version: i64,
    reason: &str,
) -> Result<i64, Error> {
    let mut write = backend.authorise_write(actor, Permission::ProposePolicy, Scope::Environment(environment)).await?;
    write.lock_environment().await?;
    let window = window_of(&mut write, id, version).await?;
    let proposed = Proposed::WindowRemoval { entry: id, version, name: window.name.clone() };
    propose(write, Making { proposed, reason, instead_of: Stands::Window(Box::new(window)) }).await
}

/// Stores a proposal, and ends the write; gives its id. The caller holds the lock on the environment.
pub(crate) async fn propose(mut write: Write, making: Making<'_>) -> Result<i64, Error> {
    let Making { proposed, reason, instead_of } = making;
    let proposer =
        write.account_id()?.ok_or_else(|| Error::not_you("What is proposed is proposed by a person who signed in."))?;
    let reason = accepted_reason(Some(reason))?
        .ok_or_else(|| Error::invalid("reason", "Say why: whoever approves it has to know."))?;
    let environment_id = write.place()?.id;
    let based_on = policy_now(write.connection(), environment_id).await?.version;
    let (kind, subject) = (proposed.kind(), proposed.subject());
    for Proposal { id, proposed: known, based_on: on, proposed_by, .. } in
        rows::open_of(write.connection(), environment_id).await?
    {
        if (known.kind(), known.subject()) != (kind, subject.clone()) {
            continue;
        }
        if proposed_by == *write.person() && known == proposed && on == based_on {
            return Ok(id);
        }
        return Err(Error::not_now(format!(
            "{} has proposed {} that waits for leads; it has to be approved, turned down or withdrawn first.",
            proposed_by.name,
            if kind == Kind::Policy { "a policy" } else { "something about it" },
        )));
    }
    let (rules, payload) = match &proposed {
        Proposed::Policy { rules } => (Some(Json(rules)), None),
        Proposed::RuleLevel { .. }
        | Proposed::WindowRemoval { .. }
        | Proposed::WindowOpening { .. }
        | Proposed::LooserRole { .. } => (None, Some(Json(&proposed))),
    };
    let (name, at) = (write.person().name.clone(), write.at());
    let id = sqlx::query_scalar!(
        "INSERT INTO policy_proposals (environment_id, based_on, kind, subject, rules, proposed, reason, proposer_id,
                                       proposer_name, proposed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
        environment_id,
        stored::of_version(based_on)?,
        kind.as_str(),
        subject,
        rules as _,
        payload as _,
        reason,
        proposer,
        name,
        at,
    )
    .fetch_one(write.connection())
    .await?;
    let did = ProposalAct::Made { reason, instead_of };
    write.commit(Act::Proposal { proposal: id, proposer: Some(proposer.to_string()), proposed, did }).await?;
    Ok(id)
}
