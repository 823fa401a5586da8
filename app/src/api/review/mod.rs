//! The review of a change: everything that a lead needs for one well-informed click, and the clicks.

#[cfg(feature = "ssr")]
mod acts;
#[cfg(feature = "ssr")]
mod build;
#[cfg(feature = "ssr")]
mod steps;
#[cfg(feature = "ssr")]
mod summary;

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};
use strata_domain::audit::AuditEntry;
use strata_domain::catalogue::Own;
use strata_domain::change::{Change, LoggedEdit};
use strata_domain::digest::Digest;
use strata_domain::discussion::Comment;
use strata_domain::findings::{Finding, Summary};
use strata_domain::plan::{Impact, Risk, StepKind};
use strata_domain::review::{BrokenGlass, Verdict, Vote, VoteStanding};
use strata_domain::run::Run;
use strata_domain::schedule;
use strata_domain::topology::RoleId;
use strata_domain::whatif::Extent;

use super::role_map::Band;
use crate::error::AppError;

/// One change with everything a reviewer needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReviewView {
    /// The change, as it is now.
    pub change: Change,
    /// Number of the live revision.
    pub live: i64,
    /// The newest edits with their authors, first come first.
    pub edits: Vec<LoggedEdit>,
    /// How many come before them.
    pub edits_before: usize,
    /// What is different, by subject.
    pub does: Does,
    /// Nodes of the base that stay as they are, by hostname.
    pub unchanged: Cut<String>,
    /// What applying it does, as far as is looked at.
    pub plan: PlanPage,
    /// What the environment's windows and freezes say to an apply now.
    pub gate: schedule::Verdict,
    /// How it was applied without approval, if it was.
    pub glass: Option<BrokenGlass>,
    /// The role map with the change laid over it.
    pub map: Vec<Band>,
    /// What is lost without single nodes, before and after.
    pub after: After,
    /// Findings of the desired topology; those that the change brings come first.
    pub findings: Cut<ReviewedFinding>,
    /// All findings, counted.
    pub summary: Summary,
    /// Votes, newest first.
    pub votes: Vec<ShownVote>,
    /// What the policy asks for, how far it is met, and who could give what is missing.
    pub asked: Vec<ShownTally>,
    /// What is missing in words; empty where nothing is.
    pub missing: String,
    /// When the approval ends, where it is approved.
    pub expires_at: Option<DateTime<Utc>>,
    /// What was said, first come first.
    pub comments: Vec<Comment>,
    /// Why nothing can be said, if nothing can.
    pub comment_refused: Option<String>,
    /// Runs of this change, newest first.
    pub runs: Vec<Run>,
    /// What the one who looks may do.
    pub acts: Acts,
    /// What happened to it, newest first.
    pub timeline: Vec<AuditEntry>,
    /// What the environment adds to the built-in catalogue.
    pub own: Own,
}

/// The first of many, which are counted: a page says how many there are, and lists what can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut<T> {
    /// All of them, counted.
    pub count: usize,
    /// The first.
    pub first: Vec<T>,
}

impl<T> Cut<T> {
    /// At most so many of them.
    #[cfg(feature = "ssr")]
    fn of(all: impl IntoIterator<Item = T>, most: usize) -> Self {
        let mut all = all.into_iter();
        let first: Vec<T> = all.by_ref().take(most).collect();
        Self { count: first.len() + all.count(), first }
    }
}

/// What a change does, in lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Does {
    /// What goes.
    pub removed: Cut<String>,
    /// What is another than before.
    pub changed: Cut<String>,
    /// What comes.
    pub added: Cut<String>,
}

/// What of a plan is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looked {
    /// What its steps are searched for: a part of what they say, a kind or an impact.
    pub step: Option<String>,
    /// Which page of those that are found, from 1.
    pub page: Option<usize>,
    /// The id of the step that is talked about.
    pub about: Option<String>,
}

/// A plan, as far as is looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanPage {
    /// What votes are bound to.
    pub digest: Digest,
    /// How dangerous it is.
    pub risk: Risk,
    /// Its steps, counted.
    pub total: usize,
    /// What they were searched for; empty where for nothing.
    pub wanted: String,
    /// Those that were found, counted.
    pub found: usize,
    /// Which page of those this is, from 1.
    pub page: usize,
    /// How many pages there are; at least one.
    pub pages: usize,
    /// The steps of this page.
    pub steps: Vec<ShownStep>,
    /// Steps that are talked about, wherever they stand.
    pub named: Vec<NamedStep>,
    /// Steps that cost something, the worst first.
    pub costly: Cut<(Impact, String)>,
    /// What is worth a thought before.
    pub alternatives: Vec<String>,
}

/// A step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownStep {
    /// Its place in the whole plan, from 1.
    pub place: usize,
    /// Its id there.
    pub id: String,
    /// What is done.
    pub kind: StepKind,
    /// How many steps that were found do the same for the same role, at the same cost, itself among them.
    pub alike: usize,
    /// For which role.
    pub role: Option<RoleId>,
    /// What it costs.
    pub impact: Impact,
    /// What it does, in words.
    pub said: String,
    /// The places of those that it comes after: `1, 4–9`.
    pub after: String,
    /// What a person goes through, where it is done by hand.
    pub checklist: Vec<String>,
    /// What was said about it, counted.
    pub comments: usize,
}

/// A step that is talked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedStep {
    /// Its id.
    pub id: String,
    /// Its place in the plan, from 1.
    pub place: usize,
    /// What it does, in words.
    pub said: String,
}

