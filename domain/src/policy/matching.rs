//! Which rules ask about a plan, and why.

use serde::{Deserialize, Serialize};

use super::text::{nodes_counted, touched};
use super::{Asked, LEADS, Policy, Rule, When};
use crate::catalogue::{Catalogue, Layer};
use crate::plan::{Plan, Step};

/// Name of what is asked where no rule of the policy matches: a change that nobody has to approve does not exist.
pub const AT_LEAST_ONE_LEAD: &str = "At least one lead";

/// Whether one rule asks about a plan; for the page on which a policy is tried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The rule's name.
    pub rule: String,
    /// Whether it asks.
    pub matches: bool,
    /// Why, or the first thing that does not hold; in words that follow "because".
    pub because: String,
}

/// What the policy asks of a plan; never nothing. `nodes` is the size of the environment, see [`super::size_of`].
pub fn matching(policy: &Policy, plan: &Plan, nodes: usize, catalogue: &Catalogue) -> Vec<Asked> {
    let mut asked: Vec<Asked> = policy
        .rules
        .iter()
        .filter_map(|rule| {
            let because = holds(&rule.when, plan, nodes, catalogue).ok()?;
            let Rule { name, when: _, group, quorum } = rule;
            // Policies are accepted with 1 or more; one that was stored in another way asks for somebody all the same.
            Some(Asked { rule: name.clone(), group: group.clone(), quorum: (*quorum).max(1), because, older: None })
        })
        .collect();
    if asked.is_empty() {
        asked.push(Asked {
            rule: AT_LEAST_ONE_LEAD.to_owned(),
            group: LEADS.to_owned(),
            quorum: 1,
            because: "no rule of the policy asks about it, and no change goes unapproved".to_owned(),
            older: None,
        });
    }
    asked
}

/// Of every rule whether it asks about the plan; in the policy's order.
pub fn answers(policy: &Policy, plan: &Plan, nodes: usize, catalogue: &Catalogue) -> Vec<Answer> {
    let answer = |rule: &Rule| {
        let outcome = holds(&rule.when, plan, nodes, catalogue);
        let matches = outcome.is_ok();
        let (Ok(because) | Err(because)) = outcome;
        Answer { rule: rule.name.clone(), matches, because }
    };
    policy.rules.iter().map(answer).collect()
}

/// Why it holds, or the first thing that does not.
fn holds(when: &When, plan: &Plan, nodes: usize, catalogue: &Catalogue) -> Result<String, String> {
    let When { risks, layers, roles, actions, nodes_from } = when;
    let mut reasons = Vec::new();
    if !risks.is_empty() {
        let reason = format!("the plan is {}", risk_word(plan));
        if !risks.contains(&plan.risk) {
            return Err(reason);
        }
        reasons.push(reason);
    }
    if !layers.is_empty() || !roles.is_empty() || !actions.is_empty() {
        let steps: Vec<&Step> = plan.steps.iter().filter(|step| fits(when, step, catalogue)).collect();
        if steps.is_empty() {
            return Err(format!("no step {}", super::text::step_words(when, catalogue)));
        }
        reasons.push(touched(when, &steps, catalogue));
    }
    if let Some(from) = nodes_from {
        let reason = format!("the environment has {}", nodes_counted(nodes));
        if nodes < *from {
            return Err(reason);
        }
        reasons.push(reason);
    }
    if reasons.is_empty() {
        reasons.push("it asks about every change".to_owned());
    }
    Ok(super::listed(&reasons, "and"))
}

/// Whether this one step is all that is asked of a step.
fn fits(when: &When, step: &Step, catalogue: &Catalogue) -> bool {
    (when.actions.is_empty() || when.actions.contains(&step.kind))
        && (when.roles.is_empty() || step.role.as_ref().is_some_and(|role| when.roles.contains(role)))
        && (when.layers.is_empty() || layer_of(step, catalogue).is_some_and(|layer| when.layers.contains(&layer)))
}

/// The layer that a step works in; none for steps on a node as such.
pub(super) fn layer_of(step: &Step, catalogue: &Catalogue) -> Option<Layer> {
    Some(catalogue.role(step.role.as_ref()?.as_str())?.layer)
}

/// `critical`, or `of low risk`: "the plan is low" would say something else.
fn risk_word(plan: &Plan) -> String {
    match plan.risk {
        crate::plan::Risk::Critical => "critical".to_owned(),
        risk => format!("of {risk} risk"),
    }
}
