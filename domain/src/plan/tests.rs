//! Order, impact, risk and digest of plans.

use super::*;
use crate::sample::{healthy, node, role, settings, with_node};
use crate::topology::{Container, DiskKind, Node, Platform};

mod properties;

fn plan_to(change: impl FnOnce(&mut Topology)) -> Plan {
    let base = healthy();
    let mut desired = base.clone();
    change(&mut desired);
    plan(&base, &desired, Catalogue::built_in())
}

fn plan_of(hostname: &str, change: impl FnOnce(&mut Node)) -> Plan {
    plan_to(|topology| with_node(topology, hostname, change))
}

/// A further node with that role.
fn add(topology: &mut Topology, hostname: &str, last_byte: u8, assignment: crate::topology::Assignment) {
    let mut node = node(&format!("{hostname}.example.net"), &format!("10.0.9.{last_byte}"));
    node.roles.push(assignment);
    topology.nodes.push(node);
}

fn drop_node(topology: &mut Topology, hostname: &str) {
    topology.nodes.retain(|node| node.hostname != format!("{hostname}.example.net"));
}

/// Steps that cost something, as `id: impact`.
fn costs(plan: &Plan) -> Vec<String> {
    let costly = plan.steps.iter().filter(|step| step.impact != Impact::None);
    costly.map(|step| format!("{}: {}", step.id, step.impact)).collect()
}

fn position(plan: &Plan, id: &str) -> usize {
    plan.steps.iter().position(|step| step.id == id).unwrap_or_else(|| panic!("{id} is in {:#?}", told(plan)))
}

