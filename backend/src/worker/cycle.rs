//! One loop of a worker: claim, carry out, record, settle, wait.

use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::watch;

use super::approved::LookedAt;
use super::claim::{Claim, Ending};
use super::executors::{Executor, StepError, StepLog};
use super::{settle, stopped};
use crate::ctx::{self, Backend};
use crate::error::Error;
use crate::runs;
use crate::trouble::Trouble;

/// What a large run leads to is worked out at its end, which may take its time.
const SETTLES_WITHIN: Duration = Duration::from_secs(120);
/// Longest pause after errors that go on.
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);

/// One loop; each has an owner's name of its own, made anew at each start.
pub(super) struct Worker {
    pub(super) backend: Backend,
    pub(super) owner: String,
    pub(super) lease: Duration,
    /// The run that had the last step of this loop.
    pub(super) after: i64,
    pub(super) poll: Duration,
    pub(super) executor: Arc<dyn Executor>,
    /// Runs that this process knows to be as they were approved.
    pub(super) looked_at: Arc<LookedAt>,
    pub(super) work: watch::Receiver<()>,
    pub(super) shutdown: watch::Receiver<bool>,
}

/// What became of the work on a claimed step.
enum Done {
    Ended(Result<(), StepError>),
    /// The worker has to stop.
    Stopped,
}

impl Worker {
    /// Works until it has to stop.
    pub(super) async fn work(mut self) {
        let mut trouble = Trouble::of(self.backend.loops(), "worker: carrying out");
        // A step that had to be dropped while the database was away; given back when it answers.
        let mut dropped = None;
        while !self.has_to_stop() {
            let outcome = self.once(&mut dropped).await;
            let pause = match outcome {
                Ok(ControlFlow::Continue(())) => {
                    trouble.passed();
                    continue;
                }
                Ok(ControlFlow::Break(())) => {
                    trouble.passed();
                    self.poll
                }
                Err(error) => {
                    trouble.failed(&error);
                    pause_after(trouble.failures())
                }
            };
            let is_idle = trouble.failures() == 0;
            let (work, shutdown) = (&mut self.work, &mut self.shutdown);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                told = work.changed(), if is_idle => if told.is_err() { tokio::time::sleep(pause).await },
                () = stopped(shutdown) => break,
            }
        }
    }

    /// Nobody left who could say so means the same.
    fn has_to_stop(&self) -> bool {
        *self.shutdown.borrow() || self.shutdown.has_changed().is_err()
    }

    /// Does the next piece of work; breaks where there is none.
    async fn once(&mut self, dropped: &mut Option<Claim>) -> Result<ControlFlow<()>, Error> {
        // What is told from here on is looked at in the next turn.
        self.work.mark_unchanged();
        if let Some(claim) = dropped.as_ref() {
            ctx::statement(claim.release(&self.backend)).await?;
            *dropped = None;
        }
        // One place of a process looks after that at a time: what a large run leads to is not worked out by all of them. Whoever
        // comes meanwhile has steps to carry out, and is woken by whatever ends.
        let settled = match self.looked_at.settling() {
            Some(_one) => {
                ctx::within(SETTLES_WITHIN, settle::settle_ended(&self.backend)).await?
                    | ctx::within(SETTLES_WITHIN, runs::start_due(&self.backend)).await?
            }
            None => false,
        };
        let next = Claim::next(&self.backend, &self.owner, self.lease, self.after);
        let Some(claim) = ctx::statement(next).await? else {
            return Ok(if settled { ControlFlow::Continue(()) } else { ControlFlow::Break(()) });
        };
        self.after = claim.run;
        match self.carry_out(&claim).await {
            Ok(()) => Ok(ControlFlow::Continue(())),
            Err(error) => {
                *dropped = Some(claim);
                Err(error)
            }
        }
    }

    #[tracing::instrument(name = "run_carry_out_step", skip_all, fields(run = claim.run, step = claim.step_id, attempt = claim.attempt))]
    async fn carry_out(&mut self, claim: &Claim) -> Result<(), Error> {
        ctx::statement(claim.tell(&self.backend)).await?;
        let ended = match self.execute(claim).await? {
            Done::Stopped => return ctx::statement(claim.release(&self.backend)).await,
            Done::Ended(ended) => ended,
        };
        let recorded = match ended {
            Ok(()) if claim.is_manual() => ctx::statement(claim.finish(&self.backend, Ending::Waiting)).await?,
            Ok(()) => ctx::statement(claim.finish(&self.backend, Ending::Succeeded)).await?,
            Err(StepError::Failed(why)) => {
                tracing::warn!("the step failed: {why}");
                ctx::statement(claim.finish(&self.backend, Ending::Failed(&why))).await?
            }
            Err(StepError::LeaseLost) => false,
            Err(StepError::Backend(error)) => return Err(error),
        };
        if recorded {
            tracing::info!("the step has ended");
        } else {
            tracing::warn!("another worker took the step over; nothing is recorded here");
        }
        Ok(())
    }

    /// Runs the executor beside the renewal of the lease.
    async fn execute(&mut self, claim: &Claim) -> Result<Done, Error> {
        let step = match &claim.step {
            Ok(step) => step,
            Err(error) => {
                let why = format!("This version of Strata cannot read the step: {error}");
                return Ok(Done::Ended(Err(StepError::Failed(why))));
            }
        };
        let log = StepLog { backend: &self.backend, claim };
        let work = async {
            let looked = ctx::within(SETTLES_WITHIN, self.looked_at.refuse(&self.backend, claim.run));
            if let Some(told) = looked.await? {
                return Err(StepError::Failed(format!("{told} Nothing of this step was carried out.")));
            }
            if claim.attempt > 1 {
                log.line(&format!("Attempt {}: the one before did not end.", claim.attempt)).await?;
            }
            if claim.is_manual() {
                return log.line("Waits for a person to go through the checklist.").await;
            }
            let catalogue = ctx::statement(claim.catalogue(&self.backend)).await?;
            // A panic fails the step and spares the worker.
            AssertUnwindSafe(self.executor.execute(step, &catalogue, &log)).catch_unwind().await.unwrap_or_else(|_| {
                Err(StepError::Failed("Strata itself broke in this step; the server's log has more.".to_owned()))
            })
        };
        tokio::pin!(work);
        let mut renewal = tokio::time::interval(self.lease / 3);
        renewal.tick().await;
        loop {
            tokio::select! {
                ended = &mut work => return Ok(Done::Ended(ended)),
                _ = renewal.tick() => {
                    // One that takes longer comes too late; the step does not go on meanwhile.
                    if !ctx::within(self.lease / 3, claim.renew(&self.backend, self.lease)).await? {
                        return Ok(Done::Ended(Err(StepError::LeaseLost)));
                    }
                }
                () = stopped(&mut self.shutdown) => return Ok(Done::Stopped),
            }
        }
    }
}

/// How long to wait after so many failures on end.
fn pause_after(failures: u32) -> Duration {
    Duration::from_millis(250).saturating_mul(1 << failures.min(10)).min(LONGEST_BACKOFF)
}
