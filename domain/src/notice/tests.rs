//! Who is told what.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::*;
use crate::account::{Capability, Person, Standing};
use crate::change::ChangeState;
use crate::digest::Digest;
use crate::plan::Risk;
use crate::policy::{Asked, EXPERTS, LEADS};
use crate::review::{Ballot, Lifetime, Planned, Review, Verdict};

fn person(name: &str) -> Person {
    Person { id: Some(name.to_owned()), name: name.to_owned() }
}

fn member(name: &str, capabilities: &[Capability], groups: &[&str]) -> Member {
    let standing = Standing {
        capabilities: capabilities.iter().copied().collect(),
        groups: groups.iter().map(|&group| group.to_owned()).collect(),
    };
    Member { id: name.to_owned(), standing }
}

/// Ada and Adam are admins, Lena and Luis leads, Luis an expert, Vera looks on.
fn members() -> Vec<Member> {
    vec![
        member("Ada", &[Capability::Admin], &[]),
        member("Adam", &[Capability::Admin], &[]),
        member("Lena", &[Capability::Lead], &[]),
        member("Luis", &[Capability::Lead], &[EXPERTS]),
        member("Vera", &[Capability::Viewer], &[]),
    ]
}

fn at(hours: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
}

fn asked(group: &str, quorum: usize) -> Asked {
    Asked { rule: group.to_owned(), group: group.to_owned(), quorum, because: "a test asks".to_owned(), older: None }
}

fn planned(digest: u8, asked: Vec<Asked>) -> Planned {
    Planned { digest: Digest([digest; 32]), risk: Risk::Low, steps: 1, blockers: 0, asked }
}

/// A change of Ada's that was sent to review.
fn in_review(asked: Vec<Asked>) -> Review {
    Review::draft(planned(1, asked), Lifetime::default()).submit(Some(&"Ada".to_owned()), at(0)).unwrap()
}

fn approve(review: &Review, voter: &str) -> Review {
    let standing = members().into_iter().find(|member| member.id == voter).unwrap().standing;
    let id = i64::try_from(review.votes.len()).unwrap() + 1;
    let verdict = Verdict::Approve;
    let ballot = Ballot { id, voter: person(voter), standing, seen: review.plan.digest, verdict, reason: None };
    review.vote(ballot, at(1)).unwrap()
}

fn happening(kind: Kind, actor: &str, review: Review) -> Happening {
    let facts = ChangeFacts {
        id: 12,
        title: "Add sip-4".to_owned(),
        risk: Risk::Critical,
        review,
        now: at(2),
        created_by: Some("Ada".to_owned()),
        applied_by: None,
        run: None,
        commenters: BTreeSet::new(),
        comment: None,
        know_it_moved: BTreeSet::new(),
    };
    let subject = Subject::Change(Box::new(facts));
    Happening {
        kind,
        environment: "production".to_owned(),
        actor: person(actor),
        at: at(2),
        reason: None,
        unattended: false,
        subject,
    }
}

fn change_of(happening: &mut Happening) -> &mut ChangeFacts {
    match &mut happening.subject {
        Subject::Change(change) => change,
        other => panic!("no change but {other:?}"),
    }
}

fn names(happening: &Happening) -> Vec<String> {
    told(happening, &members()).into_iter().map(|told| told.account).collect()
}

#[test]
fn those_are_asked_whose_vote_is_missing() {
    assert_eq!(names(&happening(Kind::Submitted, "Ada", in_review(vec![asked(LEADS, 2)]))), ["Lena", "Luis"]);
    assert_eq!(names(&happening(Kind::Submitted, "Ada", in_review(vec![asked(EXPERTS, 1)]))), ["Luis"]);
    let half = approve(&in_review(vec![asked(LEADS, 2)]), "Lena");
    assert_eq!(names(&happening(Kind::Reminder, "Strata", half.clone())), ["Luis"], "Lena has voted");
    let whole = approve(&half, "Luis");
    assert_eq!(whole.state, ChangeState::Approved);
    assert_eq!(names(&happening(Kind::Reminder, "Strata", whole)), [""; 0], "nothing is missing any more");
    let mut by_lena = in_review(vec![asked(LEADS, 1)]);
    by_lena.authors.insert("Lena".to_owned());
    assert_eq!(names(&happening(Kind::Submitted, "Ada", by_lena)), ["Luis"], "authors have no vote");
}

