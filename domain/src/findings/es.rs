//! Rules about roles whose growth reindexes, such as Elasticsearch.

use super::text::Problem;
use super::view::View;
use super::{Report, Subject};
use crate::catalogue::Growth;

/// `es.few-nodes`. Which nodes could be added is not known, so there is no fix.
pub(super) fn check(view: &View<'_>, report: &mut Report<'_>) {
    for role_view in view.roles.iter().filter(|view| view.role.growth == Growth::Reindex) {
        let role = role_view.role;
        let count = role_view.on_nodes().count();
        if let Some(start_with) = role.start_with
            && (1..start_with).contains(&count)
        {
            let problem = Problem::EsFewNodes { role: &role.name, count, start_with };
            report.add(&problem, Subject::Role(role.id.clone()), Some(&role.id), Vec::new());
        }
    }
}
