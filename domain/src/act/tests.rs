//! Every act, what it leaves and whom it tells.

use std::collections::BTreeSet;

use chrono::DateTime;

use super::*;
use crate::account::{Capability, Person};
use crate::catalogue::{Catalogue, Level, Role};
use crate::change::ApplyAsked;
use crate::digest::Digest;
use crate::findings::RuleId;
use crate::notice::{DeliveryState, Patience, Topic};
use crate::plan::Risk;
use crate::policy::Policy;
use crate::rebase::Choice;
use crate::review::{Lifetime, Verdict};
use crate::schedule::{self, Entry, Recurrence};

fn role() -> Box<Role> {
    Box::new(Catalogue::built_in().roles[0].clone())
}

fn entry() -> Box<Entry> {
    let (from, to) = (DateTime::UNIX_EPOCH.naive_utc(), DateTime::UNIX_EPOCH.naive_utc());
    Box::new(Entry {
        id: 1,
        kind: schedule::Kind::Window,
        name: "Nights".to_owned(),
        reason: "Nobody calls then".to_owned(),
        zone: "Europe/Berlin".to_owned(),
        recurrence: Recurrence::Once { from, to },
        ended_early: Vec::new(),
    })
}

fn anew() -> Anew {
    Anew { in_review_again: vec![4], approved: vec![5] }
}

fn shifts() -> impl Iterator<Item = Shift> {
    ChangeState::ALL.iter().flat_map(|from| ChangeState::ALL.iter().map(|to| Shift { from: *from, to: *to }))
}

fn text(text: &str) -> String {
    text.to_owned()
}

/// Every act there is, of a change with every shift.
pub(crate) fn acts() -> Vec<Act> {
    let moved = shifts().flat_map(of_change);
    [of_accounts(), of_house(), of_runs(), of_schedule(), of_proposals(), moved.collect()].concat()
}

fn of_accounts() -> Vec<Act> {
    let group = Given::Group(text("infrastructure experts"));
    let did = [
        AccountAct::Added { email: text("ada@example.net"), name: text("Ada") },
        AccountAct::Granted { given: Given::Capability(Capability::Lead), anew: anew() },
        AccountAct::Revoked { taken: group, anew: anew() },
        AccountAct::Disabled(Reach::Here(anew())),
        AccountAct::Disabled(Reach::Everywhere { environments: vec![text("lab")] }),
        AccountAct::Enabled(Reach::Here(anew())),
        AccountAct::SignedIn { address: text("192.0.2.1") },
        AccountAct::SignInFailed { address: text("192.0.2.1"), is_disabled: true },
        AccountAct::SignedOut,
        AccountAct::SignedOutEverywhere,
    ];
    did.into_iter().map(|did| Act::Account { account: Some(text("1")), did }).collect()
}

fn of_house() -> Vec<Act> {
    let environment = || text("lab");
    let life = |hours| Lifetime::hours(hours).expect("a life");
    let (before, after) = (Level::Off, Level::Blocker);
    let reason = || text("Because");
    let all = [
        EnvironmentAct::Created { environment: environment() },
        EnvironmentAct::Imported { revision: 1, title: text("First"), nodes: 3 },
        EnvironmentAct::LifetimeSet { environment: environment(), before: life(1), after: life(2), anew: anew() },
        EnvironmentAct::PatienceSet {
            environment: environment(),
            before: Patience::default(),
            after: Patience::default(),
        },
    ];
    let catalogue = [
        CatalogueAct::RoleSaved { role: role(), before: Some(role()), version: 2, reason: None, anew: anew() },
        CatalogueAct::RoleRemoved { role: role(), version: 2, reason: reason(), anew: anew() },
        CatalogueAct::RuleLevelSet { rule: RuleId::ALL[0], before, after, reason: reason(), anew: anew() },
    ];
    let webhooks = [
        WebhookAct::Added { to: text("example.net"), topics: [Topic::Policy].into() },
        WebhookAct::Removed { to: text("example.net") },
    ];
    let resent = DeliveryAct::Resent { before: DeliveryState::Failed };
    let all = all.into_iter().map(Act::Environment);
    all.chain(catalogue.into_iter().map(Act::Catalogue))
        .chain(webhooks.into_iter().map(|did| Act::Webhook { webhook: 7, did }))
        .chain([Act::Delivery { delivery: 8, did: resent }])
        .collect()
}

