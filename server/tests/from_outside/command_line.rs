//! The binary as a person runs it: exit codes, output, and words for what is wrong.

use std::net::TcpListener;
use std::path::Path;
use std::process::Output;

use crate::running::Folder;
pub use crate::running::{strata, with_input};

pub const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/voip-18.yaml");

pub fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

const NO_MASTER: &str = "
version: 1
environment: lab
nodes:
  - hostname: one.example.net
    private_ip: 10.0.0.1
    roles:
      - { role: sql, replication: slave }
";

#[test]
fn check_without_a_blocker_exits_0() {
    let output = strata(&["check", EXAMPLE, "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert_eq!(json(&output)["summary"]["blocker"], 0);
}

#[test]
fn check_with_a_blocker_exits_1() {
    let output = with_input(&["check", "-", "--format", "json"], NO_MASTER.as_bytes());
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    let found = json(&output);
    let finding =
        found["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == "sql.no-master").unwrap();
    assert_eq!(finding["severity"], "blocker");
    assert_eq!(finding["subject"], serde_json::json!({ "kind": "role", "name": "sql" }));
    assert!(finding["fixes"].is_array() && finding["why"].is_string() && finding["message"].is_string());
    let text = with_input(&["check", "-"], NO_MASTER.as_bytes());
    assert_eq!(text.status.code(), Some(1));
    assert!(out(&text).contains("sql.no-master"), "{}", out(&text));
}

#[test]
fn check_of_what_is_no_topology_exits_2_and_says_where() {
    for (input, words) in [
        ("version: 1\nenvironment: lab\nnodez: []\n".as_bytes(), "nodez"),
        ("version: 1\nenvironment: lab\nnodez: []\n".as_bytes(), "line 3"),
        (b"version: 1\nenvironment: l\xffb\n".as_slice(), "line 2"),
        (b"", "standard input"),
    ] {
        let output = with_input(&["check", "-"], input);
        assert_eq!(output.status.code(), Some(2), "{}", err(&output));
        assert!(err(&output).contains(words), "{words}: {}", err(&output));
    }
    let output = strata(&["check", "/nowhere/at-all.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("/nowhere/at-all.yaml"));
}

#[test]
fn check_refuses_a_file_of_50_mib() {
    let output = with_input(&["check", "-"], &vec![b' '; 50 * 1024 * 1024]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("too large: 17 MiB, where at most 16 MiB are read"), "{}", err(&output));
}

#[test]
fn plan_from_nothing_and_to_itself() {
    let output = strata(&["plan", "--from", "/dev/null", "--to", EXAMPLE, "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let plan = json(&output);
    assert!(!plan["steps"].as_array().unwrap().is_empty());
    assert!(plan["steps"][0].get("service").is_some(), "absent fields are null");
    let from_input = strata(&["plan", "--from", "-", "--to", EXAMPLE, "--format", "json"]);
    assert_eq!(json(&from_input)["digest"], plan["digest"]);
    let same = strata(&["plan", "--from", EXAMPLE, "--to", EXAMPLE, "--format", "json"]);
    assert_eq!(json(&same)["steps"], serde_json::json!([]));
}

#[test]
fn a_port_in_use_is_said_before_anything_is_started() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = std::env::temp_dir().join(format!("strata-port-{}", std::process::id()));
    let output = strata(&["serve", "--addr", &address, "--data", folder.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let words = err(&output);
    assert!(words.contains(&address) && words.contains("--addr") && words.contains("STRATA_ADDR"), "{words}");
    assert!(!Path::new(&folder).exists(), "no database was made for it");
}

#[test]
fn a_site_that_is_not_built_is_said() {
    let output = strata(&["serve", "--addr", "127.0.0.1:0", "--site", "/nowhere"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("scripts/build"), "{}", err(&output));
}

#[test]
fn a_wrong_database_address_is_not_repeated() {
    let output = strata(&["migrate", "--database-url", "nonsense-with-a-secret"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!err(&output).contains("secret"), "{}", err(&output));
}

#[test]
fn import_export_and_accounts_on_a_private_database() {
    let folder = Folder::new("command-line");
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    let import = |input: &str| with_input(&["import", "-", "--environment", "lab", "--data", data], input.as_bytes());

    let output = import(NO_MASTER);
    assert!(output.status.success(), "{}", err(&output));
    assert!(out(&output).contains("Revision 1 of lab is live"), "{}", out(&output));
    assert!(out(&import(NO_MASTER)).contains("nothing was made"));
    let changed = NO_MASTER.replace("slave", "master");
    assert!(out(&import(&changed)).contains("is a draft"), "a live environment is changed by a change");

    let wrong = with_input(&["import", "-", "--environment", "other", "--data", data], NO_MASTER.as_bytes());
    assert_eq!(wrong.status.code(), Some(1));
    let unknown = strata(&["export", "--environment", "other", "--data", data]);
    assert_eq!(unknown.status.code(), Some(1), "the refused import made no environment");

    let exported = strata(&["export", "--environment", "lab", "--data", data]);
    assert!(exported.status.success(), "{}", err(&exported));
    let checked = with_input(&["check", "-", "--format", "json"], &exported.stdout);
    assert_eq!(checked.status.code(), Some(1));
    let plan = with_input(&["import", "-", "--environment", "lab", "--data", data], &exported.stdout);
    assert!(out(&plan).contains("nothing was made"), "what is exported is what is there: {}", out(&plan));

    let add = |more: &[&str], password: &str| {
        let fixed = ["user", "add", "--email", "ada@example.net", "--name", "Ada", "--password-stdin", "--data", data];
        with_input(&[&fixed, more].concat(), password.as_bytes())
    };
    assert_eq!(add(&[], "short\n").status.code(), Some(1));
    let added = add(
        &["--environment", "lab", "--capability", "admin", "--group", "infrastructure experts"],
        "long enough to be a password\n",
    );
    assert!(added.status.success(), "{}", err(&added));
    assert!(out(&added).contains("is admin in lab"), "{}", out(&added));
    assert!(!out(&added).contains("password") && !err(&added).contains("long enough"));
    assert_eq!(add(&[], "long enough to be a password\n").status.code(), Some(1), "the address is taken");

    let user = |command: &str, more: &[&str]| {
        strata(&[&["user", command, "--email", "ada@example.net", "--data", data], more].concat())
    };
    let revoked =
        user("revoke", &["--environment", "lab", "--capability", "admin", "--group", "infrastructure experts"]);
    assert!(out(&revoked).contains("is not admin in lab"), "{}{}", out(&revoked), err(&revoked));
    assert!(out(&user("disable", &[])).contains("ada@example.net is disabled"));
    assert!(out(&user("enable", &[])).contains("ada@example.net can sign in again"));
    assert_eq!(user("revoke", &["--environment", "lab"]).status.code(), Some(2), "nothing was named");
    let nobody = strata(&["user", "disable", "--email", "nobody@example.net", "--data", data]);
    assert!(err(&nobody).contains("There is no such account"), "{}", err(&nobody));
}
