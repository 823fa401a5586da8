//! Every sequence of seven events of an alphabet, over three people, against the specification.
//!
//! There are four walks, each over an alphabet of events that have to do with each other ([`Event::of_reviews`],
//! [`Event::of_copies`], [`Event::of_freezes`], [`Event::of_terms`]): what happens in a review; who shapes a change, through
//! copies, and who is there to vote; what waits for the end of a freeze while all that goes on; and what others set for the
//! environment: policy, lifetime, levels of a rule, a looser role, freezes, and the broken glass. All events in one walk would be
//! too many, so what is not walked is what takes events of two alphabets that none has together: another lifetime beside
//! copies that more than Ann and Lea shaped or beside a plan that moves, a rule's level beside moved plans of others than Ann,
//! a conflict decided while the lifetime or a rule moves. There is one change: another one in the environment matters to it only as
//! a live revision. How proposals gather approvals is not here either; `crate::proposal` has properties of its own.
//!
//! The world asks the domain what the backend asks it ([`policy::strictest`](crate::policy::strictest),
//! [`strictest_levels`](crate::catalogue::strictest_levels), [`Lifetime::strictest`],
//! [`schedule`](crate::schedule)); where a broken product is walked, it is the loading of what they are asked about
//! that forgets.
//!
//! A walk is breadth first over the worlds that can be reached, and goes on from each world once, however many
//! sequences lead to it. That leaves nothing out: what is checked depends on the world and on what the specification
//! can find in its list of deeds, and both are in the key by which worlds are held equal. What the specification cannot
//! find any more is left out of the key; that this makes no difference is checked at every step. Because the walk is
//! breadth first, a world is met first with the most events still to come.

use std::collections::HashSet;
use std::time::Instant;

use super::events::{Event, Forgets};
use super::spec::{BROKEN, DIGESTS, History};
use super::world::{NOW, World};
use super::*;

/// What must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Violation {
    /// A plan was started that the specification would not run.
    StartedUnapproved,
    /// A plan was started in a freeze.
    StartedInFreeze,
    /// Somebody who shaped the change ended a freeze while it was under review or approved.
    FreezeEndedByAuthor,
    /// The glass was broken over what is a blocker by default, or again before the last time was reviewed.
    GlassBrokenAnyway,
    /// Somebody who broke the glass or shaped the change reviewed that.
    GlassReviewedByAuthor,
    /// A plan with fresh votes of everybody who is asked for was not started.
    ApprovedNotStarted,
    /// The vote of an author counts, or one that the specification does not know.
    WrongVoteCounts,
    /// The state or what is missing says something else than the votes.
    StateWithoutReason,
    /// Something happened to a change at its end.
    FinalMoved,
    /// The shortened list of deeds answers differently.
    EssenceDiffers,
}

/// What a walk came by.
#[derive(Default)]
struct Walk {
    worlds: usize,
    started: usize,
    /// The shortest sequence to what must not be, if there is one.
    found: Option<(Violation, Vec<Event>)>,
}

/// Walks every sequence of up to `length` of these events, until it finds something that `is_wanted`.
fn walk(length: usize, events: &[Event], forgets: Forgets, is_wanted: impl Fn(&Violation) -> bool) -> Walk {
    let mut seen: HashSet<Box<[u8]>> = HashSet::from([World::new().key(forgets)]);
    // Each world with the place of the one that it came from, and by what.
    let mut path: Vec<(usize, Option<Event>)> = vec![(0, None)];
    let mut open = vec![(0, World::new())];
    let mut walk = Walk { worlds: 1, ..Walk::default() };
    for depth in 1..=length {
        let mut next_open = Vec::new();
        for (place, world) in open {
            for &event in events {
                let mut next = world.clone();
                let is_taken = next.happen(event, forgets).is_ok();
                let mut violation = after(&world, event, is_taken, &next);
                walk.started += usize::from(has_started(&world, &next));
                if is_taken && seen.insert(next.key(forgets)) {
                    walk.worlds += 1;
                    violation = violation.or_else(|| within(&next, forgets));
                    if depth < length {
                        path.push((place, Some(event)));
                        next_open.push((path.len() - 1, next));
                    }
                }
                if let Some(violation) = violation.filter(&is_wanted) {
                    walk.found = Some((violation, sequence(&path, place, event)));
                    return walk;
                }
            }
        }
        open = next_open;
    }
    walk
}

fn sequence(path: &[(usize, Option<Event>)], mut place: usize, last: Event) -> Vec<Event> {
    let mut events = vec![last];
    while let (before, Some(event)) = path[place] {
        events.push(event);
        place = before;
    }
    events.reverse();
    events
}

