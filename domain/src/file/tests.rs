//! Every kind of bad file, and that what is written is read again.

use proptest::prelude::Strategy as _;

use super::*;
use crate::sample;

fn error(text: &str) -> FileError {
    read(text.as_bytes(), Catalogue::built_in()).expect_err("the file is bad")
}

/// The whole error, as the command line prints it.
fn told(text: &str) -> String {
    error(text).to_string()
}

const HEAD: &str = "version: 1\nenvironment: lab\n";

fn with_node(lines: &str) -> String {
    format!("{HEAD}nodes:\n  - hostname: a.example.net\n    private_ip: 10.0.0.1\n{lines}")
}

#[test]
fn what_is_written_is_read_again() {
    let mut topology = sample::healthy();
    topology.nodes[0].id = Some("0192".to_owned());
    topology.nodes[1].private_ip = "fd00::1".parse().expect("an address");
    topology.nodes[2].site = Some("yes: \"no\" # 1".to_owned());
    topology.nodes[3].container = None;
    topology.services[0].settings.insert("capacity_gib".to_owned(), crate::topology::SettingValue::Integer(40_960));
    topology.services[0].settings.insert("region".to_owned(), crate::topology::SettingValue::Text("007".to_owned()));
    for text in [write_yaml(&topology), write_json(&topology)] {
        assert_eq!(read(text.as_bytes(), Catalogue::built_in()).as_ref(), Ok(&topology), "{text}");
    }
    assert!(write_yaml(&topology).starts_with("version: 1\nenvironment: test\n"));
    assert!(write_json(&topology).starts_with("{\n  \"version\": 1,"));
}

#[test]
fn the_example_of_the_requirements_is_read() {
    let text = r#"
version: 1
environment: production
availability_groups: [ag-1, ag-2]
nodes:
  - hostname: sql-1.example.net
    private_ip: 10.0.0.11
    public_ip: 203.0.113.5          # optional
    site: dc1                       # optional
    container: { platform: vmware, ha: true }   # vmware, kvm, xen, hyper-v, cloud, bare-metal
    hardware: { vcpus: 8, memory_mib: 65536, disk: nvme, disk_gib: 1024, iops: 50000 }   # all optional
    roles:
      - { role: sql, replication: master }
      - { role: distributed-database, availability_group: ag-1 }
services:
  - { name: media, role: unstructured-storage, backend: s3, endpoint: "https://s3.example.net", bucket: media, capacity_gib: 40960 }
"#;
    let topology = read(text.as_bytes(), Catalogue::built_in()).expect("good");
    assert_eq!(topology.nodes[0].roles.len(), 2);
    assert_eq!(topology.services[0].settings["capacity_gib"].as_integer(), Some(40_960));
}

#[test]
fn absent_and_empty_lists_are_the_same() {
    let short = read(HEAD.as_bytes(), Catalogue::built_in()).expect("good");
    let long = format!("\u{feff}{HEAD}availability_groups: []\nnodes:\nservices: null\n");
    assert_eq!(read(long.as_bytes(), Catalogue::built_in()), Ok(short));
    let flow = "{version: 1, environment: lab}";
    assert!(read(flow.as_bytes(), Catalogue::built_in()).is_ok(), "YAML may begin with a brace");
}

#[test]
fn unknown_keys_are_named_with_their_place_at_every_level() {
    insta::assert_snapshot!(told("version: 1\nenviroment: lab\n"), @"line 2, column 1: unknown key `enviroment` in the file; did you mean `environment`?");
    insta::assert_snapshot!(told(&with_node("    hostnam: b\n")), @"line 6, column 5: nodes[0]: unknown key `hostnam` in a node; did you mean `hostname`?");
    insta::assert_snapshot!(told(&with_node("    colour: b\n")), @"line 6, column 5: nodes[0]: unknown key `colour` in a node; expected one of `id`, `hostname`, `private_ip`, `public_ip`, `site`, `container`, `hardware`, `roles`");
    insta::assert_snapshot!(told(&with_node("    container: { platform: kvm, haa: true }\n")), @"line 6, column 33: nodes[0].container: unknown key `haa` in a container; did you mean `ha`?");
    insta::assert_snapshot!(told(&with_node("    hardware:\n      memory: 5\n")), @"line 7, column 7: nodes[0].hardware: unknown key `memory` in hardware; expected one of `vcpus`, `memory_mib`, `disk`, `disk_gib`, `iops`");
    insta::assert_snapshot!(told(&with_node("    roles:\n      - role: sql\n        replicaton: master\n")), @"line 8, column 9: nodes[0].roles[0]: unknown key `replicaton` in a role of a node; did you mean `replication`?");
    insta::assert_snapshot!(told(&with_node("    roles:\n      - availability_group: x\n        role: sql\n")), @"line 7, column 9: nodes[0].roles[0]: unknown key `availability_group` in a role of a node; the role `sql` has no such setting");
    insta::assert_snapshot!(told(&format!("{HEAD}services:\n  - name: media\n    role: unstructured-storage\n    buckett: x\n")), @"line 6, column 5: services[0]: unknown key `buckett` in a service; did you mean `bucket`?");
    insta::assert_snapshot!(told("{\n  \"version\": 1,\n  \"enviroment\": \"lab\"\n}"), @"line 3, column 3: unknown key `enviroment` in the file; did you mean `environment`?");
    insta::assert_snapshot!(told("{\"version\": 1, \"environment\": \"lab\", \"nodes\": [\n {\"hostnam\": 1}]}"), @"line 2, column 3: unknown key `hostnam` in a node; did you mean `hostname`?");
}

