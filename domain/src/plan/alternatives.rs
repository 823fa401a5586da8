//! Cheaper ways to what an expensive step is for, with their figures.

use super::census::{Counts, Figure, RoleCount};
use super::{Alternative, Effect, Step, StepKind};

/// For each step that moves data or builds indexes anew: the nodes that are there, grown instead.
pub(super) fn of_steps(steps: &[Step], counts: &Counts<'_>) -> Vec<Alternative> {
    steps.iter().filter_map(|step| Some(Alternative { step: step.id.clone(), text: text(step, counts)? })).collect()
}

fn text(step: &Step, counts: &Counts<'_>) -> Option<String> {
    let Effect::LayoutChanged { joined, moved: _, left } = &step.effect else { return None };
    let role = step.role.as_ref()?;
    let (before, after) = (counts.before.role(role)?, counts.after.role(role)?);
    let (what, saved) = match step.kind {
        StepKind::Reindex => ("the hardware", "nothing has to be indexed again"),
        _ => ("memory", "no data has to move"),
    };
    let resources = match step.kind {
        StepKind::Reindex => vec![
            Resource { before: before.vcpus, after: after.vcpus, name: "vCPUs", unit: "vCPUs" },
            Resource { before: before.memory, after: after.memory, name: "memory", unit: "MiB" },
            Resource { before: before.disk, after: after.disk, name: "disk size", unit: "GiB" },
        ],
        _ => vec![Resource { before: before.memory, after: after.memory, name: "memory", unit: "MiB" }],
    };
    let (known, unknown): (Vec<Resource>, Vec<Resource>) =
        resources.into_iter().partition(|resource| resource.is_known(before, after));
    let mut sentences = Vec::new();
    if known.is_empty() {
        let nodes = counted(before.instances, "node that is there", "nodes that are there");
        sentences.push(format!("Grow {what} instead: give the {nodes} more of it, and {saved}."));
    } else {
        let change = if left.is_empty() { Some(joined.len()) } else { None };
        let said = figures(&known, before, after, change);
        sentences.push(match known.iter().any(Resource::grows) {
            true => format!("Grow {what} instead: {said}, and {saved}."),
            false => format!("Keep the nodes instead: {said}, and {saved}."),
        });
    }
    if !unknown.is_empty() {
        let names: Vec<&str> = unknown.iter().map(|resource| resource.name).collect();
        let missing = unknown.iter().map(|resource| resource.unknown(before, after)).max().unwrap_or(0);
        sentences.push(format!(
            "How much more {} that takes cannot be said: it is not known of {}.",
            in_a_row(&names),
            counted(missing, "node", "nodes")
        ));
    }
    Some(sentences.join(" "))
}

/// A figure of a role's nodes before and after.
struct Resource {
    before: Figure,
    after: Figure,
    name: &'static str,
    unit: &'static str,
}

impl Resource {
    fn is_known(&self, before: &RoleCount<'_>, after: &RoleCount<'_>) -> bool {
        self.unknown(before, after) == 0
    }

    fn unknown(&self, before: &RoleCount<'_>, after: &RoleCount<'_>) -> usize {
        (before.instances - self.before.known).max(after.instances - self.after.known)
    }

    fn grows(&self) -> bool {
        self.after.sum > self.before.sum
    }

    fn amount(&self, number: u64) -> String {
        format!("{} {}", grouped(number), self.unit)
    }

    fn is_uniform(&self) -> bool {
        self.before.least == self.before.most
    }
}

/// From `the 6 nodes that are there have …` to `… holds the same`; `added` is the number of nodes more, where none goes.
fn figures(resources: &[Resource], before: &RoleCount<'_>, after: &RoleCount<'_>, added: Option<usize>) -> String {
    let list = |amount: &dyn Fn(&Resource) -> String| {
        let amounts: Vec<String> = resources.iter().map(amount).collect();
        in_a_row(&amounts.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let each = list(&|it| match it.is_uniform() {
        true => it.amount(it.before.least),
        false => format!("{} to {}", grouped(it.before.least), it.amount(it.before.most)),
    });
    let together = list(&|it| it.amount(it.before.sum));
    let afterwards = list(&|it| it.amount(it.after.sum));
    let there = match before.instances {
        1 => format!("the 1 node that is there has {each}"),
        many => format!("the {many} nodes that are there have {each} each, {together} together"),
    };
    let of_what = list(&|it| it.amount(it.after.least));
    let then = match added {
        Some(0) | None => {
            format!("after the plan, {} would have {afterwards}", counted(after.instances, "node", "nodes"))
        }
        Some(added) if resources.iter().all(|it| it.after.least == it.after.most) => {
            format!("{} of {of_what} more would come to {afterwards}", counted(added, "node", "nodes"))
        }
        Some(added) => format!("{} more would come to {afterwards}", counted(added, "node", "nodes")),
    };
    let growing: Vec<&Resource> = resources.iter().filter(|it| it.grows()).collect();
    if growing.is_empty() {
        return format!("{there}; {then}: left as they are they hold as much");
    }
    let nodes = before.instances as u64;
    let needed: Vec<String> = growing
        .iter()
        .map(|it| {
            let more = (it.after.sum - it.before.sum).div_ceil(nodes);
            if it.is_uniform() { it.amount(it.before.least + more) } else { format!("{} more", it.amount(more)) }
        })
        .collect();
    let needed = in_a_row(&needed.iter().map(String::as_str).collect::<Vec<_>>());
    let whom = if nodes == 1 { "giving it".to_owned() } else { format!("giving each of the {nodes} nodes") };
    format!("{there}; {then}: {whom} {needed} holds the same")
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number as u64), if number == 1 { one } else { many })
}

/// `a`, `a and b`, `a, b and c`.
fn in_a_row(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

/// `3072` as `3,072`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