/// A finding, and whether the base has it too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReviewedFinding {
    /// The finding.
    pub finding: Finding,
    /// Whether the change brings it.
    pub new: bool,
}

/// A vote, and what it is worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShownVote {
    /// The vote.
    pub vote: Vote,
    /// What it is worth now.
    pub standing: VoteStanding,
    /// Whether the one who looks could take it back.
    pub can_be_taken_back: bool,
}

/// One thing that the policy asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShownTally {
    /// The rule's name.
    pub rule: String,
    /// Who has to approve.
    pub group: String,
    /// How many of them have.
    pub have: usize,
    /// How many have to.
    pub quorum: usize,
    /// Why the rule asks.
    pub because: String,
    /// Names of those who could approve, where some are missing.
    pub could: Vec<String>,
}

/// What is lost without each single node, before and after the change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct After {
    /// Of each extent, the worst first: how many nodes before, and after.
    pub counts: Vec<(Extent, usize, usize)>,
    /// Nodes whose loss is worse after it than before, with both; new nodes have none before.
    pub worse: Vec<(String, Option<Extent>, Extent)>,
    /// How many more of those there are than are listed.
    pub more: usize,
}

/// What became of a change since a vote was given on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DifferenceView {
    /// Whether it is the same plan by now, digest and all.
    pub same: bool,
    /// Steps that the plan had then and has no more, in words.
    pub gone: Cut<String>,
    /// Steps that it has now and had not then.
    pub fresh: Cut<String>,
    /// Number of the revision that it built on then.
    pub base: i64,
    /// Number of the revision that it builds on now.
    pub base_now: i64,
    /// Edits that the voter did not see, each with who wrote it.
    pub edits: Cut<String>,
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
    /// Call off an apply that waits.
    pub call_off: Option<String>,
    /// Apply it without approval.
    pub break_glass: Option<String>,
    /// Whether that is offered at all.
    pub may_break_glass: bool,
    /// Review that it was applied without approval.
    pub review_glass: Option<String>,
    /// Copy it into a new draft.
    pub copy: Option<String>,
}

/// One change to review. The last three are of [`Looked`].
#[server(prefix = "/api", endpoint = "change_load", input = GetUrl)]
pub async fn change_load(
    id: i64,
    step: Option<String>,
    page: Option<usize>,
    about: Option<String>,
) -> Result<ReviewView, AppError> {
    use std::sync::Arc;

    use strata_backend::heavy;

    use crate::server_context::{actor, answer, backend};

    let (backend, actor) = (backend(), actor());
    let view = answer(strata_backend::changes::change_load(&backend, &actor, id).await)?;
    let (base, desired) = (Arc::clone(&view.base), Arc::clone(&view.desired));
    let parts = heavy::parts_left(&base).max(heavy::parts_left(&desired));
    let compared = backend.once(&actor, view.made_of.clone(), parts, move || build::Compared::of(&base, &desired));
    let compared = answer(compared.await)?;
    let looked = Looked { step, page, about };
    let (asked_by, parts) = (actor.clone(), view.edits.len() + view.plan.steps.len());
    answer(heavy::run(&asked_by, parts, move || build::review_of(view, compared, &looked, &actor)).await)
}

/// What became of a change since that vote.
#[server(prefix = "/api", endpoint = "vote_difference", input = GetUrl)]
pub async fn vote_difference(id: i64, vote: i64) -> Result<DifferenceView, AppError> {
    use strata_backend::heavy;

    use crate::server_context::{actor, answer, backend};

    let (backend, actor) = (backend(), actor());
    let difference = answer(strata_backend::approvals::vote_difference(&backend, &actor, id, vote).await)?;
    let parts = difference.then.steps.len() + difference.now.plan.steps.len();
    answer(heavy::run(&actor, parts, move || build::difference_of(difference)).await)
}

/// The digest that a form sends along with what it is about.
#[cfg(feature = "ssr")]
pub(super) fn digest_typed(digest: &str) -> Result<Digest, AppError> {
    let message = "This is no digest of a plan.".to_owned();
    digest.parse().map_err(|_| crate::server_context::fail(AppError::Invalid { field: "digest".to_owned(), message }))
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
    use crate::server_context::{actor, answer, backend};

    let digest = digest_typed(&digest)?;
    let reason = reason.filter(|reason| !reason.trim().is_empty());
    answer(strata_backend::approvals::change_vote(&backend(), &actor(), id, version, verdict, reason, digest).await)?;
    leptos_axum::redirect(&crate::paths::change(id));
    Ok(())
}

/// Takes an approval of one's own back.
#[server(prefix = "/api", endpoint = "vote_take_back")]
pub async fn vote_take_back(id: i64, vote: i64) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend};

    answer(strata_backend::approvals::vote_take_back(&backend(), &actor(), id, vote).await)?;
    leptos_axum::redirect(&crate::paths::change(id));
    Ok(())
}

/// Says something about a change, or about one step of its plan. `key` makes a double click one comment.
#[server(prefix = "/api", endpoint = "comment_add")]
pub async fn comment_add(id: i64, step: Option<String>, text: String, key: String) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend};

    let step = step.filter(|step| !step.is_empty());
    answer(strata_backend::approvals::comment_add(&backend(), &actor(), id, step.as_deref(), &text, &key).await)?;
    leptos_axum::redirect(&format!("{}#discussion", crate::paths::change(id)));
    Ok(())
}
