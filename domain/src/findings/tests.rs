//! Each rule: what triggers it, and what just does not.

use super::*;
use crate::sample::{self, healthy, node, role, with_node};
use crate::topology::{Container, DiskKind, Platform, SettingValue};

mod own_role;
mod properties;

/// The subjects at which a rule is broken, as `kind name`.
fn found(topology: &Topology, rule: RuleId) -> Vec<String> {
    check(topology, Catalogue::built_in())
        .into_iter()
        .filter(|finding| finding.rule == rule)
        .map(|finding| format!("{} {}", finding.subject.kind(), finding.subject.name()))
        .collect()
}

fn changed(change: impl FnOnce(&mut Topology)) -> Topology {
    let mut topology = healthy();
    change(&mut topology);
    topology
}

/// A healthy topology with one node changed.
fn with(hostname: &str, change: impl FnOnce(&mut Node)) -> Topology {
    changed(|topology| with_node(topology, hostname, change))
}

fn set_role(node: &mut Node, name: &str, value: &str) {
    node.roles[0].settings.insert(name.to_owned(), SettingValue::Text(value.to_owned()));
}

/// A further node with that role.
fn add(topology: &mut Topology, hostname: &str, last_byte: u8, assignment: crate::topology::Assignment) {
    let mut node = node(&format!("{hostname}.example.net"), &format!("10.0.9.{last_byte}"));
    node.roles.push(assignment);
    topology.nodes.push(node);
}

#[test]
fn the_healthy_sample_has_no_finding() {
    assert_eq!(check(&healthy(), Catalogue::built_in()), Vec::new());
}

#[test]
fn rule_ids_lead_back() {
    assert_eq!(RuleId::ALL.len(), 32);
    for &rule in RuleId::ALL {
        assert_eq!(rule.as_str().parse(), Ok(rule));
        assert_eq!(serde_json::to_value(rule).expect("serialises"), rule.as_str());
        assert!(rule.why().ends_with('.'));
    }
}

#[test]
fn role_too_few() {
    let broken = changed(|t| t.nodes.retain(|node| node.assignment("queue").is_none()));
    assert_eq!(found(&broken, RuleId::RoleTooFew), ["role queue"]);
    let one_ddb = changed(|t| t.nodes.retain(|n| !n.hostname.starts_with("ddb") || n.hostname.starts_with("ddb-1")));
    assert_eq!(found(&one_ddb, RuleId::RoleTooFew), ["role distributed-database"]);
    let no_service = changed(|t| t.services.clear());
    assert_eq!(found(&no_service, RuleId::RoleTooFew), ["role unstructured-storage"]);
    assert_eq!(found(&Topology::empty("x"), RuleId::RoleTooFew).len(), 10);
}

#[test]
fn role_too_many() {
    let two = changed(|t| add(t, "controller-2", 1, role("controller", &[])));
    assert_eq!(found(&two, RuleId::RoleTooMany), ["role controller"]);
    let fixes = &check(&two, Catalogue::built_in())[0].fixes;
    assert_eq!(fixes.len(), 2, "either can go");
    assert_eq!(found(&healthy(), RuleId::RoleTooMany), Vec::<String>::new());
}

