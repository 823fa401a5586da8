//! Times of parsing, rules, plan and edits for 1,000, 10,000 and 100,000 nodes; `make bench` runs it and tells the
//! ratios.
//!
//! What a function gives is dropped outside of the measured time. Criterion keeps its estimates in
//! `target/tmp/speed/NAME-NODES/new/estimates.json`.

mod session;
mod workload;

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{BatchSize, Criterion};
use session::Session;
use strata_domain::catalogue::Catalogue;
use strata_domain::file;
use strata_domain::findings::check;
use strata_domain::plan::plan;
use strata_domain::topology::Topology;
use strata_domain::whatif::every_node;
use workload::{SIZES, Workload};

fn main() {
    let mut criterion = Criterion::default()
        .output_directory(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("speed"))
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .sample_size(20)
        .configure_from_args();
    for nodes in SIZES {
        measure(&mut criterion, nodes);
    }
    criterion.final_summary();
}

fn measure(criterion: &mut Criterion, nodes: u32) {
    let Workload { json, base, desired } = &Workload::of(nodes);
    let catalogue = Catalogue::built_in();
    one(criterion, "parse", nodes, || serde_json::from_str::<Topology>(json).expect("own JSON"));
    // The file's reader refuses what no file should be; then there is no figure.
    if json.len() <= file::LIMIT_BYTES {
        one(criterion, "file", nodes, || file::read(json.as_bytes(), catalogue).expect("own JSON"));
    }
    one(criterion, "rules", nodes, || check(base, catalogue));
    one(criterion, "plan", nodes, || plan(base, desired, catalogue));
    one(criterion, "what-if", nodes, || every_node(base, catalogue));
    let mut session = Session::over(base);
    criterion.bench_function(&format!("news-{nodes}"), |bencher| bencher.iter(|| session.news()));
    criterion.bench_function(&format!("edit-{nodes}"), |bencher| bencher.iter(|| session.edit()));
}

fn one<R>(criterion: &mut Criterion, name: &str, nodes: u32, run: impl Fn() -> R) {
    criterion.bench_function(&format!("{name}-{nodes}"), |bencher| {
        bencher.iter_batched(|| (), |()| black_box(run()), BatchSize::PerIteration);
    });
}
