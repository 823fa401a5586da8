//! What comes out for given figures, each bound, and catalogues that an admin changed.

mod catalogues;
mod properties;

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::findings::{RuleId, check};
use crate::topology::{Node, Platform, SettingValue};

fn default() -> Figures {
    Figures::default()
}

fn proposed(figures: &Figures) -> Proposal {
    propose(figures, Catalogue::built_in()).expect("the figures fit")
}

/// The names of the figures that do not fit.
fn refused(figures: &Figures) -> Vec<String> {
    match propose(figures, Catalogue::built_in()) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.into_iter().map(|error| error.field).collect(),
    }
}

/// The nodes with a role, in their order.
fn nodes_of<'t>(topology: &'t Topology, role: &str) -> Vec<&'t Node> {
    topology.nodes.iter().filter(|node| node.assignment(role).is_some()).collect()
}

/// The hostnames of each group of a role.
fn groups_of<'t>(topology: &'t Topology, role: &str) -> BTreeMap<&'t str, Vec<&'t Node>> {
    let mut groups: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
    for node in nodes_of(topology, role) {
        let settings = &node.assignment(role).expect("it has the role").settings;
        let group = settings["availability_group"].as_text().expect("a name");
        groups.entry(group).or_default().push(node);
    }
    groups
}

fn why<'p>(proposal: &'p Proposal, about: &str) -> &'p Choice {
    proposal.choices.iter().find(|choice| choice.about == about).expect(about)
}

#[test]
fn the_defaults_give_the_example_of_the_vendors_page() {
    let proposal = proposed(&default());
    let topology = &proposal.topology;
    let database = nodes_of(topology, "distributed-database");
    assert_eq!(database.len(), 18);
    assert!(database.iter().all(|node| node.hardware.memory_mib == Some(512)));
    let groups = groups_of(topology, "distributed-database");
    assert_eq!(groups.values().map(Vec::len).collect::<Vec<_>>(), [3; 6]);
    assert_eq!(topology.availability_groups, ["ag-1", "ag-2", "ag-3", "ag-4", "ag-5", "ag-6"]);
    assert_eq!(check(topology, Catalogue::built_in()), Vec::new());
    assert_eq!(proposal.left_out, Vec::new());
    let abouts: Vec<&str> = proposal.choices.iter().map(|choice| choice.about.as_str()).collect();
    let roles = Catalogue::built_in().roles.iter().map(|role| role.name.as_str());
    let expected: Vec<&str> = roles.chain(["Nodes", "Sites", "Addresses"]).collect();
    assert_eq!(abouts, expected);
    assert!(proposal.choices.iter().all(|choice| choice.why.ends_with('.') && !choice.what.is_empty()));
}

#[test]
fn the_first_node_of_each_role_in_full() {
    let topology = proposed(&default()).topology;
    let sip = &topology.nodes[2];
    assert_eq!((sip.hostname.as_str(), sip.site.as_deref()), ("sip-1.example.net", Some("dc1")));
    assert_eq!(sip.private_ip.to_string(), "10.0.0.4");
    assert_eq!(sip.public_ip.map(|ip| ip.to_string()).as_deref(), Some("203.0.113.4"));
    let sql = nodes_of(&topology, "sql");
    let parts: Vec<Option<&str>> =
        sql.iter().map(|node| node.assignment("sql").and_then(|sql| sql.settings["replication"].as_text())).collect();
    assert_eq!(parts, [Some("master"), Some("slave"), Some("slave")]);
    let container = sql[0].container.expect("given");
    assert_eq!((container.platform, container.ha), (Platform::Vmware, true));
    assert_eq!((sql[0].hardware.memory_mib, sql[0].hardware.iops), (Some(32_768), Some(20_000)));
    let [media] = &topology.services[..] else { panic!("one service") };
    assert_eq!((media.name.as_str(), media.settings["backend"].as_text()), ("media", Some("s3")));
    assert_eq!(media.settings["capacity_gib"], SettingValue::Integer(20_480));
    let public = topology.nodes.iter().filter(|node| node.public_ip.is_some());
    let roles: BTreeSet<&str> = public.map(|node| node.roles[0].role.as_str()).collect();
    assert_eq!(roles, BTreeSet::from(["pbx", "sip", "web"]));
    assert_eq!(nodes_of(&topology, "controller").len(), 1);
    assert_eq!((nodes_of(&topology, "worker").len(), nodes_of(&topology, "queue").len()), (2, 2));
}