#[test]
fn role_settings() {
    let rule = RuleId::RoleSettings;
    let message = |topology: &Topology| {
        check(topology, Catalogue::built_in()).into_iter().find(|f| f.rule == rule).map(|f| f.message)
    };
    let missing = with("sql-2", |n| n.roles[0].settings.clear());
    assert_eq!(found(&missing, rule), ["instance sql-2.example.net/sql"]);
    assert_eq!(message(&missing).as_deref(), Some("replication is missing; it is master or slave."));
    let other = with("sql-2", |n| set_role(n, "replication", "both"));
    assert_eq!(message(&other).as_deref(), Some("replication is both; it has to be master or slave."));
    let text = with("worker-1", |n| set_role(n, "concurrency", "many"));
    assert_eq!(message(&text).as_deref(), Some("concurrency is many; it has to be a whole number from 1 to 1024."));
    let number = |n| {
        with("worker-1", |node| {
            node.roles[0].settings.insert("concurrency".to_owned(), SettingValue::Integer(n));
        })
    };
    assert_eq!(found(&number(0), rule), ["instance worker-1.example.net/worker"]);
    assert!(found(&number(8), rule).is_empty());

    let s3_on_node = changed(|t| {
        let settings = t.services[0].settings.clone();
        add(t, "files", 1, crate::topology::Assignment { role: "unstructured-storage".into(), settings });
    });
    assert_eq!(found(&s3_on_node, rule), ["instance files.example.net/unstructured-storage"]);
    let posix_service = changed(|t| t.services[0].settings = sample::settings(&[("backend", "posix"), ("path", "/x")]));
    assert_eq!(found(&posix_service, rule), ["instance media/unstructured-storage"]);
    let nfs_service = changed(|t| t.services[0].settings = sample::settings(&[("backend", "nfs"), ("path", "/x")]));
    assert!(found(&nfs_service, rule).is_empty());
    let no_path = changed(|t| t.services[0].settings = sample::settings(&[("backend", "nfs")]));
    assert_eq!(message(&no_path).as_deref(), Some("path is missing; it is a path."));
    let queue_service = changed(|t| t.services[0].role = "queue".into());
    assert_eq!(found(&queue_service, rule), ["instance media/queue"]);
    let no_group = with("ddb-1", |n| n.roles[0].settings.clear());
    assert!(found(&no_group, rule).is_empty(), "that is ddb.no-group");
}

#[test]
fn node_duplicate_hostname() {
    let broken = changed(|t| {
        let mut other = node("SQL-1.example.net", "10.0.9.1");
        other.roles.push(role("queue", &[]));
        t.nodes.push(other);
    });
    let rule = RuleId::NodeDuplicateHostname;
    assert_eq!(found(&broken, rule), ["node SQL-1.example.net", "node sql-1.example.net"]);
    assert!(found(&healthy(), rule).is_empty());
}

#[test]
fn node_duplicate_address() {
    let rule = RuleId::NodeDuplicateAddress;
    let private = with("sql-2", |n| n.private_ip = "10.0.0.1".parse().expect("an address"));
    assert_eq!(found(&private, rule), ["node sql-1.example.net", "node sql-2.example.net"]);
    let mapped = with("sql-2", |n| n.private_ip = "::ffff:10.0.0.1".parse().expect("an address"));
    assert_eq!(found(&mapped, rule).len(), 2);
    let public = changed(|t| {
        let address = t.nodes.iter().find_map(|n| n.public_ip);
        t.nodes.iter_mut().filter(|n| n.public_ip.is_some()).for_each(|n| n.public_ip = address);
    });
    assert_eq!(found(&public, rule).len(), 3);
    let across = with("web-1", |n| n.public_ip = Some("10.0.0.1".parse().expect("an address")));
    assert!(found(&across, rule).is_empty(), "private against public is no clash");
}

#[test]
fn node_idle() {
    let broken = changed(|t| t.nodes.push(node("spare.example.net", "10.0.9.1")));
    assert_eq!(found(&broken, RuleId::NodeIdle), ["node spare.example.net"]);
    assert!(found(&healthy(), RuleId::NodeIdle).is_empty());
}

#[test]
fn net_public_required() {
    let rule = RuleId::NetPublicRequired;
    for (hostname, subject) in [("web-1", "web"), ("sip-1", "sip"), ("pbx-1", "pbx")] {
        let broken = with(hostname, |n| n.public_ip = None);
        assert_eq!(found(&broken, rule), [format!("instance {hostname}.example.net/{subject}")]);
    }
    let balanced = with("web-1", |n| {
        n.public_ip = None;
        set_role(n, "load_balancer", "lb.example.net");
    });
    assert!(found(&balanced, rule).is_empty());
    let blank = with("web-1", |n| {
        n.public_ip = None;
        set_role(n, "load_balancer", " ");
    });
    assert_eq!(found(&blank, rule).len(), 1);
}

