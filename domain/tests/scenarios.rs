//! Each rule has a folder in `scenarios/`: a topology that breaks it, one that just does not, and what is found.
//!
//! `STRATA_RENEW=1` writes the expected findings anew; whether each rule triggers is checked all the same.

mod committed;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::json;
use strata_domain::catalogue::Catalogue;
use strata_domain::edit::replay;
use strata_domain::file;
use strata_domain::findings::{Finding, RuleId, check};
use strata_domain::topology::Topology;

/// In how many lines the two topologies of a rule may differ, on either side: the point has to show.
const DIFFERENCE: usize = 3;

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// One of the two files of a rule, with what is found in it.
struct Scenario {
    rule: RuleId,
    path: PathBuf,
    text: String,
    topology: Topology,
    findings: Vec<Finding>,
}

impl Scenario {
    fn read(rule: RuleId, name: &str) -> Self {
        let path = scenarios().join(rule.as_str()).join(format!("{name}.yaml"));
        let told = path.display();
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| {
            panic!("{told}: {error}; each rule needs triggers.yaml, and near.yaml that just does not break it")
        });
        assert!(text.starts_with("# "), "{told} says in its first line what it shows");
        let catalogue = Catalogue::built_in();
        let topology = file::read(text.as_bytes(), catalogue).unwrap_or_else(|error| panic!("{told}: {error}"));
        let findings = check(&topology, catalogue);
        Self { rule, path, text, topology, findings }
    }

    /// What is found by the rule that it is about.
    fn own(&self) -> Vec<&Finding> {
        self.findings.iter().filter(|finding| finding.rule == self.rule).collect()
    }

    /// Compares with the file beside it: findings of its rule in full, of the others only which rules they break.
    fn compare(&self) {
        let own: Vec<_> = self
            .own()
            .into_iter()
            .map(|Finding { rule, severity, subject, message, why: _, fixes, role: _ }| {
                let fixes: Vec<&str> = fixes.iter().map(|fix| fix.label.as_str()).collect();
                json!({ "rule": rule, "severity": severity, "subject": subject, "message": message, "fixes": fixes })
            })
            .collect();
        let others: BTreeSet<RuleId> =
            self.findings.iter().map(|finding| finding.rule).filter(|rule| *rule != self.rule).collect();
        let expected = json!({ "findings": own, "others": others });
        let text = serde_json::to_string_pretty(&expected).expect("texts and lists");
        committed::compare(&self.path.with_extension("expected.json"), &format!("{text}\n"));
    }

    /// Applies each fix by itself; the finding has to go.
    fn apply_fixes(&self) {
        let catalogue = Catalogue::built_in();
        for finding in self.own() {
            for fix in &finding.fixes {
                let mended = replay(&self.topology, &fix.edits, catalogue)
                    .unwrap_or_else(|error| panic!("{}: {}: {error}", self.path.display(), fix.label));
                let stays = check(&mended, catalogue)
                    .iter()
                    .any(|other| (other.rule, &other.subject) == (finding.rule, &finding.subject));
                assert!(!stays, "{}: \"{}\" leaves {:?} broken", self.path.display(), fix.label, finding.subject);
            }
        }
    }

    /// The lines that are read, without comments.
    fn lines(&self) -> Vec<&str> {
        self.text.lines().filter(|line| !line.trim_start().starts_with('#')).collect()
    }
}

/// The length of the longest list of lines that both have in this order.
fn in_common(one: &[&str], other: &[&str]) -> usize {
    let mut lengths = vec![0; other.len() + 1];
    for line in one {
        let mut diagonal = 0;
        for (index, candidate) in other.iter().enumerate() {
            let above = lengths[index + 1];
            lengths[index + 1] = if line == candidate { diagonal + 1 } else { above.max(lengths[index]) };
            diagonal = above;
        }
    }
    lengths[other.len()]
}

#[test]
fn each_rule_triggers_and_just_does_not() {
    for &rule in RuleId::ALL {
        let (triggers, near) = (Scenario::read(rule, "triggers"), Scenario::read(rule, "near"));
        assert!(!triggers.own().is_empty(), "{} does not break {rule}", triggers.path.display());
        assert!(near.own().is_empty(), "{} breaks {rule}: {:?}", near.path.display(), near.own());
        triggers.compare();
        near.compare();
        triggers.apply_fixes();
    }
}

#[test]
fn the_two_of_a_rule_hardly_differ() {
    for &rule in RuleId::ALL {
        let (triggers, near) = (Scenario::read(rule, "triggers"), Scenario::read(rule, "near"));
        let (one, other) = (triggers.lines(), near.lines());
        let differing = one.len().max(other.len()) - in_common(&one, &other);
        assert!((1..=DIFFERENCE).contains(&differing), "{rule}: the two topologies differ in {differing} lines");
    }
}

#[test]
fn each_folder_is_a_rule() {
    for entry in std::fs::read_dir(scenarios()).expect("the folder is there") {
        let entry = entry.expect("readable");
        let name = entry.file_name().into_string().expect("a plain name");
        assert!(name.parse::<RuleId>().is_ok(), "scenarios/{name} is of no rule");
        let files = std::fs::read_dir(entry.path()).expect("a folder").map(|file| file.expect("readable").file_name());
        let mut files: Vec<_> = files.map(|file| file.into_string().expect("a plain name")).collect();
        files.sort();
        assert_eq!(
            files,
            ["near.expected.json", "near.yaml", "triggers.expected.json", "triggers.yaml"],
            "scenarios/{name}"
        );
    }
}

#[test]
fn lines_in_common_are_counted_in_order() {
    assert_eq!(in_common(&["a", "b", "c"], &["a", "c"]), 2);
    assert_eq!(in_common(&["a", "b"], &["b", "a"]), 1);
    assert_eq!(in_common(&[], &["a"]), 0);
}
