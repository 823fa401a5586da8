//! What the editor shows of a draft: every node with its mark, its findings and where it belongs. Pure, and made anew
//! after each act; the views draw from it.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use strata_domain::catalogue::{Catalogue, Layer};
use strata_domain::diff::{self, Presence};
use strata_domain::findings::{self, Finding, Severity, Subject, Summary};
use strata_domain::plan::{self, Plan};
use strata_domain::topology::{Node, Service, Topology};

/// One node of the draft, or one that the draft takes away.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// A node that is as it was, and has no finding.
    fn of(node: &Node, catalogue: &Catalogue, order: &HashMap<&str, usize>) -> Self {
        let mut roles: Vec<&str> = node.roles.iter().map(|assignment| assignment.role.as_str()).collect();
        roles.sort_by_key(|role| order.get(role).copied().unwrap_or(usize::MAX));
        let named = |id: &&str| catalogue.role(id).map_or_else(|| (*id).to_owned(), |role| role.name.clone());
        Self {
            node: node.clone(),
            mark: None,
            worst: None,
            findings: 0,
            layer: roles.iter().filter_map(|role| catalogue.role(role)).map(|role| role.layer).max(),
            roles: roles.iter().map(named).collect(),
            group: catalogue.group_of(node).map(str::to_owned),
        }
    }

    /// Whether the draft takes it away.
    pub fn is_gone(&self) -> bool {
        self.mark == Some(Presence::Removed)
    }

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
}

/// Everything that the views draw from.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Nodes in the order of people: `ddb-2` before `ddb-10`.
    pub rows: Vec<Arc<Row>>,
    /// Findings, worst first.
    pub findings: Vec<Finding>,
    /// They, counted.
    pub summary: Summary,
    /// From base to draft.
    pub plan: Plan,
    /// Availability groups, in the order of the draft.
    pub groups: Vec<String>,
    /// External services, in the order of the draft.
    pub services: Vec<Service>,
}

impl Shown {
    /// What there is to show of a draft; `before`, what was shown last: rows that say the same are taken over, since few
    /// of thousands differ after an act.
    pub fn of(base: &Topology, desired: &Topology, catalogue: &Catalogue, before: Option<&Self>) -> Self {
        let findings = findings::check(desired, catalogue);
        let diff = diff::between(base, desired);
        let plan = plan::plan(base, desired, catalogue);
        let about = about_nodes(&findings);
        let marks: HashMap<&str, Presence> = diff
            .nodes
            .iter()
            .filter(|node| node.presence != Presence::Removed)
            .map(|node| (node.hostname.as_str(), node.presence))
            .collect();
        let gone: HashSet<&str> = diff
            .nodes
            .iter()
            .filter(|node| node.presence == Presence::Removed)
            .map(|node| node.hostname.as_str())
            .collect();
        let known: HashMap<&str, &Arc<Row>> = before
            .iter()
            .flat_map(|before| &before.rows)
            .filter(|row| !row.is_gone())
            .map(|row| (row.hostname(), row))
            .collect();
        let order: HashMap<&str, usize> =
            catalogue.roles.iter().enumerate().map(|(place, role)| (role.id.as_str(), place)).collect();
        let stay = desired.nodes.iter().map(|node| {
            let hostname = node.hostname.as_str();
            let (findings, worst) = about.get(hostname).copied().unwrap_or_default();
            let mark = marks.get(hostname).copied();
            match known.get(hostname) {
                Some(row) if (row.mark, row.worst, row.findings) == (mark, worst, findings) && row.node == *node => {
                    Arc::clone(row)
                }
                _ => Arc::new(Row { mark, worst, findings, ..Row::of(node, catalogue, &order) }),
            }
        });
        let go = base.nodes.iter().filter(|node| gone.contains(node.hostname.as_str()));
        let go = go.map(|node| Arc::new(Row { mark: Some(Presence::Removed), ..Row::of(node, catalogue, &order) }));
        let mut rows: Vec<Arc<Row>> = stay.chain(go).collect();
        if let Some(before) = before {
            // Nearly in order already, which sorting is quick with.
            let places: HashMap<*const Row, usize> =
                before.rows.iter().enumerate().map(|(place, row)| (Arc::as_ptr(row), place)).collect();
            rows.sort_by_key(|row| places.get(&Arc::as_ptr(row)).copied().unwrap_or(usize::MAX));
        }
        rows.sort_by(|one, other| by_number(one.hostname(), other.hostname()));
        Self {
            rows,
            summary: findings::summary(&findings),
            findings,
            plan,
            groups: desired.availability_groups.clone(),
            services: desired.services.clone(),
        }
    }