#[test]
fn net_public_exposed() {
    let rule = RuleId::NetPublicExposed;
    let open = |n: &mut Node| n.public_ip = Some("203.0.113.99".parse().expect("an address"));
    assert_eq!(found(&with("queue-1", open), rule), ["instance queue-1.example.net/queue"]);
    assert!(found(&with("controller-1", open), rule).is_empty(), "the controller may have one");
}

#[test]
fn sql_masters() {
    let none = with("sql-1", |n| set_role(n, "replication", "slave"));
    assert_eq!(found(&none, RuleId::SqlNoMaster), ["role sql"]);
    assert!(found(&healthy(), RuleId::SqlNoMaster).is_empty());
    let no_sql = changed(|t| t.nodes.retain(|n| n.assignment("sql").is_none()));
    assert!(found(&no_sql, RuleId::SqlNoMaster).is_empty(), "that is role.too-few");
    let many = with("sql-2", |n| set_role(n, "replication", "master"));
    assert_eq!(found(&many, RuleId::SqlManyMasters), ["role sql"]);
    assert!(found(&healthy(), RuleId::SqlManyMasters).is_empty());
    let neither = with("sql-1", |n| n.roles[0].settings.clear());
    assert_eq!(found(&neither, RuleId::SqlNoMaster), ["role sql"]);
}

#[test]
fn sql_master_not_ha() {
    let rule = RuleId::SqlMasterNotHa;
    let on = |container| with("sql-1", |n| n.container = container);
    for lacking in [
        None,
        Some(Container { platform: Platform::Kvm, ha: false }),
        Some(Container { platform: Platform::BareMetal, ha: true }),
    ] {
        assert_eq!(found(&on(lacking), rule), ["node sql-1.example.net"]);
    }
    assert!(found(&on(Some(Container { platform: Platform::Cloud, ha: true })), rule).is_empty());
    assert!(found(&with("sql-2", |n| n.container = None), rule).is_empty(), "a slave may be anywhere");
}

#[test]
fn sql_too_many_slaves() {
    let slaves = |count: u8| {
        changed(|t| (2..=count).for_each(|i| add(t, &format!("sql-x{i}"), i, role("sql", &[("replication", "slave")]))))
    };
    assert!(found(&slaves(4), RuleId::SqlTooManySlaves).is_empty());
    assert_eq!(found(&slaves(5), RuleId::SqlTooManySlaves), ["role sql"]);
}

#[test]
fn sql_master_weaker() {
    let rule = RuleId::SqlMasterWeaker;
    let master = |change: fn(&mut Node)| found(&with("sql-1", change), rule);
    assert_eq!(master(|n| n.hardware.memory_mib = Some(65_535)), ["node sql-1.example.net"]);
    assert_eq!(master(|n| n.hardware.disk = Some(DiskKind::Ssd)), ["node sql-1.example.net"]);
    assert_eq!(master(|n| n.hardware.iops = Some(49_999)), ["node sql-1.example.net"]);
    assert!(master(|n| n.hardware.memory_mib = None).is_empty(), "only known figures are compared");
    assert!(master(|n| n.hardware.vcpus = Some(1)).is_empty());
    let slower_kind = with("sql-2", |n| {
        n.hardware.disk = Some(DiskKind::Ssd);
        n.hardware.iops = Some(90_000);
    });
    assert!(found(&slower_kind, rule).is_empty(), "IOPS count for the same kind only");
}

#[test]
fn sql_disks() {
    let slow = with("sql-2", |n| n.hardware.disk = Some(DiskKind::Hdd));
    assert_eq!(found(&slow, RuleId::SqlSlowDisk), ["node sql-2.example.net"]);
    assert!(found(&with("es-1", |n| n.hardware.disk = Some(DiskKind::Hdd)), RuleId::SqlSlowDisk).is_empty());
    let rule = RuleId::SqlUnknownDisk;
    assert_eq!(found(&with("sql-2", |n| n.hardware.disk = None), rule), ["node sql-2.example.net"]);
    assert_eq!(found(&with("sql-2", |n| n.hardware.iops = None), rule), ["node sql-2.example.net"]);
    assert!(found(&with("sql-2", |n| n.hardware.disk_gib = None), rule).is_empty());
}

