//! Changes: the list, the review, and every act on one.

#[cfg(feature = "ssr")]
use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};
use strata_domain::approval::{Tally, Verdict, Vote};
use strata_domain::audit::AuditEntry;
use strata_domain::catalogue::Own;
use strata_domain::change::{Change, ChangeState, LoggedEdit};
use strata_domain::diff::Diff;
use strata_domain::findings::{Finding, Summary};
use strata_domain::plan::Plan;
use strata_domain::run::Run;

#[cfg(feature = "ssr")]
use super::{PAGE, next_page};
use crate::error::AppError;

/// One page of changes, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeListView {
    /// The environment's slug.
    pub environment: String,
    /// The changes.
    pub changes: Vec<Change>,
    /// Give this as `before` for the next page; none at the end.
    pub next: Option<i64>,
    /// Why no change can be started, if it cannot.
    pub start_refused: Option<String>,
}

/// One change with everything a reviewer needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReviewView {
    /// The change.
    pub change: Change,
    /// Number of the live revision.
    pub live: i64,
    /// The edits with their authors.
    pub edits: Vec<LoggedEdit>,
    /// What is different, by subject.
    pub diff: Diff,
    /// What applying it does.
    pub plan: Plan,
    /// Findings of the desired topology; those that the change brings come first.
    pub findings: Vec<ReviewedFinding>,
    /// All findings, counted.
    pub summary: Summary,
    /// Votes so far.
    pub votes: Vec<CountedVote>,
    /// What the policy asks for, and what is there.
    pub tallies: Vec<Tally>,
    /// Runs of this change, newest first.
    pub runs: Vec<Run>,
    /// What the one who looks may do.
    pub acts: Acts,
    /// What happened to it, newest first.
    pub timeline: Vec<AuditEntry>,
    /// What the environment adds to the built-in catalogue.
    pub own: Own,
}

/// A finding, and whether the live topology has it too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReviewedFinding {
    /// The finding.
    pub finding: Finding,
    /// Whether the change brings it.
    pub new: bool,
}

/// A vote, and whether it still counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CountedVote {
    /// The vote.
    pub vote: Vote,
    /// False where it was given for another plan, or before the change was last sent back.
    pub current: bool,
}

/// For each act, why it cannot be done now; none where it can.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acts {
    /// Edit the draft.
    pub edit: Option<String>,
    /// Send it to review.
    pub submit: Option<String>,
    /// Give it up.
    pub withdraw: Option<String>,
    /// Approve it.
    pub approve: Option<String>,
    /// Send it back, or reject it.
    pub refuse: Option<String>,
    /// Apply it.
    pub apply: Option<String>,
    /// Move it to the live revision.
    pub rebase: Option<String>,
}

/// The changes of an environment, newest first.
#[server(prefix = "/api", endpoint = "change_list", input = GetUrl)]
pub async fn change_list(
    environment: Option<String>,
    state: Option<ChangeState>,
    before: Option<i64>,
) -> Result<ChangeListView, AppError> {
    use strata_domain::authz::{Permission, allow};

    use crate::server_context::{actor, answer, backend};

    let (backend, actor) = (backend(), actor());
    let environment = super::environment_or_first(environment).await?;
    let changes =
        answer(strata_backend::changes::change_list(&backend, &actor, &environment, state, before, PAGE).await)?;
    let standing = answer(strata_backend::accounts::standing_load(&backend, &actor, &environment).await)?;
    let next = next_page(&changes, |row| row.id);
    let start_refused = allow(&standing, Permission::StartChange).err().map(|refused| refused.reason);
    Ok(ChangeListView { environment, changes, next, start_refused })
}

/// Starts a draft over the live revision and leads to its editor.
#[server(prefix = "/api", endpoint = "change_start")]
pub async fn change_start(environment: String, title: String) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend};

    let id = answer(strata_backend::changes::change_start(&backend(), &actor(), &environment, &title).await)?;
    leptos_axum::redirect(&crate::paths::change_edit(id));
    Ok(())
}

/// One change to review.
#[server(prefix = "/api", endpoint = "change_load", input = GetUrl)]
pub async fn change_load(id: i64) -> Result<ReviewView, AppError> {
    use crate::server_context::{actor, answer, backend};

    let (backend, actor) = (backend(), actor());
    let view = answer(strata_backend::changes::change_load(&backend, &actor, id).await)?;
    let timeline = super::recorded_of(&view.change.environment, "change", id).await?;
    Ok(review_of(view, &actor, timeline))
}

/// Sends a draft to review.
#[server(prefix = "/api", endpoint = "change_submit")]
pub async fn change_submit(id: i64, version: i64) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend};

    answer(strata_backend::changes::change_submit(&backend(), &actor(), id, version).await)?;
    leptos_axum::redirect(&crate::paths::change(id));
    Ok(())
}

/// Gives a change up.
#[server(prefix = "/api", endpoint = "change_withdraw")]
pub async fn change_withdraw(id: i64, version: i64, reason: Option<String>) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend};

    answer(strata_backend::changes::change_withdraw(&backend(), &actor(), id, version, reason).await)?;
    leptos_axum::redirect(&crate::paths::change(id));
    Ok(())
}

