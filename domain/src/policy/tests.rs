//! Matching, acceptance and words of policies.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::catalogue::Catalogue;
use crate::digest::Digest;
use crate::plan::{Plan, plan};
use crate::sample::{healthy, node, role, with_node};

fn policy_of(rules: Vec<Rule>) -> Policy {
    Policy { version: 2, rules }
}

fn rule(when: When) -> Rule {
    Rule { name: "A rule".to_owned(), when, group: LEADS.to_owned(), quorum: 3 }
}

fn plan_to(change: impl FnOnce(&mut Topology)) -> Plan {
    let base = healthy();
    let mut desired = base.clone();
    change(&mut desired);
    plan(&base, &desired, Catalogue::built_in())
}

fn drop_node(topology: &mut Topology, hostname: &str) {
    topology.nodes.retain(|node| node.hostname != format!("{hostname}.example.net"));
}

/// Why a rule asks about a plan, if it does.
fn because(when: When, plan: &Plan) -> Option<String> {
    let asked = matching(&policy_of(vec![rule(when)]), plan, 16, Catalogue::built_in());
    asked.into_iter().find(|asked| asked.rule == "A rule").map(|asked| asked.because)
}

fn layers(layers: &[Layer]) -> BTreeSet<Layer> {
    layers.iter().copied().collect()
}

fn actions(actions: &[StepKind]) -> BTreeSet<StepKind> {
    actions.iter().copied().collect()
}

#[test]
fn the_built_in_policy_is_that_of_the_requirements() {
    let asked = |risk, nodes| -> Vec<(String, usize)> {
        let plan = Plan { risk, digest: Digest([0; 32]), steps: Vec::new(), alternatives: Vec::new() };
        let asked = matching(Policy::built_in(), &plan, nodes, Catalogue::built_in());
        asked.into_iter().map(|asked| (asked.group, asked.quorum)).collect()
    };
    let leads = |quorum| (LEADS.to_owned(), quorum);
    let expert = || (EXPERTS.to_owned(), 1);
    assert_eq!(asked(Risk::Low, 49), [leads(1)]);
    assert_eq!(asked(Risk::Medium, 1), [leads(1)]);
    assert_eq!(asked(Risk::High, 1), [leads(2)]);
    assert_eq!(asked(Risk::Critical, 1), [leads(2), expert()]);
    assert_eq!(asked(Risk::Low, 50), [leads(1), expert()]);
    assert_eq!(asked(Risk::Critical, 50), [leads(2), expert(), expert()]);
    assert_eq!(accept(Policy::built_in(), Catalogue::built_in(), &staff(2, 1)), Ok(Vec::new()));
}

#[test]
fn no_change_goes_unapproved() {
    let plan = plan_to(|topology| drop_node(topology, "web-1"));
    let critical = When { risks: [Risk::Critical].into(), ..When::default() };
    for policy in [policy_of(Vec::new()), policy_of(vec![rule(critical)])] {
        let asked = matching(&policy, &plan, 16, Catalogue::built_in());
        assert_eq!(asked.len(), 1);
        assert_eq!((asked[0].rule.as_str(), asked[0].group.as_str(), asked[0].quorum), (AT_LEAST_ONE_LEAD, LEADS, 1));
    }
    let nobody = Rule { quorum: 0, ..rule(When::default()) };
    assert_eq!(matching(&policy_of(vec![nobody]), &plan, 16, Catalogue::built_in())[0].quorum, 1);
}

#[test]
fn all_that_is_asked_of_a_step_is_asked_of_one_step() {
    // Removes a web interface and installs a worker: each half of a rule holds, but for different steps.
    let plan = plan_to(|topology| {
        drop_node(topology, "web-1");
        let mut further = node("worker-2.example.net", "10.0.9.1");
        further.roles.push(role("worker", &[]));
        topology.nodes.push(further);
    });
    let removes = |in_layers: &[Layer]| When {
        layers: layers(in_layers),
        actions: actions(&[StepKind::RemoveRole]),
        ..When::default()
    };
    assert_eq!(because(removes(&[Layer::Management]), &plan), None);
    assert_eq!(
        because(removes(&[Layer::Functionality]), &plan).as_deref(),
        Some("it removes Web management interface in the functionality layer")
    );
    let worker = RoleId::from("worker");
    let of_worker = |kind| When { roles: [worker.clone()].into(), actions: actions(&[kind]), ..When::default() };
    assert_eq!(because(of_worker(StepKind::InstallRole), &plan).as_deref(), Some("it installs Worker"));
    assert_eq!(because(of_worker(StepKind::DrainRole), &plan), None);
    let elsewhere = When { roles: [worker].into(), layers: layers(&[Layer::Storage]), ..When::default() };
    assert_eq!(because(elsewhere, &plan), None);
}

