//! The review of a change: single cases, and every sequence of seven events against an independent specification.

mod cases;
mod events;
mod expiry;
mod model;
mod spec;
mod world;

use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::account::{Capability, Person, Standing};
use crate::policy::{EXPERTS, LEADS};

/// The people of all tests. Each may write and vote, so that only the rules of the review keep the two apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Who {
    /// Wrote the change.
    Ann,
    /// A lead.
    Lea,
    /// A lead, and one of the infrastructure experts.
    Eve,
}

impl Who {
    const ALL: [Self; 3] = [Self::Ann, Self::Lea, Self::Eve];

    fn id(self) -> AccountId {
        format!("{self:?}")
    }

    fn person(self) -> Person {
        Person { id: Some(self.id()), name: self.id() }
    }

    fn standing(self) -> Standing {
        let groups = if self == Self::Eve { [EXPERTS.to_owned()].into() } else { BTreeSet::new() };
        Standing { capabilities: [Capability::Admin, Capability::Lead].into(), groups }
    }
}

/// That many hours after the beginning.
fn hour(hours: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
}

fn asked(group: &str, quorum: usize) -> Asked {
    Asked {
        rule: format!("{quorum} of {group}"),
        group: group.to_owned(),
        quorum,
        because: "a test asks".to_owned(),
        older: None,
    }
}

/// Two leads, and one expert.
fn two_and_an_expert() -> Vec<Asked> {
    vec![asked(LEADS, 2), asked(EXPERTS, 1)]
}

fn planned(digest: u8, asked: Vec<Asked>) -> Planned {
    Planned { digest: Digest([digest; 32]), risk: Risk::Low, steps: 1, blockers: 0, asked }
}

/// A change that Ann wrote, of which that is asked.
fn draft(asked: Vec<Asked>) -> Review {
    let mut review = Review::draft(planned(0, asked), Lifetime::default());
    review.authors.insert(Who::Ann.id());
    review
}

/// A vote on the plan as it is.
fn ballot(review: &Review, who: Who, verdict: Verdict) -> Ballot {
    Ballot {
        id: i64::try_from(review.votes.len()).expect("few votes") + 1,
        voter: who.person(),
        standing: who.standing(),
        seen: review.plan.digest,
        verdict,
        reason: (verdict != Verdict::Approve).then(|| "Not like this.".to_owned()),
    }
}