#[test]
fn who_voted_is_told_that_the_plan_moved_and_once() {
    let review = approve(&in_review(vec![asked(LEADS, 2)]), "Lena");
    let mut moved = happening(Kind::Moved, "Adam", review.clone());
    assert_eq!(names(&moved), [""; 0], "the plan is the same");
    change_of(&mut moved).review =
        review.edit(Some(&"Adam".to_owned()), planned(2, vec![asked(LEADS, 2)]), at(2)).unwrap();
    assert_eq!(names(&moved), ["Lena"], "Luis has been asked before, and for nothing else");
    change_of(&mut moved).know_it_moved.insert("Lena".to_owned());
    assert_eq!(names(&moved), [""; 0]);
}

#[test]
fn the_next_group_is_told_at_last() {
    let for_experts = happening(Kind::Escalated, "Strata", in_review(vec![asked(EXPERTS, 1)]));
    assert_eq!(names(&for_experts), ["Lena"], "a lead whose group was not asked");
    let for_leads = happening(Kind::Escalated, "Strata", in_review(vec![asked(LEADS, 1)]));
    assert_eq!(names(&for_leads), ["Ada", "Adam"], "every lead was asked: the admins find somebody");
    let over = happening(Kind::Escalated, "Strata", approve(&in_review(vec![asked(LEADS, 1)]), "Lena"));
    assert_eq!(names(&over), [""; 0]);
}

#[test]
fn authors_are_told_what_becomes_of_it() {
    let approved = approve(&in_review(vec![asked(LEADS, 1)]), "Lena");
    let told_of = told(&happening(Kind::Approved, "Lena", approved.clone()), &members());
    assert_eq!(told_of, [Told { account: "Ada".to_owned(), topic: Topic::MyChange, audience: Audience::Concerned }]);
    assert_eq!(names(&happening(Kind::Withdrawn, "Ada", approved.clone())), [""; 0], "it was Ada's own act");
    assert_eq!(names(&happening(Kind::RunFailed, "Ada", approved.clone())), ["Ada"], "that it failed was not");
    assert_eq!(names(&happening(Kind::RunStarted, "Adam", approved.clone())), [""; 0]);
    let mut talk = happening(Kind::Commented, "Vera", approved);
    assert_eq!(names(&talk), ["Ada", "Lena"]);
    change_of(&mut talk).commenters = ["Vera".to_owned(), "Adam".to_owned(), "Gone".to_owned()].into();
    assert_eq!(names(&talk), ["Ada", "Adam", "Lena"], "who is no member any more is not told");
}

#[test]
fn a_lapsed_approval_is_told_to_both_sides() {
    let told_of = told(&happening(Kind::Lapsed, "Adam", in_review(vec![asked(EXPERTS, 1)])), &members());
    let told_of: Vec<_> = told_of.iter().map(|told| (told.account.as_str(), told.topic)).collect();
    assert_eq!(told_of, [("Ada", Topic::MyChange), ("Luis", Topic::ToApprove)]);
}

#[test]
fn broken_glass_is_told_to_everyone_whatever_they_chose() {
    let broken = happening(Kind::GlassBroken, "Adam", in_review(vec![asked(LEADS, 1)]));
    assert_eq!(names(&broken), ["Ada", "Lena", "Luis", "Vera"]);
    let none = Topic::ALL.iter().flat_map(|&topic| Channel::ALL.iter().map(move |&channel| (topic, channel, false)));
    let none: Choices = none.collect();
    for &channel in Channel::ALL {
        assert!(none.wants(Topic::BreakGlass, channel));
        assert!(!none.wants(Topic::ToApprove, channel));
    }
    assert!(none.all().all(|(topic, _, wanted)| topic != Topic::BreakGlass && !wanted));
}