/// Moves a change to the live revision.
#[server(prefix = "/api", endpoint = "change_rebase")]
pub async fn change_rebase(id: i64, version: i64) -> Result<(), AppError> {
    use std::collections::BTreeMap;

    use strata_backend::changes::{self, Rebasing};

    use crate::server_context::{actor, answer, backend, fail};

    match answer(changes::change_rebase(&backend(), &actor(), id, version, &BTreeMap::new()).await)? {
        Rebasing::Done => {
            leptos_axum::redirect(&crate::paths::change(id));
            Ok(())
        }
        Rebasing::Conflicts(conflicts) => {
            let reasons: Vec<String> = conflicts.iter().map(changes::conflict_text).collect();
            Err(fail(AppError::Invalid { field: "edit".to_owned(), message: reasons.join(" ") }))
        }
    }
}

/// Votes on the plan with that digest.
#[server(prefix = "/api", endpoint = "change_vote")]
pub async fn change_vote(
    id: i64,
    version: i64,
    verdict: Verdict,
    reason: Option<String>,
    digest: String,
) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend, fail};

    let digest = digest.parse().map_err(|_| {
        fail(AppError::Invalid { field: "digest".to_owned(), message: "This is no digest of a plan.".to_owned() })
    })?;
    let reason = reason.filter(|reason| !reason.trim().is_empty());
    answer(strata_backend::approvals::change_vote(&backend(), &actor(), id, version, verdict, reason, digest).await)?;
    leptos_axum::redirect(&crate::paths::change(id));
    Ok(())
}

/// Starts the run of an approved change and leads to it.
#[server(prefix = "/api", endpoint = "change_apply")]
pub async fn change_apply(id: i64, version: i64) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend};

    let run = answer(strata_backend::runs::change_apply(&backend(), &actor(), id, version).await)?;
    leptos_axum::redirect(&crate::paths::run(run));
    Ok(())
}

/// Computes the review from what is stored; the same domain functions that the backend decides with.
#[cfg(feature = "ssr")]
fn review_of(
    view: strata_backend::changes::ChangeView,
    actor: &strata_backend::ctx::Actor,
    timeline: Vec<AuditEntry>,
) -> ReviewView {
    use strata_domain::{approval, diff, findings, plan};

    let catalogue = &view.own.catalogue();
    let plan = plan::plan(&view.base, &view.desired, catalogue);
    let checked = findings::check(&view.desired, catalogue);
    let summary = findings::summary(&checked);
    let before: BTreeSet<String> = findings::check(&view.base, catalogue).iter().map(finding_key).collect();
    let mut reviewed: Vec<ReviewedFinding> = checked
        .into_iter()
        .map(|finding| ReviewedFinding { new: !before.contains(&finding_key(&finding)), finding })
        .collect();
    reviewed.sort_by_key(|reviewed| !reviewed.new);
    let requirements = approval::requirements(plan.risk, view.desired.nodes.len());
    let tallies = approval::tally(&requirements, &view.votes, plan.digest, &view.authors);
    let acts = acts_of(&view, actor, &plan, summary.blocker);
    ReviewView {
        diff: diff::between(&view.base, &view.desired),
        votes: view
            .votes
            .into_iter()
            .map(|vote| CountedVote { current: vote.digest == plan.digest, vote })
            .chain(view.earlier_votes.into_iter().map(|vote| CountedVote { current: false, vote }))
            .collect(),
        change: view.change,
        live: view.live,
        edits: view.edits,
        plan,
        findings: reviewed,
        summary,
        tallies,
        runs: view.runs,
        acts,
        timeline,
        own: view.own,
    }
}

#[cfg(feature = "ssr")]
fn finding_key(finding: &Finding) -> String {
    format!("{} {} {}", finding.rule.as_str(), finding.subject.kind(), finding.subject.name())
}

/// Asks the domain, for each act, what the backend will ask when it is tried.
#[cfg(feature = "ssr")]
fn acts_of(
    view: &strata_backend::changes::ChangeView,
    actor: &strata_backend::ctx::Actor,
    plan: &Plan,
    blockers: usize,
) -> Acts {
    use strata_backend::ctx::Actor;
    use strata_domain::authz::{Permission, allow};
    use strata_domain::change::{ChangeEvent, step};
    use strata_domain::{Refused, approval};

    let state = view.change.state;
    let gate = |permission, event: &ChangeEvent| {
        allow(&view.standing, permission)
            .and_then(|()| step(state, event).map(drop))
            .err()
            .map(|refused| refused.reason)
    };
    let voter = match actor {
        Actor::Account(account) => account.id.clone(),
        Actor::Nobody | Actor::Operator => String::new(),
    };
    let may_vote = |already: bool| {
        approval::may_vote(state, &voter, &view.standing, &view.authors, already).err().map(|Refused { reason }| reason)
    };
    let already = view.votes.iter().any(|vote| {
        vote.voter.id.as_ref() == Some(&voter) && vote.digest == plan.digest && vote.verdict == Verdict::Approve
    });
    Acts {
        edit: gate(Permission::EditChange, &ChangeEvent::Edit),
        submit: gate(Permission::SubmitChange, &ChangeEvent::Submit { steps: plan.steps.len(), blockers }),
        withdraw: gate(Permission::WithdrawChange, &ChangeEvent::Withdraw),
        approve: may_vote(already),
        refuse: may_vote(false),
        apply: gate(Permission::ApplyChange, &ChangeEvent::Apply),
        rebase: (view.change.base == view.live)
            .then(|| "It builds on the live revision already.".to_owned())
            .or_else(|| allow(&view.standing, Permission::EditChange).err().map(|refused| refused.reason)),
    }
}
