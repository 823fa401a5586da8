//! Whether what a run is made of is what was approved: asked before anything of it is carried out, and when it ends.
//!
//! Rows of a run and of its steps are never altered, so a process asks once before it begins with a run. Told from the steps as
//! they are stored: a version of Strata that plans otherwise by now ends what an older one began.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use strata_domain::catalogue::Catalogue;
use strata_domain::digest::Digest;
use strata_domain::plan::{self, Plan, Step, Stored};
use strata_domain::policy::size_of;
use strata_domain::review::missing_text;
use strata_domain::topology::Topology;
use strata_domain::words::counted;
use tokio::sync::OwnedMutexGuard;

use crate::approvals::missing_of_run;
use crate::catalogues::catalogue_at;
use crate::changes::{Material, Stored as StoredChange, changes_of};
use crate::ctx::{self, Actor, Backend, Source};
use crate::environments::{Content, topology_of};
use crate::error::Error;
use crate::heavy;
use crate::schedule::was_closed;
use crate::stored;

/// Runs that a process remembers; more than are under way at once.
const REMEMBERED: usize = 1_000;

/// What a run that is as it was approved leads to.
pub(super) struct Outcome {
    /// What is to become live; the row of the run has the topology.
    pub(super) content: Content,
    /// How many steps lead there.
    pub(super) steps: usize,
}

/// What policies judge the run by.
struct Judged {
    plan: Plan,
    nodes: usize,
    catalogue: Catalogue,
}

/// The runs that this process has looked at, and found as they were approved.
#[derive(Debug, Default)]
pub(super) struct LookedAt {
    runs: Mutex<BTreeSet<i64>>,
    settling: Arc<tokio::sync::Mutex<()>>,
}

impl LookedAt {
    /// Leave to end runs and to begin with those that wait; none while another place of the process has it.
    pub(super) fn settling(&self) -> Option<OwnedMutexGuard<()>> {
        Arc::clone(&self.settling).try_lock_owned().ok()
    }

    /// Why nothing of the run may be carried out; none where it is as it was approved.
    pub(super) async fn refuse(&self, backend: &Backend, run: i64) -> Result<Option<String>, Error> {
        if self.runs.lock().unwrap_or_else(PoisonError::into_inner).contains(&run) {
            return Ok(None);
        }
        if let Err(told) = outcome_of(backend, run).await? {
            tracing::error!(run, "nothing of the run is carried out: {told}");
            return Ok(Some(told));
        }
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        if runs.len() >= REMEMBERED {
            runs.clear();
        }
        runs.insert(run);
        Ok(None)
    }
}

/// A step as it is stored.
struct Row {
    step_id: String,
    position: i64,
    depends_on: Vec<String>,
    plan_step: String,
}

/// What the run leads to, or why that is not what was approved, in sentences.
pub(super) async fn outcome_of(backend: &Backend, run: i64) -> Result<Result<Outcome, String>, Error> {
    let (outcome, judged) = match readable(planned_of(backend, run).await, "What it is made of cannot be read.")? {
        Ok(planned) => planned,
        Err(told) => return Ok(Err(told)),
    };
    // What another version of Strata planned otherwise is judged by what that version found.
    let why = match judged {
        Some(judged) => refused(backend, run, &judged).await?,
        None => None,
    };
    Ok(why.map_or(Ok(outcome), Err))
}

/// Why the run was not to begin when it was asked for, by what the environment asked of its changes then; none where it was.
/// What moves later makes no difference: neither who voters are by now, nor whether something of the run is carried out.
async fn refused(backend: &Backend, run: i64, judged: &Judged) -> Result<Option<String>, Error> {
    let asked = heavy::act(&Actor::Operator, || asked_again(backend, run, judged)).await;
    let told = readable(asked.map(Ok), "What was asked of it cannot be read.")?;
    Ok(told.unwrap_or_else(Some))
}

/// What was read, or the sentence where there is nothing to be read: that is so in a minute as well, and a run that waits for it
/// would hold its environment up.
fn readable<T>(read: Result<Result<T, String>, Error>, told: &str) -> Result<Result<T, String>, Error> {
    match read {
        Err(Error::Unexpected { .. } | Error::NotFound { .. }) => Ok(Err(told.to_owned())),
        read => read,
    }
}

