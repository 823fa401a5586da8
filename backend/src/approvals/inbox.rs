//! What waits for a person, and where that stands which they asked for.

use std::cmp::Reverse;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::postgres::PgConnection;
use strata_domain::account::{AccountId, Person};
use strata_domain::authz::{self, Permission};
use strata_domain::change::{Change, ChangeState};
use strata_domain::plan::Risk;
use strata_domain::proposal::Proposed;
use strata_domain::review::{Missing, may_review_break_glass};
use uuid::Uuid;

use super::under_review::review_told;
use crate::changes::{Stored, changes_of};
use crate::ctx::{Actor, Backend, Place, Source};
use crate::error::Error;
use crate::heavy;
use crate::proposals::{open_of, present_of};
use crate::runs::unreviewed_of;

/// Changes that are looked at, the newest.
const LOOKED_AT: i64 = 500;

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

/// A change that is not over.
#[derive(Clone, Debug, PartialEq)]
pub struct Awaited {
    /// The change, as it is now.
    pub change: Change,
    /// How dangerous its plan is; none for a draft, whose plan is not made with every edit.
    pub risk: Option<Risk>,
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
    heavy::act(actor, || load(backend, actor)).await
}

async fn load(backend: &Backend, actor: &Actor) -> Result<Inbox, Error> {
    let account = actor.account_id()?.ok_or(Error::NotSignedIn)?;
    let me = account.to_string();
    let (mut read, places) = backend.read_everywhere(actor).await?;
    let (mut waits, mut asked, mut decisions) = (Vec::new(), Vec::new(), Vec::new());
    for place in &places {
        match decisions_of(&mut read, place, &actor.signed_in()?).await {
            Ok(waiting) => decisions.extend(waiting),
            // Logged where it was found. What is wrong in one environment hides no other.
            Err(Error::Unexpected { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let ids = concerning(&mut read, &places, account).await?;
    for stored in changes_of(&mut read, &ids).await?.into_iter().flatten() {
        let Some(place) = places.iter().find(|place| place.id == stored.environment_id) else { continue };
        let mut source = Source { connection: &mut read, kept: backend.kept() };
        let awaited = match awaited(&mut source, stored, &me, place).await {
            Ok(awaited) => awaited,
            // Logged where it was found. What is wrong with one change hides no other.
            Err(Error::Unexpected { .. }) => continue,
            Err(error) => return Err(error),
        };
        let is = |person: Option<&Person>| person.is_some_and(|person| person.id.as_ref() == Some(&me));
        if is(Some(&awaited.change.created_by)) || is(awaited.change.submitted_by.as_ref()) {
            asked.push(awaited.clone());
        }
        if awaited.act.is_some() {
            waits.push(awaited);
        }
    }
    waits.sort_by_key(|awaited| (Reverse(awaited.risk), awaited.change.submitted_at));
    asked.sort_by_key(|awaited| Reverse(awaited.change.submitted_at));
    decisions.sort_by_key(|decision: &AwaitedDecision| decision.at);
    Ok(Inbox { waits, asked, decisions })
}

/// The changes that are not over and that the account asked for, or could decide about where it may: newest first. A draft that
/// was submitted once was sent back: its author has to act.
async fn concerning(connection: &mut PgConnection, places: &[Place], account: Uuid) -> Result<Vec<i64>, Error> {
    let may = |permission| move |place: &&Place| authz::allow(&place.standing, permission).is_ok();
    let of = |permission| places.iter().filter(may(permission)).map(|place| place.id).collect::<Vec<_>>();
    let all: Vec<i64> = places.iter().map(|place| place.id).collect();
    Ok(sqlx::query_scalar!(
        "SELECT id FROM changes
         WHERE environment_id = ANY($1)
           AND (state IN ('in-review', 'approved', 'provisioning') OR state = 'draft' AND submitted_at IS NOT NULL)
           AND (created_by = $2 OR submitted_by = $2
                OR state IN ('in-review', 'approved') AND environment_id = ANY($3)
                OR state = 'approved' AND environment_id = ANY($4))
         ORDER BY id DESC LIMIT $5",
        &all,
        account,
        &of(Permission::Vote),
        &of(Permission::ApplyChange),
        LOOKED_AT,
    )
    .fetch_all(connection)
    .await?)
}

/// What the actor could decide in an environment beside votes.
async fn decisions_of(
    connection: &mut PgConnection,
    place: &Place,
    me: &Person,
) -> Result<Vec<AwaitedDecision>, Error> {
    let mut decisions = Vec::new();
    let held_against = present_of(connection, place.id).await?;
    for proposal in open_of(connection, place.id).await? {
        let is_mine = |id: &AccountId| proposal.may_approve(&place.standing, id, &held_against).is_ok();
        if me.id.as_ref().is_some_and(is_mine) {
            decisions.push(AwaitedDecision {
                environment: place.slug.clone(),
                about: DecisionAbout::Proposal(proposal.proposed),
                by: proposal.proposed_by,
                at: proposal.proposed_at,
                reason: proposal.reason,
            });
        }
    }
    if let Some(broken) = unreviewed_of(connection, place.id).await?
        && may_review_break_glass(&place.standing, me, &broken).is_ok()
    {
        decisions.push(AwaitedDecision {
            environment: place.slug.clone(),
            about: DecisionAbout::BrokenGlass { change: broken.change },
            by: broken.by,
            at: broken.at,
            reason: broken.reason,
        });
    }
    Ok(decisions)
}

async fn awaited(source: &mut Source<'_>, stored: Stored, me: &AccountId, place: &Place) -> Result<Awaited, Error> {
    // What this read sees may have been written a moment after it began.
    let now = place.now.max(stored.change.touched_at);
    let age = stored.change.submitted_at.map(|at| now - at);
    if !matches!(stored.change.state, ChangeState::InReview | ChangeState::Approved) {
        let risk = stored.planned.map(|planned| planned.risk);
        return Ok(Awaited { change: stored.change, risk, missing: Vec::new(), act: None, age, expires_at: None });
    }
    let (mut change, review) = review_told(source, stored).await?;
    let review = review.as_of(now);
    change.state = review.state;
    change.apply_asked = change.apply_asked.filter(|_| review.state == ChangeState::Approved);
    let missing = review.missing(now);
    let act = match review.state {
        // Only of those whose vote would bring it nearer.
        ChangeState::InReview if missing.iter().any(|one| review.could_give(one, me, &place.standing, now)) => {
            Some(AwaitedAct::Vote)
        }
        ChangeState::Approved
            if review.could_be_applied(place.live == Some(change.base)).is_ok()
                && authz::allow(&place.standing, Permission::ApplyChange).is_ok() =>
        {
            Some(AwaitedAct::Apply)
        }
        _ => None,
    };
    let (risk, expires_at) = (Some(review.plan.risk), review.expires_at(now));
    Ok(Awaited { change, risk, missing, act, age, expires_at })
}
