//! Policies in words.

use super::matching::layer_of;
use super::{LEADS, Rule, When};
use crate::catalogue::{Catalogue, Layer};
use crate::findings::text::counted;
use crate::plan::{Step, StepKind};

/// Most names that a sentence lists before it counts the rest.
const NAMES_MAX: usize = 3;

/// `a`, `a and b`, `a, b and c`; the joint is `and` or `or`.
pub(crate) fn listed(items: &[impl AsRef<str>], joint: &str) -> String {
    match items {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} {joint} {}", first.join(", "), last.as_ref())
        }
    }
}

/// `1 lead`, `2 leads`, `1 of the infrastructure experts`: a number of people of a group.
pub fn people(group: &str, count: usize) -> String {
    if group == LEADS { counted(count, "lead") } else { format!("{count} of the {group}") }
}

/// A rule as one sentence: `Changes of high or critical risk need 2 leads.`
pub fn describe(rule: &Rule, catalogue: &Catalogue) -> String {
    let When { risks, layers, roles, actions, nodes_from } = &rule.when;
    let mut which = String::new();
    if !risks.is_empty() {
        let words: Vec<&str> = risks.iter().map(|risk| risk.as_str()).collect();
        which.push_str(&format!(" of {} risk", listed(&words, "or")));
    }
    if !layers.is_empty() || !roles.is_empty() || !actions.is_empty() {
        which.push_str(&format!(" with a step that {}", step_words(&rule.when, catalogue)));
    }
    if let Some(from) = nodes_from {
        let comma = if which.is_empty() { "" } else { "," };
        which.push_str(&format!("{comma} in an environment of {} or more{comma}", nodes_counted(*from)));
    }
    let needed = people(&rule.group, rule.quorum);
    if which.is_empty() { format!("Every change needs {needed}.") } else { format!("Changes{which} need {needed}.") }
}

pub(super) fn nodes_counted(nodes: usize) -> String {
    counted(nodes, "node")
}

/// What a step is asked to do: `drains or removes SQL in the storage layer`.
pub(super) fn step_words(when: &When, catalogue: &Catalogue) -> String {
    let verbs: Vec<&str> = when.actions.iter().map(|&kind| verb(kind)).collect();
    let verb = if verbs.is_empty() { "touches".to_owned() } else { listed(&verbs, "or") };
    let roles: Vec<&str> = when.roles.iter().map(|role| catalogue.role_name(role)).collect();
    let what = if roles.is_empty() { "anything".to_owned() } else { listed(&roles, "or") };
    if when.layers.is_empty() {
        return format!("{verb} {what}");
    }
    let layers: Vec<String> = when.layers.iter().map(|&layer| layer_word(layer)).collect();
    format!("{verb} {what} in the {} layer", listed(&layers, "or"))
}

/// What the steps that a rule found do: `it touches SQL in the storage layer`.
pub(super) fn touched(when: &When, steps: &[&Step], catalogue: &Catalogue) -> String {
    let has_layers = !when.layers.is_empty();
    if when.actions.is_empty() {
        return format!("it touches {}", what_of(steps, has_layers, catalogue));
    }
    let clauses: Vec<String> = when
        .actions
        .iter()
        .filter_map(|&kind| {
            let of_kind: Vec<&Step> = steps.iter().copied().filter(|step| step.kind == kind).collect();
            (!of_kind.is_empty()).then(|| format!("{} {}", verb(kind), what_of(&of_kind, has_layers, catalogue)))
        })
        .collect();
    format!("it {}", listed(&clauses, "and"))
}

/// The roles of steps, each once and by layer where that is asked, then the nodes of steps without a role.
fn what_of(steps: &[&Step], has_layers: bool, catalogue: &Catalogue) -> String {
    let mut by_layer: Vec<(Option<Layer>, Vec<&str>)> = Vec::new();
    let mut nodes: Vec<&str> = Vec::new();
    for step in steps {
        let Some(role) = &step.role else {
            if let Some(node) = step.node.as_deref().filter(|node| !nodes.contains(node)) {
                nodes.push(node);
            }
            continue;
        };
        let (layer, name) = (layer_of(step, catalogue).filter(|_| has_layers), catalogue.role_name(role));
        let place = by_layer.iter().position(|(of, _)| *of == layer).unwrap_or(by_layer.len());
        if place == by_layer.len() {
            by_layer.push((layer, Vec::new()));
        }
        if !by_layer[place].1.contains(&name) {
            by_layer[place].1.push(name);
        }
    }
    let mut parts: Vec<String> = by_layer
        .into_iter()
        .map(|(layer, names)| match layer {
            Some(layer) => format!("{} in the {} layer", some(&names, "role"), layer_word(layer)),
            None => some(&names, "role"),
        })
        .collect();
    match nodes.as_slice() {
        [] => {}
        [node] => parts.push(format!("node {node}")),
        nodes => parts.push(counted(nodes.len(), "node")),
    }
    // Groups alone have neither: a step on an availability group, where its role is not said.
    if parts.is_empty() { "the environment".to_owned() } else { listed(&parts, "and") }
}

fn some(names: &[&str], thing: &str) -> String {
    if names.len() <= NAMES_MAX {
        return listed(names, "and");
    }
    let rest = format!("{} more {thing}s", names.len() - NAMES_MAX + 1);
    let mut shown: Vec<&str> = names[..NAMES_MAX - 1].to_vec();
    shown.push(&rest);
    listed(&shown, "and")
}

fn layer_word(layer: Layer) -> String {
    layer.title().to_lowercase()
}

/// What a step of that kind does, as a verb with its object after it.
const fn verb(kind: StepKind) -> &'static str {
    match kind {
        StepKind::PrepareNode => "prepares",
        StepKind::InstallRole => "installs",
        StepKind::ConfigureRole => "configures",
        StepKind::Manual => "sets up by hand",
        StepKind::VerifyRole => "verifies",
        StepKind::DrainRole => "drains",
        StepKind::Rebalance => "rebalances",
        StepKind::Reindex => "reindexes",
        StepKind::RemoveRole => "removes",
        StepKind::RetireNode => "retires",
    }
}