fn of_runs() -> Vec<Act> {
    let started = |broken| RunAct::Started {
        from: ChangeState::Approved,
        live: 1,
        digest: Digest([7; 32]),
        steps: 2,
        waited_since: Some(DateTime::UNIX_EPOCH),
        broken,
    };
    let broken = Broken { reason: text("No calls at all"), risk: Risk::High, missing: text("0 of 2 leads") };
    let did = [
        started(None),
        started(Some(broken)),
        RunAct::StepConfirmed { step: text("1") },
        RunAct::Succeeded { base: 1, live: 2 },
        RunAct::Failed { reason: text("The disk is full.") },
    ];
    did.into_iter().map(|did| Act::Run { run: 9, change: 3, did }).collect()
}

fn of_schedule() -> Vec<Act> {
    let did = [
        ScheduleAct::Added { entry: entry() },
        ScheduleAct::Changed { before: entry(), after: entry() },
        ScheduleAct::Removed { entry: entry(), reason: None },
        ScheduleAct::FreezeEnded {
            freeze: 1,
            name: text("Elections"),
            reason: text("They are over"),
            how: Sooner::Ended,
            occurrences: vec![DateTime::UNIX_EPOCH],
        },
    ];
    did.into_iter().map(Act::Schedule).collect()
}

fn of_proposals() -> Vec<Act> {
    let policy = || Policy::built_in().clone();
    let reason = || Some(text("It is enough"));
    let rules = Proposed::Policy { rules: policy().rules };
    let level = Proposed::RuleLevel { rule: RuleId::ALL[0], from: Level::Blocker, to: Level::Off };
    let removal = Proposed::WindowRemoval { entry: 1, version: 1, name: text("Nights") };
    let opening = Proposed::WindowOpening { replaces: None, window: entry() };
    let looser = Proposed::LooserRole { from: role(), to: None };
    let another = Put::Policy { before: policy(), after: policy(), anew: anew() };
    let put = |put| ProposalAct::PutInForce { reason: reason(), approved_by: vec![text("Lena")], put };
    let of = |proposed: &Proposed, did| Act::Proposal {
        proposal: 6,
        proposer: Some(text("1")),
        proposed: proposed.clone(),
        did,
    };
    let mut acts = vec![
        of(&rules, ProposalAct::Made { reason: text("So"), instead_of: Stands::Policy(policy()) }),
        of(&removal, ProposalAct::Made { reason: text("So"), instead_of: Stands::Window(entry()) }),
        of(&rules, put(another)),
        of(&looser, put(Put::Catalogue { version: 3 })),
        of(&level, put(Put::AsProposed)),
    ];
    for proposed in [&rules, &level, &removal, &opening, &looser] {
        acts.extend([
            of(proposed, ProposalAct::Made { reason: text("So"), instead_of: Stands::AsProposed }),
            of(proposed, ProposalAct::Backed { reason: reason(), missing: text("1 of 2 leads") }),
            of(proposed, ProposalAct::Rejected { reason: reason(), based_on: 1 }),
            of(proposed, ProposalAct::Withdrawn { reason: None, based_on: 1 }),
        ]);
    }
    acts
}

fn asked() -> ApplyAsked {
    ApplyAsked { by: Person { id: Some(text("1")), name: text("Ada") }, at: DateTime::UNIX_EPOCH }
}

fn of_change(shift: Shift) -> Vec<Act> {
    let digest = Digest([7; 32]);
    let reason = || Some(text("Because"));
    let voted = |verdict| ChangeAct::Voted { verdict, reason: reason(), digest, vote: 2, shift };
    let lapsed = |to| ChangeAct::Lapsed { reason: text("It moved"), from: 1, to, digest, asked: Some(asked()), shift };
    let did = [
        ChangeAct::Started { title: text("One more"), base: 1, origin: Origin::Copy { of: 2, edits: 3 } },
        ChangeAct::Edited { edits: Edits::One(1), what: text("Adds a node"), shift },
        ChangeAct::Rebased { from: 1, to: 2, edits: 3, choices: [(1, Choice::Drop)].into(), shift },
        ChangeAct::Submitted { digest, risk: Risk::High, steps: 2, shift },
        voted(Verdict::Approve),
        voted(Verdict::Reject),
        voted(Verdict::SendBack),
        ChangeAct::VoteTakenBack { vote: 2, shift },
        ChangeAct::Withdrawn { reason: reason(), shift },
        ChangeAct::Commented { comment: 1, step: None, text: text("Why?") },
        ChangeAct::ApplyAsked { until: None, because: vec![text("Nights")] },
        ChangeAct::CalledOff { why: reason(), asked: asked() },
        lapsed(1),
        lapsed(2),
        ChangeAct::SentHome { cause: text("It asks for less"), shift },
        ChangeAct::Asked { by: AuditAction::PolicyApproved, reason: reason(), shift },
        ChangeAct::GlassReviewed { conclusion: text("It was right"), broken_by: text("Ada") },
    ];
    did.into_iter().map(|did| Act::Change { change: 3, did }).collect()
}

