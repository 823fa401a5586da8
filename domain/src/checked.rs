//! A topology that does not change any more, and what was worked out about it.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use crate::catalogue::Catalogue;
use crate::findings::{self, Finding, RuleId, Severity, Summary};
use crate::topology::Topology;
use crate::whatif::{self, Extent, WorstPair};

/// A topology under a catalogue. What follows from the two is worked out when it is asked for, and once: a value is made to be
/// shared by all who look at the same revision.
#[derive(Debug)]
pub struct Checked {
    /// The topology.
    pub topology: Arc<Topology>,
    /// What it is read under, with the severities by which it is judged.
    pub catalogue: Arc<Catalogue>,
    findings: OnceLock<Vec<Finding>>,
    blocked_by_default: OnceLock<Vec<RuleId>>,
    losses: OnceLock<Vec<Extent>>,
    worst_pair: OnceLock<Option<WorstPair>>,
}

impl Checked {
    /// Works out nothing yet.
    pub fn new(topology: Arc<Topology>, catalogue: Arc<Catalogue>) -> Self {
        Self {
            topology,
            catalogue,
            findings: OnceLock::new(),
            blocked_by_default: OnceLock::new(),
            losses: OnceLock::new(),
            worst_pair: OnceLock::new(),
        }
    }

    /// Whether nothing large is left to be worked out.
    pub fn is_worked_out(&self) -> bool {
        self.findings.get().is_some() && self.losses.get().is_some()
    }

    /// As [`findings::check`] has them.
    pub fn findings(&self) -> &[Finding] {
        self.findings.get_or_init(|| findings::check(&self.topology, &self.catalogue))
    }

    /// Its findings, counted.
    pub fn summary(&self) -> Summary {
        findings::summary(self.findings())
    }

    /// How many of its findings stop a change.
    pub fn blockers(&self) -> usize {
        self.findings().iter().filter(|finding| finding.severity == Severity::Blocker).count()
    }

    /// As [`findings::blockers_by_default`] has them.
    pub fn blockers_by_default(&self) -> &[RuleId] {
        self.blocked_by_default.get_or_init(|| findings::blockers_by_default(&self.topology, &self.catalogue))
    }

    /// As [`whatif::every_node`] has it: one extent for each of the topology's nodes, in their order.
    pub fn losses(&self) -> &[Extent] {
        self.losses.get_or_init(|| whatif::every_node(&self.topology, &self.catalogue))
    }

    /// As [`whatif::worst_pair`] has it.
    pub fn worst_pair(&self) -> Option<&WorstPair> {
        self.worst_pair.get_or_init(|| whatif::worst_pair(&self.topology, &self.catalogue)).as_ref()
    }
}

/// It is its topology, first of all.
impl Deref for Checked {
    type Target = Topology;

    fn deref(&self) -> &Topology {
        &self.topology
    }
}

/// Two that are alike say the same.
impl PartialEq for Checked {
    fn eq(&self, other: &Self) -> bool {
        self.topology == other.topology && self.catalogue == other.catalogue
    }
}
