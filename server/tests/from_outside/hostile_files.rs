//! Files that somebody prepared to mislead: what cannot be read is said with its place, and nothing is printed raw.

use std::fs;

use crate::command_line::{err, json, out, strata, with_input};
use crate::running::Folder;

/// Letters that move a terminal, or what is read on it.
fn hidden(text: &str) -> Option<char> {
    text.chars().find(|&letter| {
        (letter.is_control() && letter != '\n' && letter != '\r')
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    })
}

const ESCAPES: &str = r#"version: 1
environment: production
availability_groups: ["ag\u001b[31m-1", "=cmd|' /C calc'!A0"]
nodes:
  - { hostname: h1, private_ip: 10.0.0.1, site: "=HYPERLINK(\"http://x\")", roles: [] }
services:
  - { name: "m\u001b[2Jedia", role: unstructured-storage, backend: s3, endpoint: "ftp://x", bucket: "" }
"#;

#[test]
fn hidden_text_is_refused_with_key_and_place_and_shown_written_out() {
    let nul = "version: 1\nenvironment: production\nnodes:\n  - { hostname: h1, private_ip: 10.0.0.1, site: \"dc\\u00001\", roles: [] }\n";
    let output = with_input(&["check", "-"], nul.as_bytes());
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
    assert_eq!(
        err(&output).trim(),
        "strata: standard input: line 4, column 49: nodes[0].site: site: the character U+0000 (null) at place 3 is a \
         control character, which no text of this kind has."
    );
    for arguments in [
        &["check", "-"][..],
        &["export", "-", "--format", "csv"],
        &["export", "-"],
        &["plan", "--from", "/dev/null", "--to", "-"],
    ] {
        let output = with_input(arguments, ESCAPES.as_bytes());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", err(&output));
        assert!(
            err(&output).contains("line 3, column 23") && err(&output).contains("U+001B (escape)"),
            "{}",
            err(&output)
        );
        assert_eq!((hidden(&err(&output)), out(&output).as_str()), (None, ""));
    }
    // The name of the file is somebody's text too.
    let output = strata(&["check", "no\u{1b}[31msuch\u{202e}file"]);
    assert!(err(&output).contains("no<U+001B>[31msuch<U+202E>file"), "{}", err(&output));
    assert_eq!(hidden(&err(&output)), None);
    let output = strata(&["whatif", crate::command_line::EXAMPLE, "--node", "n\u{1b}]0;x\u{7}"]);
    assert_eq!(hidden(&err(&output)), None, "{}", err(&output));
}

#[test]
fn formulas_are_guarded_in_a_table() {
    let file = "version: 1\nenvironment: production\nnodes:\n  - { hostname: h1, private_ip: 10.0.0.1, site: \"=HYPERLINK(\\\"http://x\\\")\" }\n  \
                - { hostname: h2, private_ip: 10.0.0.2, site: \"-1+1\" }\n  - { hostname: h3, private_ip: 10.0.0.3, site: \"+49\" }\n  \
                - { hostname: h4, private_ip: 10.0.0.4, site: \"@SUM(1)\" }\n";
    let output = with_input(&["export", "-", "--format", "csv"], file.as_bytes());
    assert!(output.status.success(), "{}", err(&output));
    for cell in ["\"'=HYPERLINK(\"\"http://x\"\")\"", ",'-1+1,", ",'+49,", ",'@SUM(1),"] {
        assert!(out(&output).contains(cell), "{cell}: {}", out(&output));
    }
}

#[test]
fn an_inventory_says_what_it_could_not_read() {
    let inventory = "[web]\nh1 private_ip=10.0.0.5/24 ansible_host=203.0.113.7\nh2 private_ip=\"{{ vpn_ip }}\" ansible_host=203.0.113.8\n\
                     h3 private_ip=fd00::1%eth0 ansible_host=203.0.113.9\nh4 private_ip=10.0.0.10O ansible_host=203.0.113.10\n\
                     [voicemail]\nvm1 ansible_host=10.0.0.1\n[voicemail:vars]\nsite=dc1\n";
    let output = with_input(&["export", "-", "--inventory", "--format", "json"], inventory.as_bytes());
    let nodes = json(&output)["nodes"].as_array().unwrap().clone();
    assert_eq!(nodes.len(), 1, "only the one with an address that can be read: {nodes:?}");
    for told in [
        "host h1: its `private_ip` is `10.0.0.5/24`",
        "`{{ vpn_ip }}`",
        "`fd00::1%eth0`",
        "`10.0.0.10O`",
        "group voicemail (1 host)",
    ] {
        assert!(err(&output).contains(told), "{told}: {}", err(&output));
    }
    let doubled =
        "web:\n  hosts:\n    w1: {ansible_host: 10.0.0.1}\nweb:\n  hosts:\n    w2: {ansible_host: 10.0.0.2}\n";
    let output = with_input(&["check", "-", "--inventory"], doubled.as_bytes());
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("line 4, column 1: the key `web` is there twice"), "{}", err(&output));
}