#[test]
fn the_greater_load_decides() {
    let count = |subscribers, concurrent_calls| {
        let figures = Figures { subscribers, concurrent_calls, ..default() };
        let topology = proposed(&figures).topology;
        ["sip", "pbx", "web"].map(|role| nodes_of(&topology, role).len())
    };
    assert_eq!(count(Some(20_000), None), [5, 9, 3]);
    assert_eq!(count(Some(20_001), None), [6, 10, 4]);
    assert_eq!(count(None, Some(500)), [2, 3, 2]);
    assert_eq!(count(Some(20_000), Some(5_000)), [11, 21, 6]);
    assert_eq!(count(Some(1), None), [2, 2, 2]);
    let without_spare = Figures { subscribers: Some(1), spare_nodes: 0, ..default() };
    assert_eq!(nodes_of(&proposed(&without_spare).topology, "sip").len(), 2, "one has to be able to fail");
}

#[test]
fn reasons_name_the_placeholders_that_were_left() {
    let figures = Figures { subscribers: Some(20_000), sip_subscribers: 4_000, ..default() };
    let proposal = proposed(&figures);
    assert_eq!(
        why(&proposal, "SIP").why,
        "20000 subscribers at 4000 a node need 5 nodes; one more lets one fail while the rest still carries the load."
    );
    let pbx = &why(&proposal, "PBX").why;
    let told = " Still a placeholder: Subscribers for each PBX node (2500 subscribers); put in your own figure.";
    assert!(pbx.ends_with(told), "{pbx}");
    let both = proposed(&Figures { concurrent_calls: Some(1), ..default() });
    let texts: Vec<&str> = both.choices.iter().map(|choice| choice.why.as_str()).collect();
    for field in Figures::fields().iter().filter(|field| field.placeholder) {
        let told = format!("{} ({}", field.label, default().get(field.name).expect("there is one"));
        assert!(texts.iter().any(|text| text.contains(&told)), "{told}");
    }
    let own = proposed(&Figures { sql_iops: 9_000, sql_memory_mib: 9_000, sql_disk_gib: 90, ..default() });
    assert!(!why(&own, "SQL").why.contains("placeholder"));
}

#[test]
fn groups_outlive_a_site() {
    for (sites, each) in [(2, 2), (2, 3), (2, 4), (3, 2), (3, 3), (3, 4), (5, 4)] {
        let sites: Vec<String> = (1..=sites).map(|number| format!("dc{number}")).collect();
        let figures = Figures { sites: sites.clone(), nodes_per_group: each, ..default() };
        let topology = proposed(&figures).topology;
        let least = usize::try_from(each).expect("small") / 2;
        for (group, members) in groups_of(&topology, "distributed-database") {
            for site in &sites {
                let left = members.iter().filter(|node| node.site.as_ref() != Some(site)).count();
                assert!(left >= least.max(1), "{group} keeps {left} of {each} without {site}");
            }
        }
        let used: BTreeSet<&String> = topology.nodes.iter().filter_map(|node| node.site.as_ref()).collect();
        assert_eq!(used.len(), sites.len());
    }
    let two = proposed(&Figures { sites: vec!["a".to_owned(), "b".to_owned()], nodes_per_group: 4, ..default() });
    let told = &why(&two, "Distributed Database: sites").why;
    assert_eq!(told, "When a site is lost, each group keeps 2 or more of its 4 nodes, and the rest still fails over.");
}

#[test]
fn large_proposals_ask_for_a_review() {
    let with = |search_nodes| proposed(&Figures { search_nodes, ..default() });
    let has_review = |proposal: &Proposal| proposal.choices.iter().any(|choice| choice.about == "Review");
    let base = with(3).topology.nodes.len() as u64;
    let (small, large) = (with(3 + 49 - base), with(3 + 50 - base));
    assert_eq!((small.topology.nodes.len(), large.topology.nodes.len()), (49, 50));
    assert!(!has_review(&small) && has_review(&large));
    let found: Vec<RuleId> = check(&large.topology, Catalogue::built_in()).iter().map(|f| f.rule).collect();
    assert_eq!(found, [RuleId::SetupLarge]);
}

