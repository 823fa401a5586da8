//! One change in a world where everything can happen, and beside it the list of what did.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};

use super::events::{Event, Forgets};
use super::spec::{BROKEN, Deed, HOLDS, History};
use super::*;
use crate::Refused;
use crate::catalogue::{Catalogue, Level, Levels, level_of, strictest_levels};
use crate::change;
use crate::findings::RuleId;
use crate::plan::{Plan, plan};
use crate::policy::{Asked, Policy, Rule, When, strictest};
use crate::schedule::{self, Entry, Kind, Recurrence};
use crate::topology::Topology;

/// The change as the product has it, the facts around it, and the list of deeds that the specification judges by.
#[derive(Clone)]
pub(super) struct World {
    /// As it is stored; who shaped it, what is asked of it and who votes are loaded anew before everything that happens.
    pub(super) review: Review,
    /// Who shaped it, and what it is a copy of, as stored beside it.
    shaped: Shaped,
    inherited: Shaped,
    /// Which of two live revisions is there; the last bit of the digest says on which one the plan was made.
    live: u8,
    present: Set,
    /// What was set, then and since, as the submission left it; only what changes under review are judged by.
    since: Since,
    /// Whose account is enabled.
    enabled: [bool; 3],
    /// Whether Eve is one of the experts.
    is_expert: bool,
    pub(super) is_frozen: bool,
    /// Whether somebody applied it in a freeze: it starts when that ends.
    pub(super) waits: bool,
    glass: Option<BrokenGlass>,
    pub(super) history: History,
}

/// What is set for the environment.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Set {
    is_strict: bool,
    life: Lifetime,
    is_rule_on: bool,
}

/// What was in force when a change was submitted, and what was set since: of each what is enough to ask the domain.
#[derive(Clone, Copy)]
struct Since {
    then: Set,
    /// Whether the strict policy, and whether the light one, was in force at any moment.
    policies: [bool; 2],
    /// The shortest that was set.
    life: Lifetime,
    /// Whether the rule was switched off, and whether it was switched on.
    levels: [bool; 2],
}

/// Who wrote an edit, decided about one, submitted.
#[derive(Clone, Copy, Default)]
struct Shaped {
    wrote: [bool; 3],
    decided: [bool; 3],
    submitted: [bool; 3],
}

impl Shaped {
    fn of(self, who: Who) -> bool {
        let Self { wrote, decided, submitted } = self;
        [wrote, decided, submitted].iter().any(|part| part[who as usize])
    }

    /// What a copy of this change, with what this one inherited, remembers in a product that forgets so.
    fn and(self, earlier: Self, forgets: Forgets) -> Self {
        let both = |one: [bool; 3], other: [bool; 3]| [0, 1, 2].map(|who| one[who] || other[who]);
        let decided = both(self.decided, earlier.decided);
        let all = Self {
            wrote: both(self.wrote, earlier.wrote),
            decided: if forgets == Forgets::Decisions { [false; 3] } else { decided },
            submitted: both(self.submitted, earlier.submitted),
        };
        // What is left in it is Ann's.
        if forgets == Forgets::Copies { Self { wrote: [all.wrote[0], false, false], ..Self::default() } } else { all }
    }
}

/// Time passes by moving the past away, so that worlds which differ in nothing but the date are equal.
pub(super) const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

impl Since {
    fn submission(then: Set) -> Self {
        Self { then, policies: [then.is_strict, !then.is_strict], life: then.life, levels: [false; 2] }
    }

    fn set(&mut self, event: Event, now: Set) {
        match event {
            Event::PolicyChanges => self.policies[usize::from(!now.is_strict)] = true,
            Event::LifeChanges => self.life = self.life.min(now.life),
            _ => self.levels[usize::from(now.is_rule_on)] = true,
        }
    }
}

