//! One lead's vote.

use serde_json::json;
use strata_domain::approval::{self, Group, Verdict};
use strata_domain::audit::AuditAction;
use strata_domain::authz::Permission;
use strata_domain::change::{self, ChangeEvent, ChangeState};
use strata_domain::digest::Digest;
use strata_domain::news::News;

use super::rows;
use crate::changes::{self, Locked, Material};
use crate::ctx::{self, Actor, AuditRow, Backend, Scope, Write};
use crate::error::Error;

/// Votes on a change. `digest` is that of the plan the person saw: the vote belongs to it and to no other.
///
/// # Errors
/// [`Error::Conflict`] where the plan is another one by now, or somebody else came first; [`Error::Refused`] for
/// authors and for states without a vote; [`Error::Invalid`] for a missing `reason` of a no.
/// Repeated by the same person, it is met already.
#[tracing::instrument(skip_all, fields(id, version, verdict = verdict.as_str()))]
pub async fn change_vote(
    backend: &Backend,
    actor: &Actor,
    id: i64,
    version: i64,
    verdict: Verdict,
    reason: Option<String>,
    digest: Digest,
) -> Result<(), Error> {
    let mut write = backend.authorise_write(actor, Permission::Vote, Scope::Change(id)).await?;
    let reason = changes::accepted_reason(reason)?;
    let voter = actor.account_id()?.ok_or(Error::NotSignedIn)?;
    let (environment_id, standing) = (write.place()?.id, write.place()?.standing.clone());
    let mut locked = Locked::take(&mut write, id).await?;
    let already = has_approved(&mut write, &locked, voter, digest).await?;
    let action = action_of(verdict);
    let was_done = match verdict {
        Verdict::Approve => already && matches!(locked.change.state, ChangeState::InReview | ChangeState::Approved),
        Verdict::Reject | Verdict::SendBack => locked.was_done_by(write.person(), action),
    };
    if was_done {
        return Ok(());
    }
    if verdict != Verdict::Approve && reason.is_none() {
        return Err(Error::invalid("reason", "Say why: the authors have to know what to mend."));
    }
    locked.at_version(version, &write)?;
    let authors = rows::authors_of(write.connection(), id).await?;
    // Who approved may still send it back or reject it.
    let already = already && verdict == Verdict::Approve;
    approval::may_vote(locked.change.state, &voter.to_string(), &standing, &authors, already)?;
    let material = Material::load(write.connection(), environment_id, &locked.change).await?;
    let plan = material.plan();
    if plan.digest != digest {
        return Err(Error::Conflict {
            what: "The plan is no longer the one that you saw. Look again before you vote on it.".to_owned(),
        });
    }
    let (name, at) = (write.person().name.clone(), write.at());
    let written = sqlx::query!(
        "INSERT INTO votes (change_id, round, voter_id, voter_name, is_expert, verdict, digest, reason, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id,
        locked.round,
        voter,
        name,
        standing.groups.contains(Group::InfrastructureExperts.name()),
        verdict.as_str(),
        &digest.0,
        reason,
        at,
    )
    .execute(write.connection())
    .await?;
    ctx::expect_rows(written.rows_affected(), 1)?;
    let event = match verdict {
        Verdict::Approve => {
            let quorum_met = rows::quorum_met(write.connection(), &locked, &material, &plan).await?;
            ChangeEvent::Voted { quorum_met }
        }
        Verdict::Reject => ChangeEvent::Reject,
        Verdict::SendBack => ChangeEvent::SendBack,
    };
    let before = locked.change.state;
    locked.change.state = change::step(before, &event)?;
    match verdict {
        Verdict::Approve => {}
        Verdict::Reject => locked.change.reason.clone_from(&reason),
        Verdict::SendBack => {
            locked.change.reason.clone_from(&reason);
            // What others approved before the objection must not carry it past the objection.
            locked.round += 1;
        }
    }
    locked.save(&mut write, action).await?;
    let row = AuditRow::new(action, "change", &id)
        .reason(reason.as_deref())
        .before(json!({ "state": before }))
        .after(json!({ "state": locked.change.state, "digest": digest }));
    write.commit(row, vec![News::Change { environment: locked.change.environment, id }]).await
}

const fn action_of(verdict: Verdict) -> AuditAction {
    match verdict {
        Verdict::Approve => AuditAction::ChangeApproved,
        Verdict::Reject => AuditAction::ChangeRejected,
        Verdict::SendBack => AuditAction::ChangeSentBack,
    }
}

async fn has_approved(write: &mut Write, locked: &Locked, voter: uuid::Uuid, digest: Digest) -> Result<bool, Error> {
    let approved = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM votes WHERE change_id = $1 AND round = $2 AND voter_id = $3 AND digest = $4
                                              AND verdict = 'approve') AS "approved!""#,
        locked.change.id,
        locked.round,
        voter,
        &digest.0,
    )
    .fetch_one(write.connection())
    .await?;
    Ok(approved)
}
