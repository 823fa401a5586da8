//! Peak heap of a topology, its findings and a plan of 500 edits, for 1,000, 10,000 and 100,000 nodes.
//!
//! Apart from `speed.rs`, whose times an allocator that counts would lengthen. Writes `target/tmp/memory.json`, which
//! `make bench` reads. The JSON itself, and the desired topology of the plan, are there before and not counted.

mod workload;

use std::hint::black_box;
use std::path::Path;

use peak_alloc::PeakAlloc;
use serde_json::{Value, json};
use strata_domain::catalogue::Catalogue;
use strata_domain::findings::check;
use strata_domain::plan::plan;
use strata_domain::topology::Topology;
use workload::{SIZES, Workload};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

fn main() -> std::io::Result<()> {
    let all: Vec<Value> = SIZES.into_iter().map(measured).collect();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("memory.json");
    std::fs::write(path, serde_json::to_string_pretty(&all)?)
}

/// Sizes in bytes: of the JSON, of what stays of the topology, and of the peak.
fn measured(nodes: u32) -> Value {
    let Workload { json, base, desired } = Workload::of(nodes);
    drop(base);
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    let topology: Topology = serde_json::from_str(&json).expect("own JSON");
    let held = HEAP.current_usage() - before;
    let findings = check(&topology, Catalogue::built_in());
    let plan = plan(&topology, &desired, Catalogue::built_in());
    let peak = HEAP.peak_usage() - before;
    black_box((findings, plan));
    json!({ "nodes": nodes, "json": json.len(), "topology": held, "peak": peak })
}
