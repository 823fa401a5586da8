//! What-if, or blast radius: take nodes away and see what is lost (requirements, section 4).
//!
//! Nodes are gone as a whole, with their data: high availability does not help, because it restarts a container
//! when its *host* fails, not when the node itself is broken or taken. Instances on external services stay.
//! A role that had no instance before is not lost by this. Instances of roles that the catalogue does not know
//! count nowhere. "S" and "P" as everywhere in this crate.
//!
//! What a role loses is the worst line that holds for it; all lines that hold are told as reasons. Everything is read
//! from the catalogue's data, so a role that an admin adds is judged by the same table.
//!
//! | a role from which an instance is taken… | it is | source |
//! | --- | --- | --- |
//! | has no instance left | lost | P |
//! | has fewer left than its minimum (1) | lost | P |
//! | replicates, and its only master is gone, whatever the container | lost | S: if it goes down, all is down |
//! | replicates, and one of several masters is gone | degraded | P |
//! | replicates, and a slave is gone | degraded | S: works on, performance might degrade |
//! | keeps files, and an instance with a local file system is gone, others are left | degraded | P: its files are nowhere else |
//! | has groups, and a whole group is gone, others are left | degraded | P |
//! | has groups, and an instance in no group is gone | degraded | S: failover is inside of groups |
//! | has fewer than half of its instances left | degraded | P: the rest carries more than twice the load |
//! | has groups, and one is left with fewer than the rule's minimum (two) | redundancy lost | S: two for failover |
//! | has exactly as many left as it needs (1) | redundancy lost | P: the next loss takes the role |
//! | anything else, such as one of three stateless instances or of three in a group | nothing | P |
//!
//! (1) A role with groups whose minimum is no more than one full group needs one instance only: its minimum is there
//! for failover. So a database with two nodes in one group that loses one has lost its redundancy, not its work.
//!
//! The catalogue's `depends_on` is there for the order of steps, and names all roles of the layers below. So it does
//! not say that a role cannot work without another; the vendor says that of the SQL master only.
//!
//! | roles that depend on it, and the whole | it is | source |
//! | --- | --- | --- |
//! | a role that depends on a lost role that replicates, directly or through others | lost | S: if it goes down, all is down |
//! | a role that depends on any other lost role, directly | degraded, if not worse by itself | P: it works on without what that one does |
//! | all functionality roles that had instances are lost | total outage | P: nobody can do anything |
//! | no functionality role had an instance, and all of the catalogue's are lost by the first line | total outage | P |
//! | all roles that had instances are lost | total outage | P |
//! | else | the worst of its roles | P |

mod cause;
mod lose;
mod pair;
mod stock;
mod target;
mod text;
mod whole;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use pair::{WorstPair, worst_pair};
pub use target::{Target, UnknownTarget};

use crate::catalogue::Catalogue;
use crate::topology::{RoleId, Topology};
use crate::words::words;
use stock::Stock;

/// How much is lost, mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extent {
    /// Nothing that anybody would notice.
    Nothing,
    /// All works, but the next loss is felt.
    RedundancyLost,
    /// It works, but less of it or slower.
    Degraded,
    /// A role does not work.
    RoleLost,
    /// Nothing works for anybody; only ever said of the whole, never of one role.
    TotalOutage,
}

words!(Extent, "extent of a loss" {
    Nothing => "nothing",
    RedundancyLost => "redundancy-lost",
    Degraded => "degraded",
    RoleLost => "role-lost",
    TotalOutage => "total-outage",
});

/// What is lost when nodes are taken away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// For the whole platform.
    pub extent: Extent,
    /// How many nodes were taken away.
    pub nodes: usize,
    /// Every role that has an instance taken or depends on one that is lost, the worst first; of those, first what
    /// takes others down, then what loses so much by itself, then what loses it with others; else in the order of the
    /// catalogue.
    pub roles: Vec<RoleLoss>,
}

/// What one role loses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleLoss {
    /// Which role.
    pub role: RoleId,
    /// How much; [`Extent::Nothing`] where it has an instance less and works on as before.
    pub extent: Extent,
    /// Instances that are left, services counted.
    pub left: usize,
    /// Instances that it had, services counted.
    pub of: usize,
    /// Why, in full sentences, the worst first; never empty.
    pub reasons: Vec<String>,
}

impl Loss {
    /// The shape of `strata whatif --format json`:
    /// `{"extent","nodes","roles":[{"role","extent","left","of","reasons":[…]}]}`.
    ///
    /// The extents are the words of [`Extent`], `nodes`, `left` and `of` are counts, the order is that of
    /// [`Loss::roles`].
    pub fn to_json(&self) -> serde_json::Value {
        let Self { extent, nodes, roles } = self;
        let roles: Vec<serde_json::Value> = roles
            .iter()
            .map(|RoleLoss { role, extent, left, of, reasons }| {
                serde_json::json!({ "role": role, "extent": extent, "left": left, "of": of, "reasons": reasons })
            })
            .collect();
        serde_json::json!({ "extent": extent, "nodes": nodes, "roles": roles })
    }
}

/// What is lost when all of these are taken away together; nodes that several targets mean count once.
///
/// No target is no loss. Takes time in proportion to the topology, once for each target.
///
/// # Errors
/// The first target that the topology does not have, with the nearest name that it has.
pub fn without(topology: &Topology, catalogue: &Catalogue, targets: &[Target]) -> Result<Loss, UnknownTarget> {
    let stock = Stock::of(topology, catalogue);
    let nodes = target::resolve(&stock, targets)?;
    Ok(lose::lose(&stock, &nodes))
}

/// What the whole platform loses with each single node: one extent for each of `topology.nodes`, in their order.
///
/// The same as asking [`without`] for every node, in one pass over the topology.
pub fn every_node(topology: &Topology, catalogue: &Catalogue) -> Vec<Extent> {
    let stock = Stock::of(topology, catalogue);
    let mut judge = whole::Judge::new(&stock);
    (0..topology.nodes.len()).map(|node| judge.extent(stock.held_by(node))).collect()
}