/// The strict policy, and the light one: two leads and an expert, or one lead.
fn policy(is_strict: bool) -> Policy {
    let rule = |group: &str, quorum| {
        let Asked { rule: name, group, quorum, .. } = asked(group, quorum);
        Rule { name, when: When::default(), group, quorum }
    };
    if is_strict {
        Policy { version: 1, rules: vec![rule(LEADS, 2), rule(EXPERTS, 1)] }
    } else {
        Policy { version: 2, rules: vec![rule(LEADS, 1)] }
    }
}

/// What the domain asks where the newest policy is that one, and the other one was in force before. Asked of it once: it is
/// the same each time.
fn asked_by(is_strict: bool, is_other_older: bool) -> Vec<Asked> {
    static ANSWERS: LazyLock<[[Vec<Asked>; 2]; 2]> = LazyLock::new(|| {
        let (topology, catalogue) = (Topology::empty("production"), Catalogue::built_in());
        let nothing: Plan = plan(&topology, &topology, catalogue);
        [false, true].map(|is_strict| {
            let older = [policy(!is_strict)];
            [&[][..], &older[..]].map(|older| strictest(&policy(is_strict), older, &nothing, 1, catalogue))
        })
    });
    ANSWERS[usize::from(is_strict)][usize::from(is_other_older)].clone()
}

/// Whether the domain has the rule stop a change, where it was on or off at first and was then switched so.
fn is_stopped(was_on: bool, switched: [bool; 2]) -> bool {
    let rule = RuleId::SqlNoMaster;
    let level = |is_on| if is_on { Level::Blocker } else { Level::Off };
    let then = Levels::from([(rule, level(was_on))]);
    let since =
        [false, true].into_iter().filter(|is_on| switched[usize::from(*is_on)]).map(|is_on| (rule, level(is_on)));
    level_of(&strictest_levels(&then, since), rule) == Level::Blocker
}

/// The freeze, where one is on: it began a day ago, and lasts.
fn freeze() -> Entry {
    let at = |days| NOW.naive_utc() + TimeDelta::days(days);
    Entry {
        id: 1,
        kind: Kind::Freeze,
        name: "Quarter".to_owned(),
        reason: "The books".to_owned(),
        zone: "UTC".to_owned(),
        recurrence: Recurrence::Once { from: at(-1), to: at(365) },
        ended_early: Vec::new(),
    }
}

impl World {
    pub(super) fn new() -> Self {
        let set = Set { is_strict: true, life: lasting(HOLDS), is_rule_on: true };
        Self {
            review: draft(two_and_an_expert()),
            shaped: Shaped { wrote: [true, false, false], ..Shaped::default() },
            inherited: Shaped::default(),
            live: 0,
            present: set,
            since: Since::submission(set),
            enabled: [true; 3],
            is_expert: true,
            is_frozen: false,
            waits: false,
            glass: None,
            history: History(vec![Deed::Shaped(Who::Ann)]),
        }
    }

    pub(super) fn digest(&self) -> u8 {
        self.review.plan.digest.0[0]
    }

    /// The digest of what would run: the same edits on the live revision.
    pub(super) fn real_digest(&self) -> u8 {
        (self.digest() & !1) | self.live
    }

    /// Who broke the glass, and has not been reviewed yet.
    pub(super) fn broke(&self) -> Option<&Person> {
        self.glass.as_ref().map(|broken| &broken.by)
    }

    /// What that person is in the environment.
    fn standing(&self, who: Who) -> Standing {
        let standing = who.standing();
        if who == Who::Eve && !self.is_expert { Standing { groups: BTreeSet::new(), ..standing } } else { standing }
    }

    fn is_submitted(&self) -> bool {
        self.review.state != ChangeState::Draft
    }

    /// How long approvals of the change hold.
    fn life(&self, forgets: Forgets) -> Lifetime {
        let Self { present, since, .. } = self;
        if self.is_submitted() && forgets != Forgets::Lives {
            Lifetime::strictest(since.then.life, [since.life, present.life])
        } else {
            present.life
        }
    }

