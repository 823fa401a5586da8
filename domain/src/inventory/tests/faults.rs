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
            "line 2: host 10.0.0.1: its `pg_role` is not used: `mysql_role` comes before it, and says something else",
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

#[test]
fn a_group_is_explained_by_what_its_hosts_got_and_not_by_what_was_said() {
    let silent = import("[ag_1]\nd1 ansible_host=10.0.0.1\n[ag_1:vars]\navailability_group=ag_1\n");
    assert_eq!(nodes(&silent), ["d1 10.0.0.1 []"]);
    assert_eq!(
        unmapped(&silent),
        [
            "line 1: group ag_1 (1 host): no role is known for it",
            "line 1: group ag_1: its `availability_group` is not used: no role there joins an availability group",
        ]
    );
    // Where a node got the group, the same lines say all.
    let joined = import(
        "[ag_1]\nd1 ansible_host=10.0.0.1\n[ag_1:vars]\navailability_group=ag_1\n[cassandra]\nd1\n[site_dc1]\nd1 site=dc1\n",
    );
    assert_eq!(unmapped(&joined), [""; 0]);
    // A host that is left out explains no group.
    let left_out = import("[site_dc1]\nh1 private_ip=10.0.0 site=dc1\n");
    assert_eq!(unmapped(&left_out)[0], "line 1: group site_dc1 (1 host): no role is known for it");
}

#[test]
fn a_variable_that_comes_to_nothing_is_told() {
    for (vars, told_of) in [
        ("pg_role=primary", "its `pg_role` is not used: no role there has a part in replication"),
        ("replication=", "its `replication` is not used: no role there has a part in replication"),
        ("availability_group=ag-1", "its `availability_group` is not used: no role there joins an availability group"),
        ("strata_ha=True", "its `strata_ha` is not used: it says nothing without `strata_platform`"),
        (
            "ansible_group_priority=5",
            "its `ansible_group_priority` is not used: a group has a priority, and a host has none",
        ),
        ("site=a dc=b", "its `dc` is not used: `site` comes before it, and says something else"),
        (
            "strata_vcpus=8 ansible_processor_vcpus=4",
            "its `ansible_processor_vcpus` is not used: `strata_vcpus` comes before it, and says something else",
        ),
        (
            "ansible_ssh_host=10.0.0.2",
            "its `ansible_ssh_host` is not used: `ansible_host` comes before it, and says something else",
        ),
    ] {
        let (nodes, told) = of_host(&format!("ansible_host=10.0.0.1 {vars}"));
        assert_eq!((nodes, told), (1, format!("line 2: host h1: {told_of}")), "{vars}");
    }
    for quiet in
        ["private_ip=10.0.0.1 ansible_host=203.0.113.7", "private_ip=10.0.0.1 site=a dc=a", "private_ip=10.0.0.1"]
    {
        assert_eq!(of_host(quiet), (1, String::new()), "{quiet}");
    }
    let database = import(
        "[mysql]\nd1 ansible_host=10.0.0.1 mysql_role=primary pg_role=replica\n\
         d2 ansible_host=10.0.0.2 mysql_role=primary pg_role=master\n",
    );
    assert_eq!(
        unmapped(&database),
        ["line 2: host d1: its `pg_role` is not used: `mysql_role` comes before it, and says something else"]
    );
}

#[test]
fn a_variable_of_a_group_comes_to_nothing_where_no_host_has_anything_from_it() {
    // One host of two uses it; and a host says otherwise, as it may.
    let used = import(
        "[all:vars]\nreplication=slave\nsite=dc1\n[sql]\nd1 ansible_host=10.0.0.1\n[web]\nw1 ansible_host=10.0.0.2 site=dc2\n",
    );
    assert_eq!(unmapped(&used), [""; 0]);
    let unused = import(
        "[web]\nw1 ansible_host=10.0.0.1\nw2 ansible_host=10.0.0.2\n[web:vars]\nreplication=slave\n[sql]\n[sql:vars]\nsite=dc1\n",
    );
    assert_eq!(
        unmapped(&unused),
        [
            "line 1: group web: its `replication` is not used: no role there has a part in replication",
            "line 6: group sql: its `site` is not used: no host is in the group",
        ]
    );
}

