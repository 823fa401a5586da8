//! What becomes of a proposal.

use strata_domain::account::AccountId;
use strata_domain::act::{Act, ProposalAct};
use strata_domain::authz::Permission;
use strata_domain::proposal::Proposal;
use uuid::Uuid;

use super::{force, rows};
use crate::approvals::leads_of;
use crate::changes::accepted_reason;
use crate::ctx::{Actor, Backend, Scope, Write};
use crate::error::Error;
use crate::heavy;
use crate::stored;

/// Approves a proposal, or turns it down. With the last approval that it needs it is in force at once; before that the
/// approval is kept, and counts while its giver is a lead.
///
/// # Errors
/// [`Error::Refused`] for all but leads, for the proposer, and where what it was written against is another by now;
/// [`Error::Invalid`] for a missing `reason` of a no; [`Error::Conflict`] where it was decided otherwise. Repeated by the
/// same person, it is met already.
#[tracing::instrument(skip_all, fields(?environment, %proposal, %approve))]
pub async fn proposal_decide(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    proposal: i64,
    approve: bool,
    reason: Option<String>,
) -> Result<(), Error> {
    heavy::act(actor, || decide(backend, actor, environment, proposal, approve, reason.clone())).await
}

async fn decide(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    proposal: i64,
    approve: bool,
    reason: Option<String>,
) -> Result<(), Error> {
    let mut write = backend.authorise_write(actor, Permission::ApprovePolicy, Scope::Environment(environment)).await?;
    let decider = actor.account_id()?.ok_or(Error::NotSignedIn)?;
    let reason = accepted_reason(reason.as_deref())?;
    if !approve && reason.is_none() {
        return Err(Error::invalid("reason", "Say why: the proposer has to know what to mend."));
    }
    let held = Held::take(&mut write, proposal).await?;
    if approve {
        if !held.waits_for_approval_of(&decider.to_string())? {
            return Ok(());
        }
        return held.approve(write, decider, reason.as_deref()).await;
    }
    if held.is_done("rejected", decider)? {
        return Ok(());
    }
    let standing = write.place()?.standing.clone();
    held.proposal.may_turn_down(&standing, &decider.to_string())?;
    held.end(&mut write, "rejected", reason.as_deref()).await?;
    held.told(write, Decided::Rejected, reason.as_deref()).await
}

/// Gives a proposal up; only who made it can.
///
/// # Errors
/// [`Error::Refused`] for proposals of others; [`Error::Conflict`] where it was decided. Repeated, it is met already.
#[tracing::instrument(skip_all, fields(?environment, %proposal))]
pub async fn proposal_withdraw(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    proposal: i64,
) -> Result<(), Error> {
    let mut write = backend.authorise_write(actor, Permission::ProposePolicy, Scope::Environment(environment)).await?;
    let proposer = actor.account_id()?.ok_or(Error::NotSignedIn)?;
    let held = Held::take(&mut write, proposal).await?;
    let Proposal { proposed_by, .. } = &held.proposal;
    if proposed_by.id != Some(proposer.to_string()) {
        return Err(Error::not_you(format!("Only {} can withdraw this proposal.", proposed_by.name)));
    }
    if held.is_done("withdrawn", proposer)? {
        return Ok(());
    }
    held.end(&mut write, "withdrawn", None).await?;
    held.told(write, Decided::Withdrawn, None).await
}

/// How a proposal ended that is not in force.
enum Decided {
    Rejected,
    Withdrawn,
}

/// A proposal under the lock on its environment.
struct Held {
    environment_id: i64,
    proposal: Proposal,
    state: String,
    decider: Option<Uuid>,
}

impl Held {
    /// Locks the environment, and reads the proposal.
    async fn take(write: &mut Write, id: i64) -> Result<Self, Error> {
        let environment_id = write.lock_environment().await?;
        let rows::Stored { proposal, state, decider } =
            rows::one_of(write.connection(), environment_id, id).await?.ok_or(Error::NotFound { what: "proposal" })?;
        Ok(Self { environment_id, proposal, state, decider })
    }

