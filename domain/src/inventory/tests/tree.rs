use super::*;

const YAML: &str = "\
---
all:
  vars: { site: dc1, ntp: 10.0.0.250 }
  hosts:
    spare: { ansible_host: 10.0.0.9 }
  children:
    telephony:
      children:
        asterisk:
          hosts:
            pbx-[1:2].example.net:5038:
              ansible_host: 10.0.0.1
            pbx-3: &defaults
              private_ip: 10.0.0.3
              site: dc2
              ansible_user: admin
    worker:
      hosts:
        w1: { <<: *defaults, private_ip: 10.0.0.4 }
        w2:
          <<: [*defaults, { site: dc3 }]
    queue:
    stray: { hosts: w1 }
";

#[test]
fn yaml_with_nesting_ranges_and_merges() {
    let imported = import(YAML);
    insta::assert_snapshot!(nodes(&imported).join("\n"), @"
    spare 10.0.0.9 []
    pbx-1.example.net 10.0.0.1 [pbx]
    pbx-2.example.net 10.0.0.1 [pbx]
    pbx-3 10.0.0.3 [pbx]
    w1 10.0.0.4 [worker]
    w2 10.0.0.3 [worker]
    ");
    insta::assert_snapshot!(unmapped(&imported).join("\n"), @"
    group stray (1 host): no role is known for it
    variable ansible_port (set 2 times): not part of a topology
    variable ansible_user (set 3 times): not part of a topology
    variable ntp (set 1 time): not part of a topology
    ");
    let sites: Vec<_> = imported.topology.nodes.iter().filter_map(|node| node.site.as_deref()).collect();
    assert_eq!(sites, ["dc1", "dc1", "dc1", "dc2", "dc2", "dc2"]);
}

#[test]
fn json_of_ansible_inventory() {
    let imported = import(
        r#"{
    "_meta": {
        "hostvars": {
            "db-1": { "ansible_host": "10.0.0.1", "mysql_role": "master", "ansible_facts": { "deep": [1, 2] } },
            "db-2": { "ansible_host": { "__ansible_unsafe": "10.0.0.2" }, "site": 7 }
        },
        "profile": "inventory_legacy"
    },
    "all": { "children": ["ungrouped", "galera", "old"] },
    "galera": { "hosts": ["db-1", "db-2"], "vars": { "datacenter": "dc9" } },
    "old": ["db-1"]
}"#,
    );
    insta::assert_snapshot!(nodes(&imported).join("\n"), @"
    db-1 10.0.0.1 [sql replication=master]
    db-2 10.0.0.2 [sql]
    ");
    insta::assert_snapshot!(unmapped(&imported).join("\n"), @"
    group old (1 host): no role is known for it
    variable ansible_facts (set 1 time): not part of a topology
    ");
    let sites: Vec<_> = imported.topology.nodes.iter().filter_map(|node| node.site.as_deref()).collect();
    assert_eq!(sites, ["dc9", "7"]);
}

#[test]
fn tags_are_looked_through() {
    let imported = import("web:\n  hosts:\n    w1: { ansible_host: !unsafe 10.0.0.1, site: !vault '{{ x }}' }\n");
    assert_eq!(nodes(&imported), ["w1 10.0.0.1 [web]"]);
    assert_eq!(imported.topology.nodes[0].site, None, "what is encrypted is said to be, and is no site");
    assert_eq!(unmapped(&imported), ["host w1: its `site` is encrypted; only Ansible can read it, with its password"]);
}

#[test]
fn errors_have_their_place() {
    insta::assert_snapshot!(told("all:\n  hots:\n    a:\n"), @"line 2, column 3: all: unknown key `hots` in a group; did you mean `hosts`?");
    insta::assert_snapshot!(told("all:\n  hosts:\n    'a[1:':\n"), @"line 3, column 5: all.hosts: `a[1:` opens a range with `[` and does not close it");
    insta::assert_snapshot!(told("all:\n  hosts: 5\n"), @"line 2, column 10: all.hosts: invalid type: `5`, expected hosts by their names");
    insta::assert_snapshot!(told("all:\n  hosts:\n    a: 5\n"), @"line 3, column 8: all.hosts.a: invalid type: `5`, expected variables by their names");
    insta::assert_snapshot!(told("all:\n\tx: y\n"), @"line 2, column 1: found character that cannot start any token at line 2 column 1, while scanning for the next token");
    insta::assert_snapshot!(told("plugin: aws_ec2\nregions: [a]\n"), @"line 1, column 1: this is the configuration of an inventory plugin; give what `ansible-inventory --list` prints with it");
    insta::assert_snapshot!(told("a: { children: { b: { children: { a: } } } }\n"), @"the groups go round in a circle: `a` is a child of `b`, which is below it");
    insta::assert_snapshot!(told("{\"all\": {\n  \"hots\": []}}"), @"line 2, column 3: unknown key `hots` in a group; did you mean `hosts`?");
    insta::assert_snapshot!(told("{\"all\": {\n  \"hosts\": [}}"), @"line 2, column 13: expected value");
    insta::assert_snapshot!(told("---\n- a\n"), @"line 2, column 1: invalid type: sequence, expected groups by their names, such as `all:` with `hosts`, `children` and `vars`");
    insta::assert_snapshot!(told("---\n"), @"line 2, column 1: the inventory is empty");
    insta::assert_snapshot!(told("all:\n  vars:\n    strata_services: [{ name: a, role: sqll }]\n"), @"strata_services[0]: the role `sqll` is not in the catalogue");
    insta::assert_snapshot!(told("all:\n  vars:\n    strata_services: [{ role: queue }]\n"), @"strata_services[0]: a service has no name");
}

#[test]
fn bombs_end_quickly() {
    let started = std::time::Instant::now();
    let long = "x".repeat(1000);
    let ten = |name: char| vec![format!("*{name}"); 10].join(", ");
    let mut laughs = format!("all:\n  vars:\n    a: &a [{long}]\n");
    for (this, last) in ('b'..='k').zip('a'..) {
        laughs.push_str(&format!("    {this}: &{this} [{}]\n", ten(last)));
    }
    laughs.push_str("    strata_roles: *k\n");
    assert!(told(&laughs).ends_with("the aliases stand for too much"));

    let empties = vec!["{}"; 20_000].join(", ");
    let merged = format!("x: &x {{ <<: [{empties}] }}\nall:\n  vars:\n    <<: [{}]\n", vec!["*x"; 20_000].join(", "));
    assert!(told(&merged).ends_with("the aliases stand for too much"));

    let long_list = vec!["a"; 100_000].join(",");
    let ignored = format!(
        "x: {{ vars: &v {{ ntp: [{long_list}] }} }}\nall:\n  hosts:\n{}",
        (0..50_000).map(|n| format!("    h{n}: *v\n")).collect::<String>()
    );
    assert!(told(&ignored).ends_with("the aliases stand for too much"));

    insta::assert_snapshot!(told("all: &a\n  children:\n    x: *a\n"), @"line 3, column 5: recursion limit exceeded");
    assert!(told(&format!("all: {}", "{children: {a: ".repeat(100_000))).contains("nested too deeply"));
    assert!(told(&format!("{{\"all\": {}", "[".repeat(100_000))).contains("nested too deeply"));
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "took {:?}", started.elapsed());
}
