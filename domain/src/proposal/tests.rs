//! Who puts a proposal in force, and which ones no longer fit.

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::account::{Capability, Lead};
use crate::policy::{EXPERTS, LEADS, Policy, When};

const PEOPLE: [&str; 6] = ["ann", "bo", "cy", "di", "eve", "flo"];
const GROUPS: [&str; 2] = [EXPERTS, "network"];

fn person(name: &str) -> Person {
    Person { id: Some(name.to_owned()), name: name.to_owned() }
}

fn lead(name: &str, groups: &[&str]) -> Lead {
    Lead { person: person(name), groups: groups.iter().map(|group| (*group).to_owned()).collect() }
}

fn at() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

fn proposal(proposed: Proposed, approvals: &[(&str, &[&str])]) -> Proposal {
    let approvals = approvals.iter().map(|(name, groups)| {
        let Lead { person, groups } = lead(name, groups);
        Approval { by: person, groups, at: at() }
    });
    Proposal {
        id: 1,
        proposed,
        based_on: 3,
        reason: "We grew".to_owned(),
        proposed_by: person("ann"),
        proposed_at: at(),
        approvals: approvals.collect(),
    }
}

fn policy() -> Proposed {
    Proposed::Policy { rules: Vec::new() }
}

fn level(from: Level, to: Level) -> Proposed {
    Proposed::RuleLevel { rule: RuleId::SqlNoMaster, from, to }
}

fn window() -> Proposed {
    Proposed::WindowRemoval { entry: 7, version: 2, name: "Nights".to_owned() }
}

fn nights(id: i64, minutes: u32) -> Entry {
    Entry {
        id,
        kind: schedule::Kind::Window,
        name: "Nights".to_owned(),
        reason: "Quiet".to_owned(),
        zone: "UTC".to_owned(),
        recurrence: schedule::Recurrence::Weekly {
            days: [schedule::Day::Monday].into(),
            at: chrono::NaiveTime::MIN,
            minutes,
        },
        ended_early: Vec::new(),
    }
}

fn opening() -> Proposed {
    let replaces = Some(Replaced { version: 2, window: nights(7, 60) });
    Proposed::WindowOpening { replaces: replaces.map(Box::new), window: Box::new(nights(7, 120)) }
}

fn one_more() -> Proposed {
    Proposed::WindowOpening { replaces: None, window: Box::new(nights(0, 60)) }
}

fn role() -> Role {
    let queue = crate::catalogue::Catalogue::built_in().role("queue").expect("built in").clone();
    Role { id: RoleId::from("recorder"), name: "Recorder".to_owned(), min: 2, ..queue }
}

fn looser_role() -> Proposed {
    Proposed::LooserRole { from: Box::new(role()), to: Some(Box::new(Role { min: 0, ..role() })) }
}

fn present() -> Present {
    Present { policy: 3, levels: Levels::new(), windows: [(7, 2)].into(), roles: vec![role()] }
}

fn rule(group: &str, quorum: usize) -> Rule {
    Rule { name: format!("{quorum} of {group}"), when: When::default(), group: group.to_owned(), quorum }
}

fn asked(policies: &[Policy]) -> Vec<(String, usize)> {
    demanded(policies).into_iter().map(|demand| (demand.group, demand.quorum)).collect()
}

#[test]
fn as_many_as_the_strictest_rule_asks_for() {
    assert_eq!(asked(&[Policy::built_in().clone()]), [(LEADS.to_owned(), 2), (EXPERTS.to_owned(), 1)]);
    assert_eq!(asked(&[Policy { version: 2, rules: Vec::new() }]), [(LEADS.to_owned(), 1)]);
    let both = [
        Policy { version: 2, rules: vec![rule(LEADS, 3), rule("network", 1)] },
        Policy { version: 3, rules: vec![rule(LEADS, 1), rule("network", 2)] },
    ];
    assert_eq!(asked(&both), [(LEADS.to_owned(), 3), ("network".to_owned(), 2)]);
    assert_eq!(demanded(&both)[0].rule, "3 of leads");
}

#[test]
fn each_of_them_another_person_and_none_the_proposer() {
    let leads = [lead("ann", &[EXPERTS]), lead("bo", &[]), lead("cy", &[EXPERTS])];
    let demands = demanded([Policy::built_in()]);
    let missing = |approvals: &[(&str, &[&str])]| {
        let missing = proposal(policy(), approvals).missing(&demands, &leads);
        crate::review::missing_text(&missing)
    };
    assert_eq!(missing(&[]), "0 of 2 leads, 0 of 1 infrastructure experts");
    assert_eq!(missing(&[("bo", &[])]), "1 of 2 leads, 0 of 1 infrastructure experts");
    assert_eq!(missing(&[("bo", &[]), ("bo", &[])]), "1 of 2 leads, 0 of 1 infrastructure experts");
    assert_eq!(missing(&[("ann", &[EXPERTS]), ("bo", &[])]), "1 of 2 leads, 0 of 1 infrastructure experts");
    assert_eq!(missing(&[("bo", &[]), ("cy", &[EXPERTS])]), "");
    // Who is no lead any more, or has left the group, or joined it since, does not count.
    assert_eq!(missing(&[("gone", &[EXPERTS]), ("bo", &[])]), "1 of 2 leads, 0 of 1 infrastructure experts");
    assert_eq!(missing(&[("bo", &[EXPERTS]), ("cy", &[])]), "0 of 1 infrastructure experts");
    let open = proposal(policy(), &[("bo", &[])]);
    let unmet = open.missing(&demands, &leads);
    let could: Vec<Vec<&str>> = unmet
        .iter()
        .map(|missing| open.could_give(missing, &leads).map(|lead| lead.person.name.as_str()).collect())
        .collect();
    assert_eq!(could, [["cy"], ["cy"]]);
}