fn has_started(before: &World, after: &World) -> bool {
    before.review.state != ChangeState::Provisioning && after.review.state == ChangeState::Provisioning
}

/// What an event must not do.
fn after(before: &World, event: Event, is_taken: bool, after: &World) -> Option<Violation> {
    let (was, is) = (before.review.state, after.review.state);
    if was.is_final() && was != is && event != Event::Copy {
        return Some(Violation::FinalMoved);
    }
    let digest = before.real_digest();
    let has_started = has_started(before, after);
    let is_author = |who| before.history.is_author(who);
    let is_under_review = matches!(was, ChangeState::InReview | ChangeState::Approved);
    if let Event::EndFreeze(who) = event
        && is_taken
        && is_under_review
        && is_author(who)
    {
        return Some(Violation::FreezeEndedByAuthor);
    }
    if let Event::ReviewGlass(who) = event {
        let is_reviewed = before.broke().is_some() && after.broke().is_none();
        let is_own = before.broke() == Some(&who.person()) || is_author(who);
        return (is_reviewed && is_own).then_some(Violation::GlassReviewedByAuthor);
    }
    if has_started {
        return match event {
            Event::BreakGlass(_) => {
                (digest & BROKEN != 0 || before.broke().is_some()).then_some(Violation::GlassBrokenAnyway)
            }
            Event::Apply | Event::EndFreeze(_) | Event::FreezePasses if !before.history.may_run(digest) => {
                Some(Violation::StartedUnapproved)
            }
            Event::Apply => before.is_frozen.then_some(Violation::StartedInFreeze),
            Event::EndFreeze(_) | Event::FreezePasses => (!before.waits).then_some(Violation::StartedUnapproved),
            _ => Some(Violation::StartedUnapproved),
        };
    }
    let is_asked =
        event == Event::Apply && !before.is_frozen || event == Event::FreezePasses && before.waits && is_taken;
    let is_due = before.digest() == digest && before.history.is_fresh(digest) && !before.history.is_blocked(digest);
    (is_under_review && is_asked && is_due).then_some(Violation::ApprovedNotStarted)
}

/// What must not be in any world.
fn within(world: &World, forgets: Forgets) -> Option<Violation> {
    let World { history, .. } = world;
    let (digest, essence) = (world.digest(), history.essence());
    let answers = |history: &History| {
        DIGESTS.map(|digest| (history.may_run(digest), history.is_fresh(digest), history.approvals(digest)))
    };
    if answers(history) != answers(&essence) || essence.essence() != essence {
        return Some(Violation::EssenceDiffers);
    }
    if !world.review.state.is_open() {
        return None;
    }
    let present = world.shown(forgets);
    let approvals = history.approvals(digest);
    let known = |vote: &Vote| approvals.iter().any(|(who, ..)| who.person() == vote.voter);
    let counts = |vote: &&Vote| present.standing_of(vote, NOW) == VoteStanding::Counts;
    if !present.votes.iter().filter(counts).all(known) {
        return Some(Violation::WrongVoteCounts);
    }
    let nothing_missing = present.missing(NOW).is_empty();
    let fits = match present.state {
        ChangeState::Approved => nothing_missing && history.is_approved(digest),
        ChangeState::InReview => !nothing_missing && !history.is_fresh(digest),
        ChangeState::Draft
        | ChangeState::Provisioning
        | ChangeState::Applied
        | ChangeState::Rejected
        | ChangeState::Withdrawn
        | ChangeState::Failed => true,
    };
    (!fits).then_some(Violation::StateWithoutReason)
}

/// Walks all sequences of seven of these events, and finds nothing; `least` are the worlds and the starts that it has to
/// come by.
fn holds(name: &str, events: &[Event], least: (usize, usize)) {
    let (length, begun) = (7, Instant::now());
    let walk = walk(length, events, Forgets::Nothing, |_| true);
    assert_eq!(walk.found, None);
    let kinds = events.len() as u128;
    let sequences: u128 = (1..=length as u32).map(|events| kinds.pow(events)).sum();
    println!(
        "{name}: {sequences} sequences of up to {length} of {kinds} events, {} worlds, {} ways to start a run, {:.1} s",
        walk.worlds,
        walk.started,
        begun.elapsed().as_secs_f64()
    );
    assert!(
        walk.worlds > least.0 && walk.started > least.1,
        "the walk has to come by enough to say something: {} worlds, {} runs",
        walk.worlds,
        walk.started
    );
}

#[test]
fn applied_implies_every_rule_met_by_distinct_people_other_than_the_authors_on_that_digest_at_that_time() {
    holds("reviews", &Event::of_reviews(), (100_000, 300));
}

