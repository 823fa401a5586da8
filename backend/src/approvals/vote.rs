//! One lead's vote.

use strata_domain::act::{Act, ChangeAct, Shift};
use strata_domain::authz::Permission;
use strata_domain::change::{ChangeState, LoggedEdit};
use strata_domain::digest::Digest;
use strata_domain::review::{Ballot, Verdict, Vote};
use uuid::Uuid;

use super::UnderReview;
use crate::changes::{self, Locked, Material, last_of};
use crate::ctx::{Actor, Backend, Scope, Write};
use crate::error::Error;
use crate::heavy;
use crate::policies::lifetime_stored;
use crate::stored;

/// A vote that is not stored yet: the database numbers them, and nobody else.
const UNNUMBERED: i64 = i64::MAX;

/// Votes on a change. `digest` is that of the plan the person saw: the vote belongs to it and to no other.
///
/// # Errors
/// [`Error::Conflict`] where the plan is another one by now, or somebody else came first; [`Error::Refused`] for
/// authors and for states without a vote; [`Error::Invalid`] for a missing `reason` of a no.
/// Repeated by the same person, it is met already.
#[tracing::instrument(skip_all, fields(%id, %version, verdict = verdict.as_str()))]
pub async fn change_vote(
    backend: &Backend,
    actor: &Actor,
    id: i64,
    version: i64,
    verdict: Verdict,
    reason: Option<String>,
    digest: Digest,
) -> Result<(), Error> {
    heavy::act(actor, || vote(backend, actor, id, version, verdict, reason.clone(), digest)).await
}

async fn vote(
    backend: &Backend,
    actor: &Actor,
    id: i64,
    version: i64,
    verdict: Verdict,
    reason: Option<String>,
    digest: Digest,
) -> Result<(), Error> {
    let mut write = backend.authorise_write(actor, Permission::Vote, Scope::Change(id)).await?;
    let reason = changes::accepted_reason(reason.as_deref())?;
    let account = actor.account_id()?.ok_or(Error::NotSignedIn)?;
    let voter = account.to_string();
    let (environment_id, standing) = (write.place()?.id, write.place()?.standing.clone());
    let mut locked = Locked::take(&mut write, id).await?;
    let (material, log) = Material::read(&mut write.source(), environment_id, &locked.change).await?;
    let now = locked.now(&write);
    let UnderReview { review, .. } = locked.review(&mut write, &material).await?;
    let review = review.as_of(now);
    let action = ChangeAct::of_vote(verdict);
    let was_done = match verdict {
        Verdict::Approve => {
            matches!(review.state, ChangeState::InReview | ChangeState::Approved)
                && review.counting_vote_of(&voter, now).is_some_and(|vote| vote.digest == digest)
        }
        Verdict::Reject | Verdict::SendBack => locked.was_done_by(write.person(), action),
    };
    if was_done {
        return Ok(());
    }
    if verdict != Verdict::Approve && reason.is_none() {
        return Err(Error::invalid("reason", "Say why: the authors have to know what to mend."));
    }
    locked.at_version(version, &write)?;
    review.may_vote(&voter, &standing, verdict, now)?;
    if review.plan.digest != digest {
        return Err(Error::Conflict {
            what: "The plan is no longer the one that you saw. Look again before you vote on it.".to_owned(),
        });
    }
    let before = review.state;
    let person = write.person().clone();
    let ballot = Ballot { id: UNNUMBERED, voter: person, standing, seen: digest, verdict, reason: reason.clone() };
    let mut review = review.vote(ballot, now)?;
    let given = review.votes.last_mut().ok_or_else(|| Error::unexpected("a vote was given, and there is none"))?;
    // The lock on the change is held: the numbers of its votes follow each other as the votes do.
    let vote = vote_add(&mut write, &locked, &log, account, given).await?;
    given.id = vote;
    locked.take_up(&review, now);
    if verdict != Verdict::Approve {
        locked.change.reason.clone_from(&reason);
    }
    locked.decide(&mut write, action, &review.plan, &material).await?;
    let shift = Shift { from: before, to: locked.change.state };
    let did = ChangeAct::Voted { verdict, reason, digest, vote, shift };
    write.commit(Act::Change { change: id, did }).await
}

/// Stores a vote, and what the plan was made of that it was given on; gives its number.
async fn vote_add(
    write: &mut Write,
    locked: &Locked,
    log: &[LoggedEdit],
    voter: Uuid,
    vote: &Vote,
) -> Result<i64, Error> {
    let change = &locked.change;
    let groups: Vec<String> = vote.groups.iter().cloned().collect();
    Ok(sqlx::query_scalar!(
        "INSERT INTO votes (change_id, round, voter_id, voter_name, groups, verdict, digest, reason, at,
                            base_revision, catalogue_version, log_from, log_to, approval_hours)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING id",
        change.id,
        vote.round,
        voter,
        vote.voter.name,
        &groups,
        vote.verdict.as_str(),
        &vote.digest.0,
        vote.reason,
        vote.at,
        change.base,
        stored::of_version(change.catalogue)?,
        change.log_start,
        last_of(change, log),
        lifetime_stored(vote.expires_after)?,
    )
    .fetch_one(write.connection())
    .await?)
}