#[test]
fn every_audited_action_is_of_an_act() {
    let done: BTreeSet<&str> = acts().iter().map(|act| act.row().action.as_str()).collect();
    let known: BTreeSet<&str> = AuditAction::ALL.iter().map(|action| action.as_str()).collect();
    assert_eq!(done, known);
}

#[test]
fn every_kind_that_an_act_can_tell_is_told_by_one() {
    let told: BTreeSet<&str> = acts().iter().flat_map(Act::told).map(|told| told.kind.as_str()).collect();
    let by_time = [Kind::Reminder, Kind::Escalated, Kind::AccountGuessed, Kind::Test].map(Kind::as_str);
    let known: BTreeSet<&str> =
        Kind::ALL.iter().map(|kind| kind.as_str()).filter(|kind| !by_time.contains(kind)).collect();
    assert_eq!(told, known);
}

#[test]
fn what_is_told_is_about_something() {
    for act in acts() {
        for told in act.told() {
            assert!(told.change.is_some() != told.said.about.is_some(), "{act:?}: {told:?}");
            let kept = serde_json::to_value(&told.said).expect("it is stored");
            assert_eq!(serde_json::from_value::<Said>(kept).expect("and read again"), told.said);
        }
    }
    // What an earlier version kept of it says nothing, which is read as that.
    assert_eq!(serde_json::from_value::<Said>(json!({})).expect("nothing"), Said::default());
}

#[test]
fn acts_that_decide_nothing_yet_tell_nobody() {
    use ChangeState::{Approved, Draft, InReview};
    let kinds = |did: ChangeAct| -> Vec<Kind> { did.told(3).into_iter().map(|told| told.kind).collect() };
    let shift = |from, to| Shift { from, to };
    let voted =
        |shift| ChangeAct::Voted { verdict: Verdict::Approve, reason: None, digest: Digest([7; 32]), vote: 2, shift };
    assert_eq!(kinds(voted(shift(InReview, InReview))), []);
    assert_eq!(kinds(voted(shift(InReview, Approved))), [Kind::Approved]);
    let edited = |shift| ChangeAct::Edited { edits: Edits::Many(1, 9), what: text("Adds nodes"), shift };
    assert_eq!(kinds(edited(shift(Draft, Draft))), []);
    assert_eq!(kinds(edited(shift(InReview, InReview))), [Kind::Moved]);
    assert_eq!(kinds(edited(shift(Approved, InReview))), [Kind::Lapsed]);
    assert_eq!(kinds(ChangeAct::VoteTakenBack { vote: 2, shift: shift(InReview, InReview) }), []);
}

/// What an act moved beside its subject is told to those whose change it is, and stands in its row.
#[test]
fn changes_that_an_act_moved_are_told_and_recorded() {
    let act = Act::Catalogue(CatalogueAct::RuleLevelSet {
        rule: RuleId::ALL[0],
        before: Level::Warning,
        after: Level::Blocker,
        reason: text("It broke calls"),
        anew: anew(),
    });
    let told: Vec<_> = act.told().into_iter().map(|told| (told.kind, told.change)).collect();
    assert_eq!(told, [(Kind::Lapsed, Some(4)), (Kind::Approved, Some(5))]);
    let after = act.row().after.expect("it says what is so");
    assert_eq!(after, json!({ "level": "blocker", "changes": { "in_review_again": [4], "approved": [5] } }));
}

/// Pages of a change read anew what was done to it, whatever that is.
#[test]
fn whatever_is_done_to_a_change_or_a_run_is_news_of_it() {
    for act in acts() {
        let news = act.news("lab");
        match &act {
            Act::Change { change, .. } => {
                assert!(news.contains(&News::Change { environment: text("lab"), id: *change }), "{act:?}");
            }
            Act::Run { run, .. } => {
                assert!(news.contains(&News::Run { environment: text("lab"), id: *run }), "{act:?}");
            }
            _ => {}
        }
    }
}
