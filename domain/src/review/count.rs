//! Which votes count, and what is still missing.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Lifetime, Review, Verdict, Vote};
use crate::account::{AccountId, Standing};
use crate::authz::{self, Permission};
use crate::policy::{Asked, LEADS};

/// What a vote is worth now, for the page; the first that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VoteStanding {
    /// It was a no, and did what it says: rejected the change, or ended a round.
    Decided,
    /// Its voter took it back.
    TakenBack,
    /// The change was sent back since.
    OtherRound,
    /// It is for another plan.
    OtherPlan,
    /// Its voter has no account any more, so nobody can say whether they are an author.
    WithoutAccount,
    /// Its voter had a part in the change, or in one that it is a copy of.
    ByAuthor,
    /// Its voter is no lead of the environment any more, or has no enabled account.
    VoterGone,
    /// Its voter voted on the same plan again.
    Superseded,
    /// Its time is over.
    Expired,
    /// It counts.
    Counts,
}

impl VoteStanding {
    /// What it means, in a sentence beside the vote.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Decided => "It decided this round.",
            Self::TakenBack => "It was taken back.",
            Self::OtherRound => "The change was sent back since; it does not count.",
            Self::OtherPlan => "It is for another plan; it does not count for this one.",
            Self::WithoutAccount => "Its voter has no account any more; it does not count.",
            Self::ByAuthor => "Its voter had a part in the change; it does not count.",
            Self::VoterGone => {
                "Its voter is no lead of this environment any more, or their account is disabled; it does not count."
            }
            Self::Superseded => "A later vote of the same person stands in its place.",
            Self::Expired => "It has expired; it does not count.",
            Self::Counts => "It counts.",
        }
    }
}

/// How far one thing that is asked is met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// What is asked.
    pub asked: Asked,
    /// Who of the group approved, by account; each rule counts for itself, so one person can be in several.
    pub voters: BTreeSet<AccountId>,
}

impl Tally {
    /// Whether it is met.
    pub fn is_met(&self) -> bool {
        self.voters.len() >= self.asked.quorum
    }
}

/// People that a rule still needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// The rule's name.
    pub rule: String,
    /// The group that they have to be of.
    pub group: String,
    /// How many approved.
    pub have: usize,
    /// How many have to.
    pub quorum: usize,
}