#[test]
fn what_is_no_number_is_not_absent() {
    for (written, shown) in
        [(".nan", ".nan"), (".inf", ".inf"), ("-.inf", "-.inf"), (".NaN", ".nan"), ("!!float .inf", ".inf")]
    {
        let imported =
            import(&format!("web:\n  hosts:\n    w1: {{private_ip: {written}, ansible_host: 203.0.113.7}}\n"));
        let told = unmapped(&imported);
        assert!(
            imported.topology.nodes.is_empty() && told[0].contains(&format!("its `private_ip` is `{shown}`")),
            "{told:?}"
        );
        let figure = in_yaml(&format!("strata_vcpus: {written}"));
        let told = unmapped(&figure);
        assert!(told[0].contains(&format!("its `strata_vcpus` is `{shown}`, which is no whole number")), "{told:?}");
    }
}

#[test]
fn a_number_that_the_file_has_in_several_ways_is_told_where_a_text_is_meant() {
    let imported = in_yaml("site: 0o10\n      strata_vcpus: 8");
    assert_eq!((&imported.topology.nodes[0].site, imported.topology.nodes[0].hardware.vcpus), (&None, Some(8)));
    let told = unmapped(&imported);
    assert!(
        told[0].contains("its `site` is `8`, and the file has this number in several ways (`0o10`, `8`)"),
        "{told:?}"
    );
    let quoted = in_yaml("site: \"0o10\"\n      strata_vcpus: 8");
    assert_eq!(quoted.topology.nodes[0].site.as_deref(), Some("0o10"));
}

#[test]
fn a_whole_number_of_any_size_refuses_no_file() {
    for number in ["123456789012345678901", "-12345678901234567890", "340282366920938463463374607431768211455"] {
        let unknown = in_yaml(&format!("note: {number}\n      ansible_facts: [{number}, {{a: {number}}}]"));
        assert_eq!(unknown.topology.nodes.len(), 1);
        let site = in_yaml(&format!("site: {number}"));
        assert_eq!(site.topology.nodes[0].site.as_deref(), Some(number));
        let told = unmapped(&in_yaml(&format!("strata_vcpus: {number}")));
        assert!(
            told[0].contains(&format!("its `strata_vcpus` is `{number}`, which is no whole number that fits")),
            "{told:?}"
        );
    }
}

#[test]
fn what_is_said_twice_is_refused_or_told() {
    insta::assert_snapshot!(told("[web]\nh1 private_ip=10.0.0.5 private_ip=10.0.0.6\n"), @"line 2, column 24: `private_ip` is there twice in one line");
    let lines = import("[web]\nh1 private_ip=10.0.0.5\n[sql]\nh1 private_ip=10.0.0.6\n");
    assert_eq!(nodes(&lines), ["h1 10.0.0.6 [sql, web]"]);
    let in_several =
        "host h1: its `private_ip` is said in several ways: `10.0.0.5` first, and `10.0.0.6` last, which is taken";
    assert_eq!(unmapped(&lines), [format!("line 4: {in_several}")]);
    let yaml = import("web: {hosts: {h1: {private_ip: 10.0.0.5}}}\nsql: {hosts: {h1: {private_ip: 10.0.0.6}}}\n");
    assert_eq!(unmapped(&yaml), [in_several]);
    let json = import(
        r#"{"web": {"hosts": {"h1": {"private_ip": "10.0.0.5"}}}, "_meta": {"hostvars": {"h1": {"private_ip": "10.0.0.6"}}}}"#,
    );
    assert_eq!(unmapped(&json), [in_several]);
    let group = import("[web]\nh1 private_ip=10.0.0.5\n[web:vars]\nsite=a\nsite=b\n");
    assert_eq!(
        unmapped(&group),
        ["line 5: group web: its `site` is said in several ways: `a` first, and `b` last, which is taken"]
    );
    let same =
        import("[web]\nh1 private_ip=10.0.0.5 site=a\n[sql]\nh1 private_ip=10.0.0.5\n[web:vars]\nsite=a\nsite=a\n");
    assert_eq!(unmapped(&same), [""; 0]);
}

