//! A change as one document.

use std::collections::BTreeMap;

use strata_domain::account::{AccountId, Person};
use strata_domain::authz::Permission;
use strata_domain::catalogue::weakened;
use strata_domain::record::{
    ChangeRecord, FORMAT, RecordedDemand, RecordedPlan, RecordedRun, RecordedStep, RecordedVote,
};

use super::log::edits_ever;
use super::{ChangeView, change_in};
use crate::audit::audited;
use crate::ctx::{Actor, Backend, Scope};
use crate::error::Error;
use crate::heavy;
use crate::runs::run_with_steps;

/// Everything about a change, as of one moment, for whoever has to prove later what happened.
///
/// # Errors
/// [`Error::NotFound`] where there is none, or the actor may not view its environment.
#[tracing::instrument(skip_all, fields(%id))]
pub async fn change_record(backend: &Backend, actor: &Actor, id: i64) -> Result<ChangeRecord, Error> {
    heavy::act(actor, || record(backend, actor, id)).await
}

async fn record(backend: &Backend, actor: &Actor, id: i64) -> Result<ChangeRecord, Error> {
    let written_for = actor.signed_in()?;
    let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::Change(id)).await?;
    let view = change_in(&mut read, id).await?;
    let edits = edits_ever(read.connection(), id).await?;
    let mut audit = audited(&mut read, "change", id).await?;
    let mut runs = Vec::new();
    for run in view.runs.iter().rev() {
        let (run, steps) = run_with_steps(&mut read, run.id).await?;
        audit.extend(audited(&mut read, "run", run.id).await?);
        runs.push(RecordedRun { run, steps });
    }
    drop(read);
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