    fn planned(&self, digest: u8, forgets: Forgets) -> Planned {
        let Self { present, since, .. } = self;
        let is_other_older =
            self.is_submitted() && forgets != Forgets::OlderPolicies && since.policies[usize::from(present.is_strict)];
        let asked = asked_by(present.is_strict, is_other_older);
        let is_stopped = if self.is_submitted() && forgets != Forgets::OlderLevels {
            is_stopped(since.then.is_rule_on, since.levels)
        } else {
            is_stopped(present.is_rule_on, [false; 2])
        };
        Planned { blockers: usize::from(digest & BROKEN != 0 && is_stopped), ..planned(digest, asked) }
    }

    /// The review as the backend loads it: what is stored, with what is true around it now. Once its run began, that of then.
    fn load(&mut self, forgets: Forgets) {
        if !self.review.state.is_open() {
            return;
        }
        self.review.plan = self.planned(self.digest(), forgets);
        self.review.expires_after = self.life(forgets);
        let all = self.shaped.and(self.inherited, Forgets::Nothing);
        self.review.authors = Who::ALL.into_iter().filter(|who| all.of(*who)).map(Who::id).collect();
        if forgets == Forgets::Authors {
            self.review.authors.clear();
        }
        let is_there = |who: &Who| forgets == Forgets::Gone || self.enabled[*who as usize];
        let is = |who: Who| if forgets == Forgets::Groups { who.standing() } else { self.standing(who) };
        self.review.voters = Who::ALL.into_iter().filter(is_there).map(|who| (who.id(), is(who))).collect();
        if forgets == Forgets::Lives {
            let life = self.present.life;
            self.review.votes.iter_mut().for_each(|vote| vote.expires_after = life);
        }
    }

    /// The same as a page shows it.
    pub(super) fn shown(&self, forgets: Forgets) -> Review {
        let mut world = self.clone();
        world.load(forgets);
        world.review.as_of(NOW)
    }

    /// Lets it happen in the product, with what this product forgets; where the product takes it, it is written down.
    pub(super) fn happen(&mut self, event: Event, forgets: Forgets) -> Result<(), Refused> {
        if event.by().is_some_and(|who| !self.enabled[who as usize]) {
            return Err(Refused::not_now("Nobody signs in with a disabled account."));
        }
        self.load(forgets);
        let mut deeds = Vec::new();
        match event {
            Event::EditMoves(who) => deeds = self.edit(who, self.digest() ^ 2, forgets)?,
            Event::EditStays(who) => deeds = self.edit(who, self.digest(), forgets)?,
            Event::EditBreaks(who) => deeds = self.edit(who, self.digest() ^ BROKEN, forgets)?,
            Event::Decide(who) => {
                self.review = self.review.rebase(Some(&who.id()), self.planned(self.digest(), forgets), NOW)?;
                self.shaped.decided[who as usize] = true;
                deeds.push(Deed::Shaped(who));
            }
            Event::Submit(who) => {
                self.review = self.review.submit(Some(&who.id()), NOW)?;
                self.shaped.submitted[who as usize] = true;
                self.since = Since::submission(self.present);
                deeds.extend([Deed::Shaped(who), Deed::Submitted]);
            }
            Event::Approve(who) => {
                self.review = self.review.vote(self.ballot(who, Verdict::Approve), NOW)?;
                let as_expert = who == Who::Eve && self.is_expert;
                deeds.push(Deed::Approved { who, digest: self.digest(), at: 0, as_expert });
            }
            Event::Reject(who) => self.review = self.review.vote(self.ballot(who, Verdict::Reject), NOW)?,
            Event::SendBack(who) => {
                self.review = self.review.vote(self.ballot(who, Verdict::SendBack), NOW)?;
                deeds.push(Deed::SentBack);
            }
            Event::TakeBack(who) => {
                let is_open = |vote: &&Vote| vote.voter == who.person() && vote.taken_back_at.is_none();
                let (id, digest) = match self.review.votes.iter().rev().find(is_open) {
                    Some(vote) => (vote.id, vote.digest.0[0]),
                    None => return Err(Refused::not_now("They gave none.")),
                };
                self.review = self.review.take_back(id, &who.id(), NOW)?;
                deeds.push(Deed::TookBack(who, digest));
            }
            Event::Apply => self.apply(forgets)?,
            Event::BreakGlass(who) => self.break_glass(who, forgets)?,
            Event::ReviewGlass(who) => self.review_glass(who, forgets)?,
            Event::SomeDaysPass => self.pass(4 * 24, forgets),
            Event::ApprovalsExpire => self.pass(HOLDS, forgets),
            Event::LiveSame => self.review = self.review.rebase(None, self.planned(self.digest(), forgets), NOW)?,
            Event::LiveOther => self.live ^= 1,
            Event::Rebase => self.review = self.review.rebase(None, self.planned(self.real_digest(), forgets), NOW)?,
            Event::PolicyChanges | Event::LifeChanges | Event::RuleChanges => deeds.push(self.set(event, forgets)),
            Event::Disable(who) => {
                let enabled = &mut self.enabled[who as usize];
                *enabled = !*enabled;
                deeds.push(Deed::Enabled(who, *enabled));
                self.asked_anew(forgets);
            }
            Event::GroupChanges => {
                self.is_expert = !self.is_expert;
                deeds.push(Deed::Expert(self.is_expert));
                self.asked_anew(forgets);
            }
            Event::Freeze if self.is_frozen => return Err(Refused::not_now("One is on.")),
            Event::Freeze => self.is_frozen = true,
            Event::EndFreeze(_) | Event::FreezePasses => self.thaw(event, forgets)?,
            Event::Withdraw => self.review = self.review.withdraw()?,
            Event::RoleLoosens => {
                let round = self.review.round;
                self.review = self.review.returned()?;
                if forgets == Forgets::Returns {
                    self.review.round = round;
                }
                deeds.push(Deed::SentBack);
            }
            Event::Copy => {
                change::may_copy(self.review.state)?;
                self.inherited = self.shaped.and(self.inherited, forgets);
                // Ann's edits are what is left in it.
                self.shaped = Shaped { wrote: [true, false, false], ..Shaped::default() };
                self.review = Review::draft(self.review.plan.clone(), self.present.life);
                deeds.push(Deed::Copied);
            }
            Event::RunSucceeds => self.review = self.review.run_ended(true)?,
            Event::RunFails => self.review = self.review.run_ended(false)?,
        }
        self.history.0.extend(deeds);
        self.waits &= self.review.state == ChangeState::Approved;
        self.forget(forgets);
        Ok(())
    }