#[test]
fn of_the_whole_topology_two_do_not_say_different_things() {
    let hosts = |first: &str, second: &str| {
        format!(
            "web:\n  hosts:\n    a: {{private_ip: 10.0.0.1, strata_services: {first}}}\n    b: {{private_ip: 10.0.0.2, strata_services: {second}}}\n"
        )
    };
    let (media, other) = ("[{name: media, role: queue}]", "[{name: other, role: queue}]");
    insta::assert_snapshot!(told(&hosts(media, other)), @"`strata_services` is about the whole topology, and the host `a` says something else than the host `b`");
    let _they_agree =
        read(hosts("[]", "[]").as_bytes(), &Mapping::default(), "lab", Catalogue::built_in()).expect("it is read");
    insta::assert_snapshot!(told("all:\n  vars: {strata_availability_groups: [a]}\n  children:\n    web: {vars: {strata_availability_groups: [b]}}\n"), @"`strata_availability_groups` is about the whole topology, and the group `all` says something else than the group `web`");
}

#[test]
fn what_sops_encrypted_is_no_value() {
    let secret = "ENC[AES256_GCM,data:CwE4O1s=,iv:2k=,aad:o=,tag:w=,type:str]";
    for name in ["site", "public_ip", "availability_group", "strata_id"] {
        let told = unmapped(&import(&format!(
            "cassandra:\n  hosts:\n    h1: {{ansible_host: 10.0.0.1, {name}: \"{secret}\"}}\n"
        )));
        assert_eq!(
            told[0],
            format!("host h1: its `{name}` is encrypted by SOPS; decrypt the file first (`sops decrypt FILE`)")
        );
    }
    let address = import(&format!("web:\n  hosts:\n    h1: {{private_ip: \"{secret}\", ansible_host: 10.0.0.1}}\n"));
    assert!(address.topology.nodes.is_empty());
    let roles = in_yaml(&format!("strata_roles: [{{role: web, load_balancer: \"{secret}\"}}]"));
    assert!(
        unmapped(&roles)[0].contains("the setting `load_balancer` of `web` is encrypted by SOPS"),
        "{:?}",
        unmapped(&roles)
    );
    for whole in [
        format!("web:\n  hosts:\n    h1:\n      private_ip: {secret}\nsops:\n  mac: {secret}\n  version: 3.9.0\n"),
        format!(
            "{{\"web\": {{\"hosts\": {{\"h1\": {{\"site\": \"{secret}\"}}}}}},\n\"sops\": {{\"mac\": \"{secret}\"}}}}"
        ),
        format!("[web]\nh1={secret}\n[sops]\nmac={secret}\n"),
    ] {
        let told = told(&whole);
        assert!(told.contains("the file is encrypted; decrypt it first (`sops decrypt FILE`)"), "{told}");
    }
}

#[test]
fn a_long_name_makes_no_long_message() {
    let name = "n".repeat(200_000);
    for text in [
        format!("[{name}:vars]\nsite=a\n"),
        format!("[{name}:children]\nb\n[b:children]\n{name}\n"),
        format!("[{name}:children]\nall\n"),
        format!("[{name}:wrong]\n"),
        format!("[a]\nh1 {name}\n"),
        format!("[a]\nh1 {name}={name}\nh1 site='\n"),
        format!("[a:vars]\n{name}\n"),
        format!("{name}:\n  hosts:\n    h1: {{site: a, site: b}}\n"),
        format!("{name}:\n  {name}: 1\n"),
        format!("{name}:\n  vars: {{ansible_group_priority: {name}}}\n"),
        format!("{name}:\n  children: {{b: {{children: {{{name}: }}}}}}\n"),
        format!("web: {{hosts: {{h1: {{strata_services: [{name}]}}}}}}\n{name}: {{vars: {{strata_services: []}}}}\n"),
    ] {
        let told = told(&text);
        assert!(
            told.chars().count() < 3_000,
            "{} characters: {}",
            told.len(),
            told.chars().take(200).collect::<String>()
        );
    }
    let imported = import(&format!(
        "[{name}]\nh1 ansible_host=10.0.0.1 site={name} {name}=1\n[{name}:vars]\nreplication={name}\n"
    ));
    for told in unmapped(&imported) {
        assert!(told.chars().count() < 1_000, "{}", told.chars().take(200).collect::<String>());
    }
    let mapping = Mapping::read(format!("{{\"{name}\": \"{name}\"}}").as_bytes()).expect("a mapping");
    let told = read(b"[a]\nh1\n", &mapping, "lab", Catalogue::built_in()).expect_err("no such role").to_string();
    assert!(told.chars().count() < 3_000, "{} characters", told.len());
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
