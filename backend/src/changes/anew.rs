//! Changes under review, while what decides about them moves.

use strata_domain::act::{Act, Anew, ChangeAct, Shift};
use strata_domain::audit::AuditAction;
use strata_domain::change::ChangeState;
use strata_domain::review::missing_text;

use super::{Locked, Material};
use crate::ctx::Write;
use crate::error::Error;

/// Asks every change under review of the environment anew, and stores what becomes of it: under another policy or another
/// catalogue, votes can be enough or be so no longer. `cause` begins the sentence that those in review again carry.
///
/// The caller holds the lock on the environment.
pub(crate) async fn ask_anew(write: &mut Write, action: AuditAction, cause: &str) -> Result<Anew, Error> {
    let environment_id = write.place()?.id;
    let open = under_review(write).await?;
    let mut moved = Anew::default();
    // Whoever looks at one is told in any case: what is asked of it may be other than on their page.
    write.reach(open.iter().copied())?;
    for id in open {
        let mut locked = Locked::take(write, id).await?;
        let material = Material::load(&mut write.source(), environment_id, &locked.change).await?;
        let stored = locked.review(write, &material).await?.review;
        let now = locked.now(write);
        let review = stored.as_of(now);
        let (before, asked_before) = (locked.approval, locked.asked());
        // An approval that is over by itself fell to nothing that was done now.
        let was = if before.until.is_some_and(|until| until <= now) { review.state } else { stored.state };
        locked.take_up(&review, now);
        if was == review.state && locked.approval == before && asked_before.as_ref() == Some(&review.plan.asked) {
            locked.save_planned(write).await?;
            continue;
        }
        let mut reason = None;
        match (was, review.state) {
            (ChangeState::Approved, ChangeState::InReview) => {
                let missing = missing_text(&review.missing(now));
                reason = Some(format!("{cause}. It is in review again, with {missing}."));
                locked.change.reason.clone_from(&reason);
                moved.in_review_again.push(id);
            }
            (ChangeState::InReview, ChangeState::Approved) => moved.approved.push(id),
            _ => {}
        }
        // The database holds a run against what was ever asked for.
        locked.decide(write, action, &review.plan, &material).await?;
        let shift = Shift { from: stored.state, to: review.state };
        let did = ChangeAct::Asked { by: action, reason, shift };
        write.also(&Act::Change { change: id, did }).await?;
    }
    Ok(moved)
}

/// Sends every change under review of the environment back to its authors, and tells them the cause: what was loosened serves
/// only what is submitted after it.
///
/// The caller holds the lock on the environment.
pub(crate) async fn send_home(write: &mut Write, cause: &str) -> Result<(), Error> {
    let environment_id = write.place()?.id;
    let open = under_review(write).await?;
    for id in open {
        let mut locked = Locked::take(write, id).await?;
        let material = Material::load(&mut write.source(), environment_id, &locked.change).await?;
        let stored = locked.review(write, &material).await?.review;
        let now = locked.now(write);
        locked.take_up(&stored.as_of(now).returned()?, now);
        locked.change.reason = Some(cause.to_owned());
        let shift = Shift { from: stored.state, to: locked.change.state };
        let did = ChangeAct::SentHome { cause: cause.to_owned(), shift };
        locked.save(write, did.action()).await?;
        write.also(&Act::Change { change: id, did }).await?;
    }
    Ok(())
}

/// The changes under review of the environment. Locked before they are read: a vote that is being given is waited for, and
/// one given later sees what moved.
async fn under_review(write: &mut Write) -> Result<Vec<i64>, Error> {
    let environment_id = write.place()?.id;
    let open = sqlx::query_scalar!(
        "SELECT id FROM changes WHERE environment_id = $1 AND state IN ('in-review', 'approved')
         ORDER BY id FOR NO KEY UPDATE",
        environment_id,
    )
    .fetch_all(write.connection())
    .await?;
    Ok(open)
}
