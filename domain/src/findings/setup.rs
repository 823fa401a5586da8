//! Rules about the topology as a whole.

use super::text::Problem;
use super::view::View;
use super::{Report, Subject};
use crate::policy::LARGE_ENVIRONMENT;

/// `setup.large`.
pub(super) fn check(view: &View<'_>, report: &mut Report<'_>) {
    let nodes = view.topology.nodes.len();
    if nodes >= LARGE_ENVIRONMENT {
        let subject = Subject::Topology(view.topology.environment.clone());
        report.add(&Problem::Large { nodes }, subject, None, Vec::new());
    }
}