#[test]
fn an_encrypted_file_is_said_to_be_encrypted() {
    let vaulted = b"$ANSIBLE_VAULT;1.1;AES256\n61626364\n65666768\n";
    for arguments in [&["check", "-"][..], &["check", "-", "--inventory"], &["export", "-", "--inventory"]] {
        let output = with_input(arguments, vaulted);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            err(&output).contains("is encrypted") && err(&output).contains("ansible-vault view"),
            "{}",
            err(&output)
        );
    }
}

#[test]
fn variables_beside_an_inventory_are_not_passed_over_in_silence() {
    let folder = Folder::new("beside");
    let file = folder.path().join("hosts.ini");
    fs::write(&file, "[workers]\nw1 ansible_host=10.0.0.1\n").unwrap();
    let export = || strata(&["export", file.to_str().unwrap(), "--inventory"]);
    assert!(err(&export()).is_empty(), "{}", err(&export()));
    fs::create_dir(folder.path().join("host_vars")).unwrap();
    assert!(err(&export()).is_empty(), "an empty folder has nothing to say");
    fs::write(folder.path().join("host_vars/w1.yml"), "site: dc9\n").unwrap();
    fs::create_dir(folder.path().join("group_vars")).unwrap();
    fs::write(folder.path().join("group_vars/all.yml"), "site: dc9\n").unwrap();
    let output = export();
    assert!(output.status.success());
    for told in ["host_vars", "group_vars", "ansible-inventory -i"] {
        assert!(err(&output).contains(told), "{told}: {}", err(&output));
    }
    let output = strata(&["check", folder.path().to_str().unwrap(), "--inventory"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("this is a folder"), "{}", err(&output));
}

#[test]
fn numbers_are_shown_as_they_are_written_and_counted_in_words() {
    let file = "version: 1\nenvironment: lab\nnodes:\n  - { hostname: h1, private_ip: 10.0.0.1, hardware: { memory_mib: 1e3 } }\n";
    let output = with_input(&["check", "-"], file.as_bytes());
    assert!(err(&output).contains("line 4, column 67") && err(&output).contains("`1e3`"), "{}", err(&output));
    assert!(!err(&output).contains("1000"), "{}", err(&output));
    let one = "version: 1\nenvironment: lab\navailability_groups: [ag-1]\n";
    let plan = with_input(
        &["plan", "--from", "/dev/null", "--to", "-"],
        format!("{one}nodes:\n  - {{ hostname: h1, private_ip: 10.0.0.1 }}\n").as_bytes(),
    );
    assert!(!out(&plan).contains("\n1 steps"), "{}", out(&plan));
}

#[test]
fn addresses_that_no_node_can_have_are_found() {
    let node = |address: &str| {
        let file = format!("version: 1\nenvironment: lab\nnodes:\n  - {{ hostname: h1, private_ip: \"{address}\" }}\n");
        let output = with_input(&["check", "-", "--format", "json"], file.as_bytes());
        let findings = json(&output)["findings"].as_array().unwrap().clone();
        let rules: Vec<String> = findings.iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect();
        let has = |rule: &str| rules.iter().any(|found| found == rule);
        (has("node.unusable-address"), has("node.public-as-private"))
    };
    for address in ["127.0.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "ff02::1", "::ffff:127.0.0.1"]
    {
        assert_eq!(node(address), (true, false), "{address}");
    }
    for address in ["8.8.8.8", "100.63.0.1", "172.32.0.1", "2001:db8::1", "fec0::1"] {
        assert_eq!(node(address), (false, true), "{address}");
    }
    for address in ["10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.1.1", "fd00::1", "fe80::1"] {
        assert_eq!(node(address), (false, false), "{address}");
    }
}
