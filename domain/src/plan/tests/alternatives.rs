//! What is said beside a rebalance and a reindex.

use super::*;
use crate::topology::Hardware;

fn alternative(base: &Topology, desired: &Topology) -> String {
    let plan = plan(base, desired, Catalogue::built_in());
    let [alternative] = plan.alternatives.as_slice() else { panic!("one alternative, not {:?}", plan.alternatives) };
    assert!(plan.steps.iter().any(|step| step.id == alternative.step));
    alternative.text.clone()
}

/// Six database nodes of that memory in MiB, in two groups.
fn six(memory: [Option<u64>; 6]) -> Topology {
    let mut topology = Topology::empty("test");
    topology.availability_groups = vec!["ag-1".to_owned(), "ag-2".to_owned()];
    for (byte, memory_mib) in (1..).zip(memory) {
        database_node(&mut topology, byte, memory_mib);
    }
    topology
}

fn database_node(topology: &mut Topology, byte: u8, memory_mib: Option<u64>) {
    let group = if byte.is_multiple_of(2) { "ag-1" } else { "ag-2" };
    add(topology, &format!("ddb-{byte}"), byte, role("distributed-database", &[("availability_group", group)]));
    let node = topology.nodes.last_mut().expect("just added");
    node.hardware = Hardware { memory_mib, ..Hardware::default() };
}

fn with_more(base: &Topology, memory: &[Option<u64>]) -> Topology {
    let mut desired = base.clone();
    for (byte, &memory_mib) in (7..).zip(memory) {
        database_node(&mut desired, byte, memory_mib);
    }
    desired
}

#[test]
fn more_database_nodes_or_more_memory() {
    let base = six([Some(512); 6]);
    insta::assert_snapshot!(alternative(&base, &with_more(&base, &[Some(512); 3])), @"Grow memory instead: the 6 nodes that are there have 512 MiB each, 3,072 MiB together; 3 nodes of 512 MiB more would come to 4,608 MiB: giving each of the 6 nodes 768 MiB holds the same, and no data has to move.");
    insta::assert_snapshot!(alternative(&base, &with_more(&base, &[Some(1_000)])), @"Grow memory instead: the 6 nodes that are there have 512 MiB each, 3,072 MiB together; 1 node more would come to 4,072 MiB: giving each of the 6 nodes 679 MiB holds the same, and no data has to move.");
    let uneven = six([Some(512), Some(1_024), Some(512), Some(512), Some(512), Some(512)]);
    insta::assert_snapshot!(alternative(&uneven, &with_more(&uneven, &[Some(512)])), @"Grow memory instead: the 6 nodes that are there have 512 to 1,024 MiB each, 3,584 MiB together; 1 node more would come to 4,096 MiB: giving each of the 6 nodes 86 MiB more holds the same, and no data has to move.");
}

#[test]
fn unknown_memory_is_said_to_be_unknown() {
    let base = six([Some(512), None, None, Some(512), Some(512), Some(512)]);
    insta::assert_snapshot!(alternative(&base, &with_more(&base, &[Some(512)])), @"Grow memory instead: give the 6 nodes that are there more of it, and no data has to move. How much more memory that takes cannot be said: it is not known of 2 nodes.");
    let known = six([Some(512); 6]);
    insta::assert_snapshot!(alternative(&known, &with_more(&known, &[None])), @"Grow memory instead: give the 6 nodes that are there more of it, and no data has to move. How much more memory that takes cannot be said: it is not known of 1 node.");
}

#[test]
fn fewer_or_other_database_nodes() {
    let base = six([Some(512); 6]);
    let mut fewer = base.clone();
    fewer.nodes.truncate(5);
    insta::assert_snapshot!(alternative(&base, &fewer), @"Keep the nodes instead: the 6 nodes that are there have 512 MiB each, 3,072 MiB together; after the plan, 5 nodes would have 2,560 MiB: left as they are they hold as much, and no data has to move.");
    let mut replaced = fewer;
    database_node(&mut replaced, 9, Some(4_096));
    insta::assert_snapshot!(alternative(&base, &replaced), @"Grow memory instead: the 6 nodes that are there have 512 MiB each, 3,072 MiB together; after the plan, 6 nodes would have 6,656 MiB: giving each of the 6 nodes 1,110 MiB holds the same, and no data has to move.");
}

#[test]
fn more_search_nodes_or_more_hardware() {
    let base = healthy();
    let mut desired = base.clone();
    add(&mut desired, "es-4", 4, role("elasticsearch", &[]));
    insta::assert_snapshot!(alternative(&base, &desired), @"Grow the hardware instead: the 3 nodes that are there have 8 vCPUs, 65,536 MiB and 512 GiB each, 24 vCPUs, 196,608 MiB and 1,536 GiB together; 1 node of 8 vCPUs, 65,536 MiB and 512 GiB more would come to 32 vCPUs, 262,144 MiB and 2,048 GiB: giving each of the 3 nodes 11 vCPUs, 87,382 MiB and 683 GiB holds the same, and nothing has to be indexed again.");
    with_node(&mut desired, "es-4", |node| node.hardware.disk_gib = None);
    insta::assert_snapshot!(alternative(&base, &desired), @"Grow the hardware instead: the 3 nodes that are there have 8 vCPUs and 65,536 MiB each, 24 vCPUs and 196,608 MiB together; 1 node of 8 vCPUs and 65,536 MiB more would come to 32 vCPUs and 262,144 MiB: giving each of the 3 nodes 11 vCPUs and 87,382 MiB holds the same, and nothing has to be indexed again. How much more disk size that takes cannot be said: it is not known of 1 node.");
}
