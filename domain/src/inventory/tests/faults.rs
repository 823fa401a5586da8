//! Wrong is not absent: what cannot be read is said, and nothing takes its place.

use super::*;

/// What is said of a host whose line in a group of workers has these variables; none where it is a node.
fn of_host(vars: &str) -> (usize, String) {
    let imported = import(&format!("[workers]\nh1 {vars}\n"));
    (imported.topology.nodes.len(), unmapped(&imported).join("\n"))
}

/// The variables of a host in YAML.
fn in_yaml(vars: &str) -> Imported {
    import(&format!("workers:\n  hosts:\n    h1:\n      ansible_host: 10.0.0.1\n      {vars}\n"))
}

#[test]
fn an_address_that_cannot_be_read_gives_way_to_no_other() {
    for (value, shown) in [
        ("10.0.0.5/24", "`10.0.0.5/24`, which is no IPv4 or IPv6 address: leave out the network behind `/`"),
        ("\"{{ vpn_ip }}\"", "`{{ vpn_ip }}`, a template that only Ansible can fill in"),
        ("fd00::1%eth0", "`fd00::1%eth0`, which is no IPv4 or IPv6 address: leave out the zone behind `%`"),
        ("10.0.0.10O", "`10.0.0.10O`, which is no IPv4 or IPv6 address"),
        ("0x0a000001", "`0x0a000001`, which is no IPv4 or IPv6 address"),
        ("010.0.0.1", "`010.0.0.1`, which is no IPv4 or IPv6 address"),
        ("167772161", "`167772161`, which is no IPv4 or IPv6 address"),
        ("10.1", "`10.1`, which is no IPv4 or IPv6 address"),
        ("True", "`true`, which is no IPv4 or IPv6 address"),
        ("''", "``, which is no IPv4 or IPv6 address"),
        ("[1]", "`[1]`, a list"),
        ("\"$ANSIBLE_VAULT;1.1;AES256\"", "encrypted; only Ansible can read it, with its password"),
    ] {
        let (nodes, told) = of_host(&format!("private_ip={value} ansible_host=203.0.113.7"));
        assert_eq!((nodes, told), (0, format!("line 2: host h1: its `private_ip` is {shown}")), "{value}");
    }
}

#[test]
fn the_value_is_shown_wherever_it_stands() {
    let (_, told) = of_host("ansible_host=[2001:db8::10]");
    assert_eq!(
        told,
        "line 2: host h1: its `ansible_host` is `[2001:db8::10]`, which is no IPv4 or IPv6 address: leave out the brackets; \
         add `private_ip`"
    );
    let (_, told) = of_host("ansible_host=db.example.net ansible_ssh_host=10.0.0.1");
    assert!(told.contains("`ansible_host` is `db.example.net`"), "{told}");
    let (nodes, told) = of_host(
        "private_ip=10.0.0.1 public_ip=nat site=\"a\u{1b}[31mb\" strata_vcpus=1e3 strata_ha=maybe strata_platform=kvm",
    );
    assert_eq!(nodes, 1);
    for shown in ["`nat`", "`a<U+001B>[31mb`", "`1e3`", "`maybe`"] {
        assert!(told.contains(shown), "{shown}: {told}");
    }
    assert!(!told.contains('\u{1b}'));
    let (_, told) = of_host("private_ip=10.0.0.1 strata_roles=all");
    assert!(told.contains("its `strata_roles` is `all`, which is no list"), "{told}");
}

#[test]
fn whether_a_platform_has_ha_is_not_guessed() {
    let imported = import(
        "[workers]\nh1 private_ip=10.0.0.1 strata_platform=kvm strata_ha=yess\nh2 private_ip=10.0.0.2 strata_platform=kvm\n",
    );
    let containers: Vec<_> =
        imported.topology.nodes.iter().map(|node| node.container.map(|container| container.ha)).collect();
    assert_eq!(containers, [None, Some(false)]);
}

#[test]
fn what_is_said_of_replication_is_understood_or_told() {
    let imported = import(
        "[mysql]\n10.0.0.1 mysql_role=arbiter pg_role=master\n10.0.0.2\n[mysql_master]\n10.0.0.2\n[mysql_slave]\n10.0.0.2\n",
    );
    assert_eq!(nodes(&imported), ["10.0.0.1 10.0.0.1 [sql]", "10.0.0.2 10.0.0.2 [sql]"]);
    assert_eq!(
        unmapped(&imported),
        [
            "line 2: host 10.0.0.1: its `mysql_role` is `arbiter`, which is neither master nor slave",
            "line 3: host 10.0.0.2: its groups say different things about `replication` of `sql`",
        ]
    );
}

