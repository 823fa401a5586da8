//! The impact table, line by line.

use super::*;

#[test]
fn sql_master_changes_are_outages() {
    let removed = plan_to(|t| drop_node(t, "sql-1"));
    assert_eq!(costs(&removed), ["remove-role:sql-1.example.net:sql: outage"]);
    assert_eq!(removed.risk, Risk::Critical);
    let moved = plan_to(|t| {
        drop_node(t, "sql-1");
        add(t, "sql-3", 1, role("sql", &[("replication", "master")]));
    });
    assert_eq!(costs(&moved), ["manual:sql-3.example.net:sql: manual", "remove-role:sql-1.example.net:sql: outage"]);
    for plan in [
        plan_of("sql-1", |n| n.private_ip = "10.0.9.9".parse().expect("an address")),
        plan_of("sql-1", |n| n.hardware.memory_mib = Some(1024)),
        plan_of("sql-1", |n| n.container = Some(Container { platform: Platform::Kvm, ha: true })),
        plan_of("sql-1", |n| n.site = Some("dc2".to_owned())),
    ] {
        assert_eq!(costs(&plan), ["prepare-node:sql-1.example.net: outage"]);
    }
    let renamed = {
        let mut base = healthy();
        with_node(&mut base, "sql-1", |n| n.id = Some("1".to_owned()));
        let mut desired = base.clone();
        with_node(&mut desired, "sql-1", |n| n.hostname = "sql-0.example.net".to_owned());
        plan(&base, &desired, Catalogue::built_in())
    };
    assert_eq!(costs(&renamed), ["prepare-node:sql-0.example.net: outage"]);
}

#[test]
fn sql_slave_changes_degrade() {
    let removed = plan_to(|t| drop_node(t, "sql-2"));
    assert_eq!(costs(&removed), ["remove-role:sql-2.example.net:sql: degraded"]);
    assert_eq!(removed.risk, Risk::Medium);
    let touched = plan_of("sql-2", |n| n.hardware.memory_mib = Some(131_072));
    assert_eq!(costs(&touched), ["prepare-node:sql-2.example.net: degraded"]);
}