    fn edit(&mut self, who: Who, digest: u8, forgets: Forgets) -> Result<Vec<Deed>, Refused> {
        self.review = self.review.edit(Some(&who.id()), self.planned(digest, forgets), NOW)?;
        self.shaped.wrote[who as usize] = true;
        Ok(vec![Deed::Shaped(who)])
    }

    fn ballot(&self, who: Who, verdict: Verdict) -> Ballot {
        Ballot { standing: self.standing(who), ..ballot(&self.review, who, verdict) }
    }

    /// Starts it, or has it wait for the end of the freeze, as `runs::apply` in the backend does.
    fn apply(&mut self, forgets: Forgets) -> Result<(), Refused> {
        let digest = if forgets == Forgets::Live { self.digest() } else { self.real_digest() };
        let freezes = if self.is_frozen { vec![freeze()] } else { Vec::new() };
        let is_closed = schedule::verdict(&freezes, NOW) != schedule::Verdict::Open;
        match self.review.apply(self.planned(digest, forgets), NOW)? {
            Start::Starts { .. } if is_closed && self.waits => return Err(Refused::not_now("It waits already.")),
            Start::Starts { .. } if is_closed => {
                self.review = self.review.as_of(NOW);
                self.waits = true;
            }
            Start::Starts { review } | Start::Back { review, .. } => self.review = review,
        }
        Ok(())
    }

