//! A lead thinks again.

use strata_domain::act::{Act, ChangeAct, Shift};
use strata_domain::audit::AuditAction;
use strata_domain::authz::Permission;

use super::UnderReview;
use crate::changes::{Locked, Material, lapsed};
use crate::ctx::{Actor, Backend, Scope};
use crate::error::Error;
use crate::heavy;
use crate::stored;

/// Takes the actor's own approval back, by the vote's id: it counts no longer, and a change that needed it is in review
/// again. Whoever is no lead any more can still do so. Taking it back twice changes nothing.
///
/// # Errors
/// [`Error::Refused`] for votes of others, for those that are no approvals or of an earlier round, and where votes are
/// closed.
#[tracing::instrument(skip_all, fields(%id, %vote))]
pub async fn vote_take_back(backend: &Backend, actor: &Actor, id: i64, vote: i64) -> Result<(), Error> {
    heavy::act(actor, || take_back(backend, actor, id, vote)).await
}

async fn take_back(backend: &Backend, actor: &Actor, id: i64, vote: i64) -> Result<(), Error> {
    // The vote is the actor's or not; that says more than what they are in the environment by now.
    let mut write = backend.authorise_write(actor, Permission::ViewEnvironment, Scope::Change(id)).await?;
    let account = actor.account_id()?.ok_or_else(|| Error::not_you("A vote belongs to a person who signed in."))?;
    let voter = account.to_string();
    let environment_id = write.place()?.id;
    let mut locked = Locked::take(&mut write, id).await?;
    let material = Material::load(&mut write.source(), environment_id, &locked.change).await?;
    let now = locked.now(&write);
    let UnderReview { review, .. } = locked.review(&mut write, &material).await?;
    let before = review.as_of(now);
    let is_taken_back = before
        .votes
        .iter()
        .any(|known| known.id == vote && known.voter.id.as_ref() == Some(&voter) && known.taken_back_at.is_some());
    if is_taken_back {
        return Ok(());
    }
    let after = before.take_back(vote, &voter, now)?;
    let written =
        sqlx::query!("INSERT INTO vote_take_backs (vote_id, account_id, at) VALUES ($1, $2, $3)", vote, account, now,)
            .execute(write.connection())
            .await?;
    stored::expect_rows(written.rows_affected(), 1)?;
    let cause = format!("{} took their approval back", write.person().name);
    locked.take_up(&after, now);
    if let Some(reason) = lapsed(&before, &after, &cause, now) {
        locked.change.reason = Some(reason);
    }
    locked.decide(&mut write, AuditAction::VoteTakenBack, &after.plan, &material).await?;
    let did = ChangeAct::VoteTakenBack { vote, shift: Shift { from: before.state, to: locked.change.state } };
    write.commit(Act::Change { change: id, did }).await
}
