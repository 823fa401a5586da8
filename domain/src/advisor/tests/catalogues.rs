//! Roles that an admin added, and limits that an admin moved.

use super::*;
use crate::catalogue::{GroupRule, Layer, Network, Requirement, Role, SettingKind, SettingSpec};
use crate::file;

/// The built-in catalogue with a further role that is like the queue, changed.
fn with_role(id: &str, change: impl FnOnce(&mut Role)) -> Catalogue {
    let mut role = Catalogue::built_in().role("queue").expect("built in").clone();
    (role.id, role.name, role.layer) = (id.into(), format!("The {id}"), Layer::Management);
    change(&mut role);
    let mut catalogue = Catalogue { version: 2, ..Catalogue::built_in().clone() };
    catalogue.roles.push(role);
    catalogue
}

/// The built-in catalogue with one of its roles changed.
fn with_changed(id: &str, change: impl FnOnce(&mut Role)) -> Catalogue {
    let mut catalogue = Catalogue { version: 2, ..Catalogue::built_in().clone() };
    change(catalogue.roles.iter_mut().find(|role| role.id.as_str() == id).expect("built in"));
    catalogue
}

fn spec(name: &str, kind: SettingKind, default: Option<SettingValue>) -> SettingSpec {
    let (name, label) = (name.to_owned(), name.to_owned());
    SettingSpec { name, label, kind, required: Requirement::Always, default, only_on: BTreeMap::new() }
}

fn hostnames(topology: &Topology, role: &str) -> Vec<String> {
    nodes_of(topology, role).iter().map(|node| node.hostname.clone()).collect()
}

/// Nothing above advice, and the file reads back.
fn sound(proposal: &Proposal, catalogue: &Catalogue) {
    let findings = check(&proposal.topology, catalogue);
    assert!(findings.iter().all(|finding| finding.severity == Severity::Advice), "{findings:#?}");
    let written = file::write_yaml(&proposal.topology);
    assert_eq!(file::read(written.as_bytes(), catalogue).as_ref(), Ok(&proposal.topology));
}

#[test]
fn an_own_role_gets_its_least() {
    let catalogue = with_role("fax_relay", |role| {
        role.min = 3;
        role.network = Network::PublicRequired { unless_setting: None };
        role.memory_floor_mib = Some(1_024);
        role.settings = vec![spec("lines", SettingKind::Integer { min: 1, max: 9 }, Some(SettingValue::Integer(4)))];
    });
    let proposal = propose(&default(), &catalogue).expect("it fits");
    sound(&proposal, &catalogue);
    let nodes = nodes_of(&proposal.topology, "fax_relay");
    assert_eq!(
        hostnames(&proposal.topology, "fax_relay"),
        ["fax-relay-1.example.net", "fax-relay-2.example.net", "fax-relay-3.example.net"]
    );
    assert!(nodes.iter().all(|node| node.public_ip.is_some() && node.hardware.memory_mib == Some(1_024)));
    assert!(nodes[0].roles[0].settings.is_empty(), "what has a default need not be given");
    assert_eq!(why(&proposal, "The fax_relay").why, "It is the least that the catalogue asks for.");
}

#[test]
fn an_own_role_with_groups_fills_them_evenly() {
    let catalogue = with_role("cache", |role| {
        role.min = 7;
        role.group = Some(GroupRule { setting: "availability_group".to_owned(), min: 2, max: 3 });
        role.settings = vec![spec("availability_group", SettingKind::Group, None)];
    });
    let figures = Figures { availability_groups: Some(2), ..default() };
    let proposal = propose(&figures, &catalogue).expect("it fits");
    sound(&proposal, &catalogue);
    let sizes = |role| groups_of(&proposal.topology, role).values().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(sizes("cache"), [3, 3, 3]);
    assert_eq!(sizes("distributed-database"), [3, 3]);
    assert_eq!(proposal.topology.availability_groups, ["ag-1", "ag-2", "ag-3"]);
}

#[test]
fn a_role_without_a_minimum_is_not_placed() {
    let catalogue = with_role("cache", |role| role.min = 0);
    let proposal = propose(&default(), &catalogue).expect("it fits");
    sound(&proposal, &catalogue);
    assert_eq!((hostnames(&proposal.topology, "cache").len(), proposal.left_out.len()), (0, 0));
}

