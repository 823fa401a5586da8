use super::*;

#[test]
fn hosts_groups_children_and_variables() {
    let imported = import(
        "# all that INI inventories have\n\
         ; a comment too\n\
         jump ansible_host=192.0.2.1 ansible_user=root # of no group\n\
         [kamailio]\n\
         sip[01:02].example.net:2222 ansible_host=10.0.1.1 public_ip='203.0.113.1'\n\
         \n\
         [mysql:children]\n\
         mysql_master   # one of them\n\
         mysql_slaves\n\
         [mysql_master]\n\
         db-a ansible_ssh_host=10.0.2.1 dc=\"room 1\"\n\
         [mysql_slaves]\n\
         db-[b:c] private_ip=10.0.2.2 ansible_host=db.example.net ansible_processor_vcpus=8 ansible_memtotal_mb=2048\n\
         [cassandra]\n\
         10.0.3.1 strata_hostname=ddb-1 availability_group=ag-1\n\
         [fd00::7]:22 strata_hostname=ddb-2 availability_group=ag-2\n\
         [mysql:vars]\n\
         site = dc1\n\
         ansible_user = admin\n",
    );
    insta::assert_snapshot!(nodes(&imported).join("\n"), @"
    jump 192.0.2.1 []
    sip01.example.net 10.0.1.1 [sip]
    sip02.example.net 10.0.1.1 [sip]
    db-a 10.0.2.1 [sql replication=master]
    db-b 10.0.2.2 [sql replication=slave]
    db-c 10.0.2.2 [sql replication=slave]
    ddb-1 10.0.3.1 [distributed-database availability_group=ag-1]
    ddb-2 fd00::7 [distributed-database availability_group=ag-2]
    ");
    insta::assert_snapshot!(unmapped(&imported).join("\n"), @"
    line 11: host db-a: its `dc` is not used: `site` comes before it, and says something else
    line 5: variable ansible_port (set 3 times): not part of a topology
    line 3: variable ansible_user (set 2 times): not part of a topology
    ");
    let topology = &imported.topology;
    assert_eq!(topology.availability_groups, ["ag-1", "ag-2"]);
    assert_eq!(topology.environment, "lab");
    assert_eq!(topology.nodes[1].public_ip, Some("203.0.113.1".parse().expect("an address")));
    assert_eq!(topology.nodes[3].site.as_deref(), Some("dc1"), "`site` comes before `dc`");
    assert_eq!((topology.nodes[4].hardware.vcpus, topology.nodes[4].hardware.memory_mib), (Some(8), Some(2048)));
}

#[test]
fn what_cannot_be_mapped_is_listed_with_its_line() {
    let imported = import(
        "[haproxy]\nlb-1 ansible_host=10.0.0.1\nlb-2 ansible_host=10.0.0.2 public_ip=none strata_disk=tape\n\
         [everything:children]\nhaproxy\nnginx\n\
         [nginx]\nweb_1 ansible_host=10.0.0.3\nweb-2\nw!b ansible_host=10.0.0.4\n\
         [gathered:children]\nnginx\n\
         [dc1]\nweb_1\n[dc1:vars]\nsite=dc1\n\
         [empty]\n",
    );
    insta::assert_snapshot!(nodes(&imported).join("\n"), @"
    lb-1 10.0.0.1 []
    lb-2 10.0.0.2 []
    web-1 10.0.0.3 [web]
    ");
    insta::assert_snapshot!(unmapped(&imported).join("\n"), @r#"
    line 1: group haproxy (2 hosts): no role is known for it
    line 4: group everything (0 hosts): no role is known for it
    line 3: host lb-2: its `strata_disk` is `tape`, which is no kind of disk
    line 3: host lb-2: its `public_ip` is `none`, which is no IPv4 or IPv6 address
    line 8: host web_1: it is named `web-1`, because a hostname has no underscore
    line 9: host web-2: it has no private address; add `private_ip` or `ansible_host` with an IPv4 or IPv6 address
    line 10: host w!b: `w!b` is no hostname: only letters a to z, digits, hyphens and dots are allowed; add the variable `strata_hostname`
    "#);
}

#[test]
fn a_deeper_group_says_it_better_and_the_host_best() {
    let imported = import(
        "[all:vars]\nsite=a\n[top:vars]\nsite=b\n[deep:vars]\nsite=c\n[other:vars]\nsite=d\n\
         [top:children]\ndeep\n[deep]\n10.0.0.1\n10.0.0.2 site=e\n[top]\n10.0.0.3\n[other]\n10.0.0.1\n10.0.0.3\n\
         [ungrouped]\n10.0.0.4\n",
    );
    let sites: Vec<_> = imported.topology.nodes.iter().map(|node| node.site.as_deref().unwrap_or("-")).collect();
    // Of `other` and `top`, which are equally deep, the last by name counts.
    assert_eq!(sites, ["c", "e", "b", "a"]);
}

#[test]
fn replication_is_said_where_it_is_sure() {
    let imported = import(
        "[mysql]\n10.0.0.1 mysql_role=primary\n10.0.0.2 replication=slave\n10.0.0.3 mysql_replication_role=REPLICA\n\
         10.0.0.4\n10.0.0.5 mysql_role=witness\n10.0.0.6\n10.0.0.7 replication=slave\n\
         [mysql_master]\n10.0.0.6\n10.0.0.7\n[mysql_slave]\n10.0.0.6\n[redis]\n10.0.0.8 replication=slave\n",
    );
    insta::assert_snapshot!(nodes(&imported).join("\n"), @"
    10.0.0.1 10.0.0.1 [sql replication=master]
    10.0.0.2 10.0.0.2 [sql replication=slave]
    10.0.0.3 10.0.0.3 [sql replication=slave]
    10.0.0.4 10.0.0.4 [sql]
    10.0.0.5 10.0.0.5 [sql]
    10.0.0.6 10.0.0.6 [sql]
    10.0.0.7 10.0.0.7 [sql replication=slave]
    10.0.0.8 10.0.0.8 [queue]
    ");
}

#[test]
fn errors_have_their_place() {
    insta::assert_snapshot!(told("[web:childs]\nx"), @"line 1, column 6: `childs` is no kind of section; expected `hosts`, `children` or `vars`");
    insta::assert_snapshot!(told("[web servers]\nx"), @"line 1, column 1: a section is written as `[group]`, `[group:children]` or `[group:vars]`");
    insta::assert_snapshot!(told("[web:vars]\n[x\n"), @"line 2, column 1: a section is written as `[group]`, `[group:children]` or `[group:vars]`");
    insta::assert_snapshot!(told("[web]\nw1 a=b c\n"), @"line 2, column 8: `c` is no variable; expected `name=value`");
    insta::assert_snapshot!(told("[web]\n  wé a='b\n"), @"line 2, column 8: the quote that starts here does not end");
    insta::assert_snapshot!(told("[web]\nw[1:3\n"), @"line 2, column 1: `w[1:3` opens a range with `[` and does not close it");
    insta::assert_snapshot!(told("[web]\nw[1:9999999]\n"), @"line 2, column 1: `w[1:9999999]` is too many hosts; at most 200000 are read");
    insta::assert_snapshot!(told("[web]\na[1:100000]\nb[1:100001]\n"), @"line 3, column 1: more than 200000 hosts");
    insta::assert_snapshot!(told(&format!("[web]\n{}", "a[1:100000]\n".repeat(11))), @"line 12, column 1: `a[1:100000]` is too many hosts; at most 200000 are read");
    insta::assert_snapshot!(told("[web:vars]\nsite\n[web]"), @"line 2, column 1: `site` is no variable; expected `name=value`");
    insta::assert_snapshot!(told("[web:vars]\nsite=a"), @"line 1, column 2: the group `web` is nowhere in the file; a line `[web]` declares it");
    insta::assert_snapshot!(told("[a:children]\n b\n"), @"line 2, column 2: the group `b` is nowhere in the file; a line `[b]` declares it");
    insta::assert_snapshot!(told("[a:children]\nb c\n"), @"line 2, column 1: `b c` is no group; a line has one name");
    insta::assert_snapshot!(told("[a:children]\nb\n[b:children]\nc\n[c:children]\na\n[d]\n"), @"line 6, column 1: the groups go round in a circle: `a` is a child of `c`, which is below it");
    insta::assert_snapshot!(told("[a:children]\na\n"), @"line 2, column 1: the groups go round in a circle: `a` is a child of `a`, which is below it");
    insta::assert_snapshot!(told("[a:children]\nall\n[all]\n"), @"line 2, column 1: the group `all` is above every other group, and no child of one");
}
