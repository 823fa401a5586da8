//! A claimed step: every statement about it is guarded by owner and attempt, so that what another worker has taken
//! over is not written twice.

use std::time::Duration;

use sqlx::postgres::types::PgInterval;
use strata_domain::catalogue::Catalogue;
use strata_domain::news::News;
use strata_domain::plan::{Step, StepKind};

use crate::ctx::Backend;
use crate::error::Error;
use crate::news;
use crate::runs::catalogue_of;
use crate::work;

/// A step that this worker holds.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) run: i64,
    pub(super) step_id: String,
    pub(super) attempt: i32,
    /// The plan's step; an error where this version of Strata cannot read it.
    pub(super) step: Result<Step, String>,
    environment: String,
    owner: String,
}

/// How a step ended.
pub(super) enum Ending<'a> {
    Succeeded,
    Waiting,
    Failed(&'a str),
}

impl Claim {
    /// Claims the next step that can be worked on: its dependencies have succeeded, or its lease has run out.
    /// The database's clock decides about leases, because the workers' clocks may differ. Runs share the places of all workers:
    /// one of which fewer steps are under way comes first, and among those they take turns, `after` the one that had the last.
    /// So a run of many steps keeps none of another environment waiting.
    pub(super) async fn next(
        backend: &Backend,
        owner: &str,
        lease: Duration,
        after: i64,
    ) -> Result<Option<Self>, Error> {
        // Queued runs begin first, in a statement of their own: claims then hold the run in share only, so that
        // several at once never wait for each other; a run that is being settled is skipped.
        sqlx::query!("UPDATE runs SET state = 'running', started_at = now() WHERE state = 'queued'")
            .execute(backend.machinery())
            .await?;
        let row = sqlx::query!(
            r#"UPDATE run_steps t
               SET state = 'running', attempts = t.attempts + 1, lease_owner = $1, lease_until = now() + $2,
                   started_at = now()
               FROM (SELECT r.id AS run_id, first.step_id, e.slug
                     FROM runs r
                     JOIN environments e ON e.id = r.environment_id
                     CROSS JOIN LATERAL (
                         SELECT s.step_id FROM run_steps s
                         WHERE s.run_id = r.id AND s.state IN ('pending', 'running')
                           AND (s.state = 'running' AND s.lease_until < now()
                                OR s.state = 'pending'
                                   AND NOT EXISTS (SELECT FROM run_steps f WHERE f.run_id = r.id AND f.state = 'failed')
                                   AND NOT EXISTS (
                                       SELECT FROM unnest(s.depends_on) AS before
                                       JOIN run_steps d ON d.run_id = s.run_id AND d.step_id = before
                                       WHERE d.state <> 'succeeded'))
                         ORDER BY s.position LIMIT 1
                         FOR UPDATE OF s SKIP LOCKED) first
                     WHERE r.state = 'running'
                     ORDER BY (SELECT count(*) FROM run_steps k
                               WHERE k.run_id = r.id AND k.state = 'running' AND k.lease_until >= now()),
                              r.id <= $3, r.id
                     LIMIT 1
                     FOR SHARE OF r SKIP LOCKED) next
               WHERE t.run_id = next.run_id AND t.step_id = next.step_id
               RETURNING t.run_id, t.step_id, t.attempts, t.plan_step, next.slug"#,
            owner,
            interval(lease)?,
            after,
        )
        .fetch_optional(backend.machinery())
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Self {
            run: row.run_id,
            step_id: row.step_id,
            attempt: row.attempts,
            step: serde_json::from_value(row.plan_step).map_err(|error| error.to_string()),
            environment: row.slug,
            owner: owner.to_owned(),
        }))
    }

    /// Whether a person has to carry it out.
    pub(super) fn is_manual(&self) -> bool {
        self.step.as_ref().is_ok_and(|step| step.kind == StepKind::Manual)
    }

    /// The catalogue that the run's plan was made with.
    pub(super) async fn catalogue(&self, backend: &Backend) -> Result<Catalogue, Error> {
        let mut connection = backend.machinery().acquire().await?;
        catalogue_of(&mut connection, self.run).await
    }

    /// Stores a log line; false where the lease is lost.
    pub(super) async fn log(&self, backend: &Backend, text: &str) -> Result<bool, Error> {
        let line = sqlx::query!(
            r#"WITH counter AS (
                   UPDATE run_log_counters SET lines = lines + 1
                   WHERE run_id = $1 AND EXISTS (
                       SELECT FROM run_steps WHERE run_id = $1 AND step_id = $2 AND state = 'running'
                                               AND lease_owner = $3 AND attempts = $4)
                   RETURNING lines
               ), line AS (
                   INSERT INTO run_log (run_id, sequence, step_id, at, text)
                   SELECT $1, lines, $2, clock_timestamp(), $5 FROM counter RETURNING sequence
               )
               SELECT pg_notify($6, $7) AS told FROM line"#,
            self.run,
            self.step_id,
            self.owner,
            self.attempt,
            text,
            news::CHANNEL,
            news::written(&self.news())?,
        )
        .fetch_optional(backend.machinery())
        .await?;
        Ok(line.is_some())
    }

    /// Makes the lease last as long again from now on; false where it is lost.
    pub(super) async fn renew(&self, backend: &Backend, lease: Duration) -> Result<bool, Error> {
        let written = sqlx::query!(
            "UPDATE run_steps SET lease_until = now() + $5
             WHERE run_id = $1 AND step_id = $2 AND state = 'running' AND lease_owner = $3 AND attempts = $4",
            self.run,
            self.step_id,
            self.owner,
            self.attempt,
            interval(lease)?,
        )
        .execute(backend.machinery())
        .await?;
        Ok(written.rows_affected() == 1)
    }

    /// Gives the step back, so that it can be claimed at once; nothing where the lease is lost.
    pub(super) async fn release(&self, backend: &Backend) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE run_steps SET state = 'pending', lease_owner = NULL, lease_until = NULL
             WHERE run_id = $1 AND step_id = $2 AND state = 'running' AND lease_owner = $3 AND attempts = $4",
            self.run,
            self.step_id,
            self.owner,
            self.attempt,
        )
        .execute(backend.machinery())
        .await?;
        self.tell(backend).await
    }

    /// Records how the step ended, once; false where the lease is lost.
    pub(super) async fn finish(&self, backend: &Backend, ending: Ending<'_>) -> Result<bool, Error> {
        let (state, outcome) = match ending {
            Ending::Succeeded => ("succeeded", None),
            Ending::Waiting => ("waiting", None),
            Ending::Failed(why) => ("failed", Some(why)),
        };
        let mut transaction = backend.begin().await?;
        // Claims of this run wait out: after a failure none begins another step.
        sqlx::query!("SELECT id FROM runs WHERE id = $1 FOR NO KEY UPDATE", self.run)
            .fetch_one(&mut *transaction)
            .await?;
        let written = sqlx::query!(
            "UPDATE run_steps
             SET state = $5, outcome = $6, lease_owner = NULL, lease_until = NULL,
                 finished_at = CASE WHEN $5 = 'waiting' THEN NULL ELSE now() END
             WHERE run_id = $1 AND step_id = $2 AND state = 'running' AND lease_owner = $3 AND attempts = $4",
            self.run,
            self.step_id,
            self.owner,
            self.attempt,
            state,
            outcome,
        )
        .execute(&mut *transaction)
        .await?;
        if written.rows_affected() == 0 {
            return Ok(false);
        }
        work::announce(&mut transaction).await?;
        news::tell(&mut transaction, &self.news()).await?;
        transaction.commit().await?;
        Ok(true)
    }

    fn news(&self) -> News {
        News::Run { environment: self.environment.clone(), id: self.run }
    }

    /// Tells whoever watches that the step moved.
    pub(super) async fn tell(&self, backend: &Backend) -> Result<(), Error> {
        let mut connection = backend.machinery().acquire().await?;
        news::tell(&mut connection, &self.news()).await
    }
}

fn interval(duration: Duration) -> Result<PgInterval, Error> {
    PgInterval::try_from(duration).map_err(Error::unexpected)
}