    /// The freeze ends, and what waits starts; or does not, where its approval holds no longer.
    fn thaw(&mut self, event: Event, forgets: Forgets) -> Result<(), Refused> {
        if !self.is_frozen {
            return Err(Refused::not_now("None is on."));
        }
        if let Event::EndFreeze(who) = event
            && schedule::ends_sooner(&freeze(), None, NOW, Lifetime::default())
        {
            let can_wait = match forgets {
                Forgets::FreezeReviews => self.review.state == ChangeState::Approved,
                _ => schedule::can_wait(self.review.state),
            };
            let is_author = forgets != Forgets::FreezeAuthors && self.review.authors.contains(&who.id());
            schedule::may_end_sooner(if can_wait && is_author { &[1] } else { &[] })?;
        }
        self.is_frozen = false;
        if self.waits {
            // Refused, it waits no longer.
            self.waits = false;
            let _refused = self.apply(forgets);
        }
        Ok(())
    }

    fn break_glass(&mut self, who: Who, forgets: Forgets) -> Result<(), Refused> {
        let digest = self.real_digest();
        let is_looked_for = forgets != Forgets::Defaults;
        let blocking: &[RuleId] = if digest & BROKEN != 0 && is_looked_for { &[RuleId::SqlNoMaster] } else { &[] };
        let act = Breaking {
            standing: &self.standing(who),
            seen: Digest([digest; 32]),
            reason: "There is no time.",
            unreviewed: self.glass.as_ref(),
            blocking,
        };
        self.review = self.review.break_glass(act, self.planned(digest, forgets), NOW)?;
        self.glass = Some(BrokenGlass {
            change: 1,
            by: who.person(),
            at: NOW,
            reason: act.reason.to_owned(),
            authors: self.review.authors.clone(),
            reviewed: None,
        });
        Ok(())
    }

    fn review_glass(&mut self, who: Who, forgets: Forgets) -> Result<(), Refused> {
        let mut broken = self.glass.clone().ok_or_else(|| Refused::not_now("It is whole."))?;
        if forgets == Forgets::GlassAuthors {
            broken.authors.clear();
        }
        may_review_break_glass(&self.standing(who), &who.person(), &broken)?;
        self.glass = None;
        Ok(())
    }

    /// Something else is set for the environment, and what is under review is asked anew.
    fn set(&mut self, event: Event, forgets: Forgets) -> Deed {
        let Set { is_strict, life, is_rule_on } = &mut self.present;
        let deed = match event {
            Event::PolicyChanges => {
                *is_strict = !*is_strict;
                Deed::PolicySet { is_strict: *is_strict }
            }
            Event::LifeChanges => {
                let hours = match life.as_hours() {
                    48 => HOLDS,
                    720 => 48,
                    _ => 720,
                };
                *life = lasting(hours);
                Deed::LifeSet(hours)
            }
            _ => {
                *is_rule_on = !*is_rule_on;
                Deed::RuleSet { is_on: *is_rule_on }
            }
        };
        self.since.set(event, self.present);
        self.asked_anew(forgets);
        deed
    }

    fn asked_anew(&mut self, forgets: Forgets) {
        self.load(forgets);
        self.review = self.review.as_of(NOW);
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
        let Review { plan, round, votes, .. } = &mut self.review;
        match forgets {
            Forgets::Digests => votes.iter_mut().for_each(|vote| vote.digest = plan.digest),
            Forgets::Rounds => votes.iter_mut().for_each(|vote| vote.round = *round),
            Forgets::TakenBack => votes.iter_mut().for_each(|vote| vote.taken_back_at = None),
            // These are forgotten where they are asked for.
            Forgets::Nothing
            | Forgets::Time
            | Forgets::Live
            | Forgets::Authors
            | Forgets::Copies
            | Forgets::Decisions
            | Forgets::OlderPolicies
            | Forgets::Lives
            | Forgets::OlderLevels
            | Forgets::Defaults
            | Forgets::Gone
            | Forgets::Groups
            | Forgets::GlassAuthors
            | Forgets::FreezeAuthors
            | Forgets::FreezeReviews
            | Forgets::Returns => {}
        }
    }

