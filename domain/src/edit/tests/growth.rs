//! Work grows in line with size (requirements, section 11): sixteen times the edits over sixteen times the topology cost
//! some sixteen times as much. What looked through a list for each edit would cost 256 times as much.

use std::hint::black_box;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::catalogue::Catalogue;
use crate::edit::bulk;
use crate::edit::{Edit, apply_all, between, carry_all, named, replay};
use crate::findings::check;
use crate::sample;
use crate::topology::{Service, SettingValue, Settings, Topology};

const SMALL: usize = 500;
const TIMES: usize = 16;
/// Between 16 and 256, and far from both: caches make small things quicker than large ones.
const BOUND: f64 = 90.0;

/// What this thread has had of a processor so far, whatever else the machine is busy with.
fn worked() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}

/// The best of three, which the rest of the machine disturbs least.
fn best(run: impl Fn()) -> Duration {
    let timed = || {
        let start = worked();
        run();
        worked() - start
    };
    (0..3).map(|_| timed()).min().unwrap_or_default()
}

fn grows_in_line<T>(what: &str, prepare: impl Fn(usize) -> T, run: impl Fn(&T)) {
    let (small, large) = (prepare(SMALL), prepare(SMALL * TIMES));
    let (small, large) = (best(|| run(&small)), best(|| run(&large)));
    let ratio = large.as_secs_f64() / small.as_secs_f64().max(1e-6);
    assert!(ratio < BOUND, "{what}: {TIMES} times as much took {ratio:.0} times as long ({small:?}, {large:?})");
}

fn member(number: usize, group: &str) -> crate::topology::Node {
    let mut node = sample::node(&format!("n{number}.example.net"), "10.0.0.1");
    node.private_ip = std::net::Ipv4Addr::from_bits(0x0a00_0000 + u32::try_from(number).unwrap_or(0)).into();
    node.roles.push(sample::role("distributed-database", &[("availability_group", group)]));
    node
}

/// As many nodes as groups, one in each, and twice the same hostname: no name may be taken for unique.
fn grouped(size: usize) -> Topology {
    let mut topology = Topology::empty("lab");
    topology.availability_groups = (0..size).map(|number| format!("g{number}")).collect();
    topology.nodes = (0..size).map(|number| member(number, &format!("g{number}"))).collect();
    topology.nodes.push(member(0, "g0"));
    topology
}

fn applied(topology: &Topology, edits: &[Edit]) {
    black_box(replay(topology, edits, Catalogue::built_in()).expect("the edits fit"));
}

#[test]
fn groups_are_added_renamed_and_removed() {
    let add = |size: usize| -> Vec<Edit> { (0..size).map(|n| Edit::AddGroup { name: format!("g{n}") }).collect() };
    grows_in_line("add", add, |edits| applied(&Topology::empty("lab"), edits));
    let rename = |size: usize| {
        let edits: Vec<Edit> =
            (0..size).map(|n| Edit::RenameGroup { from: format!("g{n}"), to: format!("h{n}") }).collect();
        (grouped(size), edits)
    };
    grows_in_line("rename", rename, |(topology, edits)| applied(topology, edits));
    grows_in_line("rename, with the way back", rename, |(topology, edits)| {
        black_box(apply_all(&mut topology.clone(), edits.iter(), Catalogue::built_in()).expect("the edits fit"));
    });
    grows_in_line("rename, carried", rename, |(topology, edits)| {
        let seen = named(topology, edits);
        black_box(carry_all(edits, seen, &mut topology.clone(), Catalogue::built_in()).expect("the edits fit"));
    });
    let remove = |size: usize| {
        let edits: Vec<Edit> = (0..size).map(|n| Edit::RemoveGroup { name: format!("g{n}") }).collect();
        (grouped(size), edits)
    };
    grows_in_line("remove", remove, |(topology, edits)| applied(topology, edits));
    // Removed meanwhile by somebody else: which name each has now is looked for.
    grows_in_line("remove what is gone", remove, |(topology, edits)| {
        let mut now = Topology { availability_groups: Vec::new(), ..topology.clone() };
        let seen = named(topology, edits);
        assert_eq!(carry_all(edits, seen, &mut now, Catalogue::built_in()).expect("asks for nothing"), Vec::new());
    });
}

