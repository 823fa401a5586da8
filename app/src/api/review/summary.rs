//! What a change does, a line for each thing that differs.

use strata_domain::diff::{Diff, FieldDiff, NodeDiff, Presence, RoleDiff, ServiceDiff};

use super::{Cut, Does};

/// Lines of each kind that are listed; more of them are counted.
const LISTED: usize = 500;

/// All of it, in the order a reviewer fears it.
pub(super) fn does_of(diff: &Diff) -> Does {
    let lines = |presence| Cut::of(lines(diff, presence), LISTED);
    Does { removed: lines(Presence::Removed), changed: lines(Presence::Changed), added: lines(Presence::Added) }
}

fn lines(diff: &Diff, presence: Presence) -> impl Iterator<Item = String> + '_ {
    let groups: &[String] = match presence {
        Presence::Added => &diff.groups_added,
        Presence::Removed => &diff.groups_removed,
        Presence::Changed => &[],
    };
    let nodes = diff.nodes.iter().flat_map(move |node| node_lines(node, presence));
    let services = diff.services.iter().filter(move |service| service.presence == presence).map(service_line);
    nodes.chain(services).chain(groups.iter().map(|group| format!("availability group {group}")))
}

/// A node that comes or goes is one line with its roles; one that stays has a line for each thing that differs.
fn node_lines(node: &NodeDiff, presence: Presence) -> Vec<String> {
    let hostname = &node.hostname;
    match (node.presence, presence) {
        (Presence::Changed, _) => {
            let roles =
                node.roles.iter().filter(|role| role.presence == presence).map(|role| role_line(hostname, role));
            let facts = (presence == Presence::Changed)
                .then(|| {
                    node.renamed_from
                        .iter()
                        .map(|from| format!("{from} is renamed to {hostname}"))
                        .chain(node.fields.iter().map(|field| format!("{hostname}: {}", field_line(field))))
                })
                .into_iter()
                .flatten();
            facts.chain(roles).collect()
        }
        (of_node, wanted) if of_node == wanted => {
            let roles = node.roles.iter().map(|role| role.role.to_string()).collect::<Vec<_>>().join(", ");
            let roles = if roles.is_empty() { "no role".to_owned() } else { roles };
            vec![format!("node {hostname} ({roles})")]
        }
        _ => Vec::new(),
    }
}

fn role_line(hostname: &str, role: &RoleDiff) -> String {
    let settings = role.settings.iter().map(field_line).collect::<Vec<_>>().join(", ");
    if settings.is_empty() {
        format!("{} on {hostname}", role.role)
    } else {
        format!("{} on {hostname}: {settings}", role.role)
    }
}

fn service_line(service: &ServiceDiff) -> String {
    let settings = service.settings.iter().map(field_line).collect::<Vec<_>>().join(", ");
    format!("service {} ({}): {settings}", service.name, service.role)
}

fn field_line(field: &FieldDiff) -> String {
    let name = field.name.replace('_', " ");
    match (&field.before, &field.after) {
        (Some(before), Some(after)) => format!("{name} {before} → {after}"),
        (None, Some(after)) => format!("{name} {after}"),
        (Some(before), None) => format!("{name} {before} → none"),
        (None, None) => name,
    }
}
