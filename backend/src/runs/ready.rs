//! A change about to be applied, under every lock that this takes.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use strata_domain::act::{Act, Broken, ChangeAct, RunAct, Shift};
use strata_domain::findings::RuleId;
use strata_domain::plan::{self, Plan};
use strata_domain::review::{Planned, Review};
use strata_domain::run::{ExecutorKind, Run, RunState};

use super::rows;
use crate::approvals::{Terms, UnderReview};
use crate::catalogues::version_now;
use crate::changes::{self, Carried, Locked, Material};
use crate::ctx::Write;
use crate::error::Error;
use crate::heavy;
use crate::policies::lifetime_stored;
use crate::stored;
use crate::work;

/// A change that nobody else can apply or move, in an environment that nobody else can apply to.
pub(super) struct Ready {
    pub(super) write: Write,
    pub(super) locked: Locked,
    pub(super) environment_id: i64,
    /// The live revision.
    live: i64,
}

/// What a change that is applied becomes on the live revision.
pub(super) struct OnLive {
    carried: Carried,
    pub(super) terms: Terms,
}

/// How a change comes to be applied.
pub(super) struct How {
    /// Since when the apply had waited.
    pub(super) waited_since: Option<DateTime<Utc>>,
    /// What is said of it where it is without approval.
    pub(super) broken: Option<Broken>,
}

impl Ready {
    /// Takes the locks, environment before change, as everybody does: the second of two applies waits here and then sees
    /// the first one's run.
    pub(super) async fn take(mut write: Write, id: i64) -> Result<Self, Error> {
        let environment_id = write.lock_environment().await?;
        let live = sqlx::query_scalar!("SELECT live_revision FROM environments WHERE id = $1", environment_id)
            .fetch_one(write.connection())
            .await?;
        let locked = Locked::take(&mut write, id).await?;
        let live = live.unwrap_or(locked.change.base);
        Ok(Self { write, locked, environment_id, live })
    }