#[test]
fn every_group_with_hosts_is_a_role_or_listed() {
    let imported = import(
        "[voicemail]\nvm1 ansible_host=10.0.0.1\nvm2 ansible_host=10.0.0.2\n[voicemail:vars]\nsite=dc1\n\
         [billing]\nb1 ansible_host=10.0.0.3\n[dc1:children]\nvoicemail\n[site_dc1]\nvm1\n",
    );
    assert_eq!(
        unmapped(&imported),
        [
            "line 1: group voicemail (2 hosts): no role is known for it",
            "line 6: group billing (1 host): no role is known for it",
            "line 8: group dc1 (0 hosts): no role is known for it",
        ]
    );
}

#[test]
fn a_key_is_there_once_at_every_depth() {
    for (text, place) in [
        (
            "web:\n  hosts:\n    w1: {ansible_host: 10.0.0.1}\nweb:\n  hosts:\n    w2: {ansible_host: 10.0.0.2}\n",
            "line 4, column 1: the key `web`",
        ),
        ("web:\n  hosts:\n    w1:\n  hosts:\n    w2:\n", "line 4, column 3: web: the key `hosts`"),
        ("web:\n  hosts:\n    w1: {site: a}\n    \"w1\": {site: b}\n", "line 4, column 5: web.hosts: the key `w1`"),
        ("web:\n  hosts:\n    w1: {site: a, site: b}\n", "line 3, column 19: web.hosts.w1: the key `site`"),
        ("web:\n  vars:\n    ntp: 1\n    ntp: 2\n", "line 4, column 5: web.vars: the key `ntp`"),
        ("web:\n  vars:\n    ntp: {a: {b: 1, b: 2}}\n", "the key `b`"),
        ("web:\n  children:\n    a:\n    b:\n    a:\n", "line 5, column 5: web.children: the key `a`"),
        ("{\"web\": {\"hosts\": [\"a\"]},\n \"web\": {\"hosts\": [\"b\"]}}", "line 2, column 2: the key `web`"),
        ("{\"_meta\": {\"hostvars\": {\"a\": {}, \"a\": {}}}}", "the key `a`"),
    ] {
        let told = told(text);
        assert!(told.contains(place) && told.contains("is there twice"), "{text}: {told}");
    }
    // What is merged gives way, as YAML says; that is no doubled key.
    let merged = import("x: {vars: &v {site: a}}\nweb:\n  hosts:\n    w1: {<<: *v, site: b, private_ip: 10.0.0.1}\n");
    assert_eq!(merged.topology.nodes[0].site.as_deref(), Some("b"));
}

#[test]
fn numbers_stay_as_they_are_written() {
    for written in ["1e3", "0x10", "0o17", "+5", "1.50", "-1.0e+3", "7", "007", "1_000"] {
        let imported = in_yaml(&format!("site: {written}"));
        assert_eq!(imported.topology.nodes[0].site.as_deref(), Some(written), "{:?}", unmapped(&imported));
        let ini = import(&format!("[workers]\nh1 ansible_host=10.0.0.1 site={written}\n"));
        assert_eq!(ini.topology.nodes[0].site.as_deref(), Some(written));
    }
    let json = import(
        r#"{"workers": {"hosts": ["h1"]}, "_meta": {"hostvars": {"h1": {"ansible_host": "10.0.0.1", "site": 1e3}}}}"#,
    );
    assert_eq!(json.topology.nodes[0].site.as_deref(), Some("1e3"));
    let both = in_yaml("site: 1e3\n      ntp: 1000.0");
    assert_eq!(both.topology.nodes[0].site, None);
    assert!(unmapped(&both)[0].contains("its `site` is `1000.0`, a number that is not whole"), "{:?}", unmapped(&both));
}

