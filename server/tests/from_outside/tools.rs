//! What the command line does without a server: inventories, exports, what-if, the advisor, its own manual.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::command_line::{EXAMPLE, err, json, out, strata, with_input};
use crate::running::Folder;

const INVENTORY: &str = "
[mysql]
db1.example.net ansible_host=10.0.0.1 replication=master
[kamailio]
sip1.example.net ansible_host=10.0.0.2
[printers]
printer.example.net ansible_host=10.0.0.3
nowhere.example.net
";

#[test]
fn an_inventory_is_read_and_what_has_no_place_is_listed() {
    let told = with_input(&["check", "-"], INVENTORY.as_bytes());
    assert!(err(&told).contains("--inventory"), "{}", err(&told));
    let output = with_input(&["export", "-", "--inventory", "--format", "json"], INVENTORY.as_bytes());
    assert!(output.status.success(), "{}", err(&output));
    let nodes = json(&output)["nodes"].as_array().unwrap().clone();
    let roles: Vec<&Value> = nodes.iter().map(|node| &node["roles"][0]["role"]).collect();
    assert_eq!(roles[..2], ["sql", "sip"]);
    assert_eq!(nodes[0]["roles"][0]["replication"], "master");
    for words in ["group printers", "nowhere.example.net"] {
        assert!(err(&output).contains(words), "{words}: {}", err(&output));
    }
    let folder = Folder::new("mapping");
    let mapping = folder.path().join("mapping.yaml");
    std::fs::write(&mapping, "printers: web\n").unwrap();
    let arguments = ["check", "-", "--inventory", "--mapping", mapping.to_str().unwrap(), "--format", "json"];
    let mapped = with_input(&arguments, INVENTORY.as_bytes());
    assert!(!err(&mapped).contains("group printers"), "{}", err(&mapped));
}

/// Hosts and groups as `ansible-inventory` has them, the built-in groups aside.
fn groups(list: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let names = |value: &Value| -> BTreeSet<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let own =
        list.as_object().unwrap().iter().filter(|(name, _)| !["_meta", "all", "ungrouped"].contains(&name.as_str()));
    own.map(|(name, group)| (name.clone(), names(&group["hosts"]))).collect()
}

