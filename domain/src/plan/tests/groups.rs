//! Availability groups that get another name.

use super::*;

fn renamed(to: &str, change: impl FnOnce(&mut Topology)) -> Plan {
    plan_to(|topology| {
        topology.availability_groups[0] = to.to_owned();
        for host in ["ddb-1", "ddb-2"] {
            with_node(topology, host, |node| node.roles[0].settings = settings(&[("availability_group", to)]));
        }
        change(topology);
    })
}

#[test]
fn a_renamed_group_moves_no_data() {
    let plan = renamed("left", |_| {});
    assert_eq!(told(&plan), "configure-role:group/left:distributed-database");
    assert_eq!((costs(&plan), plan.risk), (Vec::new(), Risk::Low));
    let [step] = plan.steps.as_slice() else { panic!("one step") };
    assert_eq!(step.effect, Effect::GroupRenamed { from: "ag-1".to_owned(), to: "left".to_owned() });
    assert_eq!(step.describe(Catalogue::built_in()), "Rename availability group ag-1 to left");
    assert_ne!(plan.digest, renamed("right", |_| {}).digest);
}

#[test]
fn both_groups_can_get_another_name_at_once() {
    let plan = renamed("east", |topology| {
        topology.availability_groups[1] = "west".to_owned();
        for host in ["ddb-3", "ddb-4"] {
            with_node(topology, host, |node| node.roles[0].settings = settings(&[("availability_group", "west")]));
        }
    });
    assert_eq!(
        told(&plan),
        "configure-role:group/east:distributed-database\nconfigure-role:group/west:distributed-database"
    );
}

#[test]
fn a_node_of_a_renamed_group_can_change_in_itself() {
    let plan =
        renamed("left", |topology| with_node(topology, "ddb-1", |node| node.hardware.memory_mib = Some(131_072)));
    insta::assert_snapshot!(told(&plan), @r#"
    configure-role:group/left:distributed-database
    prepare-node:ddb-1.example.net
    verify-role:ddb-1.example.net:distributed-database <- configure-role:group/left:distributed-database, prepare-node:ddb-1.example.net
    "#);
    assert_eq!(costs(&plan), Vec::<String>::new());
}

#[test]
fn other_members_are_another_group() {
    let joined = |topology: &mut Topology| {
        with_node(topology, "ddb-3", |node| node.roles[0].settings = settings(&[("availability_group", "left")]));
    };
    let stayed = |topology: &mut Topology| {
        with_node(topology, "ddb-2", |node| node.roles[0].settings = settings(&[("availability_group", "ag-1")]));
    };
    let replaced = |topology: &mut Topology| {
        drop_node(topology, "ddb-2");
        add(topology, "ddb-9", 9, role("distributed-database", &[("availability_group", "left")]));
    };
    let kept = |topology: &mut Topology| topology.availability_groups.push("ag-1".to_owned());
    for plan in [renamed("left", joined), renamed("left", stayed), renamed("left", replaced), renamed("left", kept)] {
        assert!(costs(&plan).contains(&"rebalance:distributed-database: rebalance".to_owned()), "{}", told(&plan));
    }
}

#[test]
fn a_group_goes_after_its_data_has_moved() {
    let plan = plan_to(|topology| {
        topology.availability_groups.retain(|group| group != "ag-2");
        for host in ["ddb-3", "ddb-4"] {
            with_node(topology, host, |node| node.roles[0].settings = settings(&[("availability_group", "ag-1")]));
        }
    });
    assert!(
        position(&plan, "rebalance:distributed-database")
            < position(&plan, "configure-role:group/ag-2:distributed-database")
    );
}