#[test]
fn every_figure_has_a_description_and_leads_back() {
    let names: BTreeSet<&str> = Figures::fields().iter().map(|field| field.name).collect();
    assert_eq!(names.len(), Figures::fields().len());
    let keys = serde_json::to_value(default()).expect("serialises");
    let keys: BTreeSet<&str> = keys.as_object().expect("a map").keys().map(String::as_str).collect();
    assert_eq!(names, keys);
    for field in Figures::fields() {
        assert!(field.help.ends_with(['.', '`']) && !field.help.contains("  "), "{}: {}", field.name, field.help);
        let mut figures = default();
        let text = figures.get(field.name).expect("there is one");
        figures.set(field.name, &text).expect("its own text");
        assert_eq!(figures, default(), "{}", field.name);
        assert_eq!(figures.set(field.name, "").is_err(), field.required && !is_text(field), "{}", field.name);
    }
    assert_eq!(default().get("colour"), None);
    assert!(default().set("colour", "red").is_err());
    let able: Vec<&str> =
        Platform::ALL.iter().filter(|p| **p != Platform::BareMetal).map(|platform| platform.as_str()).collect();
    assert_eq!(figures::HA_PLATFORMS, able);
}

/// Texts are read as they are; that one is missing is told with the bounds.
fn is_text(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Text { .. } | FieldKind::Names { .. })
}

#[test]
fn each_bound() {
    let told = |name: &str, text: &str| {
        let mut figures = default();
        figures.set(name, text).unwrap_or_else(|error| panic!("{error}"));
        figures.out_of_bounds().into_iter().map(|error| error.field).collect::<Vec<_>>()
    };
    for field in Figures::fields() {
        let name = field.name;
        let (good, bad) = match field.kind {
            FieldKind::Number { min, max } => {
                let below = min.checked_sub(1).map(|below| below.to_string());
                let bad = below.into_iter().chain([(max + 1).to_string()]).collect();
                (vec![min.to_string(), max.to_string()], bad)
            }
            FieldKind::Text { max_chars } => {
                let mut bad = vec!["é".repeat(max_chars + 1), "a\u{7}b".to_owned()];
                bad.extend(field.required.then(String::new));
                (vec!["é".repeat(max_chars), "a".to_owned()], bad)
            }
            FieldKind::Names { most, max_chars } => {
                let names = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
                (
                    vec![names(1), names(most), "é".repeat(max_chars)],
                    vec![String::new(), names(most + 1), "é".repeat(max_chars + 1)],
                )
            }
            FieldKind::Choice { words } => {
                (words.iter().map(|&word| word.to_owned()).collect(), vec!["bare-metal".to_owned()])
            }
        };
        for text in good {
            assert_eq!(told(name, &text), Vec::<String>::new(), "{name} {text}");
        }
        for text in bad {
            assert_eq!(told(name, &text), [name], "{name} {text}");
        }
    }
}

#[test]
fn figures_that_do_not_fit_are_named() {
    let text = str::to_owned;
    let some = |word: &str| Some(word.to_owned());
    let cases: Vec<(Figures, &str)> = vec![
        (Figures { environment: text("Production"), ..default() }, "environment"),
        (Figures { environment: text("-a"), ..default() }, "environment"),
        (Figures { domain: text("example..net"), ..default() }, "domain"),
        (Figures { domain: text(".net"), ..default() }, "domain"),
        (Figures { sites: vec![text("dc1"), text("DC1")], ..default() }, "sites"),
        (Figures { subscribers: None, ..default() }, "subscribers"),
        (Figures { sip_subscribers: 0, ..default() }, "sip_subscribers"),
        (Figures { sql_platform: Platform::BareMetal, ..default() }, "sql_platform"),
        (Figures { s3_endpoint: some("s3.example.net"), ..default() }, "s3_endpoint"),
        (Figures { s3_endpoint: None, ..default() }, "s3_endpoint"),
        (Figures { s3_bucket: None, ..default() }, "s3_bucket"),
        (Figures { s3_bucket: some("a b"), ..default() }, "s3_bucket"),
        (Figures { nfs_path: some("nfs.example.net:/media"), ..default() }, "nfs_path"),
        (Figures { nfs_path: some("media"), s3_endpoint: None, storage_tib: 1, ..default() }, "nfs_path"),
        (Figures { nfs_path: some("/media"), s3_endpoint: None, storage_tib: 10, ..default() }, "nfs_path"),
        (Figures { private_network: text("10.0.0.1/16"), ..default() }, "private_network"),
        (Figures { private_network: text("10.0.0.0/27"), ..default() }, "private_network"),
        (Figures { public_network: text("10.0.5.0/24"), ..default() }, "public_network"),
        (Figures { public_network: text("203.0.113.0/29"), ..default() }, "public_network"),
        (Figures { subscribers: Some(60_000_000), sip_subscribers: 5_001, ..default() }, "pbx_subscribers"),
        (Figures { availability_groups: Some(1_001), ..default() }, "availability_groups"),
    ];
    for (figures, field) in cases {
        assert_eq!(refused(&figures), [field], "{figures:?}");
    }
    let both = Figures { environment: text("A"), public_network: text("x"), ..default() };
    assert_eq!(refused(&both), ["environment", "public_network"]);
}

