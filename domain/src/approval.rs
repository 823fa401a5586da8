//! Votes and what has to be met before a change is approved (requirements, section 5).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use crate::review::{Verdict, may_vote};

use crate::account::{AccountId, Person};
use crate::digest::Digest;
use crate::plan::Risk;

/// From this number of nodes on, an expert has to approve too.
pub const LARGE_ENVIRONMENT: usize = 50;

/// Who has to approve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// The leads of the environment.
    Leads,
    /// Leads that are in the group "infrastructure experts".
    InfrastructureExperts,
}

impl Group {
    /// The name, as accounts carry it and pages show it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Leads => "leads",
            Self::InfrastructureExperts => "infrastructure experts",
        }
    }
}

/// A number of distinct people of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// The group.
    pub group: Group,
    /// How many of it.
    pub quorum: usize,
}

/// The default policy: by risk, and by the size of the environment. All requirements have to be met.
pub fn requirements(risk: Risk, node_count: usize) -> Vec<Requirement> {
    let leads = match risk {
        Risk::Low | Risk::Medium => 1,
        Risk::High | Risk::Critical => 2,
    };
    let mut requirements = vec![Requirement { group: Group::Leads, quorum: leads }];
    // Two rules can ask for an expert; each is met on its own, so one expert meets both.
    if risk == Risk::Critical || node_count >= LARGE_ENVIRONMENT {
        requirements.push(Requirement { group: Group::InfrastructureExperts, quorum: 1 });
    }
    requirements
}

/// One lead's vote, bound to the plan it was given for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Who.
    pub voter: Person,
    /// Whether the voter was in the group "infrastructure experts" then.
    pub is_expert: bool,
    /// The digest of the plan that was looked at.
    pub digest: Digest,
    /// What was said.
    pub verdict: Verdict,
    /// Why; always there for anything but an approval.
    pub reason: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// How far a requirement is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// What is asked.
    pub requirement: Requirement,
    /// How many people of the group approved.
    pub have: usize,
}

impl Tally {
    /// Whether it is met.
    pub fn met(&self) -> bool {
        self.have >= self.requirement.quorum
    }
}

/// Counts the votes that count: approvals of exactly that plan, by distinct people with an account who wrote none of it.
/// An expert counts as a lead too. A later vote of the same person on that plan replaces the earlier.
pub fn tally(
    requirements: &[Requirement],
    votes: &[Vote],
    digest: Digest,
    authors: &BTreeSet<AccountId>,
) -> Vec<Tally> {
    let mut latest: BTreeMap<&AccountId, &Vote> = BTreeMap::new();
    for vote in votes.iter().filter(|vote| vote.digest == digest) {
        let Some(voter) = &vote.voter.id else { continue };
        if authors.contains(voter) {
            continue;
        }
        let newest = latest.entry(voter).or_insert(vote);
        if vote.at >= newest.at {
            *newest = vote;
        }
    }
    let approvals: Vec<&Vote> = latest.into_values().filter(|vote| vote.verdict == Verdict::Approve).collect();
    let count = |group| match group {
        Group::Leads => approvals.len(),
        Group::InfrastructureExperts => approvals.iter().filter(|vote| vote.is_expert).count(),
    };
    requirements.iter().map(|&requirement| Tally { requirement, have: count(requirement.group) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Capability, Standing};
    use crate::change::ChangeState;

    fn vote(id: &str, is_expert: bool, digest: u8, verdict: Verdict, second: i64) -> Vote {
        Vote {
            voter: Person { id: Some(id.to_owned()), name: id.to_owned() },
            is_expert,
            digest: Digest([digest; 32]),
            verdict,
            reason: None,
            at: DateTime::from_timestamp(second, 0).expect("valid"),
        }
    }

    #[test]
    fn policy() {
        let say = |risk, nodes| -> Vec<(Group, usize)> {
            requirements(risk, nodes).into_iter().map(|r| (r.group, r.quorum)).collect()
        };
        let (leads, experts) = (Group::Leads, Group::InfrastructureExperts);
        assert_eq!(say(Risk::Low, 49), [(leads, 1)]);
        assert_eq!(say(Risk::Medium, 1), [(leads, 1)]);
        assert_eq!(say(Risk::High, 1), [(leads, 2)]);
        assert_eq!(say(Risk::Critical, 1), [(leads, 2), (experts, 1)]);
        assert_eq!(say(Risk::Low, 50), [(leads, 1), (experts, 1)]);
        assert_eq!(say(Risk::Critical, 50), [(leads, 2), (experts, 1)]);
    }

    #[test]
    fn only_distinct_outsiders_for_this_plan_count() {
        let asked = requirements(Risk::Critical, 1);
        let votes = [
            vote("a", false, 1, Verdict::Approve, 1),
            vote("a", false, 1, Verdict::Approve, 2),
            vote("author", true, 1, Verdict::Approve, 3),
            vote("b", true, 2, Verdict::Approve, 4),
            vote("c", true, 1, Verdict::SendBack, 5),
        ];
        let authors = BTreeSet::from(["author".to_owned()]);
        let have = |votes: &[Vote]| -> Vec<usize> {
            tally(&asked, votes, Digest([1; 32]), &authors).iter().map(|t| t.have).collect()
        };
        assert_eq!(have(&votes), [1, 0]);
        let mut more = votes.to_vec();
        more.push(vote("b", true, 1, Verdict::Approve, 6));
        assert_eq!(have(&more), [2, 1], "an expert is a lead too");
        assert!(tally(&asked, &more, Digest([1; 32]), &authors).iter().all(Tally::met));
        more.push(vote("a", false, 1, Verdict::SendBack, 7));
        assert_eq!(have(&more), [1, 1], "a later vote replaces the earlier");
    }

    #[test]
    fn reasons_in_order() {
        let lead = Standing { capabilities: [Capability::Lead].into(), ..Standing::default() };
        let admin = Standing { capabilities: [Capability::Admin].into(), ..Standing::default() };
        let me = "me".to_owned();
        let mine = BTreeSet::from([me.clone()]);
        let none = BTreeSet::new();
        let reason = |state, standing, authors, already| {
            may_vote(state, &me, standing, authors, already).err().map(|refused| refused.reason)
        };
        let review = ChangeState::InReview;
        assert_eq!(reason(review, &lead, &none, false), None);
        assert_eq!(reason(ChangeState::Approved, &lead, &none, false), None);
        assert_eq!(
            reason(ChangeState::Draft, &admin, &mine, true).as_deref(),
            Some("Only leads of this environment vote on changes.")
        );
        assert_eq!(
            reason(ChangeState::Draft, &lead, &mine, true).as_deref(),
            Some("It is still a draft; it has to be submitted first.")
        );
        assert_eq!(
            reason(review, &lead, &mine, true).as_deref(),
            Some("You wrote an edit of this change; somebody else has to approve it.")
        );
        assert_eq!(reason(review, &lead, &none, true).as_deref(), Some("You have voted on this plan already."));
    }
}