#[test]
fn reasons_are_words_for_people() {
    let plan = plan_to(|topology| with_node(topology, "sql-1", |node| node.roles.clear()));
    let storage = When { layers: layers(&[Layer::Storage]), ..When::default() };
    assert_eq!(because(storage.clone(), &plan).as_deref(), Some("it touches SQL in the storage layer"));
    let all = When { risks: [Risk::Critical].into(), nodes_from: Some(10), ..storage };
    assert_eq!(
        because(all, &plan).as_deref(),
        Some("the plan is critical, it touches SQL in the storage layer and the environment has 16 nodes")
    );
    assert_eq!(because(When::default(), &plan).as_deref(), Some("it asks about every change"));
    let gone = plan_to(|topology| {
        for name in ["web-1", "sip-1", "pbx-1", "queue-1"] {
            drop_node(topology, name);
        }
    });
    let retired = When { actions: actions(&[StepKind::RetireNode, StepKind::RemoveRole]), ..When::default() };
    let reason = because(retired, &gone).expect("matches");
    assert!(reason.ends_with("and 2 more roles and retires 4 nodes"), "{reason}");
}

#[test]
fn every_rule_answers_for_a_plan_that_it_is_tried_on() {
    let plan = plan_to(|topology| drop_node(topology, "web-1"));
    let storage = When { layers: layers(&[Layer::Storage]), ..When::default() };
    let mut rules = Policy::built_in().rules.clone();
    rules.push(Rule { name: "Storage".to_owned(), ..rule(storage) });
    let told: Vec<String> = answers(&policy_of(rules), &plan, 16, Catalogue::built_in())
        .into_iter()
        .map(|Answer { rule, matches, because }| format!("{rule}: {matches}, because {because}"))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    Low and medium risk: true, because the plan is of medium risk
    High risk: false, because the plan is of medium risk
    Critical risk: false, because the plan is of medium risk
    Critical risk: an expert: false, because the plan is of medium risk
    Large environment: an expert: false, because the environment has 16 nodes
    Storage: false, because no step touches anything in the storage layer
    ");
}

#[test]
fn the_larger_side_is_the_size() {
    let (large, small) = (healthy(), Topology::empty("test"));
    assert_eq!(size_of(&large, &small), large.nodes.len());
    assert_eq!(size_of(&small, &large), large.nodes.len());
}

#[test]
fn rules_are_sentences() {
    let mut rules = Policy::built_in().rules.clone();
    rules.push(rule(When::default()));
    rules.push(rule(When {
        risks: [Risk::High, Risk::Critical].into(),
        layers: layers(&[Layer::Storage]),
        roles: [RoleId::from("sql"), RoleId::from("elasticsearch")].into(),
        actions: actions(&[StepKind::RemoveRole, StepKind::DrainRole, StepKind::Manual]),
        nodes_from: Some(20),
    }));
    rules.push(rule(When { layers: layers(&[Layer::Storage, Layer::Management]), ..When::default() }));
    let told: Vec<String> = rules.iter().map(|rule| describe(rule, Catalogue::built_in())).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    Changes of low or medium risk need 1 lead.
    Changes of high risk need 2 leads.
    Changes of critical risk need 2 leads.
    Changes of critical risk need 1 of the infrastructure experts.
    Changes in an environment of 50 nodes or more need 1 of the infrastructure experts.
    Every change needs 3 leads.
    Changes of high or critical risk with a step that sets up by hand, drains or removes Elasticsearch or SQL in the storage layer, in an environment of 20 nodes or more, need 3 leads.
    Changes with a step that touches anything in the infrastructure management or storage layer need 3 leads.
    ");
}

fn staff(leads: usize, experts: usize) -> BTreeMap<String, usize> {
    [(LEADS.to_owned(), leads), (EXPERTS.to_owned(), experts)].into()
}

