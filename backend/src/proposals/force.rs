//! What was proposed is put in force.

use strata_domain::act::{Act, Anew, CatalogueAct, ProposalAct, Put};
use strata_domain::audit::AuditAction;
use strata_domain::policy::{Policy, Rule};
use strata_domain::proposal::{Proposal, Proposed};

use super::decide::act_on;
use crate::catalogues::{level_store, role_loosen};
use crate::changes::ask_anew;
use crate::ctx::{self, Write};
use crate::error::Error;
use crate::policies::policy_now;
use crate::schedule::{window_open, window_remove};
use crate::stored;

/// Carries the proposal out, and ends the write. The caller holds the lock on the environment, has counted the approvals,
/// and knows that the proposal still fits.
pub(super) async fn put(mut write: Write, proposal: Proposal, reason: Option<&str>) -> Result<(), Error> {
    let approved_by = proposal.approvals.iter().map(|approval| approval.by.name.clone()).collect();
    let put = match &proposal.proposed {
        Proposed::Policy { rules } => policy_put(&mut write, &proposal, rules).await?,
        Proposed::RuleLevel { rule, from, to } => {
            level_store(&mut write, *rule, *to).await?;
            let reason = proposal.reason.clone();
            let set =
                CatalogueAct::RuleLevelSet { rule: *rule, before: *from, after: *to, reason, anew: Anew::default() };
            write.also(&Act::Catalogue(set)).await?;
            Put::AsProposed
        }
        Proposed::WindowRemoval { entry, version, .. } => {
            window_remove(&mut write, *entry, *version, &proposal.reason).await?;
            Put::AsProposed
        }
        Proposed::WindowOpening { replaces, window } => {
            window_open(&mut write, replaces.as_deref(), window).await?;
            Put::AsProposed
        }
        Proposed::LooserRole { from, to } => {
            Put::Catalogue { version: role_loosen(&mut write, from, to.as_deref(), &proposal.reason).await? }
        }
    };
    let did = ProposalAct::PutInForce { reason: reason.map(str::to_owned), approved_by, put };
    write.commit(act_on(proposal, did)).await
}

/// Stores the next version of the policy, and asks the changes under review anew: a stricter one holds for them at once.
async fn policy_put(write: &mut Write, proposal: &Proposal, rules: &[Rule]) -> Result<Put, Error> {
    let environment_id = write.place()?.id;
    let present = policy_now(write.connection(), environment_id).await?;
    let next = Policy { version: present.version + 1, rules: rules.to_vec() };
    let Proposal { id, reason, proposed_by, .. } = proposal;
    let (approver, name, at) = (write.account_id()?, write.person().name.clone(), write.at());
    let written = sqlx::query!(
        "INSERT INTO policies (environment_id, version, rules, proposal_id, reason, proposer_id, proposer_name,
                               approver_id, approver_name, approved_at)
         VALUES ($1, $2, (SELECT rules FROM policy_proposals WHERE id = $3), $3, $4, $5, $6, $7, $8, $9)",
        environment_id,
        stored::of_version(next.version)?,
        id,
        reason,
        ctx::account_uuid(proposed_by)?,
        proposed_by.name,
        approver,
        name,
        at,
    )
    .execute(write.connection())
    .await?;
    stored::expect_rows(written.rows_affected(), 1)?;
    let cause = format!("Version {} of the approval policy is in force, which asks for more", next.version);
    let anew = ask_anew(write, AuditAction::PolicyApproved, &cause).await?;
    Ok(Put::Policy { before: present, after: next, anew })
}