#[test]
fn guesses_at_an_account_are_told_to_its_owner_alone() {
    let guessed = Happening {
        kind: Kind::AccountGuessed,
        subject: Subject::Account { owner: Some("Vera".to_owned()) },
        actor: Person { id: None, name: "Strata".to_owned() },
        ..happening(Kind::Submitted, "Ada", in_review(vec![asked(LEADS, 1)]))
    };
    assert_eq!(names(&guessed), ["Vera"]);
    assert_eq!(told(&guessed, &members())[0].topic, Topic::Account);
    let said = words(&guessed, Audience::Concerned);
    assert!(said.text.contains("20 attempts") && said.text.ends_with('.'), "{said:?}");
    assert!(!Kind::AccountGuessed.topic().is_for_webhooks() && !Topic::Account.can_be_chosen());
    let off: Choices =
        [(Topic::Account, Channel::Page, false), (Topic::Account, Channel::Mail, false)].into_iter().collect();
    assert!(off.wants(Topic::Account, Channel::Page) && off.wants(Topic::Account, Channel::Mail));
}

#[test]
fn only_what_nobody_approved_is_urgent() {
    let urgent: Vec<_> = Kind::ALL.iter().filter(|kind| kind.is_urgent()).collect();
    assert_eq!(urgent, [&Kind::GlassBroken, &Kind::GlassReviewed]);
}

#[test]
fn policy_and_schedule_concern_those_who_answer_for_the_environment() {
    let about = "The rule sql.no-master: off instead of blocker".to_owned();
    let policy = Subject::Proposal { proposer: Some("Vera".to_owned()), about };
    let decided =
        Happening { subject: policy, ..happening(Kind::PolicyApproved, "Lena", in_review(vec![asked(LEADS, 1)])) };
    assert_eq!(names(&decided), ["Ada", "Adam", "Luis", "Vera"], "its proposer is, whatever they are by now");
    let loosened = Happening { kind: Kind::ProposalInForce, reason: Some("Tests".to_owned()), ..decided.clone() };
    let said = words(&loosened, Audience::Concerned);
    assert_eq!(said.title, "production: what was proposed is in force");
    assert_eq!(
        said.text,
        "The rule sql.no-master: off instead of blocker. Lena gave the last approval that it needed: “Tests”."
    );
}

#[test]
fn that_a_freeze_ends_sooner_is_told_to_everyone() {
    let freeze = |how| Happening {
        kind: Kind::FreezeEnded,
        subject: Subject::Schedule { name: "Year end".to_owned(), how },
        reason: Some("Done early".to_owned()),
        ..happening(Kind::FreezeEnded, "Lena", in_review(vec![asked(LEADS, 1)]))
    };
    let ended = freeze(Sooner::Ended);
    assert_eq!(names(&ended), ["Ada", "Adam", "Luis", "Vera"]);
    let topics: Vec<Topic> = told(&ended, &members()).iter().map(|told| told.topic).collect();
    assert_eq!(topics, [Topic::Freeze; 4]);
    let none = Topic::ALL.iter().flat_map(|&topic| Channel::ALL.iter().map(move |&channel| (topic, channel, false)));
    let none: Choices = none.collect();
    assert!(Channel::ALL.iter().all(|&channel| none.wants(Topic::Freeze, channel)), "whatever they chose");
    assert!(none.all().all(|(topic, ..)| topic != Topic::Freeze));
    assert_eq!(Kind::FreezeEnded.topic(), Topic::Freeze);
    let said = words(&freeze(Sooner::Removed), Audience::Concerned);
    assert_eq!(said.title, "production: the freeze “Year end” was removed");
    let said = words(&freeze(Sooner::Moved), Audience::Concerned);
    assert_eq!(said.text, "Lena gave it other times: “Done early”. Approved changes may start sooner.");
    let said = words(&ended, Audience::Concerned);
    assert_eq!(said.title, "production: the freeze “Year end” was ended early");
    assert_eq!(said.text, "Lena ended it: “Done early”. Approved changes may start now.");
}

#[test]
fn words_name_environment_change_and_risk() {
    let said = words(&happening(Kind::Submitted, "Ada", in_review(vec![asked(LEADS, 2)])), Audience::Asked);
    assert_eq!(said.title, "production #12 “Add sip-4” waits for your approval (critical)");
    assert_eq!(said.text, "Ada sent it to review. It has 0 of 2 leads.");
    let mut back = happening(Kind::SentBack, "Lena", in_review(vec![asked(LEADS, 2)]));
    back.reason = Some(format!("Why\n\n{}", "x".repeat(300)));
    let said = words(&back, Audience::Concerned);
    assert!(said.text.starts_with("Lena asks for changes: “Why xxx") && said.text.ends_with("x…”."), "{}", said.text);
    assert!(said.text.chars().count() < 250);
}