    /// The row of that node, or of the node of that name that goes.
    pub fn row_of(&self, hostname: &str, gone: bool) -> Option<&Arc<Row>> {
        let start = self.rows.partition_point(|row| by_number(row.hostname(), hostname) == Ordering::Less);
        let named = self.rows[start..].iter().take_while(|row| row.hostname() == hostname);
        named.into_iter().find(|row| row.is_gone() == gone)
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
pub fn members_of<'a>(groups: impl Iterator<Item = &'a str>) -> BTreeMap<String, usize> {
    let mut members: BTreeMap<&str, usize> = BTreeMap::new();
    for group in groups {
        *members.entry(group).or_default() += 1;
    }
    members.into_iter().map(|(group, count)| (group.to_owned(), count)).collect()
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
pub(super) mod tests {
    use strata_domain::topology::{Assignment, Settings};

    use super::*;

    /// `n1`, on that site, with those roles.
    pub(in super::super) fn node(number: u32, site: Option<&str>, roles: &[&str]) -> Node {
        Node {
            id: None,
            hostname: format!("n{number}"),
            private_ip: std::net::Ipv4Addr::from(0x0a00_0000 + number).into(),
            public_ip: None,
            site: site.map(str::to_owned),
            container: None,
            hardware: strata_domain::topology::Hardware::default(),
            roles: roles.iter().map(|role| Assignment { role: (*role).into(), settings: Settings::new() }).collect(),
        }
    }

    pub(in super::super) fn topology_of(nodes: Vec<Node>) -> Topology {
        Topology { nodes, ..Topology::empty("lab") }
    }

    #[test]
    fn what_is_new_changed_and_gone_is_marked_and_the_rest_is_taken_over() {
        let catalogue = Catalogue::built_in();
        let base = topology_of(vec![node(1, None, &["worker"]), node(2, None, &[]), node(10, None, &["queue"])]);
        let before = Shown::of(&base, &base, catalogue, None);
        let desired =
            topology_of(vec![node(10, Some("dc1"), &["queue"]), node(1, None, &["worker"]), node(3, None, &[])]);
        let shown = Shown::of(&base, &desired, catalogue, Some(&before));
        let marks: Vec<(&str, Option<Presence>)> = shown.rows.iter().map(|row| (row.hostname(), row.mark)).collect();
        assert_eq!(
            marks,
            [
                ("n1", None),
                ("n2", Some(Presence::Removed)),
                ("n3", Some(Presence::Added)),
                ("n10", Some(Presence::Changed)),
            ]
        );
        let row = |shown: &Shown, name: &str| shown.row_of(name, false).cloned().expect("is there");
        assert!(Arc::ptr_eq(&row(&before, "n1"), &row(&shown, "n1")), "the same row, not a like one");
        assert_eq!(shown, Shown::of(&base, &desired, catalogue, None), "what was shown before leaves no trace");
        let said = row(&shown, "n3").said();
        assert_eq!(said, "n3, no role, added, 1 finding, advice");
        assert!(shown.row_of("n2", false).is_none() && shown.row_of("n2", true).is_some());
    }

    #[test]
    fn names_in_the_order_of_people() {
        let mut names = vec!["ddb-10", "ddb-2", "DDB-1", "ddb-02", "a", "ddb", "ddb-2.b"];
        names.sort_by(|a, b| by_number(a, b));
        assert_eq!(names, ["a", "ddb", "DDB-1", "ddb-02", "ddb-2", "ddb-2.b", "ddb-10"]);
    }
}