async fn asked_again(backend: &Backend, run: i64, judged: &Judged) -> Result<Option<String>, Error> {
    let mut connection = ctx::statement(async { Ok(backend.machinery().acquire().await?) }).await?;
    let row = sqlx::query!(
        r#"SELECT r.change_id, r.requested_at,
                  EXISTS (SELECT FROM broken_glass b WHERE b.change_id = r.change_id AND b.digest = r.digest) AS "is_forced!"
           FROM runs r WHERE r.id = $1"#,
        run,
    )
    .fetch_one(&mut *connection)
    .await?;
    let stored = changes_of(&mut connection, &[row.change_id]).await?.pop().transpose()?;
    let stored = stored.ok_or(Error::NotFound { what: "change" })?;
    let mut source = Source { connection: &mut connection, kept: backend.kept() };
    if let Some(why) = blocked(&mut source, &stored, judged, row.is_forced).await? {
        return Ok(Some(why));
    }
    if row.is_forced {
        return Ok(None);
    }
    if was_closed(&mut connection, stored.environment_id, row.requested_at).await? {
        return Ok(Some("It was begun while its environment was closed.".to_owned()));
    }
    let Judged { plan, nodes, catalogue } = judged;
    let missing = missing_of_run(&mut connection, &stored, row.requested_at, (plan, *nodes, catalogue)).await?;
    Ok((!missing.is_empty()).then(|| format!("It was begun with {}.", missing_text(&missing))))
}

/// Whether the edits of the change lead elsewhere than the run, or to a blocker: where approval was forced, to what is one by
/// default.
async fn blocked(
    source: &mut Source<'_>,
    stored: &StoredChange,
    judged: &Judged,
    is_forced: bool,
) -> Result<Option<String>, Error> {
    let material = Material::load(source, stored.environment_id, &stored.change).await?;
    if material.plan().digest != judged.plan.digest {
        return Ok(Some("It is not what the edits of its change lead to.".to_owned()));
    }
    let blockers = if is_forced { material.desired.blockers_by_default().len() } else { material.blockers() };
    Ok((blockers > 0).then(|| format!("It was begun with {}.", counted(blockers, "blocker"))))
}

/// What the run is to lead to by its own rows, where they have the digest of what was approved, and what policies judge that by:
/// nothing where this version of Strata would plan otherwise.
async fn planned_of(backend: &Backend, run: i64) -> Result<Result<(Outcome, Option<Judged>), String>, Error> {
    let mut connection = ctx::statement(async { Ok(backend.machinery().acquire().await?) }).await?;
    let row = sqlx::query!(
        r#"SELECT environment_id, digest, plan_encoding, catalogue_version, base_revision, desired::text AS "desired!"
           FROM runs WHERE id = $1"#,
        run,
    )
    .fetch_one(&mut *connection)
    .await?;
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT step_id, position, depends_on, plan_step::text AS "plan_step!"
           FROM run_steps WHERE run_id = $1 ORDER BY position"#,
        run,
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut source = Source { connection: &mut connection, kept: backend.kept() };
    let base = topology_of(&mut source, row.environment_id, row.base_revision).await?.topology;
    let version = stored::version(row.catalogue_version)?;
    let catalogue = catalogue_at(&mut connection, row.environment_id, version).await?;
    drop(connection);
    let approved: Digest = stored::digest(&row.digest)?;
    let (encoding, desired) = (row.plan_encoding, row.desired);
    let parts = heavy::parts_of(&base) + rows.len() + heavy::parts_in(desired.len());
    heavy::run(&Actor::Operator, parts, move || {
        let desired: Topology = match serde_json::from_str(&desired) {
            Ok(desired) => desired,
            Err(error) => return Err(format!("What is to become live cannot be read: {error}.")),
        };
        let steps = steps_of(rows)?;
        let count = steps.len();
        let stored = Stored { encoding, base: Topology::clone(&base), steps, desired };
        stored.check(approved, &catalogue).map_err(|why| why.to_string())?;
        let plan = plan::plan(&stored.base, &stored.desired, &catalogue);
        let nodes = size_of(&stored.base, &stored.desired);
        let content = Content::of_run(&stored.desired);
        let judged = (plan.digest == approved).then_some(Judged { plan, nodes, catalogue });
        Ok((Outcome { content, steps: count }, judged))
    })
    .await
}

/// The steps, where each row says what its step says.
fn steps_of(rows: Vec<Row>) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::with_capacity(rows.len());
    for (place, row) in (1..).zip(rows) {
        let step: Step = serde_json::from_str(&row.plan_step)
            .map_err(|error| format!("This version of Strata cannot read the step {}: {error}.", row.step_id))?;
        if (&row.step_id, row.position, &row.depends_on) != (&step.id, place, &step.depends_on) {
            return Err(format!("The steps are not what was approved: {} is another step than it says.", row.step_id));
        }
        steps.push(step);
    }
    Ok(steps)
}
