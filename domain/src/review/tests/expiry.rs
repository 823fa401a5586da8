//! How long votes and approvals hold.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const DAY: i64 = 24;

/// A change of which `quorum` leads are asked, with approvals by these people on these days.
fn with_votes(quorum: usize, votes: &[(Who, i64)]) -> Review {
    let mut review = Review::draft(planned(0, vec![asked(LEADS, quorum)]), Lifetime::default());
    review.state = ChangeState::InReview;
    for (&(who, day), id) in votes.iter().zip(1..) {
        review.votes.push(Vote {
            id,
            voter: who.person(),
            groups: BTreeSet::new(),
            digest: Digest([0; 32]),
            round: 1,
            verdict: Verdict::Approve,
            reason: None,
            at: hour(day * DAY),
            expires_after: Lifetime::default(),
            taken_back_at: None,
        });
    }
    review.voters = as_voted(&review.votes);
    review
}

/// Since which day it is approved on that day, and how many votes count.
fn on_day(review: &Review, day: i64) -> (Option<i64>, usize) {
    let now = hour(day * DAY);
    let since = review.as_of(now).approved_at.map(|at| (at - hour(0)).num_hours() / DAY);
    let counting = review.votes.iter().filter(|vote| review.standing_of(vote, now) == VoteStanding::Counts).count();
    (since, counting)
}

#[test]
fn an_approval_holds_from_the_last_vote_needed() {
    let review = with_votes(2, &[(Who::Lea, 0), (Who::Eve, 6)]);
    assert_eq!(on_day(&review, 5), (None, 1));
    assert_eq!(on_day(&review, 6), (Some(6), 2));
    assert_eq!(on_day(&review, 12), (Some(6), 2), "both votes, though the first is twelve days old");
    assert_eq!(on_day(&review, 13), (None, 0));
    assert_eq!(review.expires_at(hour(6 * DAY)), Some(hour(13 * DAY)));
    assert_eq!(review.expires_at(hour(5 * DAY)), None);
}

#[test]
fn a_vote_alone_holds_for_its_own_time() {
    let review = with_votes(2, &[(Who::Lea, 0), (Who::Eve, 7)]);
    assert_eq!(on_day(&review, 6), (None, 1));
    assert_eq!(on_day(&review, 7), (None, 1), "the first was over when the second came");
    let again = with_votes(2, &[(Who::Lea, 0), (Who::Eve, 7), (Who::Lea, 8)]);
    assert_eq!(on_day(&again, 8), (Some(8), 2));
    assert_eq!(again.standing_of(&again.votes[0], hour(8 * DAY)), VoteStanding::Superseded);
}

#[test]
fn votes_that_were_not_needed_renew_nothing() {
    let review = with_votes(2, &[(Who::Lea, 0), (Who::Eve, 1), (Who::Ann, 5)]);
    assert_eq!(on_day(&review, 7), (Some(1), 3));
    assert_eq!(on_day(&review, 8), (None, 1), "the third vote alone is left");
    let alone = with_votes(1, &[(Who::Lea, 0), (Who::Eve, 5)]);
    assert_eq!(on_day(&alone, 7), (Some(5), 1), "but it is enough where one is");
    assert_eq!(alone.expires_at(hour(0)), Some(hour(12 * DAY)));
}

#[test]
fn what_is_taken_back_is_as_though_it_had_never_been() {
    let review = with_votes(2, &[(Who::Lea, 0), (Who::Eve, 6), (Who::Ann, 10)]);
    assert_eq!(on_day(&review, 11), (Some(6), 3));
    let less = review.take_back(2, &Who::Eve.id(), hour(11 * DAY)).expect("taken back");
    assert_eq!(on_day(&less, 11), (None, 1), "without the second, the first was over when the third came");
}

/// Who may vote again after their vote expired does so by another vote.
#[test]
fn an_expired_vote_can_be_given_again() {
    let review = with_votes(2, &[(Who::Lea, 0)]);
    let again = |day: i64| review.vote(ballot(&review, Who::Lea, Verdict::Approve), hour(day * DAY));
    assert_eq!(again(6).expect_err("counts still").reason, "You have voted on this plan already.");
    assert_eq!(on_day(&again(7).expect("given again"), 7), (None, 1));
}

#[test]
fn a_longer_time_brings_nothing_back_and_a_shorter_one_serves_at_once() {
    let mut review = with_votes(2, &[(Who::Lea, 0), (Who::Eve, 6)]);
    review.expires_after = days(90);
    assert_eq!(on_day(&review, 12), (Some(6), 2), "each vote holds as long as it was given for");
    assert_eq!(on_day(&review, 13), (None, 0));
    assert_eq!(review.expires_at(hour(6 * DAY)), Some(hour(13 * DAY)));
    review.expires_after = days(2);
    assert_eq!(on_day(&review, 6), (None, 1), "the first was over when the second came");
    let short = with_votes(1, &[(Who::Lea, 0)]);
    let shorter = Review { expires_after: days(2), ..short };
    assert_eq!((on_day(&shorter, 1), on_day(&shorter, 2)), ((Some(0), 1), (None, 0)));
    let given_again = shorter.vote(ballot(&shorter, Who::Lea, Verdict::Approve), hour(2 * DAY)).expect("given again");
    assert_eq!(given_again.votes.last().map(|vote| vote.expires_after), Some(days(2)));
}

#[test]
fn the_shortest_time_since_the_submission_is_what_holds() {
    let strictest = |since: &[u32]| Lifetime::strictest(days(7), since.iter().copied().map(days));
    assert_eq!([strictest(&[]), strictest(&[90]), strictest(&[90, 30])], [days(7); 3], "no longer one serves it");
    assert_eq!([strictest(&[2]), strictest(&[90, 2, 30])], [days(2); 2]);
}

fn days(days: u32) -> Lifetime {
    Lifetime::hours(days * 24).expect("in bounds")
}

proptest! {
    /// Time alone only takes away: no later day has more votes that count, and an approval ends when it is said to.
    #[test]
    fn time_takes_away(
        quorum in 1usize..4,
        votes in vec((prop::sample::select(Who::ALL.to_vec()), 0i64..20), 0..7),
        wait in 0i64..30,
    ) {
        let mut votes = votes;
        votes.sort_by_key(|&(_, day)| day);
        let review = with_votes(quorum, &votes);
        let last = votes.last().map_or(0, |&(_, day)| day);
        let (now, then) = (on_day(&review, last), on_day(&review, last + wait));
        prop_assert!(then.1 <= now.1);
        match review.expires_at(hour(last * DAY)) {
            Some(end) => {
                prop_assert!(review.as_of(end - TimeDelta::minutes(1)).approved_at.is_some());
                prop_assert!(review.as_of(end).approved_at.is_none());
            }
            None => prop_assert_eq!(then.0, None),
        }
        // A sweep in between changes nothing: what holds follows from the votes alone.
        let swept = review.as_of(hour(last * DAY));
        prop_assert_eq!(swept.as_of(hour((last + wait) * DAY)), review.as_of(hour((last + wait) * DAY)));
    }
}