    /// The time of the act.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.locked.now(&self.write)
    }

    /// The run that this person has started of it already: a request that comes twice.
    pub(super) async fn run_of_asker(&mut self) -> Result<Option<i64>, Error> {
        let earlier = rows::runs_of_change(self.write.connection(), self.locked.change.id).await?;
        Ok(earlier.first().filter(|run| run.requested_by == *self.write.person()).map(|run| run.id))
    }

    /// The run that is under way in the environment.
    pub(super) async fn under_way(&mut self) -> Result<Option<Run>, Error> {
        let which = rows::Which { environment_id: Some(self.environment_id), limit: 10, ..rows::Which::default() };
        let runs = rows::runs(self.write.connection(), which).await?;
        Ok(runs.into_iter().find(|run| matches!(run.state, RunState::Queued | RunState::Running)))
    }

    /// One run at a time in an environment; the refusal says which one, whose, and where it is.
    pub(super) async fn refuse_beside_another(&mut self) -> Result<(), Error> {
        let Some(run) = self.under_way().await? else { return Ok(()) };
        Err(Error::not_now(format!(
            "Run {} (“{}”, applied by {}) is provisioning; apply again when it has ended.",
            run.id, run.title, run.requested_by.name
        )))
    }

    /// Its review as it is stored.
    pub(super) async fn review(&mut self) -> Result<UnderReview, Error> {
        let own = Material::load(&mut self.write.source(), self.environment_id, &self.locked.change).await?;
        self.locked.review(&mut self.write, &own).await
    }

    /// Its edits carried to the live revision, read under the catalogue of now.
    pub(super) async fn on_live(&mut self, terms: Terms) -> Result<OnLive, Error> {
        let Self { write, locked, environment_id, live } = self;
        locked.change.catalogue = version_now(write.connection(), *environment_id).await?;
        let carried =
            Carried::to(&mut write.source(), *environment_id, &locked.change, *live, &BTreeMap::new()).await?;
        if let Some(conflict) = carried.conflicts.first() {
            return Err(Error::not_now(format!(
                "Revision {live} is live since, and not every edit carries over. {} Nothing was started. Rebase the \
                 change and decide what becomes of it, or withdraw it.",
                changes::conflict_text(conflict)
            )));
        }
        Ok(OnLive { carried, terms })
    }

    /// Stores the run of that plan, and the change as `review` says.
    pub(super) async fn start(
        mut self,
        on_live: &OnLive,
        review: &Review,
        plan: &Plan,
        how: How,
    ) -> Result<i64, Error> {
        let (now, id, before) = (self.now(), self.locked.change.id, self.locked.change.state);
        let run = self.run_add(on_live, review, plan, now).await?;
        let Self { mut write, mut locked, live, .. } = self;
        on_live.carried.store(&mut write, &mut locked).await?;
        locked.take_up(review, now);
        locked.change.reason = None;
        let How { waited_since, broken } = how;
        let (digest, steps) = (plan.digest, plan.steps.len());
        let did = RunAct::Started { from: before, live, digest, steps, waited_since, broken };
        locked.decide(&mut write, did.action(), &review.plan, &on_live.carried.material).await?;
        work::announce(write.connection()).await?;
        write.commit(Act::Run { run, change: id, did }).await?;
        Ok(run)
    }

    /// Stores that the change has to be reviewed again, and gives the refusal that says why.
    pub(super) async fn back_to_review(self, on_live: &OnLive, review: &Review, why: &str) -> Result<Error, Error> {
        let now = self.now();
        let Self { mut write, mut locked, live, .. } = self;
        let (before, old_base, id) = (locked.change.state, locked.change.base, locked.change.id);
        // The worker found it: who applied has gone on to other things, and is told.
        let asked = locked.change.apply_asked.take();
        let reason = if old_base == live { why.to_owned() } else { format!("Revision {live} is live since. {why}") };
        on_live.carried.store(&mut write, &mut locked).await?;
        locked.take_up(review, now);
        locked.change.reason = Some(reason.clone());
        let did = ChangeAct::Lapsed {
            reason: reason.clone(),
            from: old_base,
            to: live,
            digest: review.plan.digest,
            asked,
            shift: Shift { from: before, to: locked.change.state },
        };
        locked.save(&mut write, did.action()).await?;
        write.commit(Act::Change { change: id, did }).await?;
        Ok(Error::not_now(reason))
    }

    /// Adds the run and its steps: from here on the worker finds them.
    async fn run_add(
        &mut self,
        on_live: &OnLive,
        review: &Review,
        plan: &Plan,
        at: DateTime<Utc>,
    ) -> Result<i64, Error> {
        let Self { write, locked, environment_id, live } = self;
        let OnLive { carried, terms } = on_live;
        let (requester, name) = (write.account_id()?, write.person().name.clone());
        let run = sqlx::query_scalar!(
            "INSERT INTO runs (environment_id, change_id, executor, digest, catalogue_version, base_revision, desired,
                               requested_by, requested_by_name, requested_at, policy_version, approval_hours,
                               voters, plan_encoding, rule_level_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
                     (SELECT coalesce(max(h.id), 0) FROM rule_level_history h WHERE h.environment_id = $1))
             RETURNING id",
            *environment_id,
            locked.change.id,
            ExecutorKind::DryRun.as_str(),
            &plan.digest.0,
            stored::of_version(carried.material.base.catalogue.version)?,
            *live,
            Json(&*carried.material.desired.topology) as _,
            requester,
            name,
            at,
            stored::of_version(terms.policy.version)?,
            lifetime_stored(terms.expires_after)?,
            Json(&review.voters) as _,
            plan::ENCODING,
        )
        .fetch_one(write.connection())
        .await?;
        let written = sqlx::query!(
            "INSERT INTO run_steps (run_id, step_id, position, depends_on, plan_step)
             SELECT $1, s.step ->> 'id', s.place, ARRAY(SELECT jsonb_array_elements_text(s.step -> 'depends_on')), s.step
             FROM jsonb_array_elements($2) WITH ORDINALITY AS s (step, place)",
            run,
            Json(&plan.steps) as _,
        )
        .execute(write.connection())
        .await?;
        stored::expect_rows(written.rows_affected(), u64::try_from(plan.steps.len()).map_err(Error::unexpected)?)?;
        sqlx::query!("INSERT INTO run_log_counters (run_id) VALUES ($1)", run).execute(write.connection()).await?;
        Ok(run)
    }
}

impl OnLive {
    /// The plan there, and what is asked for it.
    pub(super) fn planned(&self) -> (Planned, Plan) {
        self.terms.planned(&self.carried.material)
    }

    /// The rules that find a blocker by default in what would become live.
    ///
    /// # Errors
    /// [`Error::Busy`] where there is no room for the work now.
    pub(super) async fn blockers_by_default(&self) -> Result<Vec<RuleId>, Error> {
        let desired = Arc::clone(&self.carried.material.desired);
        heavy::in_act(heavy::parts_of(&desired.topology), move || desired.blockers_by_default().to_vec()).await
    }
}