    /// Whether this very decision was made by that person already; another one is a conflict.
    fn is_done(&self, state: &str, decider: Uuid) -> Result<bool, Error> {
        if self.state == "open" {
            return Ok(false);
        }
        if self.state == state && self.decider == Some(decider) {
            return Ok(true);
        }
        Err(Error::Conflict { what: format!("This proposal is {} already. Look again.", self.state) })
    }

    /// False where it is in force, with the approval of this person among others: a request that comes twice.
    fn waits_for_approval_of(&self, approver: &AccountId) -> Result<bool, Error> {
        match self.state.as_str() {
            "open" => Ok(true),
            "approved" if self.proposal.is_approved_by(approver) => Ok(false),
            state => Err(Error::Conflict { what: format!("This proposal is {state} already. Look again.") }),
        }
    }

    /// Adds the approval, and puts the proposal in force where that was the last one needed.
    async fn approve(mut self, mut write: Write, approver: Uuid, reason: Option<&str>) -> Result<(), Error> {
        let environment_id = self.environment_id;
        let present = rows::present_of(write.connection(), environment_id).await?;
        let account = approver.to_string();
        let is_again = self.proposal.is_approved_by(&account);
        if is_again {
            // Others may have become leads since: what is enough by now is put in force.
            self.proposal.fits(&present)?;
        } else {
            self.proposal.may_approve(&write.place()?.standing.clone(), &account, &present)?;
            self.approval_add(&mut write, approver).await?;
        }
        let demands = rows::demands_of(write.connection(), environment_id, &self.proposal).await?;
        let leads = leads_of(write.connection(), environment_id).await?;
        let missing = self.proposal.missing(&demands, &leads);
        if missing.is_empty() {
            self.end(&mut write, "approved", reason).await?;
            return force::put(write, self.proposal, reason).await;
        }
        if is_again {
            return Ok(());
        }
        let reason = reason.map(str::to_owned);
        let did = ProposalAct::Backed { reason, missing: strata_domain::review::missing_text(&missing) };
        write.commit(act_on(self.proposal, did)).await
    }

    async fn approval_add(&mut self, write: &mut Write, approver: Uuid) -> Result<(), Error> {
        let (name, at) = (write.person().name.clone(), write.at());
        let groups: Vec<String> = write.place()?.standing.groups.iter().cloned().collect();
        let written = sqlx::query!(
            "INSERT INTO policy_proposal_approvals (proposal_id, approver_id, approver_name, groups, at)
             VALUES ($1, $2, $3, $4, $5)",
            self.proposal.id,
            approver,
            name,
            &groups,
            at,
        )
        .execute(write.connection())
        .await?;
        stored::expect_rows(written.rows_affected(), 1)?;
        let by = write.person().clone();
        let groups = groups.into_iter().collect();
        self.proposal.approvals.push(strata_domain::proposal::Approval { by, groups, at });
        Ok(())
    }

    async fn end(&self, write: &mut Write, state: &str, reason: Option<&str>) -> Result<(), Error> {
        let (decider, name, at) = (write.account_id()?, write.person().name.clone(), write.at());
        let written = sqlx::query!(
            "UPDATE policy_proposals
             SET state = $2, decider_id = $3, decider_name = $4, decided_at = $5, decision = $6
             WHERE id = $1 AND state = 'open'",
            self.proposal.id,
            state,
            decider,
            name,
            at,
            reason,
        )
        .execute(write.connection())
        .await?;
        stored::expect_rows(written.rows_affected(), 1)
    }

    /// Ends the write of a decision that puts nothing in force.
    async fn told(self, write: Write, decided: Decided, reason: Option<&str>) -> Result<(), Error> {
        let (reason, based_on) = (reason.map(str::to_owned), self.proposal.based_on);
        let did = match decided {
            Decided::Rejected => ProposalAct::Rejected { reason, based_on },
            Decided::Withdrawn => ProposalAct::Withdrawn { reason, based_on },
        };
        write.commit(act_on(self.proposal, did)).await
    }
}

/// An act on that proposal.
pub(super) fn act_on(proposal: Proposal, did: ProposalAct) -> Act {
    let Proposal { id, proposed, proposed_by, .. } = proposal;
    Act::Proposal { proposal: id, proposer: proposed_by.id, proposed, did }
}