/// The real tool reads what is exported; what it lists is read here again, and comes to the same topology.
#[test]
fn ansible_reads_the_export_back_to_the_same_hosts_and_groups() {
    let folder = Folder::new("ansible");
    let file = folder.path().join("inventory.yaml");
    let exported = strata(&["export", EXAMPLE, "--format", "ansible"]);
    assert!(exported.status.success(), "{}", err(&exported));
    std::fs::write(&file, &exported.stdout).unwrap();
    let listed = Command::new("ansible-inventory")
        .args(["--list", "-i", file.to_str().unwrap()])
        .output()
        .expect("ansible-inventory is there: scripts/setup test installs it");
    assert!(listed.status.success() && listed.stderr.is_empty(), "{}", err(&listed));
    let list: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let topology = json(&strata(&["export", EXAMPLE, "--format", "json"]));
    let nodes = topology["nodes"].as_array().unwrap();
    let hosts: BTreeSet<&str> = list["_meta"]["hostvars"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(hosts, nodes.iter().map(|node| node["hostname"].as_str().unwrap()).collect());
    let groups = groups(&list);
    let with_role = |role: &str| -> BTreeSet<String> {
        let has = |node: &&Value| node["roles"].as_array().unwrap().iter().any(|assigned| assigned["role"] == role);
        nodes.iter().filter(has).map(|node| node["hostname"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(groups["sql"], with_role("sql"));
    assert_eq!(groups["distributed_database"], with_role("distributed-database"));

    let again = with_input(&["export", "-", "--inventory", "--format", "json"], &listed.stdout);
    assert!(err(&again).is_empty(), "{}", err(&again));
    let same = folder.path().join("same.json");
    std::fs::write(&same, &again.stdout).unwrap();
    let plan = strata(&["plan", "--from", EXAMPLE, "--to", same.to_str().unwrap()]);
    assert!(out(&plan).starts_with("Nothing to do"), "{}", out(&plan));
}

#[test]
fn a_drawing_and_a_table() {
    let drawing = out(&strata(&["export", EXAMPLE, "--format", "mermaid"]));
    assert!(drawing.starts_with("flowchart"), "{drawing}");
    let table = out(&strata(&["export", EXAMPLE, "--format", "csv"]));
    let nodes = json(&strata(&["export", EXAMPLE, "--format", "json"]))["nodes"].as_array().unwrap().len();
    assert_eq!(table.lines().count(), nodes + 1);
    let neither = strata(&["export", "--format", "csv"]);
    assert_eq!(neither.status.code(), Some(2), "a file or an environment has to be named");
}

#[test]
fn what_is_lost_without_a_node_a_group_and_nobody() {
    let topology = json(&strata(&["export", EXAMPLE, "--format", "json"]));
    let is_master =
        |node: &&Value| node["roles"].as_array().unwrap().iter().any(|role| role["replication"] == "master");
    let master = topology["nodes"].as_array().unwrap().iter().find(is_master).unwrap()["hostname"].as_str().unwrap();
    let loss = json(&strata(&["whatif", EXAMPLE, "--node", master, "--format", "json"]));
    assert_eq!(loss["extent"], "total-outage");
    assert_eq!(loss["nodes"], 1);
    let text = out(&strata(&["whatif", EXAMPLE, "--node", master]));
    assert!(text.starts_with("Total outage"), "{text}");
    assert!(!text.contains('\u{1b}'), "no colours in a pipe");
    let each = json(&strata(&["whatif", EXAMPLE, "--format", "json"]));
    assert_eq!(each["nodes"][0]["node"], *master);
    assert!(each["worst_pair"]["nodes"].as_array().unwrap().iter().any(|node| *node == *master));
    let unknown = strata(&["whatif", EXAMPLE, "--group", "ag-11"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(err(&unknown).contains("did you mean ag-1?"), "{}", err(&unknown));
}

#[test]
fn a_first_topology_from_a_few_figures() {
    let proposed = strata(&["plan", "new", "--subscribers", "20000", "--sites", "dc1,dc2"]);
    assert!(proposed.status.success(), "{}", err(&proposed));
    assert!(err(&proposed).contains("Distributed Database"), "each choice has its why: {}", err(&proposed));
    let checked = with_input(&["check", "-", "--format", "json"], &proposed.stdout);
    let summary = &json(&checked)["summary"];
    assert_eq!((&summary["blocker"], &summary["warning"]), (&0.into(), &0.into()), "{}", out(&checked));
    let wrong = strata(&["plan", "new", "--subscribers", "many", "--nodes-per-group", "9"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(err(&wrong).contains("--subscribers: "), "{}", err(&wrong));
}

/// A catalogue with an own role, as `strata export --format catalogue` writes it.
#[test]
fn files_are_read_under_a_catalogue_of_ones_own() {
    let folder = Folder::new("catalogue");
    let catalogue = folder.path().join("catalogue.yaml");
    std::fs::write(
        &catalogue,
        "version: 2
levels: { node.idle: blocker }
roles:
  - id: recorder
    name: Call recorder
    layer: storage
    note: Keeps recordings.
    requirements: []
    network: { kind: private-only }
    min: 0
    max: null
    settings: []
    depends_on: []
    on_service: false
",
    )
    .unwrap();
    let topology = "version: 1\nenvironment: lab\nnodes:\n  - { hostname: a.example.net, private_ip: 10.0.0.1, roles: [{ role: recorder }] }\n  - { hostname: b.example.net, private_ip: 10.0.0.2 }\n";
    assert_eq!(with_input(&["check", "-"], topology.as_bytes()).status.code(), Some(2), "the built-in one lacks it");
    let arguments = ["check", "-", "--catalogue", catalogue.to_str().unwrap(), "--format", "json"];
    let found = json(&with_input(&arguments, topology.as_bytes()));
    let idle = found["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == "node.idle").unwrap();
    assert_eq!(idle["severity"], "blocker");
}

#[test]
fn completions_and_manual_pages() {
    for shell in ["bash", "zsh", "fish"] {
        let text = out(&strata(&["completions", shell]));
        assert!(text.contains("whatif") && text.contains("nodes-per-group"), "{shell}");
    }
    assert!(out(&strata(&["man"])).contains(".TH strata 1"));
    let folder = Folder::new("man");
    assert!(strata(&["man", "--out", folder.path().to_str().unwrap()]).status.success());
    let page = std::fs::read_to_string(folder.path().join("strata-check.1")).unwrap();
    assert!(page.contains("inventory"), "{page}");
}
