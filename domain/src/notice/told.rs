//! Who is told.

use std::collections::BTreeMap;

use super::{ChangeFacts, Happening, Kind, Member, Subject, Topic};
use crate::account::{AccountId, Capability};
use crate::change::ChangeState;
use crate::review::Verdict;

/// As what somebody is told: the words differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Audience {
    /// Their vote is asked for.
    Asked,
    /// They can look for somebody whose vote is.
    Helper,
    /// They take part, or want to know.
    Concerned,
}

/// One person who is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Whom.
    pub account: AccountId,
    /// Under what they can choose about.
    pub topic: Topic,
    /// As what.
    pub audience: Audience,
}

/// Who is told of it, each once, by account. `members` are all people of the environment who can sign in; nobody else is
/// ever told. Nobody is told of their own act; how a run ends is not the act of who started it.
pub fn told(happening: &Happening, members: &[Member]) -> Vec<Told> {
    let mut told = Telling::default();
    match (&happening.subject, happening.kind) {
        (Subject::Change(change), kind) => of_change(kind, change, members, &mut told),
        (Subject::Proposal { proposer, about: _ }, _) => {
            let is_told = |member: &Member| is_responsible(member) || Some(&member.id) == proposer.as_ref();
            told.all(members.iter().filter(|member| is_told(member)), Topic::Policy, Audience::Concerned);
        }
        (Subject::Schedule { .. }, _) => told.all(members.iter(), Topic::Freeze, Audience::Concerned),
        (Subject::Account { owner }, _) => {
            let is_owner = |member: &&Member| Some(&member.id) == owner.as_ref();
            told.all(members.iter().filter(is_owner), Topic::Account, Audience::Concerned);
        }
        (Subject::Nothing, _) => {}
    }
    if !happening.unattended
        && !matches!(happening.kind, Kind::RunSucceeded | Kind::RunFailed)
        && let Some(actor) = &happening.actor.id
    {
        told.0.remove(actor);
    }
    told.0.into_iter().map(|(account, (topic, audience))| Told { account, topic, audience }).collect()
}

fn of_change(kind: Kind, change: &ChangeFacts, members: &[Member], told: &mut Telling) {
    let concerned = |topic: Topic, told: &mut Telling| {
        told.all(members.iter().filter(|member| is_author(change, &member.id)), topic, Audience::Concerned);
    };
    // Whoever applied waits for what comes of it, without having written a word of the change.
    let applied = |told: &mut Telling| {
        let is_told =
            |member: &&Member| is_author(change, &member.id) || change.applied_by.as_ref() == Some(&member.id);
        told.all(members.iter().filter(is_told), Topic::MyChange, Audience::Concerned);
    };
    let asked = |told: &mut Telling| {
        told.all(members.iter().filter(|member| is_asked(change, member)), Topic::ToApprove, Audience::Asked);
    };
    match kind {
        Kind::Submitted | Kind::Reminder => asked(told),
        Kind::Moved => {
            let is_told = |member: &&Member| {
                voted_on_another(change, &member.id)
                    && !change.know_it_moved.contains(&member.id)
                    && is_asked(change, member)
            };
            told.all(members.iter().filter(is_told), Topic::ToApprove, Audience::Asked);
        }
        Kind::Escalated => escalate(change, members, told),
        Kind::Lapsed => {
            asked(told);
            applied(told);
        }
        Kind::CalledOff | Kind::RunSucceeded | Kind::RunFailed => applied(told),
        Kind::Approved | Kind::SentBack | Kind::Rejected | Kind::Withdrawn => {
            concerned(Topic::MyChange, told);
        }
        Kind::Commented => {
            let takes_part = |member: &&Member| {
                is_author(change, &member.id)
                    || change.commenters.contains(&member.id)
                    || change.review.votes.iter().any(|vote| vote.voter.id.as_ref() == Some(&member.id))
            };
            told.all(members.iter().filter(takes_part), Topic::Discussion, Audience::Concerned);
        }
        Kind::GlassBroken | Kind::GlassReviewed => told.all(members.iter(), Topic::BreakGlass, Audience::Concerned),
        // Webhooks are told that it began; people, how it ends.
        Kind::RunStarted => {}
        // Not about changes.
        Kind::PolicyProposed
        | Kind::PolicyApproved
        | Kind::PolicyRejected
        | Kind::PolicyWithdrawn
        | Kind::ProposalMade
        | Kind::ProposalInForce
        | Kind::ProposalRejected
        | Kind::ProposalWithdrawn
        | Kind::FreezeEnded
        | Kind::AccountGuessed
        | Kind::Test => {}
    }
}

/// The next group: leads who may approve the change, though nothing that is missing asks for them; where there are none,
/// the admins, so that somebody finds one.
fn escalate(change: &ChangeFacts, members: &[Member], told: &mut Telling) {
    if change.state() != ChangeState::InReview {
        return;
    }
    let others = || members.iter().filter(|member| may_approve(change, member) && !is_asked(change, member));
    told.all(others(), Topic::ToApprove, Audience::Helper);
    if others().next().is_none() {
        let admins = members.iter().filter(|member| member.standing.has(Capability::Admin));
        told.all(admins, Topic::ToApprove, Audience::Helper);
    }
}

/// Whether a change in review waits for the vote of this person.
fn is_asked(change: &ChangeFacts, member: &Member) -> bool {
    let ChangeFacts { review, now, .. } = change;
    review.state == ChangeState::InReview
        && review.missing(*now).iter().any(|one| review.could_give(one, &member.id, &member.standing, *now))
}

fn may_approve(change: &ChangeFacts, member: &Member) -> bool {
    change.review.may_vote(&member.id, &member.standing, Verdict::Approve, change.now).is_ok()
}

fn is_author(change: &ChangeFacts, account: &AccountId) -> bool {
    change.review.authors.contains(account) || change.created_by.as_ref() == Some(account)
}

/// Whether the last approval of this person in this round, if there is one and they kept it, is for another plan.
fn voted_on_another(change: &ChangeFacts, account: &AccountId) -> bool {
    let review = &change.review;
    let own = review.votes.iter().rev().find(|vote| vote.voter.id.as_ref() == Some(account));
    own.is_some_and(|vote| {
        vote.verdict == Verdict::Approve
            && vote.round == review.round
            && vote.taken_back_at.is_none()
            && vote.digest != review.plan.digest
    })
}

/// Whether somebody answers for the environment, and does not only look at it.
fn is_responsible(member: &Member) -> bool {
    member.standing.has(Capability::Admin) || member.standing.has(Capability::Lead)
}

/// Each person once: what was said of them first stands.
#[derive(Default)]
struct Telling(BTreeMap<AccountId, (Topic, Audience)>);

impl Telling {
    fn all<'a>(&mut self, members: impl Iterator<Item = &'a Member>, topic: Topic, audience: Audience) {
        for member in members {
            self.0.entry(member.id.clone()).or_insert((topic, audience));
        }
    }
}
