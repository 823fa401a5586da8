//! Who carries steps out.

mod dry_run;

use async_trait::async_trait;
use strata_domain::catalogue::Catalogue;
use strata_domain::plan::Step;

use super::claim::Claim;
use crate::ctx::{self, Backend};
use crate::error::Error;

pub use dry_run::DryRun;

/// Carries out one step after the other. A step may be begun again after a worker died in it: it has to be safe to
/// repeat.
#[async_trait]
pub trait Executor: Send + Sync + std::fmt::Debug {
    /// Carries out one step of a plan that was made with that catalogue, telling the log what it does. May be dropped at
    /// any await.
    ///
    /// # Errors
    /// [`StepError::Failed`] with what to tell people; the rest comes from the log and is passed on.
    async fn execute(&self, step: &Step, catalogue: &Catalogue, log: &StepLog<'_>) -> Result<(), StepError>;
}

/// Why a step did not end well.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// The step itself failed, and the run with it.
    #[error("{0}")]
    Failed(String),
    /// Another worker has taken the step over: this one has no more say in it.
    #[error("the lease was lost")]
    LeaseLost,
    /// The database could not be reached or refused; the step is tried again.
    #[error(transparent)]
    Backend(#[from] Error),
}

/// The log of a step under way.
#[derive(Clone, Copy, Debug)]
pub struct StepLog<'a> {
    pub(super) backend: &'a Backend,
    pub(super) claim: &'a Claim,
}

impl StepLog<'_> {
    /// Stores one line and tells whoever watches.
    ///
    /// # Errors
    /// [`StepError::LeaseLost`], [`StepError::Backend`].
    pub async fn line(&self, text: &str) -> Result<(), StepError> {
        if ctx::statement(self.claim.log(self.backend, text)).await? { Ok(()) } else { Err(StepError::LeaseLost) }
    }
}
