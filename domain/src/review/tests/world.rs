//! One change in a world where everything can happen, and beside it the list of what did.

use chrono::{DateTime, TimeDelta, Utc};

use super::spec::{Deed, History};
use super::*;
use crate::Refused;

/// What can happen. Whatever is refused leaves the world as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// An edit that moves the digest, to the other of two plans and back.
    EditMoves(Who),
    /// An edit that leaves the digest.
    EditStays(Who),
    Submit(Who),
    Approve(Who),
    Reject(Who),
    SendBack(Who),
    /// Takes back the last vote that is not.
    TakeBack(Who),
    Apply,
    /// 4 of the 7 days that approvals hold.
    SomeDaysPass,
    /// Exactly as long as approvals hold.
    ApprovalsExpire,
    /// A new live revision on which the plan is the same: the change is carried over.
    LiveSame,
    /// A new live revision on which the plan is another; the change is not told until it is rebased or applied.
    LiveOther,
    Rebase,
    /// The policy asks for two leads and an expert, or for one lead, in turn.
    PolicyChanges,
    Withdraw,
    RunSucceeds,
    RunFails,
}

impl Event {
    pub(super) fn all() -> Vec<Self> {
        use Event::*;
        let personal = [EditMoves, EditStays, Submit, Approve, Reject, SendBack, TakeBack];
        let mut all: Vec<Self> = personal.into_iter().flat_map(|event| Who::ALL.map(event)).collect();
        all.extend([Apply, SomeDaysPass, ApprovalsExpire, LiveSame, LiveOther, Rebase, PolicyChanges, Withdraw]);
        all.extend([RunSucceeds, RunFails]);
        all
    }
}

/// What a broken product could forget. The walk has to find out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forgets {
    Nothing,
    Authors,
    Digests,
    Rounds,
    Time,
    TakenBack,
    /// That the plan has to be computed anew before it is applied.
    Live,
}

/// The change as the product has it, the facts around it, and the list of deeds that the specification judges by.
#[derive(Clone)]
pub(super) struct World {
    pub(super) review: Review,
    /// Which of two live revisions is there; the last bit of the digest says on which one the plan was made.
    live: u8,
    pub(super) is_strict: bool,
    pub(super) history: History,
}

/// Time passes by moving the past away, so that worlds which differ in nothing but the date are equal.
pub(super) const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

impl World {
    pub(super) fn new() -> Self {
        Self {
            review: draft(two_and_an_expert()),
            live: 0,
            is_strict: true,
            history: History(vec![Deed::Wrote(Who::Ann)]),
        }
    }

    pub(super) fn digest(&self) -> u8 {
        self.review.plan.digest.0[0]
    }

    /// The digest of what would run: the same edits on the live revision.
    pub(super) fn real_digest(&self) -> u8 {
        self.digest() & 2 | self.live
    }

    fn planned(&self, digest: u8) -> Planned {
        planned(digest, if self.is_strict { two_and_an_expert() } else { vec![asked(LEADS, 1)] })
    }

    /// Lets it happen in the product, with what this product forgets; where the product takes it, it is written down.
    pub(super) fn happen(&mut self, event: Event, forgets: Forgets) -> Result<(), Refused> {
        let mut deed = None;
        match event {
            Event::EditMoves(who) => {
                self.review = self.review.edit(Some(&who.id()), self.planned(self.digest() ^ 2), NOW)?;
                deed = Some(Deed::Wrote(who));
            }
            Event::EditStays(who) => {
                self.review = self.review.edit(Some(&who.id()), self.planned(self.digest()), NOW)?;
                deed = Some(Deed::Wrote(who));
            }
            Event::Submit(who) => {
                self.review = self.review.submit(Some(&who.id()), NOW)?;
                deed = Some(Deed::Wrote(who));
            }
            Event::Approve(who) => {
                self.review = self.review.vote(ballot(&self.review, who, Verdict::Approve), NOW)?;
                deed = Some(Deed::Approved(who, self.digest(), 0));
            }
            Event::Reject(who) => {
                self.review = self.review.vote(ballot(&self.review, who, Verdict::Reject), NOW)?;
            }
            Event::SendBack(who) => {
                self.review = self.review.vote(ballot(&self.review, who, Verdict::SendBack), NOW)?;
                deed = Some(Deed::SentBack);
            }
            Event::TakeBack(who) => {
                let is_open = |vote: &&Vote| vote.voter == who.person() && vote.taken_back_at.is_none();
                let (id, digest) = match self.review.votes.iter().rev().find(is_open) {
                    Some(vote) => (vote.id, vote.digest.0[0]),
                    None => return Err(Refused::because("They gave none.")),
                };
                self.review = self.review.take_back(id, &who.id(), NOW)?;
                deed = Some(Deed::TookBack(who, digest));
            }
            Event::Apply => {
                let digest = if forgets == Forgets::Live { self.digest() } else { self.real_digest() };
                self.review = match self.review.apply(self.planned(digest), NOW)? {
                    Start::Starts { review } | Start::Back { review, .. } => review,
                };
            }
            Event::SomeDaysPass => self.pass(4 * 24, forgets),
            Event::ApprovalsExpire => self.pass(7 * 24, forgets),
            Event::LiveSame => self.review = self.review.rebase(None, self.planned(self.digest()), NOW)?,
            Event::LiveOther => self.live ^= 1,
            Event::Rebase => self.review = self.review.rebase(None, self.planned(self.real_digest()), NOW)?,
            Event::PolicyChanges => {
                self.is_strict = !self.is_strict;
                self.review = self.review.asked_anew(self.planned(self.digest()).asked, NOW);
            }
            Event::Withdraw => self.review = self.review.withdraw()?,
            Event::RunSucceeds => self.review = self.review.run_ended(true)?,
            Event::RunFails => self.review = self.review.run_ended(false)?,
        }
        self.history.0.extend(deed);
        self.forget(forgets);
        Ok(())
    }

