//! Walks the checks of each step and touches no machine.

use std::time::Duration;

use async_trait::async_trait;
use strata_domain::catalogue::Catalogue;
use strata_domain::plan::Step;
use strata_domain::run::dry_run_log;

use super::{Executor, StepError, StepLog};

/// The executor that only says what would be done.
#[derive(Clone, Debug)]
pub struct DryRun {
    line_pause: Duration,
}

impl DryRun {
    /// With that pause before each line.
    pub const fn new(line_pause: Duration) -> Self {
        Self { line_pause }
    }
}

#[async_trait]
impl Executor for DryRun {
    async fn execute(&self, step: &Step, catalogue: &Catalogue, log: &StepLog<'_>) -> Result<(), StepError> {
        for line in dry_run_log(step, catalogue) {
            tokio::time::sleep(self.line_pause).await;
            log.line(&line).await?;
        }
        Ok(())
    }
}
