//! Where nodes are in their list, for whoever applies many edits to one topology.

use std::collections::HashMap;

use crate::catalogue::Catalogue;
use crate::pairing::lower_case;
use crate::topology::{Node, Topology};

use super::apply::apply_indexed;
use super::{Edit, EditError};

/// From how many edits on an index is made: below, looking through the list costs less.
const WORTH_IT: usize = 16;

/// Places of nodes by hostname and by id. Whoever changes the list through [`super::apply`]'s rules keeps it right.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    /// None: nodes are looked for one after the other.
    places: Option<Places>,
}

#[derive(Clone, Debug, Default)]
struct Places {
    /// By hostname in lower case: the place, counted as if no node had been removed since the index was made. Where it
    /// really is differs by no more than `removed`.
    by_hostname: HashMap<String, usize>,
    by_id: HashMap<String, usize>,
    removed: usize,
}

impl Index {
    /// No index: nodes are looked for.
    pub(crate) const NONE: Self = Self { places: None };

    /// For that many edits of a topology. There is none where names or ids clash: then the first of a name counts, and
    /// removing it makes the second the first.
    pub(crate) fn of(topology: &Topology, edits: usize) -> Self {
        if edits < WORTH_IT {
            return Self::NONE;
        }
        let nodes = &topology.nodes;
        let mut places = Places { by_hostname: HashMap::with_capacity(nodes.len()), ..Places::default() };
        for (place, node) in nodes.iter().enumerate() {
            let clash = places.by_hostname.insert(lower_case(&node.hostname).into_owned(), place).is_some();
            let id_clash = node.id.as_ref().is_some_and(|id| places.by_id.insert(id.clone(), place).is_some());
            if clash || id_clash {
                return Self::NONE;
            }
        }
        Self { places: Some(places) }
    }

    /// The place of the node of that hostname, compared without case.
    pub(super) fn position(&self, nodes: &[Node], hostname: &str) -> Option<usize> {
        let is_it = |node: &Node| node.hostname.eq_ignore_ascii_case(hostname);
        match &self.places {
            None => nodes.iter().position(is_it),
            Some(places) => places.find(nodes, *places.by_hostname.get(&*lower_case(hostname))?, is_it),
        }
    }

    /// Whether a node other than the one at that place has the hostname.
    pub(super) fn is_taken_by_another(&self, nodes: &[Node], hostname: &str, than: usize) -> bool {
        match &self.places {
            None => {
                let mut others = nodes.iter().enumerate().filter(|&(place, _)| place != than);
                others.any(|(_, node)| node.hostname.eq_ignore_ascii_case(hostname))
            }
            Some(_) => self.position(nodes, hostname).is_some_and(|place| place != than),
        }
    }

    /// The place of the node of that id.
    fn position_of_id(&self, nodes: &[Node], id: &str) -> Option<usize> {
        let is_it = |node: &Node| node.id.as_deref() == Some(id);
        match &self.places {
            None => nodes.iter().position(is_it),
            Some(places) => places.find(nodes, *places.by_id.get(id)?, is_it),
        }
    }

    /// A node was put at the end of the list.
    pub(super) fn added(&mut self, nodes: &[Node]) {
        let (Some(places), Some(node)) = (&mut self.places, nodes.last()) else { return };
        let place = nodes.len() - 1 + places.removed;
        places.by_hostname.insert(lower_case(&node.hostname).into_owned(), place);
        let clash = node.id.as_ref().is_some_and(|id| places.by_id.insert(id.clone(), place).is_some());
        if clash {
            *self = Self::NONE;
        }
    }

    /// A node was taken out of the list.
    pub(super) fn removed(&mut self, node: &Node) {
        let Some(places) = &mut self.places else { return };
        places.by_hostname.remove(&*lower_case(&node.hostname));
        if let Some(id) = &node.id {
            places.by_id.remove(id);
        }
        places.removed += 1;
    }

    /// A node has another hostname.
    pub(super) fn renamed(&mut self, from: &str, to: &str) {
        let Some(places) = &mut self.places else { return };
        if let Some(place) = places.by_hostname.remove(&*lower_case(from)) {
            places.by_hostname.insert(lower_case(to).into_owned(), place);
        }
    }
}

impl Places {
    fn find(&self, nodes: &[Node], place: usize, is_it: impl Fn(&Node) -> bool) -> Option<usize> {
        let last = place.min(nodes.len().checked_sub(1)?);
        let first = place.saturating_sub(self.removed);
        // Those removed were mostly all before it, or all behind.
        let likely = [first, last].into_iter().find(|&place| nodes.get(place).is_some_and(&is_it));
        likely.or_else(|| (first..=last).find(|&place| is_it(&nodes[place])))
    }
}

/// A topology with an index of its nodes.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(super) topology: &'a Topology,
    index: &'a Index,
}

impl<'a> View<'a> {
    /// One in which nodes are looked for.
    pub(super) fn plain(topology: &'a Topology) -> Self {
        Self { topology, index: &Index::NONE }
    }

    pub(super) fn node(self, hostname: &str) -> Option<&'a Node> {
        self.index.position(&self.topology.nodes, hostname).map(|place| &self.topology.nodes[place])
    }

    pub(super) fn node_of_id(self, id: &str) -> Option<&'a Node> {
        self.index.position_of_id(&self.topology.nodes, id).map(|place| &self.topology.nodes[place])
    }

    pub(super) fn has_group(self, name: &str) -> bool {
        self.topology.availability_groups.iter().any(|group| group == name)
    }
}

/// A topology on its way through many edits.
#[derive(Clone, Debug)]
pub(crate) struct Indexed {
    /// As it is by now; changed through [`Self::apply`] only.
    topology: Topology,
    index: Index,
}

impl Indexed {
    /// For that many edits.
    pub(crate) fn new(topology: Topology, edits: usize) -> Self {
        let index = Index::of(&topology, edits);
        Self { topology, index }
    }

    /// As [`super::apply`].
    pub(crate) fn apply(&mut self, edit: &Edit, catalogue: &Catalogue) -> Result<(), EditError> {
        apply_indexed(&mut self.topology, &mut self.index, edit, catalogue)
    }

    /// To be read.
    pub(crate) fn view(&self) -> View<'_> {
        View { topology: &self.topology, index: &self.index }
    }

    /// What it became.
    pub(crate) fn into_topology(self) -> Topology {
        self.topology
    }
}

impl std::ops::Deref for Indexed {
    type Target = Topology;

    fn deref(&self) -> &Topology {
        &self.topology
    }
}
