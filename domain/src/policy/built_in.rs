//! The policy of an environment that has none of its own.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::{EXPERTS, LEADS, Policy, Rule, When};
use crate::plan::Risk;

/// From this number of nodes on, the built-in policy asks for an expert (S).
pub const LARGE_ENVIRONMENT: usize = 50;

impl Policy {
    /// Low and medium risk 1 lead; high 2; critical 2 and 1 expert; from [`LARGE_ENVIRONMENT`] nodes on 1 expert.
    ///
    /// Each expert is a rule of its own, so one expert meets both, and is one of the leads too.
    pub fn built_in() -> &'static Self {
        static BUILT_IN: LazyLock<Policy> = LazyLock::new(|| Policy {
            version: 1,
            rules: vec![
                rule("Low and medium risk", at(&[Risk::Low, Risk::Medium]), LEADS, 1),
                rule("High risk", at(&[Risk::High]), LEADS, 2),
                rule("Critical risk", at(&[Risk::Critical]), LEADS, 2),
                rule("Critical risk: an expert", at(&[Risk::Critical]), EXPERTS, 1),
                rule(
                    "Large environment: an expert",
                    When { nodes_from: Some(LARGE_ENVIRONMENT), ..When::default() },
                    EXPERTS,
                    1,
                ),
            ],
        });
        &BUILT_IN
    }
}

fn rule(name: &str, when: When, group: &str, quorum: usize) -> Rule {
    Rule { name: name.to_owned(), when, group: group.to_owned(), quorum }
}

fn at(risks: &[Risk]) -> When {
    When { risks: BTreeSet::from_iter(risks.iter().copied()), ..When::default() }
}