    /// All that decides about the future, as bytes: two worlds with the same ones are the same world.
    ///
    /// Every field is taken apart, so that a new one cannot be forgotten. Of names and rules a number is enough, because
    /// the world has three people and two policies; reasons follow from verdicts and ids from places. What a review is
    /// loaded with follows from the facts around it, and since when it is approved from its votes.
    pub(super) fn key(&self, forgets: Forgets) -> Box<[u8]> {
        let Self {
            review,
            shaped,
            inherited,
            live,
            present,
            since,
            enabled,
            is_expert,
            is_frozen,
            waits,
            glass,
            history,
        } = self;
        let Review { state, authors: _, plan, round, votes, voters: _, approved_at: _, expires_after: _ } = review;
        let Planned { digest, risk: _, steps: _, blockers: _, asked: _ } = plan;
        let mut key = vec![*state as u8, *live, digest.0[0], *round as u8];
        // Who shaped it, as it is loaded, and as a copy of it would load.
        let loaded = shaped.and(*inherited, Forgets::Nothing);
        let copied = shaped.and(*inherited, forgets);
        key.push(bits(Who::ALL.map(|who| loaded.of(who))) << 3 | bits(Who::ALL.map(|who| copied.of(who))));
        key.push(bits([*is_expert, *is_frozen, *waits, glass.is_some(), enabled[0], enabled[1], enabled[2]]));
        let Set { is_strict, life: life_now, is_rule_on } = present;
        let Since { then, policies, life, levels } = since;
        // Of what was set since, what it comes to.
        key.push(bits([*is_strict, *is_rule_on, policies[0], policies[1], is_stopped(then.is_rule_on, *levels)]));
        key.extend(life_now.as_hours().to_be_bytes());
        key.extend((*life).min(then.life).as_hours().to_be_bytes());
        if let Some(BrokenGlass { change: _, by, at: _, reason: _, authors, reviewed: _ }) = glass {
            key.push(place_of(by));
            key.push(Who::ALL.into_iter().map(|who| u8::from(authors.contains(&who.id())) << who as u8).sum());
        }
        for vote in votes {
            let Vote { id: _, voter, groups, digest, round, verdict, reason: _, at, expires_after, taken_back_at } =
                vote;
            key.extend([place_of(voter), groups.len() as u8, digest.0[0], *round as u8, *verdict as u8]);
            key.extend(expires_after.as_hours().to_be_bytes());
            key.extend(hours(Some(*at)));
            key.extend(hours(*taken_back_at));
        }
        key.push(u8::MAX);
        for deed in history.essence().0 {
            match deed {
                Deed::Shaped(who) => key.push(who as u8),
                Deed::Approved { who, digest, at, as_expert } => {
                    key.extend([16 + who as u8, digest, u8::from(as_expert)]);
                    key.extend(at.to_be_bytes());
                }
                Deed::PolicySet { is_strict } => key.extend([32, u8::from(is_strict)]),
                Deed::RuleSet { is_on } => key.extend([33, u8::from(is_on)]),
                Deed::LifeSet(hours) => {
                    key.push(34);
                    key.extend(hours.to_be_bytes());
                }
                Deed::Submitted => key.push(35),
                Deed::Enabled(who, is) => key.extend([36, who as u8, u8::from(is)]),
                Deed::Expert(is) => key.extend([37, u8::from(is)]),
                Deed::TookBack(..) | Deed::SentBack | Deed::Copied => unreachable!("no essence has them"),
            }
        }
        key.into_boxed_slice()
    }
}

fn lasting(hours: i32) -> Lifetime {
    Lifetime::hours(hours.unsigned_abs()).expect("in bounds")
}

fn place_of(person: &Person) -> u8 {
    Who::ALL.into_iter().position(|who| who.person() == *person).expect("one of the three") as u8
}

fn bits<const N: usize>(facts: [bool; N]) -> u8 {
    facts.into_iter().fold(0, |sum, fact| (sum << 1) | u8::from(fact))
}

/// Hours before now in two bytes; seven events pass seven weeks at most.
fn hours(at: Option<DateTime<Utc>>) -> [u8; 2] {
    at.map_or(u16::MAX, |at| u16::try_from((NOW - at).num_hours()).expect("in the past")).to_be_bytes()
}
