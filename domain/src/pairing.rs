//! Which node of one topology is which node of another.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;

use crate::edit::NodeFacts;
use crate::topology::Node;

/// What differs between the nodes of two topologies, each list in the order of hostnames.
pub(crate) struct Pairs<'a> {
    /// The same node before and after, where anything but its id differs.
    pub changed: Vec<(&'a Node, &'a Node)>,
    /// Only before.
    pub removed: Vec<&'a Node>,
    /// Only after.
    pub added: Vec<&'a Node>,
}

/// Nodes match by id where both have one, else by hostname without case (requirements, section 7).
///
/// Sorts only what differs: of thousands of nodes few do.
pub(crate) fn pair_nodes<'a>(before: &'a [Node], after: &'a [Node]) -> Pairs<'a> {
    let by_id: HashMap<&str, usize> =
        before.iter().enumerate().rev().filter_map(|(index, node)| Some((node.id.as_deref()?, index))).collect();
    let by_hostname = ByHostname::of(before);

    let mut taken = vec![false; before.len()];
    let mut partner: Vec<Option<usize>> = vec![None; after.len()];
    for (index, node) in after.iter().enumerate() {
        if let Some(&found) = node.id.as_deref().and_then(|id| by_id.get(id))
            && !taken[found]
        {
            taken[found] = true;
            partner[index] = Some(found);
        }
    }
    // Each that is left, with the first node that had its hostname.
    let mut left: Vec<(usize, usize)> = (0..after.len())
        .filter(|&index| partner[index].is_none())
        .filter_map(|index| Some((index, by_hostname.first(&after[index].hostname)?)))
        .collect();
    let mut asked = vec![false; before.len()];
    if left.iter().any(|&(_, first)| std::mem::replace(&mut asked[first], true)) {
        left.sort_by(|&(one, _), &(other, _)| order(&after[one], &after[other]));
    }
    // How many of one name are passed over already, for nodes without an id and for those with one: none is asked again.
    let mut passed: HashMap<usize, [usize; 2]> = HashMap::new();
    for (index, first) in left {
        let candidates = by_hostname.all(&first);
        let has_id = after[index].id.is_some();
        let next = &mut passed.entry(first).or_default()[usize::from(has_id)];
        let fits = |candidate: usize| !(taken[candidate] || has_id && before[candidate].id.is_some());
        while candidates.get(*next).is_some_and(|&candidate| !fits(candidate)) {
            *next += 1;
        }
        if let Some(&found) = candidates.get(*next) {
            taken[found] = true;
            partner[index] = Some(found);
        }
    }

    let mut pairs = Pairs { changed: Vec::new(), removed: Vec::new(), added: Vec::new() };
    for (node, partner) in after.iter().zip(partner) {
        match partner.map(|index| &before[index]) {
            Some(before) if differs(before, node) => pairs.changed.push((before, node)),
            Some(_) => {}
            None => pairs.added.push(node),
        }
    }
    pairs.removed = before.iter().zip(&taken).filter(|(_, taken)| !**taken).map(|(node, _)| node).collect();
    pairs.changed.sort_by(|(_, one), (_, other)| order(one, other));
    pairs.removed.sort_by(|one, other| order(one, other));
    pairs.added.sort_by(|one, other| order(one, other));
    pairs
}

fn differs(before: &Node, after: &Node) -> bool {
    before.hostname != after.hostname || !NodeFacts::same(before, after) || before.roles != after.roles
}

/// Places of nodes in their list, by hostname without case.
struct ByHostname<'a> {
    first: HashMap<Cow<'a, str>, usize>,
    /// By the first of several that share a hostname: all of them, in the order of their contents.
    shared: HashMap<usize, Vec<usize>>,
}

impl<'a> ByHostname<'a> {
    fn of(nodes: &'a [Node]) -> Self {
        let mut first = HashMap::with_capacity(nodes.len());
        let mut shared: HashMap<usize, Vec<usize>> = HashMap::new();
        for (index, node) in nodes.iter().enumerate() {
            let found = *first.entry(lower_case(&node.hostname)).or_insert(index);
            if found != index {
                shared.entry(found).or_insert_with(|| vec![found]).push(index);
            }
        }
        for same in shared.values_mut() {
            same.sort_by_cached_key(|&index| content_key(&nodes[index]));
        }
        Self { first, shared }
    }

    fn first(&self, hostname: &str) -> Option<usize> {
        self.first.get(&lower_case(hostname)).copied()
    }

    fn all<'s>(&'s self, first: &'s usize) -> &'s [usize] {
        self.shared.get(first).map_or(std::slice::from_ref(first), Vec::as_slice)
    }
}

/// By hostname; by content where that does not tell two nodes apart, so that the order of lists says nothing.
fn order(one: &Node, other: &Node) -> Ordering {
    compare_names(&one.hostname, &other.hostname).then_with(|| content_key(one).cmp(&content_key(other)))
}

/// The order of names without case. Looks no further than the first difference, since it is asked often.
pub(crate) fn compare_names(one: &str, other: &str) -> Ordering {
    one.bytes().map(|byte| byte.to_ascii_lowercase()).cmp(other.bytes().map(|byte| byte.to_ascii_lowercase()))
}

/// A hostname as names are compared; hostnames are nearly always in lower case already.
pub(crate) fn lower_case(hostname: &str) -> Cow<'_, str> {
    if hostname.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(hostname.to_ascii_lowercase())
    } else {
        Cow::Borrowed(hostname)
    }
}

/// A text that is the same for the same node only; compared where hostnames do not tell nodes apart.
fn content_key(node: &Node) -> String {
    serde_json::to_string(node).unwrap_or_default()
}