#[test]
fn no_copy_launders_a_part_in_a_change_and_nobody_who_is_gone_carries_one() {
    holds("copies", &Event::of_copies(), (50_000, 300));
}

#[test]
fn nobody_who_shaped_what_waits_ends_what_it_waits_for() {
    holds("freezes", &Event::of_freezes(), (50_000, 300));
}

#[test]
fn nothing_that_is_set_after_the_submission_makes_it_easier() {
    holds("terms", &Event::of_terms(), (50_000, 1_000));
}

/// The walk can fail: each thing that a product could forget lets it do what must not be.
#[test]
fn a_product_that_forgets_is_found_out() {
    let found = |(forgets, events, wanted): (Forgets, Vec<Event>, Violation)| {
        let walk = walk(7, &events, forgets, |violation| *violation == wanted);
        format!("{forgets:?}: {:?}", walk.found.expect("a counterexample").1)
    };
    let (reviews, copies, freezes, terms) = (Event::of_reviews, Event::of_copies, Event::of_freezes, Event::of_terms);
    let all = [
        (Forgets::Authors, reviews(), Violation::StartedUnapproved),
        (Forgets::Digests, reviews(), Violation::StartedUnapproved),
        (Forgets::Rounds, reviews(), Violation::StartedUnapproved),
        (Forgets::Time, reviews(), Violation::StartedUnapproved),
        (Forgets::TakenBack, reviews(), Violation::StartedUnapproved),
        (Forgets::Live, reviews(), Violation::StartedUnapproved),
        (Forgets::Copies, copies(), Violation::StartedUnapproved),
        (Forgets::Decisions, copies(), Violation::StartedUnapproved),
        (Forgets::Gone, copies(), Violation::StartedUnapproved),
        (Forgets::Groups, copies(), Violation::StartedUnapproved),
        (Forgets::OlderPolicies, terms(), Violation::StartedUnapproved),
        (Forgets::OlderLevels, terms(), Violation::StartedUnapproved),
        (Forgets::Defaults, terms(), Violation::GlassBrokenAnyway),
        (Forgets::Lives, terms(), Violation::StartedUnapproved),
        (Forgets::GlassAuthors, terms(), Violation::GlassReviewedByAuthor),
        (Forgets::Returns, terms(), Violation::StartedUnapproved),
        (Forgets::FreezeAuthors, freezes(), Violation::FreezeEndedByAuthor),
        (Forgets::FreezeReviews, freezes(), Violation::FreezeEndedByAuthor),
    ];
    insta::assert_snapshot!(all.map(found).join("\n"), @r"
    Authors: [Submit(Ann), Approve(Ann), Approve(Eve), Apply]
    Digests: [Submit(Ann), Approve(Lea), EditMoves(Ann), Approve(Eve), Apply]
    Rounds: [Submit(Ann), Approve(Lea), SendBack(Eve), Submit(Ann), Approve(Eve), Apply]
    Time: [Submit(Ann), Approve(Lea), Approve(Eve), ApprovalsExpire, Apply]
    TakenBack: [Submit(Ann), Approve(Lea), Approve(Eve), TakeBack(Lea), Apply]
    Live: [Submit(Ann), Approve(Lea), Approve(Eve), LiveOther, Apply]
    Copies: [EditStays(Lea), PolicyChanges, Withdraw, Copy, Submit(Ann), Approve(Lea), Apply]
    Decisions: [Decide(Lea), PolicyChanges, Withdraw, Copy, Submit(Ann), Approve(Lea), Apply]
    Gone: [Submit(Ann), Approve(Lea), Approve(Eve), Disable(Lea), Apply]
    Groups: [Submit(Ann), Approve(Lea), Approve(Eve), GroupChanges, Apply]
    OlderPolicies: [Submit(Ann), Approve(Lea), PolicyChanges, Apply]
    OlderLevels: [Submit(Ann), EditBreaks(Ann), RuleChanges, Approve(Lea), Approve(Eve), Apply]
    Defaults: [EditBreaks(Ann), RuleChanges, Submit(Ann), BreakGlass(Lea)]
    Lives: [Submit(Ann), Approve(Lea), Approve(Eve), ApprovalsExpire, LifeChanges, Apply]
    GlassAuthors: [Submit(Ann), BreakGlass(Lea), ReviewGlass(Ann)]
    Returns: [Submit(Ann), Approve(Lea), Approve(Eve), RoleLoosens, Submit(Ann), Apply]
    FreezeAuthors: [Submit(Ann), Freeze, EndFreeze(Ann)]
    FreezeReviews: [Submit(Ann), Freeze, EndFreeze(Ann)]
    ");
}