#[test]
fn who_may_approve_and_who_may_turn_down() {
    let standing = Standing { capabilities: [Capability::Lead].into(), ..Standing::default() };
    let admin = Standing { capabilities: [Capability::Admin].into(), ..Standing::default() };
    let open = proposal(policy(), &[("bo", &[])]);
    let may = |standing, name: &str| open.may_approve(standing, &name.to_owned(), &present()).is_ok();
    assert!(may(&standing, "cy"));
    assert!(!may(&admin, "cy") && !may(&standing, "ann") && !may(&standing, "bo"));
    let may = |standing, name: &str| open.may_turn_down(standing, &name.to_owned()).is_ok();
    assert!(may(&standing, "cy") && may(&standing, "bo"));
    assert!(!may(&admin, "cy") && !may(&standing, "ann"));
}

#[test]
fn what_was_proposed_against_something_else_has_to_be_proposed_again() {
    let fits = |proposed, present: &Present| proposal(proposed, &[]).fits(present).is_ok();
    assert!(fits(policy(), &present()));
    assert!(!fits(policy(), &Present { policy: 4, ..present() }));
    assert!(fits(level(Level::Blocker, Level::Off), &Present { policy: 4, ..present() }));
    assert!(!fits(level(Level::Warning, Level::Off), &present()));
    let off = Present { levels: [(RuleId::SqlNoMaster, Level::Off)].into(), ..present() };
    assert!(!fits(level(Level::Blocker, Level::Off), &off));
    assert!(fits(window(), &present()));
    assert!(!fits(window(), &Present { windows: [(7, 3)].into(), ..present() }));
    assert!(!fits(window(), &Present { windows: BTreeMap::new(), ..present() }));
    assert!(fits(opening(), &present()) && fits(one_more(), &present()));
    assert!(!fits(opening(), &Present { windows: [(7, 3)].into(), ..present() }));
    assert!(fits(one_more(), &Present { windows: [(7, 3)].into(), ..present() }));
    assert!(fits(looser_role(), &present()));
    assert!(!fits(looser_role(), &Present { roles: vec![Role { min: 3, ..role() }], ..present() }));
    assert!(!fits(looser_role(), &Present { roles: Vec::new(), ..present() }));
}

#[test]
fn json_reads_what_it_wrote_and_words_say_it() {
    for (proposed, said) in [
        (policy(), "Another approval policy"),
        (level(Level::Blocker, Level::Off), "The rule sql.no-master: off instead of blocker"),
        (window(), "The maintenance window “Nights”: removed"),
        (
            opening(),
            "The maintenance window “Nights”: Every Monday 00:00–02:00 UTC, instead of Every Monday 00:00–01:00 UTC",
        ),
        (one_more(), "One more maintenance window “Nights”: Every Monday 00:00–01:00 UTC"),
        (looser_role(), "The role Recorder asks for less: at least 0 instead of 2"),
        (Proposed::LooserRole { from: Box::new(role()), to: None }, "The role Recorder: removed"),
    ] {
        let text = serde_json::to_string(&proposed).expect("serialises");
        assert!(text.contains(&format!("\"kind\":\"{}\"", proposed.kind())), "{text}");
        assert_eq!(serde_json::from_str::<Proposed>(&text).expect("reads"), proposed);
        assert_eq!(proposed.describe(), said);
    }
}

fn policies() -> impl Strategy<Value = Vec<Policy>> {
    let group = select(vec![LEADS, EXPERTS, "network"]);
    let rules = vec((group, 1usize..5).prop_map(|(group, quorum)| rule(group, quorum)), 0..5);
    vec(rules, 1..4).prop_map(|all| (1..).zip(all).map(|(version, rules)| Policy { version, rules }).collect())
}

fn leads() -> impl Strategy<Value = Vec<Lead>> {
    vec((select(PEOPLE.to_vec()), btree_set(select(GROUPS.to_vec()), 0..3)), 0..7).prop_map(|all| {
        all.into_iter().map(|(name, groups)| lead(name, &groups.into_iter().collect::<Vec<_>>())).collect()
    })
}

proptest! {
    /// No policy more makes less be asked for, and nothing is put in force by fewer than a rule in force asks for.
    #[test]
    fn never_by_fewer_than_a_rule_asks_for(policies in policies(), leads in leads(), given in leads()) {
        let open = Proposal {
            approvals: given.iter().map(|lead| Approval { by: lead.person.clone(), groups: lead.groups.clone(), at: at() }).collect(),
            ..proposal(policy(), &[])
        };
        let all = demanded(&policies);
        for fewer in 0..policies.len() {
            for demand in demanded(&policies[..fewer]) {
                prop_assert!(all.iter().any(|one| one.group == demand.group && one.quorum >= demand.quorum));
            }
        }
        if open.missing(&all, &leads).is_empty() {
            for rule in policies.iter().flat_map(|policy| &policy.rules) {
                let people: BTreeSet<&str> = given
                    .iter()
                    .filter(|lead| rule.group == LEADS || lead.groups.contains(&rule.group))
                    .filter(|one| leads.iter().any(|lead| lead.person == one.person))
                    .map(|lead| lead.person.name.as_str())
                    .filter(|name| *name != "ann")
                    .collect();
                prop_assert!(people.len() >= rule.quorum, "{rule:?} is met by {people:?}");
            }
        }
    }
}
