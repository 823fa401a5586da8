//! What waits for a person, and where that stands which they asked for.

use std::cmp::Reverse;

use chrono::{DateTime, TimeDelta, Utc};
use strata_domain::account::{AccountId, Person};
use strata_domain::authz::{self, Permission};
use strata_domain::change::{Change, ChangeState};
use strata_domain::plan::Risk;
use strata_domain::proposal::Proposed;
use strata_domain::review::{Missing, may_review_break_glass};

use crate::changes::{ChangeView, change_list, change_load};
use crate::ctx::{Actor, Backend, Scope};
use crate::environments::environment_list;
use crate::error::Error;
use crate::policies::policy_load;
use crate::proposals::OpenProposal;
use crate::runs::unreviewed_of;

/// Changes of one state and environment that are looked at, the newest.
const LOOKED_AT: i64 = 100;

/// States in which a change is asked for and not over.
const LOOKED_FOR: [ChangeState; 4] =
    [ChangeState::Draft, ChangeState::InReview, ChangeState::Approved, ChangeState::Provisioning];

/// Everything that the page `/approvals` shows, of all environments of the actor.
#[derive(Clone, Debug, PartialEq)]
pub struct Inbox {
    /// What the actor could bring further now, riskiest first, then oldest.
    pub waits: Vec<Awaited>,
    /// Changes that the actor started or submitted and that are not over, newest first; drafts where they were sent back.
    pub asked: Vec<Awaited>,
    /// What else waits for the actor's decision, oldest first.
    pub decisions: Vec<AwaitedDecision>,
}

/// A decision of a lead that is not a vote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwaitedDecision {
    /// The environment's slug.
    pub environment: String,
    /// What is to be decided.
    pub about: DecisionAbout,
    /// Whose act it is about.
    pub by: Person,
    /// When that was.
    pub at: DateTime<Utc>,
    /// Why they did it.
    pub reason: String,
}

/// What a lead is to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecisionAbout {
    /// A proposal: a policy, or something else that is put in force like one.
    Proposal(Proposed),
    /// A change that was applied without approval.
    BrokenGlass {
        /// The change.
        change: i64,
    },
}

/// A change that is under review or approved.
#[derive(Clone, Debug, PartialEq)]
pub struct Awaited {
    /// The change, as it is now.
    pub change: Change,
    /// How dangerous its plan is.
    pub risk: Risk,
    /// What is missing before it is approved.
    pub missing: Vec<Missing>,
    /// What the actor could do about it.
    pub act: Option<AwaitedAct>,
    /// How long ago it was submitted.
    pub age: Option<TimeDelta>,
    /// When its approval ends, where it is approved.
    pub expires_at: Option<DateTime<Utc>>,
}

/// What a change waits for, of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AwaitedAct {
    /// A vote.
    Vote,
    /// That it is applied.
    Apply,
}

/// What waits for the actor, and what they asked for.
///
/// # Errors
/// [`Error::NotSignedIn`] for all but accounts; [`Error::NotFound`] for who may view no environment.
#[tracing::instrument(skip_all)]
pub async fn inbox_load(backend: &Backend, actor: &Actor) -> Result<Inbox, Error> {
    let me = actor.account_id()?.ok_or(Error::NotSignedIn)?.to_string();
    let environments = environment_list(backend, actor).await?;
    if environments.is_empty() {
        return Err(Error::NotFound { what: "environment that you may view" });
    }
    let (mut waits, mut asked, mut decisions) = (Vec::new(), Vec::new(), Vec::new());
    for environment in environments {
        decisions.extend(decisions_of(backend, actor, &environment.slug).await?);
        for state in LOOKED_FOR {
            for change in change_list(backend, actor, &environment.slug, Some(state), None, LOOKED_AT).await? {
                let view = match change_load(backend, actor, change.id).await {
                    Ok(view) => view,
                    // Logged where it was found. What is wrong with one change hides no other.
                    Err(Error::Unexpected { .. }) => continue,
                    Err(error) => return Err(error),
                };
                let awaited = awaited(&view, &me);
                let is = |person: Option<&Person>| person.is_some_and(|person| person.id.as_ref() == Some(&me));
                // A draft that was submitted once was sent back: its author has to act.
                let was_asked = state != ChangeState::Draft || change.submitted_by.is_some();
                if was_asked && (is(Some(&change.created_by)) || is(change.submitted_by.as_ref())) {
                    asked.push(awaited.clone());
                }
                if awaited.act.is_some() {
                    waits.push(awaited);
                }
            }
        }
    }
    waits.sort_by_key(|awaited| (Reverse(awaited.risk), awaited.change.submitted_at));
    asked.sort_by_key(|awaited| Reverse(awaited.change.submitted_at));
    decisions.sort_by_key(|decision: &AwaitedDecision| decision.at);
    Ok(Inbox { waits, asked, decisions })
}

/// What the actor could decide in an environment beside votes.
async fn decisions_of(backend: &Backend, actor: &Actor, environment: &str) -> Result<Vec<AwaitedDecision>, Error> {
    let me = actor.signed_in()?;
    let mut decisions = Vec::new();
    let policy = policy_load(backend, actor, environment).await?;
    for OpenProposal { proposal, .. } in policy.open {
        let is_mine = |id: &AccountId| proposal.may_approve(&policy.standing, id, &policy.held_against).is_ok();
        if me.id.as_ref().is_some_and(is_mine) {
            decisions.push(AwaitedDecision {
                environment: environment.to_owned(),
                about: DecisionAbout::Proposal(proposal.proposed),
                by: proposal.proposed_by,
                at: proposal.proposed_at,
                reason: proposal.reason,
            });
        }
    }
    let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::Environment(environment)).await?;
    let environment_id = read.place().id;
    if let Some(broken) = unreviewed_of(read.connection(), environment_id).await?
        && may_review_break_glass(&policy.standing, &me, &broken).is_ok()
    {
        decisions.push(AwaitedDecision {
            environment: environment.to_owned(),
            about: DecisionAbout::BrokenGlass { change: broken.change },
            by: broken.by,
            at: broken.at,
            reason: broken.reason,
        });
    }
    Ok(decisions)
}

fn awaited(view: &ChangeView, me: &AccountId) -> Awaited {
    let (review, now) = (&view.review, view.now);
    let missing = review.missing(now);
    let act = match review.state {
        // Only of those whose vote would bring it nearer.
        ChangeState::InReview if missing.iter().any(|one| review.could_give(one, me, &view.standing, now)) => {
            Some(AwaitedAct::Vote)
        }
        ChangeState::Approved if authz::allow(&view.standing, Permission::ApplyChange).is_ok() => {
            Some(AwaitedAct::Apply)
        }
        _ => None,
    };
    Awaited {
        change: view.change.clone(),
        age: view.change.submitted_at.map(|at| now - at),
        risk: view.plan.risk,
        missing,
        act,
        expires_at: review.expires_at(now),
    }
}