    fn pass(&mut self, hours: i32, forgets: Forgets) {
        self.history.pass(hours);
        if forgets == Forgets::Time {
            return;
        }
        let span = TimeDelta::hours(i64::from(hours));
        for vote in &mut self.review.votes {
            vote.at -= span;
            if let Some(at) = &mut vote.taken_back_at {
                *at -= span;
            }
        }
        if let Some(at) = &mut self.review.approved_at {
            *at -= span;
        }
    }

    fn forget(&mut self, forgets: Forgets) {
        let Review { authors, plan, round, votes, .. } = &mut self.review;
        match forgets {
            Forgets::Nothing | Forgets::Time | Forgets::Live => {}
            Forgets::Authors => authors.clear(),
            Forgets::Digests => votes.iter_mut().for_each(|vote| vote.digest = plan.digest),
            Forgets::Rounds => votes.iter_mut().for_each(|vote| vote.round = *round),
            Forgets::TakenBack => votes.iter_mut().for_each(|vote| vote.taken_back_at = None),
        }
    }

    /// All that decides about the future, as bytes: two worlds with the same ones are the same world.
    ///
    /// Every field is taken apart, so that a new one cannot be forgotten. Of names and rules a number is enough, because
    /// the world has three people and two policies; reasons follow from verdicts and ids from places.
    pub(super) fn key(&self) -> Box<[u8]> {
        let Self { review, live, is_strict, history } = self;
        let Review { state, authors, plan, round, votes, approved_at, expires_after: _ } = review;
        let Planned { digest, steps: _, blockers: _, asked } = plan;
        let mut key = vec![*state as u8, *live, u8::from(*is_strict), digest.0[0], asked.len() as u8, *round as u8];
        key.push(Who::ALL.into_iter().map(|who| u8::from(authors.contains(&who.id())) << who as u8).sum());
        key.extend(hours(*approved_at));
        for vote in votes {
            let Vote { id: _, voter, groups, digest, round, verdict, reason: _, at, taken_back_at } = vote;
            let who = Who::ALL.into_iter().position(|who| who.person() == *voter).expect("one of the three");
            key.extend([who as u8, groups.len() as u8, digest.0[0], *round as u8, *verdict as u8]);
            key.extend(hours(Some(*at)));
            key.extend(hours(*taken_back_at));
        }
        key.push(u8::MAX);
        for deed in history.essence().0 {
            match deed {
                Deed::Wrote(who) => key.push(who as u8),
                Deed::Approved(who, digest, at) => {
                    key.extend([16 + who as u8, digest]);
                    key.extend(at.to_be_bytes());
                }
                Deed::TookBack(..) | Deed::SentBack => unreachable!("no essence has them"),
            }
        }
        key.into_boxed_slice()
    }
}

/// Hours before now in two bytes; seven events pass seven weeks at most.
fn hours(at: Option<DateTime<Utc>>) -> [u8; 2] {
    at.map_or(u16::MAX, |at| u16::try_from((NOW - at).num_hours()).expect("in the past")).to_be_bytes()
}