#[test]
fn ddb_membership() {
    let none = with("ddb-1", |n| n.roles[0].settings.clear());
    assert_eq!(found(&none, RuleId::DdbNoGroup), ["node ddb-1.example.net"]);
    let empty = with("ddb-1", |n| set_role(n, "availability_group", ""));
    assert_eq!(found(&empty, RuleId::DdbNoGroup), ["node ddb-1.example.net"]);
    let unknown = with("ddb-1", |n| set_role(n, "availability_group", "ag-9"));
    assert_eq!(found(&unknown, RuleId::DdbUnknownGroup), ["node ddb-1.example.net"]);
    assert!(found(&unknown, RuleId::DdbNoGroup).is_empty());
    assert!(found(&healthy(), RuleId::DdbUnknownGroup).is_empty());
}

#[test]
fn ddb_groups() {
    let single = changed(|t| {
        for n in ["ddb-3", "ddb-4"] {
            with_node(t, n, |n| set_role(n, "availability_group", "ag-1"));
        }
    });
    assert_eq!(found(&single, RuleId::DdbSingleGroup), ["role distributed-database"]);
    assert_eq!(found(&single, RuleId::DdbEmptyGroup), ["group ag-2"]);
    assert!(found(&single, RuleId::DdbUnequalGroups).is_empty());
    assert!(found(&healthy(), RuleId::DdbSingleGroup).is_empty());
    assert!(found(&healthy(), RuleId::DdbEmptyGroup).is_empty());
    let lost = changed(|t| {
        for n in ["ddb-3", "ddb-4"] {
            with_node(t, n, |n| set_role(n, "availability_group", "ag-9"));
        }
    });
    assert_eq!(found(&lost, RuleId::DdbSingleGroup).len(), 1, "those in unknown groups do not count");

    let unequal = with("ddb-3", |n| set_role(n, "availability_group", "ag-1"));
    assert_eq!(found(&unequal, RuleId::DdbUnequalGroups), ["role distributed-database"]);
    assert_eq!(found(&unequal, RuleId::DdbGroupTooSmall), ["group ag-2"]);
    assert!(found(&healthy(), RuleId::DdbUnequalGroups).is_empty());
    assert!(found(&healthy(), RuleId::DdbGroupTooSmall).is_empty());

    let grown = |count: u8| {
        changed(|t| {
            for i in 3..=count {
                add(t, &format!("ddb-x{i}"), i, role("distributed-database", &[("availability_group", "ag-1")]));
            }
        })
    };
    assert!(found(&grown(4), RuleId::DdbGroupTooLarge).is_empty());
    assert_eq!(found(&grown(5), RuleId::DdbGroupTooLarge), ["group ag-1"]);
}

#[test]
fn few_nodes() {
    let three = changed(|t| t.nodes.retain(|n| !n.hostname.starts_with("ddb-4")));
    assert_eq!(found(&three, RuleId::DdbFewNodes), ["role distributed-database"]);
    assert!(found(&healthy(), RuleId::DdbFewNodes).is_empty());
    let none = changed(|t| t.nodes.retain(|n| !n.hostname.starts_with("ddb")));
    assert!(found(&none, RuleId::DdbFewNodes).is_empty(), "that is role.too-few");
    let two = changed(|t| t.nodes.retain(|n| !n.hostname.starts_with("es-3")));
    assert_eq!(found(&two, RuleId::EsFewNodes), ["role elasticsearch"]);
    assert!(found(&healthy(), RuleId::EsFewNodes).is_empty());
}

#[test]
fn ddb_low_memory() {
    let memory = |mib| with("ddb-1", |n| n.hardware.memory_mib = mib);
    assert_eq!(found(&memory(Some(511)), RuleId::DdbLowMemory), ["node ddb-1.example.net"]);
    assert!(found(&memory(Some(512)), RuleId::DdbLowMemory).is_empty());
    assert!(found(&memory(None), RuleId::DdbLowMemory).is_empty());
}

