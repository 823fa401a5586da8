//! What is wrong with a topology: the rules of requirements, section 3.
//!
//! Each rule is a small function over a [`view::View`], in the file of its family. Rules return typed problems;
//! every text is in `text.rs`. All of them together take time in proportion to the number of nodes.

mod ddb;
mod es;
mod network;
mod nodes;
mod roles;
mod rule;
mod setup;
mod sql;
mod storage;
pub(crate) mod text;
mod view;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use rule::{Family, RuleId, Source, SubjectKind, UnknownRule};
pub(crate) use storage::is_http_url;

use crate::catalogue::{Catalogue, Levels};
use crate::edit::Edit;
use crate::topology::{Instance, Node, RoleId, Topology};
use text::Problem;
use view::View;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Has to be mended before a change can be submitted.
    Blocker,
    /// Works, but will hurt.
    Warning,
    /// Could be better.
    Advice,
}

impl Severity {
    /// All of them, the worst first.
    pub const ALL: [Self; 3] = [Self::Blocker, Self::Warning, Self::Advice];

    /// The word in the API and the page.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blocker => "blocker",
            Self::Warning => "warning",
            Self::Advice => "advice",
        }
    }
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "kebab-case")]
pub enum Subject {
    /// A role as a whole.
    Role(RoleId),
    /// A node, by hostname.
    Node(String),
    /// An availability group, by name.
    Group(String),
    /// A role on a node or a service: `sql-1.example.net/sql`.
    Instance(String),
    /// The whole topology, by its environment's name.
    Topology(String),
}

impl Subject {
    /// Its kind.
    pub const fn subject_kind(&self) -> SubjectKind {
        match self {
            Self::Role(_) => SubjectKind::Role,
            Self::Node(_) => SubjectKind::Node,
            Self::Group(_) => SubjectKind::Group,
            Self::Instance(_) => SubjectKind::Instance,
            Self::Topology(_) => SubjectKind::Topology,
        }
    }

    /// The word for its kind.
    pub const fn kind(&self) -> &'static str {
        self.subject_kind().as_str()
    }

    /// Its name, without the kind.
    pub fn name(&self) -> &str {
        match self {
            Self::Role(role) => role.as_str(),
            Self::Node(name) | Self::Group(name) | Self::Instance(name) | Self::Topology(name) => name,
        }
    }

    /// The role it belongs to, where its name says so.
    pub fn role(&self) -> Option<&str> {
        match self {
            Self::Role(role) => Some(role.as_str()),
            Self::Instance(name) => name.rsplit_once('/').map(|(_, role)| role),
            Self::Node(_) | Self::Group(_) | Self::Topology(_) => None,
        }
    }

    fn node(node: &Node) -> Self {
        Self::Node(node.hostname.clone())
    }

    fn instance(instance: Instance<'_>) -> Self {
        Self::Instance(format!("{}/{}", instance.place.name(), instance.role))
    }
}

/// One rule broken at one subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which rule.
    pub rule: RuleId,
    /// How much it matters.
    pub severity: Severity,
    /// Where.
    pub subject: Subject,
    /// What is wrong, in a sentence.
    pub message: String,
    /// Why the rule is there.
    pub why: String,
    /// Ways to mend it, where the program knows one; each removes this finding and adds no blocker.
    pub fixes: Vec<Fix>,
    /// The role it is counted under on the role map; not part of the API.
    #[serde(skip)]
    pub role: Option<RoleId>,
}

/// A way to mend a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// What it does, imperative: the button's words.
    pub label: String,
    /// The edits that do it.
    pub edits: Vec<Edit>,
}

impl Fix {
    fn new(label: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self { label: label.into(), edits }
    }
}

/// Number of findings of each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Blockers.
    pub blocker: usize,
    /// Warnings.
    pub warning: usize,
    /// Advice.
    pub advice: usize,
}

/// Counts findings by severity.
pub fn summary<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Summary {
    let mut summary = Summary::default();
    for finding in findings {
        match finding.severity {
            Severity::Blocker => summary.blocker += 1,
            Severity::Warning => summary.warning += 1,
            Severity::Advice => summary.advice += 1,
        }
    }
    summary
}

/// The shape of `strata check --format json` (requirements, section 7).
pub fn to_json(findings: &[Finding]) -> serde_json::Value {
    serde_json::json!({ "findings": findings, "summary": summary(findings) })
}

/// Everything that is wrong, the worst first; then in the order of the rules, then of the subjects.
pub fn check(topology: &Topology, catalogue: &Catalogue) -> Vec<Finding> {
    let view = View::of(topology, catalogue);
    let mut report = Report { catalogue, findings: Vec::new() };
    roles::check(&view, &mut report);
    nodes::check(&view, &mut report);
    network::check(&view, &mut report);
    sql::check(&view, &mut report);
    ddb::check(&view, &mut report);
    es::check(&view, &mut report);
    storage::check(&view, &mut report);
    setup::check(&view, &mut report);
    let mut findings = report.findings;
    // The message tells apart what two roles, or two nodes of one hostname, have at the same subject.
    findings.sort_by(|a, b| {
        (a.severity, a.rule, &a.subject, &a.message).cmp(&(b.severity, b.rule, &b.subject, &b.message))
    });
    findings
}

/// The rules that find a blocker by default in this topology, in their order and each once, whatever level the catalogue
/// gives them.
pub fn blockers_by_default(topology: &Topology, catalogue: &Catalogue) -> Vec<RuleId> {
    let default = Catalogue { levels: Levels::new(), ..catalogue.clone() };
    let blocking = check(topology, &default).into_iter().filter(|finding| finding.severity == Severity::Blocker);
    let mut rules: Vec<RuleId> = blocking.map(|finding| finding.rule).collect();
    rules.dedup();
    rules
}

/// Collects what the rules find, each as severe as the environment says.
struct Report<'a> {
    catalogue: &'a Catalogue,
    findings: Vec<Finding>,
}

impl Report<'_> {
    fn add(&mut self, problem: &Problem<'_>, subject: Subject, role: Option<&RoleId>, fixes: Vec<Fix>) {
        let rule = problem.rule();
        let Some(severity) = self.catalogue.severity(rule) else { return };
        self.findings.push(Finding {
            rule,
            severity,
            subject,
            message: problem.to_string(),
            why: rule.why().to_owned(),
            fixes,
            role: role.cloned(),
        });
    }
}
