//! What each dialect says, what is refused, and that our own export is read again.

mod faults;
mod ini;
mod mapping;
mod round_trip;
mod tree;

use super::*;
use crate::topology::SettingValue;

fn import_with(text: &str, mapping: &Mapping) -> Imported {
    read(text.as_bytes(), mapping, "lab", Catalogue::built_in()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn import(text: &str) -> Imported {
    import_with(text, &Mapping::default())
}

/// The error, as the command line prints it.
fn told(text: &str) -> String {
    read(text.as_bytes(), &Mapping::default(), "lab", Catalogue::built_in()).expect_err("it is bad").to_string()
}

/// One line for each node: name, address, roles with settings.
fn nodes(imported: &Imported) -> Vec<String> {
    let role = |role: &crate::topology::Assignment| {
        let settings: Vec<String> = role.settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}{}", role.role, settings.iter().map(|setting| format!(" {setting}")).collect::<String>())
    };
    let line = |node: &Node| {
        let roles: Vec<String> = node.roles.iter().map(role).collect();
        format!("{} {} [{}]", node.hostname, node.private_ip, roles.join(", "))
    };
    imported.topology.nodes.iter().map(line).collect()
}

fn unmapped(imported: &Imported) -> Vec<String> {
    imported.unmapped.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_too_much_is_refused() {
    insta::assert_snapshot!(told(""), @"the inventory is empty");
    insta::assert_snapshot!(told("# nothing\n"), @"the inventory is empty");
    insta::assert_snapshot!(told(&" ".repeat(LIMIT_BYTES + 1)), @"the file is too large: 17 MiB, where at most 16 MiB are read");
    let error = read(b"[a]\nb\xff", &Mapping::default(), "lab", Catalogue::built_in()).expect_err("no text");
    insta::assert_snapshot!(error.to_string(), @"line 2, column 2: the file is not UTF-8 text from here on");
}

#[test]
fn a_variable_of_a_group_is_not_copied_without_end() {
    let roles = |length: usize, hosts: usize| {
        format!(
            "all:\n  vars:\n    private_ip: 10.0.0.1\n    strata_roles: [{{ role: web, load_balancer: {} }}]\n  hosts:\n    w[1:{hosts}]:\n",
            "x".repeat(length)
        )
    };
    insta::assert_snapshot!(told(&roles(2_000, 100_000)), @"the variables of groups are too long for the number of their hosts");
    assert_eq!(import(&roles(2_000, 1_000)).topology.nodes.len(), 1_000);
}

/// What is too long for its field is told once for each host that would have it, and given to none.
#[test]
fn a_long_variable_of_a_group_is_given_to_no_host() {
    let text = format!("[all:vars]\nsite={}\n[web]\nw[1:1000] private_ip=10.0.0.1\n", "x".repeat(100_000));
    let imported = import(&text);
    assert!(imported.topology.nodes.iter().all(|node| node.site.is_none()));
    let told = unmapped(&imported);
    assert_eq!((imported.topology.nodes.len(), told.len()), (1_000, 1_000));
    assert!(told.iter().all(|line| line.ends_with("it has 100000 characters; at most 2000 are taken")), "{}", told[0]);
    assert!(told.iter().all(|line| line.len() < 300), "{}", told[0]);
}

#[test]
fn a_large_inventory_is_read_quickly() {
    let started = std::time::Instant::now();
    let mut text = String::from("[mysql]\ndb[1:100000] private_ip=10.0.0.1\n");
    // A chain of groups, of which each passes on to all below it.
    for number in 0..20_000 {
        text.push_str(&format!("[g{}:children]\ng{number}\n", number + 1));
    }
    text.push_str("[g0:children]\nmysql\n[g20000:vars]\nsite=dc1\n");
    let imported = import(&text);
    assert_eq!(imported.topology.nodes.len(), 100_000);
    assert!(imported.topology.nodes.iter().all(|node| node.site.as_deref() == Some("dc1") && node.roles.len() == 1));
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "took {:?}", started.elapsed());
}

proptest::proptest! {
    #[test]
    fn never_panics(text in "[\\[\\]a-c0-9:=#'\"\\\\{},*&<!\n \\-]{0,200}") {
        for dialect in [Dialect::Ini, Dialect::Yaml, Dialect::Json] {
            let _ = read_as(dialect, text.as_bytes(), &Mapping::default(), "lab", Catalogue::built_in());
        }
        let _ = Mapping::read(text.as_bytes());
        looks_like_inventory(text.as_bytes());
    }
}
