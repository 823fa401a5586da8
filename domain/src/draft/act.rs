//! What was done, and the way back from it.

use std::collections::HashMap;

use crate::catalogue::Catalogue;
use crate::change::LoggedEdit;
use crate::edit::{Applied, Edit, EditError, apply_all};
use crate::topology::Topology;

/// Something that was done.
#[derive(Clone, Debug)]
pub(super) struct Act {
    /// Of the batch that did it.
    pub(super) key: String,
    /// What it was, for people.
    pub(super) label: String,
    /// The edits that take it back.
    pub(super) back: Vec<Edit>,
    /// What those edits are about, as the act left it: what differs from this since was done by others.
    pub(super) left: Topology,
}

impl Act {
    /// Does the edits, of which those are left that changed something; none where there is none.
    ///
    /// # Errors
    /// The first that does not fit; the topology is then as before.
    pub(super) fn perform(
        topology: &mut Topology,
        key: String,
        label: String,
        edits: &mut Vec<Edit>,
        catalogue: &Catalogue,
    ) -> Result<Option<Self>, EditError> {
        let applied = apply_all(topology, edits.iter(), catalogue).map_err(|error| error.error)?;
        let Applied { back, left, idle } = applied;
        let mut places = 0..;
        edits.retain(|_| places.next().is_none_or(|place| !idle.contains(&place)));
        Ok((!edits.is_empty()).then_some(Self { key, label, back, left }))
    }

    /// The server gives an id to a node that is added. By it the node is known where others rename it: the way back
    /// would else take it for one that is gone already.
    pub(super) fn learn_ids(&mut self, log: &[LoggedEdit]) {
        // What is added can be renamed or removed by the same act, and its name be given to another.
        let mut added: HashMap<String, Option<String>> = HashMap::new();
        let name = |hostname: &str| hostname.to_ascii_lowercase();
        for logged in log.iter().filter(|logged| logged.batch.as_ref() == Some(&self.key)) {
            match &logged.edit {
                Edit::AddNode { node } => drop(added.insert(name(&node.hostname), node.id.clone())),
                Edit::RenameNode { from, to } => {
                    if let Some(id) = added.remove(&name(from)) {
                        added.insert(name(to), id);
                    }
                }
                Edit::RemoveNode { hostname } => drop(added.remove(&name(hostname))),
                _ => {}
            }
        }
        if added.is_empty() {
            return;
        }
        for left in self.left.nodes.iter_mut().filter(|left| left.id.is_none()) {
            if let Some(id) = added.remove(&name(&left.hostname)) {
                left.id = id;
            }
        }
    }
}
