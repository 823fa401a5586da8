//! Whether what a run is made of is what was approved.

use super::{Step, digest, is_same_place, plan, reached};
use crate::catalogue::Catalogue;
use crate::digest::Digest;
use crate::topology::Topology;

/// What a run is made of, as it is stored with it.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The encoding of its digest ([`ENCODING`](super::ENCODING) when it began).
    pub encoding: String,
    /// What it begins with.
    pub base: Topology,
    /// Its steps, in order.
    pub steps: Vec<Step>,
    /// What it leads to.
    pub desired: Topology,
}

/// Why what a run is made of is not what was approved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotApproved {
    /// A version of Strata began it that this one knows nothing of.
    #[error("A newer version of Strata began this run (its digest is {0:?}); this one cannot tell what was approved.")]
    Encoding(String),
    /// Its steps are others.
    #[error("The steps are not what was approved: their digest is {}, and {} was approved.", short(.is.as_ref()), .approved.short())]
    Steps {
        /// The digest of the steps; none where they do not make a plan.
        is: Option<Digest>,
        /// What was approved.
        approved: Digest,
    },
    /// Its steps do not lead where it is to lead.
    #[error("What was to become live is not what was approved: the steps that were approved do not lead there.")]
    Outcome,
}

fn short(digest: Option<&Digest>) -> String {
    digest.map_or_else(|| "none".to_owned(), Digest::short)
}

impl Stored {
    /// Whether the steps have the digest that was approved, and lead from base to desired. Both are told from the steps
    /// as they are stored: a version of Strata that plans otherwise by now comes to the same answer. Work for
    /// large topologies; it grows in line with them.
    ///
    /// # Errors
    /// Where anything of it was altered since.
    pub fn check(&self, approved: Digest, catalogue: &Catalogue) -> Result<(), NotApproved> {
        let Self { encoding, base, steps, desired } = self;
        if encoding != digest::ENCODING {
            return Err(NotApproved::Encoding(encoding.clone()));
        }
        let is = digest::of_stored(&desired.environment, catalogue.version, steps);
        if is != Some(approved) {
            return Err(NotApproved::Steps { is, approved });
        }
        let leads_there = reached(base, steps, catalogue).is_ok_and(|reached| is_same_place(&reached, desired));
        // Two nodes of one name (a rule that may be off) are not told apart by steps; then it is planned anew.
        if leads_there || plan(base, desired, catalogue).digest == approved {
            return Ok(());
        }
        Err(NotApproved::Outcome)
    }
}

/// The digest of steps as they are stored under [`ENCODING`](super::ENCODING); none where they make no plan.
pub fn digest_of_steps(environment: &str, catalogue_version: u32, steps: &[Step]) -> Option<Digest> {
    digest::of_stored(environment, catalogue_version, steps)
}
