//! Which node of one topology is which node of another.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::topology::Node;

/// The nodes of two topologies, each list in the order of hostnames.
pub(crate) struct Pairs<'a> {
    /// The same node before and after.
    pub kept: Vec<(&'a Node, &'a Node)>,
    /// Only before.
    pub removed: Vec<&'a Node>,
    /// Only after.
    pub added: Vec<&'a Node>,
}

/// Nodes match by id where both have one, else by hostname without case (requirements, section 7).
pub(crate) fn pair_nodes<'a>(before: &'a [Node], after: &'a [Node]) -> Pairs<'a> {
    let mut by_id: HashMap<&str, usize> = HashMap::new();
    let mut by_hostname: HashMap<Cow<'_, str>, Vec<usize>> = HashMap::with_capacity(before.len());
    for (index, node) in before.iter().enumerate() {
        if let Some(id) = &node.id {
            by_id.entry(id).or_insert(index);
        }
        by_hostname.entry(lower_case(&node.hostname)).or_default().push(index);
    }
    // Hostnames that occur twice pair off in the order of their contents, so that the order of lists says nothing.
    for same in by_hostname.values_mut().filter(|same| same.len() > 1) {
        same.sort_by_cached_key(|&index| content_key(&before[index]));
    }
    let mut order: Vec<(Cow<'_, str>, usize)> =
        after.iter().enumerate().map(|(index, node)| (lower_case(&node.hostname), index)).collect();
    order.sort_by(|(name, index), (other_name, other_index)| {
        name.cmp(other_name).then_with(|| content_key(&after[*index]).cmp(&content_key(&after[*other_index])))
    });

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
    for (name, index) in &order {
        if partner[*index].is_some() {
            continue;
        }
        let both_have_ids = |candidate: usize| after[*index].id.is_some() && before[candidate].id.is_some();
        let candidates = by_hostname.get(name).map(Vec::as_slice).unwrap_or_default();
        if let Some(&found) = candidates.iter().find(|&&candidate| !taken[candidate] && !both_have_ids(candidate)) {
            taken[found] = true;
            partner[*index] = Some(found);
        }
    }

    let mut pairs = Pairs { kept: Vec::with_capacity(after.len()), removed: Vec::new(), added: Vec::new() };
    for (_, index) in &order {
        match partner[*index] {
            Some(found) => pairs.kept.push((&before[found], &after[*index])),
            None => pairs.added.push(&after[*index]),
        }
    }
    pairs.removed = before.iter().zip(&taken).filter(|(_, taken)| !**taken).map(|(node, _)| node).collect();
    pairs.removed.sort_by_cached_key(|node| (node.hostname.to_ascii_lowercase(), content_key(node)));
    pairs
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
