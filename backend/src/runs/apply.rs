//! An approved change becomes a run: at once, or when the environment opens.

use chrono::{DateTime, Utc};
use strata_domain::act::{Act, ChangeAct};
use strata_domain::audit::AuditAction;
use strata_domain::authz::Permission;
use strata_domain::change::{ApplyAsked, ChangeState};
use strata_domain::review::{Review, Start};
use strata_domain::schedule::{self, Reason, Verdict};

use super::ready::{How, Ready};
use crate::ctx::{Actor, Backend, Scope};
use crate::error::Error;
use crate::heavy;
use crate::schedule::entries_of;

/// What came of an apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The run of that id has started.
    Started {
        /// The run.
        run: i64,
    },
    /// A freeze is on, or no window: it starts by itself when that is over.
    Waits {
        /// The first moment at which it may start, as the schedule is now; none where there is none within two years.
        until: Option<DateTime<Utc>>,
    },
}

/// Starts the run of an approved change. The edits are carried to the live revision and the plan is made once more, under
/// a lock on the environment; it has to be the one that was approved. While the environment is closed by a freeze, or for
/// want of a window, the change waits, and the worker starts it when it opens.
///
/// # Errors
/// [`Error::Refused`] while another run is under way, where an edit does not carry over, or where the approval does not
/// hold for the plan or has expired: then the change is in review again, and that is stored. [`Error::Conflict`] where
/// somebody else came first. Repeated by the same person, it gives the same run, or waits as before.
#[tracing::instrument(skip_all, fields(%id, %version))]
pub async fn change_apply(backend: &Backend, actor: &Actor, id: i64, version: i64) -> Result<Applied, Error> {
    heavy::act(actor, || apply(backend, actor, id, version)).await
}

async fn apply(backend: &Backend, actor: &Actor, id: i64, version: i64) -> Result<Applied, Error> {
    let write = backend.authorise_write(actor, Permission::ApplyChange, Scope::Change(id)).await?;
    let mut ready = Ready::take(write, id).await?;
    if let Some(run) = ready.run_of_asker().await? {
        return Ok(Applied::Started { run });
    }
    if !is_asked_by_same(&ready) {
        ready.locked.at_version(version, &ready.write)?;
    }
    go_on(ready).await
}

/// Applies what the locks are held on: starts it, or has it wait.
pub(super) async fn go_on(mut ready: Ready) -> Result<Applied, Error> {
    let now = ready.now();
    let under = ready.review().await?;
    under.review.may_apply(now)?;
    let entries = entries_of(ready.write.connection(), ready.environment_id).await?;
    // By the database's clock alone: that of the change can be ahead of it.
    let verdict = schedule::verdict(&entries, ready.write.at());
    if verdict == Verdict::Open {
        ready.refuse_beside_another().await?;
    }
    let on_live = ready.on_live(under.terms).await?;
    let (planned, plan) = on_live.planned();
    let review = match under.review.apply(planned, now)? {
        Start::Starts { review } => review,
        Start::Back { review, why } => return Err(ready.back_to_review(&on_live, &review, &why).await?),
    };
    match verdict {
        Verdict::Open => {
            let waited_since = ready.locked.change.apply_asked.as_ref().map(|asked| asked.at);
            let run = ready.start(&on_live, &review, &plan, How { waited_since, broken: None }).await?;
            Ok(Applied::Started { run })
        }
        Verdict::Waits { until, because } => {
            if !is_asked_by_same(&ready) {
                wait(ready, &under.review, until, &because).await?;
            }
            Ok(Applied::Waits { until })
        }
    }
}

/// Whether the apply waits already, and this person asked for it: a request that comes twice.
fn is_asked_by_same(ready: &Ready) -> bool {
    ready.locked.change.apply_asked.as_ref().is_some_and(|asked| asked.by == *ready.write.person())
}

/// Stores that the change is to start when its environment opens; `stored` is its review as it was stored.
async fn wait(ready: Ready, stored: &Review, until: Option<DateTime<Utc>>, because: &[Reason]) -> Result<(), Error> {
    let now = ready.now();
    let Ready { mut write, mut locked, .. } = ready;
    let id = locked.change.id;
    if let Some(asked) = &locked.change.apply_asked {
        return Err(Error::not_now(format!("It waits to be started already; {} applied it.", asked.by.name)));
    }
    // Who voted may be who may again since it was looked at last: what is approved by looking anew is stored as that.
    let present = stored.as_of(now);
    if present.state == ChangeState::Approved {
        locked.take_up(&present, now);
    }
    // Why an earlier one did not start is no longer what there is to say.
    locked.change.reason = None;
    locked.change.apply_asked = Some(ApplyAsked { by: write.person().clone(), at: now });
    locked.save(&mut write, AuditAction::ApplyAsked).await?;
    let because = because.iter().map(|reason| reason.name.clone()).collect();
    write.commit(Act::Change { change: id, did: ChangeAct::ApplyAsked { until, because } }).await
}

/// Calls an apply off that waits for its environment to open; the change stays approved. Repeated, it is met already.
///
/// # Errors
/// [`Error::Refused`] for who may not apply; [`Error::Conflict`] where somebody else came first, or it has started.
#[tracing::instrument(skip_all, fields(%id, %version))]
pub async fn apply_call_off(backend: &Backend, actor: &Actor, id: i64, version: i64) -> Result<(), Error> {
    let write = backend.authorise_write(actor, Permission::ApplyChange, Scope::Change(id)).await?;
    let ready = Ready::take(write, id).await?;
    if ready.locked.was_done_by(ready.write.person(), AuditAction::ApplyCalledOff) {
        return Ok(());
    }
    ready.locked.at_version(version, &ready.write)?;
    called_off(ready, None).await
}

/// Stores that the apply waits no longer; where it is not a person's wish, `why` is told with the change.
pub(super) async fn called_off(ready: Ready, why: Option<&str>) -> Result<(), Error> {
    let Ready { mut write, mut locked, .. } = ready;
    let id = locked.change.id;
    let Some(asked) = locked.change.apply_asked.take() else {
        return if why.is_some() { Ok(()) } else { Err(Error::not_now("It does not wait to be started.")) };
    };
    if let Some(why) = why {
        locked.change.reason = Some(format!("It was to start by itself, and did not. {why}"));
    }
    locked.save(&mut write, AuditAction::ApplyCalledOff).await?;
    let did = ChangeAct::CalledOff { why: why.map(str::to_owned), asked };
    write.commit(Act::Change { change: id, did }).await
}
