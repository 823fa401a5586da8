//! What is taken away, by name.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::stock::{PoolKind, Stock};
use crate::file::suggest::nearest;
use crate::topology::{Node, Platform};

/// Something that can be taken away: `{"kind":"node","name":"sql-1.example.net"}` in JSON.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "kebab-case")]
pub enum Target {
    /// The node of that hostname, compared without case; where several have it, all of them.
    Node(String),
    /// All nodes with an instance in that availability group.
    Group(String),
    /// All nodes of that site.
    Site(String),
    /// All nodes whose container is of that platform.
    Platform(Platform),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(name) => write!(f, "node {name}"),
            Self::Group(name) => write!(f, "availability group {name}"),
            Self::Site(name) => write!(f, "site {name}"),
            Self::Platform(platform) => write!(f, "platform {}", platform.as_str()),
        }
    }
}

/// The topology has nothing of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {target}{}", hint(.nearest.as_deref()))]
pub struct UnknownTarget {
    /// What was to be taken away.
    pub target: Target,
    /// The name that may have been meant.
    pub nearest: Option<String>,
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

/// The places of all nodes that the targets mean, each once, in the order of the topology.
pub(super) fn resolve(stock: &Stock<'_>, targets: &[Target]) -> Result<Vec<usize>, UnknownTarget> {
    let mut taken = vec![false; stock.topology.nodes.len()];
    for target in targets {
        let mut is_known = match target {
            Target::Node(_) | Target::Site(_) => false,
            Target::Group(name) => stock.topology.availability_groups.contains(name),
            // Every platform is known, also one that no node is on.
            Target::Platform(_) => true,
        };
        for (index, node) in stock.topology.nodes.iter().enumerate() {
            if means(stock, target, index, node) {
                is_known = true;
                taken[index] = true;
            }
        }
        if !is_known {
            return Err(UnknownTarget { target: target.clone(), nearest: suggestion(stock, target) });
        }
    }
    Ok((0..taken.len()).filter(|&index| taken[index]).collect())
}

fn means(stock: &Stock<'_>, target: &Target, index: usize, node: &Node) -> bool {
    match target {
        Target::Node(hostname) => node.hostname.eq_ignore_ascii_case(hostname),
        Target::Group(name) => {
            stock.held_by(index).iter().any(|held| stock.pools[held.pool].kind == PoolKind::Group(name))
        }
        Target::Site(name) => node.site.as_ref() == Some(name),
        Target::Platform(platform) => node.container.is_some_and(|container| container.platform == *platform),
    }
}

fn suggestion(stock: &Stock<'_>, target: &Target) -> Option<String> {
    let nodes = || stock.topology.nodes.iter();
    let (word, known): (&str, Vec<&str>) = match target {
        Target::Node(word) => (word, nodes().map(|node| node.hostname.as_str()).collect()),
        Target::Group(word) => (word, stock.topology.availability_groups.iter().map(String::as_str).collect()),
        Target::Site(word) => (word, nodes().filter_map(|node| node.site.as_deref()).collect()),
        Target::Platform(_) => return None,
    };
    // The first label of a hostname is what people say; letters to replace would not find the rest of it.
    let is_longer = |name: &&str| {
        let label = name.split('.').next().unwrap_or(name);
        matches!(target, Target::Node(_)) && label.eq_ignore_ascii_case(word)
    };
    let by_label = known.iter().copied().filter(is_longer).min();
    by_label.or_else(|| nearest(word, &known)).map(str::to_owned)
}
