//! What the editor shows of a draft: every node with its mark, its findings and where it belongs. Pure, and made anew
//! after each act; the views draw from it.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};

use strata_domain::catalogue::{Catalogue, Layer, SettingKind};
use strata_domain::diff::{self, Diff, Presence};
use strata_domain::findings::{self, Finding, Severity, Subject, Summary};
use strata_domain::plan::{self, Plan};
use strata_domain::topology::{Node, SettingValue, Topology};

/// One node of the draft, or one that the draft takes away.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The node as it will be; as it was where it goes.
    pub node: Node,
    /// How it differs from the base, if it does.
    pub mark: Option<Presence>,
    /// Its worst finding.
    pub worst: Option<Severity>,
    /// How many findings are about it or its roles.
    pub findings: usize,
    /// Its roles by the names that people know, in catalogue order.
    pub roles: Vec<String>,
    /// The lowest layer of its roles, which carries the rest; none where it has no role.
    pub layer: Option<Layer>,
    /// Its availability group, where it has one.
    pub group: Option<String>,
}

impl Row {
    /// The hostname.
    pub fn hostname(&self) -> &str {
        &self.node.hostname
    }

    /// What a card or a row says where nothing is seen: name, roles, group, mark and findings.
    pub fn said(&self) -> String {
        let roles = if self.roles.is_empty() { "no role".to_owned() } else { self.roles.join(", ") };
        let mut parts = vec![self.node.hostname.clone(), roles];
        parts.extend(self.group.as_ref().map(|group| format!("group {group}")));
        parts.extend(self.node.site.as_ref().map(|site| format!("site {site}")));
        parts.extend(self.mark.map(|mark| mark.as_str().to_owned()));
        parts.push(match (self.findings, self.worst) {
            (0, _) | (_, None) => "no finding".to_owned(),
            (1, Some(worst)) => format!("1 finding, {}", worst.as_str()),
            (many, Some(worst)) => format!("{many} findings, worst {}", worst.as_str()),
        });
        parts.join(", ")
    }

    /// Its roles and its group, as a card says them.
    pub fn belongs(&self) -> String {
        let roles = if self.roles.is_empty() { "no role".to_owned() } else { self.roles.join(", ") };
        self.group.as_ref().map_or_else(|| roles.clone(), |group| format!("{roles} · {group}"))
    }

    /// Whether a search, in lower case, finds it: by name, address, site, group or role.
    pub fn matches(&self, wanted: &str) -> bool {
        let has = |text: &str| text.to_lowercase().contains(wanted);
        wanted.is_empty()
            || has(&self.node.hostname)
            || self.node.private_ip.to_string().contains(wanted)
            || self.node.public_ip.is_some_and(|address| address.to_string().contains(wanted))
            || self.node.site.as_deref().is_some_and(has)
            || self.group.as_deref().is_some_and(has)
            || self.roles.iter().any(|role| has(role))
            || self.node.roles.iter().any(|assignment| has(assignment.role.as_str()))
            || self.mark.is_some_and(|mark| mark.as_str() == wanted)
    }
}

/// Everything that the views draw from.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Nodes in the order of people: `ddb-2` before `ddb-10`.
    pub rows: Vec<Row>,
    /// Findings, worst first.
    pub findings: Vec<Finding>,
    /// They, counted.
    pub summary: Summary,
    /// From base to draft.
    pub plan: Plan,
    /// What differs from the base.
    pub diff: Diff,
}

impl Shown {
    /// What there is to show of a draft.
    pub fn of(base: &Topology, desired: &Topology, catalogue: &Catalogue) -> Self {
        let findings = findings::check(desired, catalogue);
        let diff = diff::between(base, desired);
        let plan = plan::plan(base, desired, catalogue);
        let about = about_nodes(&findings);
        let marks: HashMap<&str, Presence> =
            diff.nodes.iter().map(|node| (node.hostname.as_str(), node.presence)).collect();
        let order: HashMap<&str, usize> =
            catalogue.roles.iter().enumerate().map(|(place, role)| (role.id.as_str(), place)).collect();
        let row = |node: &Node, mark: Option<Presence>| {
            let (findings, worst) = about.get(node.hostname.as_str()).copied().unwrap_or_default();
            let mut roles: Vec<&str> = node.roles.iter().map(|assignment| assignment.role.as_str()).collect();
            roles.sort_by_key(|role| order.get(role).copied().unwrap_or(usize::MAX));
            let known: Vec<_> = roles.iter().filter_map(|role| catalogue.role(role)).collect();
            Row {
                node: node.clone(),
                mark,
                worst,
                findings,
                roles: roles
                    .iter()
                    .map(|id| catalogue.role(id).map_or_else(|| (*id).to_owned(), |role| role.name.clone()))
                    .collect(),
                layer: known.iter().map(|role| role.layer).max(),
                group: group_of(node, catalogue),
            }
        };
        let mut rows: Vec<Row> =
            desired.nodes.iter().map(|node| row(node, marks.get(node.hostname.as_str()).copied())).collect();
        let removed = diff.nodes.iter().filter(|node| node.presence == Presence::Removed);
        let gone: HashSet<&str> = removed.map(|node| node.hostname.as_str()).collect();
        rows.extend(base.nodes.iter().filter(|node| gone.contains(node.hostname.as_str())).map(|node| Row {
            findings: 0,
            worst: None,
            ..row(node, Some(Presence::Removed))
        }));
        rows.sort_by(|one, other| by_number(one.hostname(), other.hostname()));
        Self { rows, summary: findings::summary(&findings), findings, plan, diff }
    }

