//! Each column: what fits, what it does, and what is told where it does not fit.

use crate::catalogue::{Catalogue, SettingKind};
use crate::cells::{Column, edit_cell};
use crate::edit::{Edit, NodeFacts};
use crate::sample;
use crate::topology::{Container, DiskKind, Node, Platform, SettingValue, Settings};

/// A node with two roles, and settings of both types.
fn node() -> Node {
    let mut node = sample::node("a.example.net", "10.0.0.1");
    node.id = Some("n-1".to_owned());
    node.public_ip = Some("203.0.113.1".parse().expect("an address"));
    node.roles = vec![sample::role("queue", &[]), sample::role("sql", &[("replication", "master")])];
    node
}

fn typed(column: Column, text: &str) -> Vec<Edit> {
    edit_cell(&node(), column, text, Catalogue::built_in()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn told(cases: &[(Column, &str)]) -> String {
    let told = cases.iter().map(|(column, text)| {
        let error = edit_cell(&node(), *column, text, Catalogue::built_in()).expect_err(text);
        format!("{}: {}", column.name(), error.message)
    });
    told.collect::<Vec<_>>().join("\n")
}

/// Asserts that each text does the one edit of those facts.
fn sets(column: Column, texts: &[&str], change: impl FnOnce(&mut NodeFacts)) {
    let mut facts = NodeFacts::from(&node());
    change(&mut facts);
    let edit = Edit::UpdateNode { hostname: "a.example.net".to_owned(), facts };
    for text in texts {
        assert_eq!(typed(column, text), vec![edit.clone()], "{text:?}");
    }
}

#[test]
fn what_a_cell_says_changes_nothing() {
    for column in Column::ALL {
        assert_eq!(typed(column, &column.text(&node())), Vec::new(), "{column:?}");
    }
    for (column, text) in [
        (Column::Hostname, " a.example.net\n"),
        (Column::Platform, "VMware"),
        (Column::Ha, "Yes"),
        (Column::MemoryMib, "64 GiB"),
        (Column::Roles, "SQL (Replication: Master), Queue"),
    ] {
        assert_eq!(typed(column, text), Vec::new(), "{text:?}");
    }
}

#[test]
fn a_hostname_renames() {
    for name in ["b.example.net", "A.example.net"] {
        let rename = Edit::RenameNode { from: "a.example.net".to_owned(), to: name.to_owned() };
        assert_eq!(typed(Column::Hostname, name), vec![rename]);
    }
}

#[test]
fn facts_change_one_by_one() {
    let address = |text: &str| text.parse().expect("an address");
    sets(Column::PrivateIp, &["10.0.0.9", " 10.0.0.9 "], |facts| facts.private_ip = address("10.0.0.9"));
    sets(Column::PublicIp, &["2001:db8::1", "2001:DB8:0::1"], |facts| facts.public_ip = Some(address("2001:db8::1")));
    sets(Column::PublicIp, &["", " "], |facts| facts.public_ip = None);
    sets(Column::Site, &["dc 2", " dc 2"], |facts| facts.site = Some("dc 2".to_owned()));
    sets(Column::Site, &[""], |facts| facts.site = None);
    let on = |platform, ha| Some(Container { platform, ha });
    sets(Column::Platform, &["Hyper-V", "hyperv", "HYPER_V"], |facts| facts.container = on(Platform::HyperV, true));
    sets(Column::Platform, &[""], |facts| facts.container = None);
    sets(Column::Ha, &["no", "False", "OFF", "0", ""], |facts| facts.container = on(Platform::Vmware, false));
    sets(Column::Vcpus, &["16", "16 cores"], |facts| facts.hardware.vcpus = Some(16));
    sets(Column::MemoryMib, &["131,072", "128 GiB"], |facts| facts.hardware.memory_mib = Some(131_072));
    sets(Column::Disk, &["HDD"], |facts| facts.hardware.disk = Some(DiskKind::Hdd));
    sets(Column::Disk, &[""], |facts| facts.hardware.disk = None);
    sets(Column::DiskGib, &["1 TiB"], |facts| facts.hardware.disk_gib = Some(1024));
    sets(Column::Iops, &["90 000", "90k"], |facts| facts.hardware.iops = Some(90_000));
    sets(Column::Iops, &[""], |facts| facts.hardware.iops = None);
}

#[test]
fn without_a_platform_there_is_no_high_availability() {
    let bare = Node { container: None, ..node() };
    for text in ["", "no", "false"] {
        assert_eq!(edit_cell(&bare, Column::Ha, text, Catalogue::built_in()), Ok(Vec::new()));
    }
    let error = edit_cell(&bare, Column::Ha, "yes", Catalogue::built_in()).expect_err("nothing to restart it");
    insta::assert_snapshot!(error, @"High availability needs a platform: say first what the node runs on.");
}

#[test]
fn what_does_not_fit_is_told() {
    let long = format!("{}é", "x".repeat(300));
    insta::assert_snapshot!(told(&[
        (Column::Hostname, ""),
        (Column::Hostname, "a_b"),
        (Column::Hostname, "a..b"),
        (Column::Hostname, &long),
        (Column::PrivateIp, ""),
        (Column::PrivateIp, "10.0.0"),
        (Column::PrivateIp, "10.0.0.1/24"),
        (Column::PublicIp, "none"),
        (Column::Platform, "vmwar"),
        (Column::Platform, "toaster"),
        (Column::Ha, "maybe"),
        (Column::Vcpus, "many"),
        (Column::MemoryMib, "65.536"),
        (Column::Disk, "nvmee"),
        (Column::Disk, "floppy disk"),
        (Column::DiskGib, "500 GB"),
        (Column::Iops, "-5"),
        (Column::Id, "n-2"),
    ]), @r#"
    hostname: A node needs a hostname.
    hostname: "a_b" is no hostname: only letters a to z, digits, hyphens and dots are allowed.
    hostname: "a..b" is no hostname: two dots follow each other, or it starts or ends with one.
    hostname: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…" is no hostname: it has 301 characters; at most 200 are taken.
    private_ip: A node needs a private address, such as 10.0.0.5 or fd00::5.
    private_ip: "10.0.0" is no address: write IPv4 such as 10.0.0.5 or IPv6 such as fd00::5.
    private_ip: "10.0.0.1/24" is no address: write IPv4 such as 10.0.0.5 or IPv6 such as fd00::5.
    public_ip: "none" is no address: write IPv4 such as 10.0.0.5 or IPv6 such as fd00::5.
    platform: "vmwar" is no platform; did you mean `vmware`?
    platform: "toaster" is no platform; expected one of `vmware`, `kvm`, `xen`, `hyper-v`, `cloud`, `bare-metal`.
    ha: "maybe" is no answer: write yes or no.
    vcpus: "many" is no number of vCPUs: write a whole number such as 8.
    memory_mib: "65.536" is no amount of memory: write MiB as a whole number such as 65536, or with a unit such as 64 GiB.
    disk: "nvmee" is no kind of disk; did you mean `nvme`?
    disk: "floppy disk" is no kind of disk; expected one of `hdd`, `ssd`, `nvme`.
    disk_gib: "500 GB" can mean two sizes: write the unit as GiB or TiB.
    iops: "-5" is no number of operations a second: write a whole number such as 50000.
    id: An id is given by Strata and kept for life; it cannot be edited.
    "#);
}

#[test]
fn roles_change_by_the_fewest_edits() {
    let hostname = || "a.example.net".to_owned();
    let assign =
        |role: &str, settings: Settings| Edit::AssignRole { hostname: hostname(), role: role.into(), settings };
    let unassign = |role: &str| Edit::UnassignRole { hostname: hostname(), role: role.into() };
    let update = |settings: Settings| Edit::UpdateSettings { hostname: hostname(), role: "sql".into(), settings };
    let roles = |text: &str| typed(Column::Roles, text);

    assert_eq!(roles(""), vec![unassign("queue"), unassign("sql")]);
    assert_eq!(roles("sql (replication: master)"), vec![unassign("queue")]);
    assert_eq!(roles("queue; sql (replication: slave)"), vec![update(sample::settings(&[("replication", "slave")]))]);
    assert_eq!(roles("queue; sql"), vec![update(Settings::new())]);
    assert_eq!(roles("queue, sql ( )"), vec![update(Settings::new())]);
    assert_eq!(
        roles("queue\nsql (replication: master), Distributed database (Availability group: ag-1)"),
        vec![assign("distributed-database", sample::settings(&[("availability_group", "ag-1")]))],
    );
    let four = Settings::from([("concurrency".to_owned(), SettingValue::Integer(1000))]);
    assert_eq!(
        roles("WORKER (concurrency: 1 000); sql (replication: master)"),
        vec![unassign("queue"), assign("worker", four)]
    );
}

#[test]
fn values_keep_their_commas_colons_and_brackets() {
    let bare = sample::node("a.example.net", "10.0.0.1");
    let texts = [
        ("nfs.example.net:/srv, old", "nfs.example.net:/srv, old"),
        ("/srv (old)/x", "/srv (old)/x"),
        ("https://x, http://y", "https://x, http://y"),
        ("", ""),
        ("a,b:c", "a,b:c"),
    ];
    for (text, expected) in texts {
        let cell = format!("unstructured-storage (backend: nfs, path: {text}); web");
        let edits = edit_cell(&bare, Column::Roles, &cell, Catalogue::built_in()).expect("reads");
        let [Edit::AssignRole { settings, .. }, Edit::AssignRole { role, .. }] = &edits[..] else {
            panic!("{edits:?}");
        };
        assert_eq!(settings["path"].as_text(), Some(expected));
        assert_eq!(settings["backend"].as_text(), Some("nfs"));
        assert_eq!(role.as_str(), "web");
    }
}

#[test]
fn roles_that_do_not_fit_are_told() {
    let cases = [
        "sqll",
        "distributed databse",
        "queue sql",
        "fax",
        "queue; Queue",
        "(x)",
        "sql (replication: master",
        "sql (replication: master)) x; queue (",
        "sql (replicaton: master)",
        "sql (colour: red)",
        "sql (master)",
        "sql (replication: master, replication: slave)",
        "unstructured-storage (backend: nfs, pth: /srv)",
        "queue (x: 1)",
        "queue (x)",
        "worker (concurrency: many)",
        "worker (concurrency: 99999999999999999999)",
    ];
    insta::assert_snapshot!(told(&cases.map(|text| (Column::Roles, text))).replace("roles: ", ""), @r#"
    "sqll" is no role; did you mean `sql`?
    "distributed databse" is no role; did you mean `distributed-database`?
    "queue sql" is no role; expected one of `web`, `sip`, `pbx`, `controller`, `worker`, `queue`, `sql`, `distributed-database`, `elasticsearch`, `unstructured-storage`.
    "fax" is no role; did you mean `pbx`?
    The role queue is there twice.
    No role stands before the brackets of "(x)".
    The bracket after "sql" is not closed.
    The bracket after "sql" is not closed.
    The role sql has no setting "replicaton"; did you mean `replication`?
    The role sql has no setting "colour"; expected `replication`.
    "master" is no setting of sql: write its name and its value, such as replication: value.
    The setting replication of sql is there twice.
    The role unstructured-storage has no setting "pth"; did you mean `path`?
    The role queue has no settings, so "x" does not fit.
    The role queue has no settings, so "x" does not fit.
    "many" does not fit concurrency of worker: it takes a whole number from 1 to 1024.
    "99999999999999999999" does not fit concurrency of worker: it takes a whole number from 1 to 1024.
    "#);
}

#[test]
fn a_role_that_the_catalogue_lost_can_stay_and_go_but_not_change() {
    let mut node = node();
    node.roles.push(sample::role("fax", &[("tone", "high, low")]));
    let typed = |text: &str| edit_cell(&node, Column::Roles, text, Catalogue::built_in());
    assert_eq!(typed("sql (replication: master); fax (tone: high, low); queue"), Ok(Vec::new()));
    let unassign = Edit::UnassignRole { hostname: node.hostname.clone(), role: "fax".into() };
    assert_eq!(typed("sql (replication: master); queue"), Ok(vec![unassign]));
    assert!(typed("fax (tone: low); sql (replication: master); queue").is_err());
}

#[test]
fn a_role_is_found_by_the_exact_id_before_a_name() {
    let mut catalogue = Catalogue::built_in().clone();
    let queue = catalogue.role("queue").expect("built in").clone();
    let mut own = crate::catalogue::Role { id: "broker".into(), name: "Queue".to_owned(), ..queue };
    own.settings = vec![crate::catalogue::SettingSpec {
        name: "language".to_owned(),
        label: "Language".to_owned(),
        kind: SettingKind::Choice(vec!["c".to_owned(), "c++".to_owned()]),
        required: crate::catalogue::Requirement::Never,
        default: None,
        only_on: Default::default(),
    }];
    catalogue.roles.insert(0, own);
    let bare = sample::node("a.example.net", "10.0.0.1");
    let role = |text: &str| match &edit_cell(&bare, Column::Roles, text, &catalogue).expect("reads")[..] {
        [Edit::AssignRole { role, settings, .. }] => {
            format!("{role} {}", settings.values().map(ToString::to_string).collect::<String>())
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(role("queue"), "queue ");
    assert_eq!(role("Queue"), "broker ");
    assert_eq!(role("broker (language: c++)"), "broker c++");
    assert_eq!(role("broker (language: C)"), "broker c");
}
