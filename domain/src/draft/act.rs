//! What was done, and the way back from it.

use crate::catalogue::Catalogue;
use crate::edit::{Edit, EditError, apply_with_inverse, named};
use crate::topology::Topology;

/// Something that was done.
#[derive(Clone, Debug)]
pub(super) struct Act {
    /// What it was, for people.
    pub(super) label: String,
    /// The edits that take it back.
    pub(super) back: Vec<Edit>,
    /// What those edits name, as the act left it: what differs from this since was done by others.
    pub(super) left: Topology,
}

impl Act {
    /// Does the edits.
    ///
    /// # Errors
    /// The first that does not fit; the topology is then as before.
    pub(super) fn perform(
        topology: &mut Topology,
        label: String,
        edits: &[Edit],
        catalogue: &Catalogue,
    ) -> Result<Self, EditError> {
        let mut steps: Vec<Vec<Edit>> = Vec::with_capacity(edits.len());
        for edit in edits {
            match apply_with_inverse(topology, edit, catalogue) {
                Ok(back) => steps.push(back),
                Err(error) => {
                    for back in steps.iter().rev().flatten() {
                        apply_with_inverse(topology, back, catalogue)?;
                    }
                    return Err(error);
                }
            }
        }
        let back: Vec<Edit> = steps.into_iter().rev().flatten().collect();
        let left = named(topology, &back);
        Ok(Self { label, back, left })
    }
}