    /// The row of that node, or of the node of that name that goes.
    pub fn row_of(&self, hostname: &str, gone: bool) -> Option<&Row> {
        let start = self.rows.partition_point(|row| by_number(row.hostname(), hostname) == Ordering::Less);
        let named = self.rows[start..].iter().take_while(|row| row.hostname() == hostname);
        named.into_iter().find(|row| (row.mark == Some(Presence::Removed)) == gone)
    }
}

/// For each hostname, how many findings are about the node or its roles, and the worst.
fn about_nodes(findings: &[Finding]) -> HashMap<&str, (usize, Option<Severity>)> {
    let mut about: HashMap<&str, (usize, Option<Severity>)> = HashMap::new();
    for finding in findings {
        let hostname = match &finding.subject {
            Subject::Node(hostname) => hostname.as_str(),
            Subject::Instance(name) => name.rsplit_once('/').map_or(name.as_str(), |(place, _)| place),
            Subject::Role(_) | Subject::Group(_) | Subject::Topology(_) => continue,
        };
        let (count, worst) = about.entry(hostname).or_default();
        *count += 1;
        // Severities stand worst first.
        *worst = Some(worst.map_or(finding.severity, |so_far| so_far.min(finding.severity)));
    }
    about
}

/// How often each group is named.
pub fn members_of(groups: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut members = BTreeMap::new();
    for group in groups {
        *members.entry(group).or_default() += 1;
    }
    members
}

/// The availability group that one of its roles names.
pub fn group_of(node: &Node, catalogue: &Catalogue) -> Option<String> {
    node.roles.iter().find_map(|assignment| {
        let role = catalogue.role(assignment.role.as_str())?;
        let spec = role.settings.iter().find(|spec| spec.kind == SettingKind::Group)?;
        assignment.settings.get(&spec.name).and_then(SettingValue::as_text).map(str::to_owned)
    })
}

/// Names as people order them: runs of digits count as numbers.
pub fn by_number(one: &str, other: &str) -> Ordering {
    let (mut one_rest, mut other_rest) = (one.as_bytes(), other.as_bytes());
    loop {
        match (one_rest.first(), other_rest.first()) {
            (Some(a), Some(b)) if a.is_ascii_digit() && b.is_ascii_digit() => {
                let (number, after) = leading_digits(one_rest);
                let (other_number, other_after) = leading_digits(other_rest);
                let order = number.len().cmp(&other_number.len()).then_with(|| number.cmp(other_number));
                if order != Ordering::Equal {
                    return order;
                }
                (one_rest, other_rest) = (after, other_after);
            }
            (Some(a), Some(b)) => {
                let order = a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase());
                if order != Ordering::Equal {
                    return order;
                }
                (one_rest, other_rest) = (&one_rest[1..], &other_rest[1..]);
            }
            (None, None) => return one.cmp(other),
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
        }
    }
}

/// The digits at the start without leading zeros, and what follows them.
fn leading_digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let zeros = text[..end].iter().take_while(|byte| **byte == b'0').count();
    (&text[zeros..end], &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_the_order_of_people() {
        let mut names = vec!["ddb-10", "ddb-2", "DDB-1", "ddb-02", "a", "ddb", "ddb-2.b"];
        names.sort_by(|a, b| by_number(a, b));
        assert_eq!(names, ["a", "ddb", "DDB-1", "ddb-02", "ddb-2", "ddb-2.b", "ddb-10"]);
    }
}
