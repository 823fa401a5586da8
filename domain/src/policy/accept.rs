//! Whether a policy that somebody writes can be an environment's.

use std::collections::{BTreeMap, BTreeSet};

use super::{LEADS, Policy, Rule, When, people};
use crate::catalogue::Catalogue;
use crate::findings::text::counted;
use crate::plan::Risk;
use crate::text;

/// Largest quorum.
const QUORUM_MAX: usize = 10;
/// Most rules of a policy.
const RULES_MAX: usize = 50;

/// What is wrong with a policy, by the rule and its field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct PolicyFault {
    /// The rule's place from 0; none for the policy as a whole.
    pub rule: Option<usize>,
    /// The field's name in [`Rule`] or [`When`]; `rules` for the policy as a whole.
    pub field: &'static str,
    /// What is wrong and what would be right.
    pub message: String,
}

/// Takes a policy for an environment with that catalogue. `leads_of` has for each named group, and for [`LEADS`], how
/// many leads are in it. Gives warnings: what can be stored, but asks for people who are not there, or never asks.
///
/// # Errors
/// Everything that is wrong, in the order of rules and fields.
pub fn accept(
    policy: &Policy,
    catalogue: &Catalogue,
    leads_of: &BTreeMap<String, usize>,
) -> Result<Vec<String>, Vec<PolicyFault>> {
    let mut faults = Vec::new();
    if policy.rules.len() > RULES_MAX {
        let message = format!("A policy has at most {RULES_MAX} rules.");
        faults.push(PolicyFault { rule: None, field: "rules", message });
    }
    let mut names = BTreeSet::new();
    for (place, rule) in policy.rules.iter().enumerate() {
        let mut add = |field, message| faults.push(PolicyFault { rule: Some(place), field, message });
        if let Some(message) = line_fault("a name", &rule.name) {
            add("name", message);
        } else if !names.insert(rule.name.trim().to_lowercase()) {
            add("name", format!("Another rule is called “{}” already.", rule.name.trim()));
        }
        for (field, message) in when_faults(&rule.when, catalogue) {
            add(field, message);
        }
        if let Some(message) = line_fault("a group", &rule.group) {
            add("group", message);
        }
        if !(1..=QUORUM_MAX).contains(&rule.quorum) {
            add("quorum", format!("A rule asks for 1 to {QUORUM_MAX} people."));
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let unasked = unasked_risks(policy);
    Ok(policy.rules.iter().flat_map(|rule| warnings(rule, catalogue, leads_of)).chain(unasked).collect())
}

/// What the risks are that no rule is about.
fn unasked_risks(policy: &Policy) -> Option<String> {
    let is_asked =
        |risk: &Risk| policy.rules.iter().any(|rule| rule.when.risks.is_empty() || rule.when.risks.contains(risk));
    let unasked: Vec<&str> = Risk::ALL.iter().filter(|risk| !is_asked(risk)).map(|risk| risk.as_str()).collect();
    (!unasked.is_empty())
        .then(|| format!("No rule is about plans of risk {}: one lead is enough for them.", unasked.join(", ")))
}

fn line_fault(what: &str, said: &str) -> Option<String> {
    if said.trim().is_empty() {
        return Some(format!("Give the rule {what}."));
    }
    text::name_problem(said).map(|problem| problem.as_sentence())
}

fn when_faults(when: &When, catalogue: &Catalogue) -> Vec<(&'static str, String)> {
    let mut faults: Vec<(&'static str, String)> = when
        .roles
        .iter()
        .filter(|role| catalogue.role(role.as_str()).is_none())
        .map(|role| ("roles", format!("There is no role {role}.")))
        .collect();
    if when.nodes_from == Some(0) {
        faults.push(("nodes_from", "Leave it empty where the number of nodes does not matter.".to_owned()));
    }
    faults
}

fn warnings(rule: &Rule, catalogue: &Catalogue, leads_of: &BTreeMap<String, usize>) -> Vec<String> {
    let mut warnings = Vec::new();
    let leads = leads_of.get(&rule.group).copied().unwrap_or(0);
    if leads < rule.quorum {
        let has = match (rule.group.as_str(), leads) {
            (LEADS, 0) => "the environment has no lead".to_owned(),
            (LEADS, leads) => format!("the environment has {}", counted(leads, "lead")),
            (group, 0) => format!("no lead is in the group “{group}”"),
            (group, leads) => format!("the group “{group}” has {}", counted(leads, "lead")),
        };
        warnings.push(format!(
            "“{}” asks for {}, but {has}: nobody could ever have such a change approved.",
            rule.name,
            people(&rule.group, rule.quorum)
        ));
    }
    let When { layers, roles, .. } = &rule.when;
    let is_in_layers = |role: &str| catalogue.role(role).is_some_and(|role| layers.contains(&role.layer));
    if !layers.is_empty() && !roles.is_empty() && !roles.iter().any(|role| is_in_layers(role.as_str())) {
        warnings.push(format!("“{}” never asks: none of its roles is in its layers.", rule.name));
    }
    warnings
}
