//! What becomes of a proposed policy.

use serde_json::json;
use sqlx::types::Json;
use strata_domain::account::AccountId;
use strata_domain::audit::AuditAction;
use strata_domain::authz::Permission;
use strata_domain::news::News;
use strata_domain::policy::{self, Policy, Rule};
use uuid::Uuid;

use super::{rows, version_read, version_stored};
use crate::changes::{accepted_reason, ask_anew};
use crate::ctx::{self, Actor, AuditRow, Backend, Scope, Write};
use crate::error::Error;

/// A proposal under the lock on its environment.
struct Held {
    id: i64,
    based_on: u32,
    rules: Vec<Rule>,
    reason: String,
    proposer: Uuid,
    proposer_name: String,
    state: String,
    decider: Option<Uuid>,
}

/// Approves a proposed policy, or turns it down. An approved one is in force at once: open changes are asked anew in the
/// same transaction, and those for which more is asked now are in review again.
///
/// # Errors
/// [`Error::Refused`] for all but leads, and for the proposer; [`Error::Invalid`] for a missing `reason` of a no;
/// [`Error::Conflict`] where somebody else decided. Repeated by the same person, it is met already.
#[tracing::instrument(skip_all, fields(environment, proposal, approve))]
pub async fn policy_decide(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    proposal: i64,
    approve: bool,
    reason: Option<String>,
) -> Result<(), Error> {
    let mut write = backend.authorise_write(actor, Permission::ApprovePolicy, Scope::Environment(environment)).await?;
    let decider = actor.account_id()?.ok_or(Error::NotSignedIn)?;
    let reason = accepted_reason(reason)?;
    if !approve && reason.is_none() {
        return Err(Error::invalid("reason", "Say why: the proposer has to know what to mend."));
    }
    let held = Held::take(&mut write, proposal).await?;
    let state = if approve { "approved" } else { "rejected" };
    if held.is_done(state, decider)? {
        return Ok(());
    }
    let environment_id = write.place()?.id;
    let present = rows::policy_now(write.connection(), environment_id).await?;
    let (approver, proposer): (AccountId, AccountId) = (decider.to_string(), held.proposer.to_string());
    let standing = write.place()?.standing.clone();
    policy::may_approve(&standing, &approver, &proposer, held.based_on, present.version)?;
    held.end(&mut write, state, reason.as_deref()).await?;
    let slug = write.place()?.slug.clone();
    let mut news = vec![News::Environment { environment: slug }];
    let row = if approve {
        let next = Policy { version: present.version + 1, rules: held.rules.clone() };
        policy_add(&mut write, &held, decider, &next).await?;
        let cause = format!("Version {} of the approval policy is in force, which asks for more", next.version);
        let moved = ask_anew(&mut write, AuditAction::PolicyApproved, &cause).await?;
        let row = AuditRow::new(AuditAction::PolicyApproved, "policy", &proposal)
            .before(json!({ "version": present.version, "rules": present.rules }))
            .after(json!({ "version": next.version, "rules": next.rules, "changes": moved.told() }));
        news.extend(moved.news);
        row
    } else {
        AuditRow::new(AuditAction::PolicyRejected, "policy", &proposal).after(json!({ "version": present.version }))
    };
    write.commit(row.reason(reason.as_deref()), news).await
}

/// Gives a proposal up; only who made it can.
///
/// # Errors
/// [`Error::Refused`] for proposals of others; [`Error::Conflict`] where a lead decided. Repeated, it is met already.
#[tracing::instrument(skip_all, fields(environment, proposal))]
pub async fn policy_withdraw(backend: &Backend, actor: &Actor, environment: &str, proposal: i64) -> Result<(), Error> {
    let mut write = backend.authorise_write(actor, Permission::ProposePolicy, Scope::Environment(environment)).await?;
    let proposer = actor.account_id()?.ok_or(Error::NotSignedIn)?;
    let held = Held::take(&mut write, proposal).await?;
    if held.proposer != proposer {
        return Err(Error::refused(format!("Only {} can withdraw this proposal.", held.proposer_name)));
    }
    if held.is_done("withdrawn", proposer)? {
        return Ok(());
    }
    held.end(&mut write, "withdrawn", None).await?;
    let environment = write.place()?.slug.clone();
    let row = AuditRow::new(AuditAction::PolicyWithdrawn, "policy", &proposal);
    write.commit(row, vec![News::Environment { environment }]).await
}

impl Held {
    /// Locks the environment, and reads the proposal.
    async fn take(write: &mut Write, id: i64) -> Result<Self, Error> {
        let environment_id = write.lock_environment().await?;
        let row = sqlx::query!(
            r#"SELECT based_on, rules AS "rules: Json<Vec<Rule>>", reason, proposer_id, proposer_name, state, decider_id
               FROM policy_proposals WHERE id = $1 AND environment_id = $2"#,
            id,
            environment_id,
        )
        .fetch_optional(write.connection())
        .await?
        .ok_or(Error::NotFound { what: "proposal" })?;
        Ok(Self {
            id,
            based_on: version_read(row.based_on)?,
            rules: row.rules.0,
            reason: row.reason,
            proposer: row.proposer_id,
            proposer_name: row.proposer_name,
            state: row.state,
            decider: row.decider_id,
        })
    }

    /// Whether this very decision was made by that person already; another one is a conflict.
    fn is_done(&self, state: &str, decider: Uuid) -> Result<bool, Error> {
        match self.state.as_str() {
            "open" => Ok(false),
            known if known == state && self.decider == Some(decider) => Ok(true),
            known => Err(Error::Conflict { what: format!("This proposal is {known} already. Look again.") }),
        }
    }

    async fn end(&self, write: &mut Write, state: &str, reason: Option<&str>) -> Result<(), Error> {
        let (decider, name, at) = (write.account_id()?, write.person().name.clone(), write.at());
        let written = sqlx::query!(
            "UPDATE policy_proposals
             SET state = $2, decider_id = $3, decider_name = $4, decided_at = $5, decision = $6
             WHERE id = $1 AND state = 'open'",
            self.id,
            state,
            decider,
            name,
            at,
            reason,
        )
        .execute(write.connection())
        .await?;
        ctx::expect_rows(written.rows_affected(), 1)
    }
}

async fn policy_add(write: &mut Write, held: &Held, approver: Uuid, next: &Policy) -> Result<(), Error> {
    let (environment_id, name, at) = (write.place()?.id, write.person().name.clone(), write.at());
    let written = sqlx::query!(
        "INSERT INTO policies (environment_id, version, rules, proposal_id, reason, proposer_id, proposer_name,
                               approver_id, approver_name, approved_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        environment_id,
        version_stored(next.version)?,
        Json(&next.rules) as _,
        held.id,
        held.reason,
        held.proposer,
        held.proposer_name,
        approver,
        name,
        at,
    )
    .execute(write.connection())
    .await?;
    ctx::expect_rows(written.rows_affected(), 1)
}