#[test]
fn what_is_wrong_is_told_by_rule_and_field() {
    let good = rule(When::default());
    let faults = |change: &dyn Fn(&mut Rule)| -> Vec<(Option<usize>, &'static str)> {
        let mut other = Rule { name: "Another".to_owned(), ..good.clone() };
        change(&mut other);
        let policy = policy_of(vec![good.clone(), other]);
        let outcome = accept(&policy, Catalogue::built_in(), &staff(9, 9));
        outcome.err().unwrap_or_default().into_iter().map(|fault| (fault.rule, fault.field)).collect()
    };
    assert_eq!(faults(&|_| {}), []);
    assert_eq!(faults(&|rule| rule.name = "a RULE".to_owned()), [(Some(1), "name")]);
    assert_eq!(faults(&|rule| rule.name = " ".to_owned()), [(Some(1), "name")]);
    assert_eq!(faults(&|rule| rule.name = "two\nlines".to_owned()), [(Some(1), "name")]);
    assert_eq!(faults(&|rule| rule.name = "x".repeat(200)), []);
    assert_eq!(faults(&|rule| rule.name = "x".repeat(201)), [(Some(1), "name")]);
    assert_eq!(faults(&|rule| rule.group = String::new()), [(Some(1), "group")]);
    assert_eq!(faults(&|rule| rule.group = "leads ".to_owned()), [(Some(1), "group")]);
    assert_eq!(faults(&|rule| rule.quorum = 0), [(Some(1), "quorum")]);
    assert_eq!(faults(&|rule| rule.quorum = 10), []);
    assert_eq!(faults(&|rule| rule.quorum = 11), [(Some(1), "quorum")]);
    assert_eq!(faults(&|rule| rule.when.nodes_from = Some(0)), [(Some(1), "nodes_from")]);
    assert_eq!(faults(&|rule| rule.when.roles = [RoleId::from("fax")].into()), [(Some(1), "roles")]);
    let numbered = |count| {
        let rules = (0..count).map(|number| Rule { name: format!("Rule {number}"), ..good.clone() });
        accept(&policy_of(rules.collect()), Catalogue::built_in(), &staff(9, 9))
    };
    assert_eq!(numbered(50), Ok(Vec::new()));
    assert_eq!(numbered(51).expect_err("too many")[0].field, "rules");
}

#[test]
fn it_is_said_where_nobody_could_ever_approve() {
    let warnings = |rule, staff| accept(&policy_of(vec![rule]), Catalogue::built_in(), &staff).expect("fits");
    let experts = Rule { group: EXPERTS.to_owned(), quorum: 1, ..rule(When::default()) };
    assert_eq!(warnings(experts.clone(), staff(3, 1)), [] as [String; 0]);
    assert_eq!(
        warnings(experts, BTreeMap::new()),
        ["“A rule” asks for 1 of the infrastructure experts, but no lead is in the group “infrastructure experts”: \
          nobody could ever have such a change approved."]
    );
    assert_eq!(
        warnings(rule(When::default()), staff(2, 0)),
        ["“A rule” asks for 3 leads, but the environment has 2 leads: nobody could ever have such a change approved."]
    );
    let apart = When { roles: [RoleId::from("web")].into(), layers: layers(&[Layer::Storage]), ..When::default() };
    assert_eq!(warnings(rule(apart), staff(3, 0)), ["“A rule” never asks: none of its roles is in its layers."]);
}

#[test]
fn it_is_said_which_plans_no_rule_is_about() {
    let high = rule(When { risks: [Risk::High].into(), ..When::default() });
    let said = |rules| accept(&policy_of(rules), Catalogue::built_in(), &staff(9, 9)).expect("fits");
    assert_eq!(
        said(vec![high]),
        ["No rule is about plans of risk low, medium, critical: one lead is enough for them."]
    );
    assert_eq!(
        said(Vec::new()),
        ["No rule is about plans of risk low, medium, high, critical: one lead is enough for them."]
    );
    assert_eq!(said(vec![rule(When::default())]), [] as [String; 0]);
}

/// What is asked of each group at the most.
fn most(asked: &[Asked]) -> BTreeMap<&str, usize> {
    let mut most = BTreeMap::new();
    for asked in asked {
        let known = most.entry(asked.group.as_str()).or_insert(0);
        *known = asked.quorum.max(*known);
    }
    most
}

#[test]
fn an_older_policy_asks_what_the_newest_does_not() {
    let plan = plan_to(|topology| drop_node(topology, "web-1"));
    let every = |version, name: &str, group: &str, quorum| Policy {
        version,
        rules: vec![Rule { name: name.to_owned(), when: When::default(), group: group.to_owned(), quorum }],
    };
    let told = |newest: &Policy, older: &[Policy]| -> Vec<(String, usize, Option<u32>)> {
        let asked = strictest(newest, older, &plan, 16, Catalogue::built_in());
        asked.into_iter().map(|asked| (asked.rule, asked.quorum, asked.older)).collect()
    };
    let (one, three) = (every(3, "One", LEADS, 1), every(2, "Three", LEADS, 3));
    assert_eq!(told(&one, &[]), [("One".to_owned(), 1, None)]);
    assert_eq!(
        told(&one, std::slice::from_ref(&three)),
        [("One".to_owned(), 1, None), ("Three".to_owned(), 3, Some(2))]
    );
    assert_eq!(told(&three, std::slice::from_ref(&one)), [("Three".to_owned(), 3, None)], "the stricter one is enough");
    // Between older ones the stricter stays; an expert is a lead as well.
    let two = every(1, "Two", LEADS, 2);
    assert_eq!(told(&one, &[two, three])[1..], [("Three".to_owned(), 3, Some(2))]);
    let expert = every(4, "Expert", EXPERTS, 1);
    assert_eq!(told(&expert, &[one]), [("Expert".to_owned(), 1, None)]);
    let older =
        &strictest(&every(2, "One", LEADS, 1), &[every(1, "Two", LEADS, 2)], &plan, 16, Catalogue::built_in())[1];
    assert!(older.reason().ends_with("(version 1 of the policy, in force when it was submitted or since)"));
}

