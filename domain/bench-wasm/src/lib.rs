//! What `domain/benches/speed.rs` measures, as functions that JavaScript calls; `scripts/bench.mjs` takes the times.

#[path = "../../benches/workload/mod.rs"]
mod workload;

#[path = "../../benches/session.rs"]
mod session;

use std::any::Any;

use session::Session;
use strata_domain::catalogue::Catalogue;
use strata_domain::findings::check;
use strata_domain::plan::plan;
use strata_domain::topology::Topology;
use strata_domain::whatif::every_node;
use wasm_bindgen::prelude::wasm_bindgen;
use workload::Workload;

/// A topology of one size and what was last made of it.
#[wasm_bindgen]
pub struct Bench {
    workload: Workload,
    session: Session,
    /// Kept until [`Bench::forget`], so that giving memory back is not in the time.
    last: Option<Box<dyn Any>>,
}

#[wasm_bindgen]
impl Bench {
    /// A workload of that many nodes.
    #[wasm_bindgen(constructor)]
    pub fn new(nodes: u32) -> Self {
        let workload = Workload::of(nodes);
        Self { session: Session::over(&workload.base), workload, last: None }
    }

    /// Reads the topology from its JSON with serde_json; gives its number of nodes.
    pub fn parse(&mut self) -> usize {
        let topology: Topology = serde_json::from_str(&self.workload.json).expect("own JSON");
        let count = topology.nodes.len();
        self.keep(topology);
        count
    }

    /// All rules; gives the number of findings.
    pub fn rules(&mut self) -> usize {
        let findings = check(&self.workload.base, Catalogue::built_in());
        let count = findings.len();
        self.keep(findings);
        count
    }

    /// The plan of 500 edits; gives the number of steps.
    pub fn plan(&mut self) -> usize {
        let plan = plan(&self.workload.base, &self.workload.desired, Catalogue::built_in());
        let count = plan.steps.len();
        self.keep(plan);
        count
    }

    /// What is lost without each single node; gives the number of nodes.
    pub fn what_if(&mut self) -> usize {
        let extents = every_node(&self.workload.base, Catalogue::built_in());
        let count = extents.len();
        self.keep(extents);
        count
    }

    /// Another's edit arrives while three batches wait; gives the number of nodes.
    pub fn news(&mut self) -> usize {
        self.session.news()
    }

    /// One edit in the editor; gives the number of nodes.
    pub fn edit(&mut self) -> usize {
        self.session.edit()
    }

    /// Gives the memory of the last result back.
    pub fn forget(&mut self) {
        self.last = None;
    }

    fn keep(&mut self, result: impl Any) {
        self.last = Some(Box::new(result));
    }
}