#[test]
fn nodes_are_removed_from_anywhere() {
    let remove = |size: usize| {
        // Every second from the front, then the rest from the back: what is left lies between what is gone.
        let order = (0..size).step_by(2).chain((0..size).rev().filter(|n| n % 2 == 1));
        let edits: Vec<Edit> = order.map(|n| Edit::RemoveNode { hostname: format!("N{n}.example.net") }).collect();
        (grouped(size), edits)
    };
    grows_in_line("remove", remove, |(topology, edits)| applied(topology, edits));
}

#[test]
fn services_are_added_and_set() {
    let services = |size: usize| -> Vec<Edit> {
        let service = |n: usize| Service { name: format!("s{n}"), role: "queue".into(), settings: Settings::new() };
        let add = (0..size).map(|n| Edit::AddService { service: service(n) });
        let set = (0..size).map(|n| Edit::UpdateService { name: format!("s{n}"), settings: Settings::new() });
        add.chain(set).chain((0..size).map(|n| Edit::RemoveService { name: format!("s{n}") })).collect()
    };
    grows_in_line("services", services, |edits| applied(&Topology::empty("lab"), edits));
}

#[test]
fn findings_are_looked_for() {
    // Each group is too large, and each asks for a name that is free; those that are nearest are taken.
    let crowded = |size: usize| {
        let groups = size / 5;
        let mut topology = Topology::empty("lab");
        topology.availability_groups = (2..groups + 2).map(|n| format!("ag-{n}")).collect();
        topology.nodes = (0..size).map(|n| member(n, &format!("ag-{}", n % groups + 2))).collect();
        topology
    };
    grows_in_line("groups that are too large", crowded, |topology| {
        black_box(check(topology, Catalogue::built_in()));
    });
    // None says whether it is the master.
    let unsaid = |size: usize| {
        let mut topology = grouped(size);
        topology.nodes.iter_mut().for_each(|node| node.roles = vec![sample::role("sql", &[])]);
        topology
    };
    grows_in_line("parts that nobody said", unsaid, |topology| {
        black_box(check(topology, Catalogue::built_in()));
    });
}

#[test]
fn roles_fill_the_smallest_group() {
    let empty = |size: usize| {
        let mut topology = grouped(size);
        topology.nodes.pop();
        topology.nodes.iter_mut().for_each(|node| node.roles.clear());
        topology
    };
    let role = Catalogue::built_in().role("distributed-database").expect("built in");
    grows_in_line("assign", empty, |topology| {
        let all: bulk::Nodes = topology.nodes.iter().map(|node| node.hostname.as_str()).collect();
        let edits = bulk::assign(topology, &all, role);
        let group = |edit: &Edit| match edit {
            Edit::AssignRole { settings, .. } => {
                settings.get("availability_group").and_then(SettingValue::as_text).map(str::to_owned)
            }
            _ => None,
        };
        assert_eq!(
            edits.iter().filter_map(group).collect::<std::collections::BTreeSet<_>>().len(),
            topology.nodes.len()
        );
    });
}

/// A first revision can have as many nodes of one name as it likes; what became of each is looked for all the same.
#[test]
fn nodes_of_one_name_are_paired() {
    let alike = |ids: &str, size: usize| {
        let mut topology = grouped(size);
        for (number, node) in topology.nodes.iter_mut().enumerate() {
            node.hostname = "same.example.net".to_owned();
            node.id = Some(format!("{ids}-{number}"));
        }
        topology
    };
    let two = |size: usize| (alike("a", size), alike("b", size));
    grows_in_line("other ids", two, |(one, other)| drop(black_box(between(one, other))));
    let without = |size: usize| {
        let mut other = alike("b", size);
        other.nodes.iter_mut().for_each(|node| node.id = None);
        (alike("a", size), other)
    };
    grows_in_line("no ids", without, |(one, other)| drop(black_box(between(one, other))));
}
