//! A change as one document.

use std::collections::BTreeMap;

use strata_domain::account::{AccountId, Person};
use strata_domain::audit::AuditEntry;
use strata_domain::authz::Permission;
use strata_domain::catalogue::weakened;
use strata_domain::record::{
    ChangeRecord, FORMAT, RecordedDemand, RecordedPlan, RecordedRun, RecordedStep, RecordedVote,
};

use super::log::edits_ever;
use super::{ChangeView, change_load};
use crate::audit::audit_list;
use crate::ctx::{Actor, Backend, Scope};
use crate::error::Error;
use crate::runs::run_load;

/// Audit rows of one subject that are read at once.
const PAGE: i64 = 500;

/// Everything about a change, for whoever has to prove later what happened.
///
/// # Errors
/// [`Error::NotFound`] where there is none, or the actor may not view its environment.
#[tracing::instrument(skip_all, fields(id))]
pub async fn change_record(backend: &Backend, actor: &Actor, id: i64) -> Result<ChangeRecord, Error> {
    let written_for = actor.signed_in()?;
    let view = change_load(backend, actor, id).await?;
    let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::Change(id)).await?;
    let edits = edits_ever(read.connection(), id).await?;
    drop(read);
    let mut audit = audited(backend, actor, &view.change.environment, "change", id).await?;
    let mut runs = Vec::new();
    for run in view.runs.iter().rev() {
        let (run, steps) = run_load(backend, actor, run.id).await?;
        audit.extend(audited(backend, actor, &view.change.environment, "run", run.id).await?);
        runs.push(RecordedRun { run, steps });
    }
    audit.sort_by_key(|entry| entry.sequence);
    let (at, catalogue, weakened) = (view.told_at(), view.own.catalogue(), weakened(&view.own.levels));
    let ChangeView { change, review, plan, comments, glass, now, .. } = view;
    let steps = plan.steps.iter().map(|step| RecordedStep {
        id: step.id.clone(),
        what: step.describe(&catalogue),
        impact: step.impact,
    });
    let names: BTreeMap<AccountId, Person> =
        review.votes.iter().filter_map(|vote| Some((vote.voter.id.clone()?, vote.voter.clone()))).collect();
    let asked = review.tallies(at).into_iter().map(|tally| RecordedDemand {
        rule: tally.asked.rule,
        because: tally.asked.because,
        group: tally.asked.group,
        quorum: tally.asked.quorum,
        older: tally.asked.older,
        met_by: tally.voters.into_iter().filter_map(|id| names.get(&id).cloned()).collect(),
    });
    let votes =
        review.votes.iter().map(|vote| RecordedVote { standing: review.standing_of(vote, at), vote: vote.clone() });
    Ok(ChangeRecord {
        format: FORMAT.to_owned(),
        written_at: now,
        written_for,
        plan: RecordedPlan { digest: plan.digest, risk: plan.risk, steps: steps.collect() },
        edits,
        asked: asked.collect(),
        weakened,
        votes: votes.collect(),
        without_approval: glass,
        comments,
        runs,
        audit,
        change,
    })
}

/// Every audit row of a subject.
async fn audited(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    kind: &str,
    id: i64,
) -> Result<Vec<AuditEntry>, Error> {
    let id = id.to_string();
    let mut all = Vec::new();
    loop {
        let before = all.last().map(|entry: &AuditEntry| entry.sequence);
        let page = audit_list(backend, actor, environment, before, PAGE, Some((kind, &id))).await?;
        let is_last = i64::try_from(page.len()).map_err(Error::unexpected)? < PAGE;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}