#[test]
fn every_kind_has_words_that_end() {
    for &kind in Kind::ALL {
        for audience in [Audience::Asked, Audience::Helper, Audience::Concerned] {
            let said = words(&happening(kind, "Ada", in_review(vec![asked(LEADS, 2)])), audience);
            assert!(!said.title.ends_with('.') && said.text.ends_with('.'), "{said:?}");
            assert!(!said.text.contains("..") && !said.text.contains("  "), "{said:?}");
        }
    }
}

#[test]
fn each_nudge_is_due_once_and_in_order() {
    let patience = Patience::default();
    let due = |last, hours| due(at(0), last, patience, at(hours));
    assert_eq!(due(None, 23), None);
    assert_eq!(due(None, 24), Some(Nudge::Reminder));
    assert_eq!(due(None, 500), Some(Nudge::Reminder), "who is asked never hears last");
    assert_eq!(due(Some(Nudge::Reminder), 71), None);
    assert_eq!(due(Some(Nudge::Reminder), 72), Some(Nudge::Escalation));
    assert_eq!(due(Some(Nudge::Escalation), 500), None);
    assert_eq!(Patience::hours(24, 24), Err(BadPatience));
    assert_eq!(Patience::hours(0, 24), Err(BadPatience));
    assert_eq!(Patience::hours(24, 72), Ok(patience));
}

fn any_member() -> impl Strategy<Value = Member> {
    let capabilities = prop::collection::btree_set(prop::sample::select(Capability::ALL.to_vec()), 0..3);
    ("[a-e]", capabilities, any::<bool>()).prop_map(|(id, capabilities, expert)| Member {
        id,
        standing: Standing { capabilities, groups: expert.then(|| EXPERTS.to_owned()).into_iter().collect() },
    })
}

proptest! {
    #[test]
    fn nobody_is_told_of_their_own_act_or_of_what_is_not_theirs(
        members in prop::collection::vec(any_member(), 0..6),
        kind in prop::sample::select(Kind::ALL.to_vec()),
        actor in "[a-f]",
        authors in prop::collection::btree_set("[a-f]", 0..3),
        quorum in 1_usize..3,
        experts in any::<bool>(),
    ) {
        let mut review = in_review(vec![asked(if experts { EXPERTS } else { LEADS }, quorum)]);
        review.authors.extend(authors);
        let happening = happening(kind, &actor, review.clone());
        let told_of = told(&happening, &members);
        let accounts: BTreeSet<_> = told_of.iter().map(|told| &told.account).collect();
        prop_assert_eq!(accounts.len(), told_of.len(), "each once");
        prop_assert!(accounts.iter().all(|account| members.iter().any(|member| member.id == **account)));
        if !matches!(kind, Kind::RunSucceeded | Kind::RunFailed) {
            prop_assert!(!accounts.contains(&actor));
        }
        for Told { account, audience, .. } in &told_of {
            if *audience == Audience::Asked {
                let may = |member: &Member| member.id == *account
                    && review.may_vote(account, &member.standing, Verdict::Approve, at(2)).is_ok();
                prop_assert!(members.iter().any(may), "{} has no vote", account);
            }
        }
    }
}

#[test]
fn who_applied_is_told_what_strata_did_in_their_name() {
    let mut off = happening(Kind::CalledOff, "Strata", in_review(vec![asked(LEADS, 1)]));
    off.actor.id = None;
    change_of(&mut off).applied_by = Some("Lena".to_owned());
    let people = |happening: &Happening| -> Vec<String> {
        told(happening, &members()).into_iter().map(|told| told.account).collect()
    };
    assert!(people(&off).contains(&"Lena".to_owned()), "{:?}", people(&off));
    let mut lapsed = happening(Kind::Lapsed, "Lena", in_review(vec![asked(LEADS, 1)]));
    change_of(&mut lapsed).applied_by = Some("Lena".to_owned());
    assert!(!people(&lapsed).contains(&"Lena".to_owned()), "their own act");
    lapsed.unattended = true;
    assert!(people(&lapsed).contains(&"Lena".to_owned()));
}