#[test]
fn what_is_encrypted_is_said_to_be() {
    let told_whole = told("$ANSIBLE_VAULT;1.1;AES256\n61626364\n65666768\n");
    insta::assert_snapshot!(told_whole, @"line 1, column 1: the file is encrypted; decrypt it first (`ansible-vault view FILE`), and give what that prints");
    assert!(told("\u{feff}\n-----BEGIN PGP MESSAGE-----\n\nabc\n").contains("gpg --decrypt"));
    for value in [
        "!vault |\n          $ANSIBLE_VAULT;1.1;AES256\n          6162",
        "\"$ANSIBLE_VAULT;1.1;AES256\"",
        "{__ansible_vault: x}",
    ] {
        let imported = in_yaml(&format!("public_ip: {value}"));
        assert_eq!(
            unmapped(&imported),
            ["host h1: its `public_ip` is encrypted; only Ansible can read it, with its password"],
            "{value}"
        );
    }
    assert!(
        Mapping::read(b"$ANSIBLE_VAULT;1.1;AES256\n61\n").expect_err("encrypted").to_string().contains("encrypted")
    );
}

#[test]
fn templates_are_no_values_and_texts_that_look_so_are() {
    let imported = in_yaml("site: \"{{ room }}\"");
    assert_eq!(imported.topology.nodes[0].site, None);
    assert_eq!(unmapped(&imported), ["host h1: its `site` is `{{ room }}`, a template that only Ansible can fill in"]);
    let literal = in_yaml("site: !unsafe \"{{ room }}\"");
    assert_eq!(literal.topology.nodes[0].site.as_deref(), Some("{{ room }}"));
}

#[test]
fn of_equally_deep_groups_the_priority_decides() {
    let with = |priority: &str| {
        let text = format!("[aa]\n10.0.0.1\n[aa:vars]\nsite=first\n{priority}[zz]\n10.0.0.1\n[zz:vars]\nsite=last\n");
        let imported = import(&text);
        (imported.topology.nodes[0].site.clone(), unmapped(&imported).iter().any(|told| told.contains("priority")))
    };
    assert_eq!(with(""), (Some("last".to_owned()), false));
    assert_eq!(with("ansible_group_priority=10\n"), (Some("first".to_owned()), false));
    assert_eq!(with("ansible_group_priority=-1\n"), (Some("last".to_owned()), false));
    insta::assert_snapshot!(told("[aa]\n10.0.0.1\n[aa:vars]\nansible_group_priority=high\n"), @"the group `aa` has the `ansible_group_priority` `high`, which is no whole number");
    let yaml = import(
        "aa: {hosts: {10.0.0.1: }, vars: {site: first, ansible_group_priority: 2}}\nzz: {hosts: {10.0.0.1: }, vars: {site: last}}\n",
    );
    assert_eq!(yaml.topology.nodes[0].site.as_deref(), Some("first"));
}

#[test]
fn what_is_of_the_whole_is_read_or_refused() {
    for (vars, told_of) in [
        ("strata_services: media", "strata_services: `media` is no list of services"),
        ("strata_services: [{name: [a], role: queue}]", "strata_services[0]: `[\"a\"]` is no name"),
        ("strata_services: [{name: \"a\\u202eb\", role: queue}]", "U+202E"),
        ("strata_availability_groups: ag-1", "strata_availability_groups: `ag-1` is no list of names"),
        ("strata_availability_groups: [ag-1, 5]", "strata_availability_groups: `5` is no name"),
        ("strata_availability_groups: [\"a\\0\"]", "U+0000"),
    ] {
        let told = told(&format!("all:\n  vars:\n    {vars}\n"));
        assert!(told.contains(told_of), "{told}");
    }
}

proptest::proptest! {
    /// Whatever names and values are, what is printed of them moves no terminal.
    #[test]
    fn nothing_hidden_is_printed(text in proptest::prelude::any::<String>(), name in "[a-z\u{1b}\u{202e}\u{7}\u{9b}]{1,12}") {
        let inventory = serde_json::json!({
            name.clone(): { "hosts": [name.clone(), text.clone()], "vars": { text.clone(): 1, "site": text.clone() } },
            "_meta": { "hostvars": { name.clone(): { "private_ip": text.clone(), "public_ip": name.clone() } } },
        });
        match read(inventory.to_string().as_bytes(), &Mapping::default(), "lab", Catalogue::built_in()) {
            Ok(imported) => {
                for told in unmapped(&imported) {
                    proptest::prop_assert_eq!(visible(&told), told.as_str());
                }
            }
            Err(error) => {
                let told = error.to_string();
                proptest::prop_assert_eq!(visible(&told), told.as_str());
            }
        }
    }
}
