//! Single cases: refusals in words, what stays and what falls, and breaking the glass.

use super::*;
use crate::Refused;
use crate::findings::RuleId;

fn in_review(asked: Vec<Asked>) -> Review {
    draft(asked).submit(Some(&Who::Ann.id()), hour(0)).expect("submitted")
}

fn approve(review: &Review, who: Who, at: i64) -> Review {
    review.vote(ballot(review, who, Verdict::Approve), hour(at)).expect("approved")
}

fn approved() -> Review {
    let review = approve(&approve(&in_review(two_and_an_expert()), Who::Lea, 1), Who::Eve, 2);
    assert_eq!(review.state, ChangeState::Approved);
    review
}

fn standings(review: &Review, at: i64) -> Vec<VoteStanding> {
    review.votes.iter().map(|vote| review.standing_of(vote, hour(at))).collect()
}

fn reason<T: std::fmt::Debug>(outcome: Result<T, Refused>) -> String {
    outcome.expect_err("refused").reason
}

#[test]
fn who_is_in_two_groups_counts_for_each_rule_by_itself() {
    let review = approve(&in_review(two_and_an_expert()), Who::Eve, 1);
    assert_eq!(review.state, ChangeState::InReview);
    assert_eq!(missing_text(&review.missing(hour(1))), "1 of 2 leads");
    assert_eq!(approve(&review, Who::Lea, 2).state, ChangeState::Approved);
    let other = approve(&in_review(two_and_an_expert()), Who::Lea, 1);
    assert_eq!(missing_text(&other.missing(hour(1))), "1 of 2 leads, 0 of 1 infrastructure experts");
    let more = [asked(LEADS, 1), asked(LEADS, 2)].to_vec();
    assert_eq!(missing_text(&in_review(more).missing(hour(1))), "0 of 2 leads");
}

#[test]
fn the_page_can_say_who_could_give_what_is_missing() {
    let review = approve(&in_review(two_and_an_expert()), Who::Lea, 1);
    let missing = review.missing(hour(1));
    let could = |who: Who, place: usize| review.could_give(&missing[place], &who.id(), &who.standing(), hour(1));
    assert_eq!(Who::ALL.map(|who| could(who, 0)), [false, false, true]);
    assert_eq!(Who::ALL.map(|who| could(who, 1)), [false, false, true]);
    let viewer = Standing { capabilities: [Capability::Viewer].into(), ..Who::Eve.standing() };
    assert!(!review.could_give(&missing[0], &Who::Eve.id(), &viewer, hour(1)));
}

#[test]
fn refused_votes_say_why() {
    let review = approve(&in_review(two_and_an_expert()), Who::Lea, 1);
    let vote = |ballot| reason(review.vote(ballot, hour(2)));
    let approval = |who| ballot(&review, who, Verdict::Approve);
    assert_eq!(vote(approval(Who::Ann)), "You had a part in this change; somebody else has to approve it.");
    assert_eq!(vote(approval(Who::Lea)), "You have voted on this plan already.");
    let other = Ballot { seen: Digest([9; 32]), ..approval(Who::Eve) };
    assert_eq!(vote(other), "The plan is no longer the one that you saw. Look again before you vote on it.");
    let nobody = Person { id: None, name: "The operator".to_owned() };
    assert_eq!(vote(Ballot { voter: nobody, ..approval(Who::Eve) }), "A vote belongs to a person who signed in.");
    for verdict in [Verdict::Reject, Verdict::SendBack] {
        let no =
            |reason: Option<&str>| Ballot { reason: reason.map(str::to_owned), ..ballot(&review, Who::Eve, verdict) };
        assert_eq!(vote(no(None)), "Say why: the authors have to know what to mend.");
        assert_eq!(vote(no(Some(" \n"))), "Say why: the authors have to know what to mend.");
        assert_eq!(vote(no(Some(&"x".repeat(10_001)))), "reason: it has 10001 characters; at most 10000 are taken.");
        assert!(vote(no(Some("a\u{1b}[31mb"))).starts_with("reason: the character U+001B (escape)"));
    }
    let blocked =
        review.edit(Some(&Who::Ann.id()), Planned { blockers: 2, ..review.plan.clone() }, hour(2)).expect("edited");
    let on_blocked = |verdict| blocked.vote(ballot(&blocked, Who::Eve, verdict), hour(3));
    assert_eq!(reason(on_blocked(Verdict::Approve)), "2 blockers have to be mended first.");
    assert_eq!(on_blocked(Verdict::Reject).expect("rejected").state, ChangeState::Rejected);
    let empty =
        review.edit(Some(&Who::Ann.id()), Planned { steps: 0, ..review.plan.clone() }, hour(2)).expect("edited");
    assert_eq!(reason(empty.vote(ballot(&empty, Who::Eve, Verdict::Approve), hour(3))), "There is nothing to apply.");
}

