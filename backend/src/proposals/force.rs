//! What was proposed is put in force.

use serde_json::{Value, json};
use strata_domain::audit::AuditAction;
use strata_domain::news::News;
use strata_domain::policy::{Policy, Rule};
use strata_domain::proposal::{Proposal, Proposed};

use super::propose::audit_row;
use crate::catalogues::{level_store, role_loosen};
use crate::changes::ask_anew;
use crate::ctx::{self, AuditRow, Write};
use crate::error::Error;
use crate::policies::{policy_now, version_stored};
use crate::schedule::{window_open, window_remove};

/// Carries the proposal out, and ends the write. The caller holds the lock on the environment, has counted the approvals,
/// and knows that the proposal still fits.
pub(super) async fn put(mut write: Write, proposal: &Proposal, reason: Option<&str>) -> Result<(), Error> {
    let environment = write.place()?.slug.clone();
    let mut news = vec![News::Environment { environment }];
    let by: Vec<&str> = proposal.approvals.iter().map(|approval| approval.by.name.as_str()).collect();
    let row = match &proposal.proposed {
        Proposed::Policy { rules } => {
            let (before, after, moved) = policy_put(&mut write, proposal, rules).await?;
            news.extend(moved);
            audit_row(AuditAction::PolicyApproved, proposal.id, &proposal.proposed, with(after, &by)).before(before)
        }
        Proposed::RuleLevel { rule, from, to } => {
            level_store(&mut write, *rule, *to).await?;
            let (before, after) = (json!({ "level": from }), json!({ "level": to }));
            let set = AuditRow::new(AuditAction::RuleLevelSet, "rule", rule).reason(Some(&proposal.reason));
            write.also(&set.before(before.clone()).after(after.clone())).await?;
            let row = audit_row(AuditAction::ProposalInForce, proposal.id, &proposal.proposed, with(after, &by));
            row.before(before)
        }
        Proposed::WindowRemoval { entry, version, .. } => {
            news.extend(window_remove(&mut write, *entry, *version, &proposal.reason).await?);
            audit_row(AuditAction::ProposalInForce, proposal.id, &proposal.proposed, with(json!({}), &by))
        }
        Proposed::WindowOpening { replaces, window } => {
            news.extend(window_open(&mut write, replaces.as_deref(), window).await?);
            audit_row(AuditAction::ProposalInForce, proposal.id, &proposal.proposed, with(json!({}), &by))
        }
        Proposed::LooserRole { from, to } => {
            let (version, moved) = role_loosen(&mut write, from, to.as_deref(), &proposal.reason).await?;
            news.extend(moved);
            let after = with(json!({ "version": version }), &by);
            audit_row(AuditAction::ProposalInForce, proposal.id, &proposal.proposed, after)
        }
    };
    write.commit(row.reason(reason), news).await
}

/// With the names of who approved it.
fn with(mut after: Value, by: &[&str]) -> Value {
    after["approved_by"] = json!(by);
    after
}

/// Stores the next version of the policy, and asks the changes under review anew: a stricter one holds for them at once.
async fn policy_put(
    write: &mut Write,
    proposal: &Proposal,
    rules: &[Rule],
) -> Result<(Value, Value, Vec<News>), Error> {
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
        version_stored(next.version)?,
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
    ctx::expect_rows(written.rows_affected(), 1)?;
    let cause = format!("Version {} of the approval policy is in force, which asks for more", next.version);
    let moved = ask_anew(write, AuditAction::PolicyApproved, &cause).await?;
    let before = json!({ "version": present.version, "rules": present.rules });
    let after = json!({ "version": next.version, "rules": next.rules, "changes": moved.told() });
    Ok((before, after, moved.news))
}