#[test]
fn what_figures_do_not_say_is_left_out() {
    let required = spec("licence", SettingKind::Text, None);
    let unknown_setting = with_role("fax", |role| role.settings = vec![required.clone()]);
    let too_tight = with_role("fax", |role| {
        (role.max, role.group) = (Some(3), Some(GroupRule { setting: "group".to_owned(), min: 2, max: 4 }));
        role.settings = vec![spec("group", SettingKind::Group, None)];
    });
    let too_many = with_role("fax", |role| role.min = 10_000);
    let no_such_setting = with_role("fax", |role| {
        role.group = Some(GroupRule { setting: "group".to_owned(), min: 2, max: 4 });
    });
    let cases = [
        (unknown_setting, "licence is missing"),
        (too_tight, "can have at most 3"),
        (too_many, "more than 10000 nodes"),
        (no_such_setting, "in no availability group"),
    ];
    for (catalogue, told) in cases {
        let proposal = propose(&default(), &catalogue).expect("the rest fits");
        let [left] = &proposal.left_out[..] else { panic!("{told}: {:?}", proposal.left_out) };
        assert!(left.role.as_str() == "fax" && left.why.contains(told), "{told}: {left:?}");
        let findings = check(&proposal.topology, &catalogue);
        assert_eq!(findings.iter().map(|f| f.rule).collect::<Vec<_>>(), [RuleId::RoleTooFew]);
        assert_eq!(proposal.topology, proposed(&default()).topology);
    }
    let sip = with_changed("sip", |role| role.settings = vec![required]);
    let proposal = propose(&default(), &sip).expect("the rest fits");
    assert_eq!(proposal.left_out[0].role.as_str(), "sip");
}

#[test]
fn names_of_own_roles_clash_with_none() {
    let mut catalogue = with_role("ddb", |_| ());
    for id in ["Ddb", "***", "fax-1", "media", &"x".repeat(80)] {
        let mut role = catalogue.role("ddb").expect("added").clone();
        role.id = id.into();
        catalogue.roles.push(role);
    }
    let mut files = Catalogue::built_in().role("unstructured-storage").expect("built in").clone();
    (files.id, files.min) = ("backups".into(), 2);
    catalogue.roles.push(files.clone());
    files.id = "backups-2".into();
    files.min = 1;
    catalogue.roles.push(files);
    // The longest that is taken: a label of any length leaves a hostname within its 200 characters.
    let domain = vec!["d".repeat(45); 3].join(".")[..136].to_owned();
    let longer = Figures { domain: format!("{domain}d"), ..default() };
    let errors = propose(&longer, &catalogue).expect_err("hostnames could be too long");
    let [error] = &errors[..] else { panic!("{errors:?}") };
    insta::assert_snapshot!(error.to_string(), @"domain: It has to be a line of 1 to 136 characters.");
    let figures = Figures { domain, ..default() };
    let proposal = propose(&figures, &catalogue).expect("it fits");
    assert_eq!(proposal.left_out, Vec::new());
    sound(&proposal, &catalogue);
    let first = |role: &str| hostnames(&proposal.topology, role)[0].split('.').next().expect("a label").to_owned();
    assert_eq!(first("distributed-database"), "ddb-1");
    assert_eq!((first("ddb").as_str(), first("Ddb").as_str()), ("ddb-x2-1", "ddb-x3-1"));
    assert_eq!(first("***"), "role-1");
    let services: Vec<&str> = proposal.topology.services.iter().map(|service| service.name.as_str()).collect();
    assert_eq!(services, ["media", "backups-1", "backups-2", "backups-2-x"]);
}

#[test]
fn moved_limits_are_told_at_the_figure() {
    let group = |min, max| Some(GroupRule { setting: "availability_group".to_owned(), min, max });
    let cases = [
        (with_changed("sip", |role| role.max = Some(3)), "sip_subscribers"),
        (with_changed("sql", |role| role.max = Some(2)), "sql_slaves"),
        (with_changed("distributed-database", |role| role.memory_floor_mib = Some(600)), "database_memory_mib"),
        (with_changed("elasticsearch", |role| role.memory_floor_mib = Some(4_096)), "search_memory_mib"),
        (with_changed("distributed-database", |role| role.group = group(4, 8)), "nodes_per_group"),
        (with_changed("distributed-database", |role| role.max = Some(5)), "availability_groups"),
        (with_changed("sql", |role| role.replication.as_mut().expect("has it").useful_slaves = 1), "sql_slaves"),
    ];
    let figures = Figures { subscribers: Some(20_000), ..default() };
    for (catalogue, field) in cases {
        let errors = propose(&figures, &catalogue).expect_err(field);
        assert_eq!(errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), [field]);
    }
    let fewer = with_changed("distributed-database", |role| role.max = Some(11));
    let proposal = propose(&figures, &fewer).expect("three groups of three");
    assert_eq!(nodes_of(&proposal.topology, "distributed-database").len(), 9);
    sound(&proposal, &fewer);
    let one_worker = with_changed("worker", |role| role.max = Some(1));
    let proposal = propose(&figures, &one_worker).expect("one worker");
    assert_eq!(nodes_of(&proposal.topology, "worker").len(), 1);
    sound(&proposal, &one_worker);
}