#[test]
fn a_vote_taken_back_is_needed_again_and_can_be_given_again() {
    let review = approved();
    let [lea, eve] = [0, 1].map(|place: usize| review.votes[place].id);
    assert_eq!(reason(review.take_back(eve, &Who::Lea.id(), hour(3))), "Only who gave a vote can take it back.");
    assert_eq!(reason(review.take_back(99, &Who::Lea.id(), hour(3))), "There is no such vote on this change.");
    let less = review.take_back(lea, &Who::Lea.id(), hour(3)).expect("taken back");
    assert_eq!((less.state, less.approved_at), (ChangeState::InReview, None));
    assert_eq!(reason(less.take_back(lea, &Who::Lea.id(), hour(3))), "This vote is taken back already.");
    assert_eq!(standings(&less, 3), [VoteStanding::TakenBack, VoteStanding::Counts]);
    let again = approve(&less, Who::Lea, 4);
    assert_eq!((again.state, again.approved_at), (ChangeState::Approved, Some(hour(4))));
    assert_eq!(standings(&again, 4), [VoteStanding::TakenBack, VoteStanding::Counts, VoteStanding::Counts]);
}

/// What is put beside a vote after its change has started retells nothing.
#[test]
fn what_was_taken_back_later_was_not_so_then() {
    let review = approved();
    let started = Review { state: ChangeState::Provisioning, ..review.clone() };
    let mut retold = started.clone();
    for vote in &mut retold.votes {
        vote.taken_back_at = Some(hour(5));
    }
    assert_eq!(standings(&retold, 3), standings(&started, 3));
    assert_eq!(retold.tallies(hour(3)), started.tallies(hour(3)));
    assert_eq!(standings(&retold, 5), [VoteStanding::TakenBack; 2]);
}

#[test]
fn votes_follow_the_digest() {
    let review = approved();
    let moved = review.edit(Some(&Who::Ann.id()), planned(1, two_and_an_expert()), hour(3)).expect("edited");
    assert_eq!(moved.state, ChangeState::InReview);
    assert_eq!(standings(&moved, 3), [VoteStanding::OtherPlan; 2]);
    let back = moved.edit(Some(&Who::Ann.id()), planned(0, two_and_an_expert()), hour(4)).expect("edited");
    assert_eq!((back.state, back.approved_at), (ChangeState::Approved, Some(hour(2))), "as though nothing had been");
    let carried = review.rebase(None, planned(0, two_and_an_expert()), hour(3)).expect("rebased");
    assert_eq!(carried, review, "a clean rebase with the same digest leaves all as it was");
    let decided = review.rebase(Some(&Who::Lea.id()), planned(0, two_and_an_expert()), hour(3)).expect("rebased");
    assert_eq!(decided.state, ChangeState::InReview, "who decides what becomes of an edit is an author");
    assert_eq!(standings(&decided, 3), [VoteStanding::ByAuthor, VoteStanding::Counts]);
}

#[test]
fn an_objection_ends_the_round() {
    let review = approve(&in_review(two_and_an_expert()), Who::Lea, 1);
    let back = review.vote(ballot(&review, Who::Eve, Verdict::SendBack), hour(2)).expect("sent back");
    assert_eq!((back.state, back.round), (ChangeState::Draft, 2));
    let again = back.submit(Some(&Who::Ann.id()), hour(3)).expect("submitted");
    assert_eq!(standings(&again, 3), [VoteStanding::OtherRound, VoteStanding::Decided]);
    let lea = again.votes[0].id;
    let closed = "The change was sent back since; there is nothing to take back.";
    assert_eq!(reason(again.take_back(lea, &Who::Lea.id(), hour(3))), closed);
}

#[test]
fn another_policy_is_held_against_the_votes_as_they_are() {
    let review = approve(&in_review(two_and_an_expert()), Who::Lea, 1);
    let anew = |review: &Review, asked, at| Review { plan: planned(0, asked), ..review.clone() }.as_of(hour(at));
    let lighter = anew(&review, vec![asked(LEADS, 1)], 5);
    assert_eq!((lighter.state, lighter.approved_at), (ChangeState::Approved, Some(hour(1))));
    assert_eq!(anew(&lighter, two_and_an_expert(), 6).state, ChangeState::InReview);
    let ended = review.withdraw().expect("withdrawn");
    assert_eq!(anew(&ended, vec![asked(LEADS, 1)], 5).state, ended.state);
    let nothing = anew(&review, Vec::new(), 5);
    assert_eq!(nothing.state, ChangeState::InReview, "nothing asked is nothing approved");
}

