//! Which step comes after which.

use super::*;

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
fn roles_that_depend_on_each_other_in_a_circle_still_give_a_plan() {
    let mut catalogue = Catalogue::built_in().clone();
    for role in &mut catalogue.roles {
        role.depends_on = vec!["web".into(), "sql".into(), "queue".into()];
    }
    let plan = plan(&Topology::empty("test"), &healthy(), &catalogue);
    properties::is_in_order(&plan).expect("in order");
}

#[test]
fn addresses_move_on_from_node_to_node() {
    let base = healthy();
    let address = |host: &str| base.node(&format!("{host}.example.net")).expect("there").private_ip;
    let mut desired = base.clone();
    with_node(&mut desired, "es-1", |node| node.private_ip = address("es-2"));
    with_node(&mut desired, "es-2", |node| node.private_ip = address("es-3"));
    with_node(&mut desired, "es-3", |node| node.private_ip = "10.0.9.9".parse().expect("an address"));
    let moved = plan(&base, &desired, Catalogue::built_in());
    let prepared: Vec<&str> =
        moved.steps.iter().filter(|step| step.kind == StepKind::PrepareNode).map(|step| step.id.as_str()).collect();
    assert_eq!(
        prepared,
        ["prepare-node:es-3.example.net", "prepare-node:es-2.example.net", "prepare-node:es-1.example.net"]
    );
    with_node(&mut desired, "es-3", |node| node.private_ip = address("es-1"));
    let circle = plan(&base, &desired, Catalogue::built_in());
    properties::is_in_order(&circle).expect("in order");
    let first = circle.steps.iter().filter(|s| s.kind == StepKind::PrepareNode && s.depends_on.is_empty());
    assert_eq!(first.count(), 1, "one of the circle has to be first");
}

#[test]
fn an_added_role_comes_after_the_layers_below_even_if_it_names_none() {
    let mut catalogue = Catalogue::built_in().clone();
    catalogue.version += 1;
    let mut billing = catalogue.role("sip").expect("built in").clone();
    billing.id = "billing".into();
    billing.depends_on.clear();
    catalogue.roles.insert(0, billing);
    let mut desired = healthy();
    add(&mut desired, "billing-1", 1, role("billing", &[]));
    let built = plan(&Topology::empty("test"), &desired, &catalogue);
    orderings::holds(&built, &Topology::empty("test"), &desired, &catalogue).expect("storage first");
    let install = position(&built, "install-role:billing-1.example.net:billing");
    assert!(install > position(&built, "verify-role:worker-1.example.net:worker"));
    assert!(install > position(&built, "verify-role:sql"));
    let taken_down = plan(&desired, &Topology::empty("test"), &catalogue);
    orderings::holds(&taken_down, &desired, &Topology::empty("test"), &catalogue).expect("storage last");
}