/// What is missing in words: `1 of 2 leads, 0 of 1 infrastructure experts`; a group that several rules ask for is told
/// once, with the most that is asked. Empty where nothing is missing.
pub fn missing_text(missing: &[Missing]) -> String {
    let mut by_group: Vec<(&str, usize, usize)> = Vec::new();
    for Missing { rule: _, group, have, quorum } in missing {
        match by_group.iter_mut().find(|(known, ..)| known == group) {
            Some((_, _, most)) => *most = (*most).max(*quorum),
            None => by_group.push((group, *have, *quorum)),
        }
    }
    let words = by_group.into_iter().map(|(group, have, quorum)| match (group, quorum) {
        (LEADS, 1) => format!("{have} of 1 lead"),
        (group, quorum) => format!("{have} of {quorum} {group}"),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// The votes that count at a time.
pub(super) struct Counted<'a> {
    /// The approval, if one stands.
    pub(super) approval: Option<Approval>,
    /// The votes, oldest first.
    votes: Vec<&'a Vote>,
}

/// An approval: votes that were enough once.
#[derive(Clone, Copy)]
pub(super) struct Approval {
    /// When the last vote needed was given.
    pub(super) since: DateTime<Utc>,
    /// When it is over, if nothing happens: when the shortest-lived of those votes would be, had it been given with the last.
    until: DateTime<Utc>,
}

impl Review {
    /// What a vote of this change is worth at that time. For a change under way or ended, ask for the time of its start.
    pub fn standing_of(&self, vote: &Vote, now: DateTime<Utc>) -> VoteStanding {
        match self.standing_unless_expired(vote, now) {
            VoteStanding::Counts if self.counted(now).votes.iter().any(|counted| counted.id == vote.id) => {
                VoteStanding::Counts
            }
            VoteStanding::Counts => VoteStanding::Expired,
            other => other,
        }
    }

    /// How far everything that is asked is met at that time.
    pub fn tallies(&self, now: DateTime<Utc>) -> Vec<Tally> {
        let votes = self.counted(now).votes;
        let tally = |asked: &Asked| Tally { asked: asked.clone(), voters: self.voters_for(asked, &votes) };
        self.plan.asked.iter().map(tally).collect()
    }

    /// What is not met at that time.
    pub fn missing(&self, now: DateTime<Utc>) -> Vec<Missing> {
        self.tallies(now)
            .into_iter()
            .filter(|tally| !tally.is_met())
            .map(|Tally { asked: Asked { rule, group, quorum, because: _, older: _ }, voters }| Missing {
                rule,
                group,
                have: voters.len(),
                quorum,
            })
            .collect()
    }

    /// Whether this person's approval would bring the change nearer to what is missing.
    pub fn could_give(&self, missing: &Missing, voter: &AccountId, standing: &Standing, now: DateTime<Utc>) -> bool {
        is_of(&missing.group, &standing.groups) && self.may_vote(voter, standing, Verdict::Approve, now).is_ok()
    }

    /// When the approval ends if nothing happens; none where the change is not approved at `now`.
    pub fn expires_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut end = self.counted(now).approval?.until;
        // Votes that were given later can be enough by themselves.
        while let Some(approval) = self.counted(end).approval {
            end = approval.until;
        }
        Some(end)
    }

    /// What a vote would be worth at that time if votes never expired. What was taken back later was not so then.
    fn standing_unless_expired(&self, vote: &Vote, now: DateTime<Utc>) -> VoteStanding {
        if vote.verdict != Verdict::Approve {
            return VoteStanding::Decided;
        }
        if vote.taken_back_at.is_some_and(|at| at <= now) {
            return VoteStanding::TakenBack;
        }
        if vote.round != self.round {
            return VoteStanding::OtherRound;
        }
        if vote.digest != self.plan.digest {
            return VoteStanding::OtherPlan;
        }
        let Some(voter) = &vote.voter.id else { return VoteStanding::WithoutAccount };
        if self.authors.contains(voter) {
            return VoteStanding::ByAuthor;
        }
        let is_lead = self.voters.get(voter).is_some_and(|standing| authz::allow(standing, Permission::Vote).is_ok());
        if !is_lead {
            return VoteStanding::VoterGone;
        }
        let mut later = self.votes.iter().skip_while(|other| other.id != vote.id).skip(1);
        let is_again = |other: &Vote| {
            other.voter.id.as_ref() == Some(voter) && other.digest == vote.digest && other.round == vote.round
        };
        if later.any(is_again) { VoteStanding::Superseded } else { VoteStanding::Counts }
    }

    /// How long a vote holds here: as long as it was given for, and no longer than approvals of the change do now.
    fn life_of(&self, vote: &Vote) -> Lifetime {
        vote.expires_after.min(self.expires_after)
    }

    /// When a vote is over while it waits for others.
    fn end_of(&self, vote: &Vote) -> DateTime<Utc> {
        vote.at + self.life_of(vote).span()
    }

    /// The votes that count at that time, and since when they are enough: the rules of the module's documentation.
    pub(super) fn counted(&self, now: DateTime<Utc>) -> Counted<'_> {
        let is_good = |vote: &&Vote| vote.at <= now && self.standing_unless_expired(vote, now) == VoteStanding::Counts;
        let mut votes: Vec<&Vote> = self.votes.iter().filter(is_good).collect();
        votes.sort_by_key(|vote| vote.at);
        loop {
            let Some(approval) = self.first_met(&votes) else {
                votes.retain(|vote| now < self.end_of(vote));
                return Counted { approval: None, votes };
            };
            if now < approval.until {
                votes.retain(|vote| approval.since < self.end_of(vote));
                return Counted { approval: Some(approval), votes };
            }
            // That approval is over, and with it every vote up to the last one that it needed.
            votes.retain(|vote| vote.at > approval.since);
        }
    }

    /// When the votes, in their order, were enough for the first time; each counts while it is young.
    fn first_met(&self, votes: &[&Vote]) -> Option<Approval> {
        (0..votes.len()).find_map(|place| {
            let since = votes[place].at;
            let young: Vec<&Vote> = votes[..=place].iter().copied().filter(|vote| since < self.end_of(vote)).collect();
            // A plan of which nothing is asked is never approved: the policy always asks for somebody.
            let is_met = !self.plan.asked.is_empty()
                && self.plan.asked.iter().all(|asked| self.voters_for(asked, &young).len() >= asked.quorum.max(1));
            let shortest = young.iter().map(|vote| self.life_of(vote)).min()?;
            is_met.then(|| Approval { since, until: since + shortest.span() })
        })
    }

    /// The distinct people whose vote is one that is asked for: they were in the group when they voted, and are so now.
    fn voters_for(&self, asked: &Asked, votes: &[&Vote]) -> BTreeSet<AccountId> {
        let is_now =
            |voter: &AccountId| self.voters.get(voter).is_some_and(|standing| is_of(&asked.group, &standing.groups));
        let were = votes.iter().filter(|vote| is_of(&asked.group, &vote.groups));
        were.filter_map(|vote| vote.voter.id.clone()).filter(is_now).collect()
    }
}

/// Whether a lead in those groups is of that group.
pub(crate) fn is_of(group: &str, groups: &BTreeSet<String>) -> bool {
    group == LEADS || groups.contains(group)
}