#[test]
fn what_goes_back_to_its_authors_begins_a_round() {
    for review in [in_review(two_and_an_expert()), approved()] {
        let back = review.returned().expect("goes back");
        assert_eq!((back.state, back.round, back.approved_at), (ChangeState::Draft, 2, None));
        let again = back.submit(Some(&Who::Ann.id()), hour(3)).expect("submitted");
        assert_eq!(again.state, ChangeState::InReview);
        assert!(standings(&again, 3).iter().all(|standing| *standing == VoteStanding::OtherRound));
    }
    assert!(draft(two_and_an_expert()).returned().is_err());
}

#[test]
fn a_vote_counts_while_its_giver_is_a_lead_and_in_the_group() {
    let review = approved();
    let with = |who: Who, standing: Option<Standing>| {
        let mut review = review.clone();
        match standing {
            Some(standing) => review.voters.insert(who.id(), standing),
            None => review.voters.remove(&who.id()),
        };
        review
    };
    let told =
        |review: &Review| (review.as_of(hour(3)).state, standings(review, 3), missing_text(&review.missing(hour(3))));
    let (counts, gone) = (VoteStanding::Counts, VoteStanding::VoterGone);
    assert_eq!(told(&review), (ChangeState::Approved, vec![counts, counts], String::new()));
    let disabled = with(Who::Lea, None);
    assert_eq!(told(&disabled), (ChangeState::InReview, vec![gone, counts], "1 of 2 leads".to_owned()));
    let no_lead = Standing { capabilities: [Capability::Admin].into(), ..Who::Lea.standing() };
    assert_eq!(told(&with(Who::Lea, Some(no_lead))), told(&disabled));
    let no_expert = with(Who::Eve, Some(Standing { groups: BTreeSet::new(), ..Who::Eve.standing() }));
    let missing = "0 of 1 infrastructure experts".to_owned();
    assert_eq!(told(&no_expert), (ChangeState::InReview, vec![counts, counts], missing), "a lead still");
    let expert = with(Who::Lea, Some(Who::Eve.standing()));
    assert!(expert.tallies(hour(3))[1].voters.len() == 1, "who joins a group later did not vote as one of it");
    for gone in [disabled, no_expert] {
        match gone.apply(planned(0, two_and_an_expert()), hour(3)).expect("no refusal") {
            Start::Starts { review } => panic!("started {review:?}"),
            Start::Back { why, .. } => assert!(why.starts_with("Somebody who approved it is no longer"), "{why}"),
        }
    }
}

#[test]
fn apply_starts_what_was_approved_and_nothing_else() {
    let review = approved();
    let why = |plan, at| match review.apply(plan, hour(at)).expect("no refusal") {
        Start::Starts { review } => panic!("started {review:?}"),
        Start::Back { review, why } => {
            assert_eq!(review.state, ChangeState::InReview);
            why
        }
    };
    let same = || planned(0, two_and_an_expert());
    match review.apply(same(), hour(3)).expect("no refusal") {
        Start::Starts { review: started } => {
            assert_eq!((started.state, started.approved_at), (ChangeState::Provisioning, Some(hour(2))));
            assert_eq!(started.run_ended(true).expect("ended").state, ChangeState::Applied);
            assert_eq!(started.run_ended(false).expect("ended").state, ChangeState::Failed);
        }
        Start::Back { why, .. } => panic!("{why}"),
    }
    assert_eq!(
        why(planned(1, two_and_an_expert()), 3),
        "The plan is no longer the one that was approved. Nothing was started; it is in review again, with 0 of 2 leads, \
         0 of 1 infrastructure experts."
    );
    assert_eq!(
        why(planned(0, vec![asked(LEADS, 3)]), 3),
        "More is asked for this plan than when it was approved. Nothing was started; it is in review again, with 2 of 3 \
         leads."
    );
    assert_eq!(
        why(same(), 2 + 7 * 24),
        "The approval has expired; it holds for 7 days. Nothing was started; it is in review again, with 0 of 2 leads, \
         0 of 1 infrastructure experts."
    );
    assert_eq!(reason(review.apply(Planned { blockers: 1, ..same() }, hour(3))), "1 blocker has to be mended first.");
    assert_eq!(
        reason(in_review(two_and_an_expert()).apply(same(), hour(3))),
        "It is in review; it has to be approved before it is applied."
    );
}

