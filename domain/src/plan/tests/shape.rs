//! Digest, JSON and texts.

use super::*;

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