#[test]
fn sql_instances_are_set_up_by_hand() {
    let added = plan_to(|t| add(t, "sql-3", 1, role("sql", &[("replication", "slave")])));
    insta::assert_snapshot!(told(&added), @r#"
    prepare-node:sql-3.example.net
    install-role:sql-3.example.net:sql <- prepare-node:sql-3.example.net
    manual:sql-3.example.net:sql <- install-role:sql-3.example.net:sql
    verify-role:sql-3.example.net:sql <- manual:sql-3.example.net:sql
    "#);
    assert_eq!(costs(&added), ["manual:sql-3.example.net:sql: manual"]);
    assert_eq!(added.risk, Risk::High);
    let manual = &added.steps[position(&added, "manual:sql-3.example.net:sql")];
    insta::assert_snapshot!(manual.describe(Catalogue::built_in()), @"Set up replication of SQL from sql-1.example.net to sql-3.example.net by hand");
    insta::assert_snapshot!(manual.checklist().join("\n"), @r#"
    Take a consistent copy of the data on sql-1.example.net and note its position in the binary log.
    Restore the copy on sql-3.example.net (10.0.9.1).
    On sql-3.example.net, give the server an id of its own and make it read-only.
    Start replication on sql-3.example.net from sql-1.example.net at the noted position.
    Check that replication runs without errors and that sql-3.example.net has caught up.
    "#);
    assert!(added.steps.iter().all(|step| (step.kind == StepKind::Manual) != step.checklist().is_empty()));
}

#[test]
fn more_hardware_for_the_master_is_a_live_upgrade() {
    let grown = plan_of("sql-1", |n| n.hardware.memory_mib = Some(131_072));
    assert_eq!(costs(&grown), ["prepare-node:sql-1.example.net: live-upgrade"]);
    assert_eq!(grown.risk, Risk::Low);
    let mut base = healthy();
    with_node(&mut base, "sql-1", |n| n.container = Some(Container { platform: Platform::BareMetal, ha: false }));
    let mut desired = base.clone();
    with_node(&mut desired, "sql-1", |n| n.hardware.vcpus = Some(64));
    let metal = plan(&base, &desired, Catalogue::built_in());
    assert_eq!(costs(&metal), ["prepare-node:sql-1.example.net: outage"], "bare metal does not migrate");
    let noted = {
        let mut base = healthy();
        with_node(&mut base, "sql-1", |n| n.hardware.disk = None);
        plan(&base, &healthy(), Catalogue::built_in())
    };
    assert_eq!(noted.steps.len(), 1);
    assert_eq!(costs(&noted), Vec::<String>::new(), "a figure becomes known");
    let elsewhere = plan_of("es-1", |n| n.hardware.disk = Some(DiskKind::Hdd));
    assert_eq!(costs(&elsewhere), Vec::<String>::new());
}

#[test]
fn distributed_database_nodes_rebalance_once() {
    let grown = plan_to(|t| {
        for (host, byte, group) in [("ddb-5", 1, "ag-1"), ("ddb-6", 2, "ag-2")] {
            add(t, host, byte, role("distributed-database", &[("availability_group", group)]));
        }
    });
    assert_eq!(costs(&grown), ["rebalance:distributed-database: rebalance"]);
    assert_eq!(grown.risk, Risk::High);
    assert_eq!(grown.alternatives.len(), 1);
    assert!(grown.alternatives[0].text.starts_with("Grow memory instead"));
    let replaced = plan_to(|t| {
        drop_node(t, "ddb-1");
        add(t, "ddb-5", 1, role("distributed-database", &[("availability_group", "ag-1")]));
    });
    insta::assert_snapshot!(told(&replaced), @r#"
    prepare-node:ddb-5.example.net
    install-role:ddb-5.example.net:distributed-database <- prepare-node:ddb-5.example.net
    verify-role:ddb-5.example.net:distributed-database <- install-role:ddb-5.example.net:distributed-database
    drain-role:ddb-1.example.net:distributed-database <- verify-role:ddb-5.example.net:distributed-database
    rebalance:distributed-database <- verify-role:ddb-5.example.net:distributed-database, drain-role:ddb-1.example.net:distributed-database
    remove-role:ddb-1.example.net:distributed-database <- drain-role:ddb-1.example.net:distributed-database, rebalance:distributed-database
    retire-node:ddb-1.example.net <- remove-role:ddb-1.example.net:distributed-database
    "#);
    let regrouped = plan_to(|t| {
        t.availability_groups.push("ag-3".to_owned());
        for host in ["ddb-1", "ddb-2"] {
            with_node(t, host, |n| n.roles[0].settings = settings(&[("availability_group", "ag-3")]));
        }
    });
    assert_eq!(costs(&regrouped), ["rebalance:distributed-database: rebalance"]);
    assert!(
        position(&regrouped, "configure-role:group/ag-3:distributed-database")
            < position(&regrouped, "configure-role:ddb-1.example.net:distributed-database")
    );
    let first = plan(&Topology::empty("test"), &healthy(), Catalogue::built_in());
    assert!(first.steps.iter().all(|step| step.impact != Impact::Rebalance), "the role is not live yet");
}

#[test]
fn elasticsearch_nodes_reindex() {
    for plan in [plan_to(|t| add(t, "es-4", 1, role("elasticsearch", &[]))), plan_to(|t| drop_node(t, "es-3"))] {
        assert_eq!(costs(&plan), ["reindex:elasticsearch: reindex"]);
        assert_eq!(plan.risk, Risk::High);
    }
}

#[test]
fn a_group_left_with_one_node_loses_redundancy() {
    let lost = plan_to(|t| drop_node(t, "ddb-4"));
    assert_eq!(
        costs(&lost),
        [
            "rebalance:distributed-database: rebalance",
            "remove-role:ddb-4.example.net:distributed-database: redundancy-lost"
        ]
    );
    let moved = plan_of("ddb-4", |n| n.roles[0].settings = settings(&[("availability_group", "ag-1")]));
    assert_eq!(
        costs(&moved),
        [
            "configure-role:ddb-4.example.net:distributed-database: redundancy-lost",
            "rebalance:distributed-database: rebalance"
        ]
    );
    let all_gone = plan_to(|t| {
        drop_node(t, "ddb-3");
        drop_node(t, "ddb-4");
    });
    assert_eq!(costs(&all_gone), ["rebalance:distributed-database: rebalance"]);
}

#[test]
fn the_rest_costs_nothing() {
    let settings_only = plan_of("worker-1", |n| {
        n.roles[0].settings.insert("concurrency".to_owned(), crate::topology::SettingValue::Integer(8));
    });
    assert_eq!((costs(&settings_only), settings_only.risk), (Vec::new(), Risk::Low));
    let group_removed = {
        let mut base = healthy();
        base.availability_groups.push("spare".to_owned());
        plan(&base, &healthy(), Catalogue::built_in())
    };
    assert_eq!(told(&group_removed), "configure-role:group/spare:distributed-database");
    assert_eq!(group_removed.risk, Risk::Medium, "any removal");
    let service = plan_to(|t| t.services.clear());
    insta::assert_snapshot!(told(&service), @r#"
    drain-role:service/media:unstructured-storage
    remove-role:service/media:unstructured-storage <- drain-role:service/media:unstructured-storage
    "#);
}

#[test]
fn two_of_three_nodes_still_fail_over() {
    let mut base = healthy();
    add(&mut base, "ddb-5", 5, role("distributed-database", &[("availability_group", "ag-2")]));
    let left_with = |hosts: &[&str]| {
        let mut desired = base.clone();
        hosts.iter().for_each(|host| drop_node(&mut desired, host));
        costs(&plan(&base, &desired, Catalogue::built_in()))
    };
    let rebalance = "rebalance:distributed-database: rebalance";
    assert_eq!(left_with(&["ddb-5"]), [rebalance]);
    assert_eq!(
        left_with(&["ddb-4", "ddb-5"]),
        [
            rebalance,
            "remove-role:ddb-4.example.net:distributed-database: redundancy-lost",
            "remove-role:ddb-5.example.net:distributed-database: redundancy-lost",
        ]
    );
}

#[test]
fn other_settings_of_the_master_are_an_outage_and_of_a_slave_a_degradation() {
    let note = |node: &mut Node| {
        node.roles[0].settings.insert("note".to_owned(), crate::topology::SettingValue::Boolean(true));
    };
    assert_eq!(costs(&plan_of("sql-1", note)), ["configure-role:sql-1.example.net:sql: outage"]);
    let slave = plan_of("sql-2", note);
    assert_eq!(costs(&slave), ["configure-role:sql-2.example.net:sql: degraded"]);
    assert_eq!(slave.risk, Risk::Medium);
}
