//! Times on 5,000 nodes: `cargo test --release -p strata-domain -- --ignored --nocapture draft::tests::speed`. What is
//! compared from release to release is in `benches/speed.rs`.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use super::{Server, logged};
use crate::catalogue::Catalogue;
use crate::edit::{Edit, NodeFacts};
use crate::rebase::rebase;
use crate::sample;
use crate::topology::Topology;

const NODES: usize = 5_000;

fn large() -> Topology {
    let mut topology = Topology::empty("large");
    for number in 0..NODES {
        let mut node = sample::node(&format!("node-{number:05}.large.example.net"), "10.0.0.1");
        node.id = Some(format!("0198f2c4-0000-7000-8000-{number:012}"));
        node.private_ip = std::net::Ipv4Addr::from_bits(0x0a00_0000 + number as u32).into();
        node.roles.push(sample::role("sql", &[("replication", "slave")]));
        topology.nodes.push(node);
    }
    topology
}

fn in_site(topology: &Topology, place: usize, site: &str) -> Edit {
    let node = &topology.nodes[place];
    let facts = NodeFacts { site: Some(site.to_owned()), ..NodeFacts::from(node) };
    Edit::UpdateNode { hostname: node.hostname.clone(), facts }
}

fn timed<T>(what: &str, run: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let outcome = black_box(run());
    let took = start.elapsed();
    println!("{what}: {:.2} ms", took.as_secs_f64() * 1000.0);
    (outcome, took)
}

#[test]
#[ignore = "measures; says something in a release build only"]
fn on_five_thousand_nodes() {
    let base = large();
    let json = serde_json::to_string(&base).expect("serialises");
    timed("parse", || serde_json::from_str::<Topology>(&json).expect("own JSON"));
    timed("copy", || base.clone());
    let server = Server::new(base.clone());
    let (mut draft, _) = timed("open", || server.open());
    let all: Vec<Edit> = (0..NODES).map(|place| in_site(&base, place, "dc2")).collect();

    for number in 1..=3 {
        let edit = in_site(&base, number * 1_000, "dc3");
        timed("act, one edit", || draft.act(format!("{number}"), "One".to_owned(), vec![edit])).0.expect("fits");
    }
    let news = [logged(1, in_site(&base, 7, "dc4"), None)];
    timed("settle, one edit, three batches wait", || draft.settle(&news, None)).0.expect("follows");
    let _ = timed("undo, one edit", || draft.undo("u".to_owned()));

    let mut draft = server.open();
    let bulk = all.clone();
    let (_, took) = timed("act, 5,000 edits", || draft.act("b".to_owned(), "Many".to_owned(), bulk).expect("fits"));
    assert!(took < Duration::from_millis(100), "{took:?}");
    timed("settle, one edit, 5,000 wait", || {
        draft.settle(&[logged(1, Edit::AddGroup { name: "x".to_owned() }, None)], None)
    })
    .0
    .expect("follows");
    let _ = timed("undo, 5,000 edits", || draft.undo("v".to_owned()));
    let removal: Vec<Edit> =
        base.nodes.iter().map(|node| Edit::RemoveNode { hostname: node.hostname.clone() }).collect();
    timed("act, 5,000 removals", || server.open().act("r".to_owned(), "Remove".to_owned(), removal).expect("fits"));

    let log: Vec<_> = (1..).zip(all).map(|(sequence, edit)| logged(sequence, edit, None)).collect();
    let mut renamed = base.clone();
    renamed.nodes.iter_mut().for_each(|node| node.hostname.insert(0, 'x'));
    let (rebased, took) =
        timed("rebase, 5,000 edits", || rebase(&base, &log, &renamed, Catalogue::built_in(), &BTreeMap::new()));
    assert_eq!((rebased.edits.len(), rebased.conflicts.len()), (NODES, 0));
    assert!(took < Duration::from_millis(200), "{took:?}");
}