#[test]
fn storage_on_file_systems() {
    let on = |backend: &str, capacity: i64| {
        changed(|t| {
            t.services.clear();
            add(t, "files", 1, role("unstructured-storage", &[("backend", backend), ("path", "/srv")]));
            let settings = &mut t.nodes.last_mut().expect("just added").roles[0].settings;
            settings.insert("capacity_gib".to_owned(), SettingValue::Integer(capacity));
        })
    };
    let subject = ["instance files.example.net/unstructured-storage"];
    for backend in ["posix", "nfs"] {
        assert_eq!(found(&on(backend, 1), RuleId::StoragePreferObject), subject);
        assert_eq!(found(&on(backend, 10_240), RuleId::StorageLargePosix), subject);
        assert!(found(&on(backend, 10_239), RuleId::StorageLargePosix).is_empty());
    }
    assert!(found(&healthy(), RuleId::StoragePreferObject).is_empty());
    assert_eq!(found(&on("posix", 1), RuleId::StorageNotShared), subject);
    assert!(found(&on("nfs", 1), RuleId::StorageNotShared).is_empty());
    let mut together = on("posix", 1);
    together.nodes.retain(|n| n.public_ip.is_none());
    add(&mut together, "all", 2, role("web", &[]));
    together.nodes.last_mut().expect("just added").roles.extend([role("sip", &[]), role("pbx", &[])]);
    assert!(found(&together, RuleId::StorageNotShared).is_empty(), "one node shares with nobody");
}

#[test]
fn storage_bad_endpoint() {
    let rule = RuleId::StorageBadEndpoint;
    let set = |name: &str, value: &str| {
        changed(|t| {
            t.services[0].settings.insert(name.to_owned(), SettingValue::Text(value.to_owned()));
        })
    };
    let subject = ["instance media/unstructured-storage"];
    assert_eq!(found(&set("endpoint", "s3.example.net"), rule), subject);
    assert_eq!(found(&set("endpoint", "ftp://s3.example.net"), rule), subject);
    assert_eq!(found(&set("bucket", ""), rule), subject);
    assert!(found(&set("endpoint", "http://10.0.0.1:9000"), rule).is_empty());
    let missing = changed(|t| {
        t.services[0].settings.remove("bucket");
    });
    assert!(found(&missing, rule).is_empty(), "that is role.settings");
}

#[test]
fn setup_large() {
    let of = |count: u8| {
        let mut topology = Topology::empty("big");
        topology.nodes = (0..count).map(|i| node(&format!("n{i}"), &format!("10.0.0.{i}"))).collect();
        topology
    };
    assert!(found(&of(49), RuleId::SetupLarge).is_empty());
    assert_eq!(found(&of(50), RuleId::SetupLarge), ["topology big"]);
}

#[test]
fn sorted_and_counted_and_serialised() {
    let broken = changed(|t| {
        with_node(t, "queue-1", |n| n.public_ip = Some("203.0.113.99".parse().expect("an address")));
        with_node(t, "sql-1", |n| n.container = None);
        t.availability_groups.push("ag-3".to_owned());
    });
    let findings = check(&broken, Catalogue::built_in());
    let severities: Vec<Severity> = findings.iter().map(|finding| finding.severity).collect();
    assert_eq!(severities, [Severity::Blocker, Severity::Warning, Severity::Advice]);
    assert_eq!(summary(&findings), Summary { blocker: 1, warning: 1, advice: 1 });
    assert_eq!(findings[0].role, Some(RoleId::from("sql")));
    insta::assert_snapshot!(serde_json::to_string_pretty(&to_json(&findings[2..])).expect("serialises"), @r#"
    {
      "findings": [
        {
          "fixes": [
            {
              "edits": [
                {
                  "kind": "remove-group",
                  "name": "ag-3"
                }
              ],
              "label": "Remove the group ag-3"
            }
          ],
          "message": "ag-3 has no node.",
          "rule": "ddb.empty-group",
          "severity": "advice",
          "subject": {
            "kind": "group",
            "name": "ag-3"
          },
          "why": "An empty group is either forgotten or not yet filled."
        }
      ],
      "summary": {
        "advice": 1,
        "blocker": 0,
        "warning": 0
      }
    }
    "#);
}
