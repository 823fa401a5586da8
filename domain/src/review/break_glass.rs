//! Applying without the votes that are asked for, when there is no time.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Planned, Review};
use crate::Refused;
use crate::account::{AccountId, Person, Standing};
use crate::authz::{self, Permission};
use crate::change::ChangeState;
use crate::digest::Digest;
use crate::findings::RuleId;
use crate::text;

/// Shortest reason for breaking the glass, in characters: a word is no explanation to those who are told.
pub const REASON_MIN: usize = 10;

/// A change that was applied without approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokenGlass {
    /// The change.
    pub change: i64,
    /// Who applied it.
    pub by: Person,
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: String,
    /// Who shaped the change, as in [`Review::authors`]: none of them reviews it.
    pub authors: BTreeSet<AccountId>,
    /// The review by a lead, once there is one.
    pub reviewed: Option<GlassReview>,
}

/// What a lead found who looked at a change that was applied without approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlassReview {
    /// Who.
    pub by: Person,
    /// When.
    pub at: DateTime<Utc>,
    /// What they found.
    pub conclusion: String,
}

/// Somebody about to apply a change without the votes that are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Breaking<'a> {
    /// What they are in the environment.
    pub standing: &'a Standing,
    /// The digest of the plan that they saw.
    pub seen: Digest,
    /// Why they do it.
    pub reason: &'a str,
    /// The last such apply in the environment, if no lead has reviewed it yet.
    pub unreviewed: Option<&'a BrokenGlass>,
    /// The rules that find a blocker by default in what would become live
    /// ([`blockers_by_default`](crate::findings::blockers_by_default)).
    pub blocking: &'a [RuleId],
}

/// Whether somebody may apply a change in this state without approval. `unreviewed` is the last such apply in the
/// environment, if no lead has reviewed it yet.
///
/// A change in review and an approved one can be (an approved one may wait for a window, or its votes may be about to
/// expire). A draft cannot: submitting it takes one act of the same person, refuses blockers and an empty plan, and makes
/// the plan visible to every lead before it runs.
///
/// # Errors
/// For all but admins, in other states, and while the last one waits for its review.
pub fn may_break_glass(
    standing: &Standing,
    state: ChangeState,
    unreviewed: Option<&BrokenGlass>,
) -> Result<(), Refused> {
    authz::allow(standing, Permission::BreakGlass)?;
    match state {
        ChangeState::InReview | ChangeState::Approved => {}
        ChangeState::Draft => {
            return Err(Refused::not_now("It is still a draft; submit it first, so that leads see its plan."));
        }
        ChangeState::Provisioning => return Err(Refused::not_now("Its run is under way already.")),
        ChangeState::Applied | ChangeState::Rejected | ChangeState::Withdrawn | ChangeState::Failed => {
            return Err(Refused::not_now(format!("It is {state}; it cannot be applied again.")));
        }
    }
    match unreviewed {
        None => Ok(()),
        Some(BrokenGlass { change, by, .. }) => Err(Refused::not_now(format!(
            "{} applied change #{change} without approval, and no lead has reviewed that yet; until then nobody can do it \
             again.",
            by.name
        ))),
    }
}

/// Whether what would become live breaks no rule that is a blocker by default. An environment may think less of a rule, and
/// then changes are submitted and approved in view of it; who breaks the glass has nobody who approves of it.
///
/// # Errors
/// Where there is such a rule; it names the first.
pub fn nothing_blocks_by_default(blocking: &[RuleId]) -> Result<(), Refused> {
    let Some(first) = blocking.first() else { return Ok(()) };
    let more = match blocking.len() - 1 {
        0 => String::new(),
        1 => " and 1 more rule".to_owned(),
        more => format!(" and {more} more rules"),
    };
    Err(Refused::not_now(format!(
        "It breaks {}{more}, a blocker by default. Breaking the glass does not pass over that, whatever level the rule has \
         in this environment.",
        first.as_str()
    )))
}

/// Whether somebody may review what was applied without approval.
///
/// # Errors
/// For all but leads, for who broke the glass, for who shaped the change, and where it is reviewed.
pub fn may_review_break_glass(standing: &Standing, reviewer: &Person, broken: &BrokenGlass) -> Result<(), Refused> {
    authz::allow(standing, Permission::ReviewBreakGlass)?;
    if let Some(review) = &broken.reviewed {
        return Err(Refused::not_now(format!("{} has reviewed it already.", review.by.name)));
    }
    match &reviewer.id {
        None => Err(Refused::not_you("A review belongs to a person who signed in.")),
        Some(_) if reviewer.id == broken.by.id => {
            Err(Refused::not_you("You applied it without approval yourself; another lead has to review that."))
        }
        Some(id) if broken.authors.contains(id) => {
            Err(Refused::not_you("You had a part in this change; another lead has to review that it was applied."))
        }
        Some(_) => Ok(()),
    }
}

impl Review {
    /// Applied without the votes that are asked for. `plan` is the plan computed anew under the environment's lock: nobody
    /// has approved it, so at least who applies it has to know it. The reason has at least [`REASON_MIN`] characters.
    ///
    /// # Errors
    /// As [`may_break_glass`]; where blockers are left, be it only by default, or nothing is to be done, where the plan is
    /// another one, and where the reason is too short or too long.
    pub fn break_glass(&self, act: Breaking<'_>, plan: Planned, now: DateTime<Utc>) -> Result<Self, Refused> {
        let Breaking { standing, seen, reason, unreviewed, blocking } = act;
        may_break_glass(standing, self.state, unreviewed)?;
        let length = reason.trim().chars().count();
        if length < REASON_MIN {
            return Err(Refused::not_now(format!(
                "Say why in at least {REASON_MIN} characters; everybody in the environment is told."
            )));
        }
        text::long("reason", reason).map_err(|fault| Refused::not_now(fault.to_string()))?;
        let mut review = Self { plan, ..self.clone() };
        review.settle(now);
        if review.plan.digest != seen {
            return Err(Refused::not_now(
                "The plan is no longer the one that you saw. Look again before you apply it.",
            ));
        }
        review.can_be_applied()?;
        nothing_blocks_by_default(blocking)?;
        review.state = ChangeState::Provisioning;
        Ok(review)
    }
}