#[test]
fn values_that_do_not_fit_are_told_with_their_place() {
    insta::assert_snapshot!(told("version: 2\nenvironment: lab\n"), @"line 1, column 10: version: the file has version 2 of the format; only version 1 is read");
    insta::assert_snapshot!(told("version: one\nenvironment: lab\n"), @r#"line 1, column 10: version: invalid type: string "one", expected the version 1 of the format"#);
    insta::assert_snapshot!(told("version: -1\nenvironment: lab\n"), @"line 1, column 10: version: -1 is no version; only version 1 is read");
    insta::assert_snapshot!(told("environment: lab\n"), @"line 1, column 1: missing key `version` in the file");
    insta::assert_snapshot!(told("version: 1\n"), @"line 1, column 1: missing key `environment` in the file");
    insta::assert_snapshot!(told("version: 1\nenvironment: ''\n"), @"line 2, column 14: environment: the name of the environment is empty");
    insta::assert_snapshot!(told("version: 1\nenvironment: [a]\n"), @"line 2, column 14: environment: invalid type: sequence, expected a name");
    insta::assert_snapshot!(told(&format!("{HEAD}nodes: 5\n")), @"line 3, column 8: nodes: invalid type: `5`, expected a list");
    insta::assert_snapshot!(told(&format!("{HEAD}nodes:\n  - private_ip: 10.0.0.1\n")), @"line 4, column 5: nodes[0]: missing key `hostname` in a node");
    insta::assert_snapshot!(told(&format!("{HEAD}nodes:\n  - hostname: a\n")), @"line 4, column 5: nodes[0]: missing key `private_ip` in a node");
    insta::assert_snapshot!(told(&format!("{HEAD}nodes:\n  - hostname: a b\n")), @"line 4, column 15: nodes[0].hostname: `a b` is no hostname: only letters a to z, digits, hyphens and dots are allowed");
    insta::assert_snapshot!(told(&format!("{HEAD}nodes:\n  - hostname: a\n    private_ip: 10.0.0.256\n")), @"line 5, column 17: nodes[0].private_ip: `10.0.0.256` is no IPv4 or IPv6 address");
    insta::assert_snapshot!(told(&with_node("    container: { platform: vmwar }\n")), @"line 6, column 28: nodes[0].container.platform: unknown value `vmwar`, expected one of `vmware`, `kvm`, `xen`, `hyper-v`, `cloud`, `bare-metal`");
    insta::assert_snapshot!(told(&with_node("    hardware: { memory_mib: lots }\n")), @r#"line 6, column 29: nodes[0].hardware.memory_mib: invalid type: string "lots", expected a whole number"#);
    insta::assert_snapshot!(told(&with_node("    hardware: { vcpus: -1 }\n")), @"line 6, column 24: nodes[0].hardware.vcpus: invalid type: `-1`, expected a whole number");
    insta::assert_snapshot!(told(&with_node("    roles: [{ role: sqll }]\n")), @"line 6, column 21: nodes[0].roles[0].role: unknown role `sqll`; did you mean `sql`?");
    insta::assert_snapshot!(told(&with_node("    roles: [{ replication: master }]\n")), @"line 6, column 13: nodes[0].roles[0]: missing key `role` in a role of a node");
    insta::assert_snapshot!(told(&with_node("    roles: [sql]\n")), @r#"line 6, column 13: nodes[0].roles[0]: invalid type: string "sql", expected a role with its settings, such as `{ role: queue }`"#);
    insta::assert_snapshot!(told(&with_node("    roles: [{ role: worker, concurrency: 1.5 }]\n")), @"line 6, column 42: nodes[0].roles[0].concurrency: invalid type: `1.5`, expected a text, a whole number, true or false");
    insta::assert_snapshot!(told(&with_node("    roles: [{ role: worker, concurrency: 99999999999999999999 }]\n")), @"line 6, column 42: nodes[0].roles[0].concurrency: invalid type: `99999999999999999999`, expected a text, a whole number, true or false");
}

#[test]
fn what_is_there_twice_is_told_with_its_place() {
    let twins = "nodes:\n  - { id: n-1, hostname: a.example.net, private_ip: 10.0.0.1 }\n  - { id: n-1, hostname: b.example.net, private_ip: 10.0.0.2 }\n";
    insta::assert_snapshot!(told(&format!("{HEAD}{twins}")), @"line 5, column 11: nodes[1].id: an id is named `n-1` twice");
    for nothing in ["~", "null", ""] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(told(&format!("version: 1\nenvironment: {nothing}\n")), @"line 1, column 1: missing key `environment` in the file");
        }
    }
    insta::assert_snapshot!(told(&format!("{HEAD}availability_groups: [~]\n")), @"line 3, column 22: availability_groups: nothing is given here, where a name belongs");
    insta::assert_snapshot!(told("version: 1\nversion: 1\nenvironment: lab\n"), @"line 2, column 1: the key `version` is there twice in the file");
    insta::assert_snapshot!(told(&with_node("    roles:\n      - role: sql\n      - role: sql\n")), @"line 8, column 15: nodes[0].roles[1].role: the role `sql` is there twice on one node");
    insta::assert_snapshot!(told(&format!("{HEAD}availability_groups: [ag-1, ag-1]\n")), @"line 3, column 29: availability_groups[1]: an availability group is named `ag-1` twice");
    insta::assert_snapshot!(told(&format!("{HEAD}services:\n  - {{ name: m, role: queue }}\n  - {{ name: m, role: queue }}\n")), @"line 5, column 13: services[1].name: a service is named `m` twice");
    insta::assert_snapshot!(told(&with_node("    container: { ha: true, ha: true, platform: kvm }\n")), @"line 6, column 28: nodes[0].container: the key `ha` is there twice in a container");
}

#[test]
fn what_is_no_topology_at_all() {
    insta::assert_snapshot!(told(""), @"the file is empty; it starts with `version: 1`");
    insta::assert_snapshot!(told(" \n# a comment\n\n"), @"the file is empty; it starts with `version: 1`");
    insta::assert_snapshot!(told("---\n"), @"line 2, column 1: missing key `version` in the file");
    insta::assert_snapshot!(told("just words"), @r#"line 1, column 1: invalid type: string "just words", expected a topology with `version: 1`"#);
    insta::assert_snapshot!(told("- a\n- b\n"), @"line 1, column 1: invalid type: sequence, expected a topology with `version: 1`");
    insta::assert_snapshot!(told("version: 1\n  environment: lab\n"), @r#"line 1, column 10: version: invalid type: string "1 environment", expected the version 1 of the format"#);
    insta::assert_snapshot!(told("version: 1\nenvironment: \"lab\n"), @"line 3, column 1: found unexpected end of stream at line 3 column 1, while scanning a quoted scalar at line 2 column 14");
    insta::assert_snapshot!(told("{\"version\": 1,\n \"environment\": \"lab\",,}"), @"line 2, column 23: key must be a string");
    insta::assert_snapshot!(told("{\"version\": 1, \"environment\": \"lab\"} x"), @"line 1, column 38: trailing characters");
    insta::assert_snapshot!(told("version: 1\nenvironment: lab\n---\nversion: 1\n"), @"line 3, column 1: a second document begins here, where one topology is read; keep one of them");
    insta::assert_snapshot!(told("---\nversion: 1\n--- # other\n"), @"line 3, column 1: a second document begins here, where one topology is read; keep one of them");
    insta::assert_snapshot!(told("version: 1\nenvironment: l\u{0}b\n"), @"line 2, column 15: the character U+0000 (null) is here, which no file of this kind has");
    insta::assert_snapshot!(told("{\"version\": 1,\n \u{0}}"), @"line 2, column 2: the character U+0000 (null) is here, which no file of this kind has");
    insta::assert_snapshot!(told(&format!("{HEAD}nodes:\n  - hostname: \"a\u{7}b\"\n")), @"line 4, column 17: the character U+0007 (bell) is here, which no file of this kind has");
    insta::assert_snapshot!(told("version: 1\nenvironment: *lab\n"), @"line 2, column 14: unknown anchor");
}

#[test]
fn bytes_that_are_no_text() {
    let mut bytes = b"version: 1\nenvironment: l\xc3\xa4b".to_vec();
    bytes.extend_from_slice(&[0xff, 0xfe]);
    let error = read(&bytes, Catalogue::built_in()).expect_err("not UTF-8");
    assert_eq!((error.line, error.column), (Some(2), Some(17)));
    insta::assert_snapshot!(error.to_string(), @"line 2, column 17: the file is not UTF-8 text from here on");
}

#[test]
fn a_file_of_50_mib_is_refused_by_its_size() {
    let bytes = vec![b' '; 50 * 1024 * 1024];
    let error = read(&bytes, Catalogue::built_in()).expect_err("too large");
    insta::assert_snapshot!(error.to_string(), @"the file is too large: 50 MiB, where at most 16 MiB are read");
}

#[test]
fn bombs_end_quickly() {
    let started = std::time::Instant::now();
    let mut aliases = "version: 1\nenvironment: lab\nnodes:\n".to_owned();
    aliases.push_str("  - &a [x, x, x, x, x, x, x, x, x]\n");
    for (this, last) in ('b'..='z').zip('a'..) {
        aliases.push_str(&format!("  - &{this} [{}]\n", vec![format!("*{last}"); 9].join(", ")));
    }
    insta::assert_snapshot!(told(&aliases), @"line 4, column 5: nodes[0]: invalid type: sequence, expected a node");

    let mut inside = "version: 1\nenvironment: lab\nservices:\n  - { name: m, role: queue }\nnodes:\n".to_owned();
    inside.push_str("  - &n { hostname: a, private_ip: 10.0.0.1, roles: [{ role: queue }] }\n");
    inside.push_str(&"  - *n\n".repeat(10_000));
    let outcome = read(inside.as_bytes(), Catalogue::built_in());
    assert!(outcome.is_err() || outcome.is_ok_and(|topology| topology.nodes.len() == 10_001));

    let mut long = format!(
        "{HEAD}services:\n  - {{ name: m, role: unstructured-storage, path: &long {} }}\nnodes:\n",
        "x".repeat(2_000)
    );
    for number in 0..20_000 {
        let roles = "[{ role: unstructured-storage, path: *long }]";
        long.push_str(&format!("  - {{ hostname: n{number}, private_ip: 10.0.0.1, roles: {roles} }}\n"));
    }
    assert!(told(&long).ends_with("the aliases stand for too much"), "{}", told(&long));
    let many =
        format!("{HEAD}nodes:\n  - &n {{ hostname: a, private_ip: 10.0.0.1 }}\n{}", "  - *n\n".repeat(1_000_000));
    assert!(told(&many).ends_with("there are more than 100000 nodes"), "{}", told(&many));

    for deep in ["[".repeat(1_000_000), "{a: ".repeat(1_000_000), "- ".repeat(200_000), "? ".repeat(200_000)] {
        assert!(read(deep.as_bytes(), Catalogue::built_in()).is_err());
        let key = format!("version: 1\nenvironment: {deep}\n");
        assert!(read(key.as_bytes(), Catalogue::built_in()).is_err());
    }
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "took {:?}", started.elapsed());
}

/// What the rule for texts refuses (requirements, section 11), with its key and place, in both shapes of the file.
#[test]
fn text_is_refused_with_key_and_place() {
    insta::assert_snapshot!(told(&with_node("    site: \"dc\\u00001\"\n")), @"line 6, column 11: nodes[0].site: site: the character U+0000 (null) at place 3 is a control character, which no text of this kind has.");
    insta::assert_snapshot!(told("version: 1\nenvironment: \"a\\u200bb\"\n"), @"line 2, column 14: environment: environment: the character U+200B (zero-width space) at place 2 is one that takes no room, which no text of this kind has.");
    insta::assert_snapshot!(told(&format!("{HEAD}availability_groups: [ag-1, \"ag\\u001b[31m-1\"]\n")), @"line 3, column 29: availability_groups[1]: availability_groups: the character U+001B (escape) at place 3 is a control character, which no text of this kind has.");
    insta::assert_snapshot!(told(&format!("{HEAD}availability_groups: [\"ag-1 \"]\n")), @"line 3, column 23: availability_groups[0]: availability_groups: it ends with a blank; leave it out.");
    insta::assert_snapshot!(told(&format!("{HEAD}services:\n  - {{ name: \"m\\u001b[2Jedia\", role: queue }}\n")), @"line 4, column 13: services[0].name: name: the character U+001B (escape) at place 2 is a control character, which no text of this kind has.");
    insta::assert_snapshot!(told(&format!("{HEAD}services:\n  - {{ name: m, role: unstructured-storage, bucket: \"\\u202Eevil\" }}\n")), @"line 4, column 52: services[0].bucket: settings.bucket: the character U+202E (right-to-left override) at place 1 is one that turns the direction of writing, which no text of this kind has.");
    insta::assert_snapshot!(told(&with_node("    roles: [{ availability_group: \"ag-1 \", role: distributed-database }]\n")), @"line 6, column 35: nodes[0].roles[0].availability_group: settings.availability_group: it ends with a blank; leave it out.");
    insta::assert_snapshot!(told(&format!("{HEAD}nodes:\n  - hostname: \"h\\u00001\"\n")), @"line 4, column 15: nodes[0].hostname: hostname: the character U+0000 (null) at place 2 is a control character, which no text of this kind has.");
    insta::assert_snapshot!(told("{\"version\": 1, \"environment\": \"lab\",\n \"nodes\": [{\"site\": \"ä\\u0000\"}]}"), @"line 2, column 21: site: the character U+0000 (null) at place 2 is a control character, which no text of this kind has.");
    insta::assert_snapshot!(told(&with_node("    \"si\\u001bte\": dc1\n")), @"line 6, column 5: nodes[0]: unknown key `si<U+001B>te` in a node; did you mean `site`?");
    let long = "x".repeat(201);
    insta::assert_snapshot!(told(&with_node(&format!("    site: {long}\n"))), @"line 6, column 11: nodes[0].site: site: it has 201 characters; at most 200 are taken.");
    let host = format!("{}.{}.{}.b", "a".repeat(63), "a".repeat(63), "a".repeat(73));
    assert!(told(&format!("{HEAD}nodes:\n  - hostname: {host}\n")).contains("is no hostname"));
    let host = format!("{}.{}.{}.{}", "a".repeat(63), "a".repeat(63), "a".repeat(63), "b".repeat(20));
    assert!(told(&format!("{HEAD}nodes:\n  - hostname: {host}\n")).contains("200 characters"));
}

#[test]
fn what_is_too_much_is_refused_before_it_is_kept() {
    let groups = |count: usize| {
        format!("{HEAD}availability_groups:\n{}", (0..count).map(|n| format!("- g{n}\n")).collect::<String>())
    };
    assert_eq!(read(groups(20_000).as_bytes(), Catalogue::built_in()).expect("fits").availability_groups.len(), 20_000);
    assert!(told(&groups(20_001)).contains("there are more than 20000 availability groups"));
    assert!(told(&groups(1_200_000)).contains("there are more than 20000 availability groups"));
    let services = |count: usize| {
        format!(
            "{HEAD}services:\n{}",
            (0..count).map(|n| format!("- {{name: s{n}, role: queue}}\n")).collect::<String>()
        )
    };
    assert_eq!(read(services(1_000).as_bytes(), Catalogue::built_in()).expect("fits").services.len(), 1_000);
    assert!(told(&services(1_001)).contains("there are more than 1000 services"));
}

#[test]
fn a_file_that_is_encrypted_is_said_to_be() {
    insta::assert_snapshot!(told("$ANSIBLE_VAULT;1.1;AES256\n6162\n"), @"line 1, column 1: the file is encrypted; decrypt it first (`ansible-vault view FILE`), and give what that prints");
}

proptest::proptest! {
    #[test]
    fn never_panics(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        let _ = read(&bytes, Catalogue::built_in());
    }

    /// Brackets in texts sum up to more than may be nested.
    #[test]
    fn hostile_texts_come_back(
        texts in proptest::collection::vec("[\\[\\]{}'\":#, a-]{1,8}".prop_filter("not taken", |text| crate::text::name_problem(text).is_none()), 1..4),
    ) {
        let topology = sample::with_texts(&texts);
        for text in [write_yaml(&topology), write_json(&topology)] {
            let again = read(text.as_bytes(), Catalogue::built_in());
            proptest::prop_assert_eq!(again.as_ref(), Ok(&topology), "{}", text);
        }
    }

    #[test]
    fn never_panics_on_damaged_files(offset in 0usize..4000, byte in proptest::prelude::any::<u8>()) {
        let mut bytes = write_yaml(&sample::healthy()).into_bytes();
        if let Some(place) = bytes.get_mut(offset) {
            *place = byte;
        }
        let _ = read(&bytes, Catalogue::built_in());
    }
}

#[test]
fn a_message_holds_no_file() {
    for text in [format!("\"{}\"", "x".repeat(1_000_000)), format!("{{\"version\": \"{}\"}}", "x".repeat(1_000_000))] {
        let message = error(&text).to_string();
        assert!(message.len() < 500 && message.contains("expected"), "{message}");
    }
}