fn told(plan: &Plan) -> String {
    let line = |step: &Step| match step.depends_on.is_empty() {
        true => step.id.clone(),
        false => format!("{} <- {}", step.id, step.depends_on.join(", ")),
    };
    plan.steps.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn equal_topologies_need_no_step() {
    let plan = plan_to(|topology| {
        topology.nodes.reverse();
        topology.nodes[0].id = Some("given later".to_owned());
    });
    assert_eq!(plan.steps, Vec::new());
    assert_eq!(plan.risk, Risk::Low);
}

#[test]
fn a_new_web_node() {
    let plan = plan_to(|t| add(t, "web-2", 1, role("web", &[("load_balancer", "lb")])));
    insta::assert_snapshot!(told(&plan), @r#"
    prepare-node:web-2.example.net
    install-role:web-2.example.net:web <- prepare-node:web-2.example.net
    verify-role:web-2.example.net:web <- install-role:web-2.example.net:web
    "#);
    assert_eq!(plan.risk, Risk::Low);
}

#[test]
fn a_first_topology_is_built_from_storage_up() {
    let desired = healthy();
    let plan = plan(&Topology::empty("test"), &desired, Catalogue::built_in());
    let first = |role: &str| {
        plan.steps
            .iter()
            .position(|s| s.kind == StepKind::InstallRole && s.role == Some(role.into()))
            .expect("installed")
    };
    let last_verified = |role: &str| {
        plan.steps
            .iter()
            .rposition(|s| s.kind == StepKind::VerifyRole && s.role == Some(role.into()))
            .expect("verified")
    };
    for (above, below) in
        [("controller", "sql"), ("queue", "elasticsearch"), ("web", "worker"), ("pbx", "unstructured-storage")]
    {
        assert!(first(above) > last_verified(below), "{above} after {below}");
    }
    assert_eq!(plan.risk, Risk::High, "replication is set up by hand");
    let whole = plan.steps.iter().find(|step| step.id == "verify-role:elasticsearch").expect("as a whole");
    assert_eq!(whole.depends_on.len(), 3);
}

#[test]
fn a_replaced_node_goes_after_its_replacement_is_verified() {
    let plan = plan_to(|t| {
        drop_node(t, "queue-1");
        add(t, "queue-2", 1, role("queue", &[]));
    });
    insta::assert_snapshot!(told(&plan), @r#"
    prepare-node:queue-2.example.net
    install-role:queue-2.example.net:queue <- prepare-node:queue-2.example.net
    verify-role:queue-2.example.net:queue <- install-role:queue-2.example.net:queue
    drain-role:queue-1.example.net:queue <- verify-role:queue-2.example.net:queue
    remove-role:queue-1.example.net:queue <- drain-role:queue-1.example.net:queue
    retire-node:queue-1.example.net <- remove-role:queue-1.example.net:queue
    "#);
    assert_eq!(plan.risk, Risk::Medium);
}

#[test]
fn removals_go_from_functionality_down() {
    let plan = plan(&healthy(), &Topology::empty("test"), Catalogue::built_in());
    let last_removed = |role: &str| {
        plan.steps.iter().rposition(|s| s.kind == StepKind::RemoveRole && s.role == Some(role.into())).expect("removed")
    };
    let first_drained = |role: &str| {
        plan.steps.iter().position(|s| s.kind == StepKind::DrainRole && s.role == Some(role.into())).expect("drained")
    };
    assert!(last_removed("web") < first_drained("controller"));
    assert!(last_removed("worker") < first_drained("distributed-database"));
    assert!(plan.steps.iter().all(|step| step.kind != StepKind::Rebalance), "nothing is left to hold the data");
}

#[test]
fn a_node_that_takes_a_place_waits_until_it_is_free() {
    let base = healthy();
    let mut desired = base.clone();
    with_node(&mut desired, "ddb-4", |node| node.hostname = "ddb-9.example.net".to_owned());
    let plan = plan(&base, &desired, Catalogue::built_in());
    assert!(
        position(&plan, "retire-node:ddb-4.example.net") < position(&plan, "prepare-node:ddb-9.example.net"),
        "they share an address"
    );
}

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
fn master_and_slave_change_places_one_after_the_other() {
    let swapped = plan_to(|t| {
        with_node(t, "sql-1", |n| n.roles[0].settings = settings(&[("replication", "slave")]));
        with_node(t, "sql-2", |n| n.roles[0].settings = settings(&[("replication", "master")]));
    });
    insta::assert_snapshot!(told(&swapped), @r#"
    configure-role:sql-1.example.net:sql
    configure-role:sql-2.example.net:sql <- configure-role:sql-1.example.net:sql
    manual:sql-2.example.net:sql <- configure-role:sql-2.example.net:sql
    verify-role:sql-2.example.net:sql <- manual:sql-2.example.net:sql
    manual:sql-1.example.net:sql <- configure-role:sql-1.example.net:sql, verify-role:sql-2.example.net:sql
    verify-role:sql-1.example.net:sql <- manual:sql-1.example.net:sql
    "#);
    assert_eq!(
        costs(&swapped),
        [
            "configure-role:sql-1.example.net:sql: outage",
            "configure-role:sql-2.example.net:sql: degraded",
            "manual:sql-2.example.net:sql: manual",
            "manual:sql-1.example.net:sql: manual",
        ]
    );
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
fn the_digest_moves_with_an_effect_and_with_nothing_else() {
    let digest = |change: &dyn Fn(&mut Topology)| plan_to(|t| change(t)).digest;
    let add_web = |t: &mut Topology| add(t, "web-2", 1, role("web", &[("load_balancer", "lb")]));
    let same = digest(&add_web);
    assert_eq!(
        same,
        digest(&|t| {
            add_web(t);
            t.nodes.reverse();
        })
    );
    let others = [
        digest(&|_| {}),
        digest(&|t| add(t, "web-2", 1, role("web", &[("load_balancer", "other")]))),
        digest(&|t| add(t, "web-2", 2, role("web", &[("load_balancer", "lb")]))),
        digest(&|t| {
            add_web(t);
            t.nodes.last_mut().expect("just added").hardware.vcpus = Some(3);
        }),
        digest(&|t| {
            add_web(t);
            t.environment = "other".to_owned();
        }),
    ];
    assert!(others.iter().all(|other| *other != same));
    let mut newer = Catalogue::built_in().clone();
    newer.version += 1;
    let mut desired = healthy();
    add_web(&mut desired);
    assert_ne!(plan(&healthy(), &desired, &newer).digest, same);
}

#[test]
fn the_json_shape_has_nulls() {
    let json = plan_to(|t| t.services[0].settings = settings(&[("backend", "nfs"), ("path", "/x")])).to_json();
    insta::assert_snapshot!(serde_json::to_string_pretty(&json["steps"]).expect("serialises"), @r#"
    [
      {
        "depends_on": [],
        "id": "configure-role:service/media:unstructured-storage",
        "impact": "none",
        "kind": "configure-role",
        "node": null,
        "role": "unstructured-storage",
        "service": "media"
      },
      {
        "depends_on": [
          "configure-role:service/media:unstructured-storage"
        ],
        "id": "verify-role:service/media:unstructured-storage",
        "impact": "none",
        "kind": "verify-role",
        "node": null,
        "role": "unstructured-storage",
        "service": "media"
      }
    ]
    "#);
    assert_eq!(json["risk"], "low");
    assert_eq!(json["digest"].as_str().map(str::len), Some(64));
}

#[test]
fn a_dry_run_names_what_it_looks_at() {
    let plan = plan_to(|t| add(t, "sql-3", 1, role("sql", &[("replication", "slave")])));
    let lines: Vec<String> = plan.steps.iter().flat_map(|step| dry_run_log(step, Catalogue::built_in())).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    dry run: Prepare node sql-3.example.net (10.0.9.1); no machine is touched
    depends on no other step
    would expect no other machine at 10.0.9.1
    would reach sql-3.example.net at 10.0.9.1
    would expect it at the site dc1
    would expect the container vmware, HA
    would expect at least 8 vCPUs, 65536 MiB, nvme, 512 GiB, 50000 IOPS
    dry run: Install SQL on sql-3.example.net (replication: slave); no machine is touched
    depends on prepare-node:sql-3.example.net, which succeeded
    would reach sql-3.example.net at 10.0.9.1
    would set replication to slave
    network: private address only
    SQL depends on no other role
    dry run: Set up replication of SQL from sql-1.example.net to sql-3.example.net by hand; no machine is touched
    depends on install-role:sql-3.example.net:sql, which succeeded
    would reach sql-3.example.net at 10.0.9.1
    a person has to confirm the checklist
    checklist: Take a consistent copy of the data on sql-1.example.net and note its position in the binary log.
    checklist: Restore the copy on sql-3.example.net (10.0.9.1).
    checklist: On sql-3.example.net, give the server an id of its own and make it read-only.
    checklist: Start replication on sql-3.example.net from sql-1.example.net at the noted position.
    checklist: Check that replication runs without errors and that sql-3.example.net has caught up.
    dry run: Verify SQL on sql-3.example.net; no machine is touched
    depends on manual:sql-3.example.net:sql, which succeeded
    would reach sql-3.example.net at 10.0.9.1
    would expect replication to be slave
    SQL depends on no other role
    "#);
}

#[test]
fn roles_that_depend_on_each_other_in_a_circle_still_give_a_plan() {
    let mut catalogue = Catalogue::built_in().clone();
    for role in &mut catalogue.roles {
        role.depends_on = vec!["web".into(), "sql".into(), "queue".into()];
    }
    let plan = plan(&Topology::empty("test"), &healthy(), &catalogue);
    properties::is_in_order(&plan).expect("in order");
}
