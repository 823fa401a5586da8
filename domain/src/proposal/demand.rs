//! How many of whom have to approve a proposal, and who of them has.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Approval, Proposal};
use crate::account::{AccountId, Lead};
use crate::policy::{AT_LEAST_ONE_LEAD, LEADS, Policy};
use crate::review::{Missing, is_of};

/// A number of distinct people of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demand {
    /// Name of the rule that asks for so many of them.
    pub rule: String,
    /// The group, as in [`crate::policy::Rule::group`].
    pub group: String,
    /// How many.
    pub quorum: usize,
}

/// What the policies that were in force since a proposal was made ask for it: of each group that a rule names, the most
/// that any rule asks of it; always a lead. Leads come first, then groups by name.
pub fn demanded<'a>(policies: impl IntoIterator<Item = &'a Policy>) -> Vec<Demand> {
    let mut most: BTreeMap<&str, (usize, &str)> = [(LEADS, (1, AT_LEAST_ONE_LEAD))].into();
    for rule in policies.into_iter().flat_map(|policy| &policy.rules) {
        let known = most.entry(&rule.group).or_insert((1, &rule.name));
        if rule.quorum > known.0 {
            *known = (rule.quorum, &rule.name);
        }
    }
    let mut demands: Vec<Demand> = most
        .into_iter()
        .map(|(group, (quorum, rule))| Demand { rule: rule.to_owned(), group: group.to_owned(), quorum })
        .collect();
    demands.sort_by_key(|demand| demand.group != LEADS);
    demands
}

impl Proposal {
    /// What is not met, where `leads` are the environment's leads that can sign in, each with the groups of now.
    pub fn missing(&self, demands: &[Demand], leads: &[Lead]) -> Vec<Missing> {
        let unmet = demands.iter().filter_map(|Demand { rule, group, quorum }| {
            let have = self.approvers(group, leads).len();
            (have < *quorum).then(|| Missing { rule: rule.clone(), group: group.clone(), have, quorum: *quorum })
        });
        unmet.collect()
    }

    /// The leads who could give what is missing.
    pub fn could_give<'a>(&'a self, missing: &'a Missing, leads: &'a [Lead]) -> impl Iterator<Item = &'a Lead> {
        leads.iter().filter(|lead| {
            let is_fresh = |id: &AccountId| Some(id) != self.proposed_by.id.as_ref() && !self.is_approved_by(id);
            is_of(&missing.group, &lead.groups) && lead.person.id.as_ref().is_some_and(is_fresh)
        })
    }

    /// The distinct people whose approval is one of that group: leads now who were in the group when they approved, and
    /// still are. Never the proposer.
    pub fn approvers(&self, group: &str, leads: &[Lead]) -> BTreeSet<&AccountId> {
        let counts = |approval: &&Approval| {
            let lead = leads.iter().find(|lead| lead.person.id == approval.by.id);
            approval.by.id != self.proposed_by.id
                && is_of(group, &approval.groups)
                && lead.is_some_and(|lead| is_of(group, &lead.groups))
        };
        self.approvals.iter().filter(counts).filter_map(|approval| approval.by.id.as_ref()).collect()
    }
}