#[test]
fn a_network_that_just_fits() {
    let figures = default();
    let outside = proposed(&figures).topology.nodes.iter().filter(|node| node.public_ip.is_some()).count();
    assert_eq!(outside, 7);
    let of_13 = Figures { public_network: "203.0.113.0/28".to_owned(), ..default() };
    assert_eq!(refused(&of_13), Vec::<String>::new());
    let of_5 = Figures { public_network: "203.0.113.0/29".to_owned(), ..default() };
    let errors = propose(&of_5, Catalogue::built_in()).expect_err("seven need one");
    assert_eq!(errors[0].to_string(), "public_network: 203.0.113.0/29 has room for 5 nodes; 7 need a public address.");
    let six =
        Figures { private_network: "fd00::/64".to_owned(), public_network: "2001:db8::/64".to_owned(), ..default() };
    assert_eq!(proposed(&six).topology.nodes[0].private_ip.to_string(), "fd00::2");
}

#[test]
fn at_most_ten_thousand_nodes() {
    let sip = |subscribers| Figures {
        subscribers: Some(subscribers),
        sip_subscribers: 1,
        pbx_subscribers: 1_000_000,
        web_subscribers: 1_000_000,
        public_network: "198.18.0.0/15".to_owned(),
        ..default()
    };
    let others = proposed(&sip(1_000)).topology.nodes.len() as u64 - 1_000;
    assert_eq!(proposed(&sip(MAX_NODES - others)).topology.nodes.len() as u64, MAX_NODES);
    let errors = propose(&sip(MAX_NODES - others + 1), Catalogue::built_in()).expect_err("one too many");
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].field, "sip_subscribers");
    assert!(errors[0].message.contains("10001 nodes"), "{}", errors[0].message);
    assert_eq!(refused(&sip(1_000_000_000)), ["sip_subscribers"]);
}

#[test]
fn a_network_file_system_does_for_few_files() {
    let path = Some("nfs.example.net:/media".to_owned());
    let figures = Figures { nfs_path: path, s3_endpoint: None, s3_bucket: None, storage_tib: 9, ..default() };
    let proposal = proposed(&figures);
    let settings = &proposal.topology.services[0].settings;
    assert_eq!((settings["backend"].as_text(), settings["capacity_gib"].as_integer()), (Some("nfs"), Some(9_216)));
    let found: Vec<RuleId> = check(&proposal.topology, Catalogue::built_in()).iter().map(|f| f.rule).collect();
    assert_eq!(found, [RuleId::StoragePreferObject]);
}

#[test]
fn files_refuse_unknown_keys_and_have_defaults_for_the_rest() {
    let read = |text: &str| serde_json::from_str::<Figures>(text);
    let told = read(r#"{"subscriber": 5}"#).expect_err("a typing error").to_string();
    assert!(told.contains("unknown field `subscriber`"), "{told}");
    let calls = read(r#"{"concurrent_calls": 800, "s3_endpoint": "https://s3.example.net", "s3_bucket": "media"}"#);
    assert_eq!(calls.expect("reads"), Figures { subscribers: None, concurrent_calls: Some(800), ..default() });
    assert_eq!(refused(&read("{}").expect("reads")), ["subscribers", "s3_endpoint"]);
    let text = serde_json::to_string(&default()).expect("serialises");
    assert_eq!(read(&text).expect("reads"), default());
}

#[test]
fn a_command_line_or_form_is_read() {
    assert_eq!(Figures::read([]), Ok(default()));
    let calls = Figures::read([("concurrent_calls", "300"), ("sites", "a, b ,c"), ("sql_platform", "kvm")]);
    let calls = calls.expect("reads");
    assert_eq!((calls.subscribers, calls.concurrent_calls), (None, Some(300)));
    assert_eq!((calls.sites.join("|").as_str(), calls.sql_platform), ("a|b|c", Platform::Kvm));
    let nfs = Figures::read([("nfs_path", "/media"), ("storage_tib", "2")]).expect("reads");
    assert_eq!((nfs.s3_endpoint.as_ref(), refused(&nfs).len()), (None, 0));
    let errors = Figures::read([("sip_calls", "many"), ("colour", "red")]).expect_err("neither");
    let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["sip_calls", "colour"]);
}