fn when() -> impl Strategy<Value = When> {
    let roles: Vec<RoleId> = Catalogue::built_in().roles.iter().map(|role| role.id.clone()).collect();
    (
        btree_set(select(Risk::ALL), 0..3),
        btree_set(select(Layer::ALL.to_vec()), 0..3),
        btree_set(select(roles), 0..3),
        btree_set(select(StepKind::ALL), 0..3),
        option::of(1usize..1000),
    )
        .prop_map(|(risks, layers, roles, actions, nodes_from)| When { risks, layers, roles, actions, nodes_from })
}

fn policies() -> impl Strategy<Value = Policy> {
    let rule = (".{0,12}", when(), "[a-z ]{1,12}", 1usize..11).prop_map(|(name, when, group, quorum)| Rule {
        name,
        when,
        group,
        quorum,
    });
    (1u32..9, vec(rule, 0..6)).prop_map(|(version, rules)| Policy { version, rules })
}

proptest! {
    #[test]
    fn json_reads_what_it_wrote(policy in policies()) {
        let text = serde_json::to_string(&policy).expect("serialises");
        prop_assert_eq!(serde_json::from_str::<Policy>(&text).expect("reads"), policy);
    }

    /// Whatever the policy: somebody is asked for, each rule that matches once, and the reasons are told.
    #[test]
    fn somebody_is_always_asked_for(policy in policies(), nodes in 0usize..100) {
        let plan = plan_to(|topology| drop_node(topology, "sql-2"));
        let asked = matching(&policy, &plan, nodes, Catalogue::built_in());
        let told = answers(&policy, &plan, nodes, Catalogue::built_in());
        prop_assert!(asked.iter().map(|asked| asked.quorum).sum::<usize>() > 0);
        prop_assert!(asked.iter().all(|asked| !asked.because.is_empty()));
        let matched = told.iter().filter(|answer| answer.matches).count();
        prop_assert_eq!(asked.len(), matched.max(1));
        prop_assert_eq!(told.len(), policy.rules.len());
    }

    /// One policy more never lowers what is asked, and who meets the strictest meets each of them.
    #[test]
    fn one_policy_more_never_lowers_what_is_asked(
        policies in vec(policies(), 1..5),
        groups in vec(select(vec!["a", "b", LEADS]), 30),
    ) {
        let catalogue = Catalogue::built_in();
        let plan = plan_to(|topology| drop_node(topology, "sql-2"));
        // Few groups, so that policies ask for the same ones.
        let mut names = groups.into_iter().cycle();
        let mut policies = policies;
        for rule in policies.iter_mut().flat_map(|policy| &mut policy.rules) {
            rule.group = names.next().expect("a cycle").to_owned();
            rule.when.layers.clear();
            rule.when.actions.clear();
            rule.when.roles.clear();
        }
        let Some((newest, older)) = policies.split_first() else { return Ok(()) };
        let all = strictest(newest, older, &plan, 20, catalogue);
        let met = |asked: &Asked| all.iter().any(|one| {
            (one.group == asked.group || asked.group == LEADS) && one.quorum >= asked.quorum
        });
        for policy in &policies {
            prop_assert!(matching(policy, &plan, 20, catalogue).iter().all(met));
        }
        for fewer in 0..older.len() {
            let some = strictest(newest, &older[..fewer], &plan, 20, catalogue);
            for (group, quorum) in most(&some) {
                prop_assert!(all.iter().any(|one| (one.group == group || group == LEADS) && one.quorum >= quorum));
            }
        }
        // Nothing is made up: whatever is asked, one of them asks.
        for asked in &all {
            let version = asked.older.unwrap_or(newest.version);
            let asks = |policy: &&Policy| {
                policy.version == version
                    && matching(policy, &plan, 20, catalogue)
                        .iter()
                        .any(|one| one.rule == asked.rule && one.quorum == asked.quorum)
            };
            prop_assert!(policies.iter().any(|policy| asks(&policy)));
        }
    }
}

#[test]
fn unknown_fields_are_refused() {
    let read = serde_json::from_str::<Policy>;
    assert!(read(r#"{"version":1,"rules":[{"name":"a","group":"leads","quorum":1}]}"#).is_ok());
    assert!(read(r#"{"version":1,"rules":[],"more":1}"#).is_err());
    assert!(
        read(r#"{"version":1,"rules":[{"name":"a","group":"leads","quorum":1,"when":{"risk":["low"]}}]}"#).is_err()
    );
}
