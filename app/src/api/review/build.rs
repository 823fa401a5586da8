//! Computes the review from what is stored, with the same domain functions that the backend decides with.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use strata_backend::approvals::VoteDifference;
use strata_backend::changes::ChangeView;
use strata_backend::ctx::Actor;
use strata_domain::change::LoggedEdit;
use strata_domain::checked::Checked;
use strata_domain::diff;
use strata_domain::findings::{Finding, Summary};
use strata_domain::plan;
use strata_domain::review::{Missing, missing_text};
use strata_domain::whatif::Extent;

use super::acts::acts_of;
use super::steps::page_of;
use super::summary::does_of;
use super::{After, Cut, DifferenceView, Does, Looked, ReviewView, ReviewedFinding, ShownTally, ShownVote};
use crate::api::role_map::{Band, loss_by_node, overlay};

/// Nodes that stay as they are and are listed; more of them tell nobody anything.
const LISTED_UNCHANGED: usize = 500;
/// Findings that are listed.
const LISTED_FINDINGS: usize = 300;
/// Edits that are listed, the newest; the editor and the audit log have all of them.
const LISTED_EDITS: usize = 200;
/// Lines of a difference that are listed.
const LISTED_LINES: usize = 500;
/// Nodes that are listed with what their loss means.
const LISTED_WORSE: usize = 20;

/// What follows from the two topologies of a change and the plan between them alone: worked out once.
#[derive(Clone)]
pub(super) struct Compared {
    does: Does,
    map: Vec<Band>,
    after: After,
    unchanged: Cut<String>,
    findings: Cut<ReviewedFinding>,
    summary: Summary,
}

impl Compared {
    pub(super) fn of(base: &Checked, desired: &Checked) -> Self {
        let diff = diff::between(&base.topology, &desired.topology);
        let checked = desired.findings();
        let before: BTreeSet<String> = base.findings().iter().map(finding_key).collect();
        let without = loss_by_node(desired);
        let map = overlay(&base.topology, &desired.topology, &diff, checked, &without, &desired.catalogue);
        let after = after_of(&loss_by_node(base), &without);
        let (new, old): (Vec<&Finding>, Vec<&Finding>) =
            checked.iter().partition(|finding| !before.contains(&finding_key(finding)));
        let reviewed = |new: bool| move |finding: &Finding| ReviewedFinding { finding: finding.clone(), new };
        let findings = new.into_iter().map(reviewed(true)).chain(old.into_iter().map(reviewed(false)));
        let findings = Cut::of(findings, LISTED_FINDINGS);
        let changed: BTreeSet<&str> = diff.nodes.iter().map(|node| node.hostname.as_str()).collect();
        let unchanged = desired.topology.nodes.iter().map(|node| &node.hostname);
        let unchanged = unchanged.filter(|hostname| !changed.contains(hostname.as_str())).cloned();
        let unchanged = Cut::of(unchanged, LISTED_UNCHANGED);
        Self { map, after, unchanged, findings, summary: desired.summary(), does: does_of(&diff) }
    }
}

/// All of the page.
pub(super) fn review_of(view: ChangeView, compared: Compared, looked: &Looked, actor: &Actor) -> ReviewView {
    let at = view.told_at();
    let edits_before = view.edits.len().saturating_sub(LISTED_EDITS);
    let Compared { does, map, after, unchanged, findings, summary } = compared;
    ReviewView {
        unchanged,
        after,
        votes: votes_of(&view, actor, at),
        asked: asked_of(&view, at),
        missing: missing_text(&view.review.missing(at)),
        expires_at: view.review.expires_at(view.now),
        comment_refused: refused_comment(&view),
        acts: acts_of(&view, actor, summary.blocker),
        change: view.change,
        live: view.live,
        edits: view.edits.into_iter().skip(edits_before).collect(),
        edits_before,
        does,
        plan: page_of(&view.plan, &view.base.catalogue, looked, &view.comments),
        gate: view.gate,
        glass: view.glass,
        map,
        findings,
        summary,
        comments: view.comments,
        runs: view.runs,
        timeline: view.audit,
        own: view.own,
    }
}

