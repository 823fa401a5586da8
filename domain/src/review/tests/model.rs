//! Every sequence of seven events over three people, against the specification.
//!
//! The walk is breadth first over the worlds that can be reached, and goes on from each world once, however many
//! sequences lead to it. That leaves nothing out: what is checked depends on the world and on what the specification
//! can find in its list of deeds, and both are in the key by which worlds are held equal. What the specification cannot
//! find any more is left out of the key; that this makes no difference is checked at every step. Because the walk is
//! breadth first, a world is met first with the most events still to come.

use std::collections::HashSet;
use std::time::Instant;

use super::spec::History;
use super::world::{Event, Forgets, NOW, World};
use super::*;

/// What must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Violation {
    /// A plan was started that the specification would not run.
    StartedUnapproved,
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

/// Walks every sequence of up to `length` events, until it finds something that `is_wanted`.
fn walk(length: usize, forgets: Forgets, is_wanted: impl Fn(&Violation) -> bool) -> Walk {
    let events = Event::all();
    let mut seen: HashSet<Box<[u8]>> = HashSet::from([World::new().key()]);
    // Each world with the place of the one that it came from, and by what.
    let mut path: Vec<(usize, Option<Event>)> = vec![(0, None)];
    let mut open = vec![(0, World::new())];
    let mut walk = Walk { worlds: 1, ..Walk::default() };
    for depth in 1..=length {
        let mut next_open = Vec::new();
        for (place, world) in open {
            for &event in &events {
                let mut next = world.clone();
                let is_taken = next.happen(event, forgets).is_ok();
                let mut violation = after(&world, event, is_taken, &next);
                walk.started += usize::from(has_started(&world, &next));
                if is_taken && seen.insert(next.key()) {
                    walk.worlds += 1;
                    violation = violation.or_else(|| within(&next));
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
    if was.is_final() && was != is {
        return Some(Violation::FinalMoved);
    }
    let (digest, is_strict) = (before.real_digest(), before.is_strict);
    let has_started = has_started(before, after);
    if has_started && !(event == Event::Apply && is_taken && before.history.may_run(digest, is_strict)) {
        return Some(Violation::StartedUnapproved);
    }
    let is_open = matches!(was, ChangeState::InReview | ChangeState::Approved);
    let is_due = event == Event::Apply && before.digest() == digest && before.history.is_fresh(digest, is_strict);
    (is_open && is_due && !has_started).then_some(Violation::ApprovedNotStarted)
}

/// What must not be in any world.
fn within(world: &World) -> Option<Violation> {
    let World { review, history, is_strict, .. } = world;
    let (digest, essence) = (world.digest(), history.essence());
    let answers = |history: &History| {
        [0, 1, 2, 3].map(|digest| (history.may_run(digest, *is_strict), history.is_fresh(digest, *is_strict)))
    };
    if answers(history) != answers(&essence) || essence.essence() != essence {
        return Some(Violation::EssenceDiffers);
    }
    let approvals = history.approvals(digest);
    let known = |vote: &Vote| approvals.iter().any(|(who, _)| who.person() == vote.voter);
    let counts = |vote: &&Vote| review.standing_of(vote, NOW) == VoteStanding::Counts;
    if !review.votes.iter().filter(counts).all(known) {
        return Some(Violation::WrongVoteCounts);
    }
    let present = review.as_of(NOW);
    let nothing_missing = present.missing(NOW).is_empty();
    let fits = match present.state {
        ChangeState::Approved => nothing_missing && history.may_run(digest, *is_strict),
        ChangeState::InReview => !nothing_missing && !history.is_fresh(digest, *is_strict),
        ChangeState::Draft
        | ChangeState::Provisioning
        | ChangeState::Applied
        | ChangeState::Rejected
        | ChangeState::Withdrawn
        | ChangeState::Failed => true,
    };
    (!fits).then_some(Violation::StateWithoutReason)
}

#[test]
fn applied_implies_every_rule_met_by_distinct_people_other_than_the_authors_on_that_digest_at_that_time() {
    let (length, begun) = (7, Instant::now());
    let walk = walk(length, Forgets::Nothing, |_| true);
    assert_eq!(walk.found, None);
    let kinds = Event::all().len() as u128;
    let sequences: u128 = (1..=length as u32).map(|events| kinds.pow(events)).sum();
    println!(
        "{sequences} sequences of up to {length} of {kinds} events, {} worlds, {} ways to start a run, {:.1} s",
        walk.worlds,
        walk.started,
        begun.elapsed().as_secs_f64()
    );
    assert!(walk.worlds > 100_000 && walk.started > 300, "the walk has to come by enough to say something");
}

/// The walk can fail: each thing that a product could forget lets it start a run that nobody approved.
#[test]
fn a_product_that_forgets_is_found_out() {
    let found = |forgets| {
        let walk = walk(7, forgets, |violation| *violation == Violation::StartedUnapproved);
        format!("{forgets:?}: {:?}", walk.found.expect("a counterexample").1)
    };
    let all = [Forgets::Authors, Forgets::Digests, Forgets::Rounds, Forgets::Time, Forgets::TakenBack, Forgets::Live];
    insta::assert_snapshot!(all.map(found).join("\n"), @r"
    Authors: [Submit(Ann), Approve(Ann), Approve(Eve), Apply]
    Digests: [Submit(Ann), Approve(Lea), EditMoves(Ann), Approve(Eve), Apply]
    Rounds: [Submit(Ann), Approve(Lea), SendBack(Eve), Submit(Ann), Approve(Eve), Apply]
    Time: [Submit(Ann), Approve(Lea), Approve(Eve), ApprovalsExpire, Apply]
    TakenBack: [Submit(Ann), Approve(Lea), Approve(Eve), TakeBack(Lea), Apply]
    Live: [Submit(Ann), Approve(Lea), Approve(Eve), LiveOther, Apply]
    ");
}