#[test]
fn the_glass_breaks_for_admins_with_a_reason_and_once() {
    let (admin, lead) = (
        Standing { capabilities: [Capability::Admin].into(), ..Standing::default() },
        Standing { capabilities: [Capability::Lead].into(), ..Standing::default() },
    );
    let review = in_review(two_and_an_expert());
    let plan = || planned(0, two_and_an_expert());
    let why = "The SQL master is on fire.";
    let (seen, at) = (Digest([0; 32]), hour(1));
    let broken = BrokenGlass {
        change: 7,
        by: Who::Ann.person(),
        at: hour(0),
        reason: "It burnt before, too.".to_owned(),
        authors: [Who::Eve.id()].into(),
        reviewed: None,
    };
    let act = Breaking { standing: &admin, seen, reason: why, unreviewed: None, blocking: &[] };
    assert_eq!(review.break_glass(act, plan(), at).expect("applied").state, ChangeState::Provisioning);
    let refused = |act, plan| reason(review.break_glass(act, plan, at));
    assert_eq!(
        refused(Breaking { standing: &lead, ..act }, plan()),
        "Only admins of this environment apply without approval."
    );
    assert_eq!(
        refused(Breaking { reason: " urgent     ", ..act }, plan()),
        "Say why in at least 10 characters; everybody in the environment is told."
    );
    assert_eq!(
        refused(Breaking { unreviewed: Some(&broken), ..act }, plan()),
        "Ann applied change #7 without approval, and no lead has reviewed that yet; until then nobody can do it again."
    );
    assert_eq!(
        refused(act, planned(1, two_and_an_expert())),
        "The plan is no longer the one that you saw. Look again before you apply it."
    );
    assert_eq!(refused(act, Planned { blockers: 1, ..plan() }), "1 blocker has to be mended first.");
    assert_eq!(
        refused(Breaking { blocking: &[RuleId::SqlNoMaster], ..act }, plan()),
        "It breaks sql.no-master, a blocker by default. Breaking the glass does not pass over that, whatever level the rule \
         has in this environment."
    );
    let several = [RuleId::SqlNoMaster, RuleId::NodeDuplicateHostname, RuleId::RoleTooFew];
    let told = refused(Breaking { blocking: &several, ..act }, plan());
    assert!(told.starts_with("It breaks sql.no-master and 2 more rules, "), "{told}");
    assert_eq!(
        reason(draft(two_and_an_expert()).break_glass(act, plan(), at)),
        "It is still a draft; submit it first, so that leads see its plan."
    );
    assert!(may_break_glass(&admin, ChangeState::Approved, None).is_ok());
    for &state in ChangeState::ALL {
        let is_open = matches!(state, ChangeState::InReview | ChangeState::Approved);
        assert_eq!(may_break_glass(&admin, state, None).is_ok(), is_open, "{state}");
    }
    assert_eq!(may_review_break_glass(&lead, &Who::Lea.person(), &broken), Ok(()));
    assert!(may_review_break_glass(&admin, &Who::Lea.person(), &broken).is_err());
    let refused = |who: Who| reason(may_review_break_glass(&lead, &who.person(), &broken));
    assert_eq!(refused(Who::Ann), "You applied it without approval yourself; another lead has to review that.");
    assert_eq!(refused(Who::Eve), "You had a part in this change; another lead has to review that it was applied.");
    assert!(may_review_break_glass(&lead, &Person { id: None, name: "The operator".to_owned() }, &broken).is_err());
}

#[test]
fn lifetimes_have_bounds_and_words() {
    assert_eq!(Lifetime::default().to_string(), "7 days");
    assert_eq!(Lifetime::hours(1).map(|hours| hours.to_string()), Ok("1 hour".to_owned()));
    assert_eq!(Lifetime::hours(36).map(|hours| hours.to_string()), Ok("36 hours".to_owned()));
    assert_eq!(Lifetime::hours(2160).map(Lifetime::as_hours), Ok(2160));
    assert_eq!((Lifetime::hours(0), Lifetime::hours(2161)), (Err(BadLifetime), Err(BadLifetime)));
    assert!(serde_json::from_str::<Lifetime>("0").is_err());
    let review = approved();
    let text = serde_json::to_string(&review).expect("serialises");
    assert_eq!(serde_json::from_str::<Review>(&text).expect("reads"), review);
}