fn refused_comment(view: &ChangeView) -> Option<String> {
    use strata_domain::authz::{Permission, allow};

    allow(&view.standing, Permission::Comment).err().map(|refused| refused.reason)
}

fn votes_of(view: &ChangeView, actor: &Actor, at: DateTime<Utc>) -> Vec<ShownVote> {
    let me = match actor {
        Actor::Account(account) => Some(&account.id),
        Actor::Nobody | Actor::Operator => None,
    };
    let shown = view.review.votes.iter().rev().map(|vote| ShownVote {
        standing: view.review.standing_of(vote, at),
        can_be_taken_back: me.is_some_and(|me| view.review.may_take_back(vote.id, me).is_ok()),
        vote: vote.clone(),
    });
    shown.collect()
}

fn asked_of(view: &ChangeView, at: DateTime<Utc>) -> Vec<ShownTally> {
    let tallies = view.review.tallies(at).into_iter();
    let shown = tallies.map(|tally| {
        let met = tally.is_met();
        let (have, asked) = (tally.voters.len(), tally.asked);
        let missing = Missing { rule: asked.rule.clone(), group: asked.group.clone(), have, quorum: asked.quorum };
        let could = |lead: &&strata_domain::account::Lead| {
            let id = lead.person.id.as_ref();
            !met && id.is_some_and(|id| view.review.could_give(&missing, id, &lead.standing(), view.now))
        };
        let could = view.leads.iter().filter(could).map(|lead| lead.person.name.clone()).collect();
        let because = asked.reason();
        ShownTally { rule: asked.rule, group: asked.group, have, quorum: asked.quorum, because, could }
    });
    shown.collect()
}

/// What is lost without single nodes, before and after.
fn after_of(before: &BTreeMap<&str, Extent>, after: &BTreeMap<&str, Extent>) -> After {
    let count = |of: &BTreeMap<&str, Extent>, extent| of.values().filter(|one| **one == extent).count();
    let mut counts: Vec<(Extent, usize, usize)> = Extent::ALL
        .iter()
        .map(|&extent| (extent, count(before, extent), count(after, extent)))
        .filter(|(extent, before, after)| *extent != Extent::Nothing && (*before > 0 || *after > 0))
        .collect();
    counts.sort_by_key(|(extent, ..)| std::cmp::Reverse(*extent));
    let mut worse: Vec<(String, Option<Extent>, Extent)> = after
        .iter()
        .map(|(hostname, extent)| ((*hostname).to_owned(), before.get(hostname).copied(), *extent))
        .filter(|(_, before, after)| *after > before.unwrap_or(Extent::Nothing))
        .collect();
    worse.sort_by(|(one, _, first), (other, _, second)| second.cmp(first).then_with(|| one.cmp(other)));
    let more = worse.len().saturating_sub(LISTED_WORSE);
    worse.truncate(LISTED_WORSE);
    After { counts, worse, more }
}

/// Steps that only one of the two plans has; a step with another effect is another step.
pub(super) fn difference_of(difference: VoteDifference) -> DifferenceView {
    let view = &difference.now;
    let catalogue = &*view.base.catalogue;
    let now = &view.plan;
    let only = |of: &plan::Plan, other: &plan::Plan| -> Cut<String> {
        let known: BTreeMap<&str, &plan::Effect> =
            other.steps.iter().map(|step| (step.id.as_str(), &step.effect)).collect();
        let steps = of.steps.iter().filter(|step| known.get(step.id.as_str()) != Some(&&step.effect));
        Cut::of(steps.map(|step| step.describe(catalogue)), LISTED_LINES)
    };
    DifferenceView {
        same: difference.then.digest == now.digest,
        gone: only(&difference.then, now),
        fresh: only(now, &difference.then),
        base: difference.base,
        base_now: view.change.base,
        edits: Cut::of(difference.edits_since.iter().map(said), LISTED_LINES),
    }
}

fn said(logged: &LoggedEdit) -> String {
    format!("{}: {}", logged.author.name, logged.edit.describe())
}

fn finding_key(finding: &Finding) -> String {
    format!("{} {} {}", finding.rule.as_str(), finding.subject.kind(), finding.subject.name())
}
